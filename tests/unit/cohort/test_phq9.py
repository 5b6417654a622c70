"""Scoring the PHQ-9: nothing missing is ever counted as "not at all"."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from builders import as_raw
from igfmood.cohort.questionnaires import score_phq9, score_scales
from igfmood.cohort.questionnaires.missing_items import fill_items
from igfmood.cohort.table import RawTable
from igfmood.config.questionnaire import Phq9, Scale
from igfmood.errors import ConfigError, DataError

NAMES = [f"q{item}" for item in range(1, 10)]
ANSWERS = st.lists(st.lists(st.integers(0, 3), min_size=9, max_size=9), min_size=1, max_size=8)


def table(rows):
    cells = pd.DataFrame(rows, columns=NAMES, dtype=object).replace("-", "")
    cells.index = pd.RangeIndex(1, len(rows) + 1, name="row")
    return cells


def score_table(cells, missing=("7", "9"), labels=None, decimals=None, **entry):
    raw = RawTable(cells, pd.Series(False, cells.index), labels or {}, {}, decimals or {})
    checked = Phq9(items=NAMES, missing=list(missing), **entry)
    scored, parsed = score_phq9(raw, checked, [])
    return scored, pd.concat([column.problems for column in parsed])


def score(*rows, rule="complete", decimal=".", **entry):
    cells = table([row.split() for row in rows])
    return score_table(cells, rule=rule, decimals=dict.fromkeys(NAMES, decimal), **entry)


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


@pytest.mark.parametrize("rule", ["prorate", "impute"])
def test_three_missing_items_give_no_total(rule):
    rows = ["0 1 2 3 2 1 0 1 2"] * 60
    scored, problems = score(*rows, "1 1 1 1 1 1 - - -", "- - - - - - - - -", rule=rule)
    assert scored["phq9_total"].iloc[60:].isna().all()
    assert scored["phq9_source"].iloc[60:].tolist() == ["", ""]
    assert scored["phq9_n_missing"].iloc[60:].tolist() == [3, 9]
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


WORDS = ["Not at all", "several days", "MORE THAN HALF THE DAYS", "Nearly every day."]


def test_answers_in_words_are_understood_with_numbers_beside_them_or_without():
    rows = [[*WORDS, "0 - Not at all", "Several days (1)", "More than half", "Almost every day",
             "Fast jeden Tag"]]  # fmt: skip
    scored, problems = score_table(table(rows))
    assert problems.empty
    assert scored["phq9_total"].tolist() == [0 + 1 + 2 + 3 + 0 + 1 + 2 + 3 + 3]


def test_an_unknown_answer_is_a_problem_that_names_the_cell():
    _, problems = score_table(table([["sometimes", *"00000000"]]))
    assert problems[["column", "value"]].to_numpy().tolist() == [["q1", "sometimes"]]
    assert "phq9.recode" in problems["reason"].iloc[0]


def test_value_labels_and_the_recoding_of_the_study_are_used_and_missing_comes_first():
    labels = {name: dict(zip("1234", WORDS, strict=True)) | {"-8": "Refused"} for name in NAMES}
    scored, problems = score_table(table([[*"123412341"], [*"11111111", "-8"]]), labels=labels,
                                   missing=["Refused"])  # fmt: skip
    assert scored["phq9_total"].tolist()[0] == 12
    assert scored["phq9_n_missing"].tolist() == [0, 1]
    assert problems.empty
    recode = {"1": "0", "2": "1", "3": "2", "4": "3"}
    scored, _ = score_table(table([[*"123412341"]]), recode=recode, missing=["0"])
    assert scored["phq9_total"].tolist() == [12]


def test_items_coded_1_to_4_are_told_from_a_stray_four():
    _, problems = score("1 2 3 4 1 1 1 1 1")
    assert problems["value"].tolist() == ["4"]
    assert "recode: {1: 0, 2: 1, 3: 2, 4: 3}" in problems["reason"].iloc[0]
    _, problems = score("0 0 0 4 0 0 0 0 0", "0 0 0 0 0 0 0 0 0")
    assert problems["reason"].tolist() == ["is not a whole number from 0 to 3"]


def test_a_whole_table_coded_1_to_4_is_an_error_and_not_a_point_too_much_an_item():
    rows = ["1 2 3 4 1 1 1 1 1"] + ["1 1 2 3 1 1 2 1 1"] * 29
    with pytest.raises(DataError, match="not a single 0"):
        score(*rows)
    assert score("0 1 1 1 1 1 1 1 1", *rows)[0]["phq9_total"].tolist()[0] == 8


def given_total(*cells, decimal=".", **entry):
    cells = pd.DataFrame({"total": cells}, dtype=object)
    raw = RawTable(cells, pd.Series(False, cells.index), {}, {}, {"total": decimal})
    scored, parsed = score_phq9(raw, Phq9(total="total", missing=["99"], **entry), [])
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


def test_a_total_that_contradicts_its_items_is_a_problem_and_the_items_decide():
    cells = table([[*"111111111"], [*"111111111"], [*"11111111", ""]])
    cells["sum"] = ["9", "12", "15"]
    scored, problems = score_table(cells, total="sum", missing=["7"])
    assert problems[["row", "column", "value", "reason"]].to_numpy().tolist() == [
        [2, "sum", "12", "items sum to 9, total says 12"]
    ]
    assert scored["phq9_total"].fillna(-1).tolist() == [9, 9, -1]
    assert scored["phq9_total_given"].tolist() == [9, 12, 15]


def test_a_crosswalk_turns_another_scale_into_totals_that_say_so():
    entry = {"converted_from": "madrs", "crosswalk": {"0": "1", "20": "12"}}
    scored, problems = given_total("0", "20", "21", "61", "", **entry)
    assert scored["phq9_total"].dropna().tolist() == [1, 12]
    assert scored["phq9_source"].tolist() == ["converted:madrs"] * 2 + [""] * 3
    assert problems["reason"].tolist() == [
        "is not a whole number from 0 to 60", "is not listed in phq9.crosswalk",
    ]  # fmt: skip
    assert scored["phq9_severity"].eq("").all()  # a band is a cut-off
    with pytest.raises(ConfigError, match="28"):
        given_total("0", converted_from="madrs", crosswalk={"0": "28"})


def test_an_already_converted_total_keeps_its_scale():
    assert given_total("11", converted_from="cesd")[0]["phq9_source"].tolist() == ["converted:cesd"]


@pytest.mark.parametrize(
    ("total", "severity"),
    [(0, "none"), (4, "none"), (5, "mild"), (9, "mild"), (10, "moderate"), (14, "moderate"),
     (15, "moderately_severe"), (19, "moderately_severe"), (20, "severe"), (27, "severe")],
)  # fmt: skip
def test_severity_bands(total, severity):
    assert given_total(str(total))[0]["phq9_severity"].tolist() == [severity]


@pytest.mark.parametrize(
    ("row", "answer"),
    [
        ("2 2 2 2 2 0 0 0 0", "major"),
        ("2 0 2 2 2 0 0 0 1", "major"),  # item 9 counts at several days
        ("2 0 2 2 1 0 0 0 1", "other"),  # four symptoms
        ("2 0 0 0 0 0 0 0 1", "other"),
        ("2 0 0 0 0 0 0 0 0", "none"),  # one symptom
        ("1 1 3 3 3 3 3 3 3", "none"),  # neither of the first two
        ("2 2 2 2 2 0 0 0 -", "major"),  # whatever the missing answer was
        ("2 2 2 2 - 0 0 0 0", ""),  # it would decide
        ("1 1 - - 3 3 3 3 3", "none"),
        ("- - - - - - - - -", ""),
    ],
)
def test_the_dsm_algorithm(row, answer):
    assert score(row)[0]["phq9_dsm"].tolist() == [answer]


def test_part_sums_need_their_own_items_only():
    scored, _ = score("1 2 3 0 1 2 3 0 -", "- 1 1 1 1 1 1 1 1")
    sums = ["phq8_total", "phq2_total", "phq9_cognitive", "phq9_somatic"]
    assert scored.loc[1, sums].fillna(-1).tolist() == [12, 3, -1, 4]
    assert scored.loc[2, sums].fillna(-1).tolist() == [-1, -1, -1, 3]


def correlated_items(n, seed=1):
    rng = np.random.default_rng(seed)
    latent = 0.8 * rng.normal(size=(n, 1)) + 0.6 * rng.normal(size=(n, 9))
    return np.digitize(latent, [0.2, 1.0, 1.6]).astype(float)


def test_imputed_answers_are_those_of_the_other_items_and_are_closer_than_the_mean():
    truth = correlated_items(2000)
    holed = truth.copy()
    holed[::4, 2] = np.nan
    holed[1::4, [5, 7]] = np.nan
    filled = fill_items(holed)
    gone = np.isnan(holed)
    assert np.isin(filled, [0, 1, 2, 3]).all()
    np.testing.assert_array_equal(filled[~gone], truth[~gone])
    column_means = np.broadcast_to(np.round(np.nanmean(holed, axis=0)), truth.shape)
    assert np.mean((filled - truth)[gone] ** 2) < 0.75 * np.mean((column_means - truth)[gone] ** 2)


def test_one_missing_item_is_its_regression_on_the_others():
    """Where only one item is ever missing, EM is the regression among complete people."""
    truth = correlated_items(400)
    holed = truth.copy()
    holed[:100, 4] = np.nan
    others = np.delete(np.arange(9), 4)
    design = np.column_stack([np.ones(400), truth[:, others]])
    fit, *_ = np.linalg.lstsq(design[100:], truth[100:, 4], rcond=None)
    expected = np.clip(np.floor(design[:100] @ fit + 0.5), 0, 3)
    # The ridge and EM's stopping rule may move a mean by 1e-3 across a rounding border.
    assert (fill_items(holed)[:100, 4] == expected).mean() >= 0.99


def test_imputation_needs_fifty_complete_people():
    rows = [" ".join(f"{x:g}" for x in row) for row in correlated_items(49)]
    few, _ = score(*rows, "1 1 1 1 1 1 1 1 -", rule="impute")
    assert few["phq9_total"].isna().sum() == 1
    assert few["phq9_source"].iloc[-1] == ""
    enough, _ = score(*rows, rows[0], "1 1 1 1 1 1 1 1 -", rule="impute")
    assert enough["phq9_source"].iloc[-1] == "imputed"
    assert enough["phq9_n_missing"].iloc[-1] == 1
    assert 8 <= enough["phq9_total"].iloc[-1] <= 11
    assert np.isnan(enough["phq9"].iloc[-1])  # what was answered stays as it was


@settings(max_examples=10, deadline=None)
@given(ANSWERS, st.permutations(range(9)))
def test_the_order_of_items_does_not_change_the_total(rows, order):
    cells = table([[str(x) for x in row] for row in rows])
    turned = cells.iloc[:, order].set_axis(NAMES, axis=1)
    here = score_table(cells, rule="impute")[0]
    there = score_table(turned, rule="prorate")[0]
    assert here["phq9_total"].tolist() == there["phq9_total"].tolist()
    assert here["phq9_total"].tolist() == [sum(row) for row in rows]  # the rules agree


@settings(max_examples=10, deadline=None)
@given(st.lists(st.lists(st.sampled_from(["0", "1", "2", "3", "", "7", "x", "5"]), min_size=9,
                         max_size=9), min_size=1, max_size=8))  # fmt: skip
def test_totals_stay_within_bounds_and_major_depression_has_nine_points_or_more(rows):
    scored, problems = score_table(table(rows), rule="prorate")
    total = scored["phq9_total"].dropna()
    assert total.between(0, 27).all()
    assert (scored["phq9_source"] == "").equals(scored["phq9_total"].isna())
    major = scored["phq9_dsm"] == "major"
    assert (scored.loc[major, "phq9_total"].dropna() >= 9).all()
    bad = {(i, name) for i, row in enumerate(rows, 1)
           for name, x in zip(NAMES, row, strict=True) if x in ("x", "5")}  # fmt: skip
    assert set(zip(problems["row"], problems["column"], strict=True)) == bad


def test_other_scales_are_kept_and_standardised_within_the_cohort():
    raw = as_raw(pd.DataFrame({"cesd": ["10", "20", "30", "98", "61"], "m": ["7"] * 5}))
    scales = {"cesd": Scale(total="cesd", missing=["98"]), "madrs": Scale(total="m")}
    scored, parsed = score_scales(raw, scales, [])
    assert list(scored) == ["cesd_total", "cesd_z", "madrs_total", "madrs_z"]
    assert scored["cesd_z"].dropna().tolist() == [-1, 0, 1]
    assert scored["madrs_z"].isna().all()  # nothing to standardise by
    assert parsed[0].problems["value"].tolist() == ["61"]
