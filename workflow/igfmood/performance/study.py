"""Validation: does the analyte work as a test, in people not used to build the model.

Takes the participants of all cohorts; gives out-of-fold predictions and the result table of every
task: per cohort, and pooled over cohorts.
"""

import glob
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TypeVar

import pandas as pd
from threadpoolctl import threadpool_limits

from igfmood import results
from igfmood.cohort.overlap import read_left_out
from igfmood.config.study import Study
from igfmood.errors import NotEstimable
from igfmood.performance import stored
from igfmood.performance.pooled import pooled_rows
from igfmood.performance.predict import Predicted, cross_validate, model_keys, validate
from igfmood.performance.rows.added_value import add_added_value, add_likelihood_ratio
from igfmood.performance.rows.calibration import add_calibration
from igfmood.performance.rows.clinical_use import add_clinical_use
from igfmood.performance.rows.discrimination import add_discrimination
from igfmood.performance.rows.optimism import add_optimism
from igfmood.performance.rows.permutation import add_permutation
from igfmood.performance.rows.subgroups import add_subgroups
from igfmood.performance.rows.transport import add_transport
from igfmood.performance.rows.unit import Unit
from igfmood.performance.rows.update import add_update
from igfmood.performance.splits import CROSS_VALIDATION, VALIDATION
from igfmood.performance.task_data import TaskData, read_cohorts, task_data
from igfmood.performance.tasks import prediction_tasks
from igfmood.processes import do_all
from igfmood.results import Rows

_In = TypeVar("_In")
_Out = TypeVar("_Out")

#: What is done once for a task.
_OF_TASKS = {
    "transport": add_transport, "optimism": add_optimism, "permutation": add_permutation,
}  # fmt: skip
#: Number that stands for a model's discrimination, by kind of outcome.
_MAIN_MEASURE = {"binary": "auc", "time": "c_index", "classes": "hand_till"}


@dataclass(frozen=True, eq=False)
class _Job:
    """One piece of work that needs no other: a cohort of a task by one analysis, or a task."""

    data: TaskData
    analysis: str
    cohort: str
    source: results.Source
    study: Study
    part: Path


def validate_study(
    study: Study,
    participants: Mapping[str, Path],
    overlap: Path,
    source: results.Source,
    output: Path,
    predictions_path: Path,
    processes: int = 1,
) -> None:
    """Validate every task and write predictions and results.

    Parameters
    ----------
    study
        The study.
    participants
        Cohort: participants table; those of cohorts that failed are left out.
    overlap
        Decision on cohorts that share people.
    source
        Source of the rows (its cohort is replaced for rows of a cohort).
    output, predictions_path
        Where the result table and the predictions go.
    processes
        How many processes work; the numbers are the same with any number.
    """
    names, tasks = _tasks(study, participants, overlap)
    # What a run that was broken off left.
    for left in predictions_path.parent.glob(f"{glob.escape(predictions_path.name)}.*.of"):
        left.unlink()
    jobs = _jobs(tasks, names, source, study, predictions_path)
    done = do_all(
        "validating models", [partial(_in_one_thread, _do, job) for job in jobs], processes
    )
    parts = [job.part for job in jobs if job.part.is_file()]
    stored.write(stored.read(parts), predictions_path)
    for part in parts:
        part.unlink()
    of_jobs = list(zip(jobs, done, strict=True))
    cohorts = [
        results.concatenate([rows for job, rows in of_jobs if job.data is data]) for data in tasks
    ]
    pooled = do_all(
        "pooling measures",
        [
            partial(_in_one_thread, _pool, (*one, source, study))
            for one in zip(cohorts, tasks, strict=True)
        ],
        processes,
    )
    results.write(results.concatenate([*cohorts, *pooled]), output)


def _tasks(
    study: Study, participants: Mapping[str, Path], overlap: Path
) -> tuple[list[str], list[TaskData]]:
    """Return the cohorts that did not fail and the people of every task; the tables go."""
    tables = read_cohorts(participants, study)
    left_out = read_left_out(overlap)
    tasks = [task_data(tables, task, study, left_out) for task in prediction_tasks(study)]
    return list(tables), tasks


