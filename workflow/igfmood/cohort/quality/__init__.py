"""How good a cohort's data are.

Takes one participants table; gives gaps, ranges, digits, agreement, detection limits, batches and
who was measured, as results at the first visit.
"""

import pandas as pd

from igfmood.cohort.quality.agreement import add_questionnaire
from igfmood.cohort.quality.batches import (
    add_batches,
    batch_confounding,
    require_apart,
    require_batches_apart,
)
from igfmood.cohort.quality.columns import add_below_limit, add_lag, add_missing, add_ranges
from igfmood.cohort.quality.differences import add_measured_against_not
from igfmood.cohort.quality.digits import add_digits
from igfmood.config.cohort import Cohort
from igfmood.config.study import Study
from igfmood.results import Rows

__all__ = ["add_quality", "batch_confounding", "require_apart", "require_batches_apart"]


def add_quality(rows: Rows, participants: pd.DataFrame, cohort: Cohort, study: Study) -> None:
    """Add everything that says how good the data of one cohort are.

    Parameters
    ----------
    rows
        Where results go; `analysis` is ``quality``.
    participants
        Participants table; rows of the first visit are described.
    cohort
        Its entry; what it did not ask or measure is not described.
    study
        For the analyte, the tasks and the gates.
    """
    first = participants[participants["is_baseline"]].reset_index(drop=True)
    if first.empty:
        rows.add_not_estimable("nobody has a first visit", analysis="quality", measure="missing")
        return
    smallest = study.gates.group_size
    add_missing(rows, first, study)
    add_ranges(rows, first, study)
    add_digits(rows, first, study)
    if cohort.phq9:
        add_questionnaire(rows, first, smallest)
    add_lag(rows, first, smallest)
    if cohort.analyte:
        add_below_limit(rows, first, study)
        add_batches(rows, first, study)
        add_measured_against_not(rows, first, study)
