"""Validation: does the analyte work as a test, in people not used to build the model.

Takes the participants of all cohorts and what cross-validation within each of them gave; gives
out-of-fold predictions and the result table of every task: per cohort, and pooled over cohorts.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import pandas as pd
from threadpoolctl import threadpool_limits

from igfmood import results
from igfmood.cohort.overlap import read_left_out
from igfmood.config.study import Study
from igfmood.performance import stored
from igfmood.performance.one_cohort import OfCohort, predict_and_measure, refused
from igfmood.performance.pooled import pooled_rows
from igfmood.performance.rows.optimism import add_optimism
from igfmood.performance.rows.permutation import add_permutation
from igfmood.performance.rows.transport import add_transport
from igfmood.performance.splits import CROSS_VALIDATION, VALIDATION
from igfmood.performance.task_data import TaskData, read_cohorts, task_data
from igfmood.performance.tasks import prediction_tasks
from igfmood.processes import do_all

Add = Callable[[results.Source, TaskData, Study], results.Rows]

#: What is done once for a task, with the people of all cohorts.
_OF_TASKS = (add_transport, add_optimism, add_permutation)


@dataclass(frozen=True, eq=False)
class Within:
    """What cross-validation within one cohort gave: its results and its predictions."""

    results: Path
    predictions: Path


def validate_study(
    study: Study,
    participants: Mapping[str, Path],
    within: Mapping[str, Within],
    overlap: Path,
    source: results.Source,
    output: Path,
    predictions: Path,
    processes: int = 1,
) -> None:
    """Validate every task and write predictions and results.

    Parameters
    ----------
    study
        The study.
    participants
        Cohort: participants table; those of cohorts that failed are left out.
    within
        Cohort: what cross-validation within it gave.
    overlap
        Decision on cohorts that share people.
    source
        Source of the rows (its cohort is replaced for rows of a cohort).
    output, predictions
        Where the result table and the predictions go.
    processes
        How many processes work; the numbers are the same with any number.
    """
    stored.sweep(predictions)
    left_out = read_left_out(overlap)
    names, tasks = _tasks(study, participants, left_out)
    cohorts = _validations(tasks, names, source, study, predictions)
    # The long pieces first, so that no process waits for the last of them.
    work = [
        *(partial(_of_task, add, data, source, study) for data, add in _asked(tasks)),
        *(partial(predict_and_measure, one) for one in cohorts),
    ]
    done = do_all("validating models", work, processes)
    counted = [name for name in names if name not in left_out]
    others = [name for name in names if name in left_out]
    stored.join(
        [*(within[name].predictions for name in counted), *(one.part for one in cohorts)],
        predictions,
    )
    everything = results.concatenate([
        *(results.read(within[name].results) for name in counted),
        # What broke down in a cohort that is left out is told all the same.
        *(results.select(results.read(within[name].results), status="failed") for name in others),
        *_without(tasks, others, source, study),
        *done,
    ])  # fmt: skip
    pooled = do_all(
        "pooling measures",
        [partial(_pool, everything, data, source, study) for data in tasks],
        processes,
    )
    results.write(results.concatenate([everything, *pooled]), output)


def _tasks(
    study: Study, participants: Mapping[str, Path], left_out: Mapping[str, str]
) -> tuple[list[str], list[TaskData]]:
    """Return the cohorts that did not fail and the people of every task; the tables go."""
    tables = read_cohorts(participants, study)
    tasks = [task_data(tables, task, study, left_out) for task in prediction_tasks(study)]
    return list(tables), tasks


def _validations(
    tasks: Sequence[TaskData], names: Sequence[str], source: results.Source, study: Study,
    predictions: Path,
) -> list[OfCohort]:  # fmt: skip
    """Return every cohort of every task, to be predicted from the other cohorts."""
    pairs = [(data, name) for data in tasks for name in names]
    return [
        OfCohort(
            data, VALIDATION, replace(source, cohort=name), study, stored.part(predictions, place)
        )
        for place, (data, name) in enumerate(pairs)
    ]


def _asked(tasks: Sequence[TaskData]) -> Iterator[tuple[TaskData, Add]]:
    """Yield what is done once for a task."""
    for data in tasks:
        if data.task.kind == "binary" and data.cohorts:
            for add in _OF_TASKS:
                yield data, add


def _without(
    tasks: Sequence[TaskData], left_out: Sequence[str], source: results.Source, study: Study
) -> Iterator[pd.DataFrame]:
    """Yield rows of cohorts whose people are in another one: they have no part in any task."""
    for data in tasks:
        for name in left_out:
            own = replace(source, cohort=name)
            yield refused(data.task, CROSS_VALIDATION, data.refused[name], own, study)


def _of_task(add: Add, data: TaskData, source: results.Source, study: Study) -> pd.DataFrame:
    """Return the rows of a task; sums are the same on any number of cores."""
    with threadpool_limits(1):
        return add(source, data, study).table()


def _pool(
    everything: pd.DataFrame, data: TaskData, source: results.Source, study: Study
) -> pd.DataFrame:
    """Return the pooled rows of one task."""
    own = results.select(everything, target=data.task.name)
    with threadpool_limits(1):
        return pooled_rows(own, data, source, study).table()
