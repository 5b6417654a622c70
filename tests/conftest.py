"""Fixtures that every test may ask for."""

import os
from pathlib import Path
from typing import Any

import pytest
from threadpoolctl import threadpool_limits
from xdist.scheduler import LoadScopeScheduling

from igfmood.jobs import one_thread_a_job
from oracle_files import shared_folder

# As jobs do, here and in the processes that share the tests: threads of the algebra get in each
# other's way, and imputation takes ten times longer.
one_thread_a_job()
threadpool_limits(1)

#: Where the tests stand that run Snakemake, on both cores.
_SNAKEMAKE = "tests/workflow/"
#: Those of them that look at the same finished runs.
_SHARED_RUNS = (
    "test_default_study.py",
    "test_disclosure.py",
    "test_federated.py",
    "test_lock_and_blind.py",
    "test_readme_numbers.py",
    "test_reruns.py",
    "test_rules.py",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the tests that run Snakemake first: they take longest, others fill the time beside."""
    items.sort(key=lambda item: not item.nodeid.startswith(_SNAKEMAKE))


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadScopeScheduling:
    """Where tests run in parallel, let those of a file share a process, and those of one study."""

    class Scheduling(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            file = nodeid.split("::", 1)[0]
            return _SNAKEMAKE if file.removeprefix(_SNAKEMAKE) in _SHARED_RUNS else file

    return Scheduling(config, log)


@pytest.fixture(scope="session")
def shared() -> Path:
    """Folder of the reference data, which are not ours to commit.

    A checkout without it skips the comparison and says so; with IGFMOOD_REQUIRE_SHARED=1, which
    `.ci/run` sets except on GitHub's runners, that is a failure.
    """
    folder = shared_folder()
    if folder.is_dir():
        return folder
    message = f"reference data not found at {folder}: set IGFMOOD_SHARED"
    if os.environ.get("IGFMOOD_REQUIRE_SHARED") == "1":
        pytest.fail(message)
    pytest.skip(message)
