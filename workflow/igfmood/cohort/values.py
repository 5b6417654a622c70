"""Turning text into numbers, categories and flags, and saying which cells cannot be.

Takes a column of text and its entry in the configuration; gives typed values and a table of
problems (row, column, value, reason). Works on the distinct values of a column, not on its rows.
"""

import re
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from pyarrow import compute

from igfmood.cohort.texts import TEXT, repeated, to_arrow, to_pandas
from igfmood.config.base import NUMBER
from igfmood.config.base import normal_code as normal_code
from igfmood.config.vocabulary import Variable
from igfmood.errors import DataError

#: NUMBER for Arrow, whose digits are those of ASCII.
_NUMBER_ASCII = r"^[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?$"
_ASCII_BLANKS = " \t\n\r\x0b\x0c\x1c\x1d\x1e\x1f"
#: Codes that `normal_code` only writes in small letters.
_PLAIN_CODE = r"^(0|[1-9]\d{0,11}|[A-Za-z][A-Za-z0-9_.-]*)$"
_BAND = re.compile(r"(\d+)\s*[-–]\s*(\d+)")
_ISO = re.compile(r"\d{4}-\d{2}-\d{2}([ T]\d{2}:\d{2}(:\d{2}(\.\d+)?)?)?")
_DAY_OR_MONTH = re.compile(r"\d{1,2}[./-]\d{1,2}[./-](\d{2}|\d{4})")
#: No examination and no birth of a participant lies outside these years.
_YEARS = (1900, 2100)
_YES = frozenset({"yes", "1", "true"})
_NO = frozenset({"no", "0", "false"})

#: So many texts are compared one by one: telling which may be a code takes longer.
_FEW = 100

#: How the reasons begin for codes that the study file does not explain.
CODE_REASONS = ("is no known code for ", "is neither yes nor no for ")
#: How the reason begins for a number that the variable cannot have.
IMPOSSIBLE = "is impossible for "
#: Reason for a cell that should hold a number.
NO_NUMBER = "is not a number: correct it, or add it to missing if it means that nothing is known"
PROBLEM_COLUMNS = ["row", "column", "value", "reason"]


@dataclass(frozen=True)
class Parsed:
    """A column after reading: typed values, and the cells that could not be read."""

    values: pd.Series
    problems: pd.DataFrame


@cache
def no_problems() -> pd.DataFrame:
    """Return the empty table of problems; its row numbers stay whole numbers in a longer one.

    Most columns have no problem, and a table of its own for each costs more than reading them.
    """
    kinds = dict.fromkeys(PROBLEM_COLUMNS, "str") | {"row": "int64"}
    return pd.DataFrame(columns=PROBLEM_COLUMNS).astype(kinds)


def problems_at(column: pd.Series, where: pd.Series | np.ndarray, reason: str) -> pd.DataFrame:
    """Return one problem for each row where `where` holds."""
    at = np.flatnonzero(where)
    if not at.size:
        return no_problems()
    found = {
        "row": column.index.to_numpy()[at],
        "column": repeated(str(column.name), at.size),
        "value": pd.array(column.array[at], dtype="str"),
        "reason": repeated(reason, at.size),
    }
    return pd.DataFrame(found, copy=False)


def together(problems: Iterable[pd.DataFrame]) -> pd.DataFrame:
    """Return several tables of problems as one."""
    found = [table for table in problems if len(table)]
    if len(found) > 1:
        return pd.concat(found)
    return found[0] if found else no_problems()


def in_order(problems: Iterable[pd.DataFrame]) -> pd.DataFrame:
    """Return several tables of problems as one, each problem once, by row and column."""
    table = together(problems).drop_duplicates().sort_values("column", kind="stable")
    return table.sort_values("row", kind="stable", ignore_index=True)


def normal_codes(column: pd.Series) -> pd.Series:
    """Return `normal_code` of every cell."""
    places, distinct = pd.factorize(column)
    texts = pa.array(distinct, TEXT)
    answers = np.array(compute.ascii_lower(texts).to_pylist(), dtype=object)
    plain = compute.match_substring_regex(texts, _PLAIN_CODE).to_numpy(zero_copy_only=False)
    answers[~plain] = [normal_code(text) for text in distinct[~plain]]
    return pd.Series(answers[places], index=column.index, name=column.name, dtype="str")


