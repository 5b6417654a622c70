"""What was done to make the analyte comparable, as results."""

import numpy as np
import pandas as pd
import pytest

from builders import SOURCE, make_study, people
from igfmood.normalise.describe import add_normalisation
from igfmood.normalise.participants import add_sds
from igfmood.results import Rows, select

STUDY = make_study("clinic")
GROUPS = {"control": 120, "mdd": 100}


def described(table, study=STUDY):
    scored, measured, learned = add_sds(table, study, study.cohorts[0])
    rows = Rows(SOURCE)
    add_normalisation(rows, measured, scored, learned, study)
    return rows.table(), learned


def censored(table, limit):
    below = table["igf1_ng_ml"] < limit
    return table.assign(
        igf1_ng_ml=table["igf1_ng_ml"].mask(below), igf1_below_lod=below, igf1_lod_ng_ml=limit
    )


@pytest.fixture(scope="module")
def plain():
    return described(people(GROUPS, effects={"mdd": -0.5}))


def test_centiles_are_those_of_the_curve_within_the_ages_of_the_cohort(plain):
    table, learned = plain
    found = select(table, analysis="reference_curve", measure="p50", stratum="female")
    ages = found["term"].str.removesuffix(" years").astype(float).to_numpy()
    assert ages.min() >= 20
    assert ages.max() <= 70
    expected = learned.curve.centile(0.5, ages, 1.0)
    assert found["estimate"].to_numpy() == pytest.approx(expected)


def test_centiles_are_in_order(plain):
    table, _ = plain
    found = select(table, analysis="reference_curve", stratum="male")
    wide = found[found["measure"] != "n"].pivot(index="term", columns="measure", values="estimate")
    ordered = wide[["p3", "p10", "p50", "p90", "p97"]].to_numpy()
    assert (np.diff(ordered, axis=1) > 0).all()


def test_coverage_and_worm_are_of_reference_people_alone(plain):
    table, _ = plain
    coverage = select(table, analysis="reference_coverage", stratum="all")
    assert set(coverage["n"]) == {120}
    assert coverage["estimate"].is_monotonic_increasing or set(coverage["term"]) == {
        "p3", "p10", "p50", "p90", "p97",
    }  # fmt: skip
    worm = select(table, analysis="reference_worm")
    assert set(worm["n"]) == {120}
    assert (worm["ci_low"] == -worm["ci_high"]).all()


def test_without_batches_the_reason_is_a_row(plain):
    found = select(plain[0], analysis="batch")
    assert found["status"].tolist() == ["not_estimable"]
    assert not len(select(plain[0], analysis="below_limit"))


def test_batches_have_shift_spread_and_a_place_in_the_chart():
    table = people({"control": 200, "mdd": 200})
    second = np.arange(len(table)) % 2 == 0
    table["igf1_batch"] = np.where(second, "P2", "P1")
    table["igf1_ng_ml"] *= np.where(second, 1.3, 1.0)
    found, _ = described(table)
    ratio = select(found, analysis="batch", measure="ratio").set_index("stratum")["estimate"]
    assert ratio["P2"] / ratio["P1"] == pytest.approx(1.3, abs=0.06)
    chart = select(found, analysis="batch_drift", measure="geometric_mean").set_index("stratum")
    assert set(chart["term"]) == {"action"}
    assert (chart["estimate"] > chart["ci_high"]).to_dict() == {"P1": False, "P2": True}


