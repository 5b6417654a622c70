"""The default study on a cluster, through plain sbatch, with a submit process that is killed.

Shown: jobs run on both nodes, in few jobs that are not short; a run that is started again repeats
only what was not finished; the results are those of this machine, byte for byte.
"""

import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from cluster.slurm import NODES, Ended, wait_for
from cluster.submit import PATIENCE, PROFILES, Cluster, Submission, differences
from workflow.project import ROOT, Project, make_project, said

PROFILE = PROFILES / "slurm-generic"
#: Seconds. Jobs are grouped to take half a minute on two slow cores; on the fastest seen the report
#: took 19 s.
SHORT = 12


@dataclass(frozen=True)
class Resumed:
    """A study whose submit process was killed once, and what SLURM did before and after."""

    project: Project
    killed: Submission
    finished: Submission
    lived_on: list[int]
    before: list[Ended]
    after: list[Ended]


def documented(start: str) -> str:
    """Return the command of docs/cluster.md that begins so."""
    page = (ROOT / "docs" / "cluster.md").read_text(encoding="utf-8")
    (found,) = re.findall(rf"^ *({re.escape(start)}.*)$", page, flags=re.MULTILINE)
    return str(found)


@pytest.fixture(scope="module")
def run(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Resumed:
    project = make_project(tmp_path_factory.mktemp("default"))
    slurm = cluster.slurm
    killed = cluster.start(project, PROFILE)

    def both_run() -> bool:
        assert killed.process.poll() is None, killed.said
        return bool(slurm.running("operating") and slurm.running("pooled"))

    wait_for(both_run, PATIENCE, "the jobs that follow the cohorts")
    killed.kill()
    lived_on = slurm.running("")
    subprocess.run(  # noqa: S602 - the page's own line
        documented("squeue"), shell=True, cwd=project.folder, env=slurm.environment, check=True
    )
    wait_for(lambda: not slurm.running(""), 60, "the cancelled jobs")
    before = slurm.ended()
    unlocked = project.run("--unlock")
    assert unlocked.returncode == 0, said(unlocked)
    finished = cluster.start(project, PROFILE)
    assert finished.wait() == 0, finished.said
    return Resumed(project, killed, finished, lived_on, before, slurm.ended()[len(before) :])


def test_the_first_lines_say_that_the_profile_is_used_and_the_jobs_go_elsewhere(run: Resumed):
    lines = run.finished.said.splitlines()
    assert lines[0] == f"Using profile {PROFILE} for setting default command line arguments."
    assert "Provided remote nodes: 50" in lines
    assert not [line for line in lines if line.startswith("Provided cores")]


def test_the_jobs_ran_in_slurm_on_both_nodes(run: Resumed):
    submitted = re.findall(
        r"Submitted (?:group )?job .* with external jobid '(\d+)'", run.finished.said
    )
    assert sorted(map(int, submitted)) == sorted(job.number for job in run.after)
    assert {job.node for job in run.after} == set(NODES)
    assert {job.state for job in run.after} == {"COMPLETED"}


def test_chains_of_short_jobs_are_one_job(run: Resumed):
    names = [job.name.split("_")[0] for job in run.after]
    assert sorted(names) == ["operating", "pooled", "report"]
    done = [job for job in run.before + run.after if job.state == "COMPLETED"]
    for job in done:
        print(f"{job.seconds:4d} s on {job.node}: {job.name} ({job.asked})")
    assert {job.name: job.seconds for job in done if job.seconds < SHORT} == {}


def test_jobs_outlive_the_process_that_submitted_them(run: Resumed):
    assert len(run.lived_on) == 2
    assert {job.number for job in run.before if job.state == "CANCELLED"} == set(run.lived_on)


def test_a_rerun_repeats_only_what_was_not_finished(run: Resumed):
    (cohorts,) = (job for job in run.before if job.state == "COMPLETED")
    assert cohorts.name.startswith("cohorts")
    assert not [job for job in run.after if job.name.startswith("cohorts")]
    assert not re.search(
        "reading, coding|estimating|cross-validating|looking for the same people", run.finished.said
    )


def test_the_results_are_those_of_this_machine(run: Resumed, local_default: Path):
    different, compared = differences(run.project.results(), local_default)
    assert different == []
    assert compared > 50
