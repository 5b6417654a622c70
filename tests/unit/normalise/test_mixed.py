"""Linear mixed models: exact against dense algebra, honest about what cannot be told."""

import numpy as np
import pytest

from igfmood.errors import NotEstimable
from igfmood.normalise.mixed import fit_random_slopes
from igfmood.normalise.mixed_criterion import Criterion, cross_products


def growth(seed, groups=40, size=6, sd=(1.0, 0.5), correlation=0.3, sigma=0.7):
    """Rows of several groups, each with a line of its own; the mean line is 10 - 2 t."""
    rng = np.random.default_rng(seed)
    group = np.repeat(np.arange(groups), rng.integers(2, size + 1, groups))
    t = rng.uniform(0, 3, group.size)
    covariance = np.outer(sd, sd) * np.array([[1, correlation], [correlation, 1]])
    random = rng.multivariate_normal([0, 0], covariance, groups, method="eigh")
    line = np.column_stack([np.ones_like(t), t])
    y = line @ [10, -2] + np.sum(line * random[group], axis=1) + rng.normal(0, sigma, t.size)
    return y, line, line, group


def dense(y, x, z, group, fit):
    """Covariance of y, and of its coefficients and predictions, from the n x n matrix."""
    same = group[:, None] == group
    v = np.where(same, z @ fit.covariance @ z.T, 0) + fit.sigma**2 * np.eye(len(y))
    inverse = np.linalg.inv(v)
    cov = np.linalg.inv(x.T @ inverse @ x)
    return v, inverse, cov, cov @ x.T @ inverse @ y


@pytest.mark.parametrize("reml", [True, False])
def test_likelihood_and_coefficients_equal_those_of_the_dense_covariance(reml):
    y, x, z, group = growth(1)
    fit = fit_random_slopes(y, x, z, group, reml=reml)
    v, inverse, cov, beta = dense(y, x, z, group, fit)
    residual = y - x @ beta
    df = len(y) - 2 * reml
    minus_two = df * np.log(2 * np.pi) + np.linalg.slogdet(v)[1] + residual @ inverse @ residual
    minus_two -= reml * np.linalg.slogdet(cov)[1]
    assert fit.loglik == pytest.approx(-minus_two / 2, rel=1e-10)
    assert fit.beta == pytest.approx(beta, rel=1e-9)
    assert fit.cov_beta == pytest.approx(cov, rel=1e-8)


def test_predictions_and_their_errors_equal_those_of_the_dense_covariance():
    y, x, z, group = growth(2, groups=12)
    fit = fit_random_slopes(y, x, z, group)
    _, inverse, cov, beta = dense(y, x, z, group, fit)
    projection = inverse - inverse @ x @ cov @ x.T @ inverse
    for i in range(12):
        link = fit.covariance @ (z * (group == i)[:, None]).T
        assert fit.random[i] == pytest.approx(link @ inverse @ (y - x @ beta), rel=1e-7, abs=1e-10)
        error = fit.covariance - link @ projection @ link.T
        assert fit.random_se[i] == pytest.approx(np.sqrt(np.diag(error)), rel=1e-7)


@pytest.mark.parametrize("reml", [True, False])
def test_slope_of_the_deviance_is_its_derivative(reml):
    criterion = Criterion(cross_products(*growth(3)), reml)
    factor, step = np.array([[0.8, 0.0], [-0.3, 0.4]]), 1e-5
    gradient = 2 * criterion.evaluate(factor).slope @ factor
    for i, j in ((0, 0), (1, 0), (1, 1)):
        up, down = factor.copy(), factor.copy()
        up[i, j] += step
        down[i, j] -= step
        numeric = (criterion.evaluate(up).deviance - criterion.evaluate(down).deviance) / step / 2
        assert gradient[i, j] == pytest.approx(numeric, rel=1e-6)


def test_planted_values_are_recovered():
    fits = [fit_random_slopes(*growth(seed, groups=300)) for seed in range(15)]
    slopes = np.array([(fit.beta[1] + 2) / fit.se[1] for fit in fits])
    assert np.mean(slopes**2) == pytest.approx(1, abs=1.1)  # 3 SE of a chi-square over 15
    found = np.mean([fit.covariance for fit in fits], axis=0)
    # Monte Carlo errors 0.034, 0.014 and 0.012, measured over 40 cohorts.
    for (i, j), planted, error in (
        ((0, 0), 1, 0.034),
        ((0, 1), 0.15, 0.014),
        ((1, 1), 0.25, 0.012),
    ):
        assert found[i, j] == pytest.approx(planted, abs=3 * error)
    assert np.mean([fit.sigma for fit in fits]) == pytest.approx(0.7, abs=0.02)


