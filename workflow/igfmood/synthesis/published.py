"""Published studies as a layer of their own, beside the study's cohorts.

Takes: the table of published results, one comparison of cases with controls per row.
Gives: one standardised difference per row or the reason why there is none, which rows may be
pooled together and why the others not, and the synthesis without and with the study's cohorts.
"""

import csv
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Literal, get_args

import numpy as np
import numpy.typing as npt

from igfmood.errors import ConfigError, DataError, NotEstimable
from igfmood.synthesis.convert import (
    MEDIANS,
    Quantiles,
    StandardisedDifference,
    se_from_ci,
    smd_adjusted,
    smd_from_auc,
    smd_from_d,
    smd_from_means,
    smd_from_odds_ratio,
    smd_from_p,
    smd_from_quantiles,
    smd_from_t,
)
from igfmood.synthesis.random_effects import RandomEffects, leave_one_out, random_effects

FloatArray = npt.NDArray[np.float64]

Given = Literal[
    "mean_sd", "median_quartiles", "median_range", "d", "t", "p", "auc", "odds_ratio", "adjusted",
    "none",
]  # fmt: skip
Matrix = Literal[
    "serum", "plasma", "plasma_edta", "plasma_heparin", "blood", "culture_supernatant", "csf",
    "mrna",
]  # fmt: skip
Reported = Literal["", "higher", "lower", "none"]
Checked = Literal["abstract", "full_text", "secondary"]
Flag = Literal[
    "adjusted", "approximate", "inconsistent", "mixed_diagnosis", "remitted", "skewed", "treated"
]
Medians = Literal["luo", "wan", "mcgrath"]
Layer = Literal["published", "cohort"]

#: What may be pooled; `blood` is serum or plasma, the source does not say which.
POOLED_MATRICES: tuple[Matrix, ...] = ("serum", "plasma", "plasma_edta", "plasma_heparin", "blood")
#: Diagnoses that are compared with controls, as the study's tasks call them.
TARGETS = ("depression", "bipolar")
#: Which of the studies that may share participants enters.
RULE = "of studies that may share participants the largest enters, of equal ones the latest"


@dataclass(frozen=True)
class PublishedStudy:
    """One row of the table: cases and controls of one study.

    Attributes
    ----------
    study : str
        Label, the only one of its kind.
    year : int
    doi, pmid, url : str
        Source; at least one is given.
    target : str
        ``depression``, ``bipolar``, or another diagnosis, which is then listed and not pooled.
    cases : str
        Who they are, in words.
    matrix, unit : str
        What was assayed, and its unit (empty where no value is given).
    overlap_group : str
        Studies of one group may share participants.
    given : str
        How the effect is reported; see docs/published.md.
    direction : str
        Cases against controls as the source says: ``higher``, ``lower``, ``none`` or empty.
    n_case, n_control : int or None
    value : float or None
        d, t, p, AUC, odds ratio or adjusted estimate, whichever `given` says.
    se, ci_low, ci_high : float or None
        Of `value` (of its logarithm for the standard error of an odds ratio); 95 % limits.
    mean_case … sd_control : float or None
    median_case, low_case, high_case … : float or None
        Median with quartiles or range, as `given` says.
    adjusted_for, medication : str
    flags : tuple of str
        Reservations.
    checked : str
        Where the figures were read.
    reason : str
        Why no effect can be obtained; empty if one can.
    note : str
    """

    study: str
    year: int
    doi: str
    pmid: str
    url: str
    target: str
    cases: str
    matrix: Matrix
    unit: str
    overlap_group: str
    given: Given
    direction: Reported
    n_case: int | None
    n_control: int | None
    value: float | None
    se: float | None
    ci_low: float | None
    ci_high: float | None
    mean_case: float | None
    sd_case: float | None
    mean_control: float | None
    sd_control: float | None
    median_case: float | None
    low_case: float | None
    high_case: float | None
    median_control: float | None
    low_control: float | None
    high_control: float | None
    adjusted_for: str
    medication: str
    flags: tuple[Flag, ...]
    checked: Checked
    reason: str
    note: str

    @property
    def n(self) -> int:
        """Participants in both groups; 0 where a number is not known."""
        return 0 if self.n_case is None or self.n_control is None else self.n_case + self.n_control


@dataclass(frozen=True)
class PublishedEffect:
    """The effect of a study, or why there is none (`reason`, then `smd` is None)."""

    study: PublishedStudy
    smd: StandardisedDifference | None
    reason: str


