"""How far new people are from those a model was built from, and how it does among them.

Takes a model and the people it scored; gives a table of shifts by predictor, and measures of
performance where the outcome is known.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from igfmood.errors import NotEstimable
from igfmood.performance.frozen.document import Distribution, FrozenModel
from igfmood.performance.frozen.model import FloatArray, task_of
from igfmood.performance.frozen.score import Scored
from igfmood.performance.metrics.calibration import (
    WaldEstimate,
    calibration_in_the_large,
    calibration_slope,
    observed_expected,
)
from igfmood.performance.metrics.concordance import c_index
from igfmood.performance.metrics.discrimination import auc_delong, auc_interval
from igfmood.performance.metrics.hand_till import hand_till
from igfmood.performance.metrics.survival import observed_expected_at

#: Level of the intervals.
LEVEL = 0.95
#: Name of the risk among the predictors.
LINEAR = "linear predictor"
#: Columns of the table of shifts.
COLUMNS = ("predictor", "n", "smd", "missing", "missing_training", "beyond", "beyond_training",
           "reason")  # fmt: skip


@dataclass(frozen=True)
class Measure:
    """A measure of performance, or why there is none; of few people no number is told."""

    name: str
    estimate: float
    ci_low: float
    ci_high: float
    n: int | None
    n_events: int | None
    reason: str = ""


def drift(model: FrozenModel, scored: Scored) -> pd.DataFrame:
    """Return how each predictor, the score and the linear predictor have shifted.

    Parameters
    ----------
    model
        The model, which knows how its training people were distributed.
    scored
        The n new people.

    Returns
    -------
    DataFrame
        A row for each column: `n` known; standardised mean difference `smd`, new minus training
        over the root of the mean variance (Austin 2009); share missing now and in training (the
        latter missing where few people would be told of); share beyond the training's outer
        percentiles, and the share expected there. With fewer people than may be told of there is
        a reason instead.

    References
    ----------
    Austin PC (2009). Stat Med 28:3083-3107, section 3.1.
    """
    rows = []
    for one in model.inputs:
        for column, known in one.columns.items():
            values = scored.predictors[column].to_numpy(float)
            rows.append(_shift(column, values, known, one.missing, model))
    if model.score is not None:
        rows.append(_shift(model.analyte.sds, scored.scores, model.score.distribution, 0.0, model))
    for i, (name, equation) in enumerate(model.equations.items()):
        linear = scored.linear if scored.linear.ndim == 1 else scored.linear[:, i]
        label = LINEAR if len(model.equations) == 1 else f"{LINEAR}, {name}"
        rows.append(_shift(label, linear, equation.training, 0.0, model))
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _shift(
    name: str, values: FloatArray, known: Distribution, missing: float | None, model: FrozenModel
) -> dict[str, object]:
    there = values[np.isfinite(values)]
    row: dict[str, object] = {"predictor": name, "n": len(there), "reason": ""}
    if len(there) < model.training.min_cell:
        return {**row, "reason": f"fewer than {model.training.min_cell} people"}
    spread = float(np.sqrt((there.var(ddof=1) + known.sd**2) / 2))
    row |= {"missing": 1 - len(there) / len(values), "missing_training": missing}
    if spread > 0:
        row["smd"] = (float(there.mean()) - known.mean) / spread
    else:
        row["reason"] = "does not vary"
    if known.low is not None and known.high is not None and known.level is not None:
        row["beyond"] = float(((there < known.low) | (there > known.high)).mean())
        row["beyond_training"] = 2 * known.level
    return row


def performance(model: FrozenModel, scored: Scored) -> list[Measure]:
    """Return how the model does among new people whose outcome is known; nothing if none is.

    Parameters
    ----------
    model, scored
        See `drift`.
    """
    try:
        outcome = task_of(model).outcome(scored.people)
    except NotEstimable:
        return []
    rows = outcome["y"].notna().to_numpy()
    if not rows.any():
        return []
    y, time = (outcome[name].to_numpy(float)[rows] for name in ("y", "time"))
    n, events = len(y), int((y > 0).sum())
    few = model.training.min_cell
    found = []
    for name, compute, back in _measures(model, scored.probability[rows], y, time):
        if min(n - events, events) < few:
            reason = f"fewer than {few} people of a class"
            found.append(Measure(name, np.nan, np.nan, np.nan, None, None, reason))
            continue
        try:
            one = compute()
        except NotEstimable as error:
            found.append(Measure(name, np.nan, np.nan, np.nan, n, events, error.reason))
            continue
        estimate, low, high = (float(back(x)) for x in (one.estimate, one.ci_low, one.ci_high))
        found.append(Measure(name, estimate, low, high, n, events))
    return found


_Back = Callable[[float], float]


def _measures(
    model: FrozenModel, p: FloatArray, y: FloatArray, time: FloatArray
) -> Iterator[tuple[str, Callable[[], WaldEstimate], _Back]]:
    """Yield name, computation, and what turns it from its own scale to the one that is told."""

    def same(value: float) -> float:
        return value

    if model.kind == "classes":
        given = np.array(model.classes)[y.astype(int)]
        yield "M index (Hand-Till)", lambda: hand_till(given, p, model.classes, LEVEL).m, same
        return
    if model.horizon_years is not None:
        horizon = model.horizon_years
        yield "O:E", lambda: observed_expected_at(time, y == 1, p, horizon, LEVEL), np.exp
        yield "C index", lambda: c_index(time, y == 1, p, LEVEL), same
        return
    yield "O:E", lambda: observed_expected(y, p, LEVEL), np.exp
    yield "calibration intercept", lambda: calibration_in_the_large(y, p, LEVEL), same
    yield "calibration slope", lambda: calibration_slope(y, p, LEVEL), same
    yield "AUC", lambda: _auc(y, p), same


def _auc(y: FloatArray, p: FloatArray) -> WaldEstimate:
    found = auc_delong(y, p)
    estimate, se = float(found.auc[0]), float(found.se[0])
    low, high = auc_interval(estimate, se, LEVEL)
    return WaldEstimate(estimate, se, low, high, LEVEL)
