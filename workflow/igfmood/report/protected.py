"""Shares and totals in the form in which they may be shown.

Takes counts behind shares, and the form of the parts of a total; gives words in which no count
below the limit stands or can be worked out, and texts without the sizes that methods and reasons
name in passing.
"""

import math
import re
import sys
from collections.abc import Sequence

import pandas as pd

from igfmood.config.analysis import ALL
from igfmood.disclosure import Shown, Sum, bounds, coarse, redact, show, suppressed
from igfmood.report.numbers import NBSP, Number, percent, with_minus

#: Sizes that a method names: ``75 men``, ``(n = 436)``, ``(3 people of the training data)``.
_ASIDE = re.compile(r"\s*\((?:n = )?[\d,]+(?: people [^()]*)?\)")
_SIZE = re.compile(r",? ?\b(?:n = [\d,]+\b)")
_PEOPLE = re.compile(r"(?<!than )\b[\d,]+ (?=(?:men|women|people|persons|complete people)\b)")
_FELL_SHORT = re.compile(r"(?<!k = )(?<![\d.,])[\d,]+ < ([\d,]+)\b")
#: A number that fell short and is no count: ``SD 4.2 < 5``.
_DECIMAL = re.compile(r"(\d+\.\d+) < (\d+)")
_ROWS = re.compile(r"\b(\d+)(?= rows\b)")


def share_form(events: int, n: int, min_cell: int) -> Shown:
    """Return the form of a count that is shown as a share of `n`, its complement protected too.

    Of a group below the limit nothing is said.
    """
    if suppressed(n, min_cell):
        return Shown(f"<{min_cell}", 0, min_cell - 1)
    form = show(events, min_cell)
    if form.exact and suppressed(n - events, min_cell):
        return Shown(f"≥{n - min_cell + 1:,}", n - min_cell + 1, n - 1)
    return form


def total_form(total: int, n: int, parts: Sequence[Shown], min_cell: int) -> Shown:
    """Return the form of a total that does not give back a part that is not shown.

    Parameters
    ----------
    total, n
        The count, and of how many.
    parts
        Form of each part.
    min_cell
        Counts below this are suppressed.
    """
    form = share_form(total, n, min_cell)
    if all(part.exact for part in parts):
        return form
    options = [whole_percent(form, n), *(_rounded(total, n, step, "≈") for step in (5, 10))]
    for option in options if form.exact else []:
        if _keeps_parts_open(option, parts, min_cell):
            return option
    return Shown(f"≥{min_cell}", min_cell, n) if total >= min_cell else form


def sum_form(total: int, parts: Sequence[Shown], min_cell: int) -> Shown:
    """Return the form of a sum that says no more of a part that is not shown than the part does.

    A part may be narrowed down to `min_cell` values, not to fewer.

    Examples
    --------
    >>> rounded = Shown("≈ 60", 55, 64), Shown("≈ 100", 95, 104)
    >>> sum_form(166, rounded, 10).text
    '≈ 150'
    """
    if all(part.exact for part in parts):
        return show(total, min_cell)
    steps = [times * min_cell for times in (1, 5, 10) if total >= 2 * times * min_cell]
    for option in (coarse(total, step) for step in steps):
        if not _narrows(option, parts, min_cell):
            return option
    least = min(total, min_cell)
    return Shown(f"≥{least}", least, sys.maxsize)


def part_form(n: int, whole: int, min_cell: int) -> Shown:
    """Return the form of a part of people that leaves `min_cell` numbers of the rest open.

    Examples
    --------
    >>> part_form(433, 436, 10).text, part_form(424, 426, 10).text, part_form(14, 60, 10).text
    ('≈ 430', '≈ 400', '≥10')
    """
    if suppressed(n, min_cell):
        return show(n, min_cell)
    steps = [times * min_cell for times in (1, 5, 10) if n >= 2 * times * min_cell]
    for option in (coarse(n, step) for step in steps):
        if min(option.high, whole) - option.low >= min_cell - 1:
            return option
    return Shown(f"≥{min_cell}", min_cell, whole)


def _narrows(total: Shown, parts: Sequence[Shown], min_cell: int) -> bool:
    """Return whether a total leaves fewer values of a part open than the part itself does."""
    named = {f"part {place}": part for place, part in enumerate(parts)}
    known = bounds({"total": total, **named}, [Sum("total", tuple(named))])
    return any(
        known[name][1] - known[name][0] < min(part.high - part.low, min_cell - 1)
        for name, part in named.items()
    )


