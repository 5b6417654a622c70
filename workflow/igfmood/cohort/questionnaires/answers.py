"""Answers and totals as numbers.

Takes columns of text (digits, or the words of the questionnaire); gives whole numbers within their
range, and the cells that are neither.
"""

from collections.abc import Sequence
from functools import cache

import numpy as np
import pandas as pd

from igfmood.cohort.codes import load, words
from igfmood.cohort.table import RawTable
from igfmood.cohort.values import (
    Parsed,
    is_missing,
    parse_number,
    problems_at,
    to_number,
    together,
)
from igfmood.config.base import normal_code
from igfmood.config.questionnaire import Phq9
from igfmood.errors import DataError

HIGHEST_ITEM = 3
#: From so many people on, answers of 1 to 4 without any 0 are a coding and not chance.
MIN_ROWS_OF_A_CODING = 30
_ONE_TO_FOUR = "write phq9.recode: {1: 0, 2: 1, 3: 2, 4: 3}"


@cache
def _points() -> dict[str, str]:
    return {answer: str(point) for point, known in load("answers").items() for answer in known}


def read_items(raw: RawTable, entry: Phq9, codes: Sequence[str]) -> list[Parsed]:
    """Read the nine items: recoded, then as words, then as numbers.

    Parameters
    ----------
    raw
        Table with the item columns.
    entry
        Item columns and their recoding.
    codes
        Codes that mean missing; they are looked for before anything is recoded.

    Raises
    ------
    DataError
        If the items are plainly coded 1 to 4: every total would be up to nine points too high.
    """
    parsed = [_read_item(raw, name, entry, codes) for name in entry.items]
    values = np.column_stack([item.values.to_numpy() for item in parsed])
    if _is_one_to_four(values) and (~np.isnan(values)).all(axis=1).sum() >= MIN_ROWS_OF_A_CODING:
        raise DataError(
            f"phq9.items {entry.items[0]} ... {entry.items[-1]} hold 1 to 4 and not a single 0: "
            f"an item is 0 to 3; {_ONE_TO_FOUR}"
        )
    outside = [bool(found.any()) for found in _outside(values, HIGHEST_ITEM).T]
    return [
        _in_range(item, raw[name], HIGHEST_ITEM) if wrong else item
        for item, name, wrong in zip(parsed, entry.items, outside, strict=True)
    ]


def read_total(raw: RawTable, name: str, codes: Sequence[str], highest: int) -> Parsed:
    """Read a total: a whole number from 0 to the highest that the scale has."""
    column = raw[name]
    read = parse_number(column, is_missing(column, codes), raw.decimal(name))
    return _in_range(read, column, highest)


def _read_item(raw: RawTable, name: str, entry: Phq9, codes: Sequence[str]) -> Parsed:
    empty = {normal_code(code) for code in codes} | {""}
    shown = {normal_code(code): label for code, label in raw.labels.get(name, {}).items()}
    meant = {normal_code(c): m for c, m in raw.codes(name, entry.recode).items()}
    places, found = pd.factorize(raw[name].array)
    distinct = found.tolist()
    texts = [normal_code(text) for text in distinct]
    missing = [text in empty or normal_code(shown.get(text, "?")) in empty for text in texts]
    answers = [meant.get(text, cell) for text, cell in zip(texts, distinct, strict=True)]
    points = [to_number(_as_points(answer), raw.decimal(name)) for answer in answers]
    values, gone = np.array(points)[places], np.array(missing, bool)[places]
    problems = problems_at(raw[name], np.isnan(values) & ~gone, _UNREAD)
    values[gone] = np.nan
    return Parsed(pd.Series(values, index=raw.index, name=name), problems)


_UNREAD = "is not a number and no known answer: add it to phq9.recode or phq9.missing"


def _as_points(text: str) -> str:
    """Return the points of an answer in words (``1 - several days`` is 1), else the text."""
    plain = words(text)
    without_digits = " ".join(word for word in plain.split() if not word.isdigit())
    return _points().get(without_digits, text)


def _is_one_to_four(values: np.ndarray) -> bool:
    given = values[~np.isnan(values)]
    return bool((given == 4).any() and np.isin(given, [1, 2, 3, 4]).all())


def _outside(values: np.ndarray, highest: int) -> np.ndarray:
    """Return which numbers are no whole ones from 0 to the highest; the shape of `values`."""
    inside = (values >= 0) & (values <= highest) & (values == np.floor(values))
    return ~(inside | np.isnan(values))


def _in_range(read: Parsed, column: pd.Series, highest: int) -> Parsed:
    values = read.values.to_numpy(float)
    outside = _outside(values, highest)
    if not outside.any():
        return read
    reason = f"is not a whole number from 0 to {highest}"
    if highest == HIGHEST_ITEM and _is_one_to_four(read.values.to_numpy(float)):
        reason += f"; if the column is coded 1 to 4, {_ONE_TO_FOUR}"
    problems = together([read.problems, problems_at(column, outside, reason)])
    return Parsed(read.values.mask(outside), problems)
