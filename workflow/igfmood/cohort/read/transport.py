"""Whether a SAS transport file is whole.

Takes a path and the length of a row; says what is missing. The format has no end mark: a file that
was cut off reads as a smaller table.
"""

import re
from pathlib import Path

#: Length of the format's records; the last one is filled up with blanks.
_RECORD = 80
#: Opens the rows; version 8 says how many there are.
_ROWS = re.compile(rb"HEADER RECORD\*{7}OBS(?: {5}|V8 {3})HEADER RECORD!{7}([\d ]{15})")
#: The names of 10,000 columns end before this.
_HEAD = 2 * 10**6


def check_transport(path: Path, row_length: int) -> None:
    """Refuse a transport file that ends within a record or a row.

    Parameters
    ----------
    path
        The file.
    row_length
        Bytes of one row: the lengths of all columns together.

    Raises
    ------
    ValueError
        If it is cut off, or holds further tables after the first.
    """
    size = path.stat().st_size
    with open(path, "rb") as file:
        found = _ROWS.search(file.read(_HEAD))
        if found is None or row_length == 0:
            return
        start = found.start() + _RECORD
        n_rows, rest = divmod(size - start, row_length)
        file.seek(size - rest)
        filled = rest < _RECORD and not file.read().strip(b" ")
    expected = int(found[1]) if found[1].strip() else 0
    if size % _RECORD or not filled or n_rows < expected:
        raise ValueError(
            "its rows do not end where its last record ends: it is cut off, or holds several "
            "tables; get it again, or write each table into a file of its own"
        )
