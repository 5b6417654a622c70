"""One run through the official plugin: it submits, sees the end, and the results are the same."""

import re
from pathlib import Path

from cluster.submit import PROFILES, Cluster, read_profile, small_project
from workflow.project import Project

COHORTS = ("imaging", "trial")
WANTED = [f"results/synthetic/cohorts/{name}/association.parquet" for name in COHORTS]
#: The first question after one second: this controller has time.
SOON = ("--slurm-init-seconds-before-status-checks", "1")


def test_two_cohorts_through_the_plugin(cluster: Cluster, local_small: Project, tmp_path: Path):
    project = small_project(tmp_path)
    earlier = len(cluster.slurm.ended())
    submission = cluster.start(project, PROFILES / "slurm", *SOON, *WANTED)
    assert submission.wait() == 0, submission.said
    (job,) = cluster.slurm.ended()[earlier:]
    assert job.state == "COMPLETED"
    (number, log) = re.findall(r"SLURM jobid (\d+) \(log: (.+)\)", submission.said)[0]
    assert int(number) == job.number
    assert Path(log).is_relative_to(project.folder / ".snakemake" / "slurm_logs")
    for path in WANTED:
        assert (project.folder / path).read_bytes() == (local_small.folder / path).read_bytes()


def test_the_traps_of_the_plugin_are_avoided():
    profile = read_profile("slurm")
    assert not [key for key in profile if "array" in key]
    assert profile["slurm-status-command"] == "squeue"  # sacct, its own choice, waits for ever
