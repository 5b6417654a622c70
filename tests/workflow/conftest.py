"""Runs that several tests look at."""

import subprocess
import sys
from pathlib import Path

import pytest

from workflow.project import FAST, Project, make_project, said


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The default study, finished on two cores. Tests may look at it and must not change it.

    Its claims are tried in one world of each kind, and labels are permuted a few times: the rest
    costs minutes and says no more here.
    """
    project = make_project(tmp_path_factory.mktemp("finished"))
    fewer = {"operating": {"worlds": 1}, "resampling": {"permutations": 3}}
    project.write(project.config() | fewer, "config/config.yaml")
    result = project.run()
    assert result.returncode == 0, said(result)
    (project.folder / "console.txt").write_text(said(result), encoding="utf-8")
    return project


@pytest.fixture(scope="session")
def fast(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Three cohorts, locked, resampled once, with every kind of model, finished on two cores.

    Gaps are imputed, in few iterations: what converges is of no concern here.
    """
    project = make_project(tmp_path_factory.mktemp("fast"))
    config = project.config("clinic", "imaging", "trial")
    fewer = {key: FAST[key] for key in ("resampling", "operating")}
    fewer["imputation"] = {"iterations": 2}
    project.write(config | fewer, "config/config.yaml")
    lock = [sys.executable, "-m", "igfmood.cli", "lock", "config/config.yaml"]
    subprocess.run(lock, cwd=project.folder, check=True, capture_output=True)
    result = project.run()
    assert result.returncode == 0, said(result)
    return project


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A fresh copy of the project."""
    return make_project(tmp_path)
