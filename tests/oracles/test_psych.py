"""Cronbach's alpha against psych 2.2.9 on psychTools::bfi, items N1-N5 (psychometrics_gam.json).

Tolerance 1e-10 relative: closed forms on the same 2,694 rows; quantiles of F differ in the last
digits between R and scipy.
"""

import pytest

from igfmood.cohort.quality.agreement import cronbach_alpha
from oracle_files import load_oracle

pytestmark = [pytest.mark.shared, pytest.mark.usefixtures("shared")]


def test_alpha_and_feldt_interval(shared):
    expected = load_oracle("psychometrics_gam.json")["alpha"]
    found = cronbach_alpha(load_oracle("psy_bfi_N.csv").to_numpy(float))
    assert found.alpha == pytest.approx(expected["raw"], rel=1e-10)
    assert (found.ci_low, found.ci_high) == pytest.approx(expected["feldt"], rel=1e-10)
    assert found.n == 2694


def test_alpha_if_an_item_is_dropped(shared):
    items = load_oracle("psy_bfi_N.csv").drop(columns="N3").to_numpy(float)
    expected = load_oracle("psychometrics_gam.json")["alpha"]["drop_raw"][2]
    assert cronbach_alpha(items).alpha == pytest.approx(expected, rel=1e-10)
