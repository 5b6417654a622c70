"""Names that are not known: what was meant, and what is allowed."""

import re
from pathlib import Path

import pytest

from builders import cohort_entry, make_cohort, study_config
from igfmood.cohort.inputs import input_problems
from igfmood.config.claims import Claims
from igfmood.config.cohort import Cohort
from igfmood.config.load import check_config, parse_study
from igfmood.config.near import did_you_mean, keys_at, meant_or_allowed, not_there
from igfmood.config.study import Study
from igfmood.config.table import JoinedTable
from igfmood.config.yaml_file import read_yaml
from igfmood.errors import ConfigError

FAILURES = Path(__file__).parents[3] / "docs" / "failures.md"


def refused(config):
    with pytest.raises(ConfigError) as caught:
        parse_study(config)
    return str(caught.value)


@pytest.mark.parametrize(
    ("change", "place", "meant"),
    [
        ({"analite": {"column": "igf1"}}, "cohorts[0] (clinic) → analite", "analyte"),
        ({"format": {"delimeter": ";"}}, "cohorts[0] (clinic) → format → delimeter", "delimiter"),
        ({"diagnosis": [{"source": "labels", "colums": ["dx"]}]},
         "cohorts[0] (clinic) → diagnosis[0] → colums", "columns"),
        ({"phq9": {"totals": "phq"}}, "cohorts[0] (clinic) → phq9 → totals", "total"),
        ({"columns": {"participant_id": "id", "age_years": "a", "sex": {"colum": "s"}}},
         "cohorts[0] (clinic) → columns → sex → colum", "column"),
    ],
)  # fmt: skip
def test_a_mistyped_key_of_a_cohort_is_told_what_is_near(change, place, meant):
    text = refused(study_config(cohort_entry(**change)))
    said = re.escape(f"{place}: this key is not known; did you mean '{meant}'? allowed: ")
    found = re.search(rf"{said}([\w, ]+)", text)
    assert found, text
    assert meant in found[1].split(", ")


def test_a_mistyped_key_of_the_study_is_told_what_is_near():
    text = refused(study_config(gates={"groupsize": 20}, claim="x", colour="red"))
    assert "gates → groupsize: this key is not known; did you mean 'group_size'? allowed: " in text
    assert "claim: this key is not known; did you mean 'claims'? allowed: study, title, " in text
    assert "colour: this key is not known; allowed: study, title, " in text


def test_keys_are_those_of_the_models():
    assert keys_at(Study, ("cohorts", 3)) == list(Cohort.model_fields)
    assert keys_at(Study, ("cohorts", 0, "join", 1)) == list(JoinedTable.model_fields)
    assert "target" in keys_at(Claims, ("claims", 0, "estimand"))
    assert keys_at(Study, ("study",)) == []
    assert keys_at(Study, ("nothing", "here")) == []


def test_a_mistyped_variable_is_told_what_is_near_and_else_what_there_is():
    columns = {"participant_id": "id", "age_yaers": "age", "sex": "sex"}
    text = refused(study_config(cohort_entry(columns=columns)))
    assert "columns has unknown variables ['age_yaers']; did you mean 'age_years'?" in text
    assert "'stress_score'" not in text
    text = refused(study_config(cohort_entry(columns={**columns, "xyz": "x"})))
    assert "'xyz']; did you mean 'age_years'? allowed: ['participant_id'" in text
    rule = {"name": "fat", "variable": "bmi_", "at_least": 30}
    assert "variable 'bmi_' is not known; did you mean 'bmi'" in refused(
        study_config(cohort_entry(exclude=[rule]))
    )
    tiers = {"covariate_tiers": {"odd": ["age_yaers"]}}
    assert "unknown names ['age_yaers']; did you mean 'age_years'" in refused(study_config(**tiers))


def test_names_alike_are_found_whatever_their_case():
    assert did_you_mean("BMI", ["age", "bmi"]) == "did you mean 'bmi'?"
    assert did_you_mean("phq", ["age", "sex"]) == ""
    assert meant_or_allowed(["phq"], ["age"]) == "allowed: ['age']"
    assert meant_or_allowed(["agee"], ["age"]) == "did you mean 'age'? allowed: ['age']"


def test_a_missing_file_names_its_neighbour(tmp_path, monkeypatch):
    (tmp_path / "mein_zentrum.csv").write_text("id\n", "utf-8")
    (problem,) = input_problems(make_cohort(table="mein_zentrm.csv"), tmp_path)
    assert problem.endswith("mein_zentrm.csv is not there; did you mean 'mein_zentrum.csv'?")
    (problem,) = input_problems(make_cohort(table="clinic.csv"), tmp_path)
    assert problem.endswith(
        f"clinic.csv is not there; check data_root and table; {tmp_path} has mein_zentrum.csv"
    )
    assert not_there(tmp_path / "a.csv", "look").endswith("has mein_zentrum.csv")
    for letter in "bcdefgh":
        (tmp_path / f"{letter}.txt").touch()
    assert not_there(tmp_path / "x.csv", "look").endswith(
        "b.txt, c.txt, d.txt, e.txt, f.txt, g.txt, …"
    )
    for path in tmp_path.iterdir():
        if path.suffix == ".txt":
            path.unlink()
    assert not_there(tmp_path / "no" / "a.csv", "look") == (
        f"file {tmp_path / 'no' / 'a.csv'} is not there, nor is the folder {tmp_path / 'no'}; look"
    )
    monkeypatch.chdir(tmp_path)
    Path("claims.yaml").write_text("claims: []\n", "utf-8")
    Path("published.csv").write_text("x\n", "utf-8")
    named = {"claims": "claim.yaml", "published_evidence": "publishd.csv"}
    problems = check_config(study_config(**named)).problems
    assert "claims: file claim.yaml is not there; did you mean 'claims.yaml'?" in problems
    assert "published_evidence: file publishd.csv is not there; did you mean 'published.csv'?" in (
        problems
    )
    with pytest.raises(ConfigError, match=r"did you mean 'claims\.yaml'\?"):
        read_yaml("clams.yaml")


def test_yaml_errors_name_the_file_and_no_string(tmp_path):
    path = tmp_path / "study.yaml"
    for content in ("study: [a\n  b: c", "study: a\0b", "when: 2020-13-45"):
        path.write_text(content, "utf-8")
        with pytest.raises(ConfigError) as caught:
            read_yaml(path)
        assert f"{path} is not valid YAML: " in str(caught.value)
        assert "unicode string" not in str(caught.value)
    path.write_text("study: [a\n  b: c", "utf-8")
    with pytest.raises(ConfigError, match="in line 2, column 4"):
        read_yaml(path)


def test_the_example_of_the_page_is_what_is_said():
    page = FAILURES.read_text("utf-8")
    (shown,) = re.findall(r"```\n(The configuration has errors:\n.*?)```", page, re.DOTALL)
    config = study_config(
        cohort_entry(analyte={"column": "igf1", "unit": "ng/dL"}), study="my study",
        gates={"groupsize": 20},
    )  # fmt: skip
    assert refused(config).split() == shown.split()
