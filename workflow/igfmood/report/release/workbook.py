"""The tables of the report as a workbook.

Takes sheets of headings and cells; writes an xlsx file that is the same bytes for the same cells,
and in which no text is a formula.
"""

import io
import re
import zipfile
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from openpyxl import Workbook
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE, Cell
from openpyxl.styles import Alignment, Font
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.hyperlink import Hyperlink
from openpyxl.worksheet.worksheet import Worksheet

from igfmood.files import whole
from igfmood.report.release.cells import Value

#: What a spreadsheet takes for the start of a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_FORBIDDEN = re.compile(r"[\[\]:*?/\\']")
#: Longest name of a sheet, and text of a cell, that spreadsheets take.
_LONGEST_NAME, _LONGEST_TEXT = 31, 32_767
_NARROWEST, _WIDEST = 8, 60
#: Time of every part of the file: a clock would change its bytes.
_NO_CLOCK = (1980, 1, 1, 0, 0, 0)
_MODIFIED = re.compile(rb"(<dcterms:(?:created|modified)[^>]*>)[^<]*(?=</dcterms:)")


@dataclass(frozen=True)
class Sheet:
    """A sheet: its name, and a table with a heading above each column."""

    name: str
    heads: Sequence[str]
    rows: Sequence[Sequence[Value]]
    #: Column that leads to the sheet of that name.
    leads: int | None = None


def sheet_name(wanted: str, taken: Collection[str]) -> str:
    """Return a name that spreadsheets take and that no other sheet has.

    Examples
    --------
    >>> sheet_name("AUC: a/b", []), sheet_name("flow", ["Flow"])
    ('AUC a b', 'flow 2')
    """
    name = " ".join(_FORBIDDEN.sub(" ", ILLEGAL_CHARACTERS_RE.sub("", wanted)).split())
    name = name[:_LONGEST_NAME].strip() or "table"
    if name.lower() == "history":  # Excel keeps this name for itself
        name = "history table"
    known = {one.lower() for one in taken}
    found, number = name, 1
    while found.lower() in known:
        number += 1
        found = f"{name[: _LONGEST_NAME - len(str(number)) - 1].strip()} {number}"
    return found


def write_workbook(sheets: Sequence[Sheet], title: str, path: Path) -> None:
    """Write sheets to an xlsx file."""
    book = Workbook()
    book.remove(book.active)
    book.properties.creator = "igfmood"
    book.properties.title = ILLEGAL_CHARACTERS_RE.sub("", title)
    for sheet in sheets:
        _fill(book.create_sheet(sheet.name), sheet)
    written = io.BytesIO()
    book.save(written)
    with whole(path) as beside:
        beside.write_bytes(_without_clock(written.getvalue()))


def _fill(page: Worksheet, sheet: Sheet) -> None:
    bold, top = Font(bold=True), Alignment(vertical="top", wrap_text=True)
    for place, head in enumerate(sheet.heads, 1):
        cell = page.cell(1, place)
        _put(cell, Value(head))
        cell.font, cell.alignment = bold, top
    for line, row in enumerate(sheet.rows, 2):
        for place, value in enumerate(row, 1):
            if value.content is not None:
                _put(page.cell(line, place), value)
    if sheet.leads is not None:
        for line, row in enumerate(sheet.rows, 2):
            cell = page.cell(line, sheet.leads + 1)
            where = f"'{row[sheet.leads].content}'!A1"
            cell.hyperlink = Hyperlink(ref=cell.coordinate, location=where)
            cell.style = "Hyperlink"
    page.freeze_panes = "A2"
    if sheet.rows:
        page.auto_filter.ref = f"A1:{get_column_letter(len(sheet.heads))}{len(sheet.rows) + 1}"
    for place, width in enumerate(_widths(sheet), 1):
        page.column_dimensions[get_column_letter(place)].width = width


def _put(cell: Cell, value: Value) -> None:
    """Write a value; a text is a text whatever it begins with."""
    if isinstance(value.content, str):
        text = ILLEGAL_CHARACTERS_RE.sub("", value.content)[:_LONGEST_TEXT]
        cell.value = text
        cell.data_type = "s"
        if text.startswith(_FORMULA):
            cell.quotePrefix = True  # stays a text when somebody edits the cell
    else:
        cell.value = value.content
        cell.number_format = value.form or "General"


def _widths(sheet: Sheet) -> list[int]:
    """Return the width of each column, in letters: that of most of its texts."""
    found = []
    for place, head in enumerate(sheet.heads):
        longest = max(map(len, head.split()), default=0)
        lengths = [len(str(row[place].content or "")) for row in sheet.rows]
        found.append(min(_WIDEST, max(_NARROWEST, longest + 3, *(n + 2 for n in lengths), 0)))
    return found


def _without_clock(content: bytes) -> bytes:
    """Return an xlsx file without the times at which it was made."""
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(made, "w") as new:
        for name in old.namelist():
            part = _MODIFIED.sub(rb"\g<1>1980-01-01T00:00:00Z", old.read(name))
            new.writestr(zipfile.ZipInfo(name, _NO_CLOCK), part, zipfile.ZIP_DEFLATED)
    return made.getvalue()
