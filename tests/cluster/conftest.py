"""The private SLURM of the tests on a cluster, and runs that several of them look at.

Takes SLURM and munge (``packages.sh`` installs them). Where they are not there the tests are
skipped, but fail where ``CI`` is set.
"""

import os
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cluster.slurm import Slurm, lacking
from cluster.submit import Cluster, small_project
from workflow.project import ROOT, Project, said


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """Return a SLURM of two nodes. It is gone when the tests end, however they end."""
    if missing := lacking():
        what = f"SLURM is not installed ({', '.join(missing)}): run tests/cluster/packages.sh"
        if os.environ.get("CI"):
            pytest.fail(what)
        pytest.skip(what)

    def end(*_: Any) -> None:
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, end)  # as Ctrl-C: pytest then takes down what it set up
    # Not below pytest's folder: the path of a socket may have 107 characters.
    with tempfile.TemporaryDirectory(prefix="slurm-", ignore_cleanup_errors=True) as folder:
        found = Cluster(Slurm(Path(folder)), [])
        try:
            found.slurm.start()
            yield found
        finally:
            found.stop()


@pytest.fixture(scope="session")
def local_small(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The small study, finished on this machine without a cluster."""
    project = small_project(tmp_path_factory.mktemp("local"))
    result = project.run()
    assert result.returncode == 0, said(result)
    return project


@pytest.fixture(scope="session")
def local_default() -> Path:
    """Results of the default study, as ``make run`` left them here."""
    results = ROOT / "results" / "synthetic"
    assert (results / "complete.txt").is_file(), "the default study is not finished: make run"
    return results
