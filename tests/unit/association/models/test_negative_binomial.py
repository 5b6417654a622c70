"""Negative binomial regression: its Poisson limit, recovery, equivariance, speed and refusals."""

import time

import numpy as np
import pytest

from igfmood.association.models.negative_binomial import fit_negative_binomial
from igfmood.errors import NotEstimable


def simulated(n, theta, seed=1, columns=2):
    rng = np.random.default_rng(seed)
    X = np.column_stack([np.ones(n), rng.normal(size=(n, columns))])
    mu = np.exp(1.5 + 0.2 * X[:, 1])
    return X, rng.poisson(mu * rng.gamma(theta, 1 / theta, n)).astype(float)


def test_one_group_has_the_log_of_its_mean():
    _, y = simulated(300, 1.0)
    fit = fit_negative_binomial(np.ones((300, 1)), y)
    mean = y.mean()
    assert fit.beta[0] == pytest.approx(np.log(mean), abs=1e-10)
    # One group: information n mu / (1 + mu / theta), and the sandwich is variance / (n mean^2).
    assert fit.cov[0, 0] == pytest.approx((1 / mean + 1 / fit.theta) / 300, rel=1e-9)
    assert fit.cov_robust[0, 0] == pytest.approx(y.var() / (300 * mean**2), rel=1e-9)


def test_counts_that_vary_less_than_chance_are_poisson():
    # Every count is within one of its mean; the log-likelihood is the Poisson one.
    x, y = np.repeat([0.0, 1.0], 60), np.r_[np.tile([2, 3, 4], 20), np.tile([5, 6, 7], 20)]
    fit = fit_negative_binomial(np.column_stack([np.ones(120), x]), y)
    assert (fit.poisson, fit.theta, fit.se_theta) == (True, np.inf, np.inf)
    assert fit.beta == pytest.approx([np.log(3), np.log(2)], abs=1e-9)
    assert fit.cov[1, 1] == pytest.approx(1 / 180 + 1 / 360, rel=1e-9)
    from scipy.stats import poisson

    assert fit.loglik == pytest.approx(poisson.logpmf(y, 3 + 3 * x).sum(), rel=1e-12)


def test_log_likelihood_is_the_negative_binomial_one_and_theta_its_maximum():
    from scipy.stats import nbinom

    X, y = simulated(400, 2.0)
    fit = fit_negative_binomial(X, y)
    mu = np.exp(X @ fit.beta)

    def loglik(theta):
        return nbinom.logpmf(y, theta, theta / (theta + mu)).sum()

    assert loglik(fit.theta) == pytest.approx(fit.loglik, rel=1e-12)
    h = 1e-3 * fit.theta
    up, down = loglik(fit.theta + h), loglik(fit.theta - h)
    assert up < fit.loglik
    assert down < fit.loglik
    curvature = -(up - 2 * fit.loglik + down) / h**2
    assert 1 / np.sqrt(curvature) == pytest.approx(fit.se_theta, rel=1e-4)


def test_slight_overdispersion_is_kept():
    # The variance is a ninth above the mean: little, but not nothing in 3,000 people.
    thetas = [fit_negative_binomial(*simulated(3000, 40.0, seed)).theta for seed in range(8)]
    assert np.isfinite(thetas).all()
    assert 20 < np.median(thetas) < 80


def test_rates_follow_the_unit_of_a_column():
    X, y = simulated(400, 1.5)
    fit, moved = fit_negative_binomial(X, y), fit_negative_binomial(X * [1, 1e4, 1e-3], y)
    assert moved.beta * [1, 1e4, 1e-3] == pytest.approx(fit.beta, rel=1e-7)
    assert moved.theta == pytest.approx(fit.theta, rel=1e-8)


def test_sandwich_holds_where_the_variance_is_not_the_models():
    # Variance grows with x: over 200 samples the sandwich is the spread of the estimate.
    estimates, robust = [], []
    for seed in range(200):
        rng = np.random.default_rng(seed)
        x = rng.normal(size=400)
        shape = np.exp(1 - x)
        y = rng.poisson(np.exp(1 + 0.2 * x) * rng.gamma(shape, 1 / shape))
        fit = fit_negative_binomial(np.column_stack([np.ones(400), x]), y)
        estimates.append(fit.beta[1])
        robust.append(np.sqrt(fit.cov_robust[1, 1]))
    assert np.mean(robust) == pytest.approx(np.std(estimates), rel=0.15)


def test_many_rows_recover_the_truth_in_half_a_second():
    X, y = simulated(50_000, 1.2, columns=8)
    start = time.process_time()
    fit = fit_negative_binomial(X, y)
    elapsed = time.process_time() - start
    assert abs(fit.beta[1] - 0.2) < 4 * fit.se[1]
    assert abs(fit.theta - 1.2) < 4 * fit.se_theta
    assert elapsed < 1.5


def test_group_with_zeros_only():
    X, y = simulated(200, 1.0)
    group = np.repeat([0.0, 1.0], [180, 20])
    with pytest.raises(NotEstimable, match=r"column 3 .* counts of 0 only"):
        fit_negative_binomial(np.column_stack([X, group]), np.where(group == 1, 0, y))


def test_refusals():
    X, y = simulated(50, 1.0)
    with pytest.raises(NotEstimable, match="every count is 0"):
        fit_negative_binomial(X, np.zeros(50))
    with pytest.raises(NotEstimable, match=r"column 3 .* linear combination"):
        fit_negative_binomial(np.column_stack([X, X.sum(axis=1)]), y)
    with pytest.raises(ValueError, match="do not match"):
        fit_negative_binomial(X, y[1:])
    for bad in (-1.0, np.nan):
        with pytest.raises(ValueError, match="0 or more"):
            fit_negative_binomial(X, np.append(y[1:], bad))
