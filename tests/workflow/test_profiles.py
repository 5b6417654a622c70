"""The profiles for clusters: in step with the rules and with each other, and hard to miss.

What they do in a real SLURM is shown in ``tests/cluster``.
"""

import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from workflow.project import ROOT, Project, rules, said

PROFILES = {
    name: yaml.safe_load((ROOT / f"workflow/profiles/{name}/config.yaml").read_text("utf-8"))
    for name in ("slurm", "slurm-generic")
}
RULES = rules()
LOCAL = {"overlap", "used_config", "complete"}
#: MB of the Snakemake that runs inside a job.
WITHIN = 250


def need(rule: str, resource: str) -> str:
    """Return what a rule says of a resource: a number, or an expression of its input."""
    found = re.search(
        rf"^ +{resource}=(?:lambda wildcards, input: )?(.+),$", RULES[rule], re.MULTILINE
    )
    assert found is not None
    return found[1]


def test_light_jobs_alone_run_beside_snakemake():
    assert {name for name, text in RULES.items() if "localrule: True" in text} == LOCAL


@pytest.mark.parametrize("profile", PROFILES)
def test_a_profile_asks_for_what_each_rule_says_it_needs_and_more_with_each_attempt(profile: str):
    expected = {
        name: {
            "mem_mb": f"attempt * ({WITHIN} + {need(name, 'mem_mb')})",
            "runtime": f"attempt * {need(name, 'runtime')}",
        }
        for name in set(RULES) - LOCAL
    }
    # A participants table has no size yet when a group that makes it is submitted: the first rule
    # asks for the two that follow it side by side.
    parts = [
        re.findall(r"\d+", need(name, "mem_mb")) for name in ("association", "cross_validation")
    ]
    base, per_mb = (sum(map(int, numbers)) for numbers in zip(*parts, strict=True))
    chain = f"int({base} + {per_mb} * input.size_mb)"
    expected["participants"]["mem_mb"] = f"attempt * ({WITHIN} + {chain})"
    assert PROFILES[profile]["set-resources"] == expected
    assert PROFILES[profile]["retries"] == 2


@pytest.mark.parametrize("profile", PROFILES)
def test_short_jobs_are_grouped(profile: str):
    groups = PROFILES[profile]["groups"]
    assert set(groups) == set(RULES) - LOCAL - {"operating"}
    assert set(PROFILES[profile]["group-components"]) <= set(groups.values())


def test_the_profiles_differ_in_the_executor_alone():
    own = ("executor", "cluster-generic", "slurm", "default-resources", "seconds", "max-status")
    one, other = (
        {key: value for key, value in profile.items() if not key.startswith(own)}
        for profile in PROFILES.values()
    )
    assert one == other


def test_no_rule_knows_a_platform_or_repeats_itself():
    text = "".join(RULES.values()) + (ROOT / "workflow/Snakefile").read_text(encoding="utf-8")
    assert not re.search(r"retries|group|attempt|slurm|sbatch|partition|account|cluster|kube", text)


@pytest.mark.parametrize("profile", PROFILES)
def test_a_dry_run_with_a_profile_says_so_and_plans_the_groups(profile: str, project: Project):
    place = f"workflow/profiles/{profile}"
    done = project.run("--dry-run", "--profile", place)
    assert done.returncode == 0, said(done)
    assert done.stderr.startswith(f"Using profile {place} for setting default command line")
    assert len(re.findall(r"Group job (\w+)", said(done))) == 3


def test_a_mistyped_profile_ends_the_run(project: Project):
    done = project.run("--dry-run", "--profile", "workflow/profiles/slrum")
    assert done.returncode == 1
    assert "Error: profile directory given (workflow/profiles/slrum)" in done.stderr


def test_a_mistyped_workflow_profile_is_ignored_in_silence_as_documented(project: Project):
    done = project.run("--dry-run", "--workflow-profile", "workflow/profiles/slrum")
    assert done.returncode == 0, said(done)
    assert "slrum" not in said(done).replace("--workflow-profile workflow/profiles/slrum", "")
    page = " ".join((ROOT / "docs/cluster.md").read_text(encoding="utf-8").split())
    assert "A mistyped `--workflow-profile` is ignored without a word" in page


