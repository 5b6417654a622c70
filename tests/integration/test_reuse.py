"""The workflow as a part of another one, from another folder, and with conda."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from workflow.project import FAST, ROOT, make_project, planned_jobs

#: Answers what Snakemake asks conda before it plans; a dry run asks for nothing else.
CONDA = """#!/bin/sh
case "$*" in
  "info --json") echo '{"conda_version": "25.5.1", "platform": "linux-64", "active_prefix": null,
    "root_prefix": "/opt/conda", "conda_prefix": "/opt/conda", "default_prefix": "/opt/conda"}' ;;
  *--version*) echo "conda 25.5.1" ;;
  *"config"*) echo '{"get": {"channel_priority": "strict"}}' ;;
  *) echo "asked: $*" >&2; exit 1 ;;
esac
"""


def snakemake(folder: Path, *arguments: str, path: str = "") -> subprocess.CompletedProcess[str]:
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    environment["PATH"] = (
        f"{path}{os.pathsep}{environment['PATH']}" if path else environment["PATH"]
    )
    return subprocess.run(
        [sys.executable, "-m", "snakemake", "--cores", "2", "--nocolor", *arguments],
        cwd=folder, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip


@pytest.fixture
def study() -> dict[str, object]:
    """One cohort of the default study, found from any folder."""
    config = yaml.safe_load((ROOT / "config/config.yaml").read_text(encoding="utf-8"))
    places = {
        "data_root": str(ROOT / "data_synthetic"), "claims": str(ROOT / "config/claims.yaml"),
        "published_evidence": None,
    }  # fmt: skip
    return config | FAST | places | {"cohorts": config["cohorts"][:1]}


def test_another_workflow_takes_the_study_with_its_own_settings_and_folders(study, tmp_path):
    shutil.copy2(Path(__file__).parent / "Snakefile", tmp_path)
    larger = {"igfmood": str(ROOT / "workflow/Snakefile"), "study": study}
    (tmp_path / "larger.yaml").write_text(yaml.safe_dump(larger), encoding="utf-8")
    whole = snakemake(tmp_path, "--dry-run", "mood/results/release/results.xlsx")
    assert whole.returncode == 0, whole.stderr
    assert {"mood_participants", "mood_report", "mood_release"} <= set(planned_jobs(whole.stdout))
    done = snakemake(tmp_path)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "summary.txt").read_text(encoding="utf-8").strip() == "16"
    assert (tmp_path / "mood/logs/evidence.log").is_file()
    assert (tmp_path / "mood/benchmarks/evidence.tsv").is_file()
    assert not (tmp_path / "results").exists()


def test_a_run_in_another_folder_leaves_the_repository_as_it_is(study, tmp_path):
    file = tmp_path / "study.yaml"
    file.write_text(yaml.safe_dump(study | {"study": "elsewhere"}), encoding="utf-8")
    target = "results/elsewhere/cohorts/clinic/association.parquet"
    done = snakemake(
        tmp_path, "--snakefile", str(ROOT / "Snakefile"), "--directory", str(tmp_path / "made"),
        "--configfile", str(file), "--", target,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "made" / target).is_file()
    assert not (ROOT / "results/elsewhere").exists()


def test_conda_would_make_the_environment_that_the_rules_name(tmp_path):
    folder, tools = tmp_path / "project", tmp_path / "tools"
    folder.mkdir()
    tools.mkdir()
    project = make_project(folder)
    (tools / "conda").write_text(CONDA, encoding="utf-8")
    (tools / "conda").chmod(0o755)
    done = snakemake(project.folder, "--sdm", "conda", "--dry-run", path=str(tools))
    assert done.returncode == 0, done.stderr
    said = done.stdout + done.stderr
    assert "environment.yml" in said
    assert "will be created" in said
