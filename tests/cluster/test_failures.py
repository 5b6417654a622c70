"""Jobs that SLURM ends: cancelled, out of time, out of memory.

Shown: each is reported by name with what SLURM says of it, and tried again with more; the study
then comes to the same results as without trouble.
"""

import os
import re
import shutil
import signal
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from cluster.slurm import NODES, Ended, wait_for
from cluster.submit import (
    PATIENCE,
    PROFILES,
    Cluster,
    Submission,
    differences,
    read_profile,
    small_project,
)
from workflow.project import Project

#: MB of a rule. A job of a cohort asks for two of them, which run side by side. Each of its rules
#: takes more than that by itself (some 270 MB), for seconds: SLURM looks once a second.
TOO_LITTLE = 110
#: The same when it is tried again: more than both take at once (some 470 MB).
ENOUGH = 4 * TOO_LITTLE


@dataclass(frozen=True)
class Troubled:
    """A study with every trouble in it, finished all the same."""

    project: Project
    submission: Submission
    ended: list[Ended]
    cancelled: int
    hung: int

    def of(self, name: str) -> list[Ended]:
        """Return the jobs whose name begins so, in the order in which they were submitted."""
        found = [job for job in self.ended if job.name.startswith(name)]
        return sorted(found, key=lambda job: job.number)

    def told(self, number: int) -> str:
        """Return what the status command told of a job that failed."""
        found = re.search(
            rf"^SLURM job {number} .*\n(?:  .*\n)*", self.submission.said, re.MULTILINE
        )
        assert found is not None, f"nothing was said of SLURM job {number}"
        return found[0]


def strained_profile(folder: Path) -> Path:
    """Write a profile in which cohorts ask for too little memory, and the worlds for a minute."""
    shutil.copytree(PROFILES / "slurm-generic", folder, dirs_exist_ok=True)
    profile = read_profile("slurm-generic")
    profile["group-components"]["cohorts"] = 1
    for rule in ("participants", "association", "cross_validation"):
        profile["set-resources"][rule]["mem_mb"] = f"{TOO_LITTLE} if attempt == 1 else {ENOUGH}"
    profile["set-resources"]["operating"]["runtime"] = "attempt * 1"
    (folder / "config.yaml").write_text(yaml.safe_dump(profile), encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def run(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Troubled:
    profile = strained_profile(tmp_path_factory.mktemp("strained"))
    project = small_project(tmp_path_factory.mktemp("troubled"))
    slurm = cluster.slurm
    earlier = len(slurm.ended())
    submission = cluster.start(project, profile)

    def first(name: str) -> int:
        wait_for(
            lambda: slurm.running(name) or submission.process.poll() is not None, PATIENCE, name
        )
        assert submission.process.poll() is None, submission.said
        return slurm.running(name)[0]

    hung = first("operating")
    wait_for(lambda: list(slurm.processes(hung)), 60, "the processes of a job")
    for process in slurm.processes(hung):
        os.kill(process, signal.SIGSTOP)  # it does nothing more, until its time is up
    cancelled = first("pooled")
    slurm.run("scancel", str(cancelled))
    assert submission.wait() == 0, submission.said
    return Troubled(project, submission, slurm.ended()[earlier:], cancelled, hung)


def test_a_cancelled_job_is_named_and_tried_again(run: Troubled):
    first, second = run.of("pooled")
    assert (first.number, first.state, second.state) == (run.cancelled, "CANCELLED", "COMPLETED")
    told = run.told(first.number)
    assert f"({first.name}) on {first.node}: CANCELLED" in told
    assert "Error in group pooled" in run.submission.said


def test_a_job_out_of_time_is_named_and_tried_again_with_more(run: Troubled):
    (first,) = (job for job in run.ended if job.number == run.hung)
    assert (first.state, first.limit) == ("TIMEOUT", "1")
    told = run.told(first.number)
    assert f"({first.name}) on {first.node}: TIMEOUT" in told
    assert "DUE TO TIME LIMIT" in told
    assert "Error in rule operating" in run.submission.said
    again = [job for job in run.of("operating") if job.number > first.number and job.limit != "1"]
    assert again
    assert again[-1].state == "COMPLETED"


def test_a_job_out_of_memory_is_named_and_tried_again_with_more(run: Troubled):
    jobs = run.of("cohorts")
    killed = [job for job in jobs if job.state != "COMPLETED"]
    assert len(killed) == 3
    for job in killed:
        assert f"mem={2 * TOO_LITTLE}M" in job.asked
        told = run.told(job.number)
        assert f"({job.name}) on {job.node}: " in told
        assert "Exceeded job memory limit" in told
    again = [job for job in jobs if job.state == "COMPLETED"]
    assert [job.asked.split("mem=")[1].split(",")[0] for job in again] == [f"{2 * ENOUGH}M"] * 3
    assert "Error in group cohorts" in run.submission.said


def test_cohorts_and_worlds_spread_over_the_nodes(run: Troubled):
    for name in ("cohorts", "operating"):
        assert {job.node for job in run.of(name)} == set(NODES), name


def test_the_results_are_those_of_this_machine(run: Troubled, local_small: Project):
    different, compared = differences(run.project.results(), local_small.results())
    assert different == []
    assert compared > 50
