"""What the values of a column look like.

Takes a column of text; gives counts, the numbers in it, and the codes that stand apart from them
(words for missing, 99 beside totals of 0 to 27, negative codes of a positive measurement).
"""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import pandas as pd

from igfmood.cohort.table import RawTable
from igfmood.cohort.values import to_number
from igfmood.intake.names import is_missing_word, tokens

#: Numbers that sources write for "missing", "refused", "not asked".
_CODES = frozenset(
    (7, 8, 9, 77, 88, 97, 98, 99, 777, 888, 997, 998, 999, 7777, 8888, 9999, 99999)
) | frozenset(
    (-1, -2, -3, -4, -5, -6, -7, -8, -9, -77, -88, -99, -121, -313, -777, -818, -888, -999, -9999)
)
#: Of these one cell is enough; any other number that stands once is more likely an error.
_USUAL = frozenset((-1, -9, -99, -999, -9999, 99, 999, 9999, 99999, -818))
_BAND = re.compile(r"\d+\s*[-–]\s*\d+")
_DATE = re.compile(r"(\d{4}-\d\d-\d\d)|(\d{1,2}[./]\d{1,2}[./]\d{4})|(\d{1,2}-[A-Za-z]{3}-\d{2,4})")
_WHOLE = re.compile(r"^(-?\d+)[.,]0$")
_LESS = re.compile(r"<\s*\d+([.,]\d+)?")


@dataclass(frozen=True)
class Profile:
    """A column at a glance.

    Parameters
    ----------
    name, title
        Name of the column, and its label in the file if it has one.
    table
        Name of the file.
    counts
        Cell: how often, the most frequent first; empty cells are not counted.
    rows
        Rows looked at.
    labels
        Code: value label.
    decimal
        Decimal mark.
    cells
        The column itself, shape (rows,).
    """

    name: str
    title: str
    table: str
    counts: Mapping[str, int]
    rows: int
    labels: Mapping[str, str]
    decimal: str
    cells: pd.Series = field(repr=False)

    @cached_property
    def filled(self) -> int:
        """Cells that are not empty."""
        return sum(self.counts.values())

    @cached_property
    def words_for_missing(self) -> list[str]:
        """Cells that are words for missing, as written."""
        return [text for text in self.counts if is_missing_word(text)]

    @cached_property
    def values(self) -> dict[str, int]:
        """Counts without words for missing."""
        return {t: n for t, n in self.counts.items() if t not in self.words_for_missing}

    @cached_property
    def numbers(self) -> dict[str, float]:
        """Cell: number, of the cells that are one."""
        read = {text: to_number(text, self.decimal) for text in self.values}
        return {text: number for text, number in read.items() if math.isfinite(number)}

    @cached_property
    def missing_share(self) -> float:
        """Share of rows that are empty, or hold a word for missing."""
        return 1 - sum(self.values.values()) / self.rows if self.rows else 1.0

    @cached_property
    def number_share(self) -> float:
        """Share of the values that are numbers."""
        return self._share(self.numbers)

    @cached_property
    def series(self) -> pd.Series:
        """The numbers by row, missing where a cell is none, codes included; shape (rows,)."""
        return self.cells.map(self.numbers).astype(float)

    def _is_code(self, text: str, x: float) -> bool:
        """Return whether a number may mean missing; one odd cell alone is more likely an error."""
        return x in _USUAL or (x in _CODES and self.values[text] > 1)

    def outside(self, low: float, high: float) -> list[str]:
        """Return codes for missing among the numbers outside a range, as written."""
        return sorted(
            (t for t, x in self.numbers.items() if not low <= x <= high and self._is_code(t, x)),
            key=lambda text: self.numbers[text],
        )

    def inside_share(self, low: float, high: float) -> float:
        """Return the share of numbers in a range, codes for missing left aside."""
        codes = set(self.outside(low, high))
        used = {t: x for t, x in self.numbers.items() if t not in codes}
        total = sum(self.values[text] for text in used)
        inside = sum(self.values[text] for text, x in used.items() if low <= x <= high)
        return inside / total if total else 0.0

    def impossible(self, low: float, high: float) -> int:
        """Return how many numbers lie outside a range and are no code for missing."""
        codes = set(self.outside(low, high))
        wrong = [t for t, x in self.numbers.items() if not low <= x <= high and t not in codes]
        return sum(self.values[text] for text in wrong)

    @cached_property
    def apart(self) -> list[str]:
        """Codes that stand apart from nearly all other numbers, as written."""
        plain = {text: x for text, x in self.numbers.items() if x not in _CODES}
        if not plain:
            return []
        low, high = np.quantile(
            np.repeat(list(plain.values()), [self.values[text] for text in plain]), [0.01, 0.99]
        )
        room = max(high - low, 1.0)

        def stands_apart(text: str, x: float) -> bool:
            far = x >= 7 and x > high + 0.5 * room and self.values[text] > 1
            return (x < 0 <= low) or far

        found = [t for t, x in self.numbers.items() if self._is_code(t, x) and stands_apart(t, x)]
        return sorted(found, key=lambda text: self.numbers[text])

    def clean(self, codes: list[str]) -> pd.Series:
        """Return the numbers without the given codes; shape (rows,), missing where none."""
        return self.series.mask(self.cells.isin(codes))

    def share_like(self, pattern: re.Pattern[str]) -> float:
        """Return the share of values that a pattern matches whole."""
        return self._share([text for text in self.values if pattern.fullmatch(text)])

    @cached_property
    def bands(self) -> float:
        """Share of values such as 35-39."""
        return self.share_like(_BAND)

    @cached_property
    def dates(self) -> float:
        """Share of values that are dates."""
        return self.share_like(_DATE)

    @cached_property
    def less_than(self) -> list[str]:
        """Values such as <25."""
        return [text for text in self.values if _LESS.fullmatch(text)]

    @cached_property
    def integers(self) -> bool:
        """Whether every number is whole."""
        return all(float(x).is_integer() for x in self.numbers.values())

    @cached_property
    def tokens(self) -> list[str]:
        """Parts of the name and the label."""
        return [*tokens(self.name), *tokens(self.title)]

    def _share(self, texts: Mapping[str, float] | list[str]) -> float:
        total = sum(self.values.values())
        return sum(self.values[text] for text in texts) / total if total else 0.0


@dataclass(frozen=True)
class Given:
    """One table given to `init`: its name below the folder of the data, its cells, its columns."""

    name: str
    raw: RawTable
    cut: bool = False

    @property
    def notes(self) -> list[str]:
        """What was found out about the file, and whether its end was looked at."""
        n = len(self.raw.cells)
        told = [f"{self.name}: only the first {n:,} rows were looked at"] if self.cut else []
        return [*self.raw.notes, *told]

    @cached_property
    def profiles(self) -> dict[str, Profile]:
        """Column: its profile."""
        return profiles(self.raw, self.name)


def profiles(raw: RawTable, table: str) -> dict[str, Profile]:
    """Return the profile of every column of a table."""
    found = {}
    for name in raw.cells.columns:
        places, distinct = pd.factorize(raw.cells[name])
        # 2.0 is the code 2, as the configuration compares codes.
        texts = np.array([_WHOLE.sub(r"\1", str(text)) for text in distinct], dtype=object)
        cells = pd.Series(texts[places], index=raw.index, name=name)
        counts = cells[cells != ""].value_counts()
        found[name] = Profile(
            name,
            raw.titles.get(name, ""),
            table,
            {str(text): int(n) for text, n in counts.items()},
            len(cells),
            raw.labels.get(name, {}),
            raw.decimal(name),
            cells,
        )
    return found
