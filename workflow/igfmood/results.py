"""The results contract: every number that anyone will read is a row of one tidy table.

Takes rows written by the stage that computed them; gives a table with fixed columns, a stable
`result_id` per row, and Parquet files that are the same bytes for the same rows.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd

from igfmood.config.analysis import part_of
from igfmood.errors import DataError
from igfmood.files import whole
from igfmood.tables import read_table

Status = Literal["ok", "not_estimable", "failed"]

#: Length of a result_id.
ID_DIGITS = 12
#: The keys of a row: together they name one number, and the result_id is their hash.
KEYS = (
    "study", "cohort", "analysis", "target", "exposure", "model",
    "adjustment", "stratum", "term", "measure",
)  # fmt: skip

#: Column: pandas type, in the order of the table.
COLUMNS: dict[str, str] = {
    "result_id": "str",
    "study": "str", "cohort": "str", "analysis": "str", "claim": "str", "target": "str",
    "exposure": "str", "model": "str", "adjustment": "str", "stratum": "str", "term": "str",
    "measure": "str",
    "estimate": "float64", "se": "float64", "ci_low": "float64", "ci_high": "float64",
    "level": "float64", "p": "float64", "df": "float64", "n": "Int64", "n_events": "Int64",
    "method": "str", "status": "str", "reason": "str", "seed": "Int64", "code": "str",
    "inputs": "str",
}  # fmt: skip

POOLED = "pooled"
#: Stages of a cohort that may fail: reading it, after which it has nothing at all, and estimates.
READING, ESTIMATING = "cohort", "association"
#: The others, named as the analyses that they are: models built within a cohort, or in the others.
PREDICTIONS = ("cross_validation", "validation")


def lacks(stage: str, task: str, analysis: str, target: str) -> bool:
    """Say whether a cohort lacks numbers of an analysis of a target, because a stage failed.

    Parameters
    ----------
    stage, task
        What failed in the cohort; the task where it was that of one alone, else empty.
    analysis, target
        What the numbers are about.
    """
    if analysis in PREDICTIONS:
        return stage == READING or (stage == analysis and task in ("", target))
    return stage in (READING, ESTIMATING)


@dataclass(frozen=True)
class Source:
    """What all rows of one job share.

    Parameters
    ----------
    study, cohort
        Names; cohort is ``pooled`` for results over cohorts.
    seed
        Seed of the study.
    code, inputs
        Digests of the package's code and of the job's input files.
    level
        Level of the intervals.
    """

    study: str
    cohort: str
    seed: int
    code: str
    inputs: str
    level: float = 0.95


@dataclass
class Rows:
    """Collects the rows of one job.

    Examples
    --------
    >>> rows = Rows(Source("demo", "clinic", 1, "c0de", "da7a"))
    >>> rows.add(analysis="contrast", target="depression", measure="smd", estimate=-0.4, se=0.1)
    >>> rows.add_not_estimable("too few cases: 4 < 10", analysis="contrast", target="bipolar")
    >>> list(rows.table()["status"])
    ['ok', 'not_estimable']
    """

    source: Source
    rows: list[dict[str, Any]] = field(default_factory=list)

    def add(self, **values: Any) -> None:
        """Add a number. `values` are columns of the contract; an estimate is required.

        Raises
        ------
        ValueError
            If a column is not in the contract, or the estimate is not a finite number.
        """
        estimate = values.get("estimate")
        if estimate is None or not abs(float(estimate)) < float("inf"):
            raise ValueError(f"a result needs a finite estimate, found {estimate!r} in {values}")
        self._append(values, status="ok", reason="")

    def add_not_estimable(self, reason: str, **keys: Any) -> None:
        """Add what could not be estimated, with the reason."""
        self._append(keys, status="not_estimable", reason=reason)

    def add_failure(self, analysis: str, reason: str, term: str = "") -> None:
        """Record that a stage failed for this cohort, or the part of it that `term` names."""
        keys = {"analysis": analysis, "term": term, "measure": "stage"}
        self._append(keys, status="failed", reason=reason)

    def _append(self, values: Mapping[str, Any], status: Status, reason: str) -> None:
        unknown = set(values) - set(COLUMNS)
        if unknown:
            raise ValueError(f"not columns of the results contract: {sorted(unknown)}")
        shared = {
            "study": self.source.study,
            "cohort": self.source.cohort,
            "seed": self.source.seed,
            "code": self.source.code,
            "inputs": self.source.inputs,
            "level": self.source.level,
        }
        self.rows.append({**shared, **values, "status": status, "reason": reason})

    def table(self) -> pd.DataFrame:
        """Return the rows as a table of the contract."""
        return as_table(self.rows)


def as_table(rows: Iterable[Mapping[str, Any]]) -> pd.DataFrame:
    """Return rows as a table with the contract's columns, types and result ids.

    Raises
    ------
    ValueError
        If two rows have the same keys: a number has one place.
    """
    given = list(rows)
    table = pd.DataFrame(
        {name: _column([row.get(name) for row in given], kind) for name, kind in COLUMNS.items()}
    )
    table["result_id"] = [result_id(keys) for keys in table[list(KEYS)].itertuples(index=False)]
    _refuse_repeated(table)
    return table


def _column(values: Sequence[Any], kind: str) -> "pd.Series[Any]":
    """Return a column of its type; what is missing is empty in words."""
    if kind == "str":
        values = [x if isinstance(x, str) else "" if pd.isna(x) else str(x) for x in values]
    elif kind == "float64":
        values = [np.nan if x is None or x is pd.NA else x for x in values]
    else:
        values = [pd.NA if pd.isna(x) else x for x in values]
    return pd.Series(values, dtype=kind)


def _refuse_repeated(table: pd.DataFrame) -> None:
    twice = table[table["result_id"].duplicated(keep=False)]
    if len(twice):
        raise ValueError(
            f"results with the same keys: {twice[list(KEYS)].head(4).to_dict('records')}"
        )


def result_id(keys: Sequence[str]) -> str:
    """Return the stable name of a number: 12 hexadecimal digits of the hash of its keys."""
    return hashlib.sha256("\x1f".join(keys).encode()).hexdigest()[:ID_DIGITS]


def concatenate(tables: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Put result tables under one another, in a fixed order.

    Raises
    ------
    ValueError
        If two rows have the same keys.
    """
    filled = [table for table in tables if len(table)]
    if not filled:
        return as_table([])
    table = pd.concat(filled, ignore_index=True).astype(COLUMNS)
    _refuse_repeated(table)
    return table.sort_values([*KEYS], kind="stable", ignore_index=True)