def plates(n=12, size=40, rise=0.02, seed=5):
    """People on plates P1, P2, ..., each a little higher than the one before."""
    table = people({"control": n * size // 2, "mdd": n * size // 2}, seed=seed)
    plate = np.arange(len(table)) % n
    value = table["igf1_ng_ml"] * np.exp(rise * plate)
    return table.assign(igf1_batch=[f"P{k + 1}" for k in plate], igf1_ng_ml=value), plate


def in_order(found):
    places = select(found, analysis="batch_drift", measure="place").sort_values("estimate")
    (said,) = set(places["method"])
    return places["stratum"].tolist(), said


def test_the_drift_chart_is_in_the_order_of_dates_else_of_the_numbers_in_names():
    table, plate = plates()
    names = [f"P{k}" for k in range(1, 13)]
    assert in_order(described(table)[0]) == (names, "in order of the batches' names")
    days = pd.Timestamp("2020-01-01") + pd.to_timedelta(-7 * plate, "D").as_unit("s")
    dated = table.assign(analyte_date=days.where(table.index % 5 > 0))
    said = "in order of the day of the blood draw"
    assert in_order(described(dated)[0]) == (names[::-1], said)
    gap = dated.assign(analyte_date=dated["analyte_date"].where(plate > 0))
    assert in_order(described(gap)[0])[0] == names


@pytest.mark.parametrize("cause", ["not asked for", "small"])
def test_batches_that_are_not_corrected_are_drawn_all_the_same(cause):
    size = 8 if cause == "small" else 40
    table, _ = plates(n=20, size=size, rise=0)
    table["igf1_ng_ml"] *= np.where(table["igf1_batch"] == "P7", 1.8, 1.0)
    batch = "location_scale" if cause == "small" else "none"
    found, learned = described(table, make_study("clinic", normalise={"batch": batch}))
    assert learned.batch is None
    chart = select(found, analysis="batch_drift", measure="geometric_mean").set_index("stratum")
    assert len(chart) == 20
    assert chart.loc["P7", "term"] == "action"


def test_batches_that_are_the_groups_have_a_reason_for_no_chart():
    table = people(GROUPS)
    found, _ = described(table.assign(igf1_batch=table["diagnosis"]))
    drifted = select(found, analysis="batch_drift")
    assert drifted["status"].tolist() == ["not_estimable"]


def test_a_batch_with_many_values_below_its_limit_is_named():
    table = people({"control": 200, "mdd": 200})
    second = np.arange(len(table)) % 2 == 0
    table["igf1_batch"] = np.where(second, "P2", "P1")
    limit = table["igf1_ng_ml"].quantile(0.3)
    found, _ = described(censored(table, np.where(second, limit, 1.0)))
    much = select(found, analysis="batch", measure="share_below_limit")
    assert much["stratum"].tolist() == ["P2"]
    assert much["estimate"].item() == pytest.approx(0.3, abs=0.05)


def test_the_choice_below_the_limit_is_shown_for_each_contrast():
    table = censored(people(GROUPS, effects={"mdd": -0.8}, seed=3), 120.0)
    found, _ = described(table)
    rows = select(found, analysis="below_limit", target="depression", status="ok")
    assert {"lod_sqrt2", "censored_likelihood", "tobit", "multiple_draws"} <= set(rows["model"])
    tobit = rows.set_index("model").loc["tobit"]
    assert tobit["ci_low"] < -0.8 * 0.3 < tobit["ci_high"]
    bipolar = select(found, analysis="below_limit", target="bipolar")
    assert bipolar["status"].tolist() == ["not_estimable"]
    again, _ = described(table)
    assert again.equals(found)


def test_what_was_done_below_the_limit_is_a_row_also_where_it_was_not_what_was_asked_for():
    asked = make_study("clinic", normalise={"below_limit": "censored_likelihood"})
    table = people(GROUPS, seed=3)
    few, most = (censored(table, table["igf1_ng_ml"].quantile(share)) for share in (0.1, 0.85))
    rows = [
        select(described(one, study)[0], analysis="below_limit", measure="filled")
        for one, study in ((few, STUDY), (few, asked), (most, asked))
    ]
    found = [one[["model", "n", "method"]].to_numpy().tolist()[0] for one in rows]
    assert found[0] == ["lod_sqrt2", 22, "limit over the root of 2"]
    assert found[1][:2] == ["censored_likelihood", 22]
    assert found[2][0] == "lod_sqrt2"
    assert "too many values below the detection limit: 187 of 220" in found[2][2]


def test_reference_people_below_the_limit_are_told_and_too_many_give_no_curve():
    table = people({"control": 400, "mdd": 100})
    control = table["diagnosis"] == "control"
    few, _ = described(censored(table, table["igf1_ng_ml"][control].quantile(0.2)))
    share = select(few, analysis="reference_curve", measure="share_below_limit")
    assert share[["estimate", "n", "n_events"]].to_numpy().tolist() == [[0.2, 400, 80]]
    (curve,) = select(few, analysis="reference_curve", measure="n")["method"]
    assert "below the detection limit" in curve
    many, learned = described(censored(table, table["igf1_ng_ml"][control].quantile(0.4)))
    (row,) = select(many, analysis="reference_curve").to_dict("records")
    assert row["status"] == "not_estimable"
    assert "below the detection limit: 40% > 30%" in row["reason"]
    assert learned.curve is None


def test_beyond_the_ages_of_the_reference_people_a_score_ends_and_rows_are_counted():
    table = people({"control": 300, "mdd": 100})
    table["age_years"] = np.append(np.linspace(40, 60, 300), np.linspace(20.3, 79.9, 100))
    table["sex"] = np.tile(["female", "male"], 200)
    # Half a step of the root of age beyond 40 and 60: 34 and 68 years.
    beyond = ~table["age_years"].between(33.93, 68.0)
    held = ~table["age_years"].between(40, 60) & ~beyond
    scored, _, _ = add_sds(table, STUDY, STUDY.cohorts[0])
    assert scored["igf1_sds"].isna().tolist() == beyond.tolist()
    found, _ = described(table)
    rows = select(found, analysis="reference_curve").set_index("measure")
    assert rows.loc["out_of_reach", "n_events"] == beyond.sum()
    assert rows.loc["held_at_end", "n_events"] == held.sum()
    last = select(found, analysis="reference_curve", measure="p50")["term"]
    assert set(last) == {f"{age} years" for age in (35, 40, 45, 50, 55, 60, 65)}


def test_an_analyte_that_was_not_measured_is_one_row():
    study = make_study("clinic")
    rows = Rows(SOURCE)
    add_normalisation(rows, people(GROUPS), people(GROUPS), None, study)
    (row,) = rows.table().to_dict("records")
    assert row["reason"] == "IGF-1 was not measured in this cohort"
