"""Discrimination where the outcome is a time: Harrell's concordance index.

Takes follow-up, whether the event came, and a score; gives the share of usable pairs in which the
person with the higher score has the event first, with an interval.
"""

import numpy as np
import numpy.typing as npt

from igfmood.errors import NotEstimable
from igfmood.performance.metrics.calibration import WaldEstimate, wald

FloatArray = npt.NDArray[np.float64]
#: Events that are compared with everybody at once.
_CHUNK = 256


def c_index(
    time: npt.ArrayLike, event: npt.ArrayLike, score: npt.ArrayLike, level: float = 0.95
) -> WaldEstimate:
    """Harrell's C, ties of the score counted half.

    Parameters
    ----------
    time : array_like, shape (n,)
        Time of the event, or of the end of observation.
    event : array_like, shape (n,)
        Whether it was the event.
    score : array_like, shape (n,)
        Higher means an earlier event.
    level : float
        Coverage of the normal interval, cut at 0 and 1.

    Returns
    -------
    WaldEstimate
        Never flipped. A pair is usable if the shorter time ended in the event; of two equal times,
        if one of them did and the other did not.

    Raises
    ------
    NotEstimable
        No usable pair, or no variance.

    Notes
    -----
    The standard error is the infinitesimal jackknife: a person's influence is that of all pairs
    with this person.

    References
    ----------
    Harrell FE, Lee KL, Mark DB (1996). Stat Med 15:361-387.
    Therneau TM, Watson DA (2015). Mayo Clinic Biostatistics Technical Report 85.
    """
    c, influence = _with_influence(time, event, score)
    se = float(np.sqrt(influence @ influence))
    if not se > 0:
        raise NotEstimable("every pair is ordered alike: C has no variance")
    found = wald(c, se, level)
    return WaldEstimate(c, se, max(0.0, found.ci_low), min(1.0, found.ci_high), level)


def delta_c_index(
    time: npt.ArrayLike, event: npt.ArrayLike, score: npt.ArrayLike, other: npt.ArrayLike,
    level: float = 0.95,
) -> WaldEstimate:  # fmt: skip
    """C of one score minus C of another on the same people; see `c_index` for the arguments.

    Raises
    ------
    NotEstimable
        No usable pair, or both scores order everybody alike.

    Notes
    -----
    The standard error is that of the difference of both influences of each person.
    """
    first, of_first = _with_influence(time, event, score)
    second, of_second = _with_influence(time, event, other)
    difference = of_first - of_second
    se = float(np.sqrt(difference @ difference))
    if not se > 0:
        raise NotEstimable("both scores order everybody alike: the difference has no variance")
    return wald(first - second, se, level)


def _with_influence(
    time: npt.ArrayLike, event: npt.ArrayLike, score: npt.ArrayLike
) -> tuple[float, FloatArray]:
    """C and the influence of each person on it, shape (n,)."""
    t, d = np.asarray(time, dtype=float), np.asarray(event).astype(bool)
    x = np.asarray(score, dtype=float)
    if not (t.shape == d.shape == x.shape) or t.ndim != 1:
        raise ValueError(f"time {t.shape}, event {d.shape} and score {x.shape} do not match")
    won, usable = _pairs(t, d, x)
    total = float(usable.sum())
    if total == 0:
        raise NotEstimable("no two people can be compared: no event before another's time")
    c = float(won.sum()) / total
    # Each pair is counted with both of its people.
    return c, 2 * (won - c * usable) / total


def _pairs(t: FloatArray, d: npt.NDArray[np.bool_], x: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Pairs won (ties half) and usable pairs that each person is part of, shape (n,) each."""
    won, usable = np.zeros(t.size), np.zeros(t.size)
    # At one time events come before ends of observation: that pair is usable, two events are not.
    order = np.lexsort((~d, t))
    block = np.cumsum(np.append(True, np.diff(t[order]) != 0) | np.append(True, np.diff(d[order])))
    events = np.flatnonzero(d)
    ranks = np.unique(x, return_inverse=True)[1]
    place = np.empty(t.size, dtype=np.int64)
    place[order] = block
    for start in range(0, events.size, _CHUNK):
        early = events[start : start + _CHUNK]
        later = place[None, :] > place[early, None]
        sign = np.sign(ranks[early, None] - ranks[None, :])
        wins = np.where(later, (sign + 1) / 2, 0.0)
        won[early] += wins.sum(axis=1)
        usable[early] += later.sum(axis=1)
        won += wins.sum(axis=0)
        usable += later.sum(axis=0)
    return won, usable
