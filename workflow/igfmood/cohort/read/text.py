"""Text tables: comma, semicolon, tab or bar between the fields, plain or gzip.

Takes a path and the places of the columns wanted; gives their cells as text with every row of the
file in its place, rows of the wrong length marked.
"""

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np
import pandas as pd
import pyarrow as pa
from pyarrow import compute

from igfmood.cohort.read.cells import as_text, frame
from igfmood.cohort.read.paths import TEXT_ENDINGS, ending
from igfmood.cohort.read.sniff import check_first_row, find_decimal, find_delimiter
from igfmood.cohort.read.stream import (
    TextBytes,
    encoding_note,
    encodings,
    first_lines,
    open_text,
)
from igfmood.cohort.table import RawTable
from igfmood.cohort.texts import TEXT, TextArray
from igfmood.config.table import TableFormat

#: Lines by which the separator is found.
_SAMPLE = 200
_BLOCK = 8 << 20
#: First cell of a row put after the end of the file: where it is not read as a row of its own, a
#: quotation mark is open.
_END = "\ue000end\ue000"

Found = TypeVar("Found")


@dataclass(frozen=True)
class Text:
    """A text table whose first lines have been looked at."""

    path: Path
    encoding: str
    delimiter: str
    header_row: int
    names: list[str]
    header_lines: int


def names(path: Path, layout: TableFormat) -> list[str]:
    """Return the column names, reading no more than the first lines."""
    return _decoded(path, layout, lambda encoding: _look(path, encoding, layout).names)


def read(
    path: Path, places: Sequence[int], layout: TableFormat, rows: int | None = None
) -> RawTable:
    """Read the columns at the given places; with `rows`, of the first rows alone.

    Raises
    ------
    ValueError, OSError, EOFError
        If the file cannot be read to its end.
    """
    return _decoded(path, layout, lambda encoding: _read(path, encoding, places, layout, rows))


def _decoded(path: Path, layout: TableFormat, read: Callable[[str], Found]) -> Found:
    """Read with the first encoding that fits the bytes."""
    candidates = encodings(path, layout)
    for encoding in candidates:
        try:
            return read(encoding)
        except UnicodeDecodeError as error:
            problem = error
    raise ValueError(
        f"it is not text in {' or '.join(candidates)} ({problem}): declare format.encoding"
    ) from problem


def _look(path: Path, encoding: str, layout: TableFormat) -> Text:
    skipped = layout.header_row - 1
    lines = first_lines(path, encoding, skipped + _SAMPLE)[skipped:]
    delimiter = layout.delimiter or find_delimiter(
        tuple(lines), TEXT_ENDINGS[ending(path)], path.name
    )
    table = csv.reader(lines, delimiter=delimiter)
    found = [name.strip() for name in next(table, [])]
    if not any(found):
        where = "the first line" if not skipped else f"line {layout.header_row}"
        raise ValueError(f"{where} is empty; it should name the columns")
    return Text(path, encoding, delimiter, layout.header_row, found, table.line_num)


def _read(
    path: Path, encoding: str, places: Sequence[int], layout: TableFormat, rows: int | None
) -> RawTable:
    text = _look(path, encoding, layout)
    cells, ragged = (None if rows else read_blocks(text, places)) or read_lines(text, places, rows)
    decimal: str = layout.decimal or "."
    notes = encoding_note(path, encoding, layout)
    if not layout.delimiter and text.delimiter != TEXT_ENDINGS[ending(path)]:
        notes.append(f"{path.name}: delimiter {text.delimiter!r} found")
    if len(cells):
        line = layout.header_row + text.header_lines
        if not ragged[0]:
            check_first_row(cells, f"line {line}")
        if not layout.decimal and text.delimiter != ",":
            decimal = find_decimal(cells, path.name)
            notes += [f"{path.name}: decimal comma found"] if decimal == "," else []
    decimals = dict.fromkeys(map(str, cells), decimal) if decimal != "." else {}
    return RawTable(cells, pd.Series(ragged, cells.index), decimals=decimals, notes=notes)


def read_lines(
    text: Text, places: Sequence[int], rows: int | None = None
) -> tuple[pd.DataFrame, np.ndarray]:
    """Read field by field: slow, and right for whatever a file holds.

    Returns
    -------
    tuple of DataFrame and array
        Cells, shape (n_rows, n_columns), and which rows have another number of fields than the
        header, shape (n_rows,). Empty lines are no rows.

    Raises
    ------
    ValueError
        If a quotation mark is never closed.
    """
    cells: list[list[str]] = []
    ragged: list[bool] = []
    last: list[str] = []
    with open_text(text.path, text.encoding) as stream:
        for fields, lines in _rows(stream, text):
            last = lines
            if len(fields) > 1 or (fields and fields[0].strip()):
                right = len(fields) == len(text.names)
                cells.append([fields[place] for place in places] if right else [""] * len(places))
                ragged.append(not right)
                if rows and len(cells) == rows:
                    break
    if cells and not rows:
        _check_closed(last, text.delimiter, len(cells))
    columns = [as_text(pa.array(column, TEXT)) for column in zip(*cells, strict=True)] or [
        as_text(pa.array([], TEXT)) for _ in places
    ]
    return _table(columns, text, places, ragged)


