"""The whole pipeline where there is nothing to find: labels permuted within each cohort.

Takes a task's people; writes what AUC and added AUC over cohorts then are, and how often they are
as large as with the labels as they are.
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
from igfmood.performance.splits import Split, without_cohort
from igfmood.performance.standard_score import StandardScore
from igfmood.performance.task_data import People, TaskData
from igfmood.seeds import stream

PERMUTATION = "permutation"
_MEASURES = ("auc", "delta_auc")
_RUN = "labels permuted within cohorts, everything learned again, each cohort left out in turn"

FloatArray = npt.NDArray[np.float64]


def add_permutation(source: results.Source, data: TaskData, study: Study) -> results.Rows:
    """Return rows of the model with the analyte, and of what it adds, for a binary task.

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
    new, old = study.added_value
    keys = {"analysis": PERMUTATION, "target": data.task.name, "exposure": study.analyte.sds,
            "model": "logistic", "adjustment": new, "stratum": "all"}  # fmt: skip
    terms = {"auc": "", "delta_auc": f"over {old}"}
    try:
        with threadpool_limits(1):
            found, failed = _runs(data, study)
    except NotEstimable as error:
        for measure in _MEASURES:
            rows.add_not_estimable(error.reason, **keys, measure=measure, term=terms[measure])
        return rows
    counts = {"n": len(data.people), "n_events": int(data.people.y.sum())}
    words = f"{_RUN}; {len(found) - 1} runs" + (f", {failed} more failed" if failed else "")
    for measure, values in zip(_MEASURES, found.T, strict=True):
        here, null = values[0], values[1:]
        low, high = np.quantile(null, [0.5 - study.level / 2, 0.5 + study.level / 2])
        rows.add(
            **keys, **counts, measure=measure, term=terms[measure], estimate=float(null.mean()),
            se=float(null.std(ddof=1)), ci_low=float(low), ci_high=float(high),
            p=float((1 + (null >= here).sum()) / (1 + null.size)),
            method=f"mean over held-out cohorts: {words}; mean, SD and percentiles of runs; p: "
            f"share of runs that reach what the labels as they are give ({here:.3f})",
        )  # fmt: skip
    return rows


def _runs(data: TaskData, study: Study) -> tuple[FloatArray, int]:
    """Return measures with the labels as they are, then of each run, shape (1 + runs, 2).

    Also how many runs could not be made.
    """
    if len(data.cohorts) < 2:
        raise NotEstimable("no other cohort can build the model")
    found, failed, reason = [_measured(data, study)], 0, ""
    for people in _permuted(data, study):
        try:
            found.append(_measured(replace(data, people=people), study))
        except NotEstimable as error:
            failed, reason = failed + 1, error.reason
    if len(found) < 3:
        raise NotEstimable(f"no permuted run can be made: {reason}")
    return np.array(found), failed


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


def _measured(data: TaskData, study: Study) -> tuple[float, float]:
    """Return AUC of the larger model, and what it adds, as means over held-out cohorts."""
    whole = fit_score(data.people, data.bystanders, study)
    found = [
        _held_out(data, split, whole.without(cohort), study)
        for cohort in data.cohorts
        for split in without_cohort(data, cohort, 1)
    ]
    new, old = np.mean(found, axis=0)
    return float(new), float(new - old)


def _held_out(
    data: TaskData, split: Split, score: StandardScore, study: Study
) -> tuple[float, float]:
    """Return the AUCs of both models in the cohort that is left out, the larger one first."""
    ready = prepare(data, split, study, score)
    found = []
    for tier in study.added_value:
        X, test, _ = ready.columns(resolve(data, data.cohorts, tier, study), study)
        model = fit_linear_risk(X, ready.train.y, ready.train.cohort)
        found.append(auc(ready.test.y, model.predict(test, ready.test.cohort)))
    return found[0], found[1]
