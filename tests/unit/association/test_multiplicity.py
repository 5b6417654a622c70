"""Properties of adjusted p values."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from igfmood.association.multiplicity import benjamini_hochberg, benjamini_yekutieli, holm

families = st.lists(st.floats(0, 1), min_size=1, max_size=30)


@given(families)
def test_order_and_bounds(p):
    raw = np.array(p)
    bh, by, strict = benjamini_hochberg(raw), benjamini_yekutieli(raw), holm(raw)
    for adjusted in (bh, by, strict):
        assert (adjusted >= raw).all()
        assert (adjusted <= 1).all()
        assert (np.diff(adjusted[np.argsort(raw, kind="stable")]) >= 0).all()
    assert (bh <= strict * (1 + 1e-12)).all()
    assert (bh <= by * (1 + 1e-12)).all()


def test_by_hand():
    p = [0.04, 0.01, 0.03]
    assert holm(p) == pytest.approx([0.06, 0.03, 0.06])
    assert benjamini_hochberg(p) == pytest.approx([0.04, 0.03, 0.04])
    assert benjamini_yekutieli(p) == pytest.approx([0.04 * 11 / 6, 0.055, 0.04 * 11 / 6])


@pytest.mark.parametrize("adjust", [holm, benjamini_hochberg, benjamini_yekutieli])
def test_one_question_is_left_alone(adjust):
    assert adjust([0.2]) == pytest.approx([0.2], rel=1e-15)


@pytest.mark.parametrize("p", [[0.2, np.nan], [1.2], [-0.1], [[0.1, 0.2]]])
@pytest.mark.parametrize("adjust", [holm, benjamini_hochberg, benjamini_yekutieli])
def test_what_is_no_p_is_refused(adjust, p):
    with pytest.raises(ValueError, match="between 0 and 1"):
        adjust(p)
