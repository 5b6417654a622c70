"""What is said of the quality of a cohort's data."""

import numpy as np
import pandas as pd
import pytest

from builders import SOURCE, make_cohort, make_study, people
from igfmood import results
from igfmood.cohort.quality import add_quality
from igfmood.config.vocabulary import PHQ9_ITEMS

PHQ9 = {"items": list(PHQ9_ITEMS), "total": "phq9_total"}


def quality(table, cohort=None, **study):
    """Rows about the quality of this participants table."""
    rows = results.Rows(SOURCE)
    add_quality(rows, table, cohort or make_cohort(), make_study(**study))
    return rows.table()


def row(table, **keys):
    """The one row with these keys; those not given are ``all`` or empty."""
    keys = {"stratum": "all", "target": "", **keys}
    found = results.select(table, **keys)
    assert len(found) == 1, f"{len(found)} rows for {keys}"
    return found.iloc[0]


def with_items(table, seed=1):
    """Nine correlated answers a person, and their sum as total given."""
    rng = np.random.default_rng(seed)
    mood = rng.normal(size=len(table))
    answers = {
        item: np.clip(np.round(1 + mood + 0.8 * rng.normal(size=len(table))), 0, 3)
        for item in PHQ9_ITEMS
    }
    return table.assign(**answers, phq9_total_given=sum(answers.values()))


def test_every_row_is_about_quality_and_finite():
    table = quality(people({"control": 200, "mdd": 100}))
    assert set(table["analysis"]) == {"quality"}
    assert np.isfinite(table.loc[table["status"] == "ok", "estimate"]).all()
    assert (table.loc[table["status"] != "ok", "reason"] != "").all()


def test_missing_values_are_shared_out_by_variable_and_group():
    table = people({"control": 40, "mdd": 20})
    table.loc[[0, 1, 2, 40], "bmi"] = np.nan
    found = quality(table)
    everybody = row(found, term="bmi", measure="missing")
    assert (everybody.estimate, everybody.n, everybody.n_events) == (4 / 60, 60, 4)
    cases = row(found, term="bmi", measure="missing", stratum="mdd")
    assert (cases.estimate, cases.n, cases.n_events) == (1 / 20, 20, 1)


def test_below_the_limit_is_no_gap_and_an_unknown_diagnosis_is_one():
    table = people({"control": 20, "mdd": 15, "unknown": 5})
    censored = table.index < 8
    table = table.assign(
        igf1_value=table["igf1_value"].mask(censored),
        igf1_ng_ml=table["igf1_ng_ml"].mask(censored),
        igf1_below_lod=table.index < 6,
    )
    found = quality(table)
    assert row(found, term="igf1", measure="missing").n_events == 2
    assert row(found, term="diagnosis", measure="missing").n_events == 5


def test_empty_text_is_missing():
    table = people({"control": 20}).assign(site=["", *["north"] * 19])
    assert row(quality(table), term="site", measure="missing").n_events == 1


def test_only_the_first_visit_counts():
    first = people({"control": 50})
    later = first.assign(is_baseline=False, visit="later", bmi=np.nan)
    both = pd.concat([first, later], ignore_index=True)
    pd.testing.assert_frame_equal(quality(both), quality(first))


def test_nobody_at_the_first_visit_is_said():
    found = quality(people({"control": 5}).assign(is_baseline=False))
    assert list(found["reason"]) == ["nobody has a first visit"]


def test_quantiles_are_never_one_of_few_peoples_values():
    table = people({"control": 1000}).assign(bmi=np.arange(1000) / 10 + 10)
    found = quality(table)
    assert row(found, term="bmi", measure="p1").estimate == pytest.approx(10 + 9.99 / 10)
    assert row(found, term="bmi", measure="p99").estimate == pytest.approx(10 + 989.01 / 10)
    assert not {"min", "max", "minimum", "maximum"} & set(found["measure"])
    fewer = quality(table.iloc[:-1])
    for measure in ("p1", "p99"):
        reason = row(fewer, term="bmi", measure=measure).reason
        assert reason == "fewer than 10 people lie beyond this quantile: n = 999"
    assert row(fewer, term="bmi", measure="p5").status == "ok"
    assert row(quality(table.iloc[:19]), term="bmi", measure="p50").status == "not_estimable"


def test_the_smallest_count_that_may_be_shown_rules_the_quantiles():
    table = people({"control": 120})
    assert row(quality(table), term="bmi", measure="p5").status == "not_estimable"
    found = quality(table, disclosure={"min_cell": 5})
    assert row(found, term="bmi", measure="p5").status == "ok"


