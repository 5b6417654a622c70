"""What a study fixes before outcomes are read: its claims, and whatever can change a number.

Takes the study and its claims; gives each part with its hash, and the checked lock file that
``igfmood lock`` writes and a run compares itself with.
"""

import hashlib
import json
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from itertools import takewhile
from pathlib import Path
from typing import Any, Self

from pydantic import Field, ValidationError, model_validator

from igfmood.config.analysis import ALL
from igfmood.config.base import Strict
from igfmood.config.claims import Claim
from igfmood.config.near import not_there
from igfmood.config.study import Study
from igfmood.errors import ConfigError

#: Keys of the study that no number depends on.
NOT_LOCKED = ("study", "title", "data_root", "claims", "lock", "authors")
#: Parts that no verdict rests on: strata (but for the subset that a claim is about), forks,
#: published studies, error rates and negative controls stand beside it.
BESIDE = (
    "subsets", "forks", "synthetic", "published_evidence", "operating", "negative_controls",
    "negative_control_analytes",
)  # fmt: skip
#: How things are called on the page: no number depends on it.
_LABELS: dict[str, Any] = {
    "analyte": {"label"},
    "cohorts": {"__all__": {"label"}},
    "tasks": {"__all__": {"label"}},
}
_EVERY_CLAIM = ("level", "equivalence_alpha")
_OF_COHORTS = (
    "seed", "cohorts", "analyte", "normalise", "gates", "disclosure", "covariate_tiers", "tasks",
    "imputation",
)  # fmt: skip
#: Analysis: the parts that a claim judged by it uses beside those of all claims about cohorts.
_USES = {
    "tails": ("shape",),
    "validation": ("prediction_tiers", "added_value", "resampling", "prediction"),
}
#: Digits of a hash that are shown to readers.
SHOWN = 12


def analysis_parts(study: Study) -> dict[str, Any]:
    """Return everything that can change a number after outcomes are read, by key, as plain data."""
    exclude: dict[str, Any] = {**_LABELS, **dict.fromkeys(NOT_LOCKED, True)}
    return study.model_dump(mode="json", exclude=exclude)


def claim_parts(claims: Iterable[Claim]) -> dict[str, Any]:
    """Return what each claim says, by its id, as plain data.

    The population is told where it is a subset: claims about everybody keep the hash that they
    were locked with before there were others.
    """
    said = {claim.id: claim.model_dump(mode="json") for claim in claims}
    for one in said.values():
        if one["estimand"]["population"] == ALL:
            del one["estimand"]["population"]
    return said


def parts_used(claim: Claim) -> tuple[str, ...]:
    """Return the parts of the analysis that the verdict on a claim rests on."""
    analysis = claim.estimand.analysis
    if analysis == "mendelian":
        return (*_EVERY_CLAIM, "genetics")
    return (*_EVERY_CLAIM, *_OF_COHORTS, *_USES.get(analysis, ()))


def subset_part(claim: Claim, parts: Mapping[str, Any]) -> dict[str, Any]:
    """Return whom a claim about a subset is about, by its name; nothing of any other claim."""
    return {
        one["name"]: {key: said for key, said in one.items() if key not in ("label", "kind")}
        for one in parts.get("subsets", ()) if one["name"] == claim.estimand.population
    }  # fmt: skip


def digest(content: Any) -> str:
    """Return the SHA-256 of plain data.

    Comments and white space of a file do not matter; the order of keys does, since the last
    covariate tier is the one that subsets are adjusted for.
    """
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


class Part(Strict):
    """A claim or a part of the analysis as it was fixed."""

    hash: str
    content: Any

    @classmethod
    def of(cls, content: Any) -> Self:
        """Return plain data with its hash."""
        return cls(hash=digest(content), content=content)

    @model_validator(mode="after")
    def _unchanged(self) -> Self:
        if digest(self.content) != self.hash:
            raise ValueError("content and hash do not belong together")
        return self


class Sealed(Strict):
    """What carries a hash of all the rest of it, empty until it is sealed."""

    hash: str = Field("", description="Of all the rest")

    def sealed(self) -> Self:
        """Return it with its hash."""
        return self.model_copy(update={"hash": self._digest()})

    def _digest(self) -> str:
        return digest(self.model_dump(mode="json", exclude={"hash"}))


