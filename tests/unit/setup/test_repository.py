"""The whole repository: one version, and no file that names a package host or a machine.

Takes the list of files git knows; gives one failure for each offence, naming file and line. The
check is a function that returns the problems it found, and is itself tested on planted faults.
"""

import os
import re
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from packaging.version import Version

ROOT = Path(__file__).resolve().parents[3]


# ---- one version ---------------------------------------------------------------------------


def test_one_version_of_igfmood_everywhere() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    package = (ROOT / "workflow/igfmood/__init__.py").read_text(encoding="utf-8")
    declared = re.search(r'^__version__ = "(.+)"$', package, flags=re.MULTILINE)
    assert declared is not None, "workflow/igfmood/__init__.py gives no __version__"
    assert declared[1] == project["version"] == str(citation["version"])
    assert Version(project["version"]).release


def test_the_changelog_dates_the_version() -> None:
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    dated = dict(re.findall(r"^## \[(\S+)\] - (\d{4}-\d\d-\d\d)$", changelog, re.MULTILINE))
    assert str(citation["version"]) in dated


# ---- no host, no machine -------------------------------------------------------------------

# Put together from pieces, so that this file does not name them either.
HOSTS = [
    "py" + "pi.org",
    "py" + "pi.python.org",
    "python" + "hosted.org",
    "anaconda" + ".org",
    "repo.anaconda" + ".com",
    "prefix" + ".dev",
    "npmjs" + ".org",
    "npmjs" + ".com",
    "yarnpkg" + ".com",
    "crates" + ".io",
    "rubygems" + ".org",
    "proxy.golang" + ".org",
    "repo1.maven" + ".org",
    "cran.r-" + "project.org",
    "cloud.r-" + "project.org",
    "deb.debian" + ".org",
    "ftp.debian" + ".org",
    "security.debian" + ".org",
    "archive.ubuntu" + ".com",
    "docker" + ".io",
    "quay" + ".io",
    "ghcr" + ".io",
]
HOST = re.compile("|".join(re.escape(h) for h in HOSTS), flags=re.IGNORECASE)

# A path from the root of one person's machine. What stands before it must not make it relative
# (../work/) or a part of an address or of a variable's path ($HOME/work/).
MACHINE_PATH = re.compile(
    r"(?<![\w.\-~/})*])/(?:(?:work|root)/|(?:home|Users)/[A-Za-z_]|tmp/[\w$])"
)


def offences(path: Path) -> Iterator[str]:
    """Lines of a text file that name a package host or a machine's own path."""
    data = path.read_bytes()
    if b"\0" in data[:8192]:  # binary
        return
    for number, line in enumerate(data.decode("utf-8", errors="replace").splitlines(), 1):
        for what, pattern in (("package host", HOST), ("machine path", MACHINE_PATH)):
            if found := pattern.search(line):
                yield f"{path.name}:{number}: {what} {found[0]!r}"


def files_known_to_git() -> list[Path]:
    """Files that are committed, or would be by `git add`."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return [p for name in listed.split("\0") if name and (p := ROOT / name).is_file()]


@pytest.mark.skipif(
    not (ROOT / ".git").exists() and not os.environ.get("CI"),
    reason="not a git checkout: no list of files",
)
def test_no_file_names_a_package_host_or_a_machine() -> None:
    files = files_known_to_git()
    named = ("pyproject.toml", "requirements.lock", "requirements-dev.lock")
    assert {ROOT / name for name in named} <= set(files)
    found = [
        f"{path.relative_to(ROOT).parent}/{offence}" for path in files for offence in offences(path)
    ]
    assert found == []


@pytest.mark.parametrize("host", HOSTS)
def test_a_package_host_is_found(host: str, tmp_path: Path) -> None:
    path = tmp_path / "planted.txt"
    path.write_text(f"first line\n  url: https://{host.upper()}/simple\n", encoding="utf-8")
    assert list(offences(path)) == [f"planted.txt:2: package host {host.upper()!r}"]


@pytest.mark.parametrize("start", ["", "see ", "path: '", '"', "=", "(", "file=", "cd "])
@pytest.mark.parametrize(
    "parts", [("work", "x"), ("root", ".cache"), ("home", "ann"), ("Users", "ann"), ("tmp", "x1")]
)
def test_a_machine_path_is_found(start: str, parts: tuple[str, ...], tmp_path: Path) -> None:
    path = tmp_path / "planted.txt"
    path.write_text(start + "/" + "/".join(parts), encoding="utf-8")
    assert len(list(offences(path))) == 1


@pytest.mark.parametrize(
    "text",
    [
        "../work/x and ./tmp/x and ~/work/x",
        "https://example.org/home/ann",
        "$HOME/work/x ${HOME}/work/x",
        "resources/tmp/x homework/root/y",
        "the folder /home/ and /tmp/ themselves",
    ],
)
def test_what_is_no_machine_path_is_left_alone(text: str, tmp_path: Path) -> None:
    path = tmp_path / "clean.txt"
    path.write_text(text, encoding="utf-8")
    assert list(offences(path)) == []


def test_binary_files_are_not_read_as_text(tmp_path: Path) -> None:
    path = tmp_path / "plot.png"
    path.write_bytes(b"\0" + HOSTS[0].encode())
    assert list(offences(path)) == []
