"""Columns of text as Arrow keeps them, and pandas.

Takes such a column; gives it from one to the other without a copy, and what its bytes tell.
"""

from typing import TypeAlias

import numpy as np
import pandas as pd
import pyarrow as pa
from pyarrow import compute

#: Type of every column of text: 64-bit offsets, as pandas keeps its strings.
TEXT = pa.large_string()
TextArray: TypeAlias = pd.api.extensions.ExtensionArray
_DTYPE = pd.StringDtype("pyarrow", na_value=np.nan)


def to_pandas(text: pa.Array | pa.ChunkedArray) -> TextArray:
    """Return a column of `TEXT` as pandas keeps its ``str``."""
    return _DTYPE.__from_arrow__(text)  # type: ignore[attr-defined]  # the stubs lack it


def to_arrow(column: pd.Series) -> pa.Array | pa.ChunkedArray:
    """Return a column of pandas as `TEXT`."""
    return pa.array(column.array, TEXT)


def repeated(word: str, n_rows: int) -> TextArray:
    """Return a column of the same word."""
    return to_pandas(pa.repeat(pa.scalar(word, TEXT), n_rows))


def without_empty(column: pd.Series) -> pd.Series:
    """Return the column with empty cells missing."""
    text = to_arrow(column)
    known = compute.if_else(compute.equal(text, ""), None, text)
    return pd.Series(to_pandas(known), column.index, name=column.name)


def is_close(text: pa.Array | pa.ChunkedArray) -> bool:
    """Say whether all characters are visible ones of ASCII: no blank, nothing to be stripped."""
    for chunk in text.chunks if isinstance(text, pa.ChunkedArray) else [text]:
        _, offsets, data = chunk.buffers()
        if len(chunk) and data is not None:
            ends = np.frombuffer(offsets, np.int64)[chunk.offset : chunk.offset + len(chunk) + 1]
            letters = np.frombuffer(data, np.uint8)[ends[0] : ends[-1]]
            # Below "!" the difference goes round to the largest bytes.
            if (letters - ord("!") > ord("~") - ord("!")).any():
                return False
    return True
