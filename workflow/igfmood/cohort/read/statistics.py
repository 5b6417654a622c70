"""Files of SAS, SPSS and Stata.

Takes a path and the places of the columns wanted; gives their cells as text, with value labels
and variable labels.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa

from igfmood.cohort.read.cells import cell, frame, written
from igfmood.cohort.read.paths import ending
from igfmood.cohort.read.transport import check_transport
from igfmood.cohort.table import RawTable
from igfmood.cohort.texts import TEXT, TextArray
from igfmood.config.table import TableFormat

#: The smallest number of SAS's transport format stands for nothing but 0 (NHANES has 5.4e-79).
_NOTHING = 1e-70
#: First and last bytes of a file of Stata 13 or later.
_STATA = (b"<stata_dta>", b"</stata_dta>")


def names(path: Path, layout: TableFormat) -> list[str]:
    """Return the variable names from the file's head."""
    about = _pyreadstat(path, layout, metadataonly=True)[1]
    if ending(path) == ".xpt":
        check_transport(path, sum(about.variable_storage_width.values()))
    return list(about.column_names)


def read(
    path: Path, places: Sequence[int], layout: TableFormat, rows: int | None = None
) -> RawTable:
    """Read the columns at the given places; with `rows`, of the first rows alone.

    Raises
    ------
    ValueError, OSError
        If the file cannot be read to its end.
    """
    every = names(path, layout)
    wanted = [every[place] for place in places]
    table, about = _pyreadstat(path, layout, usecols=wanted, row_limit=rows or 0)
    columns = [_column(table[name], ending(path)) for name in wanted]
    cells = frame(columns, wanted, len(table))
    labels = {
        name: {cell(code): str(label).strip() for code, label in codes.items()}
        for name, codes in about.variable_value_labels.items()
        if name in wanted
    }
    titles = {name: text for name, text in about.column_names_to_labels.items() if text}
    return RawTable(
        cells,
        pd.Series(False, cells.index),
        labels=labels,
        titles={name: titles[name] for name in wanted if name in titles},
        notes=_user_missing(path, layout, wanted),
    )


def _column(column: pd.Series, kind: str) -> TextArray:
    if kind == ".xpt" and column.dtype.kind == "f":
        column = column.mask(column.abs() < _NOTHING, 0.0)
    if column.dtype == object:
        return written(pa.array([cell(value) for value in column], TEXT))
    return written(pa.Array.from_pandas(column))


def _user_missing(path: Path, layout: TableFormat, wanted: Sequence[str]) -> list[str]:
    """Return which declared missing values of SPSS are read as empty cells."""
    if ending(path) not in (".sav", ".zsav"):
        return []
    about = _pyreadstat(path, layout, metadataonly=True, user_missing=True)[1]
    return [
        f"{path.name}: user-missing values of {name} are read as empty: "
        + ", ".join(_range(part) for part in about.missing_ranges[name])
        for name in wanted
        if about.missing_ranges.get(name)
    ]


def _range(part: Mapping[str, Any]) -> str:
    low, high = (f"{x:g}" if isinstance(x, float) else str(x) for x in (part["lo"], part["hi"]))
    return low if low == high else f"{low} to {high}"


def _pyreadstat(path: Path, layout: TableFormat, **options: Any) -> tuple[pd.DataFrame, Any]:
    import pyreadstat

    readers: dict[str, Any] = {
        ".xpt": pyreadstat.read_xport,
        ".sas7bdat": pyreadstat.read_sas7bdat,
        ".sav": pyreadstat.read_sav,
        ".zsav": pyreadstat.read_sav,
        ".dta": pyreadstat.read_dta,
    }
    kind = ending(path)
    catalog = path.with_suffix(".sas7bcat")
    if kind == ".sas7bdat" and catalog.is_file():
        options["catalog_file"] = str(catalog)
    if kind == ".dta":
        _check_whole(path)
    try:
        table, about = readers[kind](str(path), encoding=layout.encoding, **options)
    except (pyreadstat.ReadstatError, pyreadstat.PyreadstatError) as error:
        what = {".sav": "an SPSS", ".zsav": "an SPSS", ".dta": "a Stata"}.get(kind, "a SAS")
        raise ValueError(
            f"not {what} file, or damaged, or in another encoding than it says "
            f"({error}): get it again, or declare format.encoding"
        ) from error
    return table, about


def _check_whole(path: Path) -> None:
    """Refuse a Stata file (from version 13 on) whose end, with its labels, is missing."""
    with open(path, "rb") as file:
        marked = file.read(len(_STATA[0])) == _STATA[0]
        file.seek(-min(len(_STATA[1]), path.stat().st_size), 2)
        if marked and file.read() != _STATA[1]:
            raise ValueError("its end is missing: get it again")
