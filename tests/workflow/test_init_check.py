"""From real and synthetic tables to configurations that `check` accepts, by the command line."""

from pathlib import Path

import pytest
import yaml

from igfmood.cli import main
from igfmood.config.cohort import Cohort
from igfmood.intake.init import draft
from igfmood.intake.marks import marks
from unit.intake.answers import answered

ROOT = Path(__file__).parents[2]

PEOPLE = [
    ["igf1/juul.csv"],
    ["questionnaires/phq9_items_2177_brighten_perla.csv"],
    ["coding/depresjon_scores.csv"],
    ["coding/ds002748_participants.tsv"],
    ["coding/ds003653_participants.tsv"],
    ["nhanes/nhanes_2005_2006.csv.gz"],
    ["nhanes/nhanes_2007_2008.csv.gz", "nhanes/nhanes_2009_2010.csv.gz",
     "nhanes/nhanes_rx_2007_2010.csv.gz"],
]  # fmt: skip
OTHERS = {
    "genetics/mendelianrandomization_calcium_correlated.csv": "gene variants",
    "genetics/mendelianrandomization_lipids_chd.csv": "gene variants",
    "genetics/twosamplemr_bmi_chd_harmonised.csv": "gene variants",
    "genetics/ukb_igf1_gwas_lead_variants_sinnott2021.csv": "gene variants",
    "igf1/reference_life_bcpe.csv": "a published reference",
    "igf1/reference_life_sds_vectors.csv": "test values of a reference",
    "igf1/assay_qc_lots.csv": "quality control of an assay",
}
SYNTHETIC = {
    cohort["name"]: cohort
    for cohort in yaml.safe_load((ROOT / "config/config.yaml").read_text("utf-8"))["cohorts"]
}


@pytest.fixture(autouse=True)
def _at_the_root(monkeypatch):
    monkeypatch.chdir(ROOT)


def accepted(tables, path, capsys, *options):
    """Start a study from tables, answer it by its first suggestions, and check it."""
    assert main(["init", *map(str, tables), "-o", str(path), *options]) == 0
    assert f"igfmood check {path.as_posix()}" in capsys.readouterr().out
    text = path.read_text(encoding="utf-8")
    assert marks(text), "whoever starts a study has something to confirm"
    assert main(["check", str(path)]) == 1, "a guess that nobody confirmed is refused"
    capsys.readouterr()
    path.write_text(answered(text), encoding="utf-8")
    code = main(["check", str(path)])
    return code, capsys.readouterr()


@pytest.mark.shared
@pytest.mark.parametrize("files", PEOPLE, ids=lambda files: Path(files[0]).name)
def test_a_table_of_people_becomes_a_study_that_check_accepts(files, shared, tmp_path, capsys):
    tables = [shared / "data" / name for name in files]
    code, told = accepted(tables, tmp_path / "mine.yaml", capsys)
    assert code == 0, told


@pytest.mark.shared
@pytest.mark.parametrize(("name", "what"), OTHERS.items(), ids=lambda value: Path(value).name)
def test_a_table_without_people_is_refused_with_what_it_is(name, what, shared, tmp_path, capsys):
    path = tmp_path / "mine.yaml"
    assert main(["init", str(shared / "data" / name), "-o", str(path)]) == 1
    told = capsys.readouterr().err
    assert told.startswith(f"igfmood: {Path(name).name} holds no people: it looks like {what}")
    assert "What it is for:" in told
    assert not path.exists()


@pytest.mark.shared
def test_juul_is_asked_about_its_coding_and_suggests_what_is_true(shared):
    # 1 boy, 2 girl; ug/L = ng/mL; most are children (data/README.md of the reference data).
    text = draft([shared / "data/igf1/juul.csv"]).text
    questions = {mark.text: mark for mark in marks(text)}
    sex = next(mark for text, mark in questions.items() if text.startswith("Which code"))
    assert sex.options[0] == "{1: male, 2: female}"
    assert any("Is the unit ng/mL?" in question for question in questions)
    assert any("number of the row" in question for question in questions)


