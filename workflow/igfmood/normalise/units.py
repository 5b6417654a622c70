"""Units of the analyte.

Takes values in the cohort's own unit; gives values in the study's unit, and the rows whose value
is impossible or was plainly given in another unit. A whole column that contradicts its declared
unit is an error.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from igfmood.cohort.values import no_problems, problems_at, together
from igfmood.config.cohort import Cohort
from igfmood.config.study import Analyte
from igfmood.config.units import other_units
from igfmood.errors import DataError

#: A value this many robust SDs from the cohort's median at its age (log scale) is looked at …
_FAR = 4.0
#: … and is taken for another unit if that unit brings it within this many SDs.
_NEAR = 3.0
#: Fewer values than this have no curve to be compared with, and their median is loose.
FEWEST = 20
#: Fewer values than this have no median worth comparing.
FEWEST_FOR_MEDIAN = 5
#: By this factor the median of fewer than 20 values may miss the usual range.
_LOOSE = 1.5
#: A limit is taken for another unit's if that brings it between this part of the median and it.
_FAINT = 0.01
#: Quantiles that the search for two heaps starts from.
_STARTS = (0.5, 0.1, 0.9)
#: Of two heaps of values, that in the declared unit must hold this share of them.
_MAJORITY = 0.6
#: A second heap of values must at least halve the spread to count.
_SPLIT = 0.5
#: Heaps are looked for in about this many values.
_SAMPLE = 20_000
#: Steps of the reweighted least squares; enough for a screening curve.
_STEPS = 25


def convert(
    participants: pd.DataFrame, cohort: Cohort, analyte: Analyte
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Convert the analyte and its detection limit to the study's unit.

    Values below the limit stay missing and marked: what stands for them is decided where they are
    used (`standardise`).

    Returns
    -------
    converted : DataFrame
        All rows, with the analyte and its limit in the study's unit.
    problems : DataFrame
        Cells to quarantine: impossible values, and values that were given in another unit.

    Raises
    ------
    DataError
        If the column as a whole contradicts its declared unit.
    """
    if cohort.analyte is None:
        nothing = {analyte.converted: np.nan, analyte.limit: np.nan}
        return participants.assign(**nothing), no_problems()
    given = participants[analyte.value]
    column = analyte_column(cohort, analyte)
    low, high = analyte.possible
    values = given * column.scale
    other = misplaced(given, participants["age_years"], column)
    if cohort.analyte.lod is not None:
        _check_declared_limit(cohort.analyte.lod, given, column)
    limit = participants[f"{analyte.name}_lod"]
    # A cell such as <9.5 holds a limit and no number.
    stated = limit.where(participants[analyte.below_lod] & given.isna())
    outside = values.notna() & ~values.between(low, high)
    shown, shown_limit = (cells.rename(column.name) for cells in (given, stated))
    declared = f"the column is declared as {column.unit}"
    problems = [
        problems_at(
            shown, outside,
            f"is impossible for {analyte.label} (possible: {low:g} to {high:g} {analyte.unit})",
        )
    ]  # fmt: skip
    problems += [
        problems_at(shown, (other == found) & ~outside, f"looks like {found}, {declared}")
        for found in sorted(set(other) - {""})
    ]
    of_limit = _unit_of_limit(stated, given, column)
    problems += [
        problems_at(
            shown_limit, of_limit == found,
            f"is a detection limit above nearly every value: it looks like {found}, {declared}",
        )
        for found in sorted(set(of_limit) - {""})
    ]  # fmt: skip
    converted = participants.assign(
        **{analyte.converted: values, analyte.limit: limit * column.scale}
    )
    return converted, together(problems)


@dataclass(frozen=True)
class Column:
    """A column of concentrations, and what is known of its substance.

    Parameters
    ----------
    cohort, name, key
        Whose column it is, what it is called, and under which key of the cohort it is declared.
    unit, to
        Declared unit, and the unit that it is converted to.
    scale
        Factor from the one to the other.
    others
        Every other unit that its values may be in: factor to the declared unit.
    usual_median
        Between which medians, in `to`, any cohort lies; None if that is not known.
    """

    cohort: str
    name: str
    key: str
    unit: str
    to: str
    scale: float
    others: Mapping[str, float]
    usual_median: tuple[float, float] | None


def analyte_column(cohort: Cohort, analyte: Analyte) -> Column:
    """Return the column of the analyte in a cohort that measured it."""
    assert cohort.analyte is not None
    unit = cohort.analyte.unit
    return Column(
        cohort.name, cohort.analyte.column, "analyte", unit, analyte.unit,
        analyte.factor(unit, analyte.unit),
        other_units(unit, analyte.molar_mass, analyte.ng_per_mu), analyte.usual_median,
    )  # fmt: skip


