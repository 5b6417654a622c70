"""Reading the analyte.

Takes its column as text; gives the value in the cohort's own unit, whether it lies below the
detection limit, and assay, matrix and batch.
"""

import re
from typing import Any

import numpy as np
import pandas as pd

from igfmood.cohort.table import RawTable
from igfmood.cohort.texts import repeated
from igfmood.cohort.values import (
    Parsed,
    is_missing,
    normal_code,
    parse_number,
    parse_text,
    problems_at,
    to_number,
    together,
)
from igfmood.config.cohort import Cohort
from igfmood.config.measurement import AnalyteColumn
from igfmood.config.study import Analyte
from igfmood.errors import DataError

#: Parts of the analyte's name, and their value where there is none.
_PARTS: dict[str, Any] = {
    "value": np.nan, "unit": "", "below_lod": False, "lod": np.nan,
    "assay": "", "standard": "", "matrix": "", "batch": "",
}  # fmt: skip

#: ``<9.5``, ``<=9.5``, ``≤ 9.5 ng/mL``.
_BELOW = re.compile(r"(?:<=?|≤)\s*([0-9.,]+)\s*(\S*)")


def parse_analyte(
    raw: RawTable, cohort: Cohort, analyte: Analyte
) -> tuple[pd.DataFrame, list[Parsed]]:
    """Read the analyte of every row.

    Returns
    -------
    measured : DataFrame
        ``<name>_value`` (number in the cohort's unit; below the limit missing, or the number that
        stands in the file), ``<name>_unit``, ``<name>_below_lod`` (bool), ``<name>_lod``,
        ``<name>_assay``, ``<name>_matrix``, ``<name>_batch``. All missing where the cohort did not
        measure the analyte.
    parsed : list of Parsed
        The column as read, with its problems.

    Raises
    ------
    DataError
        If the column has no value at all.
    """
    entry = cohort.analyte
    name = analyte.name
    if entry is None:
        return _frame(raw, name), []
    column = raw[entry.column]
    missing = is_missing(column, [*cohort.missing, *entry.missing])
    if missing.all():
        raise DataError(
            f"cohort {cohort.name!r}: column {entry.column!r} has no value in any of "
            f"{len(column)} rows: correct analyte.column or its missing codes, or take analyte out"
        )
    below, limit = _below_limit(column, entry, raw.decimal(entry.column))
    numbers = parse_number(column, missing, raw.decimal(entry.column)).values
    read = np.where(missing | below, np.nan, numbers.to_numpy(float))
    negative = read <= 0
    problems = [
        problems_at(column, negative, "is impossible for a concentration: zero or negative")
    ]
    wrong = np.isnan(read) & ~missing & ~below
    if wrong.any():
        problems += _no_numbers(column, wrong)
    batch: pd.Series | str = ""
    if entry.batch:
        batch = parse_text(
            raw[entry.batch], {}, is_missing(raw[entry.batch], cohort.missing)
        ).values
    # A number that the assay cannot tell from its limit is no measurement. It stays as given, for
    # whatever looks at the numbers of the file.
    if entry.lod is not None:
        below |= (read > 0) & (read < entry.lod)
    measured = _frame(
        raw, name, value=np.where(negative, np.nan, read), unit=entry.unit,
        below_lod=below & ~missing, lod=limit, assay=entry.assay, standard=entry.standard,
        matrix=entry.matrix, batch=batch,
    )  # fmt: skip
    return measured, [Parsed(pd.Series(read, raw.index, name=column.name), together(problems))]


def _no_numbers(column: pd.Series, wrong: np.ndarray) -> list[pd.DataFrame]:
    """Return the problems of cells that hold no number, by what they seem to say."""
    low, high = _begins(column, ("<", "≤")), _begins(column, (">", "≥"))
    return [
        problems_at(column, wrong & ~low & ~high, "is not a number"),
        problems_at(
            column,
            wrong & low,
            "is not a number: if it means below the detection limit, add it to analyte.below_limit",
        ),
        problems_at(
            column,
            wrong & high,
            "is not a number: a value above the range of the assay is not supported, give the "
            "number of the diluted sample",
        ),
    ]


