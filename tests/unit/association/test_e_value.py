"""Properties and limits of E-values."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from igfmood.association.e_value import (
    RiskRatio,
    e_value,
    from_hazard_ratio,
    from_odds_ratio,
    from_standardised_difference,
)

ratios = st.floats(0.05, 20)


@given(ratios)
def test_confounding_of_that_strength_explains_the_ratio_away(rr):
    # Ding and VanderWeele's bounding factor at RR_EU = RR_UD = E equals the observed ratio.
    strength = e_value(RiskRatio(rr, rr, rr)).estimate
    assert strength**2 / (2 * strength - 1) == pytest.approx(max(rr, 1 / rr), rel=1e-9)


@given(ratios, st.floats(1, 3))
def test_protective_and_harmful_mirror(rr, width):
    there = e_value(RiskRatio(rr, rr / width, rr * width))
    back = e_value(RiskRatio(1 / rr, 1 / (rr * width), width / rr))
    assert (there.estimate, there.limit) == pytest.approx((back.estimate, back.limit), rel=1e-9)
    assert 1 <= there.limit <= there.estimate


def test_no_association_needs_no_confounder():
    assert e_value(RiskRatio(1, 0.8, 1.3)) == e_value(from_standardised_difference(0, 0.1))
    assert from_odds_ratio(1, 1, 1) == from_hazard_ratio(1, 1, 1) == RiskRatio(1, 1, 1)


@given(ratios)
def test_conversions_respect_direction(ratio):
    for convert in (from_odds_ratio, from_hazard_ratio):
        there, back = convert(ratio, ratio, ratio), convert(*[1 / ratio] * 3)
        assert there.estimate * back.estimate == pytest.approx(1, rel=1e-9)
        assert abs(np.log(there.estimate)) <= abs(np.log(ratio)) + 1e-12


@pytest.mark.parametrize("found", [(0, 0, 1), (2, 2.5, 3), (2, 1, np.inf), (np.nan, 1, 2)])
def test_impossible_ratios_are_refused(found):
    with pytest.raises(ValueError, match="expected 0 < lower"):
        e_value(RiskRatio(*found))


@pytest.mark.parametrize("convert", [from_odds_ratio, from_hazard_ratio])
def test_ratios_are_above_zero(convert):
    with pytest.raises(ValueError, match="above 0, found -1"):
        convert(-1, 0.5, 2)
    with pytest.raises(ValueError, match="standard error above 0"):
        from_standardised_difference(0.5, 0)