def whole_percent(form: Shown, n: int) -> Shown:
    """Return an exact count as what its share in whole percent leaves open."""
    return _rounded(form.low, n, 1, "%") if form.exact and 0 < form.low < n else form


def _rounded(events: int, n: int, step: int, mark: str) -> Shown:
    middle = step * round(100 * events / n / step)
    low = math.ceil((middle - step / 2) * n / 100)
    high = math.floor((middle + step / 2) * n / 100)
    return Shown(mark, max(0, min(low, events)), min(n, max(high, events)))


def _keeps_parts_open(total: Shown, parts: Sequence[Shown], min_cell: int) -> bool:
    names = [f"part {place}" for place in range(len(parts))]
    known = bounds(
        {"total": total, **dict(zip(names, parts, strict=True))}, [Sum("total", tuple(names))]
    )
    return all(
        part.exact or known[name][1] - known[name][0] + 1 >= min_cell // 2
        for name, part in zip(names, parts, strict=True)
    )


def share_text(form: Shown, n: int) -> str:
    """Return a share in whole percent: ``12 %``, or what may be said of it, ``≤ 4 %``.

    Examples
    --------
    >>> share_text(Shown("12", 12, 12), 100).replace(NBSP, " ")
    '12 %'
    >>> share_text(Shown("<10", 1, 9), 457).replace(NBSP, " ")
    '≤ 2 %'
    """
    if form.exact:
        return "<" + NBSP + percent(0.01) if 0 < form.low < 0.005 * n else percent(form.low / n)
    middle = (form.low + min(form.high, n)) / 2 / n
    if form.text.startswith("%"):
        return percent(middle)
    if form.text.startswith("≈"):
        return f"≈{NBSP}{percent(round(20 * middle) / 20)}"
    if form.low <= 1:
        return f"≤{NBSP}{min(100, math.ceil(100 * form.high / n))}{NBSP}%"
    return f"≥{NBSP}{math.floor(100 * form.low / n)}{NBSP}%"


def complement(form: Shown, n: int) -> Shown:
    """Return the form of `n` less a count."""
    if form.exact:
        return Shown(f"{n - form.low:,}", n - form.low, n - form.low)
    high, low = n - form.low, max(0, n - form.high)
    return Shown(form.text[0] if form.text[0] in "≈%" else "", low, high)


def share_number(row: pd.Series, form: Shown, n: int) -> Number:
    """Return a share tied to its row; it sorts by what is shown."""
    high = min(form.high, n)
    return Number(share_text(form, n), row["result_id"], (form.low + high) / 2 / n)


def without_sizes(method: str) -> str:
    """Return the words of a method without the numbers of people that they name.

    Examples
    --------
    >>> without_sizes("local marginal likelihood: 75 men, nu 0.78; 3 women (n = 78)")
    'local marginal likelihood: men, nu 0.78; women'
    >>> without_sizes("a batch with fewer than 10 people (3 people of the training data)")
    'a batch with fewer than 10 people'
    """
    kept = _PEOPLE.sub("", _SIZE.sub("", _ASIDE.sub("", _needs(method))))
    return with_minus(kept)


def _needs(text: str) -> str:
    return _FELL_SHORT.sub(r"at least \1 are needed", text)


def told_reason(reason: str, stratum: str, min_cell: int) -> str:
    """Return a reason without small counts, of a part of the people without any that fell short.

    Two counts of people of whom one is within the other give back those between them.

    Examples
    --------
    >>> told_reason("too few people: 15 < 20", "all", 10)
    'too few people: 15, needs 20'
    >>> told_reason("too few people: 15 < 20; too few cohorts: k = 1 < 2", "women", 10)
    'too few people: at least 20 are needed; too few cohorts: k = 1 < 2'
    """
    return redact(reason if stratum == ALL else _needs(reason), min_cell)


def open_reason(reason: str, min_cell: int, stratum: str = ALL) -> str:
    """Return a reason without small counts, and without sizes that would give one back."""
    kept = _DECIMAL.sub(r"\1, below \2", reason if stratum == ALL else _needs(reason))
    return redact(_SIZE.sub("", kept).replace("quantile:", "quantile"), min_cell)


def open_note(note: str, min_cell: int) -> str:
    """Return what was found out about a file without small counts of rows."""
    return _ROWS.sub(lambda match: show(int(match[1]), min_cell).text, note)
