"""The study file: valid once answered, refused before, every guess with its reason."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

from igfmood.config.load import check_config, parse_study
from igfmood.config.vocabulary import SUBSTANCES
from igfmood.errors import ConfigError
from igfmood.intake.analytes import ANALYTES
from igfmood.intake.init import draft
from igfmood.intake.marks import marks, refuse_unconfirmed
from igfmood.intake.names import synonyms
from igfmood.intake.write import slug
from igfmood.intake.yaml_lines import WIDTH, pair, scalar
from unit.intake.answers import answered
from unit.intake.tables import clinic


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    clinic().to_csv("clinic.csv", index=False)
    return tmp_path


def test_an_answered_file_is_the_study_that_the_table_holds(folder):
    text = draft([folder / "clinic.csv"]).text
    study = parse_study(yaml.safe_load(answered(text)))
    (cohort,) = study.cohorts
    assert (study.study, study.data_root, cohort.table) == ("clinic", ".", "clinic.csv")
    assert cohort.columns["sex"].recode == {"1": "male", "2": "female"}
    assert (cohort.analyte.column, cohort.analyte.unit) == ("igf1", "ng/mL")
    assert cohort.phq9.items[0] == "phq9_1"
    assert cohort.diagnosis[0].labels == {"MDD": "mdd", "HC": "control"}
    assert "# sure: name; median" in text
    assert marks(answered(text)) == []


def test_a_file_that_is_not_answered_is_refused_by_the_models_and_by_its_marks(folder):
    drafted = draft([folder / "clinic.csv"])
    drafted.write()
    problems = check_config(yaml.safe_load(drafted.text)).problems
    assert any("sex" in problem and "CONFIRM" in problem for problem in problems)
    lines = drafted.text.splitlines()
    for mark in marks(drafted.text):
        assert "CONFIRM:" in lines[mark.line - 1]
    with pytest.raises(ConfigError, match=rf"clinic.yaml:{marks(drafted.text)[0].line}: "):
        refuse_unconfirmed([drafted.path])
    drafted.path.write_text(answered(drafted.text), encoding="utf-8")
    refuse_unconfirmed([drafted.path])


def test_a_file_that_is_there_is_not_written_over(folder):
    drafted = draft([folder / "clinic.csv"])
    drafted.write()
    with pytest.raises(ConfigError, match="--force"):
        drafted.write()
    drafted.write(force=True)


def test_names_study_and_output(folder):
    (folder / "config").mkdir()
    assert draft([folder / "clinic.csv"]).path.as_posix() == "config/clinic.yaml"
    drafted = draft([folder / "clinic.csv"], "igf1", "My cohort!", "first study", folder / "x.yaml")
    assert list(drafted.cohorts) == ["My_cohort"]
    assert yaml.safe_load(drafted.text)["study"] == "first_study"
    assert drafted.path == folder / "x.yaml"
    clinic(seed=2).assign(id=lambda t: "Q" + t["id"]).to_csv("clinic_2.csv", index=False)
    two = draft([folder / "clinic.csv", folder / "clinic_2.csv"])
    assert list(two.cohorts) == ["clinic", "clinic_2"]


def test_children_are_left_out_by_a_rule_that_is_asked_about(folder):
    clinic().assign(age=[10, 40] * 60).to_csv("young.csv", index=False)
    text = draft([folder / "young.csv"]).text
    assert any("50% of the people are younger than 18" in mark.text for mark in marks(text))
    (rule,) = parse_study(yaml.safe_load(answered(text))).cohorts[0].include
    assert (rule.variable, rule.at_least) == ("age_years", 18)


def test_without_controls_the_curve_is_learned_from_all(folder):
    clinic().drop(columns=["dx", *(f"phq9_{k}" for k in range(1, 10))]).to_csv("a.csv", index=False)
    (cohort,) = parse_study(yaml.safe_load(answered(draft([folder / "a.csv"]).text))).cohorts
    assert cohort.reference.people == "all"
    assert (cohort.phq9, cohort.diagnosis) == (None, [])


@pytest.mark.parametrize("analyte", ANALYTES)
def test_every_substance_has_names_a_study_entry_and_units(folder, analyte):
    assert synonyms()["analytes"].keys() == ANALYTES.keys() >= set(SUBSTANCES)
    table = clinic().rename(columns={"igf1": synonyms()["analytes"][analyte]["names"][0]})
    table.to_csv(folder / "other.csv", index=False)
    study = parse_study(yaml.safe_load(answered(draft([folder / "other.csv"], analyte).text)))
    found = study.analyte
    assert (found.name, found.label) == (analyte, ANALYTES[analyte].label)
    assert study.cohorts[0].analyte is not None
    for one in ANALYTES[analyte].magnitudes:
        assert not one.unit or not found.lacks(one.unit)


def test_a_substance_that_a_preset_has_for_a_covariate_can_be_the_analyte(folder):
    table = pd.DataFrame({
        "SEQN": range(1, 61), "RIDAGEYR": range(20, 80), "RIAGENDR": [1, 2] * 30,
        "BMXBMI": 25.0, "LBXHSCRP": np.linspace(0.5, 9, 60), "SDMVPSU": 1, "SDMVSTRA": 1,
        "WTMEC2YR": 1.0, **{f"DPQ{k}0": [0, 1, 2] * 20 for k in "123456789"},
    }).rename(columns={f"DPQ{k}0": f"DPQ0{k}0" for k in "123456789"})  # fmt: skip
    table.to_csv(folder / "nhanes.csv", index=False)
    drafted = draft([folder / "nhanes.csv"], "crp")
    (found,) = drafted.cohorts.values()
    assert found.source is not None
    assert found.guess("analyte").columns == ("LBXHSCRP",)
    (cohort,) = parse_study(yaml.safe_load(answered(drafted.text))).cohorts
    assert (cohort.analyte.column, cohort.analyte.unit) == ("LBXHSCRP", "mg/L")


def test_another_substance_needs_other_claims(folder):
    text = draft([folder / "clinic.csv"], "crp").text
    study = parse_study(yaml.safe_load(answered(text)))
    assert (study.analyte.name, study.analyte.unit, study.analyte.molar_mass) == (
        "crp",
        "mg/L",
        None,
    )
    assert study.cohorts[0].analyte is None
    assert any("claims speak of IGF-1" in mark.text for mark in marks(text))


def test_not_done_or_not_detected_is_asked(folder):
    table = clinic()
    table["igf1"] = table["igf1"].astype(object)
    table.loc[3, "igf1"] = "n.d."
    table.to_csv("nd.csv", index=False)
    assert any("not detected?" in mark.text for mark in marks(draft([folder / "nd.csv"]).text))


@pytest.mark.parametrize(
    "cell", ["a: b", "# x", "- x", "{x}", "yes", "no", "~", "007", "1e3", "''", '"', "ä ö", "*x"]
)
def test_any_label_of_a_table_becomes_valid_yaml(folder, cell):
    table = clinic()
    table.loc[5, "dx"] = cell
    table.to_csv("odd.csv", index=False)
    (cohort,) = parse_study(yaml.safe_load(answered(draft([folder / "odd.csv"]).text))).cohorts
    assert cell in cohort.diagnosis[0].labels


def test_columns_that_are_called_like_numbers_or_marks(folder):
    names = {"dx": "1", "phq9_1": "[a]", "igf1": "igf1: ng/mL #", "bmi": "'bmi'"}
    clinic().rename(columns=names).to_csv("odd.csv", index=False)
    (cohort,) = parse_study(yaml.safe_load(answered(draft([folder / "odd.csv"]).text))).cohorts
    assert cohort.diagnosis[0].columns == ["1"]
    assert cohort.analyte.column == "igf1: ng/mL #"
    assert cohort.columns["bmi"].column == "'bmi'"


def test_lines_read_back_as_they_were_and_fit_the_page():
    value = [f"a_rather_long_column_name_{k}" for k in range(9)]
    lines = pair("items", value, 6, "sure: because")
    assert yaml.safe_load("\n".join(lines)) == {"items": value}
    assert max(map(len, lines)) <= WIDTH
    assert scalar({"1": "male", "02": "x"}) == "{1: male, '02': x}"
    assert slug("a/b c.ü") == "a_b_c"


def test_rows_stand_for_people_where_no_column_does(folder):
    clinic().drop(columns="id")[["age", "sex", "igf1", "dx"]].to_csv("noid.csv", index=False)
    text = draft([folder / "noid.csv"]).text
    (cohort,) = parse_study(yaml.safe_load(answered(text))).cohorts
    assert cohort.columns["participant_id"].column == "<row>"
    assert any("number of the row" in mark.text for mark in marks(text))


def test_other_variables_are_written_with_their_codes(folder):
    n = 120
    table = clinic(n).assign(
        smoker=["ja", "nein"] * (n // 2), pregnant=["1", "2"] * (n // 2), height=1.7,
        LBXCRP=0.2, blood_date="2019-03-04", questionnaire_date="04.03.2019",
        score=pd.Series(range(n)),
    )  # fmt: skip
    table.to_csv("more.csv", index=False)
    text = draft([folder / "more.csv"]).text
    found = parse_study(yaml.safe_load(answered(text))).cohorts[0].columns
    assert found["smoking"].recode == {"ja": "current", "nein": "never"}
    assert found["pregnant"].recode == {"1": "yes", "2": "no"}
    assert (found["height_cm"].factor, found["crp"].factor) == (100, 10)
    assert found["phq9_date"].date_format == "%d.%m.%Y"
    assert "Nothing was made of: score" in text


def test_a_study_is_called_as_its_file_unless_it_is_named(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    clinic().to_csv("ward.csv", index=False)
    for output, study, expected in (
        (Path("config/mine.yaml"), "", "mine"),
        (Path("config/mine.yaml"), "other", "other"),
        (None, "", "ward"),
    ):
        text = draft([Path("ward.csv")], study=study, output=output).text
        assert f"\nstudy: {expected} # results go to results/{expected}\n" in text
        assert f"\ntitle: {expected} # headline of the report: say here what" in text
