"""What one cohort alone has estimated stands as it is, and is no synthesis."""

import pandas as pd
import pytest

from builders import POOLED, SOURCE
from igfmood import results
from igfmood.results import Rows
from igfmood.synthesis.pool import IDENTITY, LOGIT, carry_single, pool_cohorts
from igfmood.synthesis.row_keys import SHARED_KEYS

KEYS = {"analysis": "contrast", "target": "depression", "exposure": "igf1_sds", "model": "linear",
        "adjustment": "adjusted", "stratum": "all", "term": "", "measure": "smd"}  # fmt: skip
NUMBERS = {"estimate": -0.4, "se": 0.1, "ci_low": -0.61, "ci_high": -0.19, "p": 2e-4, "df": 70.0,
           "n": 200, "n_events": 80}  # fmt: skip


def row(cohort="clinic", **changes):
    return {**KEYS, **NUMBERS, "cohort": cohort, "method": "OLS (HC3)", **changes}


def refusal(reason="too few", cohort="clinic", **keys):
    return {**KEYS, "cohort": cohort, "reason": reason, **keys}


def table_of(*rows):
    collected = Rows(SOURCE)
    for one in rows:
        if "reason" in one:
            collected.add_not_estimable(**one)
        else:
            collected.add(**one)
    return collected.table()


def carried(*rows, scale=IDENTITY):
    """Return what is carried, and the rows of the cohorts that are left for pooling."""
    into = Rows(POOLED)
    table = table_of(*rows)
    left = carry_single(into, table, lambda analysis, measure: scale)
    assert set(left["result_id"]) <= set(table["result_id"])
    return into.table(), left


def test_the_number_stands_as_its_cohort_gave_it():
    found, left = carried(row())
    number = found[found["measure"] == "smd"].iloc[0]
    for name, value in NUMBERS.items():
        assert number[name] == value
    assert number[list(SHARED_KEYS)].to_dict() == KEYS
    assert (number["cohort"], number["status"]) == ("pooled", "ok")
    assert number["method"] == "one cohort only (clinic), no claim to any other: OLS (HC3)"
    assert left.empty


def test_one_cohort_is_counted_as_one():
    found, _ = carried(row(measure="log_or", term="low"))
    k = found[found["measure"] == "k"].iloc[0]
    assert (k["estimate"], k["term"]) == (1, "log_or low")
    assert {key: k[key] for key in KEYS if key not in ("term", "measure")} == {
        key: KEYS[key] for key in KEYS if key not in ("term", "measure")
    }
    found, _ = carried(row())
    assert found.loc[found["measure"] == "k", "term"].tolist() == ["smd"]


def test_without_the_one_cohort_there_is_nothing_and_that_is_said():
    found, _ = carried(row(measure="log_or", term="low"))
    without = found[found["stratum"] == "without clinic"].iloc[0]
    assert (without["measure"], without["term"]) == ("log_or", "low")
    assert (without["status"], without["reason"]) == (
        "not_estimable", "one cohort only: nothing is left without it",
    )  # fmt: skip


@pytest.mark.parametrize(
    "changes", [{"stratum": "men"}, {"measure": "curve", "term": "1.5"},
                {"measure": "simple_slope", "term": "0"}],
)  # fmt: skip
def test_subsets_and_points_of_a_curve_come_without_a_count(changes):
    found, left = carried(row(**changes))
    assert found["estimate"].tolist() == [-0.4]
    assert left.empty


def test_a_subset_that_a_claim_is_about_is_counted_too():
    into = Rows(POOLED)
    table = table_of(row(stratum="men"), row(stratum="women"))
    carry_single(into, table, lambda analysis, measure: IDENTITY, ("all", "men"))
    found = into.table().set_index(["stratum", "measure"])["estimate"]
    assert found["men", "k"] == 1
    assert set(found.index) == {
        ("men", "smd"), ("men", "k"), ("women", "smd"), ("men|without clinic", "smd"),
    }  # fmt: skip


