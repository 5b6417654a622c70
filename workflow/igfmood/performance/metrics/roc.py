"""The empirical ROC curve: its corners, and the area under a part of it.

Takes a 0/1 outcome and a score; gives corners, partial areas, and sensitivity at a specificity.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from igfmood.errors import NotEstimable
from igfmood.performance.metrics.resampling import stratified_draws

FloatArray = npt.NDArray[np.float64]
Focus = Literal["specificity", "sensitivity"]


@dataclass(frozen=True, eq=False)
class RocCurve:
    """Corners of the empirical ROC curve, from nobody positive to everybody.

    Attributes
    ----------
    threshold : ndarray, shape (k,)
        Smallest score that counts as positive; ``inf`` first.
    sensitivity, specificity : ndarray, shape (k,)
        Share of cases at or above, of controls below the threshold.
    """

    threshold: FloatArray
    sensitivity: FloatArray
    specificity: FloatArray

    def partial_auc(self, low: float, high: float, focus: Focus = "specificity") -> float:
        """Area under the curve where specificity (or sensitivity) lies between two values.

        Parameters
        ----------
        low, high : float
            Range, ``0 <= low < high <= 1``.
        focus : {"specificity", "sensitivity"}
            What the range is of; the area is of the other one.

        Returns
        -------
        float
            At most ``high - low``; the curve is linear between its corners.

        Raises
        ------
        ValueError
            A range that is none.

        References
        ----------
        McClish DK (1989). Med Decis Making 9:190-195.
        """
        if not 0 <= low < high <= 1:
            raise ValueError(f"expected 0 <= low < high <= 1, found {low:g} and {high:g}")
        if focus == "specificity":
            return _area(self.specificity[::-1], self.sensitivity[::-1], low, high)
        return _area(self.sensitivity, self.specificity, low, high)

    def sensitivity_at(self, specificity: float) -> float:
        """Highest sensitivity at a specificity, linear between corners."""
        return _highest(self.specificity[::-1], self.sensitivity[::-1], specificity)

    def specificity_at(self, sensitivity: float) -> float:
        """Highest specificity at a sensitivity, linear between corners."""
        return _highest(self.sensitivity, self.specificity, sensitivity)


def roc(y: npt.ArrayLike, score: npt.ArrayLike) -> RocCurve:
    """Return the empirical ROC curve.

    Parameters
    ----------
    y : array_like, shape (n,)
        Outcome, 1 for cases and 0 for controls.
    score : array_like, shape (n,)
        Higher means more likely a case.

    Raises
    ------
    NotEstimable
        No case or no control.
    """
    outcome, scores = np.asarray(y) == 1, np.asarray(score, dtype=float)
    order = np.argsort(-scores, kind="stable")
    cases, ordered = outcome[order], scores[order]
    n_cases = int(cases.sum())
    n_controls = cases.size - n_cases
    if not n_cases or not n_controls:
        raise NotEstimable(f"{n_cases} cases and {n_controls} controls: no ROC curve")
    last = np.append(np.flatnonzero(ordered[1:] != ordered[:-1]), cases.size - 1)
    positive = np.cumsum(cases)[last]
    return RocCurve(
        np.append(np.inf, ordered[last]),
        np.append(0.0, positive / n_cases),
        np.append(1.0, 1 - (last + 1 - positive) / n_controls),
    )


def bootstrap_partial_auc(
    y: npt.ArrayLike, score: npt.ArrayLike, low: float, high: float, resamples: int,
    rng: np.random.Generator,
) -> FloatArray:  # fmt: skip
    """Scaled partial area, at specificities from `low` to `high`, in bootstrap samples.

    Returns
    -------
    ndarray, shape (resamples,)
        Stratified by outcome; see `mcclish` for the scale.

    Raises
    ------
    NotEstimable
        Fewer than two cases or two controls.
    """
    rank = np.unique(-np.asarray(score, dtype=float), return_inverse=True)[1]
    size = int(rank.max()) + 1
    found = np.empty(resamples)
    for place, (cases, controls) in enumerate(stratified_draws(y, resamples, rng)):
        positive = np.cumsum(np.bincount(rank[cases], minlength=size)) / len(cases)
        false = np.cumsum(np.bincount(rank[controls], minlength=size)) / len(controls)
        sensitivity, specificity = np.append(0.0, positive), np.append(1.0, 1 - false)
        area = _area(specificity[::-1], sensitivity[::-1], low, high)
        found[place] = mcclish(area, low, high)
    return found


def mcclish(area: float, low: float, high: float) -> float:
    """Partial area scaled so that 0.5 is chance and 1 perfect.

    Parameters
    ----------
    area : float
        Partial area.
    low, high : float
        Its range of specificity or sensitivity.

    References
    ----------
    McClish DK (1989). Med Decis Making 9:190-195.
    """
    width = high - low
    chance = width * (1 - (low + high) / 2)
    return 0.5 * (1 + (area - chance) / (width - chance))


def _area(x: FloatArray, y: FloatArray, low: float, high: float) -> float:
    """Area under a line through corners with ascending x, between two places."""
    left, right = x[:-1], x[1:]
    start, stop = np.clip(left, low, high), np.clip(right, low, high)
    width = right - left
    slope = np.divide(np.diff(y), width, out=np.zeros_like(width), where=width > 0)
    middle = y[:-1] + slope * ((start + stop) / 2 - left)
    return float((stop - start) @ middle)


def _highest(x: FloatArray, y: FloatArray, at: float) -> float:
    """Largest y at a place of a line through corners with ascending x, which may repeat."""
    here = y[np.abs(x - at) < 1e-12]  # a share of people, rounded
    return float(here.max()) if here.size else float(np.interp(at, x, y))
