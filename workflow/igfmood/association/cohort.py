"""Every estimate of one cohort.

Takes a participants table; gives the cohort's result table: description, group contrasts, PHQ-9
slope.
"""

from pathlib import Path

import pandas as pd

from igfmood import results
from igfmood.association.contrasts import add_contrasts
from igfmood.association.describe import add_description
from igfmood.association.severity import add_severity
from igfmood.cohort.schema import has_failed, read_participants
from igfmood.config.study import Study


def analyse_cohort(study: Study, participants: Path, source: results.Source, output: Path) -> None:
    """Estimate everything that one cohort can tell, and write it.

    A cohort that failed before has nothing to tell: its table stays empty.
    """
    rows = results.Rows(source)
    if not has_failed(participants):
        _add_all(rows, read_participants(participants, study.analyte), study)
    results.write(rows.table(), output)


def write_failure(reason: str, source: results.Source, output: Path) -> None:
    """Write that the analysis of this cohort failed."""
    rows = results.Rows(source)
    rows.add_failure("association", reason)
    results.write(rows.table(), output)


def _add_all(rows: results.Rows, table: pd.DataFrame, study: Study) -> None:
    add_description(rows, table, study)
    add_contrasts(rows, table, study)
    add_severity(rows, table, study)
