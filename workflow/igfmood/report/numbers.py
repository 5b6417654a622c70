"""How numbers are written, in one place.

Takes values; gives text with the minus sign, thousands separators and no more digits than mean
something, alone or tied to the result they come from.
"""

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass

MINUS = "\N{MINUS SIGN}"
#: Keeps a number and its unit on one line.
NBSP = "\N{NO-BREAK SPACE}"

#: Decimals of each measure.
_DECIMALS = {
    "smd": 2, "beta": 2, "log_or": 2, "auc": 2, "delta_auc": 3, "brier": 3, "delta_c_index": 3,
    "delta_hand_till": 3, "calibration_intercept": 2, "calibration_slope": 2, "tau2": 3, "i2": 0,
    "q": 2, "k": 0, "n": 0, "count": 0, "missing": 0, "scaled_brier": 3, "delta_scaled_brier": 3,
    "net_benefit": 3, "delta_net_benefit": 3, "ici": 3, "e50": 3, "e90": 3, "idi": 3, "mape": 3,
    "required_people": 0, "detectable_delta_auc": 3,
}  # fmt: skip
#: The first number of a text, and whether it stands for less or more than it says.
_PRINTED = re.compile(rf"([<>]?){NBSP}?([{MINUS}+-]?)(\d[\d,]*(?:\.(\d+))?)")
#: The hyphen of a negative number.
_HYPHENATED = re.compile(r"(?<![\w.-])-(?=\d)")
#: Beyond this many decimals nothing is told apart.
_MOST_DECIMALS = 5


@dataclass(frozen=True)
class Number:
    """A number as it is shown, and the result it comes from.

    Parameters
    ----------
    text
        The number, written.
    result_id
        Row of the results table.
    value
        The number itself; missing where none is shown.
    """

    text: str
    result_id: str
    value: float | None = None


@dataclass(frozen=True)
class Link:
    """A way to another place of the page: what it is called, and its anchor."""

    text: str
    anchor: str


#: What a sentence or a table cell is made of.
Part = str | Number | Link
Text = tuple[Part, ...]


def plain(parts: Text | str) -> str:
    """Return a text without the ties to results."""
    if isinstance(parts, str):
        return parts
    return "".join(part if isinstance(part, str) else part.text for part in parts)


def sort_key(text: str) -> str:
    """Return what a printed number is sorted by: itself, with not a digit more than it shows.

    What lies below or above a number comes next to it. A text without a number is its own key.

    Examples
    --------
    >>> sort_key("−1,234.6 (−1,300.0 to −1,100.0)"), sort_key("<10"), sort_key("+0.080")
    ('-1234.6', '9', '0.080')
    """
    found = _PRINTED.search(text)
    if found is None:
        return text
    beside, sign, digits, decimals = found.groups()
    places = len(decimals or "")
    value = float(digits.replace(",", "")) * (-1 if sign in (MINUS, "-") else 1)
    return f"{value + {'<': -1, '>': 1, '': 0}[beside] * 10.0**-places:.{places}f}"


def decimals_of(measure: str) -> int:
    """Return how many decimals a measure is given with."""
    return _DECIMALS.get(measure, 2)


def fixed(value: float, decimals: int) -> str:
    """Return a number with so many decimals.

    Examples
    --------
    >>> fixed(-1234.567, 1)
    '−1,234.6'
    >>> fixed(-0.001, 2)
    '0.00'
    """
    if not math.isfinite(value):
        raise ValueError(f"{value} is no number to show")
    text = f"{value:,.{decimals}f}"
    if text.startswith("-"):
        text = text[1:] if float(text.replace(",", "")) == 0 else MINUS + text[1:]
    return text


def with_minus(text: str) -> str:
    """Return a text whose negative numbers have the minus sign; ranges and dates stay.

    Examples
    --------
    >>> with_minus("normal interval (-1.87 to -0.01), 2026-11-29, 10-12")
    'normal interval (−1.87 to −0.01), 2026-11-29, 10-12'
    """
    return _HYPHENATED.sub(MINUS, text)


def signed(value: float, decimals: int) -> str:
    """Return a number with its sign, zero without one."""
    text = fixed(value, decimals)
    nothing = float(text.replace(MINUS, "-").replace(",", "")) == 0
    return text if nothing or text.startswith(MINUS) else f"+{text}"


def p_value(p: float) -> str:
    """Return a p value: ``< 0.001``, three decimals below 0.1, ``> 0.99``, else two."""
    if p < 0.001:
        return f"<{NBSP}0.001"
    if p > 0.99:
        return f">{NBSP}0.99"
    return fixed(p, 3 if p < 0.1 else 2)


def percent(share: float) -> str:
    """Return a share from 0 to 1 in whole percent."""
    return f"{fixed(100 * share, 0)}{NBSP}%"


def level(value: float) -> str:
    """Return the level of an interval: ``95 %``."""
    return f"{value * 100:g}{NBSP}%"


def decimals_apart(values: Iterable[float], marks: Iterable[float], decimals: int) -> int:
    """Return how many decimals tell each value from each mark that it does not equal.

    An interval that stops short of a bound must not be written as if it reached it.
    """
    pairs = [(value, mark) for value in values for mark in marks if abs(value - mark) > 1e-12]
    while decimals < _MOST_DECIMALS and any(
        round(value, decimals) == round(mark, decimals) for value, mark in pairs
    ):
        decimals += 1
    return decimals
