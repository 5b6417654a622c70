"""Precision and recall: how clean the list of the highest risks is.

Takes a 0/1 outcome and a score; gives average precision with a bootstrap interval.
"""

import numpy as np
import numpy.typing as npt

from igfmood.errors import NotEstimable
from igfmood.performance.metrics.resampling import BootstrapEstimate, percentile, stratified_draws

FloatArray = npt.NDArray[np.float64]


def average_precision(y: npt.ArrayLike, score: npt.ArrayLike) -> float:
    """Mean precision over the cases, each at the threshold of its own score.

    Parameters
    ----------
    y : array_like, shape (n,)
        Outcome, 1 for cases and 0 for controls.
    score : array_like, shape (n,)
        Higher means more likely a case; equal scores are passed at once.

    Returns
    -------
    float
        Chance is the share of cases, so that it compares models on the same people alone.

    Raises
    ------
    NotEstimable
        No case.

    References
    ----------
    Saito T, Rehmsmeier M (2015). PLoS One 10:e0118432.
    """
    outcome = np.asarray(y) == 1
    if not outcome.any():
        raise NotEstimable(f"no case in {outcome.size} rows: no precision")
    rank = np.unique(-np.asarray(score, dtype=float), return_inverse=True)[1]
    size = int(rank.max()) + 1
    return _from_counts(
        np.bincount(rank[outcome], minlength=size), np.bincount(rank[~outcome], minlength=size)
    )


def bootstrap_average_precision(
    y: npt.ArrayLike, score: npt.ArrayLike, resamples: int, rng: np.random.Generator, level: float
) -> BootstrapEstimate:
    """Average precision with its percentile interval, stratified by outcome.

    Raises
    ------
    NotEstimable
        Fewer than two cases or two controls, or no variance.
    """
    rank = np.unique(-np.asarray(score, dtype=float), return_inverse=True)[1]
    size = int(rank.max()) + 1
    found = np.array([
        _from_counts(
            np.bincount(rank[cases], minlength=size), np.bincount(rank[controls], minlength=size)
        )
        for cases, controls in stratified_draws(y, resamples, rng)
    ])  # fmt: skip
    return percentile(average_precision(y, score), found, level)


def _from_counts(cases: npt.NDArray[np.int64], controls: npt.NDArray[np.int64]) -> float:
    """Average precision from cases and controls at each score, the highest first."""
    positive = np.cumsum(cases)
    found = positive / np.maximum(positive + np.cumsum(controls), 1)
    return float(cases @ found / positive[-1])
