"""The files that build an environment agree with each other.

Takes pyproject.toml, both locks and environment.yml; gives one failure for each disagreement.
Every check is a function that returns the problems it found, and is itself tested on input with a
planted fault.
"""

import re
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml
from packaging.markers import Marker
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[3]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
RUN_LOCK = ROOT / "requirements.lock"
DEV_LOCK = ROOT / "requirements-dev.lock"

# Where conda packages something under another name: the part of it that the lock installs.
CONDA_NAMES = {
    "matplotlib-base": "matplotlib",
    "pandera-core": "pandera",
    "seaborn-base": "seaborn",
    "snakemake-minimal": "snakemake",
}


# ---- locks ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class Pin:
    """One entry of a lock."""

    name: str
    version: str
    marker: str
    hashes: tuple[str, ...]

    def applies(self, python: str) -> bool:
        """Whether a Linux machine with this Python (such as 3.12) installs it."""
        if not self.marker:
            return True
        machine = {
            "python_version": python,
            "python_full_version": f"{python}.9",
            "sys_platform": "linux",
            "platform_system": "Linux",
            "platform_machine": "x86_64",
            "os_name": "posix",
            "implementation_name": "cpython",
            "platform_python_implementation": "CPython",
        }
        return Marker(self.marker).evaluate(machine)


def read_lock(text: str) -> list[Pin]:
    """Every entry of a lock; anything that is not a pinned, named package is an error."""
    pins = []
    for line in re.sub(r"\\\n", " ", text).splitlines():
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        entry, *hashes = re.split(r"\s--hash=", line)
        requirement = Requirement(entry.strip())  # raises on options such as an index
        match = re.fullmatch(r"==([^=*,]+)", str(requirement.specifier))
        if match is None:
            raise ValueError(f"not pinned to one version: {entry.strip()}")
        pins.append(
            Pin(
                name=canonicalize_name(requirement.name),
                version=match[1],
                marker=str(requirement.marker or ""),
                hashes=tuple(h.strip() for h in hashes),
            )
        )
    return pins


def versions(pins: Iterable[Pin], name: str, pythons: Iterable[str]) -> set[str]:
    """The versions of a package that the lock installs over a range of Pythons."""
    return {p.version for p in pins for py in pythons if p.name == name and p.applies(py)}


def unhashed(pins: Iterable[Pin]) -> list[str]:
    """Entries without a SHA-256 digest, or with a digest that is none."""
    return [
        f"{p.name}=={p.version}"
        for p in pins
        if not p.hashes or not all(re.fullmatch(r"sha256:[0-9a-f]{64}", h) for h in p.hashes)
    ]


def lock_differences(run: Iterable[Pin], dev: Iterable[Pin]) -> list[str]:
    """Entries of the first lock that the second lacks or pins otherwise, hashes included."""
    dev = list(dev)
    problems = []
    for pin in run:
        if pin not in dev:
            found = [f"{p.version} {p.marker}".strip() for p in dev if p.name == pin.name]
            problems.append(f"{pin.name}: {pin.version} {pin.marker} is not among {found}")
    names = {p.name for p in run}
    problems += [
        f"{p.name}: {p.version} {p.marker} only in the development lock"
        for p in dev
        if p.name in names and p not in run
    ]
    return problems


