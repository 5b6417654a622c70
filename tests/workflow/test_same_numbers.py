"""What must change no number: the count of cores, the order of cohorts."""

import shutil
from pathlib import Path

import pandas as pd

from workflow.project import Project, make_project, planned_jobs, said

#: Endings of the files that two runs of a study write alike.
COMPARED = (".parquet", ".json", ".csv", ".html", ".png", ".yaml", ".txt", ".xlsx")


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
