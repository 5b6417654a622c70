"""Every estimate of one cohort.

Takes a participants table; gives the cohort's result table: description, imputation, and the
answers to every question.
"""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from igfmood import progress, results
from igfmood.association.describe import add_description
from igfmood.association.missing import add_missing
from igfmood.association.people import people_at_baseline
from igfmood.association.prevalence import add_prevalence
from igfmood.association.question import add_answers
from igfmood.association.questions import all_questions
from igfmood.association.sample import CohortData
from igfmood.association.tipping import add_shifts
from igfmood.association.visits import add_visits
from igfmood.cohort.schema import has_failed, read_participants
from igfmood.config.claims import Estimand
from igfmood.config.cohort import Cohort
from igfmood.config.study import Study
from igfmood.impute.participants import complete


def analyse_cohort(
    study: Study, estimands: Sequence[Estimand], participants: Path, source: results.Source,
    output: Path,
) -> None:  # fmt: skip
    """Estimate everything that one cohort can tell, and write it.

    A cohort that failed before has nothing to tell: its table stays empty.

    Parameters
    ----------
    study
        The study, with this cohort alone.
    estimands
        What claims are judged by: estimated under shifts of imputed scores too.
    participants
        The cohort's table.
    source
        Source of the rows.
    output
        Where to write the result table.
    """
    rows = results.Rows(source)
    if not has_failed(participants):
        table = read_participants(participants, study.analyte)
        _add_all(rows, table, study, estimands)
    results.write(rows.table(), output)


def write_failure(reason: str, source: results.Source, output: Path) -> None:
    """Write that the analysis of this cohort failed."""
    rows = results.Rows(source)
    rows.add_failure(results.ESTIMATING, reason)
    results.write(rows.table(), output)


def cohort_data(table: pd.DataFrame, study: Study, cohort: Cohort) -> CohortData:
    """Return people and completed tables of a cohort, ready for questions."""
    people = people_at_baseline(table, study)
    completed = complete(people, study, cohort)
    return CohortData(people, completed, study, cohort)


def _add_all(
    rows: results.Rows, table: pd.DataFrame, study: Study, estimands: Sequence[Estimand]
) -> None:  # fmt: skip
    data = cohort_data(table, study, study.cohorts[0])
    add_description(rows, table, study)
    add_prevalence(rows, data)
    add_missing(rows, data)
    questions = list(all_questions(study))
    with progress.stage("estimating", len(questions) + 2) as stage:
        for question in questions:
            add_answers(rows, question, data)
            stage.advance()
        add_visits(rows, table, study)
        stage.advance()
        add_shifts(rows, data, estimands)