def is_missing(column: pd.Series, codes: Iterable[str]) -> np.ndarray:
    """Return which cells are empty or hold one of the missing codes (bool, shape (n_rows,)).

    Cells are stripped, as all readers give them.
    """
    known = {normal_code(code) for code in codes} | {""}
    if known == {""}:
        return np.asarray(compute.equal(to_arrow(column), "").to_numpy(zero_copy_only=False))
    places, distinct = pd.factorize(column.array)
    hits = _may_be(distinct, known)
    answers = np.zeros(len(distinct), dtype=bool)
    answers[hits] = [normal_code(text) in known for text in distinct[hits].tolist()]
    return answers[places]


def parse_number(column: pd.Series, missing: np.ndarray, decimal: str = ".") -> Parsed:
    """Read numbers; a cell that is neither missing nor a number is a problem."""
    read = _all_numbers(column, missing) if decimal == "." else None
    problems = no_problems()
    if read is None:
        places, distinct = pd.factorize(column.array)
        read = to_numbers(distinct, decimal)[places]
        read[missing] = np.nan
        problems = problems_at(column, np.isnan(read) & ~missing, NO_NUMBER)
    return Parsed(pd.Series(read, index=column.index, name=column.name), problems)


def _all_numbers(column: pd.Series, missing: np.ndarray) -> np.ndarray | None:
    """Return the numbers of a column of nothing else, NaN where missing; None for any other.

    What Arrow reads as a finite number is one for `to_number` too, and the same.
    """
    text = to_arrow(column)
    if missing.any():
        text = compute.if_else(pa.array(missing), None, text)
    try:
        read = compute.cast(text, pa.float64())
    except pa.ArrowInvalid:
        return None
    if not compute.all(compute.is_finite(read), min_count=0).as_py():
        return None
    return np.array(read.to_numpy(zero_copy_only=False), dtype=float)


def to_number(text: str, decimal: str = ".") -> float:
    """Return the number that a text holds, NaN if it holds none (or one beyond all measure).

    Digits of any script are digits. A typographic minus, a blank within, a thousands mark, a unit
    or a sign of doubt makes it no number: what was meant is for a person to say.
    """
    if decimal == ",":
        text = text.replace(",", ".") if "." not in text else text + "?"
    number = float(text) if NUMBER.fullmatch(text) else np.nan
    return number if np.isfinite(number) else np.nan


def to_numbers(texts: Iterable[str], decimal: str = ".") -> np.ndarray:
    """Return `to_number` of every text, shape (n,); Arrow's patterns instead of Python's."""
    column = pa.array(texts, TEXT)
    written = column
    if decimal == ",":
        written = compute.replace_substring(column, ",", ".")
    fits = compute.match_substring_regex(written, _NUMBER_ASCII).to_numpy(zero_copy_only=False)
    if decimal == ",":
        fits &= ~compute.match_substring(column, ".").to_numpy(zero_copy_only=False)
    numbers = np.full(len(column), np.nan)
    numbers[fits] = [float(text) for text in written.filter(pa.array(fits)).to_pylist()]
    numbers[~np.isfinite(numbers)] = np.nan
    foreign = ~compute.string_is_ascii(column).to_numpy(zero_copy_only=False)
    numbers[foreign] = [
        to_number(text, decimal) for text in column.filter(pa.array(foreign)).to_pylist()
    ]
    return numbers


