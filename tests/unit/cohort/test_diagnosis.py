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
    coded, problems = code(LABELS, "HC", "PTSD")
    assert coded["diagnosis"].tolist() == ["control", "unknown"]
    assert problems[["row", "column", "value"]].to_numpy().tolist() == [[2, "dx", "PTSD"]]
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


LOOKED_UP = {"source": "labels", "columns": ["dx"]}


@pytest.mark.parametrize(
    ("label", "said"),
    [
        ("HC", ("control", "", "", "")), ("healthy controls", ("control", "", "", "")),
        ("Kontrolle", ("control", "", "", "")), ("Témoin", ("control", "", "", "")),
        ("UD", ("mdd", "", "", "")), ("remitted MDD", ("mdd", "", "remitted", "")),
        ("MDD, in full remission", ("mdd", "", "remitted", "")),
        ("MDD in partial remission", ("mdd", "", "", "")),
        ("current MDD", ("mdd", "", "current", "")),
        ("past depression", ("mdd", "", "lifetime", "")),
        ("Depressive Störung", ("mdd", "", "", "")), ("depressed", ("mdd", "", "", "depressed")),
        ("BD", ("bipolar", "", "", "")), ("BP-I", ("bipolar", "bipolar_1", "", "")),
        ("bdii", ("bipolar", "bipolar_2", "", "")), ("manic", ("bipolar", "", "", "manic")),
        ("euthymic BD", ("bipolar", "", "", "euthymic")),
        ("Bipolar depression", ("bipolar", "", "", "depressed")),
        ("bipolar II depression", ("bipolar", "bipolar_2", "", "depressed")),
        ("BD type", None), ("SCZ", ("scz", "", "", "")), ("Schizophrenie", ("scz", "", "", "")),
        ("remitted control", None), ("no depression", None), ("non-depressed", None),
        ("1", None), ("0", None), ("1.0", None), ("patient 7", None),
    ],
)  # fmt: skip
def test_labels_that_the_study_does_not_list_are_looked_up_and_numbers_never(label, said):
    coded, problems = code(LOOKED_UP, label)
    columns = ["diagnosis", "dx_subtype", "dx_status", "mood_state"]
    assert tuple(coded[columns].iloc[0]) == (said or ("unknown", "", "", ""))
    assert len(problems) == (said is None)


def test_ambiguous_labels_raise_all_their_questions_at_once_and_the_study_answers_them():
    with pytest.raises(DataError) as error:
        code(LOOKED_UP, "BPD", "HC", "BPD", "PDD", "BPD")
    assert str(error.value).splitlines() == [
        "label 'BPD' in column dx (3 rows): bipolar disorder or borderline personality disorder? "
        "Say it in diagnosis.labels: {BPD: bipolar} or {BPD: other}",
        "label 'PDD' in column dx (1 row): persistent depressive disorder or pervasive "
        "developmental disorder? Say it in diagnosis.labels: {PDD: mdd} or {PDD: other}",
    ]
    answered = {**LOOKED_UP, "labels": {"BPD": "other", "pdd": "mdd"}}
    assert code(answered, "BPD", "PDD")[0]["diagnosis"].tolist() == ["other", "mdd"]


def test_an_ambiguous_label_that_does_not_count_raises_no_question():
    entry = {**LOOKED_UP, "columns": ["now", "before"]}
    assert code(entry, now=["HC"], before=["BPD"])[0]["diagnosis"].tolist() == ["control"]


def test_value_labels_are_looked_up_and_may_be_named_by_code_or_label():
    labels = {"dx": {"1": "Healthy control", "2": "Bipolar I", "3": "Group C"}}
    entry = {**LOOKED_UP, "labels": {"group c": "mdd"}}
    coded, problems = code(entry, "1", "2", "3", "4", labels=labels)
    assert coded["diagnosis"].tolist() == ["control", "bipolar", "mdd", "unknown"]
    assert problems["value"].tolist() == ["4"]
    entry = {**LOOKED_UP, "labels": {1: "scz", 3: "mdd"}}
    assert code(entry, "1", "3", labels=labels)[0]["diagnosis"].tolist() == ["scz", "mdd"]


