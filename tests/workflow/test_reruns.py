"""What is repeated, and what is not."""

import copy
import shutil
from pathlib import Path

from workflow.project import Project, planned_jobs, said


def test_a_second_run_does_nothing(finished: Project):
    result = finished.run()
    assert result.returncode == 0, said(result)
    assert "Nothing to be done" in said(result)


def test_adding_a_cohort_runs_its_jobs_and_the_pooled_ones_only(finished: Project, tmp_path: Path):
    project = Project(tmp_path / "copy")
    shutil.copytree(finished.folder, project.folder, symlinks=True)
    config = project.config()
    added = copy.deepcopy(config["cohorts"][0])
    added |= {"name": "clinic_2", "table": "clinic_2.csv"}
    shutil.copy2(
        project.folder / "data_synthetic/clinic.csv", project.folder / "data_synthetic/clinic_2.csv"
    )
    config["cohorts"].append(added)
    project.write(config, "config/config.yaml")
    result = project.run("--dry-run")
    assert result.returncode == 0, said(result)
    assert planned_jobs(said(result)) == {
        "participants": 1, "association": 1, "synthesis": 1, "performance": 1, "freeze": 1,
        "evidence": 1, "overlap": 1, "report": 1, "used_config": 1, "complete": 1, "all": 1,
        "operating": 1, "release": 1, "cross_validation": 1, "total": 14,
    }  # fmt: skip


def test_a_setting_reruns_only_the_stages_that_use_it(finished: Project, tmp_path: Path):
    project = Project(tmp_path / "copy")
    shutil.copytree(finished.folder, project.folder, symlinks=True)
    config = project.config() | {"resampling": {"folds": 4}}
    project.write(config, "config/config.yaml")
    jobs = planned_jobs(said(project.run("--dry-run")))
    assert "participants" not in jobs
    assert "association" not in jobs
    assert "synthesis" not in jobs
    assert (jobs["cross_validation"], jobs["performance"]) == (5, 1)


def test_a_package_edit_reruns_its_stage_and_what_follows(finished: Project, tmp_path: Path):
    project = Project(tmp_path / "copy")
    shutil.copytree(finished.folder, project.folder, symlinks=True)
    source = project.folder / "workflow/igfmood/synthesis/pool.py"
    source.write_text(source.read_text(encoding="utf-8") + "\n# edited\n", encoding="utf-8")
    jobs = planned_jobs(said(project.run("--dry-run")))
    assert "participants" not in jobs
    assert "association" not in jobs
    assert jobs["cross_validation"] == 5
    assert {"synthesis", "performance", "evidence", "report"} <= set(jobs)
