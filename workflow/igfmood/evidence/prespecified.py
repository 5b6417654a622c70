"""Which claims were fixed before outcomes were read, and what changed since.

Takes the claims and the analysis of a run, and the study's lock file; gives one sentence a claim
and what the report's head says, as ``pooled/lock.json``.
"""

from collections.abc import Container, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from igfmood import __version__
from igfmood.config.claims import Claim
from igfmood.config.lock import (
    BESIDE,
    Lock,
    LockFile,
    claim_parts,
    differences,
    parts_used,
    read_lock,
    subset_part,
)
from igfmood.files import write_json

NOT_LOCKED = "not locked: claims were not fixed before outcomes were read"
#: Inputs that are no cohort's.
GENETICS, PUBLISHED = "genetic tables", "published studies"
#: More changes than this are counted, not listed, beside a claim.
_MOST_LISTED = 3


@dataclass(frozen=True)
class Run:
    """What a run asks, and of which data.

    Parameters
    ----------
    claims
        The claims.
    analysis
        Parts of the analysis (`config.lock.analysis_parts`).
    tables
        Cohort, or other input: digest of its files.
    code
        Digest of the code behind the verdicts.
    """

    claims: Sequence[Claim]
    analysis: Mapping[str, Any]
    tables: Mapping[str, str]
    code: str


@dataclass(frozen=True)
class Prespecified:
    """What was fixed beforehand.

    Parameters
    ----------
    says
        In one sentence.
    claims
        Claim: whether its verdict is pre-specified.
    told
        Claim: the same in words, with what changed.
    history
        The lock and its amendments: when, hash, whether outcomes had been read, what they changed.
    changed
        What changed since, claims and parts of the analysis alike.
    dropped
        Claims that were locked and are asked no more.
    tables, code
        Inputs that are not those of the lock; the version and code of lock and run if they differ.
    """

    says: str = NOT_LOCKED
    claims: Mapping[str, bool] = field(default_factory=dict)
    told: Mapping[str, str] = field(default_factory=dict)
    history: Sequence[Mapping[str, Any]] = ()
    changed: Sequence[str] = ()
    dropped: Sequence[str] = ()
    tables: Sequence[str] = ()
    code: str = ""

    def write(self, path: Path) -> None:
        """Write it as JSON."""
        write_json(asdict(self), path)


def compare(run: Run, path: Path | None) -> Prespecified:
    """Return what of a run was fixed before outcomes were read.

    What counts is the last lock or amendment that was made before. A claim that changed since is
    exploratory, and so is every claim that rests on a part of the analysis that changed.

    Parameters
    ----------
    run
        What is asked now.
    path
        The lock file, None if there is none.

    Raises
    ------
    ConfigError
        If the lock file is not as it was written.
    """
    ids = [claim.id for claim in run.claims]
    if path is None:
        return Prespecified(claims=dict.fromkeys(ids, False), told=dict.fromkeys(ids, NOT_LOCKED))
    file = read_lock(path)
    lock = file.valid
    if lock is None:
        says = f"exploratory: locked after outcomes were read ({file.locks[0].named})"
        return Prespecified(
            says, dict.fromkeys(ids, False), dict.fromkeys(ids, says), _history(file)
        )
    analysis = {name: part.content for name, part in lock.analysis.items()}
    parts = _changed(analysis, run.analysis)
    subsets = {
        claim.id: differences(
            subset_part(claim, analysis), subset_part(claim, run.analysis), "subsets"
        )
        for claim in run.claims
    }  # fmt: skip
    claims = claim_parts(run.claims)
    before = {name: part.content for name, part in lock.claims.items()}
    of_claim = {name: _of_claim(before.get(name), claims[name]) for name in ids}
    tables = [name for name, old in lock.tables.items() if run.tables.get(name) != old]
    reasons = {
        claim.id: [
            *of_claim[claim.id],
            *(text for part in parts_used(claim) for text in parts.get(part, ())),
            *subsets[claim.id],
            *_of_data(claim, tables),
        ]
        for claim in run.claims
    }  # fmt: skip
    return Prespecified(
        says=f"pre-specified at {lock.named}",
        claims={name: not why for name, why in reasons.items()},
        told={name: _told(lock, why) for name, why in reasons.items()},
        history=_history(file),
        changed=[
            *(f"claim {name}: {text}" for name, found in of_claim.items() for text in found),
            *(
                _of_part(name, text, {one for texts in subsets.values() for one in texts})
                for name, found in parts.items() for text in found
            ),
        ],
        dropped=[name for name in before if name not in claims],
        tables=tables,
        code=_code(lock, run),
    )  # fmt: skip


def _of_claim(before: Any, now: Any) -> list[str]:
    return ["not among the locked claims"] if before is None else differences(before, now)


def _of_data(claim: Claim, tables: Sequence[str]) -> list[str]:
    """Return which of the data behind a claim are not those that were locked.

    A table that came after the lock, or was locked again before outcomes were read, is none.
    """
    genetic = claim.estimand.analysis == "mendelian"
    behind = [name for name in tables if name != PUBLISHED and (name == GENETICS) == genetic]
    return [f"other data: {', '.join(behind)}"] if behind else []


def _changed(before: Mapping[str, Any], now: Mapping[str, Any]) -> dict[str, list[str]]:
    """Return what changed in each part of the analysis, of the parts in which anything did."""
    found = {
        name: differences({name: before[name]} if name in before else {}, {name: now[name]}
                          if name in now else {})
        for name in dict.fromkeys([*before, *now])
    }  # fmt: skip
    return {name: texts for name, texts in found.items() if texts}


def _of_part(name: str, text: str, of_subsets: Container[str]) -> str:
    """Return a change of a part; `of_subsets` are those of subsets that claims are about."""
    beside = name in BESIDE and text not in of_subsets
    return f"{text} (no verdict rests on it)" if beside else text


def _told(lock: Lock, reasons: Sequence[str]) -> str:
    if not reasons:
        return f"pre-specified at {lock.named}"
    more = len(reasons) - _MOST_LISTED
    rest = [f"{more} more changes"] if more > 1 else reasons[_MOST_LISTED:]
    return f"exploratory: {'; '.join([*reasons[:_MOST_LISTED], *rest])}"


def _history(file: LockFile) -> list[dict[str, Any]]:
    """Return the lock and its amendments, each with what it changed in the one before."""
    found = []
    for place, lock in enumerate(file.locks):
        changed = amended(file.locks[place - 1], lock) if place else []
        found.append(
            {"named": lock.named, "outcomes_read": lock.outcomes_read, "changed": changed}
        )  # fmt: skip
    return found


def amended(before: Lock, now: Lock) -> list[str]:
    """Return what a lock fixes otherwise than an earlier one."""
    old, new = (
        {"claim": {name: part.content for name, part in lock.claims.items()},
         **{name: part.content for name, part in lock.analysis.items()},
         "tables": lock.tables}
        for lock in (before, now)
    )  # fmt: skip
    return differences(old, new)


def _code(lock: Lock, run: Run) -> str:
    if (lock.igfmood, lock.code) == (__version__, run.code):
        return ""
    return f"igfmood {lock.igfmood} ({lock.code}) → {__version__} ({run.code})"
