"""Time to an event as imputation can use it: the cumulative hazard until then.

Takes entry, exit and event of each person; gives the Nelson-Aalen estimate as a step function.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from igfmood.errors import NotEstimable
from igfmood.impute.variables import FloatArray


@dataclass(frozen=True, eq=False)
class CumulativeHazard:
    """A step function that starts at 0.

    Attributes
    ----------
    times : ndarray, shape (k,)
        Times at which there was an event, ascending.
    values : ndarray, shape (k,)
        Cumulative hazard from each of these times on.
    """

    times: FloatArray
    values: FloatArray

    def at(self, times: npt.ArrayLike) -> FloatArray:
        """Cumulative hazard at any times, those of events included; same shape."""
        place = np.searchsorted(self.times, np.asarray(times, dtype=float), side="right")
        return np.concatenate([[0.0], self.values])[place]

    def between(self, entry: npt.ArrayLike, exit_: npt.ArrayLike) -> FloatArray:
        """Hazard that people gather from entry to exit; 0 where they leave before they enter."""
        return np.maximum(self.at(exit_) - self.at(entry), 0.0)


def nelson_aalen(
    exit_: npt.ArrayLike, event: npt.ArrayLike, entry: npt.ArrayLike | None = None
) -> CumulativeHazard:
    """Estimate a cumulative hazard without covariates.

    Parameters
    ----------
    exit_ : array_like, shape (n,)
        When each person leaves observation, in any unit of time.
    event : array_like of bool, shape (n,)
        Whether with the event.
    entry : array_like, shape (n,), optional
        When each comes under observation, in the same unit; from before the first event on if not
        given.

    Returns
    -------
    CumulativeHazard

    Raises
    ------
    ValueError
        Shapes that do not match, values that are not finite, or an exit not after its entry.
    NotEstimable
        There is no event.

    Notes
    -----
    ``H(t)`` is the sum of d/r over the times of events up to t: d events at that time, and r people
    at risk, who entered before it and have not left before it. Events that tie count together.

    References
    ----------
    Aalen O (1978). Ann Stat 6:701-726.
    White IR, Royston P (2009). Stat Med 28:1982-1998.
    """
    leaves, happened = np.asarray(exit_, dtype=float), np.asarray(event, dtype=bool)
    enters = np.full(leaves.shape, -np.inf) if entry is None else np.asarray(entry, dtype=float)
    if leaves.ndim != 1 or not leaves.shape == happened.shape == enters.shape:
        raise ValueError(f"shapes do not match: {leaves.shape}, {happened.shape}, {enters.shape}")
    if not np.isfinite(leaves).all() or np.isnan(enters).any():
        raise ValueError("expected times without missing values")
    if (leaves <= enters).any():
        raise ValueError(f"{int((leaves <= enters).sum())} people leave no later than they enter")
    times, events = np.unique(leaves[happened], return_counts=True)
    if not times.size:
        raise NotEstimable("nobody had the event")
    entered = np.searchsorted(np.sort(enters), times, side="left")
    left = np.searchsorted(np.sort(leaves), times, side="left")
    return CumulativeHazard(times, np.cumsum(events / (entered - left)))
