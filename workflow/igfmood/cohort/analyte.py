"""Reading the analyte.

Takes its column as text; gives the value in the cohort's own unit, whether it lies below the
detection limit, and assay, matrix and batch.
"""

import re
from typing import Any

import numpy as np
import pandas as pd

from igfmood.cohort.table import RawTable
from igfmood.cohort.values import (
    Parsed,
    is_missing,
    no_problems,
    normal_code,
    parse_number,
    parse_text,
    problems_at,
    to_number,
)
from igfmood.config.cohort import Cohort
from igfmood.config.study import Analyte
from igfmood.errors import DataError

#: Parts of the analyte's name: value where there is none, and type.
_PARTS: dict[str, tuple[Any, Any]] = {
    "value": (np.nan, float), "unit": ("", "str"), "below_lod": (False, bool),
    "lod": (np.nan, float), "assay": ("", "str"),
    "standard": ("", "str"), "matrix": ("", "str"), "batch": ("", "str"),
}  # fmt: skip

_BELOW = re.compile(r"<\s*([0-9.,]+)")


def parse_analyte(
    raw: RawTable, cohort: Cohort, analyte: Analyte
) -> tuple[pd.DataFrame, list[Parsed]]:
    """Read the analyte of every row.

    Returns
    -------
    measured : DataFrame
        ``<name>_value`` (number in the cohort's unit; missing below the limit), ``<name>_unit``,
        ``<name>_below_lod`` (bool), ``<name>_lod``, ``<name>_assay``, ``<name>_matrix``,
        ``<name>_batch``. All missing where the cohort did not measure the analyte.
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
    below, limit = _below_limit(column, entry.below_limit, entry.lod, raw.decimal(entry.column))
    numbers = column.map(
        {text: to_number(text, raw.decimal(entry.column)) for text in column.unique()}
    )
    values = numbers.astype(float).mask(missing | below)
    wrong = values.isna() & ~missing & ~below
    negative = values.notna() & (values <= 0)
    problems = [
        problems_at(column, wrong & ~_looks_censored(column), "is not a number"),
        problems_at(
            column,
            wrong & _looks_censored(column),
            "is not a number: if it means below the detection limit, add it to analyte.below_limit",
        ),
        problems_at(column, negative, "is impossible for a concentration: zero or negative"),
    ]
    batch = pd.Series("", index=raw.index)
    if entry.batch:
        batch = parse_text(
            raw[entry.batch], {}, is_missing(raw[entry.batch], cohort.missing)
        ).values
    found = [table for table in problems if len(table)]
    joined = pd.concat(found) if found else no_problems()
    measured = _frame(
        raw, name, value=values.mask(negative), unit=entry.unit, below_lod=below & ~missing,
        lod=limit, assay=entry.assay, standard=entry.standard, matrix=entry.matrix, batch=batch,
    )  # fmt: skip
    return measured, [Parsed(values, joined)]


def parse_binding_protein(raw: RawTable, cohort: Cohort) -> tuple[pd.DataFrame, list[Parsed]]:
    """Read IGFBP-3 of every row: ``igfbp3_value`` in the cohort's unit, and ``igfbp3_unit``.

    Both are absent where the cohort does not name it.
    """
    entry = cohort.igfbp3
    if entry is None:
        return pd.DataFrame(index=raw.index), []
    column = raw[entry.column]
    missing = is_missing(column, [*cohort.missing, *entry.missing])
    parsed = parse_number(column, missing, raw.decimal(entry.column))
    unit = pd.Series(entry.unit, index=raw.index, dtype="str")
    return pd.DataFrame({"igfbp3_value": parsed.values, "igfbp3_unit": unit}), [parsed]


def _looks_censored(column: pd.Series) -> pd.Series:
    return column.str.startswith("<")


def _below_limit(
    column: pd.Series, codes: list[str], lod: float | None, decimal: str
) -> tuple[pd.Series, pd.Series]:
    """Return which cells lie below the limit, and the limit (their own, or the declared one)."""
    known = {normal_code(code) for code in codes}

    def limit(text: str) -> float:
        found = _BELOW.fullmatch(text)
        if found:
            own = to_number(found[1], decimal)
            return own if own > 0 else np.nan
        return float(lod) if lod and normal_code(text) in known else np.nan

    limits = column.map({text: limit(text) for text in column.unique()}).astype(float)
    return limits.notna(), limits.fillna(np.nan if lod is None else lod)


def _frame(raw: RawTable, name: str, **parts: Any) -> pd.DataFrame:
    """Return the analyte's columns; parts that are not given are empty."""
    columns = {
        f"{name}_{part}": pd.Series(parts.get(part, empty), index=raw.index).astype(kind)
        for part, (empty, kind) in _PARTS.items()
    }
    return pd.DataFrame(columns)
