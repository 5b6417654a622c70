"""Where a table lies, and what kind of file it is.

Takes the folder of the data and a name from the configuration; gives a path that is sure to lie
below the folder, and the ending that says how the file is read.
"""

from pathlib import Path

from igfmood.errors import DataError

#: Column separator that each ending of a text table promises.
TEXT_ENDINGS = {".csv": ",", ".tsv": "\t", ".txt": "\t"}
STATISTICS_ENDINGS = (".xpt", ".sas7bdat", ".sav", ".zsav", ".dta")
ENDINGS = (*TEXT_ENDINGS, ".parquet", ".xlsx", *STATISTICS_ENDINGS)

_REMEDIES = {
    ".xls": "save it as .xlsx or .csv",
    ".xlsm": "save it as .xlsx, without macros",
    ".ods": "save it as .xlsx or .csv",
    ".rds": "write it from R with write.csv or arrow::write_parquet",
    ".rdata": "write it from R with write.csv or arrow::write_parquet",
    ".zip": "unpack it, or compress the table alone with gzip",
    ".por": "save it in SPSS as .sav",
}


def table_path(data_root: Path | str, table: str) -> Path:
    """Return where a table is; refuse a path that leaves the data folder.

    Raises
    ------
    DataError
        If the path is absolute, climbs out of `data_root` (also by a symbolic link), is a folder,
        or is of a kind that is not read.
    """
    path = Path(table)
    if path.is_absolute() or ".." in path.parts:
        raise DataError(
            f"table {table!r} must lie below data_root: give a relative path without '..'"
        )
    ending(path)
    root = Path(data_root)
    found = root / path
    if not found.resolve().is_relative_to(root.resolve()):
        raise DataError(
            f"table {table!r} must lie below data_root, and is a link to {found.resolve()}: "
            "copy the file there, or set data_root to the folder that holds it"
        )
    return found


def ending(path: Path) -> str:
    """Return the ending that says what a file is, in lower case and without .gz.

    Raises
    ------
    DataError
        If it is none that can be read.
    """
    suffixes = [suffix.lower() for suffix in path.suffixes]
    zipped = suffixes[-1:] == [".gz"]
    kind = suffixes[-2] if zipped and len(suffixes) > 1 else (suffixes or [""])[-1]
    if kind not in (TEXT_ENDINGS if zipped else ENDINGS):
        remedy = _REMEDIES.get(kind)
        raise DataError(
            f"table {path.name!r} ends in {kind!r}; allowed: .csv, .tsv, .txt (also .gz), "
            ".xlsx, .parquet, .xpt, .sas7bdat, .sav, .zsav, .dta"
            + (f"; {remedy}" if remedy else "")
        )
    return kind
