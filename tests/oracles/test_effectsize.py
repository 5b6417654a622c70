"""Hedges' g against effectsize 0.8.3 on ISwR::juul (corr_tests.json).

Tolerance 1e-10 relative for g. Its interval is the noncentral-t one, ours is g +- t * se: they
are compared to 0.005.
"""

import pytest

from igfmood.association.effect_sizes import hedges_g, small_sample_correction
from oracle_files import load_oracle

pytestmark = [pytest.mark.shared, pytest.mark.usefixtures("shared")]


def test_igf1_of_adult_men_and_women(shared):
    expected = load_oracle("corr_tests.json")["effectsize"]
    juul = load_oracle("juul.csv")
    adult = juul[(juul["age"] > 18) & juul["igf1"].notna() & juul["sex"].notna()]
    men, women = (adult.loc[adult["sex"] == sex, "igf1"] for sex in (1, 2))
    found = hedges_g(men.mean(), men.std(), men.size, women.mean(), women.std(), women.size)
    g, low, high = expected["hedges_g"]
    assert found.g == pytest.approx(g, rel=1e-10)
    assert found.g / small_sample_correction(226) == pytest.approx(expected["cohens_d"][0])
    assert (found.ci_low, found.ci_high) == pytest.approx((low, high), abs=0.005)
