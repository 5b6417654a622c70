"""Where to cut a score: the rule, the cut, and what it is worth in people it was not chosen in.

Takes a 0/1 outcome and a score; gives the cut by a declared rule, its sensitivity and specificity,
and the same in and out of bootstrap samples.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from igfmood.errors import NotEstimable
from igfmood.performance.metrics.resampling import stratified_draws
from igfmood.performance.metrics.roc import RocCurve, roc

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True)
class CutRule:
    """How a cut is chosen.

    Parameters
    ----------
    name : {"youden", "sensitivity", "specificity", "cost"}
        ``youden``: largest sensitivity + specificity. ``sensitivity`` and ``specificity``: the
        other one is largest while this one is at least `value`. ``cost``: smallest expected cost
        where a missed case costs `value` times a false alarm, at `prevalence`.
    value : float
        Share, or ratio of costs.
    prevalence : float
        Share of cases where the cut is used (``cost`` alone).
    """

    name: Literal["youden", "sensitivity", "specificity", "cost"]
    value: float = 0.0
    prevalence: float = 0.5

    def gain(self, curve: RocCurve) -> FloatArray:
        """What the rule makes large, at every corner of a curve; -inf where it forbids one."""
        sensitivity, specificity = curve.sensitivity, curve.specificity
        if self.name == "youden":
            return sensitivity + specificity - 1
        if self.name == "cost":
            missed = self.prevalence * (1 - sensitivity) * self.value
            return -(missed + (1 - self.prevalence) * (1 - specificity))
        held, other = sensitivity, specificity
        if self.name == "specificity":
            held, other = specificity, sensitivity
        return np.where(held >= self.value - 1e-12, other, -np.inf)


@dataclass(frozen=True)
class CutPoint:
    """A cut: scores at or above `threshold` are positive, as they are from `midpoint` on.

    `midpoint` lies half way to the next lower score that occurs, as pROC prints it; `gain` is what
    the rule made large.
    """

    threshold: float
    midpoint: float
    sensitivity: float
    specificity: float
    gain: float


@dataclass(frozen=True, eq=False)
class Validated:
    """What cuts chosen in bootstrap samples are worth, arrays of shape (B,).

    `threshold` as chosen; `in_bag` gain among the people it was chosen in, `out_of_bag` among
    those who were not drawn, with their `sensitivity` and `specificity`. All are NaN in a sample
    in which the rule finds no cut, or which leaves people of one class only.
    """

    threshold: FloatArray
    in_bag: FloatArray
    out_of_bag: FloatArray
    sensitivity: FloatArray
    specificity: FloatArray


def cut_point(y: npt.ArrayLike, score: npt.ArrayLike, rule: CutRule) -> CutPoint:
    """Choose a cut by a rule.

    Parameters
    ----------
    y : array_like, shape (n,)
        Outcome, 1 for cases and 0 for controls.
    score : array_like, shape (n,)
        Higher means more likely a case.
    rule : CutRule
        Of equally good cuts the highest is taken: the fewest are positive.

    Raises
    ------
    NotEstimable
        No case or no control, or a cut above or below everybody.

    References
    ----------
    Youden WJ (1950). Cancer 3:32-35.
    """
    curve = roc(y, score)
    gain = rule.gain(curve)
    best = int(np.argmax(gain))
    if not 0 < best < len(gain) - 1:
        where = "nobody" if best == 0 else "everybody"
        raise NotEstimable(f"by the rule {rule.name} {where} would be positive")
    threshold, below = float(curve.threshold[best]), float(curve.threshold[best + 1])
    return CutPoint(
        threshold, (threshold + below) / 2, float(curve.sensitivity[best]),
        float(curve.specificity[best]), float(gain[best]),
    )  # fmt: skip


def gain_at(y: npt.ArrayLike, score: npt.ArrayLike, threshold: float, rule: CutRule) -> float:
    """What a cut from elsewhere is worth in these people by the rule's own measure.

    Raises
    ------
    NotEstimable
        No case or no control.
    """
    return _worth(_corner(y, score, threshold), rule)


def _corner(y: npt.ArrayLike, score: npt.ArrayLike, threshold: float) -> RocCurve:
    """A ROC curve of one cut."""
    outcome, positive = np.asarray(y) == 1, np.asarray(score, dtype=float) >= threshold
    if outcome.all() or not outcome.any():
        raise NotEstimable(f"{int(outcome.sum())} cases in {outcome.size} people")
    return RocCurve(
        np.array([threshold]),
        np.array([positive[outcome].mean()]),
        np.array([1 - positive[~outcome].mean()]),
    )


def _worth(at: RocCurve, rule: CutRule) -> float:
    """What a cut is worth by a rule; one that does not hold its share there is not refused."""
    if rule.name in ("sensitivity", "specificity"):
        other = at.specificity if rule.name == "sensitivity" else at.sensitivity
        return float(other[0])
    return float(rule.gain(at)[0])


def validate_cut(
    y: npt.ArrayLike, score: npt.ArrayLike, rule: CutRule, resamples: int, rng: np.random.Generator
) -> Validated:
    """Choose the cut again in bootstrap samples, and try it in who was not drawn.

    Parameters
    ----------
    y, score, rule
        See `cut_point`.
    resamples : int
        Number of bootstrap samples B, stratified by outcome.
    rng : numpy.random.Generator

    Raises
    ------
    NotEstimable
        Fewer than two cases or two controls.

    References
    ----------
    Thiele C, Hirschfeld G (2021). J Stat Softw 98(11), section 2.3.
    """
    outcome, values = np.asarray(y) == 1, np.asarray(score, dtype=float)
    # People are put in order once, the highest score first: a sample is how often each was drawn.
    order = np.argsort(-values, kind="stable")
    place = np.empty(len(order), dtype=np.intp)
    place[order] = np.arange(len(order))
    case, ordered = outcome[order], values[order]
    last = np.append(np.flatnonzero(ordered[1:] != ordered[:-1]), case.size - 1)
    found = np.full((5, resamples), np.nan)
    for sample, rows in enumerate(stratified_draws(outcome, resamples, rng)):
        times = np.bincount(place[np.concatenate(rows)], minlength=len(order))
        left = times == 0
        curve = _weighted(times, case, ordered, last)
        gain = rule.gain(curve)
        best = int(np.argmax(gain))
        everybody = curve.sensitivity[best] == 1 and curve.specificity[best] == 0
        if best == 0 or everybody or not 0 < np.count_nonzero(left & case) < left.sum():
            continue
        at = _corner(case[left], ordered[left], float(curve.threshold[best]))
        shares = float(at.sensitivity[0]), float(at.specificity[0])
        found[:, sample] = curve.threshold[best], gain[best], _worth(at, rule), *shares
    return Validated(*found)


def _weighted(
    times: npt.NDArray[np.intp], case: npt.NDArray[np.bool_], ordered: FloatArray,
    last: npt.NDArray[np.intp],
) -> RocCurve:  # fmt: skip
    """Return the ROC curve of people who count several times, the highest score first.

    At a score that nobody drawn has it stays where it was; `last` are the last people of a score.
    """
    hits = np.cumsum(times * case)[last]
    alarms = np.cumsum(times)[last] - hits
    return RocCurve(
        np.append(np.inf, ordered[last]),
        np.append(0.0, hits / hits[-1]),
        np.append(1.0, 1 - alarms / alarms[-1]),
    )
