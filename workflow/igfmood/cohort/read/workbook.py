"""Workbooks of Excel.

Takes a path and the places of the columns wanted; gives their cells as text. No formula is ever
evaluated: its stored result is taken, and without one it stays text.
"""

import re
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa

from igfmood.cohort.read.cells import as_text, cell, frame
from igfmood.cohort.read.sniff import check_first_row
from igfmood.cohort.read.stream import MOST_BYTES, MOST_PACKED, PACKED_FROM
from igfmood.cohort.table import RawTable
from igfmood.cohort.texts import TEXT
from igfmood.config.table import TableFormat

_MERGED = re.compile(rb'<mergeCell\s+ref="([A-Z]+\d+:[A-Z]+(\d+))"')
_FORMULA = re.compile(rb"<f[ >/]")


def names(path: Path, layout: TableFormat) -> list[str]:
    """Return the column names, reading no more than the first rows."""
    with _Sheet(path, layout) as sheet:
        return sheet.names()


def read(
    path: Path, places: Sequence[int], layout: TableFormat, rows: int | None = None
) -> RawTable:
    """Read the columns at the given places; with `rows`, of the first rows alone.

    Empty rows are no rows.

    Raises
    ------
    ValueError, OSError
        If it is no workbook, the sheet is not there, or cells below the header are merged.
    """
    cells: list[list[str]] = []
    line = 0
    with _Sheet(path, layout) as sheet:
        every = sheet.names()
        sheet.check()
        notes = sheet.notes
        for number, values in sheet.rows():
            if any(values):
                line = line or number
                cells.append([values[place] if place < len(values) else "" for place in places])
                if rows and len(cells) == rows:
                    break
    columns = [as_text(pa.array(column, TEXT)) for column in zip(*cells, strict=True)] or [
        as_text(pa.array([], TEXT)) for _ in places
    ]
    made = frame(columns, [every[place] for place in places], len(cells))
    if cells:
        check_first_row(made, f"row {line} of the sheet")
    elif notes:
        raise ValueError(f"{notes[0]}, and it has no rows: set format.sheet")
    return RawTable(made, pd.Series(False, made.index), notes=notes)


class _Sheet:
    """One sheet of a workbook, opened for reading row by row."""

    def __init__(self, path: Path, layout: TableFormat) -> None:
        self._path = path
        self._header_row = layout.header_row
        self._check_size()
        self._results = _open(path, data_only=True)
        sheets = [sheet.title for sheet in self._results.worksheets]
        #: What to tell where nobody declared which of several sheets is meant.
        self.notes = (
            [f"{path.name}: sheet {sheets[0]!r} of {sheets} is read"]
            if len(sheets) > 1 and layout.sheet is None
            else []
        )
        if layout.sheet is not None and layout.sheet not in sheets:
            raise ValueError(f"it has no sheet {layout.sheet!r}; it has {sheets}: set format.sheet")
        self._sheet = self._results[layout.sheet or sheets[0]]
        if layout.sheet is None and self._sheet.sheet_state != "visible":
            raise ValueError(
                f"its first sheet {sheets[0]!r} is hidden; it has {sheets}: set format.sheet"
            )
        self._sheet.reset_dimensions()

    def __enter__(self) -> "_Sheet":
        return self

    def __exit__(self, *_: object) -> None:
        self._results.close()

    def _check_size(self) -> None:
        try:
            with zipfile.ZipFile(self._path) as archive:
                unpacked = sum(part.file_size for part in archive.infolist())
        except zipfile.BadZipFile as error:
            raise ValueError(f"not a workbook of Excel ({error})") from error
        packed = unpacked > max(PACKED_FROM, MOST_PACKED * self._path.stat().st_size)
        if unpacked > MOST_BYTES or packed:
            raise ValueError(
                f"unpacked it is {unpacked / 1e9:.1f} GB, more than {MOST_PACKED} times its size "
                f"or {MOST_BYTES / 1e9:.0f} GB: check the file"
            )

    def _matches(self, pattern: re.Pattern[bytes]) -> Iterator[re.Match[bytes]]:
        """Find a pattern in the sheet as it is stored; the parts read overlap by 100 bytes."""
        name = self._sheet._worksheet_path
        with zipfile.ZipFile(self._path) as archive, archive.open(name) as stored:
            kept = b""
            while part := stored.read(1 << 20):
                kept += part
                end = 0
                for found in pattern.finditer(kept):
                    end = found.end()
                    yield found
                kept = kept[max(end, len(kept) - 100) :]

    def check(self) -> None:
        """Refuse merged cells from the header downwards."""
        ranges = [found for found in self._matches(_MERGED) if int(found[2]) >= self._header_row]
        if ranges:
            shown = ", ".join(found[1].decode() for found in ranges[:5])
            raise ValueError(
                f"cells {shown} of sheet {self._sheet.title!r} are merged: whose value it is "
                "cannot be told; unmerge them and fill every cell"
            )

    def names(self) -> list[str]:
        """Return what stands in the header's row."""
        start = self._header_row
        row = next(self._sheet.iter_rows(min_row=start, max_row=start, values_only=True), ())
        found = [cell(value).strip() for value in row]
        while found and not found[-1]:
            found.pop()
        if not found:
            raise ValueError(
                f"row {start} of sheet {self._sheet.title!r} is empty; it should name the columns"
            )
        return found

    def rows(self) -> Iterator[tuple[int, list[str]]]:
        """Give the number in the sheet, and the cells, of each row below the header."""
        start = self._header_row + 1
        results = self._sheet.iter_rows(min_row=start, values_only=True)
        if next(self._matches(_FORMULA), None) is None:
            for number, values in enumerate(results, start):
                yield number, [cell(value) for value in values]
            return
        formulas = _open(self._path, data_only=False)
        try:
            sheet = formulas[self._sheet.title]
            sheet.reset_dimensions()
            written = sheet.iter_rows(min_row=start, values_only=True)
            for number, (values, texts) in enumerate(zip(results, written, strict=True), start):
                yield (
                    number,
                    [_result(value, text) for value, text in zip(values, texts, strict=True)],
                )
        finally:
            formulas.close()


def _result(value: Any, formula: Any) -> str:
    """Return the stored result of a formula, or the formula itself where there is none."""
    return cell(getattr(formula, "text", formula) if value is None else value)


def _open(path: Path, data_only: bool) -> Any:
    import openpyxl

    try:
        return openpyxl.load_workbook(path, read_only=True, data_only=data_only)
    except (KeyError, TypeError, SyntaxError, zipfile.BadZipFile) as error:
        raise ValueError(f"not a workbook of Excel ({error})") from error
