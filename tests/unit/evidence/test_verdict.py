"""The rule of verdicts, as a truth table."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from igfmood.evidence.verdict import (
    Interval,
    enlargement_to_settle,
    enlargement_to_settle_diagnostic,
    enlargement_to_settle_effect,
    judge_diagnostic,
    judge_effect,
)

MARGIN = 0.2


def interval(low, high, inner=0.8):
    """Interval with the narrower one of the equivalence test inside it."""
    middle, half = (low + high) / 2, (high - low) / 2 * inner
    return Interval(low, high, middle - half, middle + half)


#: A group difference in the claimed direction.
TOWARDS = interval(0.1, 0.5)


EFFECTS = [
    (0.21, 0.9, "SUPPORTED"),
    (0.20, 0.9, "INCONCLUSIVE"),  # touching the margin is not beyond it
    (0.05, 0.9, "INCONCLUSIVE"),
    (-0.5, 0.9, "INCONCLUSIVE"),
    (-0.9, -0.01, "REFUTED"),
    (-0.9, 0.0, "INCONCLUSIVE"),  # zero itself is not the other side
    (-0.9, -0.3, "REFUTED"),
    (-0.1, 0.1, "REFUTED"),
    (0.02, 0.18, "REFUTED"),  # differs from zero, but by nothing that matters
    (-0.24, 0.24, "REFUTED"),  # the 90 % interval is inside the margin
    (-0.26, 0.26, "INCONCLUSIVE"),
    (0.15, 0.25, "INCONCLUSIVE"),
]


@pytest.mark.parametrize(("low", "high", "verdict"), EFFECTS)
def test_effect_in_both_directions(low, high, verdict):
    assert judge_effect(interval(low, high), "higher", MARGIN).verdict == verdict
    assert judge_effect(interval(-high, -low), "lower", MARGIN).verdict == verdict


def test_the_opposite_and_nothing_are_refuted_for_different_reasons():
    assert "opposite" in judge_effect(interval(0.3, 0.9), "lower", MARGIN).reason
    assert "too small" in judge_effect(interval(-0.1, 0.1), "lower", MARGIN).reason
    assert "as claimed" in judge_effect(interval(0.1, 0.9), "higher", MARGIN).reason


@given(st.floats(-2, 2), st.floats(0.001, 2), st.sampled_from(["lower", "higher"]))
def test_a_claim_and_its_opposite_are_never_both_supported(middle, half, direction):
    other = {"lower": "higher", "higher": "lower"}[direction]
    found = interval(middle - half, middle + half)
    verdicts = {judge_effect(found, side, MARGIN).verdict for side in (direction, other)}
    assert verdicts != {"SUPPORTED"}
    if "SUPPORTED" in verdicts:
        assert verdicts == {"SUPPORTED", "REFUTED"}


@pytest.mark.parametrize(
    ("auc", "added", "verdict"),
    [
        ((0.72, 0.80), (0.03, 0.09), "SUPPORTED"),
        ((0.70, 0.80), (0.03, 0.09), "SUPPORTED"),  # the bound is reached
        ((0.69, 0.80), (0.03, 0.09), "INCONCLUSIVE"),
        ((0.72, 0.80), (0.02, 0.09), "INCONCLUSIVE"),  # the margin must be passed
        ((0.72, 0.80), (-0.01, 0.09), "INCONCLUSIVE"),
        ((0.55, 0.69), (0.03, 0.09), "REFUTED"),
        ((0.55, 0.70), (0.03, 0.09), "INCONCLUSIVE"),
        ((0.20, 0.30), (0.03, 0.09), "REFUTED"),  # no flipping of a low AUC
        ((0.80, 0.90), (-0.01, 0.01), "REFUTED"),
        ((0.80, 0.90), (-0.30, -0.10), "REFUTED"),
        ((0.65, 0.80), (-0.01, 0.022), "REFUTED"),  # the one-sided limit is below the margin
    ],
)
def test_diagnostic(auc, added, verdict):
    found = judge_diagnostic(interval(*auc), interval(*added), TOWARDS, bound=0.70, margin=0.02)
    assert found.verdict == verdict


@pytest.mark.parametrize(
    ("difference", "verdict"),
    [((0.1, 0.5), "SUPPORTED"), ((-0.1, 0.5), "INCONCLUSIVE"), ((-0.5, -0.1), "REFUTED")],
)
def test_a_marker_that_points_the_other_way_is_no_marker(difference, verdict):
    found = judge_diagnostic(
        interval(0.8, 0.9), interval(0.1, 0.2), interval(*difference), bound=0.70, margin=0.02
    )
    assert found.verdict == verdict


def test_what_stays_open_is_named():
    found = judge_diagnostic(
        interval(0.6, 0.8), interval(0.1, 0.2), TOWARDS, bound=0.70, margin=0.02
    )
    assert found.reason == "it stays open whether the AUC reaches the bound"


@pytest.mark.parametrize(
    ("estimate", "half", "test", "factor"),
    [
        (0.5, 0.6, 0.5, 4),  # the margin at 0.2 is 0.3 away
        (0.0, 0.6, 0.5, 6.25),  # equivalence: both margins are 0.2 away
        (-0.05, 0.6, 0.45, 9),  # equivalence is nearer than the opposite
        (-0.5, 0.6, 0.5, 1.44),  # zero is 0.5 away, and no equivalence beyond the margin
        (0.2, 0.6, 0.5, math.inf),
    ],
)
def test_an_effect_is_settled_by_the_nearest_way(estimate, half, test, factor):
    found = Interval(estimate - half, estimate + half, estimate - test, estimate + test)
    assert enlargement_to_settle_effect(estimate, MARGIN, found) == pytest.approx(factor)


def test_enlargement_is_the_square_of_half_width_over_distance():
    assert enlargement_to_settle(0.1, 0.3) == pytest.approx(9)
    assert enlargement_to_settle(0.3, 0.1) == 1
    assert enlargement_to_settle(0.0, 0.1) == math.inf


def test_what_differs_between_cohorts_stays_however_many_people_there_are():
    factor = enlargement_to_settle(0.1, 0.15, lasting=0.3)
    assert 0.15**2 * (0.3 + 0.7 / factor) == pytest.approx(0.1**2)
    assert factor > enlargement_to_settle(0.1, 0.15)
    assert enlargement_to_settle(0.1, 0.3, lasting=0.2) == math.inf


@given(st.floats(0.21, 2), st.floats(0.01, 2))
def test_the_enlargement_of_an_effect_beyond_the_margin_would_support_it(estimate, half):
    wide = interval(estimate - half, estimate + half)
    factor = enlargement_to_settle_effect(estimate, MARGIN, wide)
    shrunk = half / math.sqrt(factor * 1.001)
    found = interval(estimate - shrunk, estimate + shrunk)
    assert judge_effect(found, "higher", MARGIN).verdict == "SUPPORTED"


@given(st.floats(0.55, 0.9), st.floats(-0.1, 0.15), st.floats(0.005, 0.3), st.floats(0.005, 0.3))
def test_the_enlargement_of_a_diagnostic_claim_settles_it(auc, added, wide, broad):
    def at(factor):
        root = math.sqrt(factor)
        return (
            interval(auc - wide / root, auc + wide / root),
            interval(added - broad / root, added + broad / root),
        )

    factor = enlargement_to_settle_diagnostic(auc - 0.7, at(1)[0], added - 0.02, at(1)[1])
    if math.isfinite(factor) and factor < 1e8:
        assert judge_diagnostic(*at(factor * 1.001), TOWARDS, 0.7, 0.02).verdict != "INCONCLUSIVE"


def test_a_diagnostic_claim_needs_both_to_be_supported_and_one_to_be_refuted():
    auc, added = interval(0.71, 0.79), interval(-0.03, 0.09)
    assert enlargement_to_settle_diagnostic(0.05, auc, 0.01, added) == pytest.approx(36)
    assert enlargement_to_settle_diagnostic(0.05, auc, -0.012, added) == pytest.approx(16)
    assert enlargement_to_settle_diagnostic(0.0, auc, 0.01, added) == math.inf
