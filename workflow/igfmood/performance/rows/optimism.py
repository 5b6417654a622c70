"""The model of all cohorts: what it seems to be worth, the optimism in that, and how it wobbles.

Takes a task's people; writes apparent, optimism and corrected measures of the whole pipeline, and
how far the prediction for a person moves when the model is built again in a bootstrap sample.
"""

from collections.abc import Callable, Iterator

import numpy as np
import numpy.typing as npt
from threadpoolctl import threadpool_limits

from igfmood import results
from igfmood.config.study import Study
from igfmood.errors import NotEstimable
from igfmood.performance.cohorts import members
from igfmood.performance.metrics.optimism import Measure, Optimism, correct_optimism
from igfmood.performance.metrics.stratified import (
    auc_within,
    scaled_brier_within,
    slope_within,
)
from igfmood.performance.models.linear_risk import fit_linear_risk
from igfmood.performance.prepare import prepare, resolve
from igfmood.performance.splits import Split
from igfmood.performance.task_data import People, TaskData
from igfmood.seeds import stream

OPTIMISM, INSTABILITY = "optimism", "instability"
_WORDS = {
    "auc": "AUC within cohorts, by pairs",
    "scaled_brier": "scaled Brier score within cohorts",
    "calibration_slope": "calibration slope, an intercept per cohort",
}
_MOVES = {
    "mape": "mean absolute difference of the prediction for a person from that of the model of "
    "everybody",
    "range_95": "mean over people of the width that holds 95 % of the predictions for them",
}
_ALL = "all cohorts together, an intercept each; everything learned again in each sample"

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]


def add_optimism(source: results.Source, data: TaskData, study: Study) -> results.Rows:
    """Return rows of both tiers of `added_value`, for a binary task.

    Parameters
    ----------
    source
        Source of pooled rows.
    data
        People of the task.
    study
        `resampling.bootstrap` samples, drawn by cohort and class.
    """
    rows = results.Rows(source)
    shared = {"target": data.task.name, "exposure": study.analyte.sds, "model": "logistic",
              "stratum": "all"}  # fmt: skip
    counts = {"n": len(data.people), "n_events": int(data.people.y.sum())}
    procedure = _Procedure(data, study)
    try:
        with threadpool_limits(1):
            found = correct_optimism(
                procedure, len(data.people), _draws(data, study), _measures(data.people)
            )  # fmt: skip
    except NotEstimable as error:
        for tier in study.added_value:
            for measure in _WORDS:
                keys = {**shared, "adjustment": tier, "analysis": OPTIMISM, "measure": measure}
                rows.add_not_estimable(error.reason, **keys)
            for measure in _MOVES:
                keys = {**shared, "adjustment": tier, "analysis": INSTABILITY, "measure": measure}
                rows.add_not_estimable(error.reason, **keys)
        return rows
    for place, tier in enumerate(study.added_value):
        keys = {**shared, "adjustment": tier}
        for measure, one in found[place].items():
            _add(rows, keys | {"analysis": OPTIMISM, "measure": measure}, counts, one, measure)
        _add_instability(rows, keys, counts, [p[place] for p in procedure.predictions])
    return rows


class _Procedure:
    """Learns everything from some people and predicts everybody; keeps its predictions."""

    def __init__(self, data: TaskData, study: Study) -> None:
        self.data, self.study = data, study
        self.predictions: list[FloatArray] = []

    def __call__(self, rows: IntArray) -> FloatArray:
        everybody = np.arange(len(self.data.people))
        # The same random numbers for gaps in every sample: what differs is who was drawn.
        split = Split(OPTIMISM, "all", 0, 0, rows, everybody)
        ready = prepare(self.data, split, self.study)
        found = []
        for tier in self.study.added_value:
            predictors = resolve(self.data, self.data.cohorts, tier, self.study)
            X, new, _ = ready.columns(predictors, self.study)
            model = fit_linear_risk(X, ready.train.y, ready.train.cohort)
            found.append(model.predict(new, ready.test.cohort))
        self.predictions.append(np.array(found))
        return self.predictions[-1]


def _draws(data: TaskData, study: Study) -> Iterator[IntArray]:
    """Yield bootstrap samples with the people of each cohort and class."""
    groups = members(data.people.cohort, data.people.y)
    for replicate in range(study.resampling.bootstrap):
        rng = stream(study.seed, "performance", OPTIMISM, data.task.name, replicate)
        yield np.concatenate([rows[rng.integers(0, len(rows), len(rows))] for rows in groups])


def _measures(people: People) -> dict[str, Measure]:
    """Return what is corrected: nothing that cohorts are told apart by counts."""
    cohort = np.unique(people.cohort, return_inverse=True)[1]

    def within(measure: Callable[[FloatArray, FloatArray, np.ndarray], float]) -> Measure:
        return lambda rows, p: measure(people.y[rows], p, cohort[rows])

    return {
        "auc": within(auc_within), "scaled_brier": within(scaled_brier_within),
        "calibration_slope": within(slope_within),
    }  # fmt: skip


def _add(
    rows: results.Rows, keys: dict[str, str], counts: dict[str, int], found: Optimism, measure: str
) -> None:
    samples = f"; {found.resamples} bootstrap samples of the whole pipeline, by cohort and class"
    if found.failed:
        samples += f", {found.failed} more failed"
    for term, value, se in (
        ("apparent", found.apparent, None),
        ("optimism", found.optimism, found.se),
        ("corrected", found.corrected, None),
    ):
        rows.add(
            **keys, **counts, term=term, estimate=value, se=se,
            method=f"{_WORDS[measure]}, {term}: {_ALL}{samples}"
            + (" (se: Monte Carlo error)" if se is not None else ""),
        )  # fmt: skip


def _add_instability(
    rows: results.Rows, keys: dict[str, str], counts: dict[str, int],
    predictions: list[FloatArray],
) -> None:  # fmt: skip
    """Write how far predictions for the same person lie apart.

    References
    ----------
    Riley RD, Collins GS (2023). Biom J 65:2200302.
    """
    original, again = predictions[0], np.array(predictions[1:])
    mape = float(np.abs(again - original).mean())
    low, high = np.quantile(again, [0.025, 0.975], axis=0)
    for measure, value in (("mape", mape), ("range_95", float((high - low).mean()))):
        rows.add(
            **keys, **counts, analysis=INSTABILITY, measure=measure, estimate=value,
            method=f"{_MOVES[measure]}; {len(again)} bootstrap models of {_ALL}",
        )  # fmt: skip
