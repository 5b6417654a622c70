"""PHQ-9 points per SD of the analyte."""

import numpy as np
import pytest

from builders import POOLED, asked, cohort_data, make_study, people
from igfmood.association.question import add_answers
from igfmood.association.questions import severity
from igfmood.errors import NotEstimable
from igfmood.results import Rows

STUDY = make_study()
ADJUSTED = ["age_years", "sex", "bmi"]


def phq9_slope(table, study, covariates):
    """Return PHQ-9 points per SD."""
    return asked(table, study, "severity", "phq9_total", "beta", covariates=covariates)


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
    data = cohort_data(sloped().drop(columns="bmi"), STUDY)
    for question in severity.questions(STUDY):
        add_answers(rows, question, data)
    table = rows.table()
    found = table[(table["measure"] == "beta") & (table["stratum"] == "all")]
    found = found[found["target"] == "phq9_total"].set_index("adjustment")
    found = found[found["analysis"] == "severity"]
    assert found["status"].to_dict() == {"unadjusted": "ok", "adjusted": "not_estimable"}
    assert found.loc["adjusted", "reason"] == "bmi is not in this cohort"


def test_the_models_agree_on_the_direction():
    table = sloped(n=600)
    table["phq9_total"] = table["phq9_total"].round()
    for target, measure in (
        ("phq9_total", "log_rr"), ("phq9_total", "log_or"), ("phq9_10", "log_or"),
    ):  # fmt: skip
        found = asked(table, STUDY, "severity", target, measure, covariates=ADJUSTED)
        assert found["ci_high"] < 0
    test = asked(
        table, STUDY, "severity", "phq9_total", "chi2", "proportional_odds", covariates=ADJUSTED
    )
    assert 0 <= test["p"] <= 1
    ten = asked(table, STUDY, "severity", "phq9_10", "log_or")
    assert ten["n_events"] == (table["phq9_total"] >= 10).sum()
