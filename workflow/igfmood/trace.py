"""Where a number came from.

Takes the identifier of a result; gives its keys, value, method, and the digests of the code and
the files behind it, as text.
"""

from pathlib import Path

import pandas as pd

from igfmood import results
from igfmood.errors import DataError
from igfmood.results import ID_DIGITS


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
    found = [(path, row) for path in files for row in _rows(path, result_id)]
    if not found:
        searched = ", ".join(str(path) for path in files)
        raise DataError(
            f"no result {result_id!r} in {searched}: an id is {ID_DIGITS} digits from 0 to f; the "
            "report shows it where the pointer rests on a number, verdicts.json beside the table "
            "lists those of each verdict, and the table has all of them in its column result_id"
        )
    return "\n\n".join(_describe(path, row) for path, row in found)


def _rows(path: Path, result_id: str) -> list[pd.Series]:
    table = results.read(path)
    return [row for _, row in table[table["result_id"] == result_id].iterrows()]


def _describe(path: Path, row: pd.Series) -> str:
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
        ]
    )
