"""Reading a cohort's table as it stands.

Takes a path and the columns that are needed; gives every row as text, with its number, and marks
rows whose number of fields is wrong. Nothing is interpreted here.
"""

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from igfmood.config.cohort import TableFormat
from igfmood.config.inputs import delimiter, header, is_parquet
from igfmood.errors import DataError

#: In every cell of a row that has too many fields; such text cannot come from a table.
_TOO_MANY = "\0too many fields"


def read_table(
    path: Path, columns: Sequence[str], layout: TableFormat
) -> tuple[pd.DataFrame, pd.Series]:
    """Read the given columns of a table as text.

    Parameters
    ----------
    path
        CSV or TSV (plain or gzip), or Parquet.
    columns
        Names of the columns to read, in the order wanted.
    layout
        Delimiter, decimal mark and encoding.

    Returns
    -------
    table : DataFrame, shape (n_rows, n_columns)
        Cells as stripped text; an empty cell is an empty string. The index is the row's number in
        the file, the first row below the header being 1.
    ragged : Series of bool, shape (n_rows,)
        Rows with too few or too many fields.

    Raises
    ------
    DataError
        If the file cannot be read to its end, or has no rows.
    """
    try:
        raw = (
            _read_parquet(path, columns) if is_parquet(path) else _read_text(path, columns, layout)
        )
    except (OSError, EOFError, ValueError, csv.Error) as error:
        raise DataError(f"{path} cannot be read to its end: {error}") from error
    if raw.empty:
        raise DataError(f"{path} has a header and no rows")
    raw.index = pd.RangeIndex(1, len(raw) + 1, name="row")
    ragged = raw.isna().any(axis=1) | (raw.iloc[:, 0] == _TOO_MANY)
    return raw.fillna("").apply(lambda column: column.str.strip()), ragged


def _read_text(path: Path, columns: Sequence[str], layout: TableFormat) -> pd.DataFrame:
    names = header(path, layout)
    options: dict[str, Any] = {
        "sep": delimiter(path, layout), "encoding": layout.encoding, "names": names, "header": 0,
        "dtype": str, "keep_default_na": False, "index_col": False, "skip_blank_lines": True,
    }  # fmt: skip
    try:
        table = pd.read_csv(path, **options)
    except pd.errors.ParserError:
        # The fast reader stops at a row with too many fields; the slow one hands it over.
        table = pd.read_csv(
            path, engine="python", on_bad_lines=lambda fields: [_TOO_MANY] * len(names), **options
        )
    return table[list(columns)].astype(object)


def _read_parquet(path: Path, columns: Sequence[str]) -> pd.DataFrame:
    table = pd.read_parquet(path, columns=list(columns), engine="pyarrow")
    return pd.DataFrame(
        {name: [_cell(value) for value in table[name]] for name in columns}, dtype=object
    )


def _cell(value: object) -> str:
    """Return a typed cell as text: whole numbers without a decimal point, missing as empty."""
    if value is None or value is pd.NA or value is pd.NaT or value != value:
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)
