"""Cumulative logit: invariances, refusals, and the test of proportional odds."""

import numpy as np
import pytest

from igfmood.association.models.logistic import fit_logistic
from igfmood.association.models.ordinal import fit_ordinal, proportional_odds
from igfmood.errors import NotEstimable


def drawn(n=2000, seed=1, slopes=(0.5, 0.5, 0.5)):
    """Return x and levels 0-3 whose log odds of reaching each level rise by `slopes`."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=n)
    u = rng.uniform(size=n)
    above = [1 / (1 + np.exp(-(a + b * x))) for a, b in zip((1, 0, -1), slopes, strict=True)]
    return x[:, None], np.sum([u < p for p in above], axis=0)


def test_two_levels_are_logistic_regression():
    x, y = drawn()
    found = fit_ordinal(x, y >= 2)
    plain = fit_logistic(np.column_stack([np.ones(len(x)), x]), y >= 2)
    assert found.beta[0] == pytest.approx(plain.coef[1], rel=1e-8)
    assert found.thresholds[0] == pytest.approx(-plain.coef[0], rel=1e-8)
    assert found.se[0] == pytest.approx(plain.se[1], rel=1e-8)
    assert found.loglik == pytest.approx(plain.loglik, rel=1e-10)


def test_order_alone_matters_and_levels_may_be_absent():
    x, y = drawn()
    assert fit_ordinal(x, y * 10 - 3).beta == pytest.approx(fit_ordinal(x, y).beta, rel=1e-10)


def test_turning_the_outcome_round_turns_the_sign():
    x, y = drawn()
    assert fit_ordinal(x, -y).beta == pytest.approx(-fit_ordinal(x, y).beta, rel=1e-8)


def test_shifted_and_scaled_columns():
    x, y = drawn()
    plain, moved = fit_ordinal(x, y), fit_ordinal(1000 + 50 * x, y)
    assert moved.beta * 50 == pytest.approx(plain.beta, rel=1e-7)
    assert moved.se * 50 == pytest.approx(plain.se, rel=1e-7)
    assert moved.loglik == pytest.approx(plain.loglik, rel=1e-10)


def test_the_slope_is_found():
    found = fit_ordinal(*drawn(20_000))
    assert abs(found.beta[0] - 0.5) < 3 * found.se[0]


@pytest.mark.parametrize(
    ("x", "y", "reason"),
    [
        (np.arange(20.0)[:, None], np.zeros(20), "one level"),
        (np.ones((20, 1)), np.arange(20), "does not vary"),
        (np.arange(20.0)[:, None], np.arange(20) // 5, "separated"),
    ],
)
def test_refusals(x, y, reason):
    with pytest.raises(NotEstimable, match=reason):
        fit_ordinal(x, y)


def test_a_combination_of_columns_is_refused():
    x, y = drawn(200)
    with pytest.raises(NotEstimable, match="combination"):
        fit_ordinal(np.column_stack([x, 2 * x]), y)


def test_proportional_odds_hold_and_are_missed():
    held = proportional_odds(*drawn(4000, seed=3), cuts=(1, 2, 3))
    broken = proportional_odds(*drawn(4000, seed=3, slopes=(0.2, 0.5, 0.8)), cuts=(1, 2, 3))
    assert held.p > 0.05
    assert broken.p < 1e-6
    assert broken.df == 2


def test_the_size_of_the_test_of_proportional_odds():
    p = [proportional_odds(*drawn(400, seed=s), cuts=(1, 2, 3)).p for s in range(400)]
    assert np.mean(np.array(p) < 0.05) == pytest.approx(0.05, abs=3 * np.sqrt(0.05 * 0.95 / 400))