def test_what_two_cohorts_have_is_left_for_pooling():
    found, left = carried(row(), row("register"))
    assert found.empty
    assert left["cohort"].tolist() == ["clinic", "register"]


@pytest.mark.parametrize("key", SHARED_KEYS)
def test_numbers_that_differ_in_any_key_are_each_their_own(key):
    found, left = carried(row(), row("register", **{key: "other"}))
    numbers = found[(found["measure"] != "k") & (found["status"] == "ok")]
    assert sorted(numbers["method"].str.extract(r"\((\w+)\),")[0]) == ["clinic", "register"]
    assert left.empty


def test_cohorts_without_an_estimate_go_with_the_number_of_the_one_that_has():
    others = [refusal(cohort=name) for name in ("register", "trial")]
    found, left = carried(row(), *others, refusal(cohort="trial", target="bipolar"))
    number = found[(found["measure"] == "smd") & (found["stratum"] == "all")]
    assert number["target"].tolist() == ["depression"]
    assert left[["cohort", "target"]].to_numpy().tolist() == [["trial", "bipolar"]]


def test_two_numbers_of_which_one_cohort_has_one():
    found, left = carried(row(), row("register"), row(target="bipolar"))
    assert set(found["target"]) == {"bipolar"}
    assert set(left["target"]) == {"depression"}
    assert len(left) == 2


@pytest.mark.parametrize("scale", [LOGIT, None])
def test_only_numbers_on_their_own_scale_are_carried(scale):
    found, left = carried(row(estimate=0.7, measure="auc"), scale=scale)
    assert found.empty
    assert left["cohort"].tolist() == ["clinic"]


def test_what_the_cohort_did_not_give_is_not_made_up():
    given = dict.fromkeys(("se", "p", "df", "n_events"))
    found, _ = carried(row(**given))
    number = found[found["measure"] == "smd"].iloc[0]
    assert number[list(given)].isna().all()
    assert number["ci_low"] == -0.61


@pytest.mark.parametrize("rows", [(), (refusal(), refusal(cohort="register"))])
def test_where_no_cohort_has_an_estimate_nothing_is_carried(rows):
    found, left = carried(*rows)
    assert found.empty
    assert len(left) == len(rows)


def test_pooling_what_is_left_gives_every_number_one_place():
    rows = [row(), row("register", estimate=-0.3), row(target="bipolar"),
            refusal(cohort="register", target="bipolar"), refusal(target="mania"),
            row(measure="f", estimate=3.0)]  # fmt: skip
    into = Rows(POOLED)

    def scale(analysis, measure):
        return None if measure == "f" else IDENTITY

    pool_cohorts(into, carry_single(into, table_of(*rows), scale), scale)
    found = into.table()  # refuses two rows with the same keys
    main = results.select(found, measure="smd", term="", stratum="all").set_index("target")
    assert main["status"].to_dict() == {
        "bipolar": "ok", "depression": "ok", "mania": "not_estimable",
    }  # fmt: skip
    assert main.loc["bipolar", "method"].startswith("one cohort only (clinic)")
    assert main.loc["depression", "estimate"] == pytest.approx(-0.35)
    assert main.loc["depression", "ci_high"] - -0.35 == pytest.approx(12.7062 * 0.05, rel=1e-4)
    k = results.select(found, measure="k").set_index("target")["estimate"]
    assert k.to_dict() == {"bipolar": 1, "depression": 2}
    assert "f" not in set(found["measure"])
    # Of one cohort there is no spread between cohorts, and no interval for a new one.
    assert set(results.select(found, target="bipolar")["measure"]) == {"smd", "k"}


def test_the_order_of_the_rows_changes_nothing():
    rows = [row(), row(target="bipolar"), row("register"), row("trial", target="mania")]
    there, left = carried(*rows)
    back, left_back = carried(*rows[::-1])
    assert sorted(there["result_id"]) == sorted(back["result_id"])
    assert sorted(left["result_id"]) == sorted(left_back["result_id"])
    by_id = back.set_index("result_id").loc[there["result_id"]].reset_index()
    pd.testing.assert_frame_equal(by_id[there.columns], there)
