"""Planting the mistakes that real tables carry.

Takes: a clean raw table of text cells and the cohort's plan of faults.
Gives: the damaged table and a record of every row that was touched.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

KINDS = (
    "impossible_value",
    "unparseable_text",
    "undeclared_code",
    "exact_duplicate",
    "conflicting_duplicate",
    "wrong_unit",
)
_PLAIN_DECIMAL = r"\d+[.,]\d+"


@dataclass(frozen=True)
class Fault:
    """A cell overwritten with a bad value, in `count` rows."""

    column: str
    value: str
    kind: str
    why: str
    count: int = 1


@dataclass(frozen=True)
class UnitBlock:
    """A run of `count` rows, of those with `batch_column` equal to `batch`, in another unit."""

    column: str
    convert: Callable[[str], str]
    batch_column: str
    batch: str
    count: int
    why: str


@dataclass(frozen=True)
class FaultPlan:
    """All faults of one cohort.

    Attributes
    ----------
    cells : tuple of Fault
    exact : int
        Rows repeated unchanged.
    conflicts : int
        Rows repeated with other values in `conflict_columns`; both copies count as bad.
    conflict_columns : tuple of str
    unit_blocks : tuple of UnitBlock
    """

    cells: tuple[Fault, ...]
    exact: int
    conflicts: int
    conflict_columns: tuple[str, ...]
    unit_blocks: tuple[UnitBlock, ...] = ()


@dataclass(frozen=True)
class Damaged:
    """A damaged table before its rows are shuffled.

    Attributes
    ----------
    table : DataFrame [rows]
    source : ndarray of int [rows]
        Position in the clean table.
    records : list of tuple
        (position, column, value, kind, why).
    twins : list of tuple of int
        Positions of rows that are equal.
    """

    table: pd.DataFrame
    source: np.ndarray
    records: list[tuple[int, str, str, str, str]]
    twins: list[tuple[int, int]]

    def bad_in(self, order: np.ndarray) -> pd.DataFrame:
        """Bad rows once the table is put in the given order.

        Parameters
        ----------
        order : ndarray of int [rows]
            Positions in this table, in the file's order.

        Returns
        -------
        DataFrame
            row (1-based), column, value, kind, why; of two equal rows the later one is listed.
        """
        place = np.empty(len(order), dtype=int)
        place[order] = np.arange(1, len(order) + 1)
        rows = [(int(place[position]), *rest) for position, *rest in self.records]
        for pair in self.twins:
            first, last = sorted(int(place[position]) for position in pair)
            rows.append((last, "*", "", "exact_duplicate", f"row {first} again, unchanged"))
        return pd.DataFrame(sorted(rows), columns=["row", "column", "value", "kind", "why"])


def plant(table: pd.DataFrame, plan: FaultPlan, rng: np.random.Generator) -> Damaged:
    """Damage a copy of a raw table; no row is hit twice.

    Parameters
    ----------
    table : DataFrame
        Text cells; an empty text is a missing cell.
    plan : FaultPlan
    rng : numpy.random.Generator

    Returns
    -------
    Damaged
    """
    out, records = table.copy(), []
    free = _FreeRows(rng.permutation(len(table)))
    for block in plan.unit_blocks:
        plain = table[block.column].str.fullmatch(_PLAIN_DECIMAL) & (
            table[block.batch_column] == block.batch
        )
        for row in free.take_run(plain.to_numpy(), block.count, rng):
            value = block.convert(str(table.at[row, block.column]))
            out.at[row, block.column] = value
            records.append((row, block.column, value, "wrong_unit", block.why))
    for fault in plan.cells:
        for row in free.take((table[fault.column] != "").to_numpy(), fault.count):
            out.at[row, fault.column] = fault.value
            records.append((row, fault.column, fault.value, fault.kind, fault.why))
    exact = free.take(np.ones(len(table), dtype=bool), plan.exact)
    conflicts, copies = _conflicting(table, plan, free, rng)
    source = np.concatenate([np.arange(len(table)), exact, conflicts]).astype(int)
    first_copy = len(table) + len(exact)
    columns = ", ".join(plan.conflict_columns)
    for i, row in enumerate(conflicts):
        for position, frame, k in ((row, table, row), (first_copy + i, copies, i)):
            value = " / ".join(str(frame.at[k, column]) for column in plan.conflict_columns)
            why = "same person and visit, other values"
            records.append((position, columns, value, "conflicting_duplicate", why))
    return Damaged(
        table=pd.concat([out, table.loc[exact], copies], ignore_index=True),
        source=source,
        records=records,
        twins=[(row, len(table) + i) for i, row in enumerate(exact)],
    )


def _conflicting(
    table: pd.DataFrame, plan: FaultPlan, free: "_FreeRows", rng: np.random.Generator
) -> tuple[list[int], pd.DataFrame]:
    """Rows to contradict, and their copies with another row's values in the conflict columns."""
    columns = list(plan.conflict_columns)
    plain = np.logical_and.reduce(
        [table[column].str.fullmatch(_PLAIN_DECIMAL).to_numpy() for column in columns]
    )
    rows = free.take(plain, plan.conflicts)
    copies = table.loc[rows].reset_index(drop=True)
    for i, row in enumerate(rows):
        other = plain & (table[columns] != table.loc[row, columns]).all(axis=1).to_numpy()
        donor = int(rng.choice(np.flatnonzero(other)))
        copies.loc[i, columns] = table.loc[donor, columns].to_numpy()
    return rows, copies


class _FreeRows:
    """Rows not yet used, handed out in random order."""

    def __init__(self, order: np.ndarray) -> None:
        self._order = order
        self._free = np.ones(len(order), dtype=bool)

    def take(self, eligible: np.ndarray, count: int) -> list[int]:
        """`count` free eligible rows."""
        rows = [int(row) for row in self._order if self._free[row] and eligible[row]][:count]
        self._free[rows] = False
        return rows

    def take_run(self, eligible: np.ndarray, count: int, rng: np.random.Generator) -> list[int]:
        """`count` free eligible rows that follow one another in order of enrolment."""
        candidates = np.flatnonzero(eligible & self._free)
        start = int(rng.integers(len(candidates) - count + 1))
        rows = [int(row) for row in candidates[start : start + count]]
        self._free[rows] = False
        return rows
