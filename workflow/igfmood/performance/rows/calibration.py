"""Whether predicted risks mean what they say, of every model; the curve of the main ones.

Takes the predictions of one cohort; writes rows.
"""

from collections.abc import Callable
from functools import partial

import numpy as np

from igfmood.association.models.cox import fit_cox
from igfmood.errors import NotEstimable
from igfmood.performance.metrics.calibration import (
    WaldEstimate,
    brier,
    calibration_in_the_large,
    calibration_slope,
    observed_expected,
    scaled_brier,
    wald,
)
from igfmood.performance.metrics.smooth_calibration import (
    SMOOTHER,
    calibration_curve,
    calibration_error_interval,
    joining,
)
from igfmood.performance.metrics.survival import observed_expected_at
from igfmood.performance.rows.unit import FloatArray, Unit, main_keys, predicted_keys

#: Centiles of the prediction at which the curve is given.
CENTILES = np.linspace(5, 95, 10)
#: Bootstrap samples of the curve and of the distances from it.
_RESAMPLES = 100
_OF_RESAMPLES = f"{_RESAMPLES} bootstrap samples of people"

_BINARY: dict[str, tuple[Callable[..., WaldEstimate], str]] = {
    "brier": (brier, "mean squared error, Wald interval"),
    "scaled_brier": (scaled_brier, "1 - Brier score over that of the share of cases"),
    "calibration_intercept": (
        calibration_in_the_large, "logistic intercept with slope 1, Wald interval",
    ),
    "calibration_slope": (
        calibration_slope, "logistic slope on the log odds predicted, Wald interval",
    ),
    "log_oe": (observed_expected, "log of cases observed over cases expected"),
}  # fmt: skip


def add_calibration(unit: Unit) -> None:
    """Write calibration of every model, and curve and distances of the main models."""
    if unit.task.kind == "classes":
        return
    for key in predicted_keys(unit):
        if unit.task.kind == "time":
            _add_of_time(unit, key)
            continue
        add_levels(unit, key)
    if unit.task.kind == "binary":
        for key in main_keys(unit):
            _add_distances(unit, key)
            _add_curve(unit, key)


def add_levels(unit: Unit, key: tuple[str, str]) -> None:
    """Write Brier score, intercept, slope and observed over expected of a binary model."""
    for measure, (function, words) in _BINARY.items():
        unit.add_wald(key, measure, words, partial(_of, unit, function))


def _of(unit: Unit, function: Callable[..., WaldEstimate], p: FloatArray) -> WaldEstimate:
    return function(unit.y, p, unit.level)


def _add_of_time(unit: Unit, key: tuple[str, str]) -> None:
    """Write calibration of risks within the horizon, where some are not followed to it."""
    people = unit.found.people
    horizon = unit.study.prediction.horizon_years

    def slope(p: FloatArray) -> WaldEstimate:
        """Cox slope on the log cumulative hazard predicted."""
        line = np.log(-np.log1p(-p))
        fit = fit_cox(line[:, None], people.time, unit.y == 1)
        return wald(float(fit.coef[0]), float(fit.se[0]), unit.level)

    words = "Cox slope on the log cumulative hazard predicted"
    unit.add_wald(key, "calibration_slope", words, slope)
    unit.add_wald(
        key, "log_oe", f"log of the Kaplan-Meier risk over the mean risk at {horizon:g} years",
        lambda p: observed_expected_at(people.time, unit.y == 1, p, horizon, unit.level),
    )  # fmt: skip


def _add_distances(unit: Unit, key: tuple[str, str]) -> None:
    words = {
        "ici": "mean distance of prediction and smooth curve",
        "e50": "median distance of prediction and smooth curve",
        "e90": "90th centile of the distance of prediction and smooth curve",
    }
    try:
        found = calibration_error_interval(
            unit.y, unit.found.p[key][0], _RESAMPLES, unit.rng("distance", *key), unit.level
        )
    except NotEstimable as error:
        for measure in words:
            unit.rows.add_not_estimable(error.reason, **unit.keys(key, measure=measure))
        return
    for measure, one in found.items():
        unit.rows.add(
            **unit.keys(key, measure=measure), **unit.counts, estimate=one.estimate, se=one.se,
            ci_low=one.ci_low, ci_high=one.ci_high,
            method=f"{words[measure]} ({SMOOTHER}); predictions of the first draw; "
            f"{_OF_RESAMPLES}{joining(len(unit.y))}, percentiles moved so that the samples' median "
            "lies on the estimate, cut at 0",
        )  # fmt: skip


def _add_curve(unit: Unit, key: tuple[str, str]) -> None:
    """Write the smooth curve at centiles of the prediction, with its band."""
    place = {"analysis": "calibration_curve", "stratum": unit.found.analysis}
    p = unit.found.p[key][0]
    try:
        curve = calibration_curve(
            unit.y, p, np.percentile(p, CENTILES), _RESAMPLES, unit.rng("curve", *key), unit.level
        )
    except NotEstimable as error:
        where = unit.keys(key, **place, measure="observed")
        unit.rows.add_not_estimable(error.reason, **where)
        return
    for order, (x, share, low, high) in enumerate(
        zip(curve.predicted, curve.observed, curve.ci_low, curve.ci_high, strict=True)
    ):
        keys = unit.keys(key, **place, term=f"{order:02d}")
        unit.rows.add(
            **keys, **unit.counts, measure="predicted", estimate=float(x),
            method="centiles 5 to 95 of the prediction; first draw",
        )  # fmt: skip
        unit.rows.add(
            **keys, **unit.counts, measure="observed", estimate=float(share), ci_low=float(low),
            ci_high=float(high),
            method=f"{SMOOTHER}; {_OF_RESAMPLES}{joining(len(unit.y))}, pointwise percentiles",
        )  # fmt: skip
