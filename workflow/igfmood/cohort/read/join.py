"""The files of a cohort, put together by their keys.

Takes a cohort's entry; finds which file each column is in, and gives one table with the rows of
the cohort's own file.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
from pyarrow import compute

from igfmood.cohort.read.cells import as_text
from igfmood.cohort.read.files import close_names, column_problems, header, read_table
from igfmood.cohort.read.names import expand
from igfmood.cohort.read.paths import table_path
from igfmood.cohort.table import JoinCount, RawTable
from igfmood.cohort.texts import TEXT, TextArray
from igfmood.cohort.values import normal_codes
from igfmood.config.cohort import Cohort
from igfmood.config.near import not_there
from igfmood.config.table import JoinedTable, TableFormat
from igfmood.errors import DataError

#: Between the file and the column where a name stands in several files.
OF_TABLE = "::"
#: Between the cells of a key that stands in several rows.
BETWEEN = " | "


@dataclass(frozen=True)
class File:
    """One file of a cohort: where it is, what it holds, and by what it is joined."""

    table: str
    path: Path
    layout: TableFormat
    names: Sequence[str]
    join: JoinedTable | None = None

    def offers(self, name: str) -> list[str]:
        """Return its columns that a name means: `table::column`, a wildcard, or the plain name."""
        table, found, column = name.rpartition(OF_TABLE)
        if found and table in (self.table, self.path.name) and name not in self.names:
            return expand(column, self.names)
        inner = [known for known in self.names if not (self.join and known == self.join.key)]
        return expand(name, inner)


@dataclass(frozen=True)
class Place:
    """Where a column of the configuration is: its name there, its file, its column."""

    name: str
    file: File
    column: str


def read_cohort(
    cohort: Cohort, data_root: Path | str, columns: Sequence[str] | None = None
) -> RawTable:
    """Read a cohort's own table and join the others to it.

    Parameters
    ----------
    cohort
        The cohort's entry, with wildcards resolved.
    data_root
        Folder of the tables.
    columns
        Names of the columns to read, plain or as `table::column`; by default all that the entry
        mentions.

    Returns
    -------
    RawTable
        The rows of the cohort's own table in their order. Keys are compared as codes are (00123,
        123 and 123.0 are one), an empty key finds nothing, and a row without a partner has empty
        cells. Several rows of a file with ``rows: many`` are one cell, each value once, in the
        order of the file, with `` | `` between.

    Raises
    ------
    DataError
        If a file cannot be read, a column is nowhere or in several files, or a key is repeated in
        a file with ``rows: one``.
    """
    wanted = list(cohort.source_columns() if columns is None else columns)
    files = [open_file(part, data_root) for part in parts(cohort)]
    places, problems = locate(wanted, files)
    problems += [text for file in files for text in key_problems(file, files[0])]
    if problems:
        raise DataError("\n".join(problems))
    own, *others = files
    keys = [_own_key(file) for file in others]
    raw = _read(own, places, keys)
    for file, key in zip(others, keys, strict=True):
        raw = _joined(raw, raw[key], file, _read(file, places, [_key(file)]))
    return replace(raw, cells=_chosen(raw.cells, wanted))


def parts(cohort: Cohort) -> list[tuple[str, TableFormat, JoinedTable | None]]:
    """Return the files of a cohort as the configuration names them, its own table first."""
    joined = [(part.table, part.format, part) for part in cohort.join]
    return [(cohort.table, cohort.format, None), *joined]


def open_file(part: tuple[str, TableFormat, JoinedTable | None], data_root: Path | str) -> File:
    """Find one file and read its column names.

    Raises
    ------
    DataError
        If it is not there or cannot be read.
    """
    table, layout, join = part
    path = table_path(data_root, table)
    if not path.is_file():
        raise DataError(not_there(path, "check data_root and table"))
    return File(table, path, layout, header(path, layout), join)


def locate(wanted: Sequence[str], files: Sequence[File]) -> tuple[list[Place], list[str]]:
    """Find the file of each column; return the places, and a problem for each that has none."""
    places, problems = [], []
    for name in wanted:
        found = [(file, column) for file in files for column in file.offers(name)]
        tables = list(dict.fromkeys(file.table for file, _ in found))
        if not found:
            names = list(dict.fromkeys(known for file in files for known in file.names))
            where = " or ".join(str(file.path) for file in files)
            problems.append(f"column {name!r} is not in {where}; {close_names(name, names)}")
        elif len(tables) > 1:
            problems.append(
                f"column {name!r} is in {' and in '.join(tables)}: write "
                f"{tables[0]}{OF_TABLE}{name} for the first"
            )
        else:
            problems += column_problems([found[0][1]], found[0][0].names, found[0][0].path)
            places.append(Place(name, *found[0]))
    return places, problems


def key_problems(file: File, own: File) -> list[str]:
    """Return which key column of a joined file is missing, there or in the cohort's own table."""
    if file.join is None:
        return []
    to = file.join.to or file.join.key
    pairs = ((file.join.key, file), (to, own))
    return [
        f"join of {file.table}: key {text}"
        for key, place in pairs
        for text in column_problems([key], place.names, place.path)
    ]


