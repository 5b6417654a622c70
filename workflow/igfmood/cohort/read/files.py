"""One table, whatever its format.

Takes a path and how the table is written; gives its column names, or the cells of the columns
wanted as text. Nothing is interpreted here.
"""

import csv
import gzip
import zlib
from collections.abc import Callable, Sequence
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import TypeVar

from igfmood.cohort.read.names import ukb_fields
from igfmood.cohort.read.paths import TEXT_ENDINGS, ending
from igfmood.cohort.table import RawTable
from igfmood.config.near import did_you_mean
from igfmood.config.table import TableFormat
from igfmood.errors import DataError

Found = TypeVar("Found")

#: Modules are imported when a file needs them: reading text should not wait for pyreadstat.
_MODULES = {".parquet": "columnar", ".xlsx": "workbook"}


def header(path: Path, layout: TableFormat) -> list[str]:
    """Return the column names of a table without reading its data.

    Raises
    ------
    DataError
        If the file cannot be read as what its name says, names no columns, or has two spellings
        of one UK Biobank field.
    """
    found = _told(path, "cannot be read", lambda: _reader(path).names(path, layout))
    return ukb_fields(found, path) if layout.names == "ukb_fields" else found


def read_table(path: Path, columns: Sequence[str], layout: TableFormat) -> RawTable:
    """Read the given columns of a table as text.

    Parameters
    ----------
    path
        The file; its ending says what it is.
    columns
        Names of the columns to read, in the order wanted.
    layout
        How the table is written.

    Returns
    -------
    RawTable
        Every row of the file, numbered from 1; empty lines are no rows.

    Raises
    ------
    DataError
        If the file cannot be read to its end, has no rows, or lacks a column or has it twice.
    """
    names = header(path, layout)
    problems = column_problems(columns, names, path)
    if problems:
        raise DataError("\n".join(problems))
    places = [names.index(column) for column in columns]
    raw = _told(path, "cannot be read to its end", lambda: _reader(path).read(path, places, layout))
    if raw.cells.empty and not len(raw.cells):
        raise DataError(f"{path} has a header and no rows")
    return _renamed(raw, columns)


def read_head(path: Path, layout: TableFormat, rows: int = 2000) -> RawTable:
    """Read the first rows of a table, every column that has a name of its own.

    Raises
    ------
    DataError
        If the file cannot be read, or has no rows.
    """
    names = header(path, layout)
    places = [place for place, name in enumerate(names) if name and name not in names[:place]]
    raw = _told(path, "cannot be read", lambda: _reader(path).read(path, places, layout, rows))
    if not len(raw.cells):
        raise DataError(f"{path} has a header and no rows")
    left_out = len(names) - len(places)
    told = [f"{path.name}: {left_out} columns without a name, or with one that stands before"]
    raw = replace(raw, notes=[*raw.notes, *(told if left_out else [])])
    return _renamed(raw, [names[place] for place in places])


def column_problems(columns: Sequence[str], names: Sequence[str], path: Path) -> list[str]:
    """Return which columns a file lacks or has more than once."""
    lacking = [name for name in columns if name not in names]
    twice = [name for name in columns if list(names).count(name) > 1]
    return [f"column {name!r} is not in {path}; {close_names(name, names)}" for name in lacking] + [
        f"{path} has the columns {twice} more than once: rename them"
    ] * bool(twice)


def close_names(name: str, names: Sequence[str]) -> str:
    """Return the names most like one that is not there, or what there is."""
    meant = did_you_mean(name, names)
    if meant:
        return meant
    if len(names) == 1:
        return (
            f"the file has one column alone, {names[0]!r}: set format.header_row to the line that "
            "names the columns, or format.delimiter to what separates them"
        )
    more = f" and {len(names) - 40} more" if len(names) > 40 else ""
    return f"the file has: {', '.join(names[:40])}{more}"


def _renamed(raw: RawTable, columns: Sequence[str]) -> RawTable:
    """Return a table whose columns bear the names that the configuration uses."""
    new = dict(zip(raw.cells.columns, columns, strict=True))
    return replace(
        raw,
        cells=raw.cells.set_axis(list(columns), axis=1),
        labels={new[name]: codes for name, codes in raw.labels.items()},
        titles={new[name]: text for name, text in raw.titles.items()},
        decimals={new[name]: mark for name, mark in raw.decimals.items()},
    )


def _reader(path: Path) -> ModuleType:
    """Return the module that reads a kind of file; each has `names` and `read`."""
    kind = ending(path)
    name = "text" if kind in TEXT_ENDINGS else _MODULES.get(kind, "statistics")
    return import_module(f"igfmood.cohort.read.{name}")


def _told(path: Path, what: str, read: Callable[[], Found]) -> Found:
    """Read, and name the file in whatever goes wrong."""
    try:
        return read()
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise DataError(
            f"{path} {what}: {error}; the archive is damaged or cut off, then get it again, or "
            "is none, then name it without .gz"
        ) from error
    except (OSError, LookupError, ValueError, csv.Error) as error:
        raise DataError(f"{path} {what}: {error}") from error