@dataclass(frozen=True)
class Choice:
    """Whether an effect enters a synthesis, and the reason if it does not."""

    effect: PublishedEffect
    enters: bool
    reason: str


@dataclass(frozen=True, eq=False)
class Synthesis:
    """Studies of one target pooled: what went in, in order, and what came out.

    `yi` and `vi` are estimates and sampling variances, shape (k,); `layers` says which of them
    are published and which are cohorts of the study.
    """

    target: str
    labels: tuple[str, ...]
    layers: tuple[Layer, ...]
    yi: FloatArray
    vi: FloatArray
    fit: RandomEffects

    def without_each(self) -> list[tuple[str, RandomEffects]]:
        """Repeat the synthesis without each study in turn, under the name of the one left out.

        Raises
        ------
        NotEstimable
            Fewer than three studies.
        """
        return list(zip(self.labels, leave_one_out(self.yi, self.vi, self.fit.level), strict=True))


# ---- reading ------------------------------------------------------------------------------------

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
            smd = _convert(study, "luo")
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


# ---- effects ------------------------------------------------------------------------------------


def effects(
    studies: Collection[PublishedStudy], medians: Medians = "luo"
) -> tuple[PublishedEffect, ...]:
    """Return the effect of every study: one standardised difference, or the reason for none.

    Parameters
    ----------
    studies : collection of PublishedStudy
    medians : {"luo", "wan", "mcgrath"}
        How mean and SD are estimated from medians; see `convert.MEDIANS`.

    Returns
    -------
    tuple of PublishedEffect
        One per study, in their order.
    """
    return tuple(_effect(study, medians) for study in studies)


def _effect(study: PublishedStudy, medians: Medians) -> PublishedEffect:
    if study.reason:
        return PublishedEffect(study, None, study.reason)
    try:
        return PublishedEffect(study, _convert(study, medians), "")
    except NotEstimable as error:
        return PublishedEffect(study, None, error.reason)


def _convert(study: PublishedStudy, medians: Medians) -> StandardisedDifference:
    s, n1, n2 = study, study.n_case or 0, study.n_control or 0
    value = np.nan if s.value is None else s.value
    if s.given == "mean_sd":
        return smd_from_means(
            _known(s.mean_case), _known(s.sd_case), n1,
            _known(s.mean_control), _known(s.sd_control), n2,
        )  # fmt: skip
    if s.given in ("median_quartiles", "median_range"):
        groups = (
            _quantiles(s.given, n1, s.median_case, s.low_case, s.high_case),
            _quantiles(s.given, n2, s.median_control, s.low_control, s.high_control),
        )
        return smd_from_quantiles(*groups, MEDIANS[medians])
    if s.given == "p":
        return smd_from_p(value, "lower" if s.direction == "lower" else "higher", n1, n2)
    if s.given == "auc":
        has_spread = s.se is not None or s.ci_low is not None
        return smd_from_auc(value, n1, n2, _spread(s) if has_spread else None)
    if s.given == "odds_ratio":
        return smd_from_odds_ratio(value, _spread(s))
    if s.given == "adjusted":
        return smd_adjusted(value, _spread(s))
    return {"d": smd_from_d, "t": smd_from_t}[s.given](value, n1, n2)


def _known(number: float | None) -> float:
    return np.nan if number is None else number


def _quantiles(
    given: Given, n: int, median: float | None, low: float | None, high: float | None
) -> Quantiles:
    if given == "median_quartiles":
        return Quantiles(n, _known(median), q1=low, q3=high)
    return Quantiles(n, _known(median), minimum=low, maximum=high)


def _spread(study: PublishedStudy) -> float:
    """Return the standard error: as given, or from the limits (logarithms for an odds ratio)."""
    if study.se is not None:
        return study.se
    values = np.array([_known(x) for x in (study.value, study.ci_low, study.ci_high)])
    if study.given == "odds_ratio":
        if not (values > 0).all():
            raise ValueError(f"the limits of an odds ratio are above 0: {values[1:].tolist()}")
        values = np.log(values)
    return se_from_ci(*values.tolist())


# ---- choice -------------------------------------------------------------------------------------


