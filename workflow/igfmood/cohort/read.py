"""Reading a cohort's table as it stands.

Takes a path and the columns that are needed; gives every row as text, with its number, and marks
rows whose number of fields is wrong. Nothing is interpreted here.
"""

import csv
import zlib
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import pandas as pd

from igfmood.cohort.inputs import delimiter, header, is_parquet, open_text
from igfmood.cohort.table import RawTable
from igfmood.config.table import TableFormat
from igfmood.errors import DataError


def read_table(path: Path, columns: Sequence[str], layout: TableFormat) -> RawTable:
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
    RawTable

    Raises
    ------
    DataError
        If the file cannot be read to its end, or has no rows.
    """
    try:
        raw, ragged = (
            _read_parquet(path, columns) if is_parquet(path) else _read_text(path, columns, layout)
        )
    except (OSError, EOFError, ValueError, csv.Error, zlib.error) as error:
        raise DataError(f"{path} cannot be read to its end: {error}") from error
    if raw.empty:
        raise DataError(f"{path} has a header and no rows")
    raw.index = pd.RangeIndex(1, len(raw) + 1, name="row")
    cells = raw.apply(lambda column: column.str.strip())
    return RawTable(cells, pd.Series(ragged, raw.index, dtype=bool))


def _read_text(
    path: Path, columns: Sequence[str], layout: TableFormat
) -> tuple[pd.DataFrame, list[bool]]:
    """Read a text table field by field: no reader of pandas counts the fields of every row."""
    names = header(path, layout)
    pick = [names.index(name) for name in columns]
    empty = [""] * len(pick)
    cells: list[list[str]] = []
    ragged: list[bool] = []
    separator = delimiter(path, layout)
    with open_text(path, layout) as stream:
        lines: list[str] = []
        table = csv.reader(_noting(stream, lines), delimiter=separator)
        next(table)
        lines.clear()
        for fields in table:
            if len(fields) > 1 or (fields and fields[0].strip()):
                right = len(fields) == len(names)
                cells.append([fields[place] for place in pick] if right else empty)
                ragged.append(not right)
            last = lines[:]
            lines.clear()
        if cells:
            _check_closed(last, separator, len(cells))
    return pd.DataFrame(cells, columns=list(columns), dtype=object), ragged


def _noting(stream: Iterable[str], lines: list[str]) -> Iterator[str]:
    """Hand on lines, and note those of the row that is being read."""
    for line in stream:
        lines.append(line)
        yield line


def _check_closed(lines: Sequence[str], separator: str, row: int) -> None:
    """Refuse a file that ends inside quotes: the rows after the opening quote are lost."""
    try:
        list(csv.reader(lines, strict=True, delimiter=separator))
    except csv.Error as error:
        if "end of data" in str(error):
            raise ValueError(f"a quotation mark opened in row {row} is never closed") from error


def _read_parquet(path: Path, columns: Sequence[str]) -> tuple[pd.DataFrame, list[bool]]:
    """Read typed cells one by one: through pandas, whole numbers beside gaps lose digits."""
    from pyarrow import parquet

    table = parquet.read_table(path, columns=list(columns))
    cells = {name: [_cell(value) for value in table[name].to_pylist()] for name in columns}
    return pd.DataFrame(cells, dtype=object), [False] * table.num_rows


def _cell(value: object) -> str:
    """Return a typed cell as text: whole numbers without a decimal point, missing as empty."""
    if value is None or value != value:
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)