def write(table: pd.DataFrame, path: Path | str) -> None:
    """Write a table to Parquet, whole or not at all."""
    with whole(path) as beside:
        table.to_parquet(beside, index=False)


def read(path: Path | str) -> pd.DataFrame:
    """Read a result table.

    Raises
    ------
    BrokenFile
        If the file is no whole Parquet file.
    DataError
        If its columns are not those of the contract.
    """
    table = read_table(path)
    if list(table.columns) != list(COLUMNS):
        raise DataError(f"{path} is not a results table: columns {list(table.columns)}")
    return table


def select(table: pd.DataFrame, **keys: str | Sequence[str]) -> pd.DataFrame:
    """Return the rows whose keys have the given values (one value, or a list of them)."""
    keep = np.ones(len(table), dtype=bool)
    for name, value in keys.items():
        column = table[name]
        found = column == value if isinstance(value, str) else column.isin(list(value))
        keep &= found.to_numpy(bool)
    return table[keep]


def digests_of_cohorts(table: pd.DataFrame) -> dict[str, str]:
    """Return the digest of each cohort's files, as the stage that read them wrote it."""
    read = table[table["analysis"].isin(["flow", "cohort"])]
    return dict(zip(read["cohort"], read["inputs"], strict=True))


def parts_of(table: pd.DataFrame, population: str) -> pd.DataFrame:
    """Return the rows of a population, with the part alone in `stratum`."""
    parts = [part_of(stratum, population) for stratum in table["stratum"]]
    own = np.array([part is not None for part in parts], dtype=bool)
    return table[own].assign(stratum=[part for part in parts if part is not None])