@pytest.fixture(scope="module")
def run_lock() -> list[Pin]:
    return read_lock(RUN_LOCK.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def dev_lock() -> list[Pin]:
    return read_lock(DEV_LOCK.read_text(encoding="utf-8"))


@pytest.mark.parametrize("path", [RUN_LOCK, DEV_LOCK], ids=lambda p: p.name)
def test_every_lock_entry_has_a_hash(path: Path) -> None:
    pins = read_lock(path.read_text(encoding="utf-8"))
    assert len(pins) > 20
    assert unhashed(pins) == []


def test_development_lock_has_the_versions_that_users_run(
    run_lock: list[Pin], dev_lock: list[Pin]
) -> None:
    assert lock_differences(run_lock, dev_lock) == []


@pytest.mark.parametrize("python", ["3.11", "3.12", "3.13", "3.14"])
def test_locks_meet_every_bound_of_pyproject(
    python: str, run_lock: list[Pin], dev_lock: list[Pin]
) -> None:
    extras = PROJECT["optional-dependencies"]
    wanted = [(r, run_lock) for r in PROJECT["dependencies"] + extras["build"] + extras["cluster"]]
    wanted += [(r, dev_lock) for r in extras["test"] + extras["lint"]]
    for text, lock in wanted:
        requirement = Requirement(text)
        found = versions(lock, canonicalize_name(requirement.name), [python])
        assert len(found) == 1, f"{text} on Python {python}: the lock gives {found or 'none'}"
        assert requirement.specifier.contains(found.pop()), text


GOOD_HASH = "sha256:" + "0" * 64


@pytest.mark.parametrize(
    "entry",
    ["a==1", "a==1 --hash=md5:00", f"a==1 --hash={GOOD_HASH} --hash=sha256:short"],
)
def test_a_missing_or_bad_hash_is_found(entry: str) -> None:
    assert unhashed(read_lock(entry)) == ["a==1"]
    assert unhashed(read_lock(f"a==1 \\\n    --hash={GOOD_HASH}")) == []


@pytest.mark.parametrize("line", ["a>=1", "a==1.*", "a", "--index-url somewhere", "-e ."])
def test_a_lock_line_that_pins_nothing_is_an_error(line: str) -> None:
    with pytest.raises(ValueError, match=r"pinned|Expected"):
        read_lock(line)


@pytest.mark.parametrize(
    "dev",
    ["a==2", "b==1", "a==1 ; python_version < '3.13'", "a==1\na==2", f"a==1 --hash={GOOD_HASH}"],
)
def test_a_difference_between_the_locks_is_found(dev: str) -> None:
    assert lock_differences(read_lock("a==1"), read_lock(dev)) != []
    assert lock_differences(read_lock("a==1"), read_lock("a==1\nc==3")) == []


# ---- environment.yml -----------------------------------------------------------------------


@dataclass(frozen=True)
class CondaEnvironment:
    """What environment.yml asks for: versions by the name that the lock uses."""

    name: str
    channels: tuple[str, ...]
    python: SpecifierSet
    pinned: dict[str, str]
    unpinned: frozenset[str]

    @property
    def pythons(self) -> list[str]:
        """The minor versions of Python that it admits."""
        return [f"3.{minor}" for minor in range(30) if self.python.contains(f"3.{minor}.9")]


def read_environment(text: str) -> CondaEnvironment:
    """Parse environment.yml; a nested pip section is an error, since conda must solve it all."""
    data = yaml.safe_load(text)
    pinned, unpinned, python = {}, set(), SpecifierSet()
    for item in data["dependencies"]:
        if not isinstance(item, str):
            raise TypeError(f"environment.yml: only conda packages are expected, found {item}")
        match = re.fullmatch(r"([a-z0-9._-]+)\s*(.*)", item)
        if match is None:
            raise ValueError(f"environment.yml: cannot read {item!r}")
        name, spec = match.groups()
        if name == "python":
            python = SpecifierSet(spec)
        elif not spec:
            unpinned.add(name)
        elif exact := re.fullmatch(r"==([0-9][^=*<>,]*)", spec):
            pinned[CONDA_NAMES.get(name, name)] = exact[1]
        else:
            raise ValueError(f"environment.yml: {item} is not pinned with ==")
    return CondaEnvironment(
        data["name"], tuple(data["channels"]), python, pinned, frozenset(unpinned)
    )


def environment_differences(
    env: CondaEnvironment, pins: list[Pin], direct: Iterable[str]
) -> list[str]:
    """Direct dependencies that environment.yml lacks, and pins that are not the lock's."""
    problems = [f"{n}: not in environment.yml" for n in direct if n not in env.pinned]
    for name, version in env.pinned.items():
        locked = versions(pins, name, env.pythons)
        if locked != {version}:
            problems.append(f"{name}: environment.yml {version}, lock {sorted(locked) or 'none'}")
    return problems


@pytest.fixture(scope="module")
def environment() -> CondaEnvironment:
    return read_environment((ROOT / "environment.yml").read_text(encoding="utf-8"))


def direct_dependencies() -> list[str]:
    """The dependencies that pyproject.toml names for a run, on this machine or on a cluster."""
    wanted = PROJECT["dependencies"] + PROJECT["optional-dependencies"]["cluster"]
    return [canonicalize_name(Requirement(r).name) for r in wanted]


def test_environment_has_the_versions_of_the_lock(
    environment: CondaEnvironment, run_lock: list[Pin]
) -> None:
    assert environment_differences(environment, run_lock, direct_dependencies()) == []


def test_environment_is_named_and_takes_python_from_where_pyproject_does(
    environment: CondaEnvironment,
) -> None:
    assert environment.name == "igfmood"
    assert environment.channels == ("conda-forge", "bioconda", "nodefaults")
    assert environment.unpinned == {"pip"}
    admitted = SpecifierSet(PROJECT["requires-python"])
    assert environment.pythons
    assert all(admitted.contains(f"{p}.0") for p in environment.pythons)
    assert environment.python.contains("3.11.0")


ENVIRONMENT = "name: e\nchannels: [c]\ndependencies:\n  - python>=3.11,<3.14\n  - pip\n"


@pytest.mark.parametrize(
    ("lines", "problem"),
    [
        ("  - a==2\n", "a: environment.yml 2, lock ['1']"),
        ("", "a: not in environment.yml"),
        ("  - a==1\n  - b==1\n", "b: environment.yml 1, lock none"),
        ("  - a==1\n  - c==5\n", "c: environment.yml 5, lock ['5', '6']"),
    ],
)
def test_a_difference_from_the_lock_is_found(lines: str, problem: str) -> None:
    lock = read_lock("a==1\nc==5 ; python_version < '3.12'\nc==6 ; python_version >= '3.12'")
    assert environment_differences(read_environment(ENVIRONMENT + lines), lock, ["a"]) == [problem]


@pytest.mark.parametrize("line", ["  - a>=1\n", "  - a=1\n", "  - a==1.*\n"])
def test_a_loose_pin_in_environment_is_an_error(line: str) -> None:
    with pytest.raises(ValueError, match="not pinned"):
        read_environment(ENVIRONMENT + line)


def test_a_pip_section_in_environment_is_an_error() -> None:
    with pytest.raises(TypeError, match="only conda packages"):
        read_environment(ENVIRONMENT + "  - pip: [a]\n")
