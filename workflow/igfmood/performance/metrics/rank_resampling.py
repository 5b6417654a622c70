"""Bootstrap samples of ranked people, many at once, and what several measures make of each.

Takes a 0/1 outcome and a score; gives measures that depend on ranks alone (AUC, partial area,
average precision) in samples stratified by outcome, all of them from the same samples.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Protocol

import numpy as np
import numpy.typing as npt

from igfmood.performance.metrics.resampling import classes

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

#: Samples are made so many at a time that a block has about this many numbers.
_BLOCK = 1 << 16
#: From this many different scores on, neighbours share a rank, until there are so many ranks.
_MOST_RANKS, _SHARED_RANKS = 8192, 1024


#: How many samples: people drawn at each rank in each of them, shape (samples, ranks).
_Draw = Callable[[int], IntArray]


class OfCounts(Protocol):
    """A measure of samples, from people at each different score, the lowest first."""

    def __call__(self, cases: IntArray, controls: IntArray) -> FloatArray:
        """Return one value a sample, shape (b,), of counts, shape (b, scores)."""


def resample_ranks(
    y: npt.ArrayLike, score: npt.ArrayLike, measures: Mapping[str, OfCounts], resamples: int,
    rng: np.random.Generator,
) -> dict[str, FloatArray]:  # fmt: skip
    """Measures in bootstrap samples drawn among cases and among controls.

    Parameters
    ----------
    y : array_like, shape (n,)
        Outcome, 1 for cases and 0 for controls.
    score : array_like, shape (n,)
        Higher means more likely a case; ties stay ties.
    measures : mapping of str to callable
        Name and measure.
    resamples : int
        Number of bootstrap samples B.
    rng : numpy.random.Generator

    Returns
    -------
    dict of str to ndarray, shape (B,)
        What each measure is in each sample; a sample is the same for all.

    Raises
    ------
    NotEstimable
        Fewer than two cases or two controls.

    Notes
    -----
    Scores are ranked once; a sample is the number of times that each rank was drawn. Of many
    different scores, neighbours share a rank, and samples are moved by what that changes in the
    data themselves, so that time does not grow with people any more: limits move by less than 3 %
    of an interval's width (simulated, n = 20,000), as much as other 2,000 samples would move them.

    References
    ----------
    Carpenter J, Bithell J (2000). Stat Med 19:1141-1164 (stratified samples).
    """
    groups = classes(y)
    rank = np.unique(np.asarray(score, dtype=float), return_inverse=True)[1].astype(np.int32)
    size = int(rank.max()) + 1
    ranks = [rank[rows] for rows in groups]
    if size <= _MOST_RANKS:
        draws = [partial(_counts, own, size, rng) for own in ranks]
        return _sampled(draws, max(rank.size, size), measures, resamples)
    shared = _shared(rank)
    here = [_once(own, size) for own in ranks]
    coarse = [_once(shared[rows], _SHARED_RANKS) for rows in groups]
    draws = [partial(_counts_of_many, own[0], rng) for own in coarse]
    found = _sampled(draws, _SHARED_RANKS, measures, resamples)
    return {
        name: samples + (measures[name](*here) - measures[name](*coarse))
        for name, samples in found.items()
    }


def sharing(score: npt.ArrayLike) -> str:
    """Return what a method says of samples in which neighbours share ranks, or nothing."""
    if np.unique(np.asarray(score, dtype=float)).size <= _MOST_RANKS:
        return ""
    return f", neighbours share {_SHARED_RANKS:,} ranks"


def _sampled(
    draws: Sequence[_Draw], size: int, measures: Mapping[str, OfCounts], resamples: int
) -> dict[str, FloatArray]:
    """Measures in samples of cases and of controls; a sample takes so many numbers."""
    at_once = max(1, _BLOCK // size)
    found = {name: np.empty(resamples) for name in measures}
    for start in range(0, resamples, at_once):
        stop = min(start + at_once, resamples)
        counts = [draw(stop - start) for draw in draws]
        for name, measure in measures.items():
            found[name][start:stop] = measure(*counts)
    return found


def _shared(rank: npt.NDArray[np.int32]) -> npt.NDArray[np.int32]:
    """Ranks that neighbours share, about as many people in each; who was equal stays equal."""
    below = np.cumsum(np.bincount(rank)) - 1
    return (below[rank] * _SHARED_RANKS // rank.size).astype(np.int32)


def _once(rank: npt.NDArray[np.int32], size: int) -> IntArray:
    """People at each rank in the data, shape (1, size)."""
    return np.bincount(rank, minlength=size)[None]


def _counts_of_many(people: IntArray, rng: np.random.Generator, samples: int) -> IntArray:
    """As `_counts`, where ranks are few beside the people; people at each rank go in."""
    n = int(people.sum())
    return rng.multinomial(n, people / n, samples)


def _counts(
    rank: npt.NDArray[np.int32], size: int, rng: np.random.Generator, samples: int
) -> IntArray:
    """People drawn at each rank, shape (samples, size)."""
    drawn = rank[rng.integers(0, rank.size, (samples, rank.size), dtype=np.int32)]
    drawn += np.arange(samples, dtype=np.int32)[:, None] * size
    return np.bincount(drawn.ravel(), minlength=samples * size).reshape(samples, size)


def auc_of_counts(cases: IntArray, controls: IntArray) -> FloatArray:
    """AUC of each sample, shape (b,); ties count half."""
    twice = np.einsum("ij,ij->i", cases, 2 * np.cumsum(controls, axis=1) - controls)
    return twice / (2.0 * cases[0].sum() * controls[0].sum())