def _may_be(distinct: Any, known: Iterable[str]) -> np.ndarray:
    """Return which texts may be one of the known codes: all that are, and few others.

    Spares `normal_code` for a column of measurements, which has as many values as rows.
    """
    if len(distinct) <= _FEW:
        return np.ones(len(distinct), dtype=bool)
    column = pa.array(distinct, TEXT)
    codes = list(known)
    text = compute.ascii_trim(column, _ASCII_BLANKS)
    maybe = compute.is_in(compute.ascii_lower(text), pa.array(codes, TEXT))
    hits = maybe.to_numpy(zero_copy_only=False)
    hits |= ~compute.string_is_ascii(column).to_numpy(zero_copy_only=False)
    numeric = [float(code) for code in codes if NUMBER.fullmatch(code)]
    if numeric or not {"inf", "-inf"}.isdisjoint(codes):
        written = compute.match_substring_regex(text, _NUMBER_ASCII)
        numbers = to_numbers(text)
        # 1e999 is a code that to_numbers calls no number.
        hits |= written.to_numpy(zero_copy_only=False) & np.isnan(numbers)
        for number in numeric:
            hits |= np.isclose(numbers, number, rtol=1e-10, atol=0)
    return hits


def parse_band(column: pd.Series, missing: np.ndarray, decimal: str = ".") -> Parsed:
    """Read bands such as ``35-39`` as the middle of the completed years they cover (37.5)."""

    def middle(text: str) -> float:
        found = _BAND.fullmatch(text)
        return (int(found[1]) + int(found[2]) + 1) / 2 if found else to_number(text, decimal)

    numbers = _by_value(column, middle).astype(float).mask(missing)
    return Parsed(
        numbers, problems_at(column, numbers.isna() & ~missing, "is not a band such as 35-39")
    )


def check_range(parsed: Parsed, column: pd.Series, variable: Variable) -> Parsed:
    """Add a problem for each number outside the range in which the variable is possible."""
    low = -np.inf if variable.low is None else variable.low
    high = np.inf if variable.high is None else variable.high
    values = parsed.values.to_numpy(float)
    outside = (values < low) | (values > high)
    if not outside.any():
        return parsed
    found = problems_at(
        column,
        outside,
        f"{IMPOSSIBLE}{variable.name} (possible: {low:g} to {high:g} {variable.unit})",
    )
    return Parsed(parsed.values.mask(outside), together([parsed.problems, found]))


def recode(column: pd.Series, codes: Mapping[str, str]) -> pd.Series:
    """Return the column with each code replaced by what it stands for."""
    if not codes:
        return column
    table = {normal_code(code): meaning for code, meaning in codes.items()}
    places, distinct = pd.factorize(column.array)
    answers = np.array(distinct, dtype=object)
    hits = _may_be(distinct, table)
    answers[hits] = [table.get(normal_code(text), text) for text in answers[hits]]
    return spread(answers.tolist(), places, column.index, column.name)


def parse_category(
    column: pd.Series, codes: dict[str, str], missing: np.ndarray, variable: Variable
) -> Parsed:
    """Read a category; a word that is none of the allowed ones is a problem."""
    known = {name.casefold(): name for name in variable.categories}
    places, distinct = pd.factorize(recode(column, codes).array)
    words = [*variable.categories]
    answers = np.full(len(distinct), -1)
    hits = _may_be(distinct, known)
    names = [known.get(text.casefold()) for text in distinct[hits].tolist()]
    answers[hits] = [-1 if name is None else words.index(name) for name in names]
    chosen = answers[places]
    reason = f"{CODE_REASONS[0]}{variable.name}: add it to recode or missing"
    problems = problems_at(column, (chosen < 0) & ~missing, reason)
    values = spread(words, np.where(missing, -1, chosen), column.index, column.name)
    return Parsed(values, problems)


def parse_flag(
    column: pd.Series, codes: dict[str, str], missing: np.ndarray, variable: Variable
) -> Parsed:
    """Read yes or no (also 1 and 0, true and false); missing stays missing, never no."""
    places, distinct = pd.factorize(recode(column, codes).array)
    words = np.full(len(distinct), "", dtype=object)
    hits = _may_be(distinct, _YES | _NO)
    words[hits] = [normal_code(text) for text in distinct[hits].tolist()]
    yes = np.array([word in _YES for word in words], dtype=bool)[places]
    unread = np.array([word not in _YES | _NO for word in words], dtype=bool)[places]
    flags = pd.arrays.BooleanArray(yes & ~missing & ~unread, unread | missing)
    reason = f"{CODE_REASONS[1]}{variable.name}: add it to recode or missing"
    values = pd.Series(flags, index=column.index, name=column.name)
    return Parsed(values, problems_at(column, unread & ~missing, reason))


