"""What imputation did in a cohort, and group differences under shifts of the cases not measured."""

import numpy as np
import pandas as pd
import pytest

from builders import POOLED, asked, cohort_data, make_study, people
from igfmood.association.missing import add_missing, shifted_differences
from igfmood.errors import NotEstimable
from igfmood.results import Rows

M = 20
SETTINGS = {"m": M, "iterations": 6, "delta": 1.0}
STUDY = make_study(imputation=SETTINGS)
DEPRESSION = STUDY.tasks[0]
MEASURED = ["igf1_value", "igf1_ng_ml", "igf1_harmonised_ng_ml", "igf1_sds"]
N, UNMEASURED = 100, 30


def incomplete(effect=-0.4, cases=UNMEASURED, controls=10):
    """Cases and controls of whom some were not measured, and some have no BMI."""
    table = people({"control": N, "mdd": N}, effects={"mdd": effect}, seed=2)
    table.loc[: controls - 1, MEASURED] = np.nan
    table.loc[N : N + cases - 1, MEASURED] = np.nan
    table.loc[50:69, "bmi"] = np.nan
    return table


@pytest.fixture(scope="module")
def rows():
    found = Rows(POOLED)
    add_missing(found, cohort_data(incomplete(), STUDY))
    return found.table()


@pytest.fixture(scope="module")
def curve():
    data = cohort_data(incomplete(), STUDY)
    return dict(shifted_differences(data, DEPRESSION))


def test_gaps_and_what_fills_them_have_rows(rows):
    table = (
        rows[rows["analysis"] == "imputation"].set_index(["target", "measure", "term"]).sort_index()
    )
    assert table.loc[("", "tables", ""), "estimate"] == M
    found = table.xs("share_missing", level="measure")["estimate"].droplevel("term")
    assert found.to_dict() == pytest.approx({"bmi": 0.1, "igf1_sds": 0.2})
    bmi = incomplete()["bmi"]
    assert table.loc[("bmi", "mean", "observed"), "estimate"] == pytest.approx(bmi.mean())
    assert table.loc[("bmi", "sd", "observed"), "estimate"] == (pytest.approx(bmi.std(), rel=0.01))
    assert set(table.loc[("bmi", "mean")].index) == {"observed", "imputed"}
    assert table.loc[("bmi", "rhat", "mean"), "estimate"] > 0.9


def test_traces_have_a_row_an_iteration_and_densities_add_up_to_one(rows):
    trace = rows[(rows["measure"] == "trace") & (rows["target"] == "bmi")]
    assert trace["term"].tolist() == list("123456")
    assert ((trace["ci_low"] <= trace["estimate"]) & (trace["estimate"] <= trace["ci_high"])).all()
    density = rows[(rows["measure"] == "density") & (rows["target"] == "bmi")]
    for stratum, n in (("observed", 2 * N - 20), ("imputed", 20)):
        part = density[density["stratum"] == stratum]
        assert part["estimate"].sum() == pytest.approx(1)
        assert set(part["n"]) == {n}


def test_chains_too_short_for_their_convergence_say_so_and_fail_nothing():
    found = Rows(POOLED)
    short = make_study(imputation={**SETTINGS, "iterations": 3})
    add_missing(found, cohort_data(incomplete(), short))
    table = found.table()
    rhat = table[(table["measure"] == "rhat") & (table["target"] == "bmi")]
    assert rhat["status"].tolist() == ["not_estimable"] * 2
    assert rhat["reason"].str.contains("convergence needs 2 chains and 3 iterations").all()
    assert (table.loc[table["analysis"] == "tipping", "status"] == "ok").sum() == 21


def test_what_is_left_alone_says_why():
    table = incomplete()
    table.loc[:119, "bmi"] = np.nan
    found = Rows(POOLED)
    add_missing(found, cohort_data(table, STUDY))
    left = found.table().set_index(["target", "measure"]).loc[("bmi", "share_missing")]
    assert (left["status"], left["reason"]) == ("not_estimable", "missing in 60% of the people")


