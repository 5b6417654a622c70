"""Linear mixed models against lme4 (mixed.json, sleepstudy).

Tolerances: log-likelihood 1e-10 relative, flat at the optimum; coefficients 1e-10, which balance
makes independent of the variances; the rest 1e-6, because lme4's derivative-free search leaves
about 3e-7 in the variances.
"""

import numpy as np
import pytest

from igfmood.normalise.mixed import fit_random_slopes
from oracle_files import load_oracle

pytestmark = [pytest.mark.shared, pytest.mark.usefixtures("shared")]


@pytest.fixture(scope="module")
def oracle(shared):
    return load_oracle("mixed.json")


@pytest.fixture(scope="module")
def sleep(shared):
    table = load_oracle("mix_sleepstudy.csv")
    line = np.column_stack([np.ones(len(table)), table["Days"]])
    return table["Reaction"].to_numpy(), line, table["Subject"].to_numpy()


def check(found, expected):
    assert found.loglik == pytest.approx(expected["logLik"], rel=1e-10)
    assert found.beta == pytest.approx(list(expected["fixef"].values()), rel=1e-10)
    assert found.se == pytest.approx(list(expected["se"].values()), rel=1e-6)
    assert found.cov_beta == pytest.approx(np.array(expected["vcov"]), rel=1e-6)
    assert found.sigma == pytest.approx(expected["varcomp"]["sdcor"][-1], rel=1e-6)
    assert found.converged
    assert found.boundary == ""
    assert found.n_agree == found.n_starts


@pytest.mark.parametrize("reml", [True, False])
def test_random_intercept_and_slope(oracle, sleep, reml):
    y, line, subject = sleep
    found = fit_random_slopes(y, line, line, subject, reml=reml)
    expected = oracle["rs_REML" if reml else "rs_ML"]
    check(found, expected)
    var_intercept, var_slope, covariance, _ = expected["varcomp"]["vcov"]
    assert np.diag(found.covariance) == pytest.approx([var_intercept, var_slope], rel=1e-6)
    # A correlation near 0 has few digits of its own: 2e-6 of the two SDs.
    assert found.covariance[0, 1] == pytest.approx(
        covariance, abs=2e-6 * np.sqrt(var_intercept * var_slope)
    )


@pytest.mark.parametrize("reml", [True, False])
def test_random_intercept(oracle, sleep, reml):
    y, line, subject = sleep
    found = fit_random_slopes(y, line, line[:, :1], subject, reml=reml)
    expected = oracle["ri_REML" if reml else "ri_ML"]
    check(found, expected)
    assert found.covariance[0, 0] == pytest.approx(expected["varcomp"]["vcov"][0], rel=1e-6)


def test_predictions_of_each_subject(oracle, sleep):
    y, line, subject = sleep
    found, expected = fit_random_slopes(y, line, line, subject), oracle["rs_blups"]
    assert list(found.groups) == expected["rows"]
    # 1e-5 ms beside deviations of up to 40 ms.
    assert found.random == pytest.approx(np.array(expected["values"]), abs=1e-5)
