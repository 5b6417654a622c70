"""Browser and report, for every test of the report in a browser.

Takes a finished report (``IGFMOOD_REPORT``, else that of the default study) and Debian's chromium.
Without them the tests are skipped, but fail where ``CI`` is set.
"""

import os
import shutil
from pathlib import Path

import pytest

from browser.visitor import missing


@pytest.fixture(scope="session")
def chromium() -> str:
    found = shutil.which("chromium") or shutil.which("chromium-browser")
    if found is None:
        missing("chromium is not installed: apt-get install chromium")
    return str(found)


@pytest.fixture(scope="session")
def report() -> Path:
    path = Path(os.environ.get("IGFMOOD_REPORT", "results/synthetic/report.html"))
    if not path.is_file():
        missing(f"{path} is not there: run snakemake first, or set IGFMOOD_REPORT")
    return path.resolve()
