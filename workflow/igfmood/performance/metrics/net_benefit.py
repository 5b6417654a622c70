"""Decision curves: what acting on a prediction is worth at a threshold.

Takes a 0/1 outcome, predicted risks and thresholds; gives net benefit of the model, of treating
everybody, their difference, and the interventions that the model avoids, with intervals.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from igfmood.errors import NotEstimable
from igfmood.performance.metrics.resampling import normal_quantile

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class DecisionCurve:
    """A quantity at thresholds, all arrays of shape (t,).

    `estimate` is in true positives per person (or interventions per person); `se` comes from the
    people as they are, for the model as it is; where it is 0, nobody or everybody is above the
    threshold and no interval is given (NaN).
    """

    threshold: FloatArray
    estimate: FloatArray
    se: FloatArray
    ci_low: FloatArray
    ci_high: FloatArray
    level: float


def net_benefit(
    y: npt.ArrayLike,
    p: npt.ArrayLike,
    thresholds: npt.ArrayLike,
    level: float = 0.95,
    prevalence: float | None = None,
) -> DecisionCurve:
    """Net benefit of acting at or above a predicted risk.

    Parameters
    ----------
    y : array_like, shape (n,)
        Outcome, 1 for cases and 0 for controls.
    p : array_like, shape (n,)
        Predicted risk, from 0 to 1.
    thresholds : array_like, shape (t,)
        Risks at or above which one would act, each in [0, 1).
    level : float
        Coverage of the normal intervals.
    prevalence : float, optional
        Share of cases where the model is to be used, for data that were sampled by outcome; by
        default the share in the data.

    Returns
    -------
    DecisionCurve
        ``sensitivity * prevalence - (1 - specificity) * (1 - prevalence) * t / (1 - t)``.

    Raises
    ------
    ValueError
        Shapes that do not match, values or thresholds out of range.
    NotEstimable
        Fewer than two cases or two controls.

    References
    ----------
    Vickers AJ, Elkin EB (2006). Med Decis Making 26:565-574.
    Sande SZ et al (2020). Stat Med 39:2980-3002, section 3 (variance).
    """
    return _curve(y, _acts(p, thresholds), thresholds, level, prevalence)


def treat_all(
    y: npt.ArrayLike,
    thresholds: npt.ArrayLike,
    level: float = 0.95,
    prevalence: float | None = None,
) -> DecisionCurve:
    """Net benefit of acting on everybody; of nobody it is 0. See `net_benefit`."""
    everybody = np.ones((np.size(y), np.size(thresholds)))
    return _curve(y, everybody, thresholds, level, prevalence)


def net_benefit_difference(
    y: npt.ArrayLike,
    p: npt.ArrayLike,
    other: npt.ArrayLike,
    thresholds: npt.ArrayLike,
    level: float = 0.95,
    prevalence: float | None = None,
) -> DecisionCurve:
    """Net benefit of one model minus that of another in the same people. See `net_benefit`."""
    difference = _acts(p, thresholds) - _acts(other, thresholds)
    return _curve(y, difference, thresholds, level, prevalence)


def interventions_avoided(
    y: npt.ArrayLike,
    p: npt.ArrayLike,
    thresholds: npt.ArrayLike,
    level: float = 0.95,
    prevalence: float | None = None,
) -> DecisionCurve:
    """Interventions avoided per person, net of cases missed, against acting on everybody.

    The difference of `net_benefit` and `treat_all`, over the odds of the threshold.

    References
    ----------
    Vickers AJ, Elkin EB (2006). Med Decis Making 26:565-574, table 2.
    """
    at = np.asarray(thresholds, dtype=float)
    if (at <= 0).any():
        raise ValueError("interventions avoided need thresholds above 0")
    found = _curve(y, _acts(p, at) - 1, at, level, prevalence)
    scale = (1 - at) / at
    return DecisionCurve(
        at, found.estimate * scale, found.se * scale, found.ci_low * scale,
        found.ci_high * scale, level,
    )  # fmt: skip


def _acts(p: npt.ArrayLike, thresholds: npt.ArrayLike) -> FloatArray:
    """Who is acted on at each threshold: 1 or 0, shape (n, t)."""
    risk, at = np.asarray(p, dtype=float), np.asarray(thresholds, dtype=float)
    if not ((risk >= 0) & (risk <= 1)).all():
        raise ValueError("predicted risks must lie in [0, 1], none missing")
    return (risk[:, None] >= at).astype(float)


def _curve(
    y: npt.ArrayLike,
    acts: FloatArray,
    thresholds: npt.ArrayLike,
    level: float,
    prevalence: float | None,
) -> DecisionCurve:
    """Weigh what is done to cases against what is done to controls."""
    outcome, at = np.asarray(y, dtype=float), np.asarray(thresholds, dtype=float)
    if outcome.ndim != 1 or acts.shape != (outcome.size, at.size):
        raise ValueError(f"y {outcome.shape} and predictions {acts.shape[:1]} do not match")
    if not np.isin(outcome, (0, 1)).all() or not ((at >= 0) & (at < 1)).all():
        raise ValueError("expected outcomes of 0 or 1, and thresholds in [0, 1)")
    cases = outcome == 1
    n_cases = int(cases.sum())
    if min(n_cases, outcome.size - n_cases) < 2:
        raise NotEstimable(f"{n_cases} cases in {outcome.size} people: no net benefit")
    odds = at / (1 - at)
    if prevalence is None:
        gains = np.where(cases[:, None], acts, -odds * acts)
        estimate = gains.mean(axis=0)
        se = gains.std(axis=0, ddof=1) / np.sqrt(outcome.size)
    else:
        share, harm = prevalence, (1 - prevalence) * odds
        case, control = acts[cases], acts[~cases]
        estimate = share * case.mean(axis=0) - harm * control.mean(axis=0)
        se = np.sqrt(
            share**2 * case.var(axis=0, ddof=1) / n_cases
            + harm**2 * control.var(axis=0, ddof=1) / (outcome.size - n_cases)
        )
    half = np.where(se > 0, normal_quantile(level) * se, np.nan)
    return DecisionCurve(at, estimate, se, estimate - half, estimate + half, level)
