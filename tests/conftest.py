"""Fixtures that every test may ask for."""

import os
from pathlib import Path

import pytest

from oracle_files import shared_folder


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
