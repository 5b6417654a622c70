"""What a label or a code says about a person, and how several of them are put together.

Takes one meaning for each distinct cell; gives one diagnosis, subtype, status and mood state for
each row. Works on small integers, so that wide registers stay fast.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
import pandas as pd

from igfmood.cohort.values import spread
from igfmood.config.vocabulary import HIERARCHY, SUBTYPES, VARIABLES

_SUBTYPES = ("", *SUBTYPES)
_STATUSES = ("", *VARIABLES["dx_status"].categories)
_MOODS = ("", *VARIABLES["mood_state"].categories)
#: Diagnoses that have a status; a mood state belongs to the first two.
CASES = ("bipolar", "mdd", "scz", "other")
MOOD_DISORDERS = ("bipolar", "mdd")
#: Beyond the hierarchy: codes outside psychiatry alone, and no code.
OUTSIDE, EMPTY = "outside", "empty"
_RANKS = {name: rank for rank, name in enumerate((*HIERARCHY, OUTSIDE, EMPTY))}
_CONFLICT = -1


@dataclass(frozen=True)
class Meaning:
    """What one label, code or cell says.

    Parameters
    ----------
    diagnosis
        One of ``vocabulary.DIAGNOSES``, or ``outside`` (no psychiatric code) or ``empty``.
    subtype, status, mood
        bipolar_1, bipolar_2; current, remitted, lifetime; euthymic, depressed, manic, mixed.
    f20_f48
        A code of the ICD-10 block F20-F48, or its equivalent.
    """

    diagnosis: str
    subtype: str = ""
    status: str = ""
    mood: str = ""
    f20_f48: bool = False

    @classmethod
    def of(cls, name: str) -> Self:
        """Return the meaning of a diagnosis or subtype."""
        return cls(SUBTYPES.get(name, name), name if name in SUBTYPES else "")


@dataclass(frozen=True)
class Coded:
    """Meanings of rows as positions in their vocabularies, each of shape (n_rows,)."""

    rank: np.ndarray
    subtype: np.ndarray
    status: np.ndarray
    mood: np.ndarray
    f20_f48: np.ndarray

    @classmethod
    def of(cls, meanings: Sequence[Meaning], places: np.ndarray) -> Self:
        """Return the meanings of distinct cells spread over the rows."""
        # Few objects stand for many cells: each is looked up once.
        kinds = {id(meaning): meaning for meaning in meanings}
        order = {key: k for k, key in enumerate(kinds)}
        table = np.array([_positions(m) for m in kinds.values()], np.int8).reshape(-1, 5)
        kind = np.fromiter((order[id(m)] for m in meanings), int, len(meanings))
        rank, subtype, status, mood, f20_f48 = table[kind[places]].T
        return cls(rank, subtype, status, mood, f20_f48.astype(bool))

    def joined(self, other: "Coded", statuses_agree: bool = True) -> "Coded":
        """Return what the two say together.

        The diagnosis that stands first in the hierarchy counts; where both say the same one, a
        subtype or mood of either counts, and two that contradict each other are dropped.

        Parameters
        ----------
        other
            Meanings of the same rows.
        statuses_agree
            Codes of one list: a status counts only if all codes of the diagnosis share it (one
            code of remission among codes of episodes tells nothing about now).
        """
        first, second = self.rank < other.rank, self.rank > other.rank

        def chosen(a: np.ndarray, b: np.ndarray, both: np.ndarray) -> np.ndarray:
            return np.where(first, a, np.where(second, b, both))

        shared = np.where(self.status == other.status, self.status, 0)
        status = shared if statuses_agree else _either(self.status, other.status)
        return Coded(
            rank=np.minimum(self.rank, other.rank),
            subtype=chosen(self.subtype, other.subtype, _either(self.subtype, other.subtype)),
            status=chosen(self.status, other.status, status),
            mood=chosen(self.mood, other.mood, _either(self.mood, other.mood)),
            f20_f48=self.f20_f48 | other.f20_f48,
        )

    def settled(self, other_code: str, no_code: str) -> "Coded":
        """Return the same with rows without a psychiatric code as the entry says."""
        rank = np.where(self.rank == _RANKS[OUTSIDE], _RANKS[other_code], self.rank)
        rank = np.where(rank == _RANKS[EMPTY], _RANKS[no_code], rank)
        return replace(self, rank=rank.astype(np.int8))

    def with_status(self, status: str | None) -> "Coded":
        """Return the same with this status for every case whose status nothing else says."""
        if status is None:
            return self
        unsaid = self.is_one_of(CASES) & (self.status == 0)
        return replace(self, status=np.where(unsaid, _STATUSES.index(status), self.status))

    def is_one_of(self, diagnoses: Sequence[str]) -> np.ndarray:
        """Return which rows have one of the diagnoses (bool, shape (n_rows,))."""
        return np.isin(self.rank, [_RANKS[name] for name in diagnoses])

    def words(self, index: pd.Index) -> dict[str, pd.Series]:
        """Return diagnosis, dx_subtype, dx_status and mood_state as words."""
        case, mood_case = self.is_one_of(CASES), self.is_one_of(MOOD_DISORDERS)
        return {
            "diagnosis": spread(HIERARCHY, self.rank, index),
            "dx_subtype": spread(_SUBTYPES, np.maximum(self.subtype, 0), index),
            "dx_status": spread(_STATUSES, np.maximum(self.status, 0) * case, index),
            "mood_state": spread(_MOODS, np.maximum(self.mood, 0) * mood_case, index),
        }


def _positions(meaning: Meaning) -> tuple[int, int, int, int, int]:
    return (
        _RANKS[meaning.diagnosis],
        _SUBTYPES.index(meaning.subtype),
        _STATUSES.index(meaning.status),
        _MOODS.index(meaning.mood),
        int(meaning.f20_f48),
    )


def _either(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Return the one that is said; a contradiction is kept as such, so that no third settles it."""
    both = np.where(a == b, a, _CONFLICT)
    return np.where(a == 0, b, np.where(b == 0, a, both)).astype(np.int8)
