"""One cohort of a task by one analysis: its people predicted, what the predictions are worth.

Takes a task's people; writes the predictions of one cohort, and gives their measures, or why there
are none.
"""

from dataclasses import dataclass
from pathlib import Path

import pandas as pd
from threadpoolctl import threadpool_limits

from igfmood import results
from igfmood.config.study import Study
from igfmood.errors import NotEstimable
from igfmood.jobs import or_record
from igfmood.performance import stored
from igfmood.performance.predict import Predicted, cross_validate, model_keys, validate
from igfmood.performance.rows.added_value import add_added_value, add_likelihood_ratio
from igfmood.performance.rows.calibration import add_calibration
from igfmood.performance.rows.clinical_use import add_clinical_use
from igfmood.performance.rows.discrimination import add_discrimination
from igfmood.performance.rows.subgroups import add_subgroups
from igfmood.performance.rows.unit import Unit
from igfmood.performance.rows.update import add_update
from igfmood.performance.splits import CROSS_VALIDATION
from igfmood.performance.task_data import TaskData
from igfmood.performance.tasks import PredictionTask
from igfmood.results import Rows

#: Number that stands for a model's discrimination, by kind of outcome.
_MAIN_MEASURE = {"binary": "auc", "time": "c_index", "classes": "hand_till"}


@dataclass(frozen=True, eq=False)
class OfCohort:
    """One cohort of a task by one analysis.

    Parameters
    ----------
    data
        The people of the task.
    analysis
        How its people are predicted: from the others of it, or from the other cohorts.
    source
        Source of its rows, with its name.
    study
        The study.
    part
        Where its predictions go.
    """

    data: TaskData
    analysis: str
    source: results.Source
    study: Study
    part: Path

    @property
    def cohort(self) -> str:
        """Its name."""
        return self.source.cohort


def predict_and_measure(of: OfCohort) -> pd.DataFrame:
    """Return the measures of a cohort's predictions, or why it has none; write the predictions.

    Where the code breaks down, that is told of this cohort and task, and the others go on. Sums are
    the same on any number of cores.
    """
    done: list[pd.DataFrame] = []
    or_record(
        lambda: done.append(_measured(of)),
        lambda reason: done.append(_broken(of, reason)),
        f"{of.analysis} of {of.data.task.name} in {of.cohort}",
    )
    return done[0]


def _measured(of: OfCohort) -> pd.DataFrame:
    task = of.data.task
    if of.cohort in of.data.refused:
        return refused(task, of.analysis, of.data.refused[of.cohort], of.source, of.study)
    how = cross_validate if of.analysis == CROSS_VALIDATION else validate
    rows = Rows(of.source)
    with threadpool_limits(1):
        try:
            found = how(of.data, of.cohort, of.study)
        except NotEstimable as error:
            return refused(task, of.analysis, error.reason, of.source, of.study)
        _add_measures(rows, found, of)
    stored.write(stored.tables(found, task), of.part)
    return rows.table()


def _broken(of: OfCohort, reason: str) -> pd.DataFrame:
    """Return that one task of a cohort failed, and so has no number for any model."""
    task = of.data.task
    rows = Rows(of.source)
    rows.add_failure(of.analysis, f"{task.name}: {reason}", term=task.name)
    why = refused(task, of.analysis, reason, of.source, of.study)
    return results.concatenate([rows.table(), why])


def _add_measures(rows: Rows, found: Predicted, of: OfCohort) -> None:
    unit = Unit(rows, of.data.task, found, of.study)
    for key, reason in found.failures.items():
        measure = _MAIN_MEASURE[of.data.task.kind]
        rows.add_not_estimable(reason, **unit.keys(key, measure=measure))
    add_discrimination(unit)
    add_calibration(unit)
    add_clinical_use(unit)
    add_added_value(unit)
    add_subgroups(unit)
    add_update(unit)
    if of.analysis == CROSS_VALIDATION:
        add_likelihood_ratio(unit, of.data)
        _add_recruited(unit, of)


def _add_recruited(unit: Unit, of: OfCohort) -> None:
    """Write how the cohort's people became those of the task."""
    recruited = of.data.recruited[of.cohort]
    keys = {"analysis": "prediction_people", "target": of.data.task.name, "measure": "count"}
    for term, n, words in (
        ("first visit", recruited.first_visit, "people at the first visit"),
        ("with outcome", recruited.with_outcome, "of these, those whose outcome is known"),
        ("used", recruited.used, "of these, those with analyte, age and sex"),
    ):
        unit.rows.add(**keys, term=term, estimate=n, n=n, method=words)


def refused(
    task: PredictionTask, analysis: str, reason: str, source: results.Source, study: Study
) -> pd.DataFrame:
    """Return rows that say why a cohort has no predictions, for every model."""
    rows = Rows(source)
    keys = {
        "analysis": analysis, "target": task.name, "exposure": study.analyte.sds, "stratum": "all",
        "measure": _MAIN_MEASURE[task.kind],
    }  # fmt: skip
    for model, tier in model_keys(task, study):
        rows.add_not_estimable(reason, **keys, model=model, adjustment=tier)
    if task.kind == "binary":
        new, old = study.added_value
        rows.add_not_estimable(
            reason, **{**keys, "measure": "delta_auc"}, model="logistic", adjustment=new,
            term=f"over {old}",
        )  # fmt: skip
    return rows.table()
