"""Donors, truncated draws, dependent columns: the pieces of the linear models."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import kstest, truncnorm

from igfmood.impute.methods.linear import (
    below_limit,
    independent_columns,
    linear_posterior,
    marginal_normal,
    nearest_donors,
)


@given(
    st.lists(st.integers(-20, 20), min_size=1, max_size=30),
    st.lists(st.floats(-25, 25), min_size=1, max_size=10),
    st.integers(1, 6),
)
def test_donors_are_among_the_nearest(predicted, wanted, donors):
    known, asked = np.array(predicted, float), np.array(wanted)
    found = nearest_donors(known, asked, donors, np.random.default_rng(0))
    for target, position in zip(asked, found, strict=True):
        distance = np.sort(np.abs(known - target))
        assert abs(known[position] - target) <= distance[min(donors, len(known)) - 1] + 1e-9


def test_every_one_of_the_nearest_is_chosen_equally_often():
    known = np.array([0.0, 10.0, 1.0, 2.0, -1.0, 30.0, 2.5])
    found = nearest_donors(known, np.full(50_000, 1.2), 5, np.random.default_rng(1))
    share = np.bincount(found, minlength=7) / 50_000
    np.testing.assert_allclose(share, [0.2, 0, 0.2, 0.2, 0.2, 0, 0.2], atol=0.01)


def test_equal_predictions_share_the_donation():
    # With one predictor of two values, every person of the nearer value must be as likely.
    known = np.repeat([0.0, 1.0], 40)
    found = nearest_donors(known, np.full(80_000, 0.9), 5, np.random.default_rng(2))
    share = np.bincount(found, minlength=80) / 80_000
    np.testing.assert_allclose(share[40:], 1 / 40, rtol=0.12)
    assert not share[:40].any()


@pytest.mark.parametrize("limit", [-9.0, -1.0, 0.5, 4.0])
def test_truncated_draws(limit):
    rng = np.random.default_rng(3)
    found = below_limit(np.full(4000, 1.0), 2.0, np.full(4000, limit), rng)
    assert (found <= limit).all()
    assert kstest(found, truncnorm(-np.inf, (limit - 1) / 2, 1, 2).cdf).pvalue > 1e-3


def test_truncated_draws_far_below_stay_finite():
    found = below_limit(np.zeros(1000), 1.0, np.full(1000, -50.0), np.random.default_rng(4))
    assert (found <= -50).all()
    # The tail is nearly exponential with rate 50.
    assert (-50 - found).mean() == pytest.approx(1 / 50, rel=0.1)


def test_start_below_a_limit_is_near_the_truth():
    values = np.random.default_rng(5).normal(2.0, 3.0, 5000)
    low = values < 1.0
    mean, sd = marginal_normal(values[~low], np.full(low.sum(), 1.0))
    assert (mean, sd) == pytest.approx((2.0, 3.0), rel=0.1)


def test_dependent_columns_are_left_out():
    rng = np.random.default_rng(6)
    X = rng.normal(size=(100, 3))
    X = np.column_stack([np.ones(100), X[:, 0], np.zeros(100), X[:, 1], X[:, 0] - X[:, 1], X[:, 2]])
    X = np.column_stack([X, np.full(100, 4.0)])
    np.testing.assert_array_equal(independent_columns(X.T @ X), [0, 1, 3, 5])


def test_posterior_draws_have_the_posterior_moments():
    rng = np.random.default_rng(7)
    X = np.column_stack([np.ones(30), rng.normal(size=30)])
    y = X @ [1.0, 2.0] + rng.normal(size=30)
    posterior = linear_posterior(X.T @ X, X.T @ y, y @ y, 30)
    draws = [posterior.draw(rng) for _ in range(20_000)]
    coef = np.array([beta for beta, _ in draws])
    sigma2 = np.array([sigma**2 for _, sigma in draws])
    # A multivariate t and a scaled inverse chi-square with 28 degrees of freedom.
    expected = posterior.rss / 26 * np.linalg.inv(X.T @ X)
    np.testing.assert_allclose(coef.mean(axis=0), posterior.coef, atol=0.01)
    np.testing.assert_allclose(np.cov(coef.T), expected, rtol=0.06, atol=2e-4)
    assert sigma2.mean() == pytest.approx(posterior.rss / 26, rel=0.02)
