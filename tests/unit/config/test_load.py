"""What a wrong configuration is told: every problem at once, with place, value and remedy."""

import math
import re
from pathlib import Path

import pytest

from builders import cohort_entry, make_study, study_config, write_table
from igfmood.cohort.inputs import load_study
from igfmood.config.load import check_config, parse_study, read_yaml, refusal
from igfmood.config.study import Study
from igfmood.errors import ConfigError
from oracle_files import REPOSITORY

CLAIM = """claims:
  - id: lower
    statement: IGF-1 is lower in depression.
    category: susceptibility
    estimand: {analysis: contrast, target: %s, measure: smd, adjustment: %s}
"""


def refused(config):
    with pytest.raises(ConfigError) as caught:
        parse_study(config)
    return str(caught.value)


def test_all_errors_are_shown_at_once_with_place_value_and_allowed():
    bad = cohort_entry(design="cross-over", analyte={"column": "igf1", "unit": "ng/dL"})
    text = refused(study_config(bad, seed="many", level=2, colour="red"))
    assert text.count("\n") == 5, text
    assert "cohorts[0] (clinic) → design: allowed: 'case_control'" in text
    assert "found 'cross-over'" in text
    assert "cohorts[0] (clinic) → analyte → unit: allowed: 'ng/mL'" in text
    assert "found 'ng/dL'" in text
    assert "seed:" in text
    assert "found 'many'" in text
    assert "level: input should be less than 1; found 2" in text
    assert "colour: this key is not known" in text


def test_contradictions_of_one_entry_are_shown_together_each_with_its_number():
    text = refused(
        study_config(
            added_value=["base", "nothing"],
            covariate_tiers={"odd": ["shoe_size"]},
            resampling={"folds": 20},
            gates={"class_size": 10},
        )
    )
    assert "added_value has unknown names ['nothing']" in text
    assert "covariate_tiers.odd has unknown names ['shoe_size']" in text
    assert "resampling.folds (20) cannot exceed gates.class_size (10)" in text
    numbered = [line.split()[0] for line in text.splitlines()[1:]]
    assert numbered == ["1.", "2.", "3."]


def test_so_are_those_of_a_cohort_and_of_a_claim(tmp_path, monkeypatch):
    entry = cohort_entry(columns={"participant_id": "id"}, baseline="1", phq9=None)
    problems = check_config(study_config(entry)).problems
    assert [text.split(": ")[0] for text in problems] == ["cohorts[0] (clinic)"] * 2
    assert "columns lacks" in problems[0]
    assert "both columns.visit and baseline" in problems[1]
    monkeypatch.chdir(tmp_path)
    write_table(tmp_path, CLAIM % ("depression", "adjusted") + "    kind: diagnostic\n", "c.yaml")
    problems = check_config(study_config(claims="c.yaml")).problems
    assert len(problems) == 3
    assert all(text.startswith("c.yaml: claims[0] (lower): ") for text in problems)


