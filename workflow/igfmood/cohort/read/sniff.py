"""What a table does not declare: its separator, its decimal mark, a second line of names.

Takes the first lines or the cells; gives what was found, or an error that asks for a declaration
where two readings are possible.
"""

import csv
import re
from collections.abc import Mapping, Sequence
from functools import lru_cache

import pandas as pd
import pyarrow as pa
from pyarrow import compute

_CANDIDATES = (",", ";", "\t", "|")
_NUMBER = re.compile(r"^[+-]?(\d+([.,]\d*)?|[.,]\d+)([eE][+-]?\d+)?$")
_WITH_POINT = r"^[+-]?\d*\.\d+([eE][+-]?\d+)?$"
_WITH_COMMA = r"^[+-]?\d*,\d+([eE][+-]?\d+)?$"
#: 1,234 may be a thousand or a bit more than one.
_THOUSANDS = r"^[+-]?[1-9]\d{0,2},\d{3}$"
#: Rows that show what the columns of a table hold.
_SHOWN = 200
_NO_VALUE = re.compile(r"(n/?a|nan|null|none|missing|unknown|refused|\W*)", re.IGNORECASE)


@lru_cache(maxsize=8)
def find_delimiter(lines: tuple[str, ...], promised: str, name: str) -> str:
    """Return the separator by which the first lines have the same number of fields.

    Parameters
    ----------
    lines
        The header and lines after it.
    promised
        Separator that the file's ending stands for; it decides between equals.
    name
        Name of the file.

    Raises
    ------
    ValueError
        If several separators fit and the promised one is not among them.
    """
    shares = {mark: _consistent(lines, mark) for mark in _CANDIDATES}
    best = max(shares.values())
    if best < 0:
        return promised
    fitting = [mark for mark, share in shares.items() if share == best]
    if promised in fitting:
        return promised
    if len(fitting) > 1:
        raise ValueError(
            f"the columns of {name} may be separated by any of {fitting}: declare format.delimiter"
        )
    return fitting[0]


def _consistent(lines: Sequence[str], mark: str) -> float:
    """Return the share of rows with as many fields as the header; -1 if it has one field."""
    counts = [len(fields) for fields in csv.reader(lines, delimiter=mark) if any(fields)]
    if not counts or counts[0] < 2:
        return -1
    return sum(count == counts[0] for count in counts[1:]) / max(len(counts) - 1, 1)


def find_decimal(cells: pd.DataFrame, name: str) -> str:
    """Return the decimal mark of a table whose separator is not the comma.

    The comma only where cells such as 7,5 stand and none such as 7.5; a number with a thousands
    mark is never read as another number.

    Raises
    ------
    ValueError
        If both occur, or if every comma could be a thousands mark.
    """
    points, commas, clear = [], [], False
    for column in cells:
        text = pa.array(cells[column])
        if compute.any(compute.match_substring(text, ".")).as_py() and _any(text, _WITH_POINT):
            points.append(column)
        if compute.any(compute.match_substring(text, ",")).as_py() and _any(text, _WITH_COMMA):
            commas.append(column)
            both = compute.match_substring_regex(text, _WITH_COMMA)
            thousands = compute.match_substring_regex(text, _THOUSANDS)
            clear |= compute.any(compute.and_not(both, thousands)).as_py()
    if commas and points:
        raise ValueError(
            f"numbers are written with a comma in {commas[:5]} and with a point in {points[:5]} of "
            f"{name}: declare format.decimal ('.' or ','); the others are then told cell by cell"
        )
    if commas and not clear:
        raise ValueError(
            f"numbers such as 1,234 in {commas[:5]} of {name} may be thousands or decimals: "
            "declare format.decimal ('.' or ',')"
        )
    return "," if commas else "."


def _any(text: pa.Array, pattern: str) -> bool:
    return bool(compute.any(compute.match_substring_regex(text, pattern)).as_py())


def check_first_row(cells: pd.DataFrame, place: str) -> None:
    """Refuse a first row that is no participant but a second line of names or units.

    Parameters
    ----------
    cells
        Cells of the table.
    place
        Where the first row stands, for the message.

    Raises
    ------
    ValueError
        If columns of numbers all begin with words that no later row repeats.
    """
    words: dict[str, str] = {}
    for column in cells:
        first, *rest = cells[column].iloc[:_SHOWN].tolist()
        later = [text for text in rest if text != ""]
        numbers = sum(_NUMBER.match(text) is not None for text in later)
        if numbers < 3 or numbers < len(later) / 2:
            continue
        if _NUMBER.match(first):
            return
        if not _NO_VALUE.fullmatch(first) and first not in later:
            words[str(column)] = first
    if len(words) > 1:
        raise ValueError(_second_header(words, place))


def _second_header(words: Mapping[str, str], place: str) -> str:
    shown = ", ".join(f"{column}: {word!r}" for column, word in list(words.items())[:4])
    return (
        f"{place} is no participant but a second line of names or units ({shown}): remove it, or "
        "set format.header_row to it if it names the columns"
    )
