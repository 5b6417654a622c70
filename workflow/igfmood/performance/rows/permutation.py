"""The whole pipeline where there is nothing to find: labels permuted within each cohort.

Takes a task's people; writes what the AUC then is, and how often it is as large as with the labels
as they are. It says nothing of what the analyte adds: with permuted labels nothing predicts.
"""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import numpy.typing as npt
from threadpoolctl import threadpool_limits

from igfmood import results
from igfmood.config.study import Study
from igfmood.errors import NotEstimable
from igfmood.performance.metrics.discrimination import auc
from igfmood.performance.models.linear_risk import fit_linear_risk
from igfmood.performance.prepare import fit_score, prepare, resolve
from igfmood.performance.splits import Split, within_cohort, without_cohort
from igfmood.performance.standard_score import StandardScore
from igfmood.performance.task_data import People, TaskData
from igfmood.seeds import stream

PERMUTATION = "permutation"
_RUN = "labels permuted within cohorts, everything learned again"

FloatArray = npt.NDArray[np.float64]


def add_permutation(source: results.Source, data: TaskData, study: Study) -> results.Rows:
    """Return the row of the model with the analyte, for a binary task.

    Parameters
    ----------
    source
        Source of pooled rows.
    data
        People of the task.
    study
        `resampling.permutations` runs.
    """
    rows = results.Rows(source)
    if not study.resampling.permutations:
        return rows
    keys = {"analysis": PERMUTATION, "target": data.task.name, "exposure": study.analyte.sds,
            "model": "logistic", "adjustment": study.added_value[0], "stratum": "all",
            "measure": "auc"}  # fmt: skip
    try:
        with threadpool_limits(1):
            here, null, failed = _runs(data, study)
    except NotEstimable as error:
        rows.add_not_estimable(error.reason, **keys)
        return rows
    low, high = np.quantile(null, [0.5 - study.level / 2, 0.5 + study.level / 2])
    how = (
        "mean over held-out cohorts" if len(data.cohorts) > 1
        else "mean over folds of one cross-validation"
    )  # fmt: skip
    runs = f"{null.size} runs" + (f", {failed} more failed" if failed else "")
    rows.add(
        **keys, n=len(data.people), n_events=int(data.people.y.sum()), estimate=float(null.mean()),
        se=float(null.std(ddof=1)), ci_low=float(low), ci_high=float(high),
        p=float((1 + (null >= here).sum()) / (1 + null.size)),
        method=f"{how}: {_RUN}; {runs}; mean, SD and percentiles of runs; p: share of runs that "
        f"reach what the labels as they are give ({here:.3f})",
    )  # fmt: skip
    return rows


def _runs(data: TaskData, study: Study) -> tuple[float, FloatArray, int]:
    """Return the AUC with the labels as they are, that of each run, and how many runs failed."""
    here, found, failed, reason = _auc(data, study), [], 0, ""
    for people in _permuted(data, study):
        try:
            found.append(_auc(replace(data, people=people), study))
        except NotEstimable as error:
            failed, reason = failed + 1, error.reason
    if len(found) < 2:
        raise NotEstimable(f"no permuted run can be made: {reason}")
    return here, np.array(found), failed


def _permuted(data: TaskData, study: Study) -> Iterator[People]:
    """Yield the people with labels of others of their cohort.

    With the label goes what follows from it: the diagnosis, and who is behind the reference curve.
    """
    people = data.people
    labels = ["group", "reference"]
    for replicate in range(study.resampling.permutations):
        rng = stream(study.seed, "performance", PERMUTATION, data.task.name, replicate)
        order = np.arange(len(people))
        for name in data.cohorts:
            own = np.flatnonzero(people.cohort == name)
            order[own] = rng.permutation(own)
        measured = people.measured.copy()
        measured[labels] = people.measured[labels].iloc[order].to_numpy()
        measured["reference"] = measured["reference"].astype(bool)
        yield replace(people, y=people.y[order], time=people.time[order], measured=measured)


def _auc(data: TaskData, study: Study) -> float:
    """Return the mean AUC over held-out cohorts; of one cohort alone, over its folds."""
    if len(data.cohorts) == 1:
        splits = within_cohort(data, data.cohorts[0], study)
        return float(np.mean([
            _held_out(data, split, None, study) for split in splits if split.draw == 0
        ]))  # fmt: skip
    whole = fit_score(data.people, data.bystanders, study)
    return float(np.mean([
        _held_out(data, split, whole.without(cohort), study)
        for cohort in data.cohorts
        for split in without_cohort(data, cohort, 1)
    ]))  # fmt: skip


def _held_out(data: TaskData, split: Split, score: StandardScore | None, study: Study) -> float:
    """Return the AUC of the larger model in the people who are left out."""
    ready = prepare(data, split, study, score)
    predictors = resolve(data, data.cohorts, study.added_value[0], study)
    X, test, _ = ready.columns(predictors, study)
    model = fit_linear_risk(X, ready.train.y, ready.train.cohort)
    return auc(ready.test.y, model.predict(test, ready.test.cohort))
