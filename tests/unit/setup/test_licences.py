"""What a run is built on may be used, changed and passed on by anybody."""

import re
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
LOCKED = sorted(
    set(re.findall(r"^([A-Za-z0-9._-]+)==", (ROOT / "requirements.lock").read_text("utf-8"), re.M))
)
PERMISSIVE = re.compile(
    r"\b(?:MIT|BSD|Apache|PSF|Python Software Foundation|ISC|0BSD|Zlib|CC0|Unlicense|HPND|"
    r"Public Domain)\b",
    re.IGNORECASE,
)
#: Licence read in the package's own files, where its metadata do not say it or say more.
READ = {
    "certifi": "MPL-2.0: a list of certificates, used as it is",
    "docutils": "public domain and BSD; the one file under the GPL is for an editor",
    "conda-inject": "MIT",
    "snakemake-interface-common": "MIT",
    "snakemake-interface-logger-plugins": "MIT",
    "snakemake-interface-report-plugins": "MIT",
    "snakemake-interface-scheduler-plugins": "MIT",
    "snakemake-interface-storage-plugins": "MIT",
}


def licence_of(name: str) -> str:
    """Return what a package's metadata say of its licence, in one line; empty if nothing."""
    about = distribution(name).metadata
    named = [one for one in about.get_all("Classifier") or [] if one.startswith("License")]
    heading = (about.get("License") or "").strip().partition("\n")[0]
    return about.get("License-Expression") or "; ".join(named) or heading


@pytest.mark.parametrize("name", [name for name in LOCKED if name not in READ])
def test_the_licence_is_permissive(name):
    try:
        licence = licence_of(name)
    except PackageNotFoundError:
        # Of another system: its marker in the lock says which.
        lock = (ROOT / "requirements.lock").read_text("utf-8")
        line = re.search(rf"^{re.escape(name)}==[^;]*;(.*)$", lock, re.M)
        assert line is not None, f"{name} is not installed, and nothing in the lock says why"
        assert re.search(r"sys_platform|platform_\w+|python_\w+", line[1]), line[0]
        return
    assert PERMISSIVE.search(licence), f"{name}: {licence or 'no licence in its metadata'}"
    assert not re.search(r"\b[AL]?GPL", licence), f"{name}: {licence}"


@pytest.mark.parametrize("name", sorted(READ))
def test_what_was_read_by_hand_is_still_used_and_not_told_otherwise(name):
    assert name in LOCKED, f"{name} is not used any more: take it from the list"
    said = licence_of(name)
    if said and name not in ("certifi", "docutils"):
        pytest.fail(f"{name} tells its licence by now: {said}; take it from the list")


def test_a_licence_that_is_not_permissive_would_be_found():
    assert not PERMISSIVE.search("GNU Affero General Public License v3")
    assert PERMISSIVE.search("BSD-3-Clause AND MIT")