def misplaced(values: pd.Series, age: pd.Series, column: Column) -> pd.Series:
    """Return, per value, the unit that it seems to be in where that is not the declared one.

    Raises
    ------
    DataError
        If the column as a whole contradicts its unit, or no clear majority is in it.
    """
    other = other_unit(values, age, column.others)
    n, elsewhere = int(values.notna().sum()), other[other != ""]
    if len(elsewhere) > (1 - _MAJORITY) * n:
        unit = elsewhere.mode()[0]
        of_it = int((elsewhere == unit).sum())
        raise DataError(
            f"cohort {column.cohort!r}: column {column.name!r} is declared as {column.unit}, but "
            f"{of_it} of {n} values look like {unit}, and only {n - len(elsewhere)} like "
            f"{column.unit}: correct {column.key}.unit, or convert the values to one unit"
        )
    check_declared_unit(values.where(other == ""), column)
    return other


def check_declared_unit(values: pd.Series, column: Column) -> None:
    """Refuse a column whose median cannot be in the declared unit.

    Parameters
    ----------
    values
        Concentrations as given, shape (n,); missing allowed. Fewer than 5 are not checked, and
        the median of fewer than 20 must be out of range by half as much again.
    column
        Its declared unit, and between which medians any cohort lies.

    Raises
    ------
    DataError
        With the median, what was expected, and the units that would fit.
    """
    known = values.dropna()
    if column.usual_median is None or len(known) < FEWEST_FOR_MEDIAN:
        return
    low, high = column.usual_median
    slack = 1.0 if len(known) >= FEWEST else _LOOSE
    median = float(known.median()) * column.scale
    if low / slack <= median <= high * slack:
        return
    fitting = [unit for unit, times in column.others.items() if low <= median * times <= high]
    remedy = (
        f"as {' or '.join(fitting)} it would be plausible: correct {column.key}.unit"
        if fitting
        else "no known unit fits: check that the column is the right one"
    )
    raise DataError(
        f"cohort {column.cohort!r}: column {column.name!r} is declared as {column.unit}, but its "
        f"median of {known.median():g} would be {median:.4g} {column.to} "
        f"(cohorts have medians of {low:g} to {high:g}); {remedy}"
    )


def unchecked(values: pd.Series, age: pd.Series, column: Column) -> list[str]:
    """Return in words what cannot be checked of a column's unit.

    Parameters
    ----------
    values, age
        Concentrations as given and years, shape (n,).
    column
        Its declared unit, and what is known of its substance.
    """
    logs = np.log(values.where(values > 0))
    n, notes = int(logs.notna().sum()), []
    if column.usual_median is None:
        notes.append(f"no {column.key}.typical_median of the study to compare its median with")
    elif n < FEWEST_FOR_MEDIAN:
        notes.append(f"fewer than {FEWEST_FOR_MEDIAN} values")
    if n < FEWEST:
        notes.append(f"fewer than {FEWEST} values to find single ones of another unit among")
        return notes
    spread = _robust_sd((logs - _median_curve(logs, age)).dropna().to_numpy(float))
    alike = [
        unit for unit, times in column.others.items() if 0 < abs(np.log(times)) <= _FAR * spread
    ]
    if alike:
        notes.append(
            f"single values in {' or '.join(alike)} cannot be told from the others' spread"
        )
    return notes


def _check_declared_limit(lod: float, given: pd.Series, column: Column) -> None:
    """Refuse a detection limit above the median of the numbers in the column.

    Raises
    ------
    DataError
        With the units that the limit may be in.
    """
    # Each number once: what was filled in for values below the limit is one number.
    numbers = given.dropna().unique()
    if len(numbers) < FEWEST_FOR_MEDIAN or lod <= np.median(numbers):
        return
    fitting = [
        unit for unit, times in column.others.items()
        if _FAINT * np.median(numbers) <= lod * times <= np.median(numbers)
    ]  # fmt: skip
    maybe = f"; it may be in {' or '.join(fitting)}" if fitting else ""
    raise DataError(
        f"cohort {column.cohort!r}: the detection limit {lod:g} {column.unit} lies above most "
        f"numbers of column {column.name!r} (median {np.median(numbers):.4g}){maybe}: give "
        f"{column.key}.lod in {column.key}.unit"
    )


def _unit_of_limit(stated: pd.Series, given: pd.Series, column: Column) -> pd.Series:
    """Return, per stated limit, the unit it seems to be in where that is not the declared one.

    A limit above 95 % of the numbers is suspect; another unit must bring it below their median.
    """
    found = pd.Series("", index=stated.index, dtype="str")
    if given.notna().sum() < FEWEST:
        return found
    median, most = given.median(), given.quantile(0.95)
    for unit, times in column.others.items():
        fits = (stated > most) & (stated * times).between(_FAINT * median, median)
        found = found.mask(fits & (found == ""), unit)
    return found