def parse_date(column: pd.Series, missing: np.ndarray, date_format: str = "%Y-%m-%d") -> Parsed:
    """Read dates as written by `date_format`, or as ISO 8601, which is never ambiguous.

    Parameters
    ----------
    column
        Cells of text.
    missing
        Which cells are missing.
    date_format
        How a date is written, in the directives of ``strftime``.

    Returns
    -------
    Parsed
        Values of type ``datetime64[s]``; a problem for each cell that is a bare number (a
        spreadsheet's serial number), impossible, outside 1900–2100, or written otherwise.

    Raises
    ------
    DataError
        If `date_format` is none.
    """
    places, distinct = pd.factorize(column)
    texts = pd.Series(distinct, dtype="str")
    dates = _dates(texts, date_format, str(column.name))
    reasons = pd.Series("", index=texts.index)
    years = dates.dt.year
    outside = dates.notna() & ((years < _YEARS[0]) | (years > _YEARS[1]))
    reasons[outside] = f"is a date outside the years {_YEARS[0]} to {_YEARS[1]}"
    unread = dates.isna()
    reasons[unread] = texts[unread].map(lambda text: _why_no_date(text, date_format))
    values = pd.Series(dates.mask(outside).to_numpy()[places], column.index, name=column.name)
    why = pd.Series(reasons.to_numpy(dtype=object)[places], column.index).mask(missing, "")
    found = [problems_at(column, why == reason, reason) for reason in why.unique() if reason]
    return Parsed(values.mask(missing), together(found).sort_values("row", ignore_index=True))


def _dates(texts: pd.Series, date_format: str, name: str) -> pd.Series:
    """Return the date of each text, NaT where it has none; shape (n,)."""
    try:
        read = pd.to_datetime(texts, format=date_format, errors="coerce").dt.as_unit("s")
    except ValueError as error:
        raise DataError(
            f"column {name!r}: date_format {date_format!r} is none ({error}): write it as %d.%m.%Y"
        ) from error
    # strptime reads 2020011 as the first of January where the format has no separators.
    digits = texts.str.isdigit() & read.notna()
    read[digits] = read[digits].where(read[digits].dt.strftime(date_format) == texts[digits])
    iso = read.isna() & texts.str.fullmatch(_ISO)
    read[iso] = pd.to_datetime(texts[iso], format="ISO8601", errors="coerce").dt.as_unit("s")
    return read


def _why_no_date(text: str, date_format: str) -> str:
    if NUMBER.fullmatch(text):
        return (
            f"is a number, not a date written {date_format}: a spreadsheet's serial number is "
            "never read as a date"
        )
    shape = re.sub(r"%[A-Za-z]", "0", date_format)
    if _ISO.fullmatch(text) or re.sub(r"\d+", "0", text) == shape:
        return "is no possible date"
    if _DAY_OR_MONTH.fullmatch(text):
        return (
            f"is not a date written {date_format}, and which part is the day and which the month "
            "is not guessed: set date_format"
        )
    return f"is not a date written {date_format}"


def parse_text(column: pd.Series, codes: dict[str, str], missing: np.ndarray) -> Parsed:
    """Keep text as it is."""
    text = to_arrow(recode(column, codes))
    known = compute.if_else(pa.array(missing), None, text)
    return Parsed(pd.Series(to_pandas(known), column.index, name=column.name), no_problems())


def spread(
    words: Sequence[str], places: np.ndarray, index: pd.Index, name: Hashable = None
) -> pd.Series:
    """Return a column of text: to each row the word at its place (-1: missing), shape (n_rows,)."""
    found = compute.take(pa.array(words, TEXT), pa.array(places, mask=places < 0))
    return pd.Series(to_pandas(found), index, name=name)


def _by_value(column: pd.Series, function: Callable[[str], Any]) -> pd.Series:
    """Apply a function to the distinct values of a column and spread the answers over its rows."""
    places, distinct = pd.factorize(column)
    answers = np.empty(len(distinct), dtype=object)
    answers[:] = [function(text) for text in distinct]
    return pd.Series(answers[places], index=column.index, name=column.name)
