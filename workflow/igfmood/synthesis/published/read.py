"""Reading the table of published studies, and refusing what cannot be.

Takes: a file with one comparison of cases with controls per row.
Gives: one record per row; or an error with file, line, column, value and remedy.
"""

import csv
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import get_args

import numpy as np

from igfmood.errors import DataError, NotEstimable
from igfmood.synthesis.published.effects import standardised_difference
from igfmood.synthesis.published.studies import (
    Checked,
    Flag,
    Given,
    Matrix,
    PublishedStudy,
    Reported,
)

_SPREAD = "se, or ci_low and ci_high"
_SIZES = ("n_case", "n_control")
_MEANS = ("mean_case", "sd_case", "mean_control", "sd_control")
_MEDIANS = (
    "median_case", "low_case", "high_case", "median_control", "low_control", "high_control",
)  # fmt: skip
#: What each way of reporting an effect needs.
NEEDED: Mapping[Given, tuple[str, ...]] = {
    "mean_sd": (*_SIZES, *_MEANS),
    "median_quartiles": (*_SIZES, *_MEDIANS),
    "median_range": (*_SIZES, *_MEDIANS),
    "d": (*_SIZES, "value"),
    "t": (*_SIZES, "value"),
    "p": (*_SIZES, "value", "direction"),
    "auc": (*_SIZES, "value"),
    "odds_ratio": ("value", _SPREAD),
    "adjusted": ("value", _SPREAD),
    "none": ("reason",),
}
COLUMNS = tuple(PublishedStudy.__dataclass_fields__)
_WORDS: Mapping[str, tuple[str, ...]] = {
    "matrix": get_args(Matrix), "given": get_args(Given), "direction": get_args(Reported),
    "checked": get_args(Checked),
}  # fmt: skip
_FILLED = ("study", "year", "target", "cases", "matrix", "overlap_group", "given", "checked")


@dataclass(frozen=True)
class _Rule:
    expected: str
    allows: Callable[[float], bool]


_NUMBER = _Rule("a number", lambda x: bool(np.isfinite(x)))
_ABOVE_0 = _Rule("a number above 0", lambda x: 0 < x < np.inf)
_COUNT = _Rule("a whole number of people, 2 or more", lambda x: x >= 2 and x == np.floor(x) < 1e9)
_YEAR = _Rule("a year", lambda x: 1900 <= x <= 2100 and x == np.floor(x))
_RULES: Mapping[str, _Rule] = {
    "year": _YEAR, "n_case": _COUNT, "n_control": _COUNT, "se": _ABOVE_0,
    "sd_case": _ABOVE_0, "sd_control": _ABOVE_0,
    **dict.fromkeys(("value", "ci_low", "ci_high", "mean_case", "mean_control"), _NUMBER),
    **dict.fromkeys(_MEDIANS, _NUMBER),
}  # fmt: skip
_VALUE_RULES: Mapping[str, _Rule] = {
    "p": _Rule(
        "a p above 0 and not above 1 (a bound such as < 0.05 is none)", lambda x: 0 < x <= 1
    ),
    "auc": _Rule("an AUC between 0 and 1", lambda x: 0 <= x <= 1),
    "odds_ratio": _Rule("an odds ratio above 0", lambda x: 0 < x < np.inf),
}
#: Columns whose values may not fall from left to right.
_ORDERS = (
    ("low_case", "median_case", "high_case"),
    ("low_control", "median_control", "high_control"),
    ("ci_low", "value", "ci_high"),
)


def read_published(path: Path | str) -> tuple[PublishedStudy, ...]:
    """Read and check the table of published studies.

    Parameters
    ----------
    path : Path or str
        CSV in UTF-8 with the columns of `PublishedStudy`, in any order; flags separated by
        semicolons.

    Returns
    -------
    tuple of PublishedStudy
        In the order of the file.

    Raises
    ------
    DataError
        No such file or column; a value that cannot be, or that contradicts another one (file,
        line, column, value, remedy).
    """
    file = Path(path)
    studies = [_Row(file, line, cells).study() for line, cells in _rows(file)]
    _refuse_same_labels(file, studies)
    return tuple(studies)


