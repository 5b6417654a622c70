"""Faults of typed files: workbooks, Parquet, and the files of SAS, SPSS and Stata."""

import datetime
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import pyarrow as pa
import pyreadstat
from openpyxl.worksheet.worksheet import Worksheet
from pyarrow import parquet

from faults.case import Case, fails, refused
from faults.sound import HEADER, SOUND, Cell, Make, file, rows
from igfmood.errors import DataError

_NUMBERS = ("age", "igf1", "phq", "bmi")
_XLSX = {"table": "clinic.xlsx"}
_NO_NUMBER = "is not a number"


def _typed() -> pd.DataFrame:
    """Return the sound table with numbers as numbers."""
    table = pd.DataFrame(rows(), columns=HEADER)
    return table.astype(dict.fromkeys(_NUMBERS, float))


def _workbook(edit: Callable[[Worksheet], None], sheet: str = "people") -> Make:
    """Return what writes a workbook of the sound table after an edit of its sheet."""

    def make(data: Path) -> None:
        book = openpyxl.Workbook()
        page = book.active
        page.title = sheet
        for line in [HEADER, *_typed().to_numpy().tolist()]:
            page.append(line)
        edit(page)
        book.save(data / "clinic.xlsx")

    return make


def _cells(changes: Mapping[Cell, Any]) -> Make:
    """Return what writes a workbook with cells changed; row 1 is the first below the header."""

    def edit(page: Worksheet) -> None:
        for (row, column), value in changes.items():
            page.cell(row + 1, HEADER.index(column) + 1, value)

    return _workbook(edit)


def _merge(where: str) -> Callable[[Worksheet], None]:
    return lambda page: page.merge_cells(where)


def _hide(page: Worksheet) -> None:
    page.parent.create_sheet("notes", 0).sheet_state = "hidden"


def _title_above(page: Worksheet) -> None:
    page.insert_rows(1)
    page.cell(1, 1, "Depression study, ward 7")


def _cut_workbook(data: Path) -> None:
    _workbook(lambda page: None)(data)
    path = data / "clinic.xlsx"
    path.write_bytes(path.read_bytes()[:3000])


def _zip(data: Path) -> None:
    with zipfile.ZipFile(data / "clinic.xlsx", "w") as archive:
        archive.writestr("clinic.csv", SOUND)


def _zip_bomb(data: Path) -> None:
    _workbook(lambda page: None)(data)
    with zipfile.ZipFile(data / "clinic.xlsx", "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/media/image.png", b"0" * 150_000_000)


WORKBOOKS = [
    Case("sound workbook", _workbook(lambda page: None), _XLSX),
    refused("workbook that is text", file(SOUND, "clinic.xlsx"), "data/clinic.xlsx",
            "not a workbook", entry=_XLSX),
    refused("sheet that is not there", _workbook(lambda page: None), "no sheet 'People'",
            "'people'", "format.sheet", entry={**_XLSX, "format": {"sheet": "People"}}),
    refused("first sheet hidden and empty", _workbook(_hide), "data/clinic.xlsx", "'notes'",
            "hidden", "format.sheet", entry=_XLSX),
    Case("hidden first sheet, the other declared", _workbook(_hide),
         {**_XLSX, "format": {"sheet": "people"}}),
    fails("merged cells", _workbook(_merge("E5:E9")), "E5:E9", "are merged", "unmerge",
          entry=_XLSX),
    refused("title above the header", _workbook(_title_above), "column 'id' is not in",
            "format.header_row", entry=_XLSX),
    Case("title above the header, declared", _workbook(_title_above),
         {**_XLSX, "format": {"header_row": 2}}),
    Case("formulas without a stored result",
         _cells({(5, "igf1"): "=1+1", (6, "age"): "=cmd|' /C calc'!A0", (7, "bmi"): "=A1"}), _XLSX,
         quarantine=dict.fromkeys((5, 6, 7), _NO_NUMBER)),
    Case("error cells", _cells({(5, "igf1"): "#N/A", (6, "bmi"): "#REF!", (7, "age"): "#DIV/0!"}),
         _XLSX, quarantine=dict.fromkeys((5, 6, 7), _NO_NUMBER)),
    Case("date where an age should be", _cells({(5, "age"): datetime.date(1975, 4, 12)}), _XLSX,
         quarantine={5: _NO_NUMBER}),
    Case("number that became a date", _cells({(5, "phq"): datetime.date(2021, 1, 3)}), _XLSX,
         quarantine={5: _NO_NUMBER}),
    Case("truth value where a number should be", _cells({(5, "igf1"): True}), _XLSX,
         quarantine={5: _NO_NUMBER}),
    refused("workbook cut off", _cut_workbook, "data/clinic.xlsx", "not a workbook", entry=_XLSX),
    refused("archive that is no workbook", _zip, "data/clinic.xlsx", "not a workbook",
            entry=_XLSX),
    refused("workbook that unpacks to gigabytes", _zip_bomb, "data/clinic.xlsx", "unpacked it is",
            "check the file", entry=_XLSX),
    Case("empty rows between", _workbook(lambda page: page.insert_rows(20, 2)), _XLSX),
]  # fmt: skip


