"""From typed cells to text, as a person would write them.

Takes columns of numbers, dates or words from Arrow, pandas or a workbook; gives text: whole
numbers without a decimal point, dates as ISO 8601, what is missing as an empty cell.
"""

import datetime
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from pyarrow import compute

from igfmood.cohort.texts import TEXT, TextArray, is_close, to_pandas

#: Above this a double no longer holds every whole number.
_EXACT = 2.0**53


def as_text(column: pa.Array | pa.ChunkedArray) -> TextArray:
    """Return text as pandas keeps it, stripped; what is missing is an empty cell."""
    text = column.cast(TEXT)
    if text.null_count:
        text = compute.fill_null(text, "")
    if not is_close(text):
        text = compute.utf8_trim_whitespace(text)
    return to_pandas(text)


def frame(columns: Sequence[TextArray], names: Sequence[str], n_rows: int) -> pd.DataFrame:
    """Return columns of text side by side, rows numbered from 1."""
    index = pd.RangeIndex(1, n_rows + 1, name="row")
    table = pd.DataFrame(dict(enumerate(columns)), index=index, copy=False)
    return table.set_axis(list(names), axis=1)


def written(column: pa.Array | pa.ChunkedArray) -> TextArray:
    """Return a typed Arrow column as text."""
    if isinstance(column, pa.ChunkedArray):
        column = column.combine_chunks()
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    kind = column.type
    if pa.types.is_floating(kind):
        return as_text(_numbers(column))
    if pa.types.is_timestamp(kind) or pa.types.is_date(kind):
        return as_text(_instants(column))
    if pa.types.is_binary(kind) or pa.types.is_large_binary(kind):
        return as_text(column)  # text of writers that name no encoding; it must be UTF-8
    if pa.types.is_integer(kind) or pa.types.is_string(kind) or pa.types.is_large_string(kind):
        return as_text(column)
    return as_text(pa.array([cell(value) for value in column.to_pylist()], TEXT))


def _numbers(column: pa.Array) -> pa.Array:
    """Write doubles; the shortest text that reads back as the same number."""
    column = compute.if_else(compute.is_nan(column), None, column)
    values = column.to_numpy(zero_copy_only=False)
    whole = np.isfinite(values) & (values == np.trunc(values)) & (np.abs(values) < _EXACT)
    counts = pa.array(np.where(whole, values, 0).astype("int64"))
    text = compute.if_else(pa.array(whole), counts.cast(TEXT), column.cast(TEXT))
    if np.isfinite(values).all() and np.abs(values).max(initial=0) < _EXACT:
        return text
    return pa.array([cell(value) for value in column.to_pylist()], TEXT)


def _instants(column: pa.Array) -> pa.Array:
    """Write instants; the time of day is left out where the whole column is at midnight."""
    if pa.types.is_timestamp(column.type):
        column = column.cast(pa.timestamp(column.type.unit))
        day = compute.floor_temporal(column, unit="day")
        whole = compute.all(compute.equal(column, day), min_count=0).as_py()
        return compute.strftime(
            column.cast(pa.timestamp("s"), safe=False),
            format="%Y-%m-%d" if whole else "%Y-%m-%d %H:%M:%S",
        )
    return column.cast(TEXT)


def cell(value: Any) -> str:
    """Return one typed cell as text."""
    if value is None or value is pd.NaT or value != value:
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, datetime.datetime):
        midnight = value.time() == datetime.time()
        return value.strftime("%Y-%m-%d" if midnight else "%Y-%m-%d %H:%M:%S")
    return str(value)
