"""Does a model, and its cut, travel: built in one cohort, used in each other one.

Takes a task's people; writes, for each ordered pair of cohorts, AUC and calibration of the larger
main model, and what its cut does, in people and with an assay that it has not seen.
"""

from dataclasses import replace

import numpy as np
from threadpoolctl import threadpool_limits

from igfmood import results
from igfmood.config.study import Study
from igfmood.errors import NotEstimable
from igfmood.performance.metrics.calibration import (
    WaldEstimate,
    calibration_in_the_large,
    calibration_slope,
)
from igfmood.performance.metrics.cut_points import cut_point
from igfmood.performance.metrics.discrimination import auc_delong, auc_interval
from igfmood.performance.metrics.predictive_values import exact_share
from igfmood.performance.models.linear_risk import fit_linear_risk
from igfmood.performance.predict import rule_of
from igfmood.performance.prepare import prepare, resolve
from igfmood.performance.splits import Split
from igfmood.performance.task_data import TaskData

TRANSPORT = "transport"
_MEASURES = ("auc", "calibration_intercept", "calibration_slope")


def add_transport(source: results.Source, data: TaskData, study: Study) -> results.Rows:
    """Return rows of every pair of cohorts; the cohort is where the model is used.

    Parameters
    ----------
    source
        Source of the rows.
    data
        People of a binary task.
    study
        The larger tier of `added_value` is the model.
    """
    rows = results.Rows(source)
    tier = study.added_value[0]
    for used in data.cohorts:
        for built in data.cohorts:
            if used == built:
                continue
            keys = {
                "analysis": TRANSPORT, "target": data.task.name, "exposure": study.analyte.sds,
                "model": "logistic", "adjustment": tier, "stratum": f"from {built}",
            }  # fmt: skip
            here = results.Rows(replace(source, cohort=used))
            try:
                with threadpool_limits(1):
                    _add_pair(here, keys, data, built, used, study)
            except NotEstimable as error:
                for measure in _MEASURES:
                    here.add_not_estimable(error.reason, **keys, measure=measure)
            rows.rows += here.rows
    return rows


def _add_pair(
    rows: results.Rows, keys: dict[str, str], data: TaskData, built: str, used: str, study: Study
) -> None:
    train, test = (np.flatnonzero(data.people.cohort == name) for name in (built, used))
    ready = prepare(data, Split(TRANSPORT, f"{built} to {used}", 0, 0, train, test), study)
    X, new, _ = ready.columns(resolve(data, [built, used], keys["adjustment"], study), study)
    model = fit_linear_risk(X, ready.train.y, ready.train.cohort)
    risk, p = model.predict(X, ready.train.cohort), model.predict(new, ready.test.cohort)
    y = ready.test.y
    counts = {"n": len(y), "n_events": int(y.sum())}
    words = f"model of {built} alone, its reference curve and its intercept; {model.method}"
    for measure, found in zip(_MEASURES, _measures(y, p, study.level), strict=True):
        if isinstance(found, str):
            rows.add_not_estimable(found, **keys, measure=measure)
            continue
        rows.add(
            **keys, **counts, measure=measure, estimate=found.estimate, se=found.se,
            ci_low=found.ci_low, ci_high=found.ci_high, method=words,
        )  # fmt: skip
    _add_cuts(rows, keys, ready.train.y, risk, y, p, study)


def _measures(y: np.ndarray, p: np.ndarray, level: float) -> list[WaldEstimate | str]:
    def auc() -> WaldEstimate:
        found = auc_delong(y, p)
        low, high = auc_interval(float(found.auc[0]), float(found.se[0]), level)
        return WaldEstimate(float(found.auc[0]), float(found.se[0]), low, high, level)

    computed: list[WaldEstimate | str] = []
    for compute in (
        auc,
        lambda: calibration_in_the_large(y, p, level),
        lambda: calibration_slope(y, p, level),
    ):
        try:
            computed.append(compute())
        except NotEstimable as error:
            computed.append(error.reason)
    return computed


def _add_cuts(
    rows: results.Rows, keys: dict[str, str], y: np.ndarray, risk: np.ndarray,
    new_y: np.ndarray, p: np.ndarray, study: Study,
) -> None:  # fmt: skip
    """Write sensitivity and specificity of the cut where it is used."""
    for cut in study.prediction.cut_points:
        try:
            threshold = cut_point(y, risk, rule_of(cut, float(y.mean()))).threshold
        except NotEstimable as error:
            for measure in ("sensitivity", "specificity"):
                rows.add_not_estimable(error.reason, **keys, measure=measure, term=cut.name)
            continue
        positive = p >= threshold
        words = f"cut {threshold:.3g} of the risk chosen where the model was built ({cut.name})"
        for measure, of, hit in (
            ("sensitivity", new_y == 1, positive), ("specificity", new_y == 0, ~positive),
        ):  # fmt: skip
            found = exact_share(int((hit & of).sum()), int(of.sum()), study.level)
            rows.add(
                **keys, measure=measure, term=cut.name, n=len(new_y), n_events=int(new_y.sum()),
                estimate=found.estimate, ci_low=found.ci_low, ci_high=found.ci_high,
                method=f"{words}; exact interval",
            )  # fmt: skip
