"""Presets: valid on their own, laid under what a study says, and true to their sources' codings."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from igfmood.config.cohort import Cohort
from igfmood.config.load import parse_study, read_yaml
from igfmood.config.presets import apply_preset, preset_names, read_preset

ROOT = Path(__file__).resolve().parents[3]
PRESETS = ("case_control", "midus2", "nhanes", "ukbiobank")
SOURCES = ROOT / "tests" / "fixtures" / "sources"
EXAMPLES = {
    "nhanes_crp": "nhanes", "ukbiobank": "ukbiobank", "midus": "midus2",
    "case_control": "case_control",
}  # fmt: skip


def cohort(preset: str, **entry: object) -> Cohort:
    return Cohort.model_validate({"name": "demo", "preset": preset, "table": "demo.csv", **entry})


def test_the_presets_are_these():
    assert preset_names() == PRESETS


@pytest.mark.parametrize("preset", PRESETS)
def test_a_name_and_a_table_are_enough(preset: str):
    assert cohort(preset).columns["participant_id"].column


@pytest.mark.parametrize("preset", PRESETS)
def test_a_preset_says_what_to_confirm(preset: str):
    path = ROOT / "workflow/igfmood/config/presets" / f"{preset}.yaml"
    text = path.read_text(encoding="utf-8")
    assert text.startswith("# ")
    assert re.search(r"# confirm\b", text)


def test_what_the_entry_says_goes_before_the_preset():
    entry = apply_preset(
        {
            "preset": "nhanes",
            "columns": {"bmi": "BMI", "smoking": None},
            "phq9": {"total": "PHQ"},
            "diagnosis": None,
        }
    )
    preset = read_preset("nhanes")
    assert entry["columns"]["bmi"] == "BMI"
    assert "smoking" not in entry["columns"]
    assert entry["columns"]["sex"] == preset["columns"]["sex"]
    assert entry["phq9"] == {"total": "PHQ"}
    assert "diagnosis" not in entry


@pytest.mark.parametrize("preset", PRESETS)
def test_only_id_age_and_sex_must_be_there(preset: str):
    needed = {name for name, column in cohort(preset).columns.items() if not column.optional}
    assert needed == {"participant_id", "age_years", "sex"}


@pytest.mark.parametrize(("example", "preset"), EXAMPLES.items())
def test_examples_stand_on_their_preset(example: str, preset: str):
    given = read_yaml(ROOT / "config" / "examples" / f"{example}.yaml")
    assert {entry["preset"] for entry in given["cohorts"]} == {preset}
    assert parse_study(given).cohorts


@pytest.mark.parametrize("preset", PRESETS)
def test_fixture_studies_are_valid_and_have_a_truth(preset: str):
    study = parse_study(read_yaml(SOURCES / preset / "study.yaml"))
    truth = read_yaml(SOURCES / preset / "truth.yaml")
    assert [entry.name for entry in study.cohorts] == list(truth)


# ---- NHANES ----------------------------------------------------------------------------------


def test_nhanes_refused_and_do_not_know_are_missing_and_nothing_else_is():
    entry = cohort("nhanes").phq9
    assert entry is not None
    assert entry.items == [f"DPQ0{item}0" for item in range(1, 10)]  # not DPQ100, impairment
    assert entry.missing == ["7", "9"]


def test_nhanes_has_no_analyte_of_its_own():
    # CRP is LBXCRP in mg/dL until 2010 and LBXHSCRP in mg/L from 2015: a default would be wrong.
    assert cohort("nhanes").analyte is None
    assert cohort("nhanes").columns["crp"].column == "LBXHSCRP"


def test_nhanes_unknown_pregnancy_stays_unknown():
    entry = cohort("nhanes").columns["pregnant"]
    assert entry.recode == {"1": "yes", "2": "no"}
    assert entry.missing == ["3"]


def test_the_nhanes_example_reads_what_it_read_before():
    study = parse_study(read_yaml(ROOT / "config/examples/nhanes_crp.yaml"))
    assert [c.columns["age_years"].top_code for c in study.cohorts] == [85, 80, 80]
    smoking = ["SMQ020_or_040_repo", "SMQ040", "SMQ040"]
    assert [c.columns["smoking"].column for c in study.cohorts] == smoking
    for entry in study.cohorts:
        assert entry.columns["smoking"].recode[""] == "never"
        assert entry.columns["pregnant"].column == "pregnant_bioage"
        assert entry.diagnosis[0].cutoff == 10
        assert entry.analyte is not None
        assert (entry.analyte.unit, entry.analyte.below_limit, entry.analyte.lod) == (
            "mg/dL", ["0.01"], 0.02,
        )  # fmt: skip


# ---- UK Biobank ------------------------------------------------------------------------------


def test_ukb_items_stand_in_the_order_of_the_questionnaire():
    # Interest, mood, sleep, energy, appetite, failure, concentration, motor, self-harm.
    fields = [20514, 20510, 20517, 20519, 20511, 20507, 20508, 20518, 20513]
    entry = cohort("ukbiobank").phq9
    assert entry is not None
    assert entry.items == [f"{field}-0.0" for field in fields]


def test_ukb_answers_are_one_too_high_as_they_stand():
    entry = cohort("ukbiobank").phq9
    assert entry is not None
    assert [entry.recode[code] for code in "1234"] == ["0", "1", "2", "3"]
    assert "0" not in entry.recode
    assert {"-818", "-121"} <= set(entry.missing)
    words = ["Not at all", "Several days", "More than half the days", "Nearly every day"]
    assert [entry.recode[word] for word in words] == ["0", "1", "2", "3"]


def test_ukb_sex_is_coded_the_other_way_round():
    assert cohort("ukbiobank").columns["sex"].recode == {"0": "female", "1": "male"}


def test_ukb_columns_are_in_the_one_spelling():
    names = cohort("ukbiobank").source_columns()
    spelling = re.compile(r"eid|\d+-\d+\.(\d+|\*)")
    assert [name for name in names if not spelling.fullmatch(name)] == []
    assert "41270-0.*" in names


def test_ukb_other_diseases_do_not_undo_a_control():
    status, hospital = cohort("ukbiobank").diagnosis
    assert [status.labels[str(code)] for code in range(6)] == [
        "control", "bipolar_1", "bipolar_2", "mdd", "mdd", "mdd",
    ]  # fmt: skip
    assert (hospital.no_code, hospital.other_code) == ("unknown", "unknown")


def test_ukb_knows_how_long_the_questionnaire_came_after_the_blood_draw():
    assert cohort("ukbiobank").provides("lag_days")
    assert cohort("ukbiobank", columns={"phq9_date": None}).provides("lag_days") is False


def test_ukb_a_birth_years_ago_is_no_pregnancy():
    # An empty cell that stayed unknown would be filled from the hospital codes of all years.
    assert cohort("ukbiobank").columns["pregnant"].recode[""] == "no"


# ---- MIDUS -----------------------------------------------------------------------------------


def test_midus_cesd_is_a_cesd():
    entry = cohort("midus2")
    assert entry.phq9 is None
    assert entry.diagnosis == []
    assert entry.scales["cesd"].total == "B4QCESD"
    assert "98" in entry.scales["cesd"].missing


def test_midus_urine_cortisol_is_no_serum_cortisol():
    assert "B4BCORTL" not in cohort("midus2").source_columns()


def test_midus_sex_is_known_by_code_and_by_label():
    recode = cohort("midus2").columns["sex"].recode
    assert {recode[key] for key in ("1", "(1) MALE", "MALE")} == {"male"}
    assert {recode[key] for key in ("2", "(2) FEMALE", "FEMALE")} == {"female"}


# ---- case–control ----------------------------------------------------------------------------


def test_case_control_never_guesses_what_1_and_2_mean():
    recode = cohort("case_control").columns["sex"].recode
    assert not {"0", "1", "2"} & set(recode)


def test_case_control_leaves_labels_to_the_dictionary():
    # A label of its own here would answer for BPD, which must be asked for.
    assert cohort("case_control").diagnosis[0].labels == {}


# ---- fixtures and pages ----------------------------------------------------------------------


def test_the_fixtures_are_what_their_generator_makes(tmp_path: Path):
    subprocess.run([sys.executable, SOURCES / "make.py", tmp_path], check=True)
    made = {p.relative_to(tmp_path): p.read_bytes() for p in tmp_path.rglob("*.*")}
    assert len(made) == 21
    for path, content in made.items():
        assert (SOURCES / path).read_bytes() == content, path


@pytest.mark.parametrize("preset", PRESETS)
def test_every_preset_has_its_page(preset: str):
    text = (ROOT / "docs" / "sources" / f"{preset}.md").read_text(encoding="utf-8")
    for part in ("## What it has", "## Files", "## The shortest study", "## Traps", "## Limits"):
        assert part in text
    needed = [c.column for c in cohort(preset).columns.values() if not c.optional]
    for column in needed:
        assert column.removesuffix("-0.0") in text, column


@pytest.mark.parametrize("preset", PRESETS)
def test_the_studies_of_the_pages_are_valid(preset: str):
    text = (ROOT / "docs" / "sources" / f"{preset}.md").read_text(encoding="utf-8")
    blocks = [yaml.safe_load(block) for block in re.findall(r"```yaml\n(.*?)```", text, re.DOTALL)]
    studies = [block for block in blocks if "study" in block]
    assert studies
    for study in studies:
        assert parse_study(study).cohorts[0].preset == preset
    for fragment in (block for block in blocks if "study" not in block):
        cohort(preset, **fragment)
