"""What may be shown of small counts, so that nobody can be picked out or worked out.

Takes exact counts, the sums that tie them, and the smallest count that may be shown; gives the
form in which each count is shown. Pure functions.
"""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

#: Steps by which a count that is large enough is coarsened when it would give back a small one:
#: rounded to this many times the smallest count, and in the end only "at least the smallest count".
_ROUNDING = (1, 5, 10)
#: Stands for "no upper limit is known".
_NO_LIMIT = 2**62


@dataclass(frozen=True)
class Shown:
    """How one count is shown, and what a reader can conclude from that alone.

    Parameters
    ----------
    text
        ``1,204``, ``<10`` (suppressed), ``≈ 1,200`` or ``≥10`` (coarsened to protect another).
    low, high
        The count lies between these, both included; the same where it is shown exactly.
    """

    text: str
    low: int
    high: int

    @property
    def exact(self) -> bool:
        """Whether the count itself is shown."""
        return self.low == self.high


@dataclass(frozen=True)
class Sum:
    """A margin: the count `total` is the sum of the counts `parts`. All are names of counts."""

    total: str
    parts: tuple[str, ...]

    @property
    def members(self) -> tuple[str, ...]:
        """Total and parts."""
        return (self.total, *self.parts)


def suppressed(n: int, min_cell: int) -> bool:
    """Return whether a count is too small to show. Zero says nothing of anybody and is shown."""
    return 0 < n < min_cell


def show(n: int, min_cell: int) -> Shown:
    """Return how a count that no margin ties to others is shown (primary suppression)."""
    if n < 0:
        raise ValueError(f"a count cannot be negative: {n}")
    if suppressed(n, min_cell):
        return Shown(f"<{min_cell}", 1, min_cell - 1)
    return Shown(f"{n:,}", n, n)


def show_all(
    counts: Mapping[str, int],
    sums: Iterable[Sum],
    min_cell: int,
    *,
    hidden: Collection[str] = (),
    free: Collection[str] = (),
    cost: Mapping[str, int] | None = None,
) -> dict[str, Shown]:
    """Return how counts are shown that are tied by margins (primary and secondary suppression).

    A count below `min_cell` is suppressed. Where the margins would still narrow it down to fewer
    than half of the values that ``<min_cell`` leaves open, larger counts that are tied to it are
    rounded, or in the end given as "at least `min_cell`", until they no longer do.

    Parameters
    ----------
    counts
        Exact counts by name.
    sums
        How they add up; each is known to the reader.
    min_cell
        Counts from 1 to one less than this are suppressed.
    hidden
        Counts that are not shown anywhere (the complement of a percentage) but must be protected.
    free
        Counts that are not shown anywhere and may be worked out: who is left over when the
        complete cases of an analysis are taken from a group.
    cost
        How much a count is needed by the reader; among equally near ones the cheapest is
        coarsened first. 0 where not given.

    Returns
    -------
    dict
        Form of every count by name, hidden ones included.

    Raises
    ------
    ValueError
        If a margin does not add up.

    Notes
    -----
    What a reader can conclude is found by passing bounds through the sums until nothing changes
    (`bounds`), which is exact where the sums form no ring.
    """
    margins = list(sums)
    for margin in margins:
        if counts[margin.total] != sum(counts[part] for part in margin.parts):
            raise ValueError(f"{margin.total} is not the sum of {list(margin.parts)}")
    forms = {name: show(n, min_cell) for name, n in counts.items()}
    for name in hidden:
        if counts[name] >= min_cell:
            forms[name] = Shown("", 1, _NO_LIMIT)
    forms |= {name: Shown("", 0, _NO_LIMIT) for name in free}
    unseen = {*hidden, *free}
    may_give_way = {n: counts[n] for n in counts if counts[n] >= min_cell and n not in unseen}
    small = [n for n in counts if suppressed(counts[n], min_cell) and n not in set(free)]
    for name in small:
        forms = _protect(name, forms, margins, may_give_way, min_cell, cost or {})
    for margin in margins:
        whole = forms[margin.total]
        forms |= {part: at_most(forms[part], whole) for part in margin.parts}
    return forms