def _rows(stream: Iterable[str], text: Text) -> Iterator[tuple[list[str], list[str]]]:
    """Give the fields of each row below the header, and its lines."""
    lines: list[str] = []

    def noting() -> Iterator[str]:
        for number, line in enumerate(stream, 1):
            if number >= text.header_row:
                lines.append(line)
                yield line

    table = csv.reader(noting(), delimiter=text.delimiter)
    next(table)
    lines.clear()
    row = 0
    try:
        for row, fields in enumerate(table, 1):  # noqa: B007
            yield fields, lines[:]
            lines.clear()
    except csv.Error as error:
        raise ValueError(
            f"row {row + 1} cannot be told apart ({error}): a quotation mark may be open there"
        ) from error


def _check_closed(lines: Sequence[str], delimiter: str, row: int) -> None:
    """Refuse a file that ends inside quotes: the rows after the opening quote are lost."""
    try:
        list(csv.reader(lines, strict=True, delimiter=delimiter))
    except csv.Error as error:
        if "end of data" in str(error):
            raise ValueError(f"a quotation mark opened in row {row} is never closed") from error


def read_blocks(text: Text, places: Sequence[int]) -> tuple[pd.DataFrame, np.ndarray] | None:
    """Read block by block: fast; None for what only `read_lines` can tell.

    Arrow takes the header as its first row and a mark of our own as its last one, hands over every
    row of the wrong length with its number, and leaves out empty lines.
    """
    from pyarrow import csv as arrow

    n = len(text.names)
    if n == 1:  # A line of spaces would be a row of one field.
        return None
    wrong: list[int] = []
    blank: list[int] = []

    def note(row: arrow.InvalidRow) -> str:
        (blank if row.actual_columns == 1 and _is_blank(row.text) else wrong).append(row.number)
        return "skip"

    last = "\n" + _END + text.delimiter * (n - 1) + "\n"
    wanted = [str(place) for place in dict.fromkeys([0, *places])]
    try:
        table = arrow.read_csv(
            io.BufferedReader(TextBytes(text.path, text.encoding, last.encode()), _BLOCK),
            read_options=arrow.ReadOptions(
                use_threads=False,
                block_size=_BLOCK,
                skip_rows=text.header_row - 1,
                column_names=[str(place) for place in range(n)],
            ),
            parse_options=arrow.ParseOptions(
                delimiter=text.delimiter, newlines_in_values=True, invalid_row_handler=note
            ),
            convert_options=arrow.ConvertOptions(
                column_types=dict.fromkeys(wanted, TEXT),
                include_columns=wanted,
                strings_can_be_null=False,
                check_utf8=False,
            ),
        )
    except pa.ArrowException:
        return None
    first = table.column("0").slice(max(len(table) - 1, 0))
    if len(table) < 2 or first[0].as_py() != _END:
        return None
    return _in_order(table.slice(1, len(table) - 2), text, places, wrong, blank)


def _is_blank(row: str) -> bool:
    fields = next(csv.reader(io.StringIO(row, newline="")), [])
    return not fields or not fields[0].strip()


def _in_order(
    table: pa.Table,
    text: Text,
    places: Sequence[int],
    wrong: Sequence[int],
    blank: Sequence[int],
) -> tuple[pd.DataFrame, np.ndarray]:
    """Put rows of the wrong length, which Arrow leaves out, back where they stand."""
    columns = [as_text(table.column(str(place))) for place in places]
    ragged = np.zeros(len(table), dtype=bool)
    if wrong:
        # Arrow numbers the header and the lines above it too; lines of spaces alone are no rows.
        numbers = np.asarray(wrong) - text.header_row - 1
        numbers -= np.searchsorted(np.asarray(blank), np.asarray(wrong))
        ragged = np.zeros(len(ragged) + len(wrong), dtype=bool)
        ragged[numbers] = True
        source = np.where(ragged, -1, np.cumsum(~ragged) - 1)
        columns = [_spread(column, source) for column in columns]
    return _table(columns, text, places, ragged.tolist())


def _spread(column: TextArray, source: np.ndarray) -> TextArray:
    """Return the cells at the given places; an empty cell where the place is -1."""
    places = pa.array(source, mask=source < 0)
    return as_text(compute.take(pa.array(column, TEXT), places))


def _table(
    columns: Sequence[TextArray], text: Text, places: Sequence[int], ragged: Sequence[bool]
) -> tuple[pd.DataFrame, np.ndarray]:
    cells = frame(columns, [text.names[place] for place in places], len(ragged))
    return cells, np.asarray(ragged, dtype=bool)
