"""E-values against EValue 4.1.3 (corr_tests.json), 1e-10 relative: closed forms."""

import pytest

from igfmood.association.e_value import (
    RiskRatio,
    e_value,
    from_hazard_ratio,
    from_odds_ratio,
    from_standardised_difference,
)
from oracle_files import load_oracle

pytestmark = [pytest.mark.shared, pytest.mark.usefixtures("shared")]


@pytest.mark.parametrize(
    ("key", "ratio"),
    [
        ("RR_2_1.5_3", RiskRatio(2, 1.5, 3)),
        ("RR_.6_.4_.9", RiskRatio(0.6, 0.4, 0.9)),
        ("RR_1.2_.9_1.6", RiskRatio(1.2, 0.9, 1.6)),
        # An odds ratio of a rare outcome stands for the risk ratio.
        ("OR_rare_2_1.5_3", RiskRatio(2, 1.5, 3)),
        ("OR_common_2_1.5_3", from_odds_ratio(2, 1.5, 3)),
        ("HR_common_1.5_1.1_2", from_hazard_ratio(1.5, 1.1, 2)),
        ("MD_.5_se.1", from_standardised_difference(0.5, 0.1)),
        # A slope of 2 (SE 0.5) for a difference of 5 in the exposure, the outcome's SD being 10.
        ("OLS_est2_se.5_sd10_delta5", from_standardised_difference(2 * 5 / 10, 0.5 * 5 / 10)),
    ],
)
def test_e_values(key, ratio):
    expected = load_oracle("corr_tests.json")["evalue"][key]
    (limit,) = [value for value in expected[1:] if value is not None]
    found = e_value(ratio)
    assert (found.estimate, found.limit) == pytest.approx((expected[0], limit), rel=1e-10)


@pytest.mark.parametrize(
    ("key", "ratio"),
    [
        ("HR_common_RR", from_hazard_ratio(1.5, 1.1, 2)),
        ("MD_RR", from_standardised_difference(0.5, 0.1)),
    ],
)
def test_approximate_risk_ratios(key, ratio):
    expected = load_oracle("corr_tests.json")["evalue"][key]
    assert (ratio.estimate, ratio.ci_low, ratio.ci_high) == pytest.approx(expected, rel=1e-10)