def numbers_below_limit(table: pd.DataFrame, cohort: Cohort, analyte: Analyte, few: int) -> str:
    """Return in words how many numbers below the declared limit a table has, if any.

    Parameters
    ----------
    table
        Participants, n rows.
    cohort, analyte
        Their entries in the configuration.
    few
        A number that fewer rows share is not named.
    """
    values = table[analyte.value][table[analyte.below_lod]].dropna()
    entry = cohort.analyte
    if entry is None or entry.lod is None or values.empty:
        return ""
    note = (
        f"{entry.column}: {len(values)} rows hold a number below the declared detection limit of "
        f"{entry.lod:g} {entry.unit} and are taken as below it"
    )
    counts = values.value_counts()
    same, often = float(counts.index[0]), int(counts.iloc[0])
    if often < max(few, len(values) / 2):
        return note
    usual = {
        "the limit over the root of 2": entry.lod / np.sqrt(2),
        "half the limit": entry.lod / 2,
    }
    names = [name for name, number in usual.items() if np.isclose(same, number, rtol=0.01)]
    meaning = "".join(f", {name}" for name in names)
    return f"{note}; most of them hold the same one ({same:g}{meaning}), which was filled in"


def parse_binding_protein(raw: RawTable, cohort: Cohort) -> tuple[pd.DataFrame, list[Parsed]]:
    """Read IGFBP-3 of every row: ``igfbp3_value`` in the cohort's unit, and ``igfbp3_unit``.

    Both are absent where the cohort does not name it. Beyond a limit of its assay it is missing:
    the ratio needs a number, and the person's analyte does not depend on it.
    """
    entry = cohort.igfbp3
    if entry is None:
        return pd.DataFrame(index=raw.index), []
    column = raw[entry.column]
    missing = is_missing(column, [*cohort.missing, *entry.missing]) | _beyond_limit(column)
    parsed = parse_number(column, missing, raw.decimal(entry.column))
    unit = repeated(entry.unit, len(raw.index))
    columns = {"igfbp3_value": parsed.values, "igfbp3_unit": unit}
    return pd.DataFrame(columns, index=raw.index, copy=False), [parsed]


def protein_beyond_limit(raw: RawTable, cohort: Cohort) -> str:
    """Return in words how many cells of IGFBP-3 lie beyond a limit of its assay, if any."""
    entry = cohort.igfbp3
    n = int(_beyond_limit(raw[entry.column]).sum()) if entry else 0
    if entry is None or not n:
        return ""
    return (
        f"{entry.column}: {n} rows lie beyond a limit of the assay (such as <0.5); IGFBP-3 "
        "is missing there"
    )


def _beyond_limit(column: pd.Series) -> np.ndarray:
    return column.str.fullmatch(r"[<>≤≥]=?\s*[0-9.,]+\s*\S*").to_numpy(bool)


def _below_limit(
    column: pd.Series, entry: AnalyteColumn, decimal: str
) -> tuple[np.ndarray, np.ndarray]:
    """Return which cells say that they lie below the limit, and the limit (theirs, or declared)."""
    known = {_closed_up(code) for code in entry.below_limit}

    def limit(text: str) -> float:
        found = _BELOW.fullmatch(text)
        if found and found[2] in ("", entry.unit):
            own = to_number(found[1], decimal)
            return own if own > 0 else np.nan
        return float(entry.lod) if entry.lod and _closed_up(text) in known else np.nan

    limits = np.full(len(column), np.nan)
    said = np.ones(len(column), bool) if known else _begins(column, ("<", "≤"))
    if said.any():
        places, distinct = pd.factorize(column.array[said])
        limits[said] = np.array([limit(text) for text in distinct.tolist()])[places]
    below = ~np.isnan(limits)
    declared = np.nan if entry.lod is None else entry.lod
    return below, np.where(below, limits, declared)


def _begins(column: pd.Series, marks: tuple[str, ...]) -> np.ndarray:
    return column.str.startswith(marks).to_numpy(bool)


def _closed_up(code: str) -> str:
    """Return a code as it is compared: ``< LOD`` is ``<LOD``."""
    return normal_code(re.sub(r"^([<≤])\s+", r"\1", code))


def _frame(raw: RawTable, name: str, **parts: Any) -> pd.DataFrame:
    """Return the analyte's columns; parts that are not given are empty, a word is for every row."""
    columns = {}
    for part, empty in _PARTS.items():
        values = parts.get(part, empty)
        whole = repeated(values, len(raw.index)) if isinstance(values, str) else values
        columns[f"{name}_{part}"] = whole
    return pd.DataFrame(columns, index=raw.index, copy=False)
