"""Scoring the PHQ-9: nothing missing is ever counted as "not at all"."""

import pandas as pd
import pytest

from igfmood.cohort.phq9 import score_phq9
from igfmood.config.questionnaire import Phq9

NAMES = [f"q{item}" for item in range(1, 10)]


def score(*rows, rule="complete", missing=("7", "9"), decimal="."):
    raw = pd.DataFrame([row.split() for row in rows], columns=NAMES).replace("-", "")
    raw.index = pd.RangeIndex(1, len(rows) + 1, name="row")
    entry = Phq9(items=NAMES, missing=list(missing), rule=rule)
    scored, parsed = score_phq9(raw, entry, [], decimal)
    return scored, pd.concat([column.problems for column in parsed])


def test_a_complete_questionnaire_is_its_sum():
    scored, problems = score("0 1 2 3 0 1 2 3 0", "3 3 3 3 3 3 3 3 3", "0 0 0 0 0 0 0 0 0")
    assert scored["phq9_total"].tolist() == [12, 27, 0]
    assert scored["phq9_source"].tolist() == ["complete"] * 3
    assert scored["phq9_n_missing"].tolist() == [0, 0, 0]
    assert problems.empty
    assert scored["phq4"].tolist() == [3, 3, 0]


def test_refused_and_do_not_know_are_missing_and_not_seven_or_nine_points():
    scored, problems = score("1 1 1 1 7 1 1 1 9")
    assert problems.empty
    assert scored["phq9_total"].isna().all()
    assert scored["phq9_source"].tolist() == [""]
    assert scored["phq9_n_missing"].tolist() == [2]
    assert scored[["phq5", "phq9"]].isna().all(axis=None)


@pytest.mark.parametrize(
    ("row", "total"),
    [
        ("1 1 1 1 1 1 1 1 -", 9),  # 8 x 9/8
        ("1 1 1 1 0 0 0 0 -", 5),  # 4.5 is rounded up, not to even
        ("1 1 0 0 0 0 0 - -", 3),  # 2 x 9/7 = 2.57
        ("3 3 3 3 3 3 3 - -", 27),
        ("0 0 0 0 0 0 0 0 -", 0),
    ],
)
def test_up_to_two_missing_items_are_prorated_where_the_rule_says_so(row, total):
    assert score(row, rule="prorate")[0]["phq9_total"].tolist() == [total]
    assert score(row, rule="prorate")[0]["phq9_source"].tolist() == ["prorated"]
    assert score(row)[0]["phq9_total"].isna().all()


def test_three_missing_items_give_no_total():
    scored, problems = score("1 1 1 1 1 1 - - -", "- - - - - - - - -", rule="prorate")
    assert scored["phq9_total"].isna().all()
    assert scored["phq9_source"].tolist() == ["", ""]
    assert scored["phq9_n_missing"].tolist() == [3, 9]
    assert problems.empty


@pytest.mark.parametrize("cell", ["4", "-1", "1.5", "x"])
def test_an_item_outside_0_to_3_is_a_problem_of_that_item(cell):
    scored, problems = score(f"0 0 0 0 {cell} 0 0 0 0")
    assert scored["phq9_total"].isna().all()
    assert problems[["row", "column", "value"]].to_numpy().tolist() == [[1, "q5", cell]]


def test_a_five_that_is_no_missing_code_is_a_problem():
    scored, problems = score("5 0 0 0 0 0 0 0 0", missing=())
    assert problems["reason"].tolist() == ["is not a whole number from 0 to 3"]
    assert scored["phq9_total"].isna().all()


def given_total(*cells, decimal="."):
    raw = pd.DataFrame({"total": cells}, dtype=object)
    scored, parsed = score_phq9(raw, Phq9(total="total", missing=["99"]), [], decimal)
    return scored, parsed[0].problems


def test_a_given_total_is_taken_within_0_to_27_and_44_is_a_problem():
    scored, problems = given_total("0", "27", "44", "99", "", "12.0")
    assert scored["phq9_total"].dropna().tolist() == [0, 27, 12]
    assert scored["phq9_source"].tolist() == ["given", "given", "", "", "", "given"]
    assert problems["value"].tolist() == ["44"]
    assert problems["reason"].tolist() == ["is not a whole number from 0 to 27"]
    assert scored["phq9_n_missing"].isna().all()


def test_whole_numbers_may_be_written_with_the_decimal_mark_of_the_table():
    assert given_total("7,0", decimal=",")[0]["phq9_total"].tolist() == [7]
    assert score("1,0 1 1 1 1 1 1 1 1", decimal=",")[0]["phq9_total"].tolist() == [9]
