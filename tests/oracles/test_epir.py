"""Wilson interval against epiR 2.0.57 epi.tests (auc_asah.json).

Tolerance 1e-12: a closed form.
"""

import pytest

from igfmood.performance.calibration import wilson_interval
from oracle_files import load_oracle

pytestmark = [pytest.mark.shared, pytest.mark.usefixtures("shared")]


@pytest.mark.parametrize(
    ("key", "events", "n"), [("se", 26, 41), ("sp", 58, 72), ("pv.pos", 26, 40), ("ap", 40, 113)]
)
def test_proportions_of_a_two_by_two_table(shared, key, events, n):
    _, low, high = load_oracle("auc_asah.json")["epi_tests_at_youden_s100b"]["wilson"][key]
    found = wilson_interval(events, n)
    assert found == pytest.approx((low, high), abs=1e-12)