@pytest.mark.parametrize(
    ("source", "codes", "said"),
    [
        ("icd10", "F31.1", ("bipolar", "", "", "manic")),
        ("icd10", "F30", ("bipolar", "", "", "manic")),
        ("icd10", "F31.4", ("bipolar", "", "", "depressed")),
        ("icd10", "F316", ("bipolar", "", "", "mixed")),
        ("icd10", "F31.7", ("bipolar", "", "remitted", "euthymic")),
        ("icd10", "F31.71", ("bipolar", "", "", "")),  # partial remission
        ("icd10", "F31.81", ("bipolar", "bipolar_2", "", "")),
        ("icd10", "F31.1 F31.3", ("bipolar", "", "", "")),  # which came last is not known
        ("icd10", "F33.4", ("mdd", "", "remitted", "")),
        ("icd10", "F33.4 F33.1", ("mdd", "", "", "")),
        ("icd10", "F33.41", ("mdd", "", "", "")), ("icd10", "F32.A", ("mdd", "", "", "")),
        ("icd10", '["F329","E119"]', ("mdd", "", "", "")),
        ("icd10", "F31.7 F33.4", ("bipolar", "", "remitted", "euthymic")),
        ("icd10", "F34.0", ("other", "", "", "")), ("icd10", "F06.3", ("other", "", "", "")),
        ("icd9", "296.32", ("mdd", "", "", "")), ("icd9", "2962", ("mdd", "", "", "")),
        ("icd9", "296.36", ("mdd", "", "remitted", "")), ("icd9", "311", ("mdd", "", "", "")),
        ("icd9", "296.35", ("mdd", "", "", "")), ("icd9", "300.4", ("mdd", "", "", "")),
        ("icd9", "300.40", ("mdd", "", "", "")), ("icd9", "300.02", ("other", "", "", "")),
        ("icd9", "296.1", ("bipolar", "bipolar_1", "", "manic")),
        ("icd9", "296.44", ("bipolar", "bipolar_1", "", "manic")),
        ("icd9", "29656", ("bipolar", "bipolar_1", "remitted", "euthymic")),
        ("icd9", "296.89", ("bipolar", "bipolar_2", "", "")),
        ("icd9", "296.80", ("bipolar", "", "", "")), ("icd9", "296.90", ("other", "", "", "")),
        ("icd9", "295.30", ("scz", "", "", "")), ("icd9", "250.00 V22.1", ("other", "", "", "")),
        ("icd9", "296.2 296.7", ("bipolar", "bipolar_1", "", "")),
        ("icd11", "6A70.1", ("mdd", "", "", "")), ("icd11", "6A71.7", ("mdd", "", "remitted", "")),
        ("icd11", "6A70.1/6B00&XS5W", ("mdd", "", "", "")), ("icd11", "6A73", ("mdd", "", "", "")),
        ("icd11", "6A60.F", ("bipolar", "bipolar_1", "remitted", "euthymic")),
        ("icd11", "6A61.2", ("bipolar", "bipolar_2", "", "depressed")),
        ("icd11", "6A20.0", ("scz", "", "", "")), ("icd11", "6B00", ("other", "", "", "")),
        ("icd11", "5A11", ("other", "", "", "")),
        ("dsm", "296.33", ("mdd", "", "", "")), ("dsm", "F31.81", ("bipolar", "bipolar_2", "", "")),
        ("dsm", "Major depressive disorder, recurrent, in full remission",
         ("mdd", "", "remitted", "")),
        ("dsm", "296.56 Bipolar I disorder; F41.1",
         ("bipolar", "bipolar_1", "remitted", "euthymic")),
        ("dsm", "Bipolar II disorder, most recent episode depressed",
         ("bipolar", "bipolar_2", "", "depressed")),
    ],
)  # fmt: skip
def test_codes_say_subtype_status_and_mood_state(source, codes, said):
    coded, problems = code({"source": source, "columns": ["dx"]}, codes)
    assert problems.empty
    columns = ["diagnosis", "dx_subtype", "dx_status", "mood_state"]
    assert tuple(coded[columns].iloc[0]) == said


@pytest.mark.parametrize(
    ("source", "cell"),
    [("icd9", "F32.1"), ("icd9", "29"), ("icd11", "F32.1"), ("icd11", "6A7"), ("dsm", "zzz"),
     ("icd10", "6A70")],
)  # fmt: skip
def test_what_is_no_code_of_the_system_is_a_problem(source, cell):
    coded, problems = code({"source": source, "columns": ["dx"]}, cell)
    assert coded["diagnosis"].tolist() == ["unknown"]
    assert problems[["column", "value"]].to_numpy().tolist() == [["dx", cell]]


def test_psychiatric_codes_are_never_codes_outside_psychiatry_and_the_study_may_say_otherwise():
    entry = {**ICD10, "other_code": "control"}
    coded, _ = code(entry, "F41.1", "E11", "E11 F41.1")
    assert coded["diagnosis"].tolist() == ["other", "control", "other"]
    entry["labels"] = {"F34.0": "bipolar", "F4*": "control"}
    coded, _ = code(entry, "F34.0", "F41.1", "F41.1 F33.0")
    assert coded["diagnosis"].tolist() == ["bipolar", "control", "mdd"]


def test_a_wildcard_names_all_columns_that_fit_and_an_absent_column_is_an_error():
    entry = {**ICD10, "columns": ["icd_*"]}
    coded, _ = code(entry, icd_0=["F33.1", ""], icd_1=["", "F31.2"], other=["F20", "F20"])
    assert coded["diagnosis"].tolist() == ["mdd", "bipolar"]
    with pytest.raises(DataError, match="no column 'icd_9'"):
        code({**ICD10, "columns": ["icd_9"]}, "F32")


