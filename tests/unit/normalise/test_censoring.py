"""Values below a detection limit: the censored likelihood is exact, and what the choice does."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from scipy.optimize import minimize

from igfmood.errors import DataError, NotEstimable
from igfmood.normalise.censoring import (
    METHODS,
    N_DRAWS,
    SENSITIVITY_METHODS,
    CensoredFit,
    draw_below,
    expected_below,
    fit_censored,
    sensitivity,
    substitute,
)
from igfmood.normalise.tobit import TobitLikelihood, mean_gap

BETA, SIGMA = np.array([3.0, -0.3]), 0.5


def assayed(seed, n=400, share=0.3, difference=BETA[1], noise=0.0):
    """Values, limit, below, design (intercept, group) with about `share` below the limit."""
    rng = np.random.default_rng(seed)
    group = (rng.random(n) < 0.5).astype(float)
    y = BETA[0] + difference * group + SIGMA * rng.standard_normal(n)
    limit = np.quantile(y, share) + noise * rng.standard_normal(n)
    below = y < limit
    x = np.column_stack([np.ones(n), group])
    return np.where(below, np.nan, np.exp(y)), np.exp(limit), below, x


def minus_loglik(parameters, value, lod, below, x):
    mean, sd = x @ parameters[:-1], np.exp(parameters[-1])
    seen = stats.norm.logpdf(np.log(value[~below]), mean[~below], sd).sum()
    return -seen - stats.norm.logcdf(np.log(lod[below]), mean[below], sd).sum()


@pytest.mark.parametrize(("seed", "share"), [(1, 0.1), (2, 0.4), (3, 0.75)])
def test_maximum_equals_that_of_a_general_search(seed, share):
    value, lod, below, x = assayed(seed, share=share, noise=0.1)
    fit = fit_censored(value, lod, below, x)
    options = {"xatol": 1e-10, "fatol": 1e-12, "maxiter": 5000, "maxfev": 5000}
    brute = minimize(
        minus_loglik,
        [2, 0, 0],
        args=(value, lod, below, x),
        method="Nelder-Mead",
        options=options,
    )
    assert fit.loglik == pytest.approx(-brute.fun, abs=1e-9)
    # A simplex knows the place of a maximum to the root of what it knows of its height.
    assert fit.beta == pytest.approx(brute.x[:-1], abs=1e-5)
    assert np.log(fit.sigma) == pytest.approx(brute.x[-1], abs=1e-5)


def test_covariance_is_the_inverse_of_the_numeric_hessian():
    data = assayed(4, noise=0.1)
    fit = fit_censored(*data)
    best = np.append(fit.beta, np.log(fit.sigma))
    step, eye = 1e-4, np.eye(3)
    hessian = np.empty((3, 3))
    for i in range(3):
        for j in range(3):
            corners = [
                si * sj * minus_loglik(best + step * (si * eye[i] + sj * eye[j]), *data)
                for si in (1, -1)
                for sj in (1, -1)
            ]
            hessian[i, j] = sum(corners) / (4 * step**2)
    assert fit.cov == pytest.approx(np.linalg.inv(hessian), rel=1e-4, abs=1e-8)


def test_nobody_below_is_ordinary_least_squares():
    value, lod, _, x = assayed(5, share=0.0)
    fit = fit_censored(value, lod, np.zeros(len(value), bool), x)
    beta, rss, *_ = np.linalg.lstsq(x, np.log(value), rcond=None)
    assert fit.beta == pytest.approx(beta, rel=1e-12)
    assert fit.sigma == pytest.approx(np.sqrt(rss[0] / len(value)), rel=1e-12)
    assert fit.n_censored == 0


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10**6), st.floats(-5, 5), st.floats(0.05, 0.7))
def test_unit_only_shifts_the_intercept(seed, log_unit, share):
    value, lod, below, x = assayed(seed, n=120, share=share)
    one = fit_censored(value, lod, below, x)
    other = fit_censored(value * np.exp(log_unit), lod * np.exp(log_unit), below, x)
    assert other.beta - one.beta == pytest.approx([log_unit, 0], abs=1e-7)
    assert other.sigma == pytest.approx(one.sigma, rel=1e-7)


def standard(mean=0.0, sigma=1.0):
    return CensoredFit(np.array([mean]), sigma, np.eye(2), 0.0, 100, 10, "")


@pytest.mark.parametrize("alpha", [-30.0, -5.0, -1.0, 0.0, 2.0])
def test_expected_value_below_equals_the_truncated_normal_mean(alpha):
    found = expected_below(standard(), np.exp([alpha]), np.ones((1, 1)))
    assert np.log(found[0]) == pytest.approx(stats.truncnorm(-np.inf, alpha).mean(), rel=1e-6)


def test_far_tails_stay_finite_ordered_and_below_the_limit():
    alpha = -np.logspace(1, 8, 400)
    gap = mean_gap(alpha)
    assert np.all(np.diff(gap) < 0)
    # First term of the series, an upper bound; by one per cent from 1/a at a = 10.
    assert np.all(gap < -1 / alpha)
    assert gap == pytest.approx(-1 / alpha, rel=0.03)
    around = mean_gap(np.array([-40 + 1e-9, -40 - 1e-9]))
    assert around[0] == pytest.approx(around[1], rel=1e-8)
    fit, rows = standard(mean=300.0), np.ones((50, 1))
    drawn = draw_below(fit, np.ones(50), rows, np.random.default_rng(0))
    assert np.all((drawn <= 1) & (drawn > 0.9))
    assert np.all(expected_below(fit, np.ones(50), rows) < 1)


def test_draws_follow_the_truncated_normal():
    fit, n = standard(mean=3.0, sigma=0.5), 20_000
    drawn = draw_below(fit, np.full(n, 12.0), np.ones((n, 1)), np.random.default_rng(1))
    limit = (np.log(12.0) - 3.0) / 0.5
    expected = stats.truncnorm(-np.inf, limit, 3.0, 0.5)
    assert drawn.max() <= 12
    assert stats.kstest(np.log(drawn), expected.cdf).pvalue > 0.01
    again = draw_below(fit, np.full(n, 12.0), np.ones((n, 1)), np.random.default_rng(1))
    assert np.array_equal(drawn, again)


def test_drawn_parameters_have_the_covariance_of_the_fit():
    fit = fit_censored(*assayed(6))
    rng = np.random.default_rng(2)
    draws = [fit.draw(rng) for _ in range(4000)]
    table = np.array([[*d.beta, np.log(d.sigma)] for d in draws])
    assert np.cov(table.T) == pytest.approx(fit.cov, rel=0.1, abs=1e-4)
    assert table.mean(axis=0) == pytest.approx([*fit.beta, np.log(fit.sigma)], abs=0.005)


def test_censored_likelihood_recovers_what_lod_over_root_2_loses():
    """Group difference, overall mean and SD with 70 % below the limit, 100 cohorts of 400."""
    errors = {name: [] for name in METHODS}
    for seed in range(100):
        value, lod, below, x = assayed(seed, share=0.7)
        fit = fit_censored(value, lod, below, x)
        y = np.log(np.where(below, substitute(lod), value))
        beta = np.linalg.lstsq(x, y, rcond=None)[0]
        centre, mean = x.mean(axis=0), x.mean(axis=0) @ BETA
        found = {
            "lod_sqrt2": (beta[1], y.mean(), np.std(y - x @ beta)),
            "censored_likelihood": (fit.beta[1], centre @ fit.beta, fit.sigma),
        }
        for name, values in found.items():
            errors[name].append(np.subtract(values, (BETA[1], mean, SIGMA)))
    bias = {name: np.mean(rows, axis=0) for name, rows in errors.items()}
    # Measured over 200: LOD/sqrt 2 +0.142, +0.127, -0.168; likelihood within 0.005 (Monte Carlo
    # error 0.005). At 30 % below they are +0.022, -0.005, -0.017 and within 0.006.
    assert bias["lod_sqrt2"] == pytest.approx([0.142, 0.127, -0.168], abs=0.02)
    assert np.all(np.abs(bias["censored_likelihood"]) < 0.02)


def test_sensitivity_has_a_row_for_each_treatment():
    value, lod, below, x = assayed(7, n=2000, share=0.4)
    table = sensitivity(value, lod, below, x[:, :1], x[:, 1], np.random.default_rng(3))
    assert table["method"].tolist() == list(SENSITIVITY_METHODS)
    by = table.set_index("method")
    assert by.loc["excluded", ["n", "n_censored"]].tolist() == [2000 - below.sum(), 0]
    assert abs(by.loc["excluded", "estimate"]) < abs(by.loc["tobit", "estimate"])
    filled = table[table["method"] != "excluded"]
    assert set(filled["n"]) == {2000}
    assert set(filled["n_censored"]) == {int(below.sum())}
    fit = fit_censored(value, lod, below, x)
    assert by.loc["tobit", "estimate"] == pytest.approx(fit.beta[1], rel=1e-12)
    assert by.loc["tobit", "se"] == pytest.approx(np.sqrt(fit.cov[1, 1]), rel=1e-12)
    # A nearer stand-in shrinks the difference; the likelihood and the draws agree.
    assert abs(by.loc["lod", "estimate"]) < abs(by.loc["lod_sqrt2", "estimate"]) < 0.3
    for name in ("multiple_draws", "censored_likelihood"):
        assert by.loc[name, "estimate"] == pytest.approx(by.loc["tobit", "estimate"], abs=0.01)
    assert by.loc["multiple_draws", "se"] == pytest.approx(by.loc["tobit", "se"], rel=0.15)
    assert by.loc["censored_likelihood", "se"] < by.loc["tobit", "se"]
    assert N_DRAWS == 20


def test_sensitivity_equals_hc3_of_statsmodels():
    from statsmodels.regression.linear_model import OLS

    value, lod, below, x = assayed(8)
    table = sensitivity(value, lod, below, x[:, :1], x[:, 1], np.random.default_rng(4))
    y = np.log(np.where(below, substitute(lod), value))
    expected = OLS(y, x).fit(cov_type="HC3")
    found = table.set_index("method").loc["lod_sqrt2"]
    assert found["estimate"] == pytest.approx(expected.params[1], rel=1e-10)
    assert found["se"] == pytest.approx(expected.bse[1], rel=1e-10)


def test_sensitivity_repeats_with_the_same_stream():
    data = assayed(9)
    tables = [
        sensitivity(*data[:3], data[3][:, :1], data[3][:, 1], np.random.default_rng(5))
        for _ in range(2)
    ]
    assert tables[0].equals(tables[1])


def test_missing_values_and_regressors_leave_the_row_out():
    value, lod, below, x = assayed(10)
    plain = fit_censored(value, lod, below, x)
    value2 = np.append(value, [np.nan, 20.0])
    x2 = np.vstack([x, [1, 0], [1, np.nan]])
    more = fit_censored(value2, np.append(np.full(len(value), lod), [np.nan] * 2),
                        np.append(below, [False, False]), x2)  # fmt: skip
    assert more.n == plain.n == len(value)
    assert more.beta == pytest.approx(plain.beta, rel=1e-12)


def test_what_cannot_be_estimated_is_refused():
    value, lod, below, x = assayed(11, n=100, share=0.85)
    with pytest.raises(NotEstimable, match=r"too many values below .* 85 of 100"):
        fit_censored(value, lod, below, x)
    value, lod, below, x = assayed(12, n=25, share=0.7)
    with pytest.raises(NotEstimable, match="too few values above the detection limit: 8 < 10"):
        fit_censored(value, lod, below, x)
    value, lod, below, x = assayed(13)
    with pytest.raises(NotEstimable, match="no lower bound"):
        fit_censored(value, lod, below, np.column_stack([x, below & (x[:, 1] > 0)]))
    with pytest.raises(NotEstimable, match="singular design"):
        fit_censored(value, lod, below, np.column_stack([x, x[:, 1]]))
    with pytest.raises(NotEstimable, match="do not differ"):
        fit_censored(np.full(40, 7.0), 1.0, np.zeros(40, bool), np.ones((40, 1)))


def test_broken_input_names_its_row():
    value, lod, below, x = assayed(14)
    first = int(np.argmax(below))
    limits = np.full(len(value), lod)
    limits[first] = np.nan
    with pytest.raises(DataError, match=f"row {first} .*below a limit of nan"):
        fit_censored(value, limits, below, x)
    value[int(np.argmin(below))] = 0
    with pytest.raises(DataError, match=r"with a concentration of 0"):
        fit_censored(value, lod, below, x)
    with pytest.raises(ValueError, match="shapes do not match"):
        fit_censored(value[1:], lod, below, x)


def test_likelihood_has_right_derivatives():
    value, lod, below, x = assayed(15)
    y = np.log(np.where(below, lod, value))
    likelihood, at, step = TobitLikelihood(y, x, below), np.array([5.0, -0.5, 1.8]), 1e-5
    _, gradient, hessian = likelihood.evaluate(at)
    for j in range(3):
        up, down = at.copy(), at.copy()
        up[j] += step
        down[j] -= step
        (high, slope_up, _), (low, slope_down, _) = (
            likelihood.evaluate(up),
            likelihood.evaluate(down),
        )
        assert gradient[j] == pytest.approx((high - low) / (2 * step), rel=1e-6, abs=1e-5)
        assert hessian[j] == pytest.approx((slope_up - slope_down) / (2 * step), rel=1e-6)