class Lock(Sealed):
    """What was fixed at one time."""

    time: str = Field(description="UTC")
    outcomes_read: bool = Field(description="Whether results of the study were there by then")
    igfmood: str = Field(description="Version of the package")
    code: str = Field(description="Digest of the code behind the verdicts")
    tables: dict[str, str] = Field(description="Cohort, or other input: digest of its files")
    claims_hash: str
    claims: dict[str, Part]
    analysis: dict[str, Part]

    @model_validator(mode="after")
    def _unchanged(self) -> Self:
        if self.hash and self._digest() != self.hash:
            raise ValueError(f"the lock of {self.time} and its hash do not belong together")
        return self

    @property
    def named(self) -> str:
        """When it was made, and the beginning of its hash."""
        day, _, clock = self.time.partition("T")
        return f"{day} {clock[:5]} UTC, hash {self.hash[:SHOWN]}"


class LockFile(Strict):
    """The lock of a study, and its amendments in the order in which they were made."""

    study: str
    locks: list[Lock] = Field(min_length=1)

    @property
    def valid(self) -> Lock | None:
        """The last lock that was made before outcomes were read, None if there is none.

        What follows a lock that was made afterwards does not count, whatever it says of itself:
        results that are gone, or stand on another machine, have been read all the same.
        """
        before = takewhile(lambda lock: not lock.outcomes_read, self.locks)
        return next(iter(deque(before, maxlen=1)), None)


def read_lock(path: Path) -> LockFile:
    """Read a lock file.

    Raises
    ------
    ConfigError
        If it is no lock file, or somebody has changed it by hand.
    """
    try:
        return LockFile.model_validate(json.loads(path.read_text(encoding="utf-8")))
    except (ValidationError, ValueError) as error:
        first = error.errors()[0] if isinstance(error, ValidationError) else None
        why = f"{'.'.join(map(str, first['loc']))}: {first['msg']}" if first else str(error)
        raise ConfigError(
            f"{path} is not as `igfmood lock` wrote it: {why}; take it back from where you keep "
            "versions of it. Without the file the study counts as not locked"
        ) from error


def lock_path(study: Study, study_file: Path | str) -> Path:
    """Return where the lock of a study is: as its key `lock` says, else beside the study file."""
    return Path(study.lock or Path(study_file).parent / f"{study.study}.lock.json")


def find_lock(study: Study, study_files: Sequence[Path | str]) -> Path | None:
    """Return the lock file of a study, checked; None if it was not locked.

    Raises
    ------
    ConfigError
        If the key `lock` names a file that is not there, or the file is no lock of this study.
    """
    found = [path for file in study_files if (path := lock_path(study, file)).is_file()]
    if not found:
        if study.lock:
            remedy = "write it with `igfmood lock`, or leave the key out"
            raise ConfigError(f"lock: {not_there(Path(study.lock), remedy)}")
        return None
    locked = read_lock(found[0]).study
    if locked != study.study:
        raise ConfigError(
            f"{found[0]} is the lock of study {locked!r}, and this is {study.study!r}: correct the "
            "key `lock`, or lock this study with `igfmood lock`"
        )
    return found[0]


def differences(before: Any, now: Any, at: str = "") -> list[str]:
    """Return what differs between two values of plain data, one line each, by place and value."""
    if digest(before) == digest(now):
        return []
    old, new = _by_name(before), _by_name(now)
    if old is None or new is None:
        return [f"{at} {_short(before)} → {_short(now)}".strip()]
    found = []
    for key in dict.fromkeys([*old, *new]):
        place = f"{at}.{key}" if at else str(key)
        if key not in new:
            found.append(f"{place} left out")
        elif key not in old:
            found.append(f"{place} added")
        else:
            found += differences(old[key], new[key], place)
    return found or [f"{at} in another order".strip()]


def _by_name(value: Any) -> dict[str, Any] | None:
    """Return a mapping, or a list of entries with names as one; None of anything else."""
    if isinstance(value, Mapping):
        return dict(value)
    named = isinstance(value, list) and value and all(
        isinstance(one, Mapping) and "name" in one for one in value
    )  # fmt: skip
    return {one["name"]: one for one in value} if named else None


def _short(value: Any) -> str:
    text = value if isinstance(value, str) and value else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 40 else f"{text[:37]}…"
