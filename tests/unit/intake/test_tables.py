"""Tables that hold no people, tables that are joined, tables that stand alone."""

import pandas as pd
import pytest

from igfmood.errors import DataError
from igfmood.intake import tables
from igfmood.intake.nature import nature_of
from igfmood.intake.recognise import recognise
from igfmood.intake.tables import recognise_tables, shared_key
from unit.intake.tables import clinic, given


@pytest.mark.parametrize(
    ("columns", "what"),
    [
        (["rsid", "chr", "pos", "effect_allele", "beta", "se", "pval"], "gene variants"),
        (["SNP", "A1", "A2", "b", "se"], "gene variants"),
        (["ldlc", "ldlcse", "hdlc", "hdlcse", "rho1"], "gene variants"),
        (["item", "sex", "age", "mu", "sigma", "nu", "tau"], "published reference"),
        (["sex", "age", "L", "M", "S"], "published reference"),
        (["sex", "age", "value", "mu", "sigma", "cdf", "sds"], "test values"),
        (["Lot", "age", "conc"], "quality control"),
    ],
)
def test_a_table_without_people_is_called_what_it_is(columns, what):
    assert what in nature_of(columns).what
    with pytest.raises(DataError, match=r"(?s)holds no people.*What it is for.*No configuration"):
        recognise(given(pd.DataFrame({name: ["1"] for name in columns})), "igf1")


@pytest.mark.parametrize(
    "columns",
    [["id", "age", "sex", "igf1", "lot", "value"], ["age", "sex", "igf1"], ["SEQN", "LBXCRP"],
     ["id", "allele1", "age", "sex", "bmi", "igf1"]],
)  # fmt: skip
def test_a_table_of_people_is_let_through(columns):
    assert nature_of(columns) is None


def test_tables_with_a_key_in_common_are_one_cohort_and_others_are_their_own():
    people = clinic()
    extra = pd.DataFrame({"id": people["id"], "hba1c": 5.4}).iloc[::-1]
    drugs = pd.DataFrame(
        {"id": people["id"].repeat(2), "drug": ["sertraline", "aspirin"] * len(people)}
    )
    others = clinic(seed=2).assign(id=lambda table: "Q" + table["id"])
    files = [given(people, "a.csv"), given(extra, "b.csv"), given(others, "c.csv"),
              given(drugs, "d.csv")]  # fmt: skip
    first, second = recognise_tables(files, "igf1")
    assert [(part.table, part.rows) for part in first.joins] == [
        ("b.csv", "one"),
        ("d.csv", "many"),
    ]
    assert second.table == "c.csv"
    assert second.joins == []
    assert first.guess("hba1c").column == "hba1c"
    assert first.guess("medication").settings["coding"] == "names"


def test_a_shared_file_is_joined_to_every_cohort_it_has_people_of():
    first, second = clinic(), clinic(seed=2).assign(id=lambda table: "Q" + table["id"])
    both = pd.DataFrame({"id": pd.concat([first["id"], second["id"]]), "atc": "N06AB06"})
    files = [given(first, "a.csv"), given(second, "b.csv"), given(both, "c.csv")]
    found = recognise_tables(files, "igf1")
    assert [[part.table for part in item.joins] for item in found] == [["c.csv"], ["c.csv"]]


def test_a_table_of_which_the_end_was_not_read_says_so(tmp_path, monkeypatch):
    monkeypatch.setattr(tables, "ROWS", 60)
    path = tmp_path / "long.csv"
    clinic().to_csv(path, index=False)
    (table,) = tables.read_tables([path], tmp_path)
    assert recognise(table, "igf1").notes == ["long.csv: only the first 60 rows were looked at"]


def test_a_key_of_another_name_must_hold_most_of_the_people():
    people = given(clinic(), "a.csv")
    other = given(pd.DataFrame({"subject": clinic()["id"], "crp": 1.5}), "b.csv")
    found = shared_key(people, other)
    assert (found.key, found.to) == ("subject", "id")
    few = given(pd.DataFrame({"subject": [f"X{k}" for k in range(50)], "crp": 1.5}), "b.csv")
    assert shared_key(people, few) is None


def test_a_known_source_is_read_by_its_preset_and_its_top_code_is_seen():
    n = 400
    table = pd.DataFrame({"SEQN": range(n), "RIAGENDR": [1, 2] * (n // 2),
                          "RIDAGEYR": [20 + k % 60 for k in range(n - 80)] + [85] * 80,
                          "pregnant_bioage": [0, 1] * (n // 2)})  # fmt: skip
    found = recognise(given(table), "igf1")
    assert found.source.preset == "nhanes"
    assert found.design == "population"
    age = found.guess("age_years")
    assert (age.settings["top_code"], age.of_preset) == (85, False)
    assert found.guess("sex").of_preset
    assert found.guess("pregnant").column == "pregnant_bioage"


def test_two_tables_of_one_shape_are_two_cohorts_though_their_people_have_the_same_numbers():
    one, two = given(clinic(seed=1), "a.csv"), given(clinic(seed=2), "b.csv")
    assert shared_key(one, two) is None
    assert [len(found.joins) for found in recognise_tables([one, two], "igf1")] == [0, 0]


def test_a_yes_or_no_about_smoking_is_asked_about_and_never_is_not():
    asked = []
    for words in (["nein", "ja"], ["never", "current"]):
        table = clinic().assign(Raucher=[words[row % 2] for row in range(120)])
        guess = recognise(given(table), "igf1").guess("smoking")
        asked.append([question.text for question in guess.questions])
    assert "former smokers" in asked[0][0]
    assert asked[1] == []


def test_words_for_not_detected_are_below_the_limit():
    table = clinic()
    table["igf1"] = table["igf1"].astype(object)
    table.loc[:2, "igf1"] = ["n.n.", "nicht nachweisbar", "u.N."]
    settings = recognise(given(table), "igf1").guess("analyte").settings
    assert set(settings["below_limit"]) == {"n.n.", "nicht nachweisbar", "u.N."}