def other_unit(values: pd.Series, age: pd.Series, others: Mapping[str, float]) -> pd.Series:
    """Return, per value, the unit it seems to be in where that is not the declared one.

    Distances are taken on the log scale from a median curve in age (least absolute deviations,
    quadratic), in robust SDs (1.4826 times the median absolute deviation). A value counts as
    misplaced if it lies more than 4 of them from the curve and another unit would bring it within
    3.

    Parameters
    ----------
    values
        Concentrations in the declared unit.
    age
        Years; people of unknown age are compared with the median age.
    others
        Units that values may be in: factor to the declared unit.

    Returns
    -------
    Series of str
        Unit, or an empty string.
    """
    found = pd.Series("", index=values.index)
    logs = np.log(values.where(values > 0))
    if logs.notna().sum() < FEWEST:
        return found
    shifts = {unit: float(np.log(times)) for unit, times in others.items()}
    part = _large_part(logs, age, shifts)
    residual = logs - _median_curve(logs.where(part == ""), age)
    spread = 1.4826 * residual[part == ""].abs().median()
    if not spread > 0:
        return found
    far = (residual / spread).abs() > _FAR
    for candidate, shift in shifts.items():
        fits = ((residual + shift) / spread).abs() < _NEAR
        found = found.mask(far & fits & (found == ""), candidate)
    return found


def _large_part(logs: pd.Series, age: pd.Series, shifts: dict[str, float]) -> pd.Series:
    """Return which values form a heap in another unit, that unit's factor from the declared heap.

    One stray value does not move a median curve; a third of the column does. For each unit the
    values are split into two heaps a fixed distance apart (k-medians with one free centre); a
    split counts if it halves the mean absolute deviation (also that from a median curve in age,
    because children and adults may be two heaps), if the heaps stand at least 4 robust SDs apart,
    and if the smaller one has 5 % of the values or more.
    """
    part = pd.Series("", index=logs.index, dtype="str")
    values = logs.to_numpy(float)
    known = values[np.isfinite(values)]
    sample = known[:: max(1, len(known) // _SAMPLE)]
    from_curve = float((logs - _median_curve(logs, age)).abs().mean())
    enough = _SPLIT * min(float(np.mean(np.abs(sample - np.median(sample)))), from_curve)
    # Of two units a factor of 1,000 up and down, that is meant which leaves the larger heap.
    best = (True, enough)
    starts = np.quantile(sample, _STARTS)
    for candidate, shift in shifts.items():
        for start in [*starts, *(starts + shift)] if shift else []:
            centre = _two_heaps(sample, shift, float(start))
            away = _away(sample, shift, centre)
            residual = sample + shift * away - centre
            deviation = float(np.mean(np.abs(residual)))
            apart = abs(shift) > _FAR * _robust_sd(residual)
            split = (bool(away.mean() >= 0.5), deviation)
            if 0.05 <= away.mean() <= 0.95 and apart and deviation < enough and split < best:
                best = split
                with np.errstate(invalid="ignore"):
                    found = np.where(_away(values, shift, centre), candidate, "")
                part = pd.Series(list(found), index=logs.index, dtype="str")
    return part


def _two_heaps(values: np.ndarray, shift: float, start: float) -> float:
    """Return the centre of the heap in the declared unit; the other heap lies `shift` below."""
    centre = start
    for _ in range(_STEPS):
        moved = float(np.median(values + shift * _away(values, shift, centre)))
        if moved == centre:
            break
        centre = moved
    return centre


def _away(values: np.ndarray, shift: float, centre: float) -> np.ndarray:
    """Return which values lie nearer to the heap in the other unit."""
    return np.abs(values - centre) > np.abs(values + shift - centre)


def _robust_sd(residual: np.ndarray) -> float:
    return float(1.4826 * np.median(np.abs(residual)))


def _median_curve(logs: pd.Series, age: pd.Series) -> np.ndarray:
    """Return a quadratic in age fitted by least absolute deviations (reweighted least squares)."""
    centre = age.median() if age.notna().any() else 0.0
    years = ((age.fillna(centre) - centre) / 10).to_numpy(float)
    design = np.column_stack([np.ones_like(years), years, years**2])
    known = logs.notna().to_numpy()
    x, y = design[known], logs[known].to_numpy(float)
    weights = np.ones_like(y)
    beta = np.zeros(design.shape[1])
    for _ in range(_STEPS):
        beta = np.linalg.lstsq(x * weights[:, None], y * weights, rcond=None)[0]
        # A square root, because least squares squares it; the floor keeps exact hits finite.
        weights = 1 / np.sqrt(np.maximum(np.abs(y - x @ beta), 1e-4))
    return np.asarray(design @ beta)