def test_every_error_of_a_claims_file_has_its_own_number(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_table(tmp_path)
    text = (CLAIM % ("depression", "adjusted")).replace("}", ", populaton: women}")
    write_table(tmp_path, f"{text}    direction: less\n", "claims.yaml")
    with pytest.raises(ConfigError) as caught:
        load_study(study_config(claims="claims.yaml", data_root=str(tmp_path)))
    title, first, second = str(caught.value).splitlines()
    assert title == "The configuration has errors:"
    assert first.startswith("  1. claims.yaml: claims[0] (lower) → estimand → populaton: ")
    assert second.startswith("  2. claims.yaml: claims[0] (lower) → direction: allowed: 'lower'")
    assert len(caught.value.problems) == 2


def test_a_refusal_names_the_files_that_the_study_was_read_from():
    error = ConfigError("The configuration has errors:\n  1. seed")
    assert refusal(error, ["config/mine.yaml"]).splitlines()[:2] == [
        "config/mine.yaml cannot be run:", "The configuration has errors:",
    ]  # fmt: skip
    assert refusal(error, ["a.yaml", "b.yaml"]).startswith("a.yaml with b.yaml cannot be run:\n")
    assert refusal(error, []) == str(error)
    # Snakemake gives whole paths.
    assert refusal(error, [Path("config/mine.yaml").resolve()]).startswith(
        "config/mine.yaml cannot"
    )


def test_no_tier_adjusts_the_analyte_for_itself():
    crp = {"name": "CRP", "label": "CRP", "unit": "mg/L"}
    tiers = {"covariate_tiers": {"plain": ["bmi"], "odd": ["bmi", "crp"]}}
    text = refused(study_config(analyte=crp, **tiers))
    assert text.count("which is the analyte itself") == 1
    assert (
        "covariate_tiers.odd names 'crp', which is the analyte itself (analyte.name is 'CRP')"
        in (text)
    )
    assert "take 'crp' out of the tier" in text
    predicted = {"prediction_tiers": {"base": ["age_years", "crp"], "base_analyte": ["analyte"]}}
    text = refused(study_config(analyte=crp, **predicted))
    assert "prediction_tiers.base names 'crp', which is the analyte itself" in text
    # Of another analyte it is a covariate like others.
    assert parse_study(study_config(**tiers)).covariate_tiers["odd"] == ["bmi", "crp"]


def test_nor_under_another_name():
    entry = cohort_entry()
    entry["analyte"] = {"column": "LBXHSCRP", "unit": "mg/L"}
    entry["columns"]["crp"] = "LBXHSCRP"
    given = {"analyte": {"name": "hscrp", "label": "hsCRP", "unit": "mg/L"}}
    text = refused(study_config(entry, covariate_tiers={"odd": ["crp"]}, **given))
    assert "columns.crp of cohort 'clinic' and its analyte are both column 'LBXHSCRP'" in text
    parse_study(study_config(entry, covariate_tiers={"plain": ["bmi"]}, **given))


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"tabel": "x.csv"}, "cohorts[0] (clinic) → tabel"),
        ({"format": {"delimeter": ";"}}, "cohorts[0] (clinic) → format → delimeter"),
        (
            {"columns": {"participant_id": "id", "age_years": "a", "sex": {"col": "s"}}},
            "cohorts[0] (clinic) → columns → sex → col",
        ),
    ],
)
def test_unknown_keys_are_errors_at_every_depth(change, place):
    assert f"{place}: this key is not known" in refused(study_config(cohort_entry(**change)))


def test_yaml_booleans_as_codes_are_refused_and_as_meanings_are_words():
    text = refused(study_config(cohort_entry(missing=[True])))
    assert "cohorts[0] (clinic) → missing[0]" in text
    assert "put the code in quotes" in text
    columns = {"participant_id": "id", "age_years": "age", "sex": "sex"}
    flag = {**columns, "pregnant": {"column": "p", "recode": {1: True, 2: False}}}
    study = parse_study(study_config(cohort_entry(columns=flag)))
    assert study.cohorts[0].columns["pregnant"].recode == {"1": "yes", "2": "no"}
    wrong = {**columns, "pregnant": {"column": "p", "recode": {True: "yes"}}}
    assert "put the code in quotes" in refused(study_config(cohort_entry(columns=wrong)))


def test_numbers_that_are_codes_become_text():
    study = parse_study(study_config(cohort_entry(missing=[-9, 99.5])))
    assert study.cohorts[0].missing == ["-9", "99.5"]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"columns": {"participant_id": "id", "sex": "sex"}}, "columns lacks ['age_years']"),
        ({"baseline": "1"}, "needs both columns.visit and baseline"),
        ({"diagnosis": {"source": "phq9"}}, "diagnosis from phq9 needs the phq9 entry"),
        ({"phq9": {"items": ["a", "b"]}}, "items needs 9 columns, found 2"),
        ({"phq9": {}}, "give items (nine columns), total (one column), or both"),
        ({"analyte": {"column": "x", "unit": "ng/mL", "below_limit": [0]}}, "add lod"),
        (
            {"diagnosis": {"source": "labels", "columns": ["d"], "labels": {"x": "sad"}}},
            "stand for no diagnosis",
        ),
        (
            {"exclude": [{"name": "p", "variable": "pregnant", "equals": ["yes"]}]},
            "rule 'p' needs pregnant, which columns does not name",
        ),
        (
            {"include": [{"name": "s", "variable": "sex", "below": 3}]},
            "below needs a number; sex is none",
        ),
        (
            {"include": [{"name": "a", "variable": "age_years", "below": 3, "at_least": 1}]},
            "exactly one of",
        ),
    ],
)
def test_contradictions_in_a_cohort_are_told(change, told):
    assert told in refused(study_config(cohort_entry(**change)))


