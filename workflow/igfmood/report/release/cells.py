"""The words of a table's cell as what a spreadsheet can compute with.

Takes the text of a cell; gives a number with the format that shows as many digits, its interval, or
the text.
"""

import re
from dataclasses import dataclass

from igfmood.report.numbers import MINUS, NBSP

_NUMBER = r"[+-]?\d{1,3}(?:,\d{3})+(?:\.\d+)?|[+-]?\d+(?:\.\d+)?"
_ALONE = re.compile(rf"({_NUMBER})( ?%)?")
_INTERVAL = re.compile(rf"({_NUMBER}) \(({_NUMBER}) to ({_NUMBER})\)")
#: What stands in a cell without a number.
_NONE = {"", "–"}


@dataclass(frozen=True)
class Value:
    """What is written into a cell: a number with its format, or a text with none."""

    content: float | str | None
    form: str = ""


def plain(text: str) -> str:
    """Return a text with the plain minus and plain spaces."""
    return text.replace(MINUS, "-").replace(NBSP, " ").strip()


def number(text: str) -> Value | None:
    """Return a text that is a number and nothing else, with the format that shows it so.

    Examples
    --------
    >>> number("1,204"), number("−0.60"), number("12 %"), number("<10")
    (Value(content=1204.0, form='#,##0'), Value(content=-0.6, form='0.00'), \
Value(content=0.12, form='0%'), None)
    """
    found = _ALONE.fullmatch(plain(text))
    if found is None:
        return None
    digits, percent = found.groups()
    value = float(digits.replace(",", ""))
    places = len(digits.partition(".")[2])
    if percent:
        return Value(round(value / 100, places + 2), f"0{_decimals(places)}%")
    return Value(value, f"{'#,##0' if abs(value) >= 1000 else '0'}{_decimals(places)}")


def _decimals(places: int) -> str:
    return "." + "0" * places if places else ""


def interval(text: str) -> tuple[Value, Value, Value] | None:
    """Return an estimate and the ends of its interval: ``−0.60 (−0.77 to −0.44)``, else None."""
    found = _INTERVAL.fullmatch(plain(text))
    if found is None:
        return None
    estimate, low, high = (number(part) for part in found.groups())
    return (estimate, low, high) if estimate and low and high else None


def spread(columns: tuple[str, ...], numeric: tuple[bool, ...],
           rows: tuple[tuple[str, ...], ...]) -> tuple[list[str], list[list[Value]]]:  # fmt: skip
    """Return headings and cells, with an interval in two columns beside its estimate.

    Numbers are taken from columns of numbers only: a digest that has no letter stays text.
    """
    wide = [
        numeric[place] and any(interval(row[place]) for row in rows)
        for place in range(len(columns))
    ]
    heads = [
        name
        for column, three in zip(columns, wide, strict=True)
        for name in ((column, f"{column}: from", f"{column}: to") if three else (column,))
    ]
    cells = [
        [
            value
            for place, text in enumerate(row)
            for value in _values(text, numeric[place], wide[place])
        ]
        for row in rows
    ]
    return heads, cells


def _values(text: str, numeric: bool, wide: bool) -> tuple[Value, ...]:
    if text in _NONE:
        one = Value(None)
    elif numeric:
        found = interval(text)
        if found is not None:
            return found
        one = number(text) or Value(plain(text))
    else:
        one = Value(text)
    return (one, Value(None), Value(None)) if wide else (one,)
