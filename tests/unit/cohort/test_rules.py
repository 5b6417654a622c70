"""Inclusion and exclusion: first rule that leaves a row out gets it."""

import numpy as np
import pandas as pd
import pytest

from builders import make_cohort, make_study
from igfmood.cohort.rules import excluded_by, not_applicable, rule_met
from igfmood.config.rules import Rule
from igfmood.errors import DataError

ANALYTE = make_study().analyte
TABLE = pd.DataFrame(
    {
        "age_years": [17.0, 18.0, 40.0, None],
        "sex": pd.Series(["female", "male", None, "female"], dtype="str"),
        "pregnant": pd.array([True, False, None, True], dtype="boolean"),
        "diagnosis": pd.Series(["mdd", "control", "bipolar", "unknown"], dtype="str"),
        "dx_subtype": pd.Series(["", "", "bipolar_2", ""], dtype="str"),
        "phq9_total": [12.0, 3.0, None, 10.0],
        "igf1_value": [150.0, None, None, 90.0],
        "igf1_below_lod": [False, True, False, False],
    }
).set_index(pd.RangeIndex(1, 5, name="row"))


def met(**rule):
    return rule_met(TABLE, Rule(name="r", **rule), ANALYTE).tolist()


def excluded(cohort):
    return excluded_by(TABLE, cohort, ANALYTE, not_applicable(TABLE, cohort)).tolist()


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ({"variable": "age_years", "below": 18}, [True, False, False, False]),
        ({"variable": "age_years", "at_least": 18}, [False, True, True, False]),
        ({"variable": "age_years", "equals": [17, "40.0"]}, [True, False, True, False]),
        ({"variable": "age_years", "missing": True}, [False, False, False, True]),
        ({"variable": "sex", "equals": ["Female"]}, [True, False, False, True]),
        ({"variable": "sex", "missing": False}, [True, True, False, True]),
        ({"variable": "pregnant", "equals": ["yes"]}, [True, False, False, True]),
        ({"variable": "pregnant", "equals": ["no"]}, [False, True, False, False]),
        ({"variable": "pregnant", "missing": True}, [False, False, True, False]),
        ({"variable": "diagnosis", "equals": ["mdd", "control"]}, [True, True, False, False]),
        ({"variable": "diagnosis", "equals": ["bipolar_2"]}, [False, False, True, False]),
        ({"variable": "phq9_total", "at_least": 10}, [True, False, False, True]),
        ({"variable": "analyte", "below": 100}, [False, False, False, True]),
        # Below the detection limit is a measurement, not a gap.
        ({"variable": "analyte", "missing": True}, [False, False, True, False]),
    ],
)
def test_a_rule_is_met_by_values_and_never_by_gaps_unless_it_asks_for_them(rule, expected):
    assert met(**rule) == expected


def test_rows_count_for_the_first_rule_that_leaves_them_out():
    cohort = make_cohort(
        columns={"participant_id": "i", "age_years": "a", "sex": "s", "pregnant": "p"},
        include=[
            {"name": "adult", "variable": "age_years", "at_least": 18},
            {"name": "sex known", "variable": "sex", "missing": False},
        ],
        exclude=[{"name": "pregnant", "variable": "pregnant", "equals": ["yes"]}],
    )
    assert excluded(cohort) == ["adult", "", "sex known", "adult"]


def test_without_rules_everybody_stays():
    assert excluded(make_cohort()) == [""] * 4


def test_a_known_exclusion_without_its_variable_is_not_applied_and_named():
    cohort = make_cohort(exclude=["cirrhosis", "pregnancy"])
    assert not_applicable(TABLE, cohort) == {"cirrhosis": "cirrhosis"}
    assert excluded(cohort) == ["pregnancy", "", "", "pregnancy"]


def test_a_variable_that_is_missing_throughout_is_as_good_as_none():
    table = TABLE.assign(pregnant=pd.array([None] * 4, dtype="boolean"))
    assert not_applicable(table, make_cohort(exclude=["pregnancy"])) == {"pregnancy": "pregnant"}


def test_a_variable_that_is_known_in_rows_that_are_out_alone_is_as_good_as_none():
    cohort = make_cohort(exclude=["pregnancy"])
    known, unknown = np.array([True] + [False] * 3), np.array([False, False, True, False])
    assert not_applicable(TABLE, cohort, known) == {}
    assert not_applicable(TABLE, cohort, unknown) == {"pregnancy": "pregnant"}


def test_a_rule_of_the_study_about_an_absent_optional_column_is_an_error():
    cohort = make_cohort(
        columns={"participant_id": "i", "age_years": "a", "sex": "s",
                 "bmi": {"column": "b", "optional": True}},
        exclude=[{"name": "thin", "variable": "bmi", "below": 18.5}],
    )  # fmt: skip
    with pytest.raises(DataError, match="rule 'thin' is about bmi"):
        excluded(cohort)
