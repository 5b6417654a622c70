"""IGFBP-3 and the molar ratio of the analyte to it.

Takes IGFBP-3 in the cohort's unit; gives it in ng/mL, and mol of analyte per mol of IGFBP-3.
"""

import numpy as np
import pandas as pd

from igfmood.cohort.values import no_problems, problems_at
from igfmood.config.cohort import Cohort
from igfmood.config.study import Study
from igfmood.config.units import factor, other_units
from igfmood.normalise.units import Column, misplaced

#: Beyond these a concentration of IGFBP-3 (ng/mL) is impossible; adults have 2,000 to 7,000.
LOWEST, HIGHEST = 50.0, 50_000.0
#: Lowest and highest median that a cohort can have, ng/mL.
_MEDIANS = (1_000.0, 10_000.0)


def convert_protein(
    participants: pd.DataFrame, study: Study, cohort: Cohort
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Convert IGFBP-3 to ng/mL.

    Returns
    -------
    converted : DataFrame
        With ``igfbp3_ng_ml`` where the cohort has IGFBP-3, missing where the value looks like one
        in another unit: no reason to lose the person's other measurements.
    problems : DataFrame
        Impossible concentrations, to quarantine.

    Raises
    ------
    DataError
        If the column as a whole contradicts its declared unit.
    """
    if cohort.igfbp3 is None:
        return participants, no_problems()
    mass = study.normalise.igfbp3_molar_mass
    unit, given = cohort.igfbp3.unit, participants["igfbp3_value"]
    scale = factor(unit, "ng/mL", mass)
    column = Column(
        cohort.name, cohort.igfbp3.column, "igfbp3", unit, "ng/mL", scale,
        other_units(unit, mass, None), _MEDIANS,
    )  # fmt: skip
    other = misplaced(given, participants["age_years"], column)
    protein = (given * scale).where(other == "")
    outside = protein.notna() & ~protein.between(LOWEST, HIGHEST)
    shown = given.rename(column.name)
    problems = problems_at(
        shown, outside, f"is impossible for IGFBP-3 (possible: {LOWEST:g} to {HIGHEST:g} ng/mL)"
    )
    return participants.assign(igfbp3_ng_ml=protein), problems


def left_out_note(participants: pd.DataFrame, cohort: Cohort) -> str:
    """Return in words how many values of IGFBP-3 were left out for their unit, if any."""
    if cohort.igfbp3 is None:
        return ""
    left_out = participants["igfbp3_value"].notna() & participants["igfbp3_ng_ml"].isna()
    return (
        f"{cohort.igfbp3.column}: {left_out.sum()} rows hold a value that looks like another unit "
        f"than {cohort.igfbp3.unit}; it is left out, the rest of the row stays"
        if left_out.any()
        else ""
    )


def add_molar_ratio(participants: pd.DataFrame, study: Study) -> pd.DataFrame:
    """Add ``igf_ratio_molar`` where the cohort has IGFBP-3.

    The ratio is (c / M) / (c_bp / M_bp) with c the concentrations in ng/mL and M the molar masses
    of the study: 7,649 g/mol for IGF-1; for IGFBP-3 the literature has 27,800 to 30,500 g/mol, so
    that ratios of two studies compare only if they used the same. Below the detection limit c is
    what stands for the value (`standardise`).
    """
    if "igfbp3_ng_ml" not in participants:
        return participants
    analyte = study.analyte
    ratio = pd.Series(np.nan, index=participants.index)
    if analyte.molar_mass is not None and not analyte.lacks("ng/mL"):
        ng_ml = participants[analyte.converted] * analyte.factor(analyte.unit, "ng/mL")
        protein = participants["igfbp3_ng_ml"] / study.normalise.igfbp3_molar_mass
        ratio = (ng_ml / analyte.molar_mass) / protein
    return participants.assign(igf_ratio_molar=ratio)


def describe_ratio(study: Study) -> str:
    """Return how the ratio was computed, with the molar masses."""
    return (
        f"mol {study.analyte.label} per mol IGFBP-3, molar masses {study.analyte.molar_mass:g} and "
        f"{study.normalise.igfbp3_molar_mass:g} g/mol"
    )
