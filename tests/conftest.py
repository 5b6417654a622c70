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
#: Files that share what takes long to make, by what that is: a process makes it once.
_TOGETHER = {
    "the default study, finished": (
        "tests/workflow/test_default_study.py",
        "tests/workflow/test_disclosure.py",
        "tests/workflow/test_federated.py",
        "tests/workflow/test_readme_numbers.py",
        "tests/workflow/test_reruns.py",
        "tests/workflow/test_rules.py",
    ),
    "a fast study": (
        "tests/workflow/test_lock_and_blind.py",
        "tests/workflow/test_same_numbers.py",
    ),
    "small validated studies": ("tests/unit/performance/rows/",),
}
#: Where tests stand that take long, those first that take longest.
_FIRST = (
    *_TOGETHER["the default study, finished"],
    *_TOGETHER["a fast study"],
    _SNAKEMAKE,
    "tests/integration/",
    "tests/faults/test_runs.py",
    "tests/unit/performance/",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the tests that take longest first: short ones fill the time beside them."""
    items.sort(key=lambda item: _place(item.nodeid))


def _place(nodeid: str) -> int:
    """Return a test's place among those that take long, or the last."""
    starts = (place for place, start in enumerate(_FIRST) if nodeid.startswith(start))
    return next(starts, len(_FIRST))


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadScopeScheduling:
    """Where tests run in parallel, let those of a file share a process, and those of one study."""

    class Scheduling(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            shared = (what for what, starts in _TOGETHER.items() if nodeid.startswith(starts))
            return next(shared, nodeid.split("::", 1)[0])

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
