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

#: A value this many robust SDs from the cohort's median on the log scale is looked at …
_FAR = 4.0
#: … and is taken for another unit if that unit brings it within this many SDs.
_NEAR = 2.5


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
    other = other_unit(given, cohort.analyte.unit, analyte.molar_mass)
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


def other_unit(values: pd.Series, unit: str, molar_mass: float | None) -> pd.Series:
    """Return, per value, the unit it seems to be in where that is not the declared one.

    A value counts as misplaced if it lies more than 4 robust SDs (1.4826 times the median absolute
    deviation, log scale) from the cohort's median, and another unit would bring it within 2.5.

    Parameters
    ----------
    values
        Concentrations in the declared unit.
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
    centre = logs.median()
    spread = 1.4826 * (logs - centre).abs().median()
    if not spread > 0:
        return found
    far = ((logs - centre) / spread).abs() > _FAR
    for candidate in UNITS:
        if candidate == unit or (molar_mass is None and "nmol/L" in (candidate, unit)):
            continue
        shifted = logs + np.log(factor(candidate, unit, molar_mass))
        fits = ((shifted - centre) / spread).abs() < _NEAR
        found = found.mask(far & fits & (found == ""), candidate)
    return found