def test_nothing_missing_or_imputation_off_is_a_row_with_the_reason():
    whole = people({"control": 40, "mdd": 40})
    for table, study, reason in (
        (whole, STUDY, "nothing that can be imputed is missing"),
        (incomplete(), make_study(imputation={"m": 0}), "imputation is switched off"),
    ):
        found = Rows(POOLED)
        add_missing(found, cohort_data(table, study))
        tables = found.table().set_index("measure").loc["tables"]
        assert tables["status"] == "not_estimable"
        assert reason in tables["reason"]


def test_a_shift_moves_the_difference_by_the_share_not_measured(curve):
    """Without imputed covariates in the way: 0.3 of the cases, moved by 1 SD of the SDS."""
    raw = {shift: columns["estimate"] for shift, columns in curve.items()}
    shifts = np.array(sorted(raw))
    estimates = np.array([raw[shift] for shift in shifts])
    np.testing.assert_allclose(shifts, np.linspace(-1, 1, 21), atol=1e-12)
    assert (np.diff(estimates) > 0).all()
    # The pooled SD is a little above 1 and grows with the shift: hence not 0.6 exactly.
    assert estimates[-1] - estimates[0] == pytest.approx(0.6, abs=0.1)


def test_at_no_shift_everybody_counts_as_chained_equations_fill_them(curve):
    found = curve[0.0]
    measured = asked(incomplete(), STUDY, "contrast", "depression", "smd", missing="imputed")
    assert (found["n"], measured["n"]) == (2 * N, 2 * N - UNMEASURED - 10)
    assert found["estimate"] == pytest.approx(measured["estimate"], abs=0.15)
    assert found["se"] > 0.9 * measured["se"]
    assert f"{M} imputations" in found["method"]


def test_only_cases_that_were_not_measured_are_shifted():
    """Twice the unmeasured controls move nothing; no unmeasured case leaves nothing to shift."""
    data = cohort_data(incomplete(cases=UNMEASURED, controls=40), STUDY)
    many = dict(shifted_differences(data, DEPRESSION))
    assert many[1.0]["estimate"] - many[-1.0]["estimate"] == pytest.approx(0.6, abs=0.1)
    with pytest.raises(NotEstimable, match="no case lacks the analyte"):
        shifted_differences(cohort_data(incomplete(cases=0), STUDY), DEPRESSION)


def test_a_case_below_the_limit_was_measured_and_is_not_shifted():
    table = incomplete(cases=0)
    low = (table["igf1_sds"] < -1) & (table["diagnosis"] == "mdd")
    table["igf1_below_lod"] = low
    table["igf1_sds_limit"] = np.where(low, -1.0, np.nan)
    data = cohort_data(table, STUDY)
    assert data.completed.filled["igf1_sds"][low].all()
    with pytest.raises(NotEstimable, match="no case lacks the analyte"):
        shifted_differences(data, DEPRESSION)


def test_the_completed_tables_themselves_are_not_shifted():
    data = cohort_data(incomplete(), STUDY)
    before = [one["igf1_sds"].copy() for one in data.completed.tables]
    shifted_differences(data, DEPRESSION)
    for one, kept in zip(data.completed.tables, before, strict=True):
        pd.testing.assert_series_equal(one["igf1_sds"], kept)


def test_every_task_has_its_shifts_or_one_row_that_says_why(rows):
    tipping = rows[rows["analysis"] == "tipping"]
    assert set(tipping["adjustment"]) == {"adjusted"}
    done = tipping[tipping["status"] == "ok"]
    assert set(done["target"]) == {"depression"}
    assert len(done) == 21
    undone = tipping[tipping["status"] == "not_estimable"].set_index("target")
    assert undone["reason"].str.contains("too few people with diagnosis bipolar: 0 < 10").all()
    assert set(undone.index) == {"bipolar", "bipolar_vs_depression"}


def test_without_imputation_nobody_can_be_shifted_and_that_is_said():
    data = cohort_data(incomplete(), make_study(imputation={"m": 0}))
    with pytest.raises(NotEstimable, match="imputation is switched off"):
        shifted_differences(data, DEPRESSION)
