"""What imputation did in a cohort."""

import numpy as np
import pytest

from builders import POOLED, cohort_data, make_study, people
from igfmood.association.missing import add_missing
from igfmood.results import Rows

M = 20
SETTINGS = {"m": M, "iterations": 6, "delta": 1.0}
STUDY = make_study(imputation=SETTINGS)
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
