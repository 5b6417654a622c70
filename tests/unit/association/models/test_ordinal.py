"""Cumulative-logit regression: special cases, equivariance, recovery, speed and limits."""

import time

import numpy as np
import pytest

from igfmood.association.models.logistic import fit_logistic
from igfmood.association.models.ordinal import fit_ordinal, proportional_odds
from igfmood.errors import NotEstimable


def phq_like(n, seed=1, columns=2):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, columns))
    latent = 0.5 * X[:, 0] + rng.logistic(size=n)
    return X, np.digitize(latent, np.linspace(-2.5, 5, 27)).astype(float)


def test_two_levels_are_a_logistic_regression():
    X, y = phq_like(400)
    high = y >= 10
    fit = fit_ordinal(X, high)
    logistic = fit_logistic(np.column_stack([np.ones(400), X]), high)
    np.testing.assert_allclose(np.append(-fit.thresholds, fit.beta), logistic.coef, rtol=1e-8)
    np.testing.assert_allclose(fit.cov_beta, logistic.cov[1:, 1:], rtol=1e-8)
    assert fit.loglik == pytest.approx(logistic.loglik, rel=1e-12)


def test_reversed_outcome_reverses_the_sign():
    X, y = phq_like(400)
    fit, reverse = fit_ordinal(X, y), fit_ordinal(X, -y)
    np.testing.assert_allclose(reverse.beta, -fit.beta, rtol=1e-9)
    np.testing.assert_allclose(reverse.thresholds, -fit.thresholds[::-1], rtol=1e-9)


def test_units_of_the_columns_and_names_of_the_levels_do_not_matter():
    X, y = phq_like(400)
    fit = fit_ordinal(X, y)
    moved = fit_ordinal(X * [1e4, 1e-3] + [50, 0], 10 * y + 3)
    np.testing.assert_allclose(moved.beta * [1e4, 1e-3], fit.beta, rtol=1e-8)
    np.testing.assert_allclose(moved.se * [1e4, 1e-3], fit.se, rtol=1e-8)
    shift = 50 * moved.beta[0]
    np.testing.assert_allclose(moved.thresholds - shift, fit.thresholds, rtol=1e-8, atol=1e-8)


def test_score_is_zero_and_the_covariance_is_the_inverse_hessian():
    X, y = phq_like(300, seed=4)
    y = np.minimum(y, 3)
    fit = fit_ordinal(X, y)

    def loglik(theta):
        eta = X @ theta[3:]
        cumulative = [1 / (1 + np.exp(eta - t)) for t in theta[:3]]
        edges = np.array([np.zeros(300), *cumulative, np.ones(300)])
        rows = np.arange(300)
        return np.log(edges[y.astype(int) + 1, rows] - edges[y.astype(int), rows]).sum()

    theta, h = np.append(fit.thresholds, fit.beta), 1e-4
    unit = np.eye(5) * h
    hessian = np.array(
        [
            [
                (loglik(theta + a + b) - loglik(theta + a - b) - loglik(theta - a + b)
                 + loglik(theta - a - b)) / (4 * h * h)
                for a in unit
            ]
            for b in unit
        ]
    )  # fmt: skip
    assert loglik(theta) == pytest.approx(fit.loglik, rel=1e-12)
    np.testing.assert_allclose(np.linalg.inv(-hessian), fit.cov, rtol=1e-4, atol=1e-8)


def test_many_rows_recover_the_truth_in_half_a_second():
    X, y = phq_like(50_000, columns=8)
    start = time.process_time()
    fit = fit_ordinal(X, y)
    elapsed = time.process_time() - start
    assert fit.n_levels == 28
    assert abs(fit.beta[0] - 0.5) < 4 * fit.se[0]
    # Measured 0.15 s; the limit leaves room for a loaded machine.
    assert elapsed < 1.5


@pytest.mark.parametrize("top_only", [True, False])
def test_levels_that_a_column_separates(top_only):
    x, within = np.repeat([0.0, 1.0], 50), np.tile(np.arange(5.0), 20)
    y = np.where(x == 1, 4, within) if top_only else 5 * x + within
    with pytest.raises(NotEstimable, match=r"column 0 .* no finite estimate"):
        fit_ordinal(np.column_stack([x, np.sin(np.arange(100))]), y)


def test_refusals_of_a_fit():
    X, y = phq_like(50)
    with pytest.raises(NotEstimable, match="one level only"):
        fit_ordinal(X, np.full(50, 3))
    with pytest.raises(NotEstimable, match=r"column 1 .* does not vary"):
        fit_ordinal(np.column_stack([X[:, 0], np.full(50, 7.0)]), y)
    with pytest.raises(NotEstimable, match=r"column 2 .* linear combination"):
        fit_ordinal(np.column_stack([X, X.sum(axis=1)]), y)
    with pytest.raises(ValueError, match="do not match"):
        fit_ordinal(X, y[1:])
    with pytest.raises(ValueError, match="finite"):
        fit_ordinal(X, np.where(y > 3, np.nan, y))


def test_odds_that_are_not_proportional_are_found():
    # The spread grows with x: a latent scale effect shows as cut-dependent odds ratios.
    rng = np.random.default_rng(2)
    x = rng.normal(size=4000)
    y = np.digitize(0.3 * x + np.exp(0.4 * x) * rng.logistic(size=4000), [-1, 0, 1, 2])
    assert proportional_odds(x[:, None], y, (1, 2, 3, 4)).p < 1e-6


def test_proportional_odds_hold_their_error_rate():
    rejected = 0
    for seed in range(200):
        X, y = phq_like(400, seed=seed)
        rejected += proportional_odds(X, y, (5, 10, 15)).p < 0.05
    # 99.9% of binomial(200, 0.05) lies below 21.
    assert rejected < 21


def test_refusals_of_the_test():
    X, y = phq_like(100)
    with pytest.raises(NotEstimable, match="at the cut of 40 or more: one class only"):
        proportional_odds(X, y, (5, 40))
    with pytest.raises(NotEstimable, match=r"nobody lies from 4\.2 to below 5"):
        proportional_odds(X, y, (4.2, 5))
    with pytest.raises(ValueError, match="two cuts"):
        proportional_odds(X, y, (5,))