def _parquet(table: Any, keep: float = 1.0) -> Make:
    def make(data: Path) -> None:
        path = data / "clinic.parquet"
        parquet.write_table(table if isinstance(table, pa.Table) else pa.table(table), path)
        whole = path.read_bytes()
        path.write_bytes(whole[: int(len(whole) * keep)])

    return make


def _sound_parquet(keep: float = 1.0, **columns: Any) -> Make:
    table = {name: _typed()[name].tolist() for name in HEADER}
    return _parquet({**table, **columns}, keep)


def _hollow(data: Path) -> None:
    """Write a Parquet file whose footer is sound and whose pages are not."""
    _sound_parquet()(data)
    path = data / "clinic.parquet"
    whole = bytearray(path.read_bytes())
    whole[4:600] = b"\xff" * 596
    path.write_bytes(bytes(whole))


_PARQUET = {"table": "clinic.parquet"}
_AGES = _typed()["age"].tolist()

COLUMNAR = [
    Case("sound Parquet", _sound_parquet(), _PARQUET),
    refused("Parquet cut off", _sound_parquet(0.6), "data/clinic.parquet", "not a Parquet file",
            entry=_PARQUET),
    fails("Parquet with damaged pages", _hollow, "data/clinic.parquet",
          "cannot be read to its end", entry=_PARQUET),
    refused("Parquet that is text", file(SOUND, "clinic.parquet"), "not a Parquet file",
            entry=_PARQUET),
    fails("Parquet without rows",
          _parquet(pa.table({name: pa.array([], pa.string()) for name in HEADER})),
          "data/clinic.parquet has a header and no rows", entry=_PARQUET),
    Case("nested columns where numbers should be",
         _sound_parquet(age=[{"years": age} for age in _AGES], bmi=[[25.5]] * 60), _PARQUET,
         error=("clinic.parquet", "no row that can be analysed", "quarantine"),
         kind=DataError),
    Case("infinite and missing doubles",
         _sound_parquet(bmi=[float("inf"), float("nan"), *_typed()["bmi"].tolist()[2:]]), _PARQUET,
         quarantine={1: _NO_NUMBER}, values={("P002", "bmi"): None}),
    Case("bytes where text should be",
         _sound_parquet(sex=[s.encode() for s in _typed()["sex"]]), _PARQUET),
]  # fmt: skip


def _statistics(write: Callable[..., None], ending: str, **options: Any) -> Make:
    def make(data: Path) -> None:
        write(_typed().assign(**options.pop("columns", {})), data / f"clinic{ending}", **options)

    return make


_SEX = {"columns": {"sex": [1.0 + (row[2] == "male") for row in rows()]}}
_CODES = {"variable_value_labels": {"sex": {1.0: "Female", 2.0: "Male"}}}
_TINY = {"columns": {"phq": [5.397605e-79, *[float(row[5]) for row in rows()[1:]]]}}


def _renamed(ending: str, what: str) -> Case:
    return refused(f"{ending} that is something else", file(SOUND, f"clinic{ending}"),
                   f"data/clinic{ending}", f"not {what} file", "get it again",
                   entry={"table": f"clinic{ending}"})  # fmt: skip


def _cut(write: Callable[..., None], ending: str, keep: float) -> Make:
    def make(data: Path) -> None:
        path = data / f"clinic{ending}"
        write(_typed(), path)
        whole = path.read_bytes()
        path.write_bytes(whole[: int(len(whole) * keep)])

    return make


STATISTICS = [
    _renamed(".sav", "an SPSS"),
    _renamed(".dta", "a Stata"),
    _renamed(".xpt", "a SAS"),
    _renamed(".sas7bdat", "a SAS"),
    Case("codes with value labels", _statistics(pyreadstat.write_sav, ".sav", **_SEX, **_CODES),
         {"table": "clinic.sav"}),
    Case("codes without value labels", _statistics(pyreadstat.write_sav, ".sav", **_SEX),
         {"table": "clinic.sav"}, error=("clinic.sav", "no row that can be analysed"),
         kind=DataError),
    Case("zeros of SAS that are 5.4e-79",
         _statistics(pyreadstat.write_xport, ".xpt", **_TINY, file_format_version=8),
         {"table": "clinic.xpt"}, values={("P001", "phq9_total"): 0}),
    Case("Stata cut off", _cut(pyreadstat.write_dta, ".dta", 0.6), {"table": "clinic.dta"},
         error=("data/clinic.dta",)),
    Case("SPSS cut off", _cut(pyreadstat.write_sav, ".sav", 0.6), {"table": "clinic.sav"},
         error=("data/clinic.sav",),
         kind=DataError),
    refused("SAS transport cut off", _cut(pyreadstat.write_xport, ".xpt", 0.6),
            "data/clinic.xpt", "cut off", "get it again", entry={"table": "clinic.xpt"}),
]  # fmt: skip

CASES = [*WORKBOOKS, *COLUMNAR, *STATISTICS]
