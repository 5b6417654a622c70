"""Whom a reference reaches: ages beyond it, and a published table that does not fit the cohort.

Takes the people of a cohort, what was learned from them and their scores; gives who is beyond the
reference, words for it, and an error where a published table plainly belongs to other values.
"""

import numpy as np
import pandas as pd

from igfmood.config.cohort import Cohort
from igfmood.errors import DataError
from igfmood.normalise.standardise import Standardised

#: A published reference whose score has such a median or SD among the reference people is that of
#: another assay or unit; asked of so many of them.
_MEDIAN, _SD, _FEWEST = 2.0, (0.4, 2.5), 20


def measured(people: pd.DataFrame) -> np.ndarray:
    """Return who has a concentration, or a limit, an age and a sex (bool, shape (n,))."""
    known = people[["age", "female"]].notna().all(axis=1)
    return (known & (people["value"].notna() | people["below"])).to_numpy(bool)


def told(people: pd.DataFrame, learned: Standardised, scores: np.ndarray) -> list[str]:
    """Return in words how many rows the reference does not reach, or reaches by its end alone."""
    if learned.curve is None:
        return []
    held = int((np.isfinite(scores) & learned.outside(people)).sum())
    without = int((measured(people) & np.isnan(scores)).sum())
    found = []
    if held:
        rows, are = ("row", "is") if held == 1 else ("rows", "are")
        found.append(
            f"{held} {rows} {are} of an age a little beyond that of the reference people of the "
            f"same sex, and {are} compared with the nearest of them"
        )
    if without:
        rows, have, their = ("row", "has", "its") if without == 1 else ("rows", "have", "their")
        found.append(
            f"{without} {rows} with a measurement {have} no score: {their} age, or sex, is not "
            "that of the reference"
        )
    return found


def refuse_misfit(people: pd.DataFrame, scores: np.ndarray, cohort: Cohort) -> None:
    """Refuse a published table that cannot be that of this cohort's assay, unit or ages.

    Parameters
    ----------
    people
        The cohort, n rows (`standardise.COLUMNS`).
    scores
        Their scores, shape (n,).
    cohort
        Its entry in the configuration.

    Raises
    ------
    DataError
        If nobody has a score, or the reference people's are nowhere near 0 or far from an SD of 1.
    """
    table = cohort.reference.table
    if measured(people).any() and np.isnan(scores).all():
        raise DataError(
            f"reference table {table} covers nobody: no age and sex of the cohort is in it "
            "(its ages are in years, its sex is male or female)"
        )
    own = scores[people["reference"].to_numpy(bool) & np.isfinite(scores)]
    if len(own) < _FEWEST:
        return
    median, sd = float(np.median(own)), float(np.std(own))
    if abs(median) > _MEDIAN or not _SD[0] <= sd <= _SD[1]:
        raise DataError(
            f"reference table {table} does not fit the reference people: their scores have a "
            f"median of {median:.2f} and an SD of {sd:.2f}, and 0 and 1 were expected; correct "
            "reference.unit or analyte.unit, or take the table of this assay"
        )
