"""Who is told apart: AUC of every model, and what the analyte adds.

Takes the predictions of one cohort; writes rows.
"""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
from scipy.special import expit, logit, ndtr

from igfmood.config.prediction import added_pairs
from igfmood.errors import NotEstimable
from igfmood.performance.metrics.auc_difference import delta_auc
from igfmood.performance.metrics.discrimination import (
    AucResult,
    auc,
    auc_delong,
    auc_interval,
    widened_for_folds,
)
from igfmood.performance.metrics.precision_recall import average_precision, precision_of_counts
from igfmood.performance.metrics.rank_resampling import (
    OfCounts,
    auc_of_counts,
    resample_ranks,
    sharing,
)
from igfmood.performance.metrics.resampling import normal_quantile, percentile
from igfmood.performance.metrics.roc import mcclish, partial_auc_of_counts, roc
from igfmood.performance.predict import Key
from igfmood.performance.rows.concordance import add_c_index, add_hand_till
from igfmood.performance.rows.unit import (
    FloatArray,
    Unit,
    main_keys,
    predicted_keys,
)

#: Specificities that the partial area is of.
_PARTIAL = (0.9, 1.0)
#: False positive rates at which the ROC curve is given: too coarse to tell of any one person.
GRID = np.round(np.linspace(0, 1, 21), 2)
_FIRST = "predictions of the first draw"


def add_discrimination(unit: Unit) -> None:
    """Write discrimination of every model, the added AUC, and curves of the main models."""
    if unit.task.kind == "classes":
        add_hand_till(unit)
        return
    if unit.task.kind == "time":
        add_c_index(unit)
        return
    for key in predicted_keys(unit):
        add_auc(unit, key)
    add_deltas(unit)
    for key in main_keys(unit):
        _add_bootstrapped(unit, key)
        _add_roc(unit, key)


def _auc(unit: Unit, *keys: Key) -> AucResult:
    """Return the AUCs of models on the same people, over as many draws as all of them have."""
    draws = min(len(unit.found.p[key]) for key in keys)
    scores = np.stack([unit.found.p[key][:draws].ravel() for key in keys], axis=1)
    y = np.tile(unit.y, draws)
    if not unit.resampled:
        return _over_tables(unit, keys, draws)
    n = len(unit.y)
    found = auc_delong(
        y, scores, folds=unit.found.fold[:draws].ravel(), repeats=np.repeat(np.arange(draws), n),
        participant=np.tile(np.arange(n), draws),
    )  # fmt: skip
    factor = widened_for_folds(unit.study.resampling.folds) ** 2
    return replace(found, cov=factor * found.cov)


def _over_tables(unit: Unit, keys: tuple[Key, ...], draws: int) -> AucResult:
    """Return mean AUCs over completed tables, with the mean covariance."""
    found = [
        auc_delong(unit.y, np.stack([unit.found.p[key][i] for key in keys], axis=1))
        for i in range(draws)
    ]
    auc = np.mean([one.auc for one in found], axis=0)
    cov = np.mean([one.cov for one in found], axis=0)
    return AucResult(auc, cov, found[0].n_cases, found[0].n_controls)


def _by_draw(unit: Unit, key: Key) -> FloatArray:
    """Return the AUC of each draw, shape (draws,)."""
    found = []
    for i, p in enumerate(unit.found.p[key]):
        folds = unit.found.fold[i] if unit.resampled else None
        found.append(float(auc_delong(unit.y, p, folds=folds).auc[0]))
    return np.array(found)


def add_auc(unit: Unit, key: Key) -> None:
    """Write the AUC of one model."""
    where = unit.keys(key, measure="auc")
    way = (
        "mean AUC within folds; DeLong within folds (LeDell 2015), widened for shared training "
        "people"
        if unit.resampled
        else "AUC in a cohort not used for the model; DeLong"
    )
    by_logit = unit.found.imputed and len(unit.found.p[key]) > 1
    try:
        found = _auc(unit, key)
        auc, se = float(found.auc[0]), float(found.se[0])
        values = _auc_columns(unit, auc, se, _by_draw(unit, key) if by_logit else None)
    except NotEstimable as error:
        unit.rows.add_not_estimable(error.reason, **where)
        return
    scale = "logit interval" if by_logit else "interval"
    unit.rows.add(**where, **unit.counts, **values, method=unit.method(key, f"{way} {scale}"))