def _own_key(file: File) -> str:
    """Return under what name the key of a joined file stands beside the columns wanted."""
    assert file.join is not None
    return f"{OF_TABLE}{file.join.to or file.join.key}"


def _key(file: File) -> str:
    assert file.join is not None
    return f"{OF_TABLE}{file.join.key}"


def _read(file: File, places: Sequence[Place], keys: Sequence[str]) -> RawTable:
    """Read the columns of one file under the names of the configuration, and keys as `::key`."""
    mine = [(place.name, place.column) for place in places if place.file is file]
    mine += [(key, key.removeprefix(OF_TABLE)) for key in dict.fromkeys(keys)]
    columns = list(dict.fromkeys(column for _, column in mine))
    raw = read_table(file.path, columns, file.layout)
    cells = _chosen(raw.cells, [column for _, column in mine])
    cells = cells.set_axis([name for name, _ in mine], axis=1)
    return replace(
        raw,
        cells=cells,
        labels={name: raw.labels[column] for name, column in mine if column in raw.labels},
        titles={name: raw.titles[column] for name, column in mine if column in raw.titles},
        decimals={name: raw.decimals[column] for name, column in mine if column in raw.decimals},
    )


def _chosen(cells: pd.DataFrame, columns: list[str]) -> pd.DataFrame:
    return cells if columns == list(cells) else cells[columns]


def _joined(raw: RawTable, key: pd.Series, file: File, other: RawTable) -> RawTable:
    """Add the columns of a file to the rows whose keys it holds."""
    assert file.join is not None
    theirs, ours = normal_codes(other[_key(file)]), normal_codes(key)
    known = pd.Index(theirs[theirs != ""].unique())
    places = known.get_indexer(pd.Index(theirs))
    if file.join.rows == "one":
        _check_once(theirs, file)
    found = known.get_indexer(pd.Index(ours))
    columns = {
        name: _gathered(other[name], places, found, len(known))
        for name in map(str, other.cells)
        if name != _key(file)
    }
    matched = len(np.unique(found[found >= 0]))
    if not matched:
        raise DataError(
            f"{file.path}: no key of its column {file.join.key!r} is in column "
            f"{file.join.to or file.join.key!r} of the cohort's table: correct key or to"
        )
    count = JoinCount(file.table, len(other.cells), matched, len(known) - matched)
    added = pd.DataFrame(columns, index=raw.index)
    lost = int(other.ragged.sum())
    told = f"{file.table}: {lost} rows with another number of fields than the header are not joined"
    return replace(
        raw,
        cells=pd.concat([raw.cells, added], axis=1),
        labels={**raw.labels, **other.labels},
        titles={**raw.titles, **other.titles},
        decimals={**raw.decimals, **other.decimals},
        notes=[*raw.notes, *other.notes, *([told] if lost else [])],
        joined=[*raw.joined, count],
    )


def _check_once(keys: pd.Series, file: File) -> None:
    """Refuse a key that stands in several rows of a file with one row a key."""
    assert file.join is not None
    repeated = keys.duplicated() & (keys != "")
    # The key itself is not said: reasons of failure are shown in the report.
    if repeated.any():
        first = int(np.argmax(repeated))
        rows = keys.index[keys == keys.iloc[first]].tolist()
        raise DataError(
            f"{file.path}: one key of {file.join.key!r} stands in rows {rows[:5]}, and "
            f"{int(repeated.sum())} rows in all repeat a key: remove them, or set rows: many for "
            f"the join of {file.table}"
        )


def _gathered(column: pd.Series, places: np.ndarray, found: np.ndarray, n_keys: int) -> TextArray:
    """Return the cells of each row's key, each value once, with a bar between.

    Parameters
    ----------
    column
        Cells of the joined file, shape (n_other,).
    places
        Number of the key of each of its rows, -1 for none, shape (n_other,).
    found
        Number of the key of each row of the cohort's own table, -1 for none, shape (n_rows,).
    n_keys
        How many keys there are.
    """
    codes, values = pd.factorize(column)
    used = np.flatnonzero((places >= 0) & (column != "").to_numpy())
    pairs = places[used].astype("int64") * max(len(values), 1) + codes[used]
    used = used[~pd.Series(pairs).duplicated().to_numpy()]
    used = used[np.argsort(places[used], kind="stable")]
    ends = np.concatenate([[0], np.cumsum(np.bincount(places[used], minlength=n_keys))])
    cells = compute.take(pa.array(column, TEXT), pa.array(used))
    if isinstance(cells, pa.ChunkedArray):
        cells = cells.combine_chunks()
    lists = pa.LargeListArray.from_arrays(pa.array(ends), cells)
    texts = compute.binary_join(lists, pa.scalar(BETWEEN, TEXT))
    return as_text(compute.take(texts, pa.array(found, mask=found < 0)))