def _protect(
    name: str, forms: dict[str, Shown], margins: Sequence[Sum], may_give_way: Mapping[str, int],
    min_cell: int, cost: Mapping[str, int],
) -> dict[str, Shown]:  # fmt: skip
    """Coarsen counts tied to `name` until its value stays open."""
    enough = min_cell // 2
    tied = _tied(name, margins)
    left = _open_values(name, forms, tied)
    while left < enough:
        best, most = None, left
        for option in _coarser(name, forms, tied, may_give_way, min_cell, cost):
            gain = _open_values(name, option, tied)
            if gain > most:
                best, most = option, gain
            if gain >= enough:
                break
        if best is None:
            options = list(_coarser(name, forms, tied, may_give_way, min_cell, cost))
            if not options:
                return forms
            best = options[0]
        forms, left = best, most
    return forms


def _coarser(
    name: str, forms: dict[str, Shown], margins: Sequence[Sum], may_give_way: Mapping[str, int],
    min_cell: int, cost: Mapping[str, int],
) -> Iterator[dict[str, Shown]]:  # fmt: skip
    """Yield every way to coarsen one count by a step or more, the least harmful first.

    Nearest in the chain of margins comes first, then the cheapest, then the least rounding, then
    the largest count.
    """
    found = [
        (distance, cost.get(other, 0), step, -may_give_way[other], other, form)
        for other, distance in _distances(name, margins).items()
        if other in may_give_way
        for step, form in enumerate(_ladder(may_give_way[other], min_cell))
        if form.high - form.low > forms[other].high - forms[other].low
    ]
    for *_, other, form in sorted(found, key=lambda item: item[:5]):
        yield {**forms, other: form}


def at_most(form: Shown, whole: Shown) -> Shown:
    """Return the form of a part that is never more than its whole can be.

    Where rounding raised it above, it is "at least" so many, which says no more than it did.

    Examples
    --------
    >>> at_most(Shown("≈ 200", 150, 249), Shown("181", 181, 181)).text
    '≥150'
    >>> at_most(Shown("≈ 120", 115, 124), Shown("≈ 100", 75, 124)).text
    '≈ 120'
    """
    if not form.text.startswith("≈") or _middle(form) <= whole.high:
        return form
    return Shown(f"≥{form.low:,}", form.low, _NO_LIMIT)


def _middle(form: Shown) -> int:
    """Return the number that a rounded count shows."""
    return int(form.text.removeprefix("≈ ").replace(",", ""))


def coarse(n: int, min_cell: int) -> Shown:
    """Return a count that is large enough in a form that does not give back a small one."""
    return _ladder(n, min_cell)[0]


def round_all(counts: Mapping[str, int], sums: Iterable[Sum], min_cell: int) -> dict[str, Shown]:
    """Return counts none of which is shown exactly, for whoever has other counts beside them.

    The people used, told exactly, would give back those few of a group who were not. Counts that
    are no total are rounded to `min_cell`. A total is rounded as far as it takes to leave of each
    of them `min_cell` values open, or as many as its own form does.

    Parameters
    ----------
    counts, sums, min_cell
        As in `show_all`; every sum is of counts that are no totals themselves.

    Examples
    --------
    >>> found = round_all({"all": 166, "a": 62, "b": 104}, [Sum("all", ("a", "b"))], 10)
    >>> [form.text for form in found.values()]
    ['≈ 60', '≈ 100', '≈ 150']
    """
    margins = list(sums)
    totals = {margin.total for margin in margins}
    parts = {
        name: show(n, min_cell) if n < min_cell else coarse(n, min_cell)
        for name, n in counts.items() if name not in totals
    }  # fmt: skip
    forms = dict(parts)
    for place, margin in enumerate(margins, 1):
        n = counts[margin.total]
        for option in [show(n, min_cell)] if n < min_cell else _ladder(n, min_cell):
            known = bounds({**forms, margin.total: option}, margins[:place])
            width = {name: high - low for name, (low, high) in known.items()}
            forms[margin.total] = option
            if all(width[p] >= min(f.high - f.low, min_cell - 1) for p, f in parts.items()):
                break
    return forms


