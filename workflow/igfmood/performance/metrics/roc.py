"""The empirical ROC curve: its corners, and the area under a part of it.

Takes a 0/1 outcome and a score; gives corners, partial areas, and sensitivity at a specificity.
"""

from dataclasses import dataclass
from typing import Literal, TypeVar

import numpy as np
import numpy.typing as npt

from igfmood.errors import NotEstimable

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
_Number = TypeVar("_Number", float, FloatArray)
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
            return float(_area(self.specificity[::-1], self.sensitivity[::-1], low, high))
        return float(_area(self.sensitivity, self.specificity, low, high))

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


def partial_auc_of_counts(
    cases: IntArray, controls: IntArray, low: float, high: float
) -> FloatArray:
    """Scaled partial area of each sample, at specificities from `low` to `high`, shape (b,).

    Parameters
    ----------
    cases, controls : ndarray of int, shape (b, scores)
        People of each sample at each different score, the lowest first.
    low, high : float
        Range of the specificity; see `mcclish` for the scale.
    """
    specificity, missed = (
        np.hstack([np.zeros((len(counts), 1)), np.cumsum(counts, axis=1) / counts[0].sum()])
        for counts in (controls, cases)
    )
    return mcclish(_area(specificity, 1 - missed, low, high), low, high)


def mcclish(area: _Number, low: float, high: float) -> _Number:
    """Partial area scaled so that 0.5 is chance and 1 perfect.

    Parameters
    ----------
    area : float or ndarray
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


def _area(x: FloatArray, y: FloatArray, low: float, high: float) -> FloatArray:
    """Area under lines through corners with ascending x, shape (..., k), between two places."""
    left, right = x[..., :-1], x[..., 1:]
    start, stop = np.clip(left, low, high), np.clip(right, low, high)
    width = right - left
    slope = np.divide(np.diff(y), width, out=np.zeros_like(width), where=width > 0)
    middle = y[..., :-1] + slope * ((start + stop) / 2 - left)
    return np.asarray(((stop - start) * middle).sum(axis=-1))


def _highest(x: FloatArray, y: FloatArray, at: float) -> float:
    """Largest y at a place of a line through corners with ascending x, which may repeat."""
    here = y[np.abs(x - at) < 1e-12]  # a share of people, rounded
    return float(here.max()) if here.size else float(np.interp(at, x, y))