def test_theta_is_the_cholesky_factor_of_the_relative_covariance():
    fit = fit_random_slopes(*growth(5))
    factor = np.linalg.cholesky(fit.covariance / fit.sigma**2)
    assert fit.theta == pytest.approx([factor[0, 0], factor[1, 0], factor[1, 1]], rel=1e-9)


def test_units_and_origin_change_nothing_but_the_units():
    y, x, z, group = growth(6)
    plain = fit_random_slopes(y, x, z, group)
    shifted = x * [1, 365.25] + [[0, 20_000]]
    moved = fit_random_slopes(1000 * y, shifted, shifted, group)
    assert moved.beta[1] == pytest.approx(1000 * plain.beta[1] / 365.25, rel=1e-6)
    assert moved.covariance[1, 1] == pytest.approx(
        plain.covariance[1, 1] * (1000 / 365.25) ** 2, rel=1e-4
    )
    assert moved.sigma == pytest.approx(1000 * plain.sigma, rel=1e-6)


def test_order_of_rows_is_immaterial():
    y, x, z, group = growth(7)
    order = np.random.default_rng(0).permutation(len(y))
    one = fit_random_slopes(y, x, z, group)
    other = fit_random_slopes(y[order], x[order], z[order], group[order])
    assert other.loglik == pytest.approx(one.loglik, rel=1e-12)
    assert other.groups == one.groups
    assert other.random == pytest.approx(one.random, rel=1e-5, abs=1e-7)


@pytest.mark.parametrize(("correlation", "sign"), [(1.0, "+1"), (-1.0, "−1")])
def test_perfect_correlation_is_named(correlation, sign):
    text = f"random intercept and slope perfectly correlated ({sign})"
    # Of many fits to data without a second dimension about half end on the boundary.
    fits = [fit_random_slopes(*growth(seed, correlation=correlation)) for seed in range(5)]
    assert text in {fit.boundary for fit in fits}
    assert {fit.boundary for fit in fits} <= {text, ""}
    assert all(fit.converged for fit in fits)


def test_no_variance_between_groups_is_named():
    y, x, _, group = growth(8, sd=(0.0, 0.0))
    y = y - np.bincount(group, y - x @ [10, -2])[group] / np.bincount(group)[group]
    fit = fit_random_slopes(y, x, x[:, :1], group)
    assert fit.boundary == "no variance between groups"
    assert fit.covariance[0, 0] == pytest.approx(0, abs=1e-8)
    least_squares = np.linalg.lstsq(x, y, rcond=None)[0]
    assert fit.beta == pytest.approx(least_squares, rel=1e-8)


def test_three_random_effects():
    y, x, _, group = growth(9, groups=80, size=9)
    z = np.column_stack([x, x[:, 1] ** 2])
    fit = fit_random_slopes(y, x, z, group)
    assert fit.converged
    assert fit.n_starts == 9
    assert fit.loglik >= fit_random_slopes(y, x, x, group).loglik - 1e-6


def test_what_cannot_be_told_is_refused():
    y, x, z, group = growth(10)
    with pytest.raises(NotEstimable, match="at least 2 groups"):
        fit_random_slopes(y, x, z, np.zeros(len(y)))
    with pytest.raises(NotEstimable, match="no residual degrees of freedom"):
        fit_random_slopes(y, x, z[:, :1], np.arange(len(y)))
    with pytest.raises(NotEstimable, match=r"column 2 .* linear combination"):
        fit_random_slopes(y, np.column_stack([x, x.sum(axis=1)]), z, group)
    with pytest.raises(NotEstimable, match="no residual variation"):
        fit_random_slopes(x @ [1.0, 2.0], x, z, group)
    with pytest.raises(NotEstimable, match="tell the 2 random effects apart: 1 < 2"):
        fit_random_slopes(y[:12], x[:12], z[:12], [0] * 7 + [1, 2, 3, 4, 5])
    with pytest.raises(ValueError, match="missing or infinite"):
        fit_random_slopes(np.where(np.arange(len(y)) == 3, np.nan, y), x, z, group)
    with pytest.raises(ValueError, match="shapes do not match"):
        fit_random_slopes(y[:-1], x, z, group)
