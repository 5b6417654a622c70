"""Snakemake that submits to the private SLURM: started, watched, killed, waited for.

Takes a copy of the project and words for the command line; gives what was said and how it ended.
"""

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from cluster.slurm import CPUS, Slurm
from workflow.project import FAST, ROOT, Project, make_project

PROFILES = ROOT / "workflow" / "profiles"
#: What a real cluster is not asked for: one machine has no network file system, and few users.
QUICK = ("--latency-wait", "5", "--seconds-between-status-checks", "2")
#: Seconds that a step may take on a machine with much else to do.
PATIENCE = 900
#: Three cohorts, resampled once, and two worlds of each kind in two jobs.
SMALL = FAST | {"operating": {"worlds": 2, "parts": 2}}


@dataclass(frozen=True)
class Submission:
    """A Snakemake that runs, and the file that it writes to."""

    process: subprocess.Popen[bytes]
    console: Path

    @property
    def said(self) -> str:
        """All that it has said so far."""
        return self.console.read_text(encoding="utf-8", errors="replace")

    def wait(self, seconds: float = PATIENCE) -> int:
        """Return its exit code."""
        return self.process.wait(seconds)

    def kill(self) -> None:
        """End it as a power cut would: it can tell nobody, and its jobs live on."""
        self.process.kill()
        self.process.wait()


@dataclass(frozen=True)
class Cluster:
    """The private SLURM, and the processes that submit to it."""

    slurm: Slurm
    started: list[Submission]

    def start(self, project: Project, profile: Path | str, *words: str) -> Submission:
        """Start Snakemake in a project with a profile, and return at once."""
        console = project.folder / f"console-{len(self.started)}.txt"
        command = [sys.executable, "-m", "snakemake", "--nocolor", "--cores", str(CPUS)]
        command += ["--profile", str(profile), *QUICK, *words]
        with open(console, "wb") as file:
            process = subprocess.Popen(
                command, cwd=project.folder, env=self.slurm.environment, stdout=file,
                stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, start_new_session=True,
            )  # fmt: skip
        self.started.append(Submission(process, console))
        return self.started[-1]

    def stop(self) -> None:
        """End what still runs."""
        for one in self.started:
            if one.process.poll() is None:
                one.kill()
        self.slurm.stop()


def small_project(folder: Path) -> Project:
    """Return a copy of the project with a study that takes a minute."""
    project = make_project(folder)
    project.write(project.config("clinic", "imaging", "trial") | SMALL, "config/config.yaml")
    return project


def read_profile(name: str) -> dict[str, Any]:
    """Return what one of the project's profiles says."""
    found: dict[str, Any] = yaml.safe_load((PROFILES / name / "config.yaml").read_text("utf-8"))
    return found


def differences(one: Path, other: Path) -> tuple[list[str], int]:
    """Return which results of two runs differ in a byte, and how many were compared.

    Left out is what tells when and how long a run was: logs, benchmarks and the crate.
    """
    timed = ("logs", "benchmarks")
    files = {
        name
        for folder in (one, other)
        for path in folder.rglob("*")
        if path.is_file() and (name := path.relative_to(folder)).parts[0] not in timed
    } - {Path("release/ro-crate-metadata.json")}
    different = [
        str(name)
        for name in sorted(files)
        if not (one / name).is_file()
        or not (other / name).is_file()
        or (one / name).read_bytes() != (other / name).read_bytes()
    ]
    return different, len(files)
