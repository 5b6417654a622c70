"""Jobs and Snakemake are killed, at any moment: what was done stays, what was begun is no file."""

import os
import signal
from pathlib import Path

import pytest

from faults.interrupted.runs import (
    RESULTS,
    files_of,
    kill,
    left_over,
    processes_of,
    run,
    start,
    times_of,
    wait_until,
)
from workflow.project import Project

#: Put into every Python of a run: dies as a file of that name is about to appear.
CUT_OFF = """
import os, pathlib, signal
_replace = pathlib.Path.replace
def replace(self, target):
    if self.name.endswith(".part") and pathlib.Path(target).name == os.environ.get("CUT_OFF"):
        os.kill(os.getpid(), signal.SIGKILL)
    return _replace(self, target)
pathlib.Path.replace = replace
"""
#: One file of each job that writes, in an order in which each needs those before.
WRITTEN = {
    "used_config": "config.used.yaml",
    "withheld": "blind/flows.json",
    "blind": "blind.html",
    "participants": "cohorts/clinic/participants.parquet",
    "association": "cohorts/clinic/association.parquet",
    "cross_validation": "cohorts/clinic/cross_validation.parquet",
    "overlap": "pooled/overlap.json",
    "synthesis": "pooled/synthesis.parquet",
    "performance": "pooled/performance.parquet",
    "operating": "pooled/operating/0.parquet",
    "freeze": "release/models/not_built.csv",
    "evidence": "pooled/verdicts.json",
    "report": "report.html",
    "release": "release/results.xlsx",
    "complete": "complete.txt",
}


def test_a_killed_job_is_named_and_only_it_is_repeated(study: Project, expected: dict[str, str]):
    running = start(study)
    kill(running.until("performance"))
    assert running.wait() != 0
    assert "Error in rule performance" in running.said()
    assert "logs/performance.log" in running.said()
    folder = study.folder / RESULTS
    assert not (folder / "pooled/performance.parquet").exists()
    done_before = times_of(study, "cohorts", "pooled")
    assert len(done_before) >= 2 * 4 + 1
    again = run(study)
    assert again.process.returncode == 0, again.said()
    assert times_of(study, "cohorts", "pooled").items() >= done_before.items()
    assert files_of(study) == expected


def test_killed_in_the_middle_of_each_write(
    study: Project, expected: dict[str, str], tmp_path_factory: pytest.TempPathFactory
):
    patch = tmp_path_factory.mktemp("patch")
    (patch / "sitecustomize.py").write_text(CUT_OFF, encoding="utf-8")
    for job, name in WRITTEN.items():
        path = study.folder / RESULTS / name
        target = f"{RESULTS}/release/models" if job == "freeze" else f"{RESULTS}/{name}"
        cut = {"PYTHONPATH": str(patch), "CUT_OFF": path.name}
        done = run(study, "--", target, environment=cut)
        assert done.process.returncode != 0, f"{job} was not cut off:\n{done.said()}"
        assert f"Error in rule {job}" in done.said()
        assert not path.exists(), f"{name} is there"
    beside = ("blind.html", WRITTEN["operating"])
    again = run(study, "--", "all", *(f"{RESULTS}/{name}" for name in beside))
    assert again.process.returncode == 0, again.said()
    found = files_of(study)
    others = [name for name in found if name.startswith(("blind", "pooled/operating"))]
    assert len(others) > 3
    assert {name: found[name] for name in found if name not in others} == expected
    assert not left_over(study)


def test_killed_snakemake_leaves_a_lock_that_says_what_to_do(
    study: Project, expected: dict[str, str]
):
    running = start(study)
    job = running.until("performance")
    kill(running.process.pid)
    running.wait()
    refused = run(study)
    assert refused.process.returncode != 0
    assert "--unlock" in refused.said()
    # The job that lost its Snakemake is not waited for.
    if Path(f"/proc/{job}").exists():
        kill(job)
    wait_until(lambda: not processes_of(study, "performance"))
    assert run(study, "--unlock").process.returncode == 0
    again = run(study, "--rerun-incomplete")
    assert again.process.returncode == 0, again.said()
    assert files_of(study) == expected
    assert not left_over(study)


def test_interrupted_by_its_user_it_goes_on_where_it_was(study: Project, expected: dict[str, str]):
    running = start(study)
    running.until("performance")
    os.killpg(running.process.pid, signal.SIGINT)
    assert running.wait() != 0
    assert "Traceback" not in running.said()
    wait_until(lambda: not processes_of(study, "performance"))
    again = run(study)
    assert again.process.returncode == 0, again.said()
    assert "rule overlap" not in again.said()
    assert files_of(study) == expected