def _auc_columns(unit: Unit, auc: float, se: float, draws: FloatArray | None) -> dict[str, Any]:
    """Return the columns of an AUC; pooled on the logit scale where gaps were filled in."""
    low, high = auc_interval(auc, se, unit.level)
    if draws is None:
        return {"estimate": auc, "se": se, "ci_low": low, "ci_high": high}
    if not ((draws > 0) & (draws < 1)).all():
        raise NotEstimable("an AUC of 0 or 1 in a completed table has no place on the logit scale")
    slope = auc * (1 - auc)
    between = (1 + 1 / len(draws)) * float(logit(draws).var(ddof=1))
    total = float(np.sqrt((se / slope) ** 2 + between))
    centre = float(logit(draws).mean())
    half = normal_quantile(unit.level) * total
    low, estimate, high = (float(x) for x in expit([centre - half, centre, centre + half]))
    return {"estimate": estimate, "se": total * slope, "ci_low": low, "ci_high": high}


def add_deltas(unit: Unit) -> None:
    """Write the added AUC of every model, over the tier that lacks the analyte alone."""
    failures = unit.found.failures
    known = {*unit.found.p, *failures}
    for model in sorted({model for model, _ in known}):
        for larger, smaller in added_pairs(unit.study.prediction_tiers):
            keys = ((model, larger), (model, smaller))
            if not known.issuperset(keys):
                continue
            reasons = [failures[key] for key in keys if key in failures]
            if reasons:
                where = unit.keys(keys[0], measure="delta_auc", term=f"over {smaller}")
                unit.rows.add_not_estimable(reasons[0], **where)
                continue
            _add_one_delta(unit, keys)


def _add_one_delta(unit: Unit, keys: tuple[Key, Key]) -> None:
    where = unit.keys(keys[0], measure="delta_auc", term=f"over {keys[1][1]}")
    try:
        change = delta_auc(_auc(unit, *keys), 0, 1, unit.level)
    except NotEstimable as error:
        unit.rows.add_not_estimable(error.reason, **where)
        return
    se = change.se
    if unit.found.imputed:
        draws = min(len(unit.found.p[key]) for key in keys)
        by_draw = _by_draw(unit, keys[0])[:draws] - _by_draw(unit, keys[1])[:draws]
        between = float(by_draw.var(ddof=1)) if draws > 1 else 0.0
        se = float(np.sqrt(se**2 + (1 + 1 / draws) * between))
    half = normal_quantile(unit.level) * se
    unit.rows.add(
        **where, **unit.counts, estimate=change.difference, se=se,
        ci_low=change.difference - half, ci_high=change.difference + half,
        p=2 * float(ndtr(-abs(change.difference / se))),
        method=unit.method(keys[0], "paired difference of AUCs, same people; DeLong covariance"),
    )  # fmt: skip


def _add_bootstrapped(unit: Unit, key: Key) -> None:
    """Write AUC, partial area and average precision, with intervals of the same samples."""
    p, b = unit.found.p[key][0], unit.study.resampling.intervals
    low, high = _PARTIAL
    measures: dict[str, tuple[Callable[[], float], OfCounts, str]] = {
        "auc_bootstrap": (
            lambda: auc(unit.y, p), auc_of_counts, "AUC across folds" if unit.resampled else "AUC",
        ),
        "partial_auc": (
            lambda: mcclish(roc(unit.y, p).partial_auc(low, high), low, high),
            partial(partial_auc_of_counts, low=low, high=high),
            f"area at specificities of {low:g} to {high:g}, scaled so that 0.5 is chance (McClish)",
        ),
        "average_precision": (
            lambda: average_precision(unit.y, p), precision_of_counts,
            "area under precision and recall; chance is the share of cases",
        ),
    }  # fmt: skip
    of_counts = {name: measure for name, (_, measure, _) in measures.items()}
    try:
        samples = resample_ranks(unit.y, p, of_counts, b, unit.rng("ranks", *key))
    except NotEstimable as error:
        for name in measures:
            unit.rows.add_not_estimable(error.reason, **unit.keys(key, measure=name))
        return
    shared = sharing(p)
    for name, (here, _, words) in measures.items():
        where = unit.keys(key, measure=name)
        try:
            found = percentile(here(), samples[name], unit.level)
        except NotEstimable as error:
            unit.rows.add_not_estimable(error.reason, **where)
            continue
        unit.rows.add(
            **where, **unit.counts, estimate=found.estimate, se=found.se, ci_low=found.ci_low,
            ci_high=found.ci_high,
            method=f"{words}; {_FIRST}; {b:,} bootstrap samples by outcome{shared}, percentiles",
        )  # fmt: skip


def _add_roc(unit: Unit, key: Key) -> None:
    """Write the ROC curve at fixed false positive rates."""
    curve = roc(unit.y, unit.found.p[key][0])
    for rate in GRID:
        unit.rows.add(
            **unit.keys(key, analysis="roc_curve", stratum=unit.found.analysis,
                        term=f"{rate:.2f}", measure="sensitivity"),
            **unit.counts, estimate=curve.sensitivity_at(1 - rate),
            method=f"at the false positive rate in `term`, on a grid; {_FIRST}",
        )  # fmt: skip