def _ladder(n: int, min_cell: int) -> list[Shown]:
    """Return ever coarser forms of a count that is large enough to show."""
    steps = []
    for times in _ROUNDING:
        base = times * min_cell
        middle = (n + base // 2) // base * base
        low = max(min_cell, middle - base // 2)
        if middle >= 2 * base:
            steps.append(Shown(f"≈ {middle:,}", low, middle - base // 2 + base - 1))
    return [*steps, Shown(f"≥{min_cell}", min_cell, _NO_LIMIT)]


def _distances(name: str, margins: Sequence[Sum]) -> dict[str, int]:
    """Return how many margins lie between a count and each other count that is tied to it."""
    distance = {name: 0}
    frontier = {name}
    while frontier:
        step = distance[next(iter(frontier))] + 1
        near = [x for m in margins if frontier & set(m.members) for x in m.members]
        frontier = {x for x in near if x not in distance}
        distance |= dict.fromkeys((x for x in near if x not in distance), step)
    return distance


def _tied(name: str, margins: Sequence[Sum]) -> list[Sum]:
    """Return the margins that bear on a count, through others or at once."""
    near = _distances(name, margins)
    return [margin for margin in margins if margin.total in near]


def _open_values(name: str, forms: Mapping[str, Shown], margins: Sequence[Sum]) -> int:
    """Return how many values of a count are possible, given all forms and margins."""
    members = {name, *(member for margin in margins for member in margin.members)}
    low, high = bounds({member: forms[member] for member in members}, margins)[name]
    return high - low + 1


def bounds(forms: Mapping[str, Shown], margins: Sequence[Sum]) -> dict[str, tuple[int, int]]:
    """Return what a reader can conclude: the lowest and highest possible value of every count."""
    low = {name: form.low for name, form in forms.items()}
    high = {name: form.high for name, form in forms.items()}
    changed = True
    while changed:
        before = (dict(low), dict(high))
        for margin in margins:
            total, parts = margin.total, margin.parts
            lows, highs = sum(low[p] for p in parts), sum(high[p] for p in parts)
            low[total], high[total] = max(low[total], lows), min(high[total], highs)
            for part in parts:
                low[part] = max(low[part], low[total] - (highs - high[part]))
                high[part] = min(high[part], high[total] - (lows - low[part]))
                lows, highs = sum(low[p] for p in parts), sum(high[p] for p in parts)
        changed = before != (low, high)
    return {name: (low[name], high[name]) for name in forms}


#: A count and the gate it failed, as reasons write it: ``4 < 10``, ``4 of the rarer class < 20``.
_GATE = re.compile(r"(?<!k = )(?<![\d.])(\d+)((?: [a-z]+)*) < (\d+)\b")
#: A count of people of a class: ``0 cases and 4 controls are negative``.
_CLASS = re.compile(r"(?<![\d.<])(\d+)(?= (?:cases|controls)\b)")
#: An account written into a reason: ``{"rows_in": 4, …}``.
_ACCOUNT = re.compile(r":?\s*\{.*\}", re.DOTALL)


def redact(reason: str, min_cell: int) -> str:
    """Return a reason without counts below `min_cell`.

    Examples
    --------
    >>> redact("too few cases (bipolar): 4 < 20", 10)
    'too few cases (bipolar): <10, needs 20'
    >>> redact("too few cases (bipolar): 0 < 20", 10)
    'too few cases (bipolar): 0, needs 20'
    >>> redact("too small to judge: 7 of the rarer class < 20", 10)
    'too small to judge: <10 of the rarer class, needs 20'
    >>> redact("0 cases and 4 controls are negative: no likelihood ratio", 10)
    '0 cases and <10 controls are negative: no likelihood ratio'
    """

    def gate(match: re.Match[str]) -> str:
        return f"{show(int(match[1]), min_cell).text}{match[2]}, needs {int(match[3]):,}"

    def one_class(match: re.Match[str]) -> str:
        return show(int(match[1]), min_cell).text

    return _CLASS.sub(one_class, _GATE.sub(gate, _ACCOUNT.sub("", reason)))
