"""Negative binomial regression: recovery, the Poisson boundary, refusals."""

import numpy as np
import pytest

from igfmood.association.models.negative_binomial import fit_negative_binomial
from igfmood.errors import NotEstimable


def drawn(theta, n=4000, seed=1):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=n)
    mu = np.exp(1 + 0.3 * x)
    rate = mu if np.isinf(theta) else rng.gamma(theta, mu / theta)
    return np.column_stack([np.ones(n), x]), rng.poisson(rate)


def test_what_was_planted_is_found():
    found = fit_negative_binomial(*drawn(1.5))
    assert abs(found.beta[1] - 0.3) < 3 * found.se[1]
    assert abs(found.theta - 1.5) < 3 * found.se_theta
    assert np.sqrt(found.cov_robust[1, 1]) == pytest.approx(found.se[1], rel=0.15)


def test_counts_without_extra_variation_end_as_poisson():
    x, y = drawn(np.inf, n=300, seed=5)
    even = np.round(np.exp(x @ [1, 0.3]))  # varies less than by chance
    found = fit_negative_binomial(x, even)
    assert found.poisson
    assert np.isinf(found.theta)
    mu = np.exp(x @ found.beta)
    assert x.T @ (even - mu) == pytest.approx([0, 0], abs=1e-6)


def test_the_sandwich_holds_where_the_variance_is_another():
    rng = np.random.default_rng(2)
    estimates, errors = [], []
    for _ in range(200):
        x = rng.normal(size=300)
        y = rng.poisson(np.exp(1 + 0.3 * x)) * rng.choice([0, 2], 300)
        found = fit_negative_binomial(np.column_stack([np.ones(300), x]), y)
        estimates.append(found.beta[1])
        errors.append(np.sqrt(found.cov_robust[1, 1]))
    assert np.mean(errors) == pytest.approx(np.std(estimates), rel=0.15)


def test_refusals():
    x, _ = drawn(1, n=50)
    with pytest.raises(NotEstimable, match="every count is 0"):
        fit_negative_binomial(x, np.zeros(50))
    with pytest.raises(NotEstimable, match="combination"):
        fit_negative_binomial(np.column_stack([x, x[:, 1]]), np.arange(50))
    with pytest.raises(ValueError, match="0 or more"):
        fit_negative_binomial(x, np.full(50, -1))
