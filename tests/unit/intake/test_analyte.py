"""The analyte: unit by name and by magnitude, detection limit, codes, batch."""

import numpy as np
import pandas as pd
import pytest

from igfmood.intake.guess import PLACEHOLDER
from igfmood.intake.guess_analyte import guess_analyte, guess_igfbp3
from unit.intake.tables import columns, given


def values(median, n=200, spread=0.25):
    logs = np.random.default_rng(2).normal(np.log(median), spread, n)
    return pd.Series(np.exp(logs - np.median(logs) + np.log(median)).round(3)).astype(object)


def recognised(name="igf1", cells=None, analyte="igf1", **others):
    frame = pd.DataFrame({name: values(150) if cells is None else cells, **others})
    return guess_analyte(given(frame).profiles, analyte, None)


def asked(guess, key):
    return [question for question in guess.questions if question.key == key]


@pytest.mark.parametrize(
    ("median", "unit"),
    [(15.9, "nmol/L"), (13.9, "nmol/L"), (21.4, "nmol/L"), (121.6, "ng/mL"), (240, "ng/mL"),
     (313.5, "ng/mL"), (140_000, "pg/mL")],
)  # fmt: skip
def test_a_unit_guessed_from_the_magnitude_is_always_a_question(median, unit):
    # Medians: ELSA, LASA and UK Biobank in nmol/L, ELSA in ng/mL, Juul's children.
    guess = recognised(cells=values(median))
    assert guess.settings["unit"] == unit
    assert asked(guess, "unit")


@pytest.mark.parametrize("median", [42, 60, 78])
def test_between_the_units_nothing_is_written(median):
    guess = recognised(cells=values(median))
    assert guess.settings["unit"] == PLACEHOLDER
    assert asked(guess, "unit")[0].options == ("nmol/L", "ng/mL", "pg/mL")


@pytest.mark.parametrize(
    ("name", "median", "unit"),
    [("IGF1_ng_ml", 150, "ng/mL"), ("igf1_nmol", 20, "nmol/L"), ("IGF-1 (ug/L)", 150, "ug/L"),
     ("igf1 [nmol/l]", 20, "nmol/L"), ("f.30770.0.0", 21, "nmol/L")],
)  # fmt: skip
def test_a_unit_in_the_name_that_fits_is_no_question(name, median, unit):
    guess = recognised(name, values(median))
    assert guess.settings["unit"] == unit
    assert not asked(guess, "unit")


def test_a_unit_in_the_name_that_the_values_contradict_is_a_question():
    guess = recognised("IGF1_ng_ml", values(20))
    assert guess.settings["unit"] == PLACEHOLDER
    assert asked(guess, "unit")[0].options == ("ng/mL", "nmol/L")


def test_adults_decide_where_ages_are_known():
    cells = pd.concat([values(350, 300), values(30, 60)], ignore_index=True)
    age = pd.Series([9.0] * 300 + [40.0] * 60)
    frame = given(pd.DataFrame({"igf1": cells}))
    age.index = frame.raw.index
    assert guess_analyte(frame.profiles, "igf1", age).settings["unit"] == "nmol/L"


def test_a_crowd_at_the_bottom_is_the_limit_over_root_2():
    cells = pd.concat(
        [values(140, spread=0.45).clip(lower=55.3), pd.Series([38.9] * 12)], ignore_index=True
    )
    guess = recognised(cells=cells)
    assert guess.settings["below_limit"] == ["38.9"]
    assert guess.settings["lod"] == pytest.approx(55.0)
    assert asked(guess, "lod")


def test_words_and_zeros_below_the_limit_need_its_confirmation():
    cells = pd.concat(
        [values(140, spread=0.45).clip(lower=60), pd.Series(["<LOD"] * 4)], ignore_index=True
    )
    guess = recognised(cells=cells)
    assert (guess.settings["below_limit"], guess.settings["lod"]) == (["<LOD"], 60)
    assert asked(guess, "lod")
    zeros = recognised(cells=pd.concat([values(140), pd.Series([0] * 4)], ignore_index=True))
    assert zeros.settings["below_limit"] == ["0"]


def test_a_limit_in_the_cell_speaks_for_itself():
    cells = pd.concat([values(140), pd.Series(["<25"] * 4)], ignore_index=True)
    guess = recognised("IGF1_ng_ml", cells)
    assert "below_limit" not in guess.settings
    assert any("<25" in reason for reason in guess.reasons)
    assert guess.questions == ()


@pytest.mark.parametrize(
    ("low", "words"),
    [(["<25"], "1 value (<25) is read"), (["<25"] * 3, "3 values such as <25 are read")],
)
def test_values_below_the_limit_are_counted_in_words(low, words):
    guess = recognised(cells=pd.Series([*values(150), *low]))
    assert any(words in reason for reason in guess.reasons), guess.reasons


def test_negative_codes_are_asked_about_and_slips_are_not_codes():
    cells = pd.concat([values(20), pd.Series([-9] * 4 + [-1] * 6 + [-56])], ignore_index=True)
    guess = recognised("igf1_nmol", cells)
    assert guess.settings["missing"] == ["-9"]
    assert guess.settings["below_limit"] == ["-1"]
    assert asked(guess, "missing")
    assert any("1 negative value" in reason for reason in guess.reasons)


def test_batch_by_its_name():
    plates = [f"P{k % 4}" for k in range(200)]
    assert recognised(plate=plates).settings["batch"] == "plate"
    asked_about = recognised(lab=[str(k % 3) for k in range(200)])
    assert asked(asked_about, "batch")


def test_other_substances():
    crp = recognised("LBXCRP", values(0.2, spread=1.0), "crp")
    assert crp.settings["unit"] == "mg/dL"
    assert recognised("crp", values(0.5), "crp").settings["unit"] == PLACEHOLDER
    assert recognised(analyte="bdnf") is None
    insulin = recognised("LBXIN", values(9, spread=0.5), "insulin")
    assert insulin.settings["unit"] == "uIU/mL"
    assert recognised("Insulin_mU_L", values(9), "insulin").settings["unit"] == "mU/L"
    assert recognised("insulin_pmol", values(60), "insulin").settings["unit"] == "pmol/L"
    assert recognised("insulin", values(60), "insulin").settings["unit"] == "pmol/L"
    # What its name says and its size contradicts is asked.
    assert recognised("insulin_uU_ml", values(60), "insulin").settings["unit"] == PLACEHOLDER
    assert recognised("cortisol", values(420), "cortisol").settings["unit"] == "nmol/L"
    assert recognised("cortisol", values(12), "cortisol").settings["unit"] == PLACEHOLDER
    binding = guess_igfbp3(columns(IGFBP3=values(4.2)))
    assert binding.settings["unit"] == "mg/L"
    assert binding.questions