def _rows(file: Path) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield the line and the cells of each row that is not blank."""
    if not file.is_file():
        raise DataError(
            f"{file} is not there: correct `published_evidence`, or set it to null for none"
        )
    with file.open(encoding="utf-8-sig", newline="") as stream:
        reader = csv.reader(stream, strict=True)
        try:
            header = [name.strip() for name in next(reader, [])]
            _check_header(file, header)
            for cells in reader:
                if any(cell.strip() for cell in cells):
                    if len(cells) != len(header):
                        raise DataError(
                            f"{file}, line {reader.line_num} ({cells[0]}) has {len(cells)} cells, "
                            f"its columns are {len(header)}: put a text with a comma between "
                            "double quotes"
                        )
                    row = zip(header, (cell.strip() for cell in cells), strict=True)
                    yield reader.line_num, dict(row)
        except (csv.Error, UnicodeDecodeError) as error:
            raise DataError(
                f"{file} cannot be read as a table: {error}; save it as CSV with commas, UTF-8"
            ) from error


def _check_header(file: Path, header: Sequence[str]) -> None:
    kinds = (
        ("has no column", [name for name in COLUMNS if name not in header]),
        ("has the unknown column", [name for name in header if name not in COLUMNS]),
        ("has twice the column", [name for name in COLUMNS if header.count(name) > 1]),
    )
    problems = [f"{what} {', '.join(map(repr, names))}" for what, names in kinds if names]
    if problems:
        raise DataError(
            f"{file} {' and '.join(problems)}: its columns, parted by commas, are "
            f"{', '.join(COLUMNS)}"
        )


def _refuse_same_labels(file: Path, studies: Collection[PublishedStudy]) -> None:
    seen: set[str] = set()
    for study in studies:
        if study.study in seen:
            raise DataError(
                f"{file}, column 'study': {study.study!r} stands in two rows: give each row a "
                "label of its own, such as the group in brackets"
            )
        seen.add(study.study)


@dataclass(frozen=True)
class _Row:
    """One row as text, and how to complain about it."""

    file: Path
    line: int
    cells: Mapping[str, str]

    def study(self) -> PublishedStudy:
        self._check_words()
        given = self.cells["given"]
        numbers = {name: self._number(name) for name in _RULES}
        if given == "none" or not self.cells["reason"]:
            self._check_complete(given, numbers)
        self._check_order(numbers)
        whole = {name: _whole(numbers[name]) for name in ("year", *_SIZES)}
        study = PublishedStudy(**{**self.cells, **numbers, **whole, "flags": self._flags()})  # type: ignore[arg-type]
        if not study.reason:
            self._check_effect(study)
        return study

    def problem(self, column: str, expected: str, remedy: str) -> DataError:
        name = self.cells.get("study") or "no label"
        found = self.cells.get(column, "")
        return DataError(
            f"{self.file}, line {self.line} ({name}), column {column!r}: expected {expected}, "
            f"found {found!r}: {remedy}"
        )

    def _check_words(self) -> None:
        for column in _FILLED:
            if not self.cells[column]:
                raise self.problem(column, "an entry", "fill it in")
        for column, words in _WORDS.items():
            if self.cells[column] not in words:
                listed = ", ".join(word for word in words if word)
                raise self.problem(column, f"one of {listed}", "use one of these words")
        if not (self.cells["doi"] or self.cells["pmid"] or self.cells["url"]):
            raise self.problem("doi", "a DOI, or an entry under pmid or url", "name the source")
        if not self.cells["target"].replace("_", "").isalnum():
            raise self.problem("target", "one word", "write depression, bipolar, or another word")

    def _flags(self) -> tuple[str, ...]:
        flags = tuple(flag.strip() for flag in self.cells["flags"].split(";") if flag.strip())
        for flag in flags:
            if flag not in get_args(Flag):
                known = ", ".join(get_args(Flag))
                raise self.problem(
                    "flags", f"words out of {known}", f"{flag!r} is none: write it as a note"
                )
        return flags

    def _number(self, column: str) -> float | None:
        text = self.cells[column]
        if not text:
            return None
        rule = _VALUE_RULES.get(self.cells["given"]) if column == "value" else None
        rule = rule or _RULES[column]
        try:
            number = float(text)
        except ValueError:
            number = np.nan
        if not rule.allows(number):
            raise self.problem(column, rule.expected, "correct it (decimal point, no unit)")
        return number

    def _check_complete(self, given: str, numbers: Mapping[str, float | None]) -> None:
        remedy = (
            f"fill it in, or say under 'reason' why the study has no effect (given is {given!r})"
        )
        for column in NEEDED[given]:  # type: ignore[index]
            if column == _SPREAD:
                limits = numbers["ci_low"] is not None and numbers["ci_high"] is not None
                if numbers["se"] is None and not limits:
                    raise self.problem("se", f"a number ({_SPREAD})", remedy)
            elif column == "direction" and self.cells["direction"] not in ("higher", "lower"):
                raise self.problem("direction", "higher or lower, as a p has no sign", remedy)
            elif not self.cells[column]:
                what = "why no effect can be obtained" if column == "reason" else "a number"
                raise self.problem(column, what, remedy)

    def _check_order(self, numbers: Mapping[str, float | None]) -> None:
        for columns in _ORDERS:
            present = [(name, value) for name in columns if (value := numbers[name]) is not None]
            for (before, low), (after, high) in pairwise(present):
                if low > high:
                    raise self.problem(
                        after, f"no less than the {low:g} of {before!r}", "see which is wrong"
                    )

    def _check_effect(self, study: PublishedStudy) -> None:
        """Refuse numbers that no effect fits, and an effect whose sign the paper contradicts."""
        try:
            smd = standardised_difference(study, "luo")
        except ValueError as error:
            columns = ", ".join(NEEDED[study.given])
            raise DataError(
                f"{self.file}, line {self.line} ({study.study}), columns {columns}: {error}: "
                "correct what is wrong"
            ) from error
        except NotEstimable:
            return
        sign = {"higher": 1, "lower": -1}.get(study.direction, 0)
        if sign * smd.estimate < 0:
            raise self.problem(
                "direction",
                f"{'lower' if sign > 0 else 'higher'}, as the numbers give "
                f"{smd.estimate:+.2f} SD (cases minus controls)",
                "see whether cases and controls are exchanged, or a sign or an AUC turned round",
            )


def _whole(number: float | None) -> int | None:
    return None if number is None else int(number)
