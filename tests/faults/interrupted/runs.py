"""Running a study and breaking it off: processes, what they wrote, and whether it is the same."""

import hashlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from workflow.project import FAST, Project, make_project

#: What a run writes for its reader, but for the crate, which tells when a run began and ended.
COMPARED = {".parquet", ".json", ".html", ".png", ".pdf", ".csv", ".yaml", ".xlsx", ".txt"}
RESULTS = "results/synthetic"
#: Seconds in which a job must have begun, or a process ended.
PATIENCE = 240


def make_study(folder: Path, **changes: object) -> Project:
    """Return a small study that has not run: two cohorts, resampled once."""
    folder.mkdir(parents=True, exist_ok=True)
    project = make_project(folder)
    config = project.config("clinic", "imaging") | FAST | {"forks": {"population": ["all"]}}
    project.write(config | changes, "config/config.yaml")
    return project


@dataclass
class Running:
    """A run in the background, in a process group of its own."""

    project: Project
    process: subprocess.Popen[bytes]
    console: Path

    def said(self) -> str:
        """Return what it has said so far."""
        return self.console.read_text(encoding="utf-8", errors="replace")

    def wait(self) -> int:
        """Wait for its end, and return its exit code."""
        return self.process.wait(PATIENCE)

    def until(self, job: str) -> int:
        """Wait until a job is at work, and return the number of its process."""
        found: list[int] = []

        def there() -> bool:
            found[:] = processes_of(self.project, job)
            log = self.project.folder / RESULTS / "logs" / f"{job}.log"
            return bool(found) and log.is_file()

        wait_until(lambda: there() or self.process.poll() is not None)
        assert found, f"{job} never began:\n{self.said()}"
        return found[0]


def start(
    project: Project, *arguments: str, before: Sequence[str] = (),
    environment: Mapping[str, str] | None = None, name: str = "console.txt",
) -> Running:  # fmt: skip
    """Start Snakemake in the project's folder, behind a command that prepares it if need be."""
    known = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    console = project.folder / name
    command = [*before, sys.executable, "-m", "snakemake", "--cores", "2", "--nocolor", *arguments]
    with console.open("wb") as stream:
        process = subprocess.Popen(
            command, cwd=project.folder, env={**known, **(environment or {})}, stdout=stream,
            stderr=subprocess.STDOUT, start_new_session=True,
        )  # fmt: skip
    return Running(project, process, console)


def run(project: Project, *arguments: str, **more: object) -> Running:
    """Run Snakemake to its end."""
    running = start(project, *arguments, **more)  # type: ignore[arg-type]
    running.wait()
    return running


def wait_until(true: Callable[[], bool]) -> None:
    """Wait until something is true."""
    end = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < end, "it never came"
        time.sleep(0.02)


def processes_of(project: Project, job: str) -> list[int]:
    """Return the processes that run a job's script in a project's folder."""
    rule = job.split(".")[0]
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                command = (entry / "cmdline").read_bytes().decode("utf-8", "replace")
            except OSError:
                continue
            if str(project.folder) in command and f".{rule}.py" in command:
                found.append(int(entry.name))
    return sorted(found)


def kill(number: int) -> None:
    """Kill a process at once."""
    os.kill(number, signal.SIGKILL)


def files_of(project: Project) -> dict[str, str]:
    """Return the digest of every file that a run wrote for its reader."""
    folder = project.folder / RESULTS
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.suffix in COMPARED and path.name != "ro-crate-metadata.json"
    }


def left_over(project: Project) -> list[str]:
    """Return files that were begun and not finished."""
    return [
        path.name for path in (project.folder / "results").rglob("*")
        if path.suffix in (".part", ".of")
    ]  # fmt: skip


def times_of(project: Project, *folders: str) -> dict[Path, int]:
    """Return when each table in these folders of the results was written."""
    places = [project.folder / RESULTS / name for name in folders]
    return {path: path.stat().st_mtime_ns for at in places for path in at.rglob("*.parquet")}
