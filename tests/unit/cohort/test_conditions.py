"""Other diseases from codes: flags of the known exclusions."""

import pandas as pd
import pytest

from builders import as_raw
from igfmood.cohort.conditions import code_conditions
from igfmood.config.diagnosis import Conditions, Diagnosis
from igfmood.config.vocabulary import CONDITION_VARIABLES


def conditions(*lists, coding="icd10", **entry):
    raw = as_raw(pd.DataFrame({"dx": lists}, dtype=object))
    checked = Conditions(columns=["dx"], coding=coding, **entry)
    flags, parsed = code_conditions(raw, checked, [], ["-9"])
    assert list(flags) == list(CONDITION_VARIABLES)
    return flags, parsed[0].problems


@pytest.mark.parametrize(
    ("coding", "code", "name"),
    [
        ("icd10", "O80", "pregnant"), ("icd10", "Z33", "pregnant"), ("icd10", "O9A", "pregnant"),
        ("icd10", "E22.0", "gh_disorder"), ("icd10", "E24.9", "hypercortisolism"),
        ("icd10", "K70.3", "cirrhosis"), ("icd10", "K74.6", "cirrhosis"),
        ("icd10", "N18.5", "renal_failure"), ("icd10", "Z99.2", "renal_failure"),
        ("icd10", "C50", "active_cancer"), ("icd10", "E43", "malnutrition"),
        ("icd10", "F50.0", "eating_disorder"), ("icd10", "G30.9", "dementia"),
        ("icd9", "V22.1", "pregnant"), ("icd9", "650", "pregnant"),
        ("icd9", "253.0", "gh_disorder"),
        ("icd9", "571.2", "cirrhosis"), ("icd9", "585.6", "renal_failure"),
        ("icd9", "174.9", "active_cancer"), ("icd9", "307.1", "eating_disorder"),
        ("icd9", "331.0", "dementia"), ("icd9", "255.0", "hypercortisolism"),
        ("icd9", "262", "malnutrition"),
        ("icd11", "JA00", "pregnant"), ("icd11", "5A60.0", "gh_disorder"),
        ("icd11", "5A70.1", "hypercortisolism"), ("icd11", "DB93.1", "cirrhosis"),
        ("icd11", "GB61.5", "renal_failure"), ("icd11", "2C61", "active_cancer"),
        ("icd11", "5B51", "malnutrition"), ("icd11", "6B80.0", "eating_disorder"),
        ("icd11", "6D80", "dementia"),
    ],
)  # fmt: skip
def test_a_code_sets_its_flag_and_no_other(coding, code, name):
    row = conditions(code, coding=coding)[0].iloc[0]
    assert [flag for flag in CONDITION_VARIABLES if row[flag]] == [name]


@pytest.mark.parametrize(
    ("coding", "code"),
    [("icd10", "N18.3"), ("icd10", "K70.0"), ("icd10", "D05"), ("icd9", "585.3"), ("icd9", "210"),
     ("icd11", "GB61.2")],
)  # fmt: skip
def test_milder_and_benign_forms_set_nothing(coding, code):
    assert not conditions(code, coding=coding)[0].iloc[0].any()


def test_a_row_without_codes_is_unknown_unless_the_entry_says_no():
    flags, problems = conditions("", "-9", "I10", "Q?")
    assert flags.isna().all(axis=1).tolist() == [True, True, False, True]
    assert problems[["row", "value"]].to_numpy().tolist() == [[3, "Q?"]]
    assert not conditions("", empty_means="no")[0].isna().any(axis=None)


def from_diagnosis(*cells, entry=None, **diagnosis):
    raw = as_raw(pd.DataFrame({"dx": cells, "icd": [""] * len(cells)}, dtype=object))
    return code_conditions(
        raw, entry, [Diagnosis(columns=["dx"], **{"source": "icd10", **diagnosis})], []
    )


def test_the_codes_of_the_diagnosis_are_read_too():
    flags, parsed = from_diagnosis("F32.1 O80", "I10", "", "no code")
    assert flags["pregnant"].tolist()[:2] == [True, False]
    assert flags["pregnant"].isna().tolist() == [False, False, True, True]
    assert parsed == []  # the diagnosis has reported the cell
    entry = Conditions(columns=["icd"], coding="icd10", empty_means="no")
    assert from_diagnosis("O80", "", entry=entry)[0]["pregnant"].tolist() == [True, False]


def test_psychiatric_codes_alone_do_not_say_that_the_body_is_well():
    flags, _ = from_diagnosis("F32.1", "F50.0")
    assert flags["cirrhosis"].isna().all()
    assert flags["eating_disorder"].tolist() == [pd.NA, True]


def test_without_codes_there_are_no_flags():
    flags, parsed = from_diagnosis("MDD", source="labels")
    assert len(flags.columns) == 0
    assert parsed == []