def test_what_nobody_has_answered_is_told_as_such():
    entry = cohort_entry(columns={"participant_id": "id", "age_years": "age",
                                  "sex": {"column": "sex", "recode": "CONFIRM"}})  # fmt: skip
    assert "not answered yet; write what the question asks for" in refused(study_config(entry))


def test_names_must_be_unique_and_safe_as_file_names():
    assert "share the name ['clinic']" in refused(study_config(cohort_entry(), cohort_entry()))
    assert "allowed: letters, digits" in refused(study_config(cohort_entry("../clinic")))
    assert "'pooled'" in refused(study_config(cohort_entry("pooled")))


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_numbers_must_be_finite(value):
    rule = {"name": "r", "variable": "age_years", "below": value}
    assert "below" in refused(study_config(cohort_entry(include=[rule])))


def test_molar_unit_needs_a_molar_mass():
    entry = cohort_entry(analyte={"column": "igf1", "unit": "nmol/L"})
    assert "needs analyte.molar_mass" in refused(study_config(entry, analyte={"molar_mass": None}))
    found = refused(study_config(entry, analyte={"name": "bdnf", "label": "BDNF"}))
    assert "cohorts (clinic).analyte.unit 'nmol/L' needs analyte.molar_mass (g/mol)" in found
    assert "add that of BDNF" in found
    published = cohort_entry(reference={"table": "life.csv", "unit": "pmol/L"})
    found = refused(study_config(published, analyte={"name": "bdnf"}))
    assert "cohorts (clinic).reference.unit 'pmol/L' needs analyte.molar_mass" in found


def test_units_of_activity_become_others_only_by_the_weight_of_a_milliunit():
    activity = cohort_entry(analyte={"column": "ins", "unit": "uIU/mL"})
    insulin = {"name": "insulin", "label": "Insulin", "molar_mass": 5808}
    parse_study(study_config(activity, analyte={**insulin, "unit": "mU/L"}))
    for unit in ("ng/mL", "pmol/L"):
        found = refused(study_config(activity, analyte={**insulin, "unit": unit}))
        assert "'uIU/mL' needs analyte.ng_per_mu (ng in one mU)" in found
        parse_study(study_config(activity, analyte={**insulin, "unit": unit, "ng_per_mu": 34.7}))


def test_a_study_is_frozen_and_survives_being_written_for_a_stage():
    study = make_study("clinic", "register", level=0.9)
    with pytest.raises(ValueError, match="frozen"):
        study.level = 0.8
    for stage in ("normalise", "association", "synthesis", "performance", "evidence"):
        assert Study.model_validate(study.for_stage(stage)).level == 0.9
    part = Study.model_validate(study.for_stage("association", "register"))
    assert [cohort.name for cohort in part.cohorts] == ["register"]
    assert part.cohorts[0] == study.cohort("register")


def test_snakemake_keys_are_not_of_the_study():
    assert parse_study({**study_config(), "pathvars": {"results": "x"}}).study == "demo"


@pytest.fixture
def claims(tmp_path):
    path = tmp_path / "claims.yaml"
    path.write_text(CLAIM % ("depression", "adjusted"), encoding="utf-8")
    return path


def load(tmp_path, claims, *cohorts):
    return load_study(study_config(*cohorts, data_root=str(tmp_path), claims=str(claims)))


def test_a_study_whose_files_are_there_loads(tmp_path, claims):
    write_table(tmp_path)
    assert load(tmp_path, claims).cohort("clinic").table == "clinic.csv"


