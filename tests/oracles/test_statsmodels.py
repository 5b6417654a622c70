"""A second opinion from statsmodels on simulated data, where R reference values are few.

Tolerance 1e-9 relative for OLS and Logit (closed form; both Newton), 1e-12 for Cochran's Q.
"""

import numpy as np
import pytest
from scipy.special import expit
from statsmodels.discrete.discrete_model import Logit
from statsmodels.genmod.families import Binomial
from statsmodels.genmod.generalized_linear_model import GLM
from statsmodels.regression.linear_model import OLS
from statsmodels.stats.meta_analysis import combine_effects

from igfmood.association.models.linear import ols_hc3
from igfmood.association.models.logistic import fit_logistic
from igfmood.performance.metrics.calibration import calibration_in_the_large
from igfmood.synthesis.random_effects import random_effects


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(20240517)
    age = rng.uniform(20, 80, 9000)  # three blocks, the last one short
    year = rng.integers(1990, 2020, 9000)  # far from 0: nearly collinear with the intercept
    X = np.column_stack([np.ones(9000), age, year, rng.normal(size=(9000, 2))])
    return X, rng


def test_ols_hc3(data):
    X, rng = data
    y = 200 - 2 * X[:, 1] + rng.normal(size=9000) * X[:, 1]
    found, expected = ols_hc3(X, y), OLS(y, X).fit(cov_type="HC3", use_t=True)
    np.testing.assert_allclose(found.beta, expected.params, rtol=1e-9)
    np.testing.assert_allclose(found.cov, expected.cov_params(), rtol=1e-9)
    contrasts = [found.contrast(j) for j in range(5)]
    np.testing.assert_allclose([c.p for c in contrasts], expected.pvalues, rtol=1e-8, atol=1e-300)
    limits = [(c.ci_low, c.ci_high) for c in contrasts]
    np.testing.assert_allclose(limits, expected.conf_int(), rtol=1e-9)
    weights = np.array([0, 1, 0, -1, 0.5])
    combined, test = found.linear_combination(weights), expected.t_test(weights)
    assert combined.se == pytest.approx(test.sd.item(), rel=1e-9)


def test_logistic(data):
    X, rng = data
    y = (rng.random(9000) < expit(-3 + 0.03 * X[:, 1] + 0.5 * X[:, 3])).astype(int)
    # Centred: Newton's own starting value in statsmodels stops early with a raw year.
    centred = np.column_stack([X[:, 0], X[:, 1] - 50, X[:, 2] - 2005, X[:, 3:]])
    found = fit_logistic(centred, y)
    expected = Logit(y, centred).fit(disp=0, tol=1e-14, maxiter=100)
    np.testing.assert_allclose(found.coef, expected.params, rtol=1e-9)
    np.testing.assert_allclose(found.cov, expected.cov_params(), rtol=1e-8, atol=1e-15)
    assert found.loglik == pytest.approx(expected.llf, rel=1e-12)
    # The same fit in other units: only coefficients of shifted columns move.
    assert fit_logistic(X, y).coef[1:] == pytest.approx(found.coef[1:], rel=1e-8)


def test_offset(data):
    _, rng = data
    p = rng.uniform(0.05, 0.6, 500)
    y = (rng.random(500) < p**1.3).astype(int)
    found = calibration_in_the_large(y, p)
    model = GLM(y, np.ones((500, 1)), family=Binomial(), offset=np.log(p / (1 - p)))
    expected = model.fit(tol=1e-14)
    assert found.estimate == pytest.approx(expected.params[0], rel=1e-9)
    assert found.se == pytest.approx(expected.bse[0], rel=1e-8)


def test_heterogeneity():
    yi, vi = np.array([0.2, 0.5, -0.1, 0.9]), np.array([0.02, 0.05, 0.04, 0.1])
    assert random_effects(yi, vi).q == pytest.approx(combine_effects(yi, vi).q, rel=1e-12)
