"""Units of the analyte.

Takes values in the cohort's own unit; gives values in the study's unit, and the rows whose value
is impossible or was plainly given in another unit.
"""

import numpy as np
import pandas as pd

from igfmood.cohort.values import no_problems, problems_at
from igfmood.config.cohort import Cohort
from igfmood.config.study import Analyte
from igfmood.config.vocabulary import MASS_UNITS, UNITS

#: A value this many robust SDs from the cohort's median at its age (log scale) is looked at …
_FAR = 4.0
#: … and is taken for another unit if that unit brings it within this many SDs.
_NEAR = 3.0
#: Fewer values than this have no curve to be compared with.
_FEWEST = 20
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
    """Convert the analyte to the study's unit.

    Below the detection limit the value is the limit over the square root of 2 (Hornung & Reed
    1990), and stays marked.

    Returns
    -------
    converted : DataFrame
        All rows, with the analyte in the study's unit.
    problems : DataFrame
        Cells to quarantine: impossible values, and values that were given in another unit.
    """
    if cohort.analyte is None:
        return participants.assign(**{analyte.converted: np.nan}), no_problems()
    given = participants[analyte.value]
    limit = participants[f"{analyte.name}_lod"]
    substituted = given.mask(participants[analyte.below_lod], limit / np.sqrt(2))
    scale = factor(cohort.analyte.unit, analyte.unit, analyte.molar_mass)
    values = substituted * scale
    shown = given.rename(cohort.analyte.column)
    outside = values.notna() & ~values.between(analyte.lowest_possible, analyte.highest_possible)
    other = other_unit(given, participants["age_years"], cohort.analyte.unit, analyte.molar_mass)
    problems = [
        problems_at(
            shown, outside,
            f"is impossible for {analyte.label} (possible: {analyte.lowest_possible:g} to "
            f"{analyte.highest_possible:g} {analyte.unit})",
        )
    ]  # fmt: skip
    problems += [
        problems_at(
            shown,
            (other == unit) & ~outside,
            f"looks like {unit}, the column is declared as {cohort.analyte.unit}",
        )
        for unit in sorted(set(other) - {""})
    ]
    found = [table for table in problems if len(table)]
    return participants.assign(**{analyte.converted: values}), pd.concat(
        found
    ) if found else no_problems()


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
    residual = logs - _median_curve(logs, age)
    spread = 1.4826 * residual.abs().median()
    if not spread > 0:
        return found
    far = (residual / spread).abs() > _FAR
    for candidate in UNITS:
        if candidate == unit or (molar_mass is None and "nmol/L" in (candidate, unit)):
            continue
        shifted = residual + np.log(factor(candidate, unit, molar_mass))
        fits = (shifted / spread).abs() < _NEAR
        found = found.mask(far & fits & (found == ""), candidate)
    return found


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