def _jobs(
    tasks: Sequence[TaskData], names: Sequence[str], source: results.Source, study: Study,
    predictions: Path,
) -> list[_Job]:  # fmt: skip
    """Return all work, the long pieces first, so that no process waits for the last of them.

    Predictions of a piece go to a file of its own beside that of all.
    """
    found = [
        _Job(data, *of, study, predictions.with_name(f"{predictions.name}.{task}-{place}.of"))
        for task, data in enumerate(tasks)
        for place, of in enumerate(_pieces(data, names, source))
    ]
    return sorted(found, key=lambda job: job.analysis not in _OF_TASKS)


def _pieces(
    data: TaskData, names: Sequence[str], source: results.Source
) -> Iterator[tuple[str, str, results.Source]]:
    """Yield analysis, cohort and source of a task's work."""
    for name in names:
        for analysis in (CROSS_VALIDATION, VALIDATION):
            yield analysis, name, replace(source, cohort=name)
    if data.task.kind == "binary" and data.cohorts:
        for analysis in _OF_TASKS:
            yield analysis, results.POOLED, source


def _in_one_thread(function: Callable[[_In], _Out], job: _In) -> _Out:
    """Do a job with sums that are the same on any number of cores."""
    with threadpool_limits(1):
        return function(job)


def _pool(job: tuple[pd.DataFrame, TaskData, results.Source, Study]) -> pd.DataFrame:
    """Return the pooled rows of one task."""
    return pooled_rows(*job).table()


def _do(job: _Job) -> pd.DataFrame:
    """Return the rows of one job; its predictions are written, if there are any."""
    if job.analysis in _OF_TASKS:
        return _OF_TASKS[job.analysis](job.source, job.data, job.study).table()
    rows = Rows(job.source)
    try:
        if job.cohort in job.data.refused:
            raise NotEstimable(job.data.refused[job.cohort])
        how = cross_validate if job.analysis == CROSS_VALIDATION else validate
        found = how(job.data, job.cohort, job.study)
    except NotEstimable as error:
        _add_refusal(rows, job, error.reason)
        return rows.table()
    _add_measures(rows, found, job)
    stored.write(stored.tables(found, job.data.task), job.part)
    return rows.table()


def _add_measures(rows: Rows, found: Predicted, job: _Job) -> None:
    unit = Unit(rows, job.data.task, found, job.study)
    for key, reason in found.failures.items():
        measure = _MAIN_MEASURE[job.data.task.kind]
        rows.add_not_estimable(reason, **unit.keys(key, measure=measure))
    add_discrimination(unit)
    add_calibration(unit)
    add_clinical_use(unit)
    add_added_value(unit)
    add_subgroups(unit)
    add_update(unit)
    if job.analysis == CROSS_VALIDATION:
        add_likelihood_ratio(unit, job.data)
        _add_recruited(unit, job)


def _add_recruited(unit: Unit, job: _Job) -> None:
    """Write how the cohort's people became those of the task."""
    recruited = job.data.recruited[job.cohort]
    keys = {"analysis": "prediction_people", "target": job.data.task.name, "measure": "count"}
    for term, n, words in (
        ("first visit", recruited.first_visit, "people at the first visit"),
        ("with outcome", recruited.with_outcome, "of these, those whose outcome is known"),
        ("used", recruited.used, "of these, those with analyte, age and sex"),
    ):
        unit.rows.add(**keys, term=term, estimate=n, n=n, method=words)


def _add_refusal(rows: Rows, job: _Job, reason: str) -> None:
    """Write why a cohort has no predictions, for every model."""
    keys = {
        "analysis": job.analysis, "target": job.data.task.name,
        "exposure": job.study.analyte.sds, "stratum": "all",
        "measure": _MAIN_MEASURE[job.data.task.kind],
    }  # fmt: skip
    for model, tier in model_keys(job.data, job.study):
        rows.add_not_estimable(reason, **keys, model=model, adjustment=tier)
    if job.data.task.kind == "binary":
        new, old = job.study.added_value
        rows.add_not_estimable(
            reason, **{**keys, "measure": "delta_auc"}, model="logistic", adjustment=new,
            term=f"over {old}",
        )  # fmt: skip
