"""Precision and recall: how clean the list of the highest risks is.

Takes a 0/1 outcome and a score; gives average precision, of bootstrap samples too.
"""

import numpy as np
import numpy.typing as npt

from igfmood.errors import NotEstimable

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]


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
    rank = np.unique(np.asarray(score, dtype=float), return_inverse=True)[1]
    size = int(rank.max()) + 1
    counts = [np.bincount(rank[who], minlength=size)[None] for who in (outcome, ~outcome)]
    return float(precision_of_counts(*counts)[0])


def precision_of_counts(cases: IntArray, controls: IntArray) -> FloatArray:
    """Average precision of each sample, shape (b,).

    Parameters
    ----------
    cases, controls : ndarray of int, shape (b, scores)
        People of each sample at each different score, the lowest first; every sample has a case.
    """
    above = np.cumsum(cases[:, ::-1], axis=1)[:, ::-1]
    others = np.cumsum(controls[:, ::-1], axis=1)[:, ::-1]
    precision = above / np.maximum(above + others, 1)
    found: FloatArray = np.einsum("ij,ij->i", cases, precision) / above[:, 0]
    return found
