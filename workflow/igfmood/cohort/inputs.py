"""Finding the tables of a study and reading their first line.

Takes the paths of the configuration; gives resolved paths and column names without reading the
data, so that a missing file or column is an error before any job starts.
"""

import csv
import gzip
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TextIO

from igfmood.config.cohort import Cohort
from igfmood.config.load import check_config, config_error
from igfmood.config.study import Study
from igfmood.config.table import TableFormat
from igfmood.errors import DataError


def load_study(config: Mapping[str, Any]) -> Study:
    """Check a configuration and every input path it names.

    Raises
    ------
    ConfigError
        With all problems at once, one a line: of the keys, of the files and their columns, of the
        claims.
    """
    found = check_config(config)
    problems = list(found.problems)
    problems += [text for c in found.cohorts for text in input_problems(c, found.data_root)]
    if found.study is None or problems:
        raise config_error(problems)
    return found.study


TEXT_ENDINGS = {".csv": ",", ".tsv": "\t", ".txt": "\t"}


def table_path(data_root: Path | str, table: str) -> Path:
    """Return where a table is; refuse a path that leaves the data folder.

    Raises
    ------
    DataError
        If the path is absolute, climbs out of `data_root`, or is of an unknown kind.
    """
    path = Path(table)
    if path.is_absolute() or ".." in path.parts:
        raise DataError(
            f"table {table!r} must lie below data_root: give a relative path without '..'"
        )
    _ending(path)
    return Path(data_root) / path


def _ending(path: Path) -> str:
    suffixes = [suffix.lower() for suffix in path.suffixes]
    ending = (
        suffixes[-2] if suffixes[-1:] == [".gz"] and len(suffixes) > 1 else (suffixes or [""])[-1]
    )
    if ending not in (*TEXT_ENDINGS, ".parquet"):
        raise DataError(
            f"table {path.name!r} ends in {ending!r}; "
            "allowed: .csv, .tsv, .txt (also .gz), .parquet"
        )
    return ending


def is_parquet(path: Path) -> bool:
    """Return whether the table is Parquet (else it is text)."""
    return _ending(path) == ".parquet"


def delimiter(path: Path, layout: TableFormat) -> str:
    """Return the column separator: as declared, else by the file's name."""
    return layout.delimiter or TEXT_ENDINGS[_ending(path)]


def open_text(path: Path, layout: TableFormat) -> TextIO:
    """Open a text table, plain or gzip, with its line ends as they are."""
    if path.suffix.lower() == ".gz":
        return gzip.open(path, "rt", encoding=layout.encoding or "utf-8-sig", newline="")
    return open(path, encoding=layout.encoding or "utf-8-sig", newline="")


def header(path: Path, layout: TableFormat) -> list[str]:
    """Return the column names of a table, reading its first line only.

    Raises
    ------
    DataError
        If the file cannot be read as what its name says, is empty, or names a column twice.
    """
    try:
        names = _parquet_header(path) if is_parquet(path) else _text_header(path, layout)
    except (OSError, EOFError, LookupError, ValueError, csv.Error, zlib.error) as error:
        raise DataError(f"{path} cannot be read: {error}") from error
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise DataError(f"{path} has the columns {twice} more than once: rename them")
    return names


def _parquet_header(path: Path) -> list[str]:
    from pyarrow import ArrowException, parquet

    try:
        return list(parquet.read_schema(path).names)
    except ArrowException as error:
        raise ValueError(f"not a Parquet file ({error})") from error


def _text_header(path: Path, layout: TableFormat) -> list[str]:
    with open_text(path, layout) as lines:
        first = next(csv.reader(lines, delimiter=delimiter(path, layout)), [])
    names = [name.strip() for name in first]
    if not any(names):
        raise ValueError("the first line is empty; it should name the columns")
    return names


def input_problems(cohort: Cohort, data_root: Path | str) -> list[str]:
    """Return what is wrong with a cohort's file and columns; empty when all is there."""
    try:
        path = table_path(data_root, cohort.table)
        if not path.is_file():
            return [f"cohort {cohort.name!r}: file {path} is not there; check data_root and table"]
        found = header(path, cohort.format)
    except DataError as error:
        return [f"cohort {cohort.name!r}: {error}"]
    lacking = [name for name in cohort.source_columns() if name not in found]
    return [
        f"cohort {cohort.name!r}: column {name!r} is not in {path}; "
        f"the file has: {', '.join(found[:40])}"
        for name in lacking
    ]
