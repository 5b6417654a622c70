"""Risks within a horizon where not everybody is followed to it.

Takes follow-up, events and predicted risks; gives the Kaplan-Meier risk, observed over expected,
and net benefit, each with its interval.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from igfmood.errors import NotEstimable
from igfmood.performance.metrics.calibration import WaldEstimate, wald
from igfmood.performance.metrics.net_benefit import DecisionCurve
from igfmood.performance.metrics.resampling import normal_quantile

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class KaplanMeier:
    """Risk at the horizon, and what each person contributes to its error (sum 0, shape (n,))."""

    risk: float
    influence: FloatArray

    @property
    def se(self) -> float:
        """Standard error by the influence of people, which is Greenwood's."""
        return float(np.sqrt(self.influence @ self.influence))


def kaplan_meier(time: npt.ArrayLike, event: npt.ArrayLike, horizon: float) -> KaplanMeier:
    """Risk of the event within the horizon.

    Parameters
    ----------
    time : array_like, shape (n,)
        Time of the event, or of the end of observation.
    event : array_like of bool, shape (n,)
    horizon : float
        In the unit of `time`.

    Raises
    ------
    NotEstimable
        Nobody is followed to the horizon.

    References
    ----------
    Kaplan EL, Meier P (1958). J Am Stat Assoc 53:457-481.
    Reid N (1981). Biometrika 68:123-130 (influence function).
    """
    t, d = np.asarray(time, dtype=float), np.asarray(event, dtype=bool)
    if not (t >= horizon).any() and not (d & (t <= horizon)).all():
        raise NotEstimable(f"nobody is followed for {horizon:g} years")
    n = t.size
    times, place = np.unique(t, return_inverse=True)
    at_risk = n - np.concatenate([[0], np.cumsum(np.bincount(place))[:-1]])
    events = np.bincount(place, weights=d)
    counted = times <= horizon
    hazard = np.where(counted, events / at_risk, 0.0)
    survival = float(np.prod(1 - hazard))
    # d log S / d weight: what the person's event takes, less the share while at risk.
    own = np.where(counted & (at_risk > events), 1 / np.maximum(at_risk - events, 1), 0.0)
    steps = np.where(
        counted & (at_risk > events), events / (at_risk * np.maximum(at_risk - events, 1)), 0.0
    )
    drop = np.where(d, own[place], 0.0) - np.cumsum(steps)[place]
    return KaplanMeier(1 - survival, survival * drop)


def observed_expected_at(
    time: npt.ArrayLike, event: npt.ArrayLike, p: npt.ArrayLike, horizon: float,
    level: float = 0.95,
) -> WaldEstimate:  # fmt: skip
    """Log of the Kaplan-Meier risk over the mean predicted risk.

    Raises
    ------
    NotEstimable
        No event within the horizon, an event of everybody, or nobody followed to it.

    References
    ----------
    Crowson CS, Atkinson EJ, Therneau TM (2016). Stat Methods Med Res 25:1692-1706.
    """
    found = kaplan_meier(time, event, horizon)
    expected = float(np.mean(np.asarray(p, dtype=float)))
    if not (found.risk > 0 and expected > 0):
        raise NotEstimable(f"no event within {horizon:g} years, or none expected")
    if not found.se > 0:
        raise NotEstimable(f"everybody has the event within {horizon:g} years: no variance")
    return wald(float(np.log(found.risk / expected)), found.se / found.risk, level)


def net_benefit_at(
    time: npt.ArrayLike, event: npt.ArrayLike, acts: npt.ArrayLike, thresholds: npt.ArrayLike,
    horizon: float, level: float = 0.95,
) -> DecisionCurve:  # fmt: skip
    """Net benefit where the outcome is an event within a horizon.

    Parameters
    ----------
    time, event, horizon
        See `kaplan_meier`.
    acts : array_like of bool, shape (n, t)
        Who is acted on at each threshold.
    thresholds : array_like, shape (t,)
    level : float

    Returns
    -------
    DecisionCurve
        The risk among those acted on is their Kaplan-Meier risk; NaN where none of them is
        followed to the horizon.

    References
    ----------
    Vickers AJ, Cronin AM, Elkin EB, Gonen M (2008). BMC Med Inform Decis Mak 8:53.
    """
    t, d = np.asarray(time, dtype=float), np.asarray(event, dtype=bool)
    on, at = np.asarray(acts, dtype=bool), np.asarray(thresholds, dtype=float)
    odds = at / (1 - at)
    estimate, se = np.zeros(at.size), np.zeros(at.size)
    for i in range(at.size):
        rows = on[:, i]
        if not rows.any():
            continue
        share = float(rows.mean())
        try:
            found = kaplan_meier(t[rows], d[rows], horizon)
        except NotEstimable:
            estimate[i] = se[i] = np.nan
            continue
        gain = found.risk - (1 - found.risk) * odds[i]
        estimate[i] = share * gain
        influence = (rows - share) * gain / rows.size
        influence[rows] += share * (1 + odds[i]) * found.influence
        se[i] = np.sqrt(influence @ influence)
    half = np.where(se > 0, normal_quantile(level) * se, np.nan)
    return DecisionCurve(at, estimate, se, estimate - half, estimate + half, level)