@pytest.mark.shared
def test_nhanes_and_its_prescriptions(shared):
    folder = shared / "data/nhanes"
    tables = [folder / "nhanes_2005_2006.csv.gz", folder / "nhanes_2007_2008.csv.gz",
              folder / "nhanes_rx_2007_2010.csv.gz"]  # fmt: skip
    first, second = draft(tables, "crp").cohorts.values()
    assert first.source.preset == second.source.preset == "nhanes"
    # Top-coded at 85 in 2005-2006, at 80 later, which the preset knows.
    assert first.guess("age_years").settings["top_code"] == 85
    assert second.guess("age_years").of_preset
    assert (first.joins, [part.rows for part in second.joins]) == ([], ["many"])
    # 0.01 is written below the limit of 0.02 mg/dL.
    settings = first.guess("analyte").settings
    assert (settings["unit"], settings["below_limit"], settings["lod"]) == ("mg/dL", ["0.01"], 0.02)


@pytest.mark.parametrize("name", SYNTHETIC)
def test_a_synthetic_table_becomes_a_study_that_check_accepts(name, tmp_path, capsys):
    table = ROOT / "data_synthetic" / SYNTHETIC[name]["table"]
    code, told = accepted([table], tmp_path / "mine.yaml", capsys)
    assert code == 0, told


SOURCES = {
    "midus2": ["midus2/midus2_p4.sav"],
    "ukbiobank": ["ukbiobank/ukb_rap.csv"],
    "nhanes": [f"nhanes/{name}.xpt" for name in
               ("DEMO_F", "DPQ_F", "BMX_F", "CRP_F", "SMQ_F", "RXQ_RX_F")],
    "case_control": ["case_control/german.csv"],
}  # fmt: skip


@pytest.mark.parametrize("name", SOURCES)
def test_made_tables_of_known_sources_become_studies(name, tmp_path, capsys):
    tables = [ROOT / "tests/fixtures/sources" / table for table in SOURCES[name]]
    code, told = accepted(tables, tmp_path / "mine.yaml", capsys)
    assert code == 0, told
    entry = yaml.safe_load((tmp_path / "mine.yaml").read_text(encoding="utf-8"))["cohorts"][0]
    assert entry.get("preset") == (None if name == "case_control" else name)
    assert len(entry.get("join", [])) == len(tables) - 1


def mapping(entry):
    """Return every statement of a cohort's entry that a table could tell, by its place."""
    cohort = Cohort.model_validate(entry)
    found = {"design": cohort.design, "baseline": cohort.baseline, "missing": cohort.missing}
    for name, column in cohort.columns.items():
        found[f"columns.{name}"] = column.column
        for key in ("recode", "missing"):
            found[f"columns.{name}.{key}"] = getattr(column, key) or None
    for key in ("column", "unit", "missing", "below_limit", "lod", "batch"):
        found[f"analyte.{key}"] = getattr(cohort.analyte, key) or None
    unit = found["analyte.unit"]
    found["analyte.unit"] = "ng/mL" if unit == "ug/L" else unit  # the same
    found["phq9"] = (cohort.phq9.items, cohort.phq9.total, sorted(cohort.phq9.missing))
    found["diagnosis"] = [(entry.source, entry.columns) for entry in cohort.diagnosis]
    return {key: value for key, value in found.items() if value not in (None, [])}


def test_nine_in_ten_statements_of_the_default_study_are_recognised():
    told = right = 0
    wrong = []
    for name, entry in SYNTHETIC.items():
        text = answered(draft([ROOT / "data_synthetic" / entry["table"]]).text)
        guessed = mapping(yaml.safe_load(text)["cohorts"][0])
        for key, value in mapping(entry).items():
            told += 1
            right += guessed.get(key) == value
            wrong += [] if guessed.get(key) == value else [f"{name}.{key}"]
    # What a table does not say: which code is which sex, the laboratory's limit, that the arms of
    # a trial are all patients.
    assert told > 90
    assert right / told > 0.9, wrong
    assert {"clinic.columns.sex", "register.columns.age_years", "population.phq9"}.isdisjoint(wrong)
