"""Where a number came from.

Takes the identifier of a result; gives its keys, value, method, the digests of the code and the
files behind it, and of a pooled one the same in each cohort, as text.
"""

from pathlib import Path

import numpy as np
import pandas as pd

from igfmood import results
from igfmood.errors import DataError
from igfmood.results import ID_DIGITS
from igfmood.synthesis.row_keys import SHARED_KEYS, estimate_behind


def trace(result_id: str, where: Path) -> str:
    """Return everything that is known of a result, as text.

    Parameters
    ----------
    result_id
        Identifier, as the report shows it.
    where
        A ``results.parquet``, or a folder of studies.

    Raises
    ------
    DataError
        If there are no results, or none of that name.
    """
    files = [where] if where.is_file() else sorted(where.glob("*/pooled/results.parquet"))
    if not files:
        raise DataError(f"no results under {where}: run the workflow, or give --results")
    tables = ((path, results.read(path)) for path in files)
    found = [text for path, table in tables for text in _described(path, table, result_id)]
    if not found:
        searched = ", ".join(str(path) for path in files)
        raise DataError(
            f"no result {result_id!r} in {searched}: an id is {ID_DIGITS} digits from 0 to f; the "
            "report shows it where the pointer rests on a number, verdicts.json beside the table "
            "lists those of each verdict, and the table has all of them in its column result_id"
        )
    return "\n\n".join(found)


def _described(path: Path, table: pd.DataFrame, result_id: str) -> list[str]:
    rows = table[table["result_id"] == result_id]
    return [_describe(path, table, row) for _, row in rows.iterrows()]


def _describe(path: Path, table: pd.DataFrame, row: pd.Series) -> str:
    known = {name: value for name, value in row.items() if not (pd.isna(value) or value == "")}
    lines = [f"{name:<12}{value}" for name, value in known.items()]
    folder = path.parent.parent
    log = folder / "logs"
    return "\n".join(
        [
            *lines,
            f"{'table':<12}{path}",
            f"{'config':<12}{folder / 'config.used.yaml'}",
            f"{'logs':<12}{log}",
            *_parts(table, row),
        ]
    )


def _parts(table: pd.DataFrame, row: pd.Series) -> list[str]:
    """Return the number of each cohort that a pooled one is about, a line each."""
    if row["cohort"] != results.POOLED:
        return []
    keys, left_out = estimate_behind({key: str(row[key]) for key in SHARED_KEYS})
    same = [table[key] == value for key, value in keys.items()]
    others = ~table["cohort"].isin([results.POOLED, left_out])
    parts = table[np.logical_and.reduce([others, *same])]
    return [f"{'in cohort':<12}{_in_short(part)}" for _, part in parts.iterrows()]


def _in_short(part: pd.Series) -> str:
    """Return one cohort's number with its interval and identifier, or why it has none."""
    head = f"{part['cohort']} ({part['result_id']})"
    if part["status"] != "ok":
        return f"{head}: {part['reason']}"
    low, high = part["ci_low"], part["ci_high"]
    interval = "" if pd.isna(low) else f" ({low:g} to {high:g})"
    people = "" if pd.isna(part["n"]) else f", n = {part['n']:,}"
    return f"{head}: {part['estimate']:g}{interval}{people}"