# ---- what the status command makes of SLURM's answers --------------------------------------------

SHOWN = (
    "JobId=7 JobName=pooled_x UserId=u(1) JobState={state} Reason=None Restarts=0 NodeList=n1 "
    "BatchHost=n1 WorkDir=/a b StdErr={log} StdIn=/dev/null StdOut={log} Power="
)


@pytest.fixture
def status(tmp_path: Path) -> Any:
    """Return the status command, with a scontrol and a sacct that answer what a test says."""

    def ask(scontrol: str, sacct: str = "") -> tuple[str, str]:
        for name, answer in (("scontrol", scontrol), ("sacct", sacct)):
            tool = tmp_path / name
            (tmp_path / f"{name}.txt").write_text(answer, encoding="utf-8")
            tool.write_text(f'#!/bin/sh\ncat "{tool}.txt"\n', encoding="utf-8")
            tool.chmod(0o755)
        command = ROOT / "workflow/profiles/slurm-generic/status.sh"
        assert os.access(command, os.X_OK)
        path = os.pathsep.join([str(tmp_path), os.environ["PATH"]])
        done = subprocess.run(
            [str(command), "7"], env={"PATH": path}, capture_output=True, text=True, check=True
        )
        return done.stdout, done.stderr

    return ask


@pytest.mark.parametrize(
    ("state", "word"),
    [
        ("COMPLETED", "success"), ("PENDING", "running"), ("RUNNING", "running"),
        ("CONFIGURING", "running"), ("COMPLETING", "running"), ("SUSPENDED", "running"),
        ("FAILED", "failed"), ("CANCELLED", "failed"), ("TIMEOUT", "failed"),
        ("OUT_OF_MEMORY", "failed"), ("NODE_FAIL", "failed"), ("PREEMPTED", "failed"),
        ("BOOT_FAIL", "failed"), ("DEADLINE", "failed"), ("REVOKED", "failed"),
    ],
)  # fmt: skip
def test_every_state_of_slurm_has_its_word(state: str, word: str, status: Any, tmp_path: Path):
    log = tmp_path / "a log.txt"
    log.write_text("hello\nslurmstepd-n1: error: *** JOB 7 ENDED ***\n", encoding="utf-8")
    printed, told = status(SHOWN.format(state=state, log=log))
    assert printed == f"{word}\n"
    if word == "failed":
        assert told == f"SLURM job 7 (pooled_x) on n1: {state}; log: {log}\n  *** JOB 7 ENDED ***\n"
    else:
        assert told == ""


GONE = "slurm_load_jobs error: Invalid job id specified"


@pytest.mark.parametrize(
    ("scontrol", "sacct", "word"),
    [
        ("slurm_load_jobs error: Unable to contact slurm controller", "", "running"),
        (GONE, "COMPLETED\n", "success"),
        (GONE, "CANCELLED by 0\n", "failed"),
        (GONE, "RUNNING\n", "running"),
        (GONE, "", "failed"),
    ],
)
def test_a_silent_controller_is_asked_again_and_a_forgotten_job_looked_up(
    scontrol: str, sacct: str, word: str, status: Any
):
    printed, told = status(scontrol, sacct)
    assert printed == f"{word}\n"
    state = (sacct.strip() or "FORGOTTEN") if word == "failed" else ""
    assert told == (f"SLURM job 7 (unknown) on unknown: {state}; log: unknown\n" if state else "")


def test_the_status_command_travels_with_a_copy_of_its_profile(project: Project, tmp_path: Path):
    copy = tmp_path / "site"
    shutil.copytree(project.folder / "workflow/profiles/slurm-generic", copy)
    done = project.run("--dry-run", "--profile", str(copy))
    assert done.returncode == 0, said(done)
    assert os.access(copy / PROFILES["slurm-generic"]["cluster-generic-status-cmd"], os.X_OK)
