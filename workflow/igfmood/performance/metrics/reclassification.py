"""Reclassification indices: net reclassification (NRI) and integrated discrimination (IDI).

Takes a 0/1 outcome and the risks of two models; gives both indices as readers ask for them. Both
rise for useless markers when a model is miscalibrated, so nothing is decided by them.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from igfmood.errors import NotEstimable
from igfmood.performance.metrics.calibration import WaldEstimate, mean_se, wald

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Reclassification:
    """Net reclassification in all, among cases (`events`) and among controls (`nonevents`)."""

    total: WaldEstimate
    events: WaldEstimate
    nonevents: WaldEstimate


def continuous_nri(
    y: npt.ArrayLike, new: npt.ArrayLike, old: npt.ArrayLike, level: float = 0.95
) -> Reclassification:
    """Net reclassification without categories: any rise or fall of risk counts.

    Parameters
    ----------
    y : array_like, shape (n,)
        Outcome, 1 for cases and 0 for controls.
    new, old : array_like, shape (n,)
        Risks predicted by the two models.
    level : float
        Coverage of the normal intervals.

    Raises
    ------
    NotEstimable
        No case or no control, or nobody's risk changes.

    Notes
    -----
    The variance of rises minus falls is ``(up + down - (up - down)^2) / n`` in each class, that
    of a multinomial share, as in Hmisc.

    References
    ----------
    Pencina MJ, D'Agostino RB, Steyerberg EW (2011). Stat Med 30:11-21.
    """
    cases, change = _changes(y, np.asarray(new, dtype=float) - np.asarray(old, dtype=float))
    return _net(cases, np.sign(change), level)


def categorical_nri(
    y: npt.ArrayLike, new: npt.ArrayLike, old: npt.ArrayLike, cuts: npt.ArrayLike,
    level: float = 0.95,
) -> Reclassification:  # fmt: skip
    """Net reclassification between categories of risk; `cuts` (k,) belong to the upper category.

    See `continuous_nri`.

    References
    ----------
    Pencina MJ et al (2008). Stat Med 27:157-172.
    """
    at = np.asarray(cuts, dtype=float)
    upper, lower = (np.searchsorted(at, np.asarray(risk, float), "right") for risk in (new, old))
    cases, change = _changes(y, (upper - lower).astype(float))
    return _net(cases, np.sign(change), level)


def idi(
    y: npt.ArrayLike, new: npt.ArrayLike, old: npt.ArrayLike, level: float = 0.95
) -> WaldEstimate:
    """Integrated discrimination improvement: growth of the mean risk of cases over controls.

    Parameters and errors as in `continuous_nri`; the standard error adds those of both classes.

    References
    ----------
    Pencina MJ et al (2008). Stat Med 27:157-172.
    """
    cases, change = _changes(y, np.asarray(new, dtype=float) - np.asarray(old, dtype=float))
    estimate = float(change[cases].mean() - change[~cases].mean())
    return wald(estimate, float(np.hypot(mean_se(change[cases]), mean_se(change[~cases]))), level)


def _changes(y: npt.ArrayLike, change: FloatArray) -> tuple[npt.NDArray[np.bool_], FloatArray]:
    cases = np.asarray(y) == 1
    if cases.shape != change.shape:
        raise ValueError(f"y {cases.shape} and risks {change.shape} do not match")
    if min(int(cases.sum()), int((~cases).sum())) < 2:
        raise NotEstimable(f"{int(cases.sum())} cases in {cases.size} people: no reclassification")
    if not np.any(change):
        raise NotEstimable("both models give everybody the same risk")
    return cases, change


def _net(cases: npt.NDArray[np.bool_], moves: FloatArray, level: float) -> Reclassification:
    """Rises minus falls; among controls falls are gains."""
    gain = np.where(cases, moves, -moves)
    estimates, variances = [], []
    for rows in (cases, ~cases):
        net = float(gain[rows].mean())
        estimates.append(net)
        variances.append((float(np.abs(gain[rows]).mean()) - net**2) / int(rows.sum()))
    events, nonevents = (
        wald(one, float(np.sqrt(variance)), level)
        for one, variance in zip(estimates, variances, strict=True)
    )
    return Reclassification(
        wald(sum(estimates), float(np.sqrt(sum(variances))), level), events, nonevents
    )
