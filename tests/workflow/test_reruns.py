"""What is repeated, what is not, and that repetition changes nothing."""

import copy
import shutil
from pathlib import Path

import pandas as pd

from workflow.project import Project, make_project, planned_jobs, said

#: Endings of the files that two runs of a study write alike.
COMPARED = (".parquet", ".json", ".csv", ".html", ".png", ".yaml", ".txt", ".xlsx")


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
        "operating": 1, "release": 1, "total": 13,
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
    assert jobs["performance"] == 1


def test_a_package_edit_reruns_its_stage_and_what_follows(finished: Project, tmp_path: Path):
    project = Project(tmp_path / "copy")
    shutil.copytree(finished.folder, project.folder, symlinks=True)
    source = project.folder / "workflow/igfmood/synthesis/pool.py"
    source.write_text(source.read_text(encoding="utf-8") + "\n# edited\n", encoding="utf-8")
    jobs = planned_jobs(said(project.run("--dry-run")))
    assert "participants" not in jobs
    assert "association" not in jobs
    assert {"synthesis", "performance", "evidence", "report"} <= set(jobs)


def test_one_core_and_two_write_the_same_bytes(fast: Project, tmp_path: Path):
    alone = make_project(tmp_path)
    alone.write(fast.config(), "config/config.yaml")
    shutil.copy2(fast.folder / "config/synthetic.lock.json", alone.folder / "config")
    result = alone.run(cores=1)
    assert result.returncode == 0, said(result)
    compared = 0
    for path in sorted(fast.results().rglob("*")):
        # The crate alone tells when a run began and ended.
        if path.suffix in COMPARED and path.name != "ro-crate-metadata.json":
            other = alone.results() / path.relative_to(fast.results())
            assert path.read_bytes() == other.read_bytes(), path.name
            compared += 1
    assert compared > 20
    assert list(fast.results().glob("release/models/*/*.json"))


def test_order_of_cohorts_does_not_change_a_number(fast: Project, tmp_path: Path):
    project = Project(tmp_path / "copy")
    shutil.copytree(fast.folder, project.folder, symlinks=True)
    config = fast.config()
    project.write(config | {"cohorts": config["cohorts"][::-1]}, "config/config.yaml")
    # Of validation a unit test says the same.
    target = "results/synthetic/pooled/synthesis.parquet"
    result = project.run("--", target)
    assert result.returncode == 0, said(result)
    # Jobs of single cohorts know of no other, and so of no order.
    assert planned_jobs(said(result)) == {"overlap": 1, "synthesis": 1, "total": 2}
    columns = [
        "cohort",
        "analysis",
        "target",
        "adjustment",
        "stratum",
        "term",
        "measure",
        "estimate",
        "se",
    ]
    first, second = (
        pd.read_parquet(one.folder / target, columns=columns) for one in (fast, project)
    )
    keys = columns[:-2]
    pd.testing.assert_frame_equal(
        first.sort_values(keys, ignore_index=True), second.sort_values(keys, ignore_index=True)
    )