def test_share_below_the_limit_by_group_with_wilson_interval():
    table = people({"control": 148, "mdd": 20})
    table = table.assign(igf1_below_lod=table.index < 15)
    table = table.assign(igf1_value=table["igf1_value"].mask(table["igf1_below_lod"]))
    found = quality(table)
    controls = row(found, term="igf1", measure="below_limit", stratum="control")
    assert (controls.n, controls.n_events) == (148, 15)
    # Newcombe (1998), table I: 15 of 148.
    assert (controls.ci_low, controls.ci_high) == pytest.approx((0.0624, 0.1605), abs=5e-5)
    cases = row(found, term="igf1", measure="below_limit", stratum="mdd")
    assert (cases.estimate, cases.ci_low) == (0, 0)
    # The same table: 0 of 20.
    assert cases.ci_high == pytest.approx(0.1611, abs=5e-5)


def test_total_and_items_are_compared():
    table = with_items(people({"control": 100}))
    table.loc[:4, "phq9_total_given"] += 2
    table.loc[10:19, "phq3"] = np.nan
    found = quality(table, make_cohort(phq9=PHQ9))
    keys = {"term": "phq9_total_given"}
    assert row(found, **keys, measure="compared").estimate == 90
    assert row(found, **keys, measure="share_equal").estimate == 85 / 90
    assert row(found, **keys, measure="mean_absolute_difference").estimate == 10 / 90
    alpha = row(found, term="phq9_items", measure="cronbach_alpha")
    assert alpha.n == 90
    assert 0.8 < alpha.ci_low < alpha.estimate < alpha.ci_high < 1


def test_too_few_answers_are_no_agreement():
    table = with_items(people({"control": 9}))
    found = quality(table, make_cohort(phq9=PHQ9))
    for term, measure in (
        ("phq9_items", "cronbach_alpha"), ("phq9_total_given", "share_equal"),
    ):  # fmt: skip
        assert "9 < 10" in row(found, term=term, measure=measure).reason


def test_answers_that_never_differ_have_no_alpha():
    table = people({"control": 30}).assign(**dict.fromkeys(PHQ9_ITEMS, 1.0))
    found = quality(table, make_cohort(phq9=PHQ9))
    reason = row(found, term="phq9_items", measure="cronbach_alpha").reason
    assert reason == "the sum of the items is the same for all 30 people"


def test_lag_between_blood_and_questionnaire():
    lag = np.concatenate([np.zeros(60), np.full(20, 14.0), np.full(12, -15.0), np.full(8, 400.0)])
    found = quality(people({"control": 101}).assign(lag_days=[*lag, np.nan]))
    beyond = row(found, term="lag_days", measure="beyond_14_days")
    assert (beyond.estimate, beyond.n, beyond.n_events) == (0.2, 100, 20)
    assert row(found, term="lag_days", measure="median").estimate == 0
    assert row(found, term="lag_days", measure="p75").estimate == 14


def test_what_a_cohort_did_not_measure_or_ask_is_not_described():
    table = with_items(people({"control": 30})).assign(igf1_value=np.nan, igf1_ng_ml=np.nan)
    found = quality(table, make_cohort(analyte=None))
    assert not {"below_limit", "measured", "cronbach_alpha"} & set(found["measure"])
    assert row(found, term="igf1", measure="missing").estimate == 1


def test_numbers_below_the_limit_are_counted_beside_the_share_below_it():
    table = people({"control": 30, "mdd": 20})
    censored = table.index < 8
    table["igf1_below_lod"] = censored
    table["igf1_value"] = table["igf1_value"].where(table.index >= 6)
    found = row(quality(table), term="igf1", measure="number_below_limit")
    assert (found.n, found.n_events) == (50, 2)
    assert row(quality(table), term="igf1", measure="below_limit").n_events == 8
    plain = quality(people({"control": 30, "mdd": 20}))
    assert results.select(plain, measure="number_below_limit").empty


def test_filled_in_numbers_below_the_limit_are_no_digit_preference():
    table = people({"control": 200, "mdd": 100})
    table["igf1_value"] = table["igf1_value"].round(0)
    below = table["igf1_value"] < 140
    filled = table.assign(igf1_value=table["igf1_value"].mask(below, 100), igf1_below_lod=below)
    without = table.assign(igf1_value=table["igf1_value"].mask(below), igf1_below_lod=below)
    shares = [row(quality(one), term="igf1_value", measure="digit_0_or_5").estimate
              for one in (filled, without)]  # fmt: skip
    assert shares[0] == shares[1]
