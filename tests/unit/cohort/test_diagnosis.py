"""Coding the diagnosis from labels, ICD-10 codes and the PHQ-9."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from igfmood.cohort.codes.icd import split_codes
from igfmood.cohort.diagnosis import code_diagnosis
from igfmood.cohort.questionnaires import no_phq9
from igfmood.cohort.table import RawTable
from igfmood.config.diagnosis import Diagnosis
from igfmood.config.vocabulary import DIAGNOSES, HIERARCHY
from igfmood.errors import DataError


def code(entry, *cells, missing=(), total=None, phq9=None, controls="as_coded", labels=None,
         **columns):  # fmt: skip
    table = pd.DataFrame(columns or {"dx": list(cells)}, dtype=object)
    table.index = pd.RangeIndex(1, len(table) + 1, name="row")
    raw = RawTable(table, pd.Series(False, table.index), labels or {})
    scored = no_phq9(raw.index).assign(**(phq9 or {}))
    if total is not None:
        scored["phq9_total"] = np.array(total, float)
    entries = entry if isinstance(entry, list) else [entry] if entry else []
    checked = [Diagnosis.model_validate(one) for one in entries]
    coded, parsed = code_diagnosis(raw, checked, scored, list(missing), controls)
    return coded, pd.concat([column.problems for column in parsed])


LABELS = {
    "source": "labels",
    "columns": ["dx"],
    "labels": {
        "HC": "control", "Depression*": "mdd", "*bipolar*ii": "bipolar_2",
        "*bipolar*": "bipolar_1", 3: "bipolar", "remitted depression": "other",
    },
}  # fmt: skip
ICD10 = {"source": "icd10", "columns": ["dx"]}


def test_labels_match_whatever_their_case_with_wildcards_in_the_order_given():
    coded, problems = code(LABELS, "hc", "DEPRESSION, recurrent", "Bipolar II", "bipolar I", "3.0")
    assert coded["diagnosis"].tolist() == ["control", "mdd", "bipolar", "bipolar", "bipolar"]
    assert coded["dx_subtype"].tolist() == ["", "", "bipolar_2", "bipolar_1", ""]
    assert coded["dx_source"].eq("labels").all()
    assert problems.empty


def test_an_exact_label_comes_before_a_wildcard():
    entry = {**LABELS, "labels": {"*depression": "mdd", "no depression": "control"}}
    assert code(entry, "no depression", "a depression")[0]["diagnosis"].tolist() == [
        "control", "mdd",
    ]  # fmt: skip


def test_an_unknown_label_is_a_problem_and_never_a_control():
    coded, problems = code(LABELS, "HC", "zzz")
    assert coded["diagnosis"].tolist() == ["control", "unknown"]
    assert problems[["row", "column", "value"]].to_numpy().tolist() == [[2, "dx", "zzz"]]
    assert "add it to diagnosis.labels" in problems["reason"].iloc[0]


def test_a_missing_label_is_what_the_entry_says_and_no_problem():
    for no_code in ("unknown", "control"):
        coded, problems = code({**LABELS, "no_code": no_code}, "", "n/a", missing=["N/A"])
        assert coded["diagnosis"].tolist() == [no_code] * 2
        assert problems.empty


def test_the_first_column_with_a_value_counts():
    entry = {**LABELS, "columns": ["now", "before"], "missing": ["-9"]}
    coded, _ = code(entry, now=["HC", "-9", ""], before=["3", "3", ""])
    assert coded["diagnosis"].tolist() == ["control", "bipolar", "unknown"]


@pytest.mark.parametrize(
    ("codes", "diagnosis"),
    [
        ("F32.1", "mdd"), ("f33", "mdd"), ("F341", "mdd"), ("F34.1", "mdd"),
        ("F34.9", "other"), ("F34", "other"), ("F38.0", "other"), ("F39", "other"),
        ("F31.3", "bipolar"), ("F30", "bipolar"), ("F20.0", "scz"), ("F25.1", "scz"),
        ("E11.9", "other"), ("F41.1", "other"), ("F10.2", "other"), ("", "unknown"),
        ("F32.1 F31.3", "bipolar"), ("F20.0;F31", "bipolar"), ("F33|F20.0", "scz"),
        ("E11.9, F32.1", "mdd"), ("F34.9 F33.0", "mdd"), ("I10;;F32 , E11", "mdd"),
    ],
)  # fmt: skip
def test_icd10_codes_and_their_hierarchy(codes, diagnosis):
    coded, problems = code(ICD10, codes)
    assert coded["diagnosis"].tolist() == [diagnosis]
    assert problems.empty


@pytest.mark.parametrize("codes", ["depression", "32.1", "F3", "F32.1/F33", "F32.1 ?", "FF2"])
def test_what_is_no_list_of_icd10_codes_is_a_problem(codes):
    coded, problems = code(ICD10, codes)
    assert coded["diagnosis"].tolist() == ["unknown"]
    assert problems["value"].tolist() == [codes]


def test_codes_outside_mood_and_psychosis_may_count_as_controls_but_never_mood_codes():
    entry = {**ICD10, "other_code": "control", "no_code": "control"}
    coded, _ = code(entry, "E11", "", "F34.9", "F39")
    assert coded["diagnosis"].tolist() == ["control", "control", "other", "other"]


def test_the_phq9_decides_at_its_cutoff_and_a_missing_total_is_unknown():
    coded, problems = code(
        {"source": "phq9", "cutoff": 10}, "", "", "", total=[9.0, 10.0, float("nan")]
    )
    assert coded["diagnosis"].tolist() == ["control", "mdd", "unknown"]
    assert coded["dx_source"].tolist() == ["phq9>=10"] * 3
    assert problems.empty


def test_without_an_entry_nobody_has_a_diagnosis():
    coded, problems = code(None, "F32")
    kept = ["diagnosis", "dx_subtype", "dx_source", "dx_status", "mood_state"]
    assert coded[kept].iloc[0].tolist() == ["unknown", "", "", "", ""]
    assert not coded["control_redefined"].any()
    assert problems.empty


def test_icd10_codes_of_all_columns_count_together():
    entry = {**ICD10, "columns": ["main", "other"], "missing": ["-9"]}
    coded, problems = code(entry, main=["F32.1", "-9", ""], other=["F31.0", "F33.1", "-9"])
    assert coded["diagnosis"].tolist() == ["bipolar", "mdd", "unknown"]
    assert problems.empty
