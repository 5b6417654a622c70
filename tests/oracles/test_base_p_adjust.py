"""Adjusted p values against R 4.2.2 p.adjust (corr_tests.json), 1e-12 relative."""

import pytest

from igfmood.association.multiplicity import benjamini_hochberg, benjamini_yekutieli, holm
from oracle_files import load_oracle

pytestmark = [pytest.mark.shared, pytest.mark.usefixtures("shared")]


@pytest.mark.parametrize(
    ("name", "adjust"),
    [("holm", holm), ("BH", benjamini_hochberg), ("BY", benjamini_yekutieli)],
)
@pytest.mark.parametrize("turned", [False, True])
def test_p_adjust(name, adjust, turned):
    values = load_oracle("corr_tests.json")["p_adjust"]
    step = -1 if turned else 1
    assert adjust(values["p"][::step]) == pytest.approx(values[name][::step], rel=1e-12)
