"""PHQ-9 points per SD of the analyte."""

import numpy as np
import pytest

from builders import POOLED, make_study, people
from igfmood.association.severity import add_severity, phq9_slope
from igfmood.errors import NotEstimable
from igfmood.results import Rows

STUDY = make_study()
ADJUSTED = ["age_years", "sex", "bmi"]


def sloped(n=400, slope=-1.5, seed=3):
    """People whose PHQ-9 changes by `slope` points per SD."""
    table = people({"control": n}, seed=seed)
    noise = np.random.default_rng(seed + 1).normal(0, 2, n)
    return table.assign(phq9_total=np.clip(10 + slope * table["igf1_sds"] + noise, 0, 27))


def test_the_planted_slope_is_inside_its_interval():
    found = phq9_slope(sloped(), STUDY, ADJUSTED)
    assert found["ci_low"] < -1.5 < found["ci_high"] < -1
    assert found["n"] == 400
    assert found["df"] == 400 - 5


def test_the_unadjusted_slope_is_covariance_over_variance():
    table = sloped(n=50)
    by_hand = np.polyfit(table["igf1_sds"], table["phq9_total"], 1)[0]
    assert phq9_slope(table, STUDY, [])["estimate"] == pytest.approx(by_hand, rel=1e-10)


def test_the_level_of_the_study_sets_the_width():
    table = sloped(n=50)
    wide = phq9_slope(table, make_study(level=0.99), [])
    narrow = phq9_slope(table, make_study(level=0.9), [])
    assert wide["ci_low"] < narrow["ci_low"] < narrow["ci_high"] < wide["ci_high"]
    assert wide["se"] == narrow["se"]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"phq9_total": np.nan}, "phq9_total is not in this cohort"),
        ({"phq9_total": 7.0}, "no residual variance"),
        ({"igf1_sds": np.nan}, "no reference curve"),
        ({"igf1_sds": np.nan, "igf1_ng_ml": np.nan}, "was not measured"),
        ({"bmi": np.nan}, "bmi is not in this cohort"),
    ],
)
def test_what_cannot_be_estimated_says_why(change, reason):
    with pytest.raises(NotEstimable, match=reason):
        phq9_slope(sloped().assign(**change), STUDY, ADJUSTED)


def test_too_few_people_with_all_values_says_how_many():
    table = sloped(n=30)
    table.loc[:10, "phq9_total"] = np.nan
    with pytest.raises(NotEstimable, match="19 < 20"):
        phq9_slope(table, STUDY, [])


def test_every_tier_has_a_row():
    rows = Rows(POOLED)
    add_severity(rows, sloped().drop(columns="bmi"), STUDY)
    table = rows.table().set_index("adjustment")
    assert table["status"].to_dict() == {"unadjusted": "ok", "adjusted": "not_estimable"}
    assert table.loc["adjusted", "reason"] == "bmi is not in this cohort"
    assert set(table["target"]) == {"phq9_total"}
