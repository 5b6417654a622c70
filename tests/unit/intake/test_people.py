"""Id, visit, age and sex."""

import numpy as np
import pandas as pd
import pytest

from igfmood.config.cohort import ROW_NUMBER
from igfmood.intake.guess import PLACEHOLDER
from igfmood.intake.guess_people import (
    asked_about_repeats,
    guess_age,
    guess_id,
    guess_sex,
    guess_visit,
)
from unit.intake.tables import columns


@pytest.mark.parametrize("codes", [["1", "2"], ["0", "1"], ["1.0", "2.0"]])
def test_codes_of_sex_are_never_decided(codes):
    guess = guess_sex(columns(sex=codes * 20))
    assert guess.settings["recode"] == PLACEHOLDER
    low, high = (code.removesuffix(".0") for code in codes)
    assert guess.questions[0].options == (
        f"{{{low}: male, {high}: female}}", f"{{{low}: female, {high}: male}}"
    )  # fmt: skip


@pytest.mark.parametrize(
    ("values", "recode"),
    [
        (["m", "w"], {"m": "male", "w": "female"}),
        (["M", "F"], {"M": "male", "F": "female"}),
        (["Frau", "Mann"], {"Frau": "female", "Mann": "male"}),
        (["Male", "Female"], None),
    ],
)
def test_words_of_sex_are_read(values, recode):
    guess = guess_sex(columns(gender=values * 20))
    assert guess.confidence == "sure"
    assert guess.questions == ()
    assert guess.settings.get("recode") == recode


def test_a_name_that_says_what_1_is_decides():
    assert guess_sex(columns(female=["1", "0"] * 20)).settings["recode"] == {
        "1": "female", "0": "male"
    }  # fmt: skip
    assert guess_sex(columns(is_male=["1", "0"] * 20)).settings["recode"]["1"] == "male"


def test_what_one_sex_alone_is_asked_turns_the_suggestion_and_decides_nothing():
    pool = columns(sex=["1", "2"] * 30, menarche=["2", ""] * 30)
    guess = guess_sex(pool)
    assert guess.settings["recode"] == PLACEHOLDER
    assert guess.questions[0].options[0] == "{1: female, 2: male}"
    assert "menarche" in guess.questions[0].text


def test_codes_that_yaml_would_misread_are_quoted_in_the_suggestion():
    assert guess_sex(columns(sex=["no", "yes"] * 20)).questions[0].options[0] == (
        "{'no': male, 'yes': female}"
    )


def test_a_slip_of_the_pen_is_no_code():
    guess = guess_sex(columns(sex=["F", "M"] * 100 + ["x"]))
    assert guess.settings["recode"] == {"F": "female", "M": "male"}
    assert any("'x' (1 row) will be quarantined" in reason for reason in guess.reasons)


@pytest.mark.parametrize("rare", [1, 12])
def test_several_words_for_each_sex_are_read_however_rare(rare):
    cells = ["m", "w"] * 100 + ["männlich", "weiblich"] * rare + ["W", "x"]
    guess = guess_sex(columns(Geschlecht=cells))
    assert guess.questions == ()
    assert guess.settings["recode"] == {
        "m": "male", "w": "female", "männlich": "male", "weiblich": "female", "W": "female",
    }  # fmt: skip
    assert any("'x' (1 row) will be quarantined" in reason for reason in guess.reasons)
    assert not any("'weiblich'" in reason for reason in guess.reasons)


def test_words_for_one_sex_alone_are_asked_about():
    assert guess_sex(columns(sex=["k", "v"] * 30)).questions
    assert guess_sex(columns(sex=["w"] * 30)).settings["recode"] == {"w": "female"}


def test_a_rare_word_beside_codes_explains_no_code():
    guess = guess_sex(columns(sex=["1", "2"] * 200 + ["m"]))
    assert guess.settings["recode"] == PLACEHOLDER
    assert guess.questions[0].options[0] == "{1: male, 2: female}"


def test_age_in_years_with_a_code_for_missing_and_a_slip():
    guess = guess_age(columns(age=[str(age) for age in range(20, 80)] * 4 + ["999", "999", "430"]))
    assert guess.settings["missing"] == ["999"]
    assert any("1 row beyond 110" in reason for reason in guess.reasons)


