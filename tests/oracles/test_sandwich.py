"""OLS with HC3 against sandwich 3.0.2 and lmtest on MASS::birthwt (lm_robust.json).

Tolerance 1e-9 relative, 1e-12 absolute for p: two orthogonalisations of the same float64 design.
"""

import numpy as np
import pytest

from igfmood.association.models.linear import ols_hc3
from oracle_files import load_oracle

pytestmark = [pytest.mark.shared, pytest.mark.usefixtures("shared")]
TOLERANCE = 1e-9


@pytest.fixture(scope="module")
def oracle(shared):
    return load_oracle("lm_robust.json")


@pytest.fixture(scope="module")
def fit(shared):
    b = load_oracle("lm_birthwt.csv")
    columns = [np.ones(len(b)), b.age, b.lwt, b.race == 2, b.race == 3, b.smoke, b.ht, b.ui]
    return ols_hc3(np.column_stack(columns), b.bwt)


def test_coefficients_and_sigma(oracle, fit):
    expected = oracle["birthwt_ols"]
    assert fit.beta == pytest.approx(list(expected["coef"].values()), rel=TOLERANCE)
    assert fit.sigma == pytest.approx(expected["sigma"], rel=TOLERANCE)
    assert (fit.n, fit.df_resid) == (189, 181)


def test_hc3_covariance(oracle, fit):
    expected = oracle["birthwt_hc"]["HC3"]
    assert fit.se == pytest.approx(list(expected["se"].values()), rel=TOLERANCE)
    np.testing.assert_allclose(fit.cov, expected["vcov"], rtol=TOLERANCE)


def test_t_statistics_and_intervals(oracle, fit):
    contrasts = [fit.contrast(j) for j in range(8)]
    table = [(c.estimate, c.se, c.t, c.p) for c in contrasts]
    np.testing.assert_allclose(
        table, oracle["birthwt_HC3_t_df_resid"]["values"], rtol=TOLERANCE, atol=1e-12
    )
    limits = [(c.ci_low, c.ci_high) for c in contrasts]
    np.testing.assert_allclose(limits, oracle["birthwt_HC3_ci"]["values"], rtol=TOLERANCE)
