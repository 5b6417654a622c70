"""Cross-validation within one cohort: what needs no other cohort, and stays when one is added.

Takes the participants of a cohort; gives the out-of-fold predictions of every task, and the result
table of what they are worth.
"""

from functools import partial
from pathlib import Path

from igfmood import results
from igfmood.config.study import Study
from igfmood.performance import stored
from igfmood.performance.one_cohort import OfCohort, predict_and_measure, refused
from igfmood.performance.splits import CROSS_VALIDATION
from igfmood.performance.task_data import read_cohorts, task_data
from igfmood.performance.tasks import prediction_tasks
from igfmood.processes import do_all


def cross_validate_cohort(
    study: Study, participants: Path, source: results.Source, output: Path, predictions: Path,
    processes: int = 1,
) -> None:  # fmt: skip
    """Cross-validate every task in one cohort and write predictions and results.

    Parameters
    ----------
    study
        The study; other cohorts need not be in it.
    participants
        Participants table; of a cohort that failed nothing is written but empty tables.
    source
        Source of the rows, with the name of the cohort.
    output, predictions
        Where the result table and the predictions go.
    processes
        How many processes work; the numbers are the same with any number.
    """
    stored.sweep(predictions)
    tables = read_cohorts({source.cohort: participants}, study)
    tasks = [task_data(tables, task, study) for task in prediction_tasks(study)] if tables else []
    jobs = [
        OfCohort(data, CROSS_VALIDATION, source, study, stored.part(predictions, place))
        for place, data in enumerate(tasks)
    ]
    done = do_all(
        "cross-validating", [partial(predict_and_measure, job) for job in jobs], processes
    )
    stored.join([job.part for job in jobs], predictions)
    results.write(results.concatenate(done), output)


def write_failure(
    reason: str, study: Study, source: results.Source, output: Path, predictions: Path
) -> None:
    """Write that cross-validation in this cohort failed, and so has no number for any model."""
    stored.join([], predictions)
    rows = results.Rows(source)
    rows.add_failure(CROSS_VALIDATION, reason)
    tasks = prediction_tasks(study)
    why = [refused(task, CROSS_VALIDATION, reason, source, study) for task in tasks]
    results.write(results.concatenate([rows.table(), *why]), output)