def test_bands_of_age():
    assert guess_age(columns(age=["35-39", "40-44"] * 5)).settings == {"bands": True}


def test_a_top_code_is_seen_by_its_crowd():
    ages = [str(age) for age in range(20, 85) for _ in range(5)] + ["85"] * 60
    assert guess_age(columns(RIDAGEYR=ages)).settings["top_code"] == 85
    assert "top_code" not in guess_age(columns(age=ages[:-58])).settings


def test_without_age_or_sex_the_entry_says_what_that_costs():
    for guess in (guess_age(columns(x=["a", "b"])), guess_sex(columns(x=["a", "b", "c", "d"]))):
        assert guess.settings == {"optional": True}
        assert "join the file that has it" in guess.questions[0].text


def test_id_by_name_by_uniqueness_or_by_row():
    named = columns(number=["c_1", "c_2", "c_3"] * 1, value=["1", "1", "2"])
    assert (guess_id(named).column, guess_id(named).confidence) == ("number", "sure")
    nameless = columns(xyz=[f"s{row}" for row in range(9)], value=["1"] * 9)
    assert (guess_id(nameless).column, guess_id(nameless).confidence) == ("xyz", "unsure")
    assert guess_id(nameless).questions
    none = guess_id(columns(age=["20.1", "30.2", "20.1", "41.0"]))
    assert none.column == ROW_NUMBER
    assert none.questions


@pytest.mark.parametrize(
    "name", ["Patienten-ID", "patienten_id", "Patientennummer", "Teilnehmer-Nr.", "Studien_ID",
             "Pseudonym", "Probanden-Code"],
)  # fmt: skip
def test_an_id_by_name_stays_one_where_a_row_is_there_twice(name):
    ids = [f"P{row:03d}" for row in range(60)]
    guess = guess_id(columns(**{name: [*ids, ids[7]], "Alter": ["30.5"] * 61}))
    assert (guess.column, guess.confidence) == (name, "sure")
    assert "60 people in 61 rows" in guess.reasons
    assert guess.questions == ()


def test_a_name_that_ends_in_id_is_asked_about_and_stands_before_what_is_unique():
    ids = [f"K{row:03d}" for row in range(60)]
    pool = columns(stamp=[f"t{row}" for row in range(61)], **{"Kohorten-ID": [*ids, ids[7]]})
    guess = guess_id(pool)
    assert (guess.column, guess.confidence) == ("Kohorten-ID", "unsure")
    assert guess.reasons == ("every row has another value, but for 1 row",)
    assert guess.questions
    site = columns(site_id=["A", "B"] * 30)
    assert guess_id(site).column == ROW_NUMBER


def test_a_visit_tells_the_rows_of_a_person_apart():
    people = pd.Series(np.repeat([f"p{k}" for k in range(20)], 3))
    pool = columns(pid=people, week=["0", "4", "8"] * 20, session=["1"] * 60)
    guess = guess_visit(pool, guess_id(pool))
    assert guess.column == "week"
    assert guess.settings["baseline"] == "0"
    named = columns(pid=people, visit=["month 6", "baseline", "month 1"] * 20)
    assert guess_visit(named, guess_id(named)).settings["baseline"] == "baseline"


def test_a_session_of_people_who_come_once_is_no_visit():
    pool = columns(id=[f"p{k}" for k in range(20)], session=["1", "2"] * 10)
    assert guess_visit(pool, guess_id(pool)) is None


def test_people_in_several_rows_without_a_visit_are_asked_about():
    pool = columns(SEQN=[str(n // 2) for n in range(40)], drug=["SERTRALINE", "NONE"] * 20)
    asked = asked_about_repeats(pool, guess_id(pool))
    assert "20 people stand in 40 rows" in asked.questions[-1].text
    once = columns(SEQN=[str(n) for n in range(40)])
    assert asked_about_repeats(once, guess_id(once)).questions == ()


def test_one_impossible_age_is_no_code_for_missing():
    ages = [str(20 + n % 50) for n in range(200)]
    assert "missing" not in guess_age(columns(age=[*ages, "-4"])).settings
    assert guess_age(columns(age=[*ages, "-4", "-4"])).settings["missing"] == ["-4"]
    assert guess_age(columns(age=[*ages, "-9"])).settings["missing"] == ["-9"]