SEVERAL = [
    {**LOOKED_UP, "ascertainment": "interview"},
    {"source": "icd10", "columns": ["icd"], "ascertainment": "register"},
    {"source": "phq9"},
]


def test_several_entries_are_put_together_and_a_control_is_one_in_all_of_them():
    coded, _ = code(
        SEVERAL,
        dx=["HC", "MDD", "HC", "HC", "", ""], icd=["", "F31.0", "F41.1", "", "", ""],
        total=[3, 3, 3, 12, 2, np.nan],
    )  # fmt: skip
    assert coded["diagnosis"].tolist() == [
        "control", "bipolar", "other", "mdd", "control", "unknown",
    ]  # fmt: skip
    assert coded["dx_source"].tolist() == ["labels+icd10+phq9>=10"] * 6
    assert coded["dx_ascertainment"].tolist() == [
        "interview", "register", "register", "algorithm", "algorithm", "unknown",
    ]  # fmt: skip


def test_a_conversion_never_meets_a_cutoff():
    converted = {"phq9_source": ["converted:madrs", "given"]}
    coded, _ = code({"source": "phq9"}, "", "", total=[20, 20], phq9=converted)
    assert coded["diagnosis"].tolist() == ["unknown", "mdd"]
    coded, _ = code(LOOKED_UP, "HC", "HC", total=[20, 20], phq9=converted, controls="lenient")
    assert coded["diagnosis"].tolist() == ["control", "other"]


def test_the_dsm_algorithm_of_the_phq9_is_a_source():
    dsm = {"phq9_dsm": ["major", "other", "none", ""]}
    coded, _ = code({"source": "phq9_algorithm"}, *[""] * 4, phq9=dsm)
    assert coded["diagnosis"].tolist() == ["mdd", "other", "control", "unknown"]
    assert coded["dx_source"].eq("phq9_algorithm").all()


@pytest.mark.parametrize(
    ("controls", "kept"),
    [("as_coded", [1, 1, 1, 1, 1]), ("lenient", [1, 1, 0, 1, 1]), ("strict", [1, 0, 0, 0, 0])],
)
def test_the_definition_of_a_control(controls, kept):
    entry = {**ICD10, "no_code": "control", "labels": {"F4*": "control"}}
    coded, _ = code(entry, "", "", "", "", "F41.1", total=[4, 5, 10, np.nan, 0], controls=controls)
    assert coded["diagnosis"].eq("control").astype(int).tolist() == kept
    assert coded["control_redefined"].tolist() == [not one for one in kept]
    assert coded["diagnosis"][coded["control_redefined"]].eq("other").all()
    cases, _ = code(ICD10, "F32.1", total=[25], controls=controls)
    assert cases["diagnosis"].tolist() == ["mdd"]


def test_the_status_of_the_entry_is_that_of_cases_whose_status_nothing_else_says():
    coded, _ = code({**LOOKED_UP, "status": "current"}, "HC", "MDD", "remitted MDD", "")
    assert coded["dx_status"].tolist() == ["", "current", "remitted", ""]


RANK = {name: k for k, name in enumerate(HIERARCHY)}
ICD10_LISTS = st.lists(st.sampled_from(["F32.1", "F31.4", "F20", "F41.1", "E11", "F34.9"]),
                       min_size=1, max_size=5)  # fmt: skip


@settings(max_examples=20, deadline=None)
@given(ICD10_LISTS, st.randoms())
def test_the_order_and_the_columns_of_codes_do_not_matter(codes, random):
    turned = random.sample(codes, len(codes))
    one, _ = code(ICD10, " ".join(codes))
    other, _ = code({**ICD10, "columns": ["c*"]}, **{f"c{k}": [c] for k, c in enumerate(turned)})
    assert one.iloc[0].tolist() == other.iloc[0].tolist()
    alone, _ = code(ICD10, *codes)
    assert RANK[one["diagnosis"].iloc[0]] == min(RANK[name] for name in alone["diagnosis"])


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=12), st.sampled_from(["icd9", "icd10", "icd11"]))
def test_any_text_is_codes_or_nothing(text, system):
    codes = split_codes(text, system)
    assert codes is None or all(code and "." not in code and code == code.upper() for code in codes)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.text(max_size=10), min_size=1, max_size=5),
       st.sampled_from(["labels", "icd10", "icd9", "icd11", "dsm"]))  # fmt: skip
def test_any_cell_ends_as_a_diagnosis_a_problem_or_a_question(texts, source):
    entry = {"source": source, "columns": ["dx"]}
    try:
        coded, problems = code(entry, *texts)
    except DataError:
        with pytest.raises(DataError, match="Say it in diagnosis"):
            code(entry, *texts)
        return
    assert coded["diagnosis"].isin(DIAGNOSES).all()
    assert (coded.loc[problems["row"], "diagnosis"] == "unknown").all()