def test_missing_file_and_missing_column_name_their_cohorts_together(tmp_path, claims):
    write_table(tmp_path, "id,age,sex,dx\n")
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, claims, cohort_entry(), cohort_entry("other", table="gone.csv"))
    text = str(caught.value)
    assert "cohort 'clinic': column 'igf1' is not in" in text
    assert "the file has: id, age, sex, dx" in text
    assert "cohort 'other': file" in text


def test_where_the_table_itself_is_wrongly_described_no_column_is_missed(tmp_path, claims):
    write_table(tmp_path, "id,age,gender,dx,igf1\n")
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, claims, cohort_entry(format={"header_row": 0}))
    assert "format" in str(caught.value)
    assert "is not in" not in str(caught.value)


def test_what_is_wrong_is_not_taken_from_the_preset_in_its_place():
    entry = {"name": "a", "table": "a.csv", "preset": "nhanes", "colour": "blue", "exclude": 7,
             "columns": {"bmi": {"column": "mine", "factor": "no"}}}  # fmt: skip
    checked = check_config(study_config(entry))
    assert len(checked.problems) == 3
    (cohort,) = checked.in_part
    assert cohort.columns["age_years"].column == "RIDAGEYR"
    assert cohort.columns["bmi"].column == "mine"
    assert cohort.exclude == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"analyte": {"column": "igf1", "unit": "ng per cup", "assay": "x"}},
        {"columns": {**cohort_entry()["columns"], "shoe_size": "shoes"}},
        {"columns": {**cohort_entry()["columns"], "bmi": {"recode": 7}}},
        {"columns": {**cohort_entry()["columns"], "sex": {"column": "sex", "recode": "CONFIRM"}}},
        {"colour": "blue"},
    ],
)
def test_what_is_wrong_in_a_cohort_hides_no_column_that_its_file_lacks(tmp_path, claims, wrong):
    write_table(tmp_path, "id,age,gender,dx,igf1\n")
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, claims, cohort_entry(**wrong))
    text = str(caught.value)
    assert re.search(rf"cohorts\[0\] \(clinic\).{{1,3}}{next(iter(wrong))}", text)
    assert "cohort 'clinic': column 'sex' is not in" in text


@pytest.mark.parametrize(
    ("target", "tier", "told"),
    [
        ("mania", "adjusted", "claim 'lower': target 'mania'"),
        ("depression", "crude", "claim 'lower': adjustment 'crude'"),
    ],
)
def test_claims_that_name_an_unknown_task_or_tier_are_refused(tmp_path, claims, target, tier, told):
    write_table(tmp_path)
    claims.write_text(CLAIM % (target, tier), encoding="utf-8")
    with pytest.raises(ConfigError, match="allowed") as caught:
        load(tmp_path, claims)
    assert told in str(caught.value)


def test_claims_file_that_is_missing_or_wrong_is_told(tmp_path, claims):
    write_table(tmp_path)
    with pytest.raises(ConfigError, match=r"claims: file .*gone.yaml is not there"):
        load(tmp_path, tmp_path / "gone.yaml")
    for change in ("    margin: -1\n", "    colour: red\n", "    kind: diagnostic\n"):
        claims.write_text(CLAIM % ("depression", "adjusted") + change, encoding="utf-8")
        with pytest.raises(ConfigError, match=r"claims\[0\] \(lower\)"):
            load(tmp_path, claims)


def test_yaml_that_is_none_is_told(tmp_path):
    path = tmp_path / "x.yaml"
    for content, told in (("a: [1", "not valid YAML"), ("- 1", "found list")):
        path.write_text(content, encoding="utf-8")
        with pytest.raises(ConfigError, match=told):
            read_yaml(path)
    with pytest.raises(ConfigError, match="is not there"):
        read_yaml(tmp_path / "gone.yaml")


def test_committed_studies_are_valid():
    folder = REPOSITORY / "config"
    files = [*folder.glob("*.yaml"), *(folder / "examples").glob("*.yaml")]
    studies = [path for path in files if "claims" not in path.name]
    assert len(studies) > 1
    for path in studies:
        assert parse_study(read_yaml(path)).cohorts, path
