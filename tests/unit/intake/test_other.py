"""Other variables: units that a header says, and words that nobody knows."""

import numpy as np
import pytest

from igfmood.config.vocabulary import VARIABLES
from igfmood.intake.guess import PLACEHOLDER
from igfmood.intake.guess_other import guess_variables
from igfmood.intake.written_units import written_unit
from unit.intake.tables import columns

RNG = np.random.default_rng(5)
SMALL = RNG.uniform(0.1, 2.0, 200).round(3)


def guessed(name: str, cells: object):
    """The one guess for a column, known by its meaning."""
    (guess,) = guess_variables(columns(**{name: cells}), set())
    return guess


@pytest.mark.parametrize(
    ("header", "variable", "factor"),
    [
        ("CRP (mg/dl)", "crp", 10.0),
        ("CRP (µg/dl)", "crp", 0.01),
        ("Cortisol (µg/dl)", "cortisol", 27.59),
        ("Insulin [pmol/l]", "insulin", 0.1667),
        ("Hippocampus (cm³)", "hippocampal_volume", 1000.0),
        ("icv_ml", "intracranial_volume", 1000.0),
        ("height_in", "height_cm", 2.54),
        ("ALT (µkat/L)", "alt", 60.0),
    ],
)
def test_another_unit_in_a_header_is_a_factor_that_must_be_confirmed(header, variable, factor):
    cells = SMALL * {"height_cm": 30, "hippocampal_volume": 2, "insulin": 60}.get(variable, 1)
    cells = 60 + cells / 10 if variable == "height_cm" else cells
    guess = guessed(header, cells)
    assert (guess.meaning, guess.settings["factor"]) == (variable, factor)
    (asked,) = [question for question in guess.questions if question.key == "factor"]
    assert header in asked.text
    assert VARIABLES[variable].unit in asked.text


@pytest.mark.parametrize(
    ("header", "variable"),
    [
        ("CRP", "crp"), ("CRP (mg/L)", "crp"), ("crp_mg_l", "crp"), ("ALT (U/l)", "alt"),
        ("Cortisol (nmol/l)", "cortisol"), ("Insulin (mU/l)", "insulin"),
        ("insulin_uIU_mL", "insulin"), ("Height in cm", "height_cm"),
        ("Hippocampus mm3", "hippocampal_volume"), ("Hippocampus (mm³)", "hippocampal_volume"),
        ("Height (cm), converted from inches", "height_cm"), ("HbA1c % (IFCC)", "hba1c"),
        ("CRP mg/L (10 times mg/dL)", "crp"), ("Follow-up years (days/365.25)", "followup_years"),
        ("Fasting hours (min. 8)", "fasting_h"), ("cortisol_morning_ml", "cortisol"),
        ("Alcohol avg week", "alcohol_g_day"), ("eGFR mL/min/1.73 m2", "egfr"),
    ],
)  # fmt: skip
def test_the_usual_unit_is_asked_about_by_nobody(header, variable):
    assert written_unit(variable, [header]) is None


def test_a_unit_to_which_no_factor_leads_is_left_to_a_person():
    guess = guessed("HbA1c (mmol/mol)", RNG.normal(38, 6, 100).round(0))
    assert guess.settings["factor"] == PLACEHOLDER
    assert "convert it in the table" in guess.questions[0].text


def test_the_factors_are_those_of_the_units():
    """Molar mass of cortisol 362.46 g/mol; 6.00 pmol in a mIU of insulin; 16.667 nkat in a U."""
    said = {name: written_unit(*of).factor for name, of in {
        "cortisol": ("cortisol", ["µg/dl"]), "insulin": ("insulin", ["pmol"]),
        "alt": ("alt", ["µkat"]), "followup": ("followup_years", ["months"]),
    }.items()}  # fmt: skip
    assert said == pytest.approx(
        {"cortisol": 1e4 / 362.46, "insulin": 1 / 6, "alt": 1e3 / 16.6667, "followup": 1 / 12},
        rel=1e-3,
    )


def test_a_few_words_that_nobody_knows_cost_no_variable_and_are_asked_about():
    smoking = ["ja"] * 60 + ["nein"] * 120 + ["Pfeife"]
    guess = guessed("Rauchen", smoking)
    assert guess.settings["recode"] == {"ja": "current", "nein": "never"}
    assert guess.settings["missing"] == ["Pfeife"]
    assert guess.questions[0].key == "missing"
    drug = ["ja"] * 60 + ["nein"] * 120 + ["vielleicht"]
    guess = guessed("Antidepressivum", drug)
    assert guess.settings["recode"] == {"ja": "yes", "nein": "no"}
    assert "vielleicht" in guess.questions[0].text


@pytest.mark.parametrize(("codes", "keys"), [("01", ["missing"]), ("12", ["recode", "missing"])])
def test_a_word_among_numbers_costs_no_variable_either(codes, keys):
    guess = guessed("Antidepressivum", [codes[0]] * 120 + [codes[1]] * 60 + ["vielleicht"])
    assert guess.settings["missing"] == ["vielleicht"]
    assert [question.key for question in guess.questions] == keys


def test_a_word_among_codes_of_smoking_is_asked_about_beside_them():
    guess = guessed("Rauchen", ["0"] * 90 + ["1"] * 60 + ["2"] * 40 + ["Pfeife"])
    assert (guess.settings["recode"], guess.settings["missing"]) == (PLACEHOLDER, ["Pfeife"])
    assert [question.key for question in guess.questions] == ["recode", "missing"]


def test_many_words_that_nobody_knows_are_nothing_that_is_known():
    cells = ["ja"] * 60 + ["nein"] * 100 + ["vielleicht"] * 40
    assert list(guess_variables(columns(Antidepressivum=cells), set())) == []


def test_free_text_has_no_place_in_a_study_file():
    cells = ["ja"] * 300 + ["nein"] * 300 + [f"siehe Brief {row}" for row in range(6)]
    assert list(guess_variables(columns(Antidepressivum=cells), set())) == []


def test_who_tells_former_smokers_apart_is_not_asked_about_them():
    guess = guessed("Rauchen", ["nie", "früher", "aktuell"] * 40)
    assert set(guess.settings["recode"].values()) == {"never", "former", "current"}
    assert guess.questions == ()
