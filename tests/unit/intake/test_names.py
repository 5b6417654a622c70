"""Names of columns: what they say, in several languages and spellings, and what they do not."""

import pytest

from igfmood.config.vocabulary import SCALES, VARIABLES
from igfmood.intake.names import EXACT, LABEL, PART, match, synonyms

IGF1 = synonyms()["analytes"]["igf1"]


@pytest.mark.parametrize(
    "name",
    ["IGF1", "IGF-1", "IGF_I", "IGF.I", "Somatomedin C", "SomC", "SM-C", "LBXIGF1", "B4BIGF1",
     "f.30770.0.0", "30770-0.0", "n_30770_0_0", "p30770_i0", "insulin-like growth factor",
     "IGF1_ng_ml", "igf1_nmol", "IGF-1 (ng/mL)", "serum_IGF1"],
)  # fmt: skip
def test_igf1_is_known_in_every_spelling(name):
    found = match(name, IGF1["names"], IGF1["patterns"])
    assert found is not None
    assert found.closeness == EXACT


@pytest.mark.parametrize(
    "name", ["igf1_sds", "IGF1 z-score", "igf1_date", "log_igf1", "igf1_flag", "igfbp3", "igf2r"]
)
def test_what_is_derived_from_igf1_is_not_igf1(name):
    assert match(name, IGF1["names"], IGF1["patterns"]) is None


@pytest.mark.parametrize(
    ("name", "variable"),
    [
        ("Alter", "age_years"), ("ålder", "age_years"), ("edad", "age_years"),
        ("RIDAGEYR", "age_years"),
        ("Geschlecht", "sex"), ("kön", "sex"), ("sexo", "sex"), ("RIAGENDR", "sex"),
        ("PatNr", "participant_id"), ("lopnr", "participant_id"), ("SEQN", "participant_id"),
        ("Raucher", "smoking"), ("rokning", "smoking"), ("BMXBMI", "bmi"), ("hsCRP", "crp"),
        ("Schwangerschaft", "pregnant"), ("graviditet", "pregnant"), ("WTMEC2YR", "weight_survey"),
        ("hippocampus_mm3", "hippocampal_volume"), ("Pille", "oc_use"), ("Litium", "lithium"),
    ],
)  # fmt: skip
def test_other_variables_are_known_in_several_languages(name, variable):
    found = match(name, synonyms()["variables"][variable])
    assert found is not None
    assert found.closeness == EXACT


def test_a_part_of_a_name_is_weaker_evidence_than_the_whole():
    words = synonyms()["variables"]["bmi"]
    assert match("bmi_clinic_a", words).closeness == PART
    assert match("v17", words, title="Body mass index (kg/m2)").closeness == LABEL
    assert match("bmi_category", words) is None
    assert match("ambition", words) is None


def test_urine_is_not_serum():
    assert match("B4X", synonyms()["variables"]["cortisol"], title="Urine cortisol") is None


def test_synonyms_speak_of_known_variables_and_in_words():
    known = synonyms()
    assert set(known["variables"]) <= set(VARIABLES)
    assert set(known["scales"]) == set(SCALES)
    lists = [*known["variables"].values(), *known["words"].values(), known["batch"]]
    # YAML reads an unquoted no as False.
    assert all(isinstance(word, str) for words in lists for word in words)
