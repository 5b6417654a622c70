"""Who is told apart where the outcome is a time or one of several classes: Harrell's C, and M.

Takes the predictions of one cohort; writes rows.
"""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
from scipy.special import ndtr

from igfmood.errors import NotEstimable
from igfmood.performance.metrics.calibration import WaldEstimate, wald
from igfmood.performance.metrics.concordance import c_index, delta_c_index
from igfmood.performance.metrics.discrimination import widened_for_folds
from igfmood.performance.metrics.hand_till import delta_hand_till, hand_till
from igfmood.performance.rows.unit import (
    FloatArray,
    Unit,
    columns,
    combine,
    combine_shares,
    main_keys,
    predicted_keys,
)

Rows = npt.NDArray[np.bool_]
#: A measure of the people in a mask, from predictions of everybody.
Measure = Callable[[Rows, FloatArray], WaldEstimate]
#: The difference of two models among the people in a mask.
Difference = Callable[[Rows, FloatArray, FloatArray], WaldEstimate]


def add_c_index(unit: Unit) -> None:
    """Write C of every model, and what the analyte adds to it."""
    time, event = unit.found.people.time, unit.y == 1

    def c(rows: Rows, p: FloatArray) -> WaldEstimate:
        return c_index(time[rows], event[rows], p[rows], unit.level)

    def added(rows: Rows, new: FloatArray, old: FloatArray) -> WaldEstimate:
        return delta_c_index(time[rows], event[rows], new[rows], old[rows], unit.level)

    _add_each(unit, "c_index", "Harrell's C, infinitesimal jackknife", c)
    _add_difference(
        unit, "delta_c_index", "difference of C, same people; infinitesimal jackknife", added
    )


def add_hand_till(unit: Unit) -> None:
    """Write M of every model, the AUC of every pair of classes, and what the analyte adds."""
    names = list(unit.task.classes)
    given = np.array(names, dtype=object)[unit.y.astype(int)]

    def m(rows: Rows, p: FloatArray) -> WaldEstimate:
        return hand_till(given[rows], p[rows], names, unit.level).m

    def added(rows: Rows, new: FloatArray, old: FloatArray) -> WaldEstimate:
        return delta_hand_till(given[rows], new[rows], old[rows], names, unit.level)

    _add_each(unit, "hand_till", "Hand and Till's M, mean AUC over pairs of classes", m)
    _add_pairs(unit, given, names)
    _add_difference(unit, "delta_hand_till", "difference of M, same people", added)


def _masks(unit: Unit, draw: int) -> list[Rows]:
    """Return everybody, or each fold: predictions of two models have no order between them."""
    if not unit.resampled:
        return [np.ones(len(unit.y), dtype=bool)]
    folds = unit.found.fold[draw]
    return [folds == fold for fold in np.unique(folds)]


def _mean(parts: list[WaldEstimate], level: float) -> WaldEstimate:
    """Return the mean over folds, which are of different people and of models alike."""
    se = float(np.sqrt(sum(one.se**2 for one in parts))) / len(parts)
    if len(parts) > 1:
        se *= widened_for_folds(len(parts))
    return wald(float(np.mean([one.estimate for one in parts])), se, level)


def _folded(unit: Unit, words: str) -> str:
    return f"{words}; mean over folds" if unit.resampled else words


def _add_each(unit: Unit, measure: str, words: str, compute: Measure) -> None:
    for key in predicted_keys(unit):
        where = unit.keys(key, measure=measure)
        try:
            each = [
                _mean([compute(rows, p) for rows in _masks(unit, draw)], unit.level)
                for draw, p in enumerate(unit.found.p[key])
            ]
            found = combine_shares(each, unit.found.imputed, unit.level)
        except NotEstimable as error:
            unit.rows.add_not_estimable(error.reason, **where)
            continue
        unit.rows.add(
            **where, **unit.counts, **columns(found), method=unit.method(key, _folded(unit, words))
        )


def _add_difference(unit: Unit, measure: str, words: str, compute: Difference) -> None:
    """Write what the larger main model gains over the smaller one."""
    keys = main_keys(unit)
    if len(keys) < 2:
        return
    new, old = keys
    where = unit.keys(new, measure=measure, term=f"over {old[1]}")
    pairs = enumerate(zip(unit.found.p[new], unit.found.p[old], strict=True))
    try:
        each = [
            _mean([compute(rows, *pair) for rows in _masks(unit, draw)], unit.level)
            for draw, pair in pairs
        ]
        found = combine(each, unit.found.imputed, unit.level)
    except NotEstimable as error:
        unit.rows.add_not_estimable(error.reason, **where)
        return
    unit.rows.add(
        **where, **unit.counts, **columns(found),
        p=2 * float(ndtr(-abs(found.estimate / found.se))),
        method=unit.method(new, _folded(unit, words)),
    )  # fmt: skip


def _add_pairs(unit: Unit, given: npt.NDArray[np.object_], names: list[str]) -> None:
    words = _folded(unit, "AUC between the two classes, mean of both scores")
    for key in predicted_keys(unit):
        try:
            found = [
                hand_till(given[rows], p[rows], names).pairs
                for draw, p in enumerate(unit.found.p[key])
                for rows in _masks(unit, draw)
            ]
        except NotEstimable as error:
            where = unit.keys(key, measure="pair_auc")
            unit.rows.add_not_estimable(error.reason, **where)
            continue
        for pair in found[0]:
            unit.rows.add(
                **unit.keys(key, measure="pair_auc", term=" vs ".join(pair)), n=len(unit.y),
                estimate=float(np.mean([one[pair] for one in found])),
                method=unit.method(key, words),
            )  # fmt: skip
