"""Writing files whose bytes depend on their content only.

Takes: tables of text cells, or a mapping.
Gives: CSV, gzipped CSV, Parquet and YAML files, and their SHA-256 sums.
"""

import gzip
import hashlib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import yaml


def write_csv(path: Path, table: pd.DataFrame, separator: str) -> None:
    """Write text cells without quoting.

    Parameters
    ----------
    path : Path
    table : DataFrame
        Text cells.
    separator : str

    Raises
    ------
    ValueError
        If a cell holds the separator or a line break.
    """
    path.write_bytes(_csv_bytes(table, separator))


def write_csv_gz(path: Path, table: pd.DataFrame, separator: str) -> None:
    """Write gzipped text cells; the gzip header holds neither time nor file name.

    Parameters
    ----------
    path : Path
    table : DataFrame
    separator : str
    """
    with (
        path.open("wb") as raw,
        gzip.GzipFile(filename="", mode="wb", fileobj=raw, mtime=0, compresslevel=9) as packed,
    ):
        packed.write(_csv_bytes(table, separator))


def _csv_bytes(table: pd.DataFrame, separator: str) -> bytes:
    """UTF-8 bytes of a table, one line per row, newline at the end of each."""
    rows = [list(map(str, table.columns)), *table.astype(str).to_numpy().tolist()]
    for cell in (cell for row in rows for cell in row):
        if separator in cell or "\n" in cell or '"' in cell:
            raise ValueError(
                f"cell {cell!r} cannot be written unquoted with separator {separator!r}"
            )
    return "".join(separator.join(row) + "\n" for row in rows).encode("utf-8")


def write_parquet(path: Path, table: pd.DataFrame, schema: pa.Schema) -> None:
    """Write text cells as typed columns without library metadata.

    Parameters
    ----------
    path : Path
    table : DataFrame
        Text cells; an empty text becomes null.
    schema : pyarrow.Schema
        Its field names choose and order the columns.
    """
    arrays = [
        pa.array([cell or None for cell in table[field.name]], pa.string()).cast(field.type)
        for field in schema
    ]
    pq.write_table(pa.Table.from_arrays(arrays, schema=schema), path, compression="snappy")


def write_yaml(path: Path, content: dict[str, Any], heading: str) -> None:
    """Write a mapping in its own order under comment lines.

    Parameters
    ----------
    path : Path
    content : dict
        Plain Python values or numpy numbers.
    heading : str
        Comment text, one or more lines.
    """
    comment = "".join(f"# {line}\n" for line in heading.splitlines())
    body = yaml.safe_dump(plain(content), sort_keys=False, allow_unicode=True, width=100)
    path.write_bytes((comment + body).encode("utf-8"))


def plain(value: Any) -> Any:
    """Numpy numbers inside nested containers as Python numbers.

    Parameters
    ----------
    value : object

    Returns
    -------
    object
    """
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    return value.item() if isinstance(value, np.generic) else value


def write_checksums(path: Path, files: Iterable[Path]) -> None:
    """Write SHA-256 sums in the form `sha256sum --check` reads, sorted by name.

    Parameters
    ----------
    path : Path
    files : iterable of Path
    """
    lines = [f"{hashlib.sha256(file.read_bytes()).hexdigest()}  {file.name}\n" for file in files]
    path.write_bytes("".join(sorted(lines, key=lambda line: line[66:])).encode("ascii"))
