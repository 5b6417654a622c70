"""Fixtures that every test may ask for."""

import os
from pathlib import Path

import pytest

from oracle_files import shared_folder


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Where tests run in parallel, those of a file share a process, and all that run Snakemake.

    The latter come first, since they take longest: the others fill the cores beside them.
    """

    def runs_snakemake(item: pytest.Item) -> bool:
        return "workflow" in item.path.relative_to(item.config.rootpath / "tests").parts[:1]

    items.sort(key=lambda item: not runs_snakemake(item))
    for item in items:
        group = "workflow" if runs_snakemake(item) else str(item.path)
        item.add_marker(pytest.mark.xdist_group(group))


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