def choose(
    published: Collection[PublishedEffect],
    targets: Collection[str] = TARGETS,
    same_people: Mapping[str, str] | None = None,
) -> tuple[Choice, ...]:
    """Decide which published effects may be pooled, so that nobody counts twice.

    Parameters
    ----------
    published : collection of PublishedEffect
    targets : collection of str
        Diagnoses of interest.
    same_people : mapping, optional
        Overlap group of published studies to the name of the study's own cohort that has the
        same people: the group then leaves, the cohort's own data enter.

    Returns
    -------
    tuple of Choice
        One per effect, in their order. An effect enters if it is estimable, of one of the
        targets, measured in serum or plasma, of nobody in `same_people`, and the largest of its
        overlap group and target (of equal ones the latest, then the first by label).

    Raises
    ------
    ConfigError
        A group of `same_people` that no study has.
    """
    same = dict(same_people or {})
    groups = sorted({effect.study.overlap_group for effect in published})
    for group in same:
        if group not in groups:
            raise ConfigError(
                f"no published study has the overlap group {group!r}: there are {', '.join(groups)}"
            )
    reasons = {e.study.study: _why_not(e, targets, same) for e in published}
    eligible = [effect.study for effect in published if not reasons[effect.study.study]]
    for study in eligible:
        largest = min(
            (s for s in eligible
             if (s.target, s.overlap_group) == (study.target, study.overlap_group)),
            key=lambda s: (-s.n, -s.year, s.study),
        )  # fmt: skip
        if study is not largest:
            reasons[study.study] = (
                f"may share participants with {largest.study}, which enters with n = {largest.n} "
                f"(here {study.n}): {RULE}"
            )
    return tuple(
        Choice(effect, not reasons[effect.study.study], reasons[effect.study.study])
        for effect in published
    )


def _why_not(effect: PublishedEffect, targets: Collection[str], same: Mapping[str, str]) -> str:
    study = effect.study
    if study.target not in targets:
        return f"not one of the diagnoses in question ({', '.join(targets)}): {study.cases}"
    if effect.smd is None:
        return effect.reason
    if study.matrix not in POOLED_MATRICES:
        matrix = study.matrix.replace("_", " ")
        return f"measured in {matrix}, which is never pooled with serum or plasma"
    if study.overlap_group in same:
        return f"the people of cohort {same[study.overlap_group]}, whose own data enter"
    return ""


# ---- synthesis ----------------------------------------------------------------------------------


def pool_published(choices: Collection[Choice], target: str, level: float = 0.95) -> Synthesis:
    """Pool the published studies that enter: REML, Knapp-Hartung, prediction interval.

    Parameters
    ----------
    choices : collection of Choice
        As from `choose`.
    target : str
        Diagnosis.
    level : float
        Coverage of both intervals.

    Raises
    ------
    NotEstimable
        Fewer than two studies, or studies that agree exactly.
    """
    return pool_with_cohorts(choices, target, (), (), (), level)


def pool_with_cohorts(
    choices: Collection[Choice],
    target: str,
    names: Collection[str],
    estimates: npt.ArrayLike,
    ses: npt.ArrayLike,
    level: float = 0.95,
) -> Synthesis:
    """Pool the published studies that enter together with the study's own cohorts.

    Parameters
    ----------
    choices : collection of Choice
        As from `choose`, with `same_people` if a cohort has been published.
    target : str
        Diagnosis.
    names : collection of str
        Names of the cohorts.
    estimates, ses : array_like, shape (number of cohorts,)
        Their standardised differences, cases minus controls, and standard errors.
    level : float
        Coverage of both intervals.

    Returns
    -------
    Synthesis
        Published studies first, then the cohorts.

    Raises
    ------
    ValueError
        Arrays that do not match the names.
    NotEstimable
        Fewer than two studies in all, or studies that agree exactly.

    Notes
    -----
    Cohorts of one study estimate their difference adjusted for the same covariates; published
    differences are adjusted or not, as each paper did it. What that does is part of tau2.
    """
    own, own_se = np.asarray(estimates, dtype=float), np.asarray(ses, dtype=float)
    if not own.shape == own_se.shape == (len(names),):
        raise ValueError(
            f"{len(names)} cohorts, but arrays of shape {own.shape} and {own_se.shape}"
        )
    entering = [
        (choice.effect.study.study, choice.effect.smd)
        for choice in choices
        if choice.enters and choice.effect.study.target == target and choice.effect.smd is not None
    ]
    labels = (*(label for label, _ in entering), *names)
    yi = np.append([smd.estimate for _, smd in entering], own)
    vi = np.append([smd.variance for _, smd in entering], own_se**2)
    if len(labels) < 2:
        found = f"only one study of {target}: {labels[0]}" if labels else f"no study of {target}"
        raise NotEstimable(f"{found}; a synthesis needs at least 2")
    layers: list[Layer] = ["published" for _ in entering]
    layers += ["cohort" for _ in names]
    return Synthesis(target, labels, tuple(layers), yi, vi, random_effects(yi, vi, level))
