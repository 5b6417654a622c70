"""Properties and limits of standardised differences and of the equivalence test."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from igfmood.association.effect_sizes import (
    adjusted_hedges_g,
    hedges_g,
    pooled_sd,
    small_sample_correction,
    tost,
)
from igfmood.association.models.linear import ols_hc3
from igfmood.errors import NotEstimable

counts = st.integers(2, 500)
means = st.floats(-300, 300)
spreads = st.floats(0.1, 100)


@given(means, spreads, counts, means, spreads, counts)
def test_swapping_groups_flips_the_sign(m1, s1, n1, m2, s2, n2):
    there, back = hedges_g(m1, s1, n1, m2, s2, n2), hedges_g(m2, s2, n2, m1, s1, n1)
    assert back.g == -there.g
    assert back.se == there.se
    assert back.p == there.p
    assert (back.ci_low, back.ci_high) == (-there.ci_high, -there.ci_low)


@given(means, spreads, counts, means, spreads, counts, st.floats(0.1, 10))
def test_units_cancel(m1, s1, n1, m2, s2, n2, factor):
    plain = hedges_g(m1, s1, n1, m2, s2, n2)
    scaled = hedges_g(factor * m1, factor * s1, n1, factor * m2, factor * s2, n2)
    # Rounding of the two products; a difference of nearly equal means loses digits.
    assert scaled.g == pytest.approx(plain.g, rel=1e-9, abs=1e-10)
    assert scaled.se == pytest.approx(plain.se, rel=1e-9)


@given(means, spreads, counts, means, spreads, counts)
def test_adjusted_reduces_to_unadjusted(m1, s1, n1, m2, s2, n2):
    sd = pooled_sd(s1, n1, s2, n2)
    se = sd * np.sqrt(1 / n1 + 1 / n2)
    found = adjusted_hedges_g(m1 - m2, se, sd, n1, n2, n1 + n2 - 2)
    plain = hedges_g(m1, s1, n1, m2, s2, n2)
    assert found == plain
    assert found.se**2 == pytest.approx(1 / n1 + 1 / n2 + plain.g**2 / (2 * (n1 + n2)), rel=1e-12)


def test_adjustment_changes_the_difference_and_not_the_ruler():
    rng = np.random.default_rng(8)
    case = np.repeat([1.0, 0.0], 400)
    age = rng.normal(40, 10, 800) + 5 * case
    igf1 = 250 - 2 * age + rng.normal(0, 20, 800)
    crude = ols_hc3(np.column_stack([np.ones(800), case]), igf1).contrast(1)
    adjusted = ols_hc3(np.column_stack([np.ones(800), case, age]), igf1).contrast(1)
    sd = pooled_sd(igf1[:400].std(ddof=1), 400, igf1[400:].std(ddof=1), 400)
    g = [adjusted_hedges_g(c.estimate, c.se, sd, 400, 400, c.df) for c in (crude, adjusted)]
    assert g[0].g == pytest.approx(-10 / np.hypot(20, 20), abs=0.15)
    assert abs(g[1].g) < 0.15
    assert g[1].se < g[0].se
    assert (g[0].df, g[1].df) == (798, 797)


def test_correction_is_exact():
    # gamma(1) / (gamma(1/2) * 1) at df = 2, and the usual approximation from afar.
    assert small_sample_correction(2) == pytest.approx(1 / np.sqrt(np.pi), rel=1e-14)
    assert small_sample_correction(100) == pytest.approx(1 - 3 / 399, abs=1e-5)
    with pytest.raises(NotEstimable, match="df = 1"):
        small_sample_correction(1)


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ((1, 1, 1, 2, 1, 9), "fewer than 2"),
        ((1, 0, 9, 2, 0, 9), "does not vary"),
    ],
)
def test_not_estimable(arguments, reason):
    with pytest.raises(NotEstimable, match=reason):
        hedges_g(*arguments)


def test_malformed_input():
    with pytest.raises(ValueError, match="finite"):
        hedges_g(np.nan, 1, 9, 2, 1, 9)
    with pytest.raises(ValueError, match="not negative"):
        hedges_g(1, -1, 9, 2, 1, 9)
    with pytest.raises(ValueError, match="margin"):
        tost(0.1, 0.1, 10, margin=0)
    with pytest.raises(NotEstimable, match="no standard error"):
        tost(0.1, 0.0, 10, margin=0.2)


@given(st.floats(-1, 1), st.floats(0.01, 1), st.floats(2, 1000), st.floats(0.05, 2))
def test_equivalence_is_the_interval_within_the_margin(estimate, se, df, margin):
    found = tost(estimate, se, df, margin)
    inside = -margin < found.ci_low and found.ci_high < margin
    if abs(found.p - 0.05) > 1e-9:
        assert (found.p < 0.05) == inside
    mirrored = tost(-estimate, se, df, margin)
    assert mirrored.p == found.p
    assert found.level == 0.9


def test_many_degrees_of_freedom_are_the_normal():
    finite, normal = tost(0.1, 0.1, 1e9, 0.3), tost(0.1, 0.1, np.inf, 0.3)
    assert finite.p == pytest.approx(normal.p, rel=1e-6)
