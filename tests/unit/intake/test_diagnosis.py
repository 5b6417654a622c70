"""The diagnosis: labels with their meaning, labels that ask, codes."""

from dataclasses import replace

import pytest

from igfmood.intake.guess import PLACEHOLDER
from igfmood.intake.guess_diagnosis import guess_diagnosis
from unit.intake.tables import columns


def recognised(person=None, **cells):
    pool = columns(**cells)
    return guess_diagnosis(pool, pool.pop(person) if person else None)


def test_known_labels_are_listed_with_their_counts():
    (guess,) = recognised(Gruppe=["MDD"] * 9 + ["gesund"] * 8 + ["Bipolar II"] * 3)
    assert guess.settings["labels"] == {
        "MDD": "mdd",
        "gesund": "control",
        "Bipolar II": "bipolar_2",
    }
    assert guess.counts["MDD"] == 9
    assert guess.confidence == "sure"
    assert guess.questions == ()


def test_an_ambiguous_label_is_asked_with_what_it_may_mean():
    (guess,) = recognised(group=["BPD"] * 9 + ["HC"] * 9)
    assert guess.settings["labels"]["BPD"] == PLACEHOLDER
    assert guess.questions[0].options == ("bipolar", "other")


def test_numbers_are_never_looked_up():
    (guess,) = recognised(dx=["0"] * 9 + ["1"] * 6 + ["2"] * 3)
    assert set(guess.settings["labels"].values()) == {PLACEHOLDER}
    first = {question.key: question.options[0] for question in guess.questions}
    assert first == {"labels.0": "control", "labels.1": "unknown", "labels.2": "unknown"}


def test_ids_tell_who_is_a_control_where_the_label_is_empty():
    ids = [f"control_{k}" for k in range(1, 9)] + [f"condition_{k}" for k in range(1, 7)]
    (guess,) = recognised(person="number", number=ids, afftype=[""] * 8 + ["1", "2"] * 3)
    assert guess.columns == ("afftype", "number")
    assert guess.settings["labels"]["control_*"] == "control"
    assert guess.settings["labels"]["condition_*"] == "unknown"


def test_icd_codes_ask_what_no_code_means():
    (guess,) = recognised(diagnos=["F31.6 M54.5", "F32.2", "E11.9", ""] * 10)
    assert guess.settings["source"] == "icd10"
    assert {question.key for question in guess.questions} == {"no_code", "other_code"}


def test_codes_beside_labels_leave_the_controls_to_the_labels():
    labels, codes = recognised(group=["depr", "control"] * 9, ICD=["F32.0", ""] * 9)
    assert labels.settings["source"] == "labels"
    assert (codes.settings["no_code"], codes.questions) == ("unknown", ())


def test_numbers_of_samples_are_no_icd_codes():
    assert recognised(sample=[f"P{k:03d}" for k in range(40)], tube=["A12", "B34"] * 20) == []


@pytest.mark.parametrize("cells", [["a", "b", "c"], ["1.5", "2.5"], ["2020-01-01", "2021-01-01"]])
def test_other_columns_are_no_diagnosis(cells):
    assert recognised(thing=cells * 9) == []


def test_labels_of_the_file_tell_a_diagnosis_whatever_its_column_is_called():
    profile = columns(v17=["0", "1", "2"] * 9)["v17"]
    labels = {"0": "healthy control", "1": "major depression", "2": "bipolar II"}
    (guess,) = guess_diagnosis({"v17": replace(profile, labels=labels)}, None)
    assert guess.settings["labels"] == {"0": "control", "1": "mdd", "2": "bipolar_2"}
    assert guess_diagnosis({"v17": profile}, None) == []


def test_three_digits_are_codes_of_icd_9_where_the_name_or_another_cell_says_so():
    (named,) = recognised(ICD9=["311", "296 300", "250"] * 9)
    assert named.settings["source"] == "icd9"
    (dotted,) = recognised(diagnosis=["311", "296.32 296.7", "250.0"] * 9)
    assert dotted.settings["source"] == "icd9"
    (labels,) = recognised(group=["100", "200"] * 9)
    assert labels.settings["source"] == "labels"
