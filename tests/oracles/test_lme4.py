"""Linear mixed models against lme4 (mixed.json, sleepstudy).

Tolerances: log-likelihood 1e-10 relative, flat at the optimum; coefficients 1e-10, which balance
makes independent of the variances; the rest 1e-6, because lme4's derivative-free search leaves
about 3e-7 in the variances.
"""

import numpy as np
import pytest
from scipy.optimize import minimize

from igfmood.normalise.mixed import fit_random_slopes
from igfmood.normalise.mixed_criterion import Criterion, cross_products
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


def at(criterion, covariance, sigma):
    """The criterion at a covariance of the random effects, and minus twice the log-likelihood."""
    inverse = np.linalg.inv(criterion.products.unwhiten)
    factor = np.linalg.cholesky(inverse @ (covariance / sigma**2) @ inverse.T)
    point = criterion.evaluate(factor)
    df = criterion.products.n - criterion.products.p * criterion.reml
    # The deviance has the residual variance profiled out; this puts another one in.
    given = df * (np.log(sigma**2 / point.sigma2) + point.sigma2 / sigma**2 - 1)
    return factor, point.sigma2, point.deviance + given


def test_uncorrelated_random_effects(oracle, sleep):
    """The criterion where lme4 ends without a correlation, which no fit here leaves out."""
    y, line, subject = sleep
    expected = oracle["rs_uncorr_REML"]
    criterion = Criterion(cross_products(y, line, line, subject), reml=True)
    *variances, residual = expected["varcomp"]["vcov"]
    factor, sigma2, deviance = at(criterion, np.diag(variances), np.sqrt(residual))
    beta, unit = criterion.fixed_effects(factor)
    assert -deviance / 2 == pytest.approx(expected["logLik"], rel=1e-10)
    assert sigma2 == pytest.approx(residual, rel=1e-6)
    assert beta == pytest.approx(list(expected["fixef"].values()), rel=1e-10)
    assert sigma2 * unit == pytest.approx(np.array(expected["vcov"]), rel=1e-6)
    # With the correlation free the likelihood is higher, but hardly.
    free = fit_random_slopes(y, line, line, subject)
    assert 0 < free.loglik + deviance / 2 < 0.03


#: 95 % point of chi-square on 1. R finds its limits by splines: 0.01 of it is 0.003 of their width.
CHI2_95 = 3.8414588


@pytest.mark.parametrize(("term", "place"), [("(Intercept)", 0), ("Days", 1)])
def test_profile_limits_of_fixed_effects(oracle, sleep, term, place):
    """Held at a limit that R gives, a coefficient costs chi-square's 95 % point in deviance."""
    y, line, subject = sleep
    best = fit_random_slopes(y, line, line, subject, reml=False).loglik
    limits = dict(zip(oracle["rs_profile_ci"]["rows"], oracle["rs_profile_ci"]["values"],
                      strict=True))[term]  # fmt: skip
    for limit in limits:
        rest = y - limit * line[:, place]
        held = fit_random_slopes(rest, line[:, [1 - place]], line, subject, reml=False)
        assert 2 * (best - held.loglik) == pytest.approx(CHI2_95, abs=0.01)


@pytest.mark.parametrize("place", range(4), ids=["sd0", "correlation", "sd1", "sigma"])
def test_profile_limits_of_variances(oracle, sleep, place):
    """The same of an SD or the correlation, the others at their best for it."""
    y, line, subject = sleep
    fit = fit_random_slopes(y, line, line, subject, reml=False)
    criterion = Criterion(cross_products(y, line, line, subject), reml=False)

    def deviance(free, limit):
        sd0, r, sd1, sigma = np.insert(free, place, limit)
        if min(sd0, sd1, sigma) <= 0 or abs(r) >= 1:
            return np.inf
        covariance = np.array([[sd0**2, r * sd0 * sd1], [r * sd0 * sd1, sd1**2]])
        return at(criterion, covariance, sigma)[2]

    sds = np.sqrt(np.diag(fit.covariance))
    start = np.array([sds[0], fit.covariance[0, 1] / sds.prod(), sds[1], fit.sigma])
    for limit in oracle["rs_profile_ci"]["values"][place]:
        found = minimize(
            deviance, np.delete(start, place), (limit,), method="Nelder-Mead",
            options={"xatol": 1e-6, "fatol": 1e-9, "maxiter": 4000},
        )  # fmt: skip
        assert found.success
        assert found.fun + 2 * fit.loglik == pytest.approx(CHI2_95, abs=0.01)
