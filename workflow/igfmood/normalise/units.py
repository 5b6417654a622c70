"""Units of the analyte.

Takes values in the cohort's own unit; gives values in the study's unit, and the rows whose value
is impossible or was plainly given in another unit. A whole column that contradicts its declared
unit is an error.
"""

import numpy as np
import pandas as pd

from igfmood.cohort.values import no_problems, problems_at
from igfmood.config.cohort import Cohort
from igfmood.config.study import Analyte
from igfmood.config.vocabulary import MASS_UNITS, UNITS
from igfmood.errors import DataError

#: A value this many robust SDs from the cohort's median at its age (log scale) is looked at …
_FAR = 4.0
#: … and is taken for another unit if that unit brings it within this many SDs.
_NEAR = 3.0
#: Fewer values than this have no curve to be compared with.
_FEWEST = 20
#: A second heap of values must at least halve the spread to count.
_SPLIT = 0.5
#: Heaps are looked for in about this many values.
_SAMPLE = 20_000
#: Steps of the reweighted least squares; enough for a screening curve.
_STEPS = 25


def factor(unit: str, to: str, molar_mass: float | None) -> float:
    """Return what a value in `unit` is multiplied by to be in `to`.

    Raises
    ------
    ValueError
        If a molar unit is involved and the molar mass (g/mol) is not given.
    """
    return _ng_ml(unit, molar_mass) / _ng_ml(to, molar_mass)


def _ng_ml(unit: str, molar_mass: float | None) -> float:
    if unit != "nmol/L":
        return MASS_UNITS[unit]
    if molar_mass is None:
        raise ValueError("nmol/L needs the molar mass of the analyte")
    return molar_mass / 1000.0  # 1 nmol/L of a substance of 1 g/mol is 1e-3 ng/mL


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
    unit = cohort.analyte.unit
    scale = factor(unit, analyte.unit, analyte.molar_mass)
    values = given * scale
    shown = given.rename(cohort.analyte.column)
    outside = values.notna() & ~values.between(analyte.lowest_possible, analyte.highest_possible)
    other = other_unit(given, participants["age_years"], unit, analyte.molar_mass)
    check_declared_unit(given.where(other == ""), cohort, analyte)
    problems = [
        problems_at(
            shown, outside,
            f"is impossible for {analyte.label} (possible: {analyte.lowest_possible:g} to "
            f"{analyte.highest_possible:g} {analyte.unit})",
        )
    ]  # fmt: skip
    problems += [
        problems_at(
            shown, (other == found) & ~outside,
            f"looks like {found}, the column is declared as {unit}",
        )
        for found in sorted(set(other) - {""})
    ]  # fmt: skip
    limit = participants[f"{analyte.name}_lod"] * scale
    converted = participants.assign(**{analyte.converted: values, analyte.limit: limit})
    listed = [table for table in problems if len(table)]
    return converted, pd.concat(listed) if listed else no_problems()


def check_declared_unit(values: pd.Series, cohort: Cohort, analyte: Analyte) -> None:
    """Refuse a column whose median cannot be in the declared unit.

    Parameters
    ----------
    values
        Concentrations as given, shape (n,); missing allowed.
    cohort
        Its analyte entry declares the unit.
    analyte
        Its `usual_median` says between which medians (in the study's unit) any cohort lies.

    Raises
    ------
    DataError
        With the median, what was expected, and the units that would fit.
    """
    known = values.dropna()
    entry = cohort.analyte
    if analyte.usual_median is None or entry is None or len(known) < _FEWEST:
        return
    low, high = analyte.usual_median
    medians = {
        unit: float(known.median()) * factor(unit, analyte.unit, analyte.molar_mass)
        for unit in UNITS
        if unit != "nmol/L" or analyte.molar_mass is not None
    }
    if low <= medians[entry.unit] <= high:
        return
    fitting = [unit for unit, median in medians.items() if low <= median <= high]
    remedy = (
        f"as {' or '.join(fitting)} it would be plausible: correct analyte.unit"
        if fitting
        else "no known unit fits: check that the column is the right one"
    )
    raise DataError(
        f"cohort {cohort.name!r}: column {entry.column!r} is declared as {entry.unit}, but its "
        f"median of {known.median():g} would be {medians[entry.unit]:.4g} {analyte.unit} "
        f"(cohorts have medians of {low:g} to {high:g}); {remedy}"
    )


def other_unit(values: pd.Series, age: pd.Series, unit: str, molar_mass: float | None) -> pd.Series:
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
    unit
        The declared unit.
    molar_mass
        Of the analyte, g/mol; without it molar units are not considered.

    Returns
    -------
    Series of str
        Unit, or an empty string.
    """
    found = pd.Series("", index=values.index)
    logs = np.log(values.where(values > 0))
    if logs.notna().sum() < _FEWEST:
        return found
    shifts = {
        candidate: float(np.log(factor(candidate, unit, molar_mass)))
        for candidate in UNITS
        if candidate != unit and (molar_mass is not None or "nmol/L" not in (candidate, unit))
    }
    part = _large_part(logs, shifts)
    residual = logs - _median_curve(logs.where(part == ""), age)
    spread = 1.4826 * residual[part == ""].abs().median()
    if not spread > 0:
        return found
    far = (residual / spread).abs() > _FAR
    for candidate, shift in shifts.items():
        fits = ((residual + shift) / spread).abs() < _NEAR
        found = found.mask(far & fits & (found == ""), candidate)
    return found


def _large_part(logs: pd.Series, shifts: dict[str, float]) -> pd.Series:
    """Return which values form a second heap, one unit's factor away from the larger heap.

    One stray value does not move a median curve; a third of the column does. For each unit the
    values are split into two heaps a fixed distance apart (k-medians with one free centre); a
    split counts if it halves the mean absolute deviation, if the heaps stand at least 4 robust SDs
    apart, and if the smaller one has 5 % of the values or more.
    """
    part = pd.Series("", index=logs.index, dtype="str")
    values = logs.to_numpy(float)
    known = values[np.isfinite(values)]
    sample = known[:: max(1, len(known) // _SAMPLE)]
    best = _SPLIT * float(np.mean(np.abs(sample - np.median(sample))))
    for candidate, shift in shifts.items():
        for start in (np.median(sample), np.median(sample) + shift) if shift else ():
            centre = _two_heaps(sample, shift, float(start))
            away = _away(sample, shift, centre)
            residual = sample + shift * away - centre
            deviation = float(np.mean(np.abs(residual)))
            apart = abs(shift) > _FAR * _robust_sd(residual)
            if 0.05 <= away.mean() < 0.5 and apart and deviation < best:
                best = deviation
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
