"""A run that nothing disturbed, which all others are compared with."""

import subprocess
from pathlib import Path

import pytest

from faults.interrupted.runs import files_of, left_over, make_study, run
from workflow.project import Project

#: Without any network: not even the machine's own.
OFFLINE = ("unshare", "--map-root-user", "--net")


@pytest.fixture(scope="session", autouse=True)
def namespaces() -> None:
    """Networks and disks of one process alone: where the machine has none, nothing is shown."""
    done = subprocess.run([*OFFLINE, "--mount", "true"], capture_output=True, text=True)
    assert done.returncode == 0, f"needs unshare of util-linux and its rights: {done.stderr}"


@pytest.fixture(scope="session")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The study, finished in one go, without a network."""
    project = make_study(tmp_path_factory.mktemp("undisturbed"))
    done = run(project, before=OFFLINE)
    assert done.process.returncode == 0, done.said()
    return project


@pytest.fixture(scope="session")
def expected(undisturbed: Project) -> dict[str, str]:
    """What that run wrote: file and digest."""
    found = files_of(undisturbed)
    assert len(found) > 60
    assert not left_over(undisturbed)
    return found


@pytest.fixture
def study(tmp_path: Path) -> Project:
    """The same study before its run."""
    return make_study(tmp_path)
