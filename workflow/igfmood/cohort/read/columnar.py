"""Parquet tables.

Takes a path and the places of the columns wanted; gives their cells as text.
"""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from igfmood.cohort.read.cells import frame, written
from igfmood.cohort.table import RawTable
from igfmood.config.table import TableFormat


def names(path: Path, layout: TableFormat) -> list[str]:
    """Return the column names from the file's footer."""
    from pyarrow import ArrowException, parquet

    try:
        return list(parquet.read_schema(path).names)
    except ArrowException as error:
        raise ValueError(f"not a Parquet file ({error})") from error


def read(
    path: Path, places: Sequence[int], layout: TableFormat, rows: int | None = None
) -> RawTable:
    """Read the columns at the given places; with `rows`, of the first rows alone.

    Raises
    ------
    ValueError, OSError
        If the file cannot be read to its end.
    """
    import pyarrow as pa
    from pyarrow import parquet

    every = names(path, layout)
    wanted = [every[place] for place in places]
    try:
        if rows:
            with parquet.ParquetFile(path) as file:
                batch = next(file.iter_batches(rows, columns=wanted), None)
                table = pa.Table.from_batches([batch]) if batch else file.schema_arrow.empty_table()
        else:
            table = parquet.read_table(path, columns=wanted)
    except pa.ArrowException as error:
        raise ValueError(str(error)) from error
    cells = frame([written(table[name]) for name in wanted], wanted, len(table))
    return RawTable(cells, pd.Series(False, cells.index))
