"""Faults as a user meets them who types snakemake."""

import json
from typing import Any

import pytest
import yaml

from faults import sound
from workflow.project import Project, make_project, said


@pytest.fixture
def project(tmp_path) -> Project:
    """A copy of the project with the sound table as its only cohort."""
    project = make_project(tmp_path)
    (tmp_path / "data").mkdir()
    sound.file(sound.SOUND)(tmp_path / "data")
    (tmp_path / "claims.yaml").write_text(sound.CLAIMS, encoding="utf-8")
    return project


def study(project: Project, *entries: dict[str, Any], more: str = "") -> str:
    """Write a study file and return its name."""
    text = yaml.safe_dump(sound.study(*entries), sort_keys=False) + more
    (project.folder / "study.yaml").write_text(text, encoding="utf-8")
    return "study.yaml"


def test_every_fault_of_files_and_keys_is_told_at_once_before_any_job(project: Project):
    (project.folder / "data/cut.csv.gz").write_bytes(b"\x1f\x8b\x08\x00\x00")
    (project.folder / "data/zeros.csv").write_bytes(b"id\0,age\0")
    entries = [
        sound.entry(table="../clinic.csv"),
        sound.entry(name="cut", table="cut.csv.gz"),
        sound.entry(name="zeros", table="zeros.csv"),
        sound.entry(name="gone", table="gone.xpt"),
        sound.entry(name="shape", columns={"bmi": "body_mass"}),
    ]
    name = study(project, *entries, more="title: one\ntitle: another\n")
    result = project.run("-n", "--configfile", name)
    text = said(result)
    assert result.returncode != 0
    assert "Traceback" not in text
    for phrase in (
        "key 'title' stands twice", "'../clinic.csv' must lie below data_root",
        "data/cut.csv.gz cannot be read", "data/zeros.csv cannot be read: it holds zero bytes",
        "file data/gone.xpt is not there", "column 'body_mass' is not in data/clinic.csv",
    ):  # fmt: skip
        assert phrase in text, (phrase, text)
    assert not (project.folder / "results").exists()


def test_a_broken_published_table_is_told_before_any_job(project: Project):
    table = (project.folder / "config/published_evidence.csv").read_text(encoding="utf-8")
    broken = table.replace(",157,40,120,33,", ",157,-40,120,33,")
    (project.folder / "papers.csv").write_text(broken, encoding="utf-8")
    name = study(project, more="published_evidence: papers.csv\n")
    result = project.run("-n", "--configfile", name)
    text = said(result)
    assert result.returncode != 0
    assert "Traceback" not in text
    assert (
        "papers.csv, line 2 (Deuschle 1997), column 'sd_case': expected a number above 0, "
        "found '-40': correct it"
    ) in text
    (project.folder / "papers.csv").write_text(table, encoding="utf-8")
    assert project.run("-n", "--configfile", name).returncode == 0


def test_a_tag_in_the_study_runs_nothing(project: Project):
    name = study(project, more="title: !!python/object/apply:os.system ['touch executed']\n")
    result = project.run("-n", "--configfile", name)
    assert result.returncode != 0
    assert "not valid JSON or YAML" in said(result)
    assert "Traceback" not in said(result)
    assert not (project.folder / "executed").exists()


def test_bad_rows_cost_themselves_and_nothing_else(project: Project):
    table = sound.text_of(sound.changed({(5, "igf1"): "=cmd|' /C calc'!A0", (6, "bmi"): "@SUM(1)"}))
    sound.file(table + "P061,40\n")(project.folder / "data")
    folder = project.folder / "results/faults"
    target = "results/faults/cohorts/clinic/participants.parquet"
    result = project.run("--configfile", study(project), "--", target, cores=1)
    assert result.returncode == 0, said(result)
    flow = json.loads((folder / "cohorts/clinic/flow.json").read_text(encoding="utf-8"))
    assert (flow["rows_in"], flow["quarantined"], flow["analysed"]) == (61, 3, 58), said(result)
    lost = (folder / "private/clinic/quarantine.csv").read_text(encoding="utf-8")
    assert "5,igf1,'=cmd|' /C calc'!A0,is not a number" in lost
    assert "6,bmi,'@SUM(1),\"is not a number: correct it" in lost
    assert "61,id,,row has another number of fields than the header" in lost
