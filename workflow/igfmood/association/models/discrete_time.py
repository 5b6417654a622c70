"""Time to an event where time is known in a few intervals only, such as visits or years.

Takes: a numeric design matrix, the interval of each person's event or last sight, and whether it
was an event.
Gives: log odds ratios of the event in an interval, with errors by person.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import expit

from igfmood.association.models.firth import log_odds
from igfmood.errors import NotEstimable

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class DiscreteTimeFit:
    """A logistic regression of person-intervals.

    Attributes
    ----------
    coef, se : ndarray, shape (p,)
        Log odds ratios per unit of the column, and standard errors by person.
    cov : ndarray, shape (p, p)
        Sandwich covariance, clustered by person.
    n, n_events, n_rows : int
        People, events, person-intervals.
    n_intervals : int
        Intervals with a baseline of their own.
    dropped : int
        Person-intervals without any event in their interval: they say nothing.
    """

    coef: FloatArray
    se: FloatArray
    cov: FloatArray
    n: int
    n_events: int
    n_rows: int
    n_intervals: int
    dropped: int


def fit_discrete_time(
    X: npt.ArrayLike, interval: npt.ArrayLike, event: npt.ArrayLike,
    entry: npt.ArrayLike | None = None,
) -> DiscreteTimeFit:  # fmt: skip
    """Discrete-time hazard model with a logit link.

    Parameters
    ----------
    X : array_like, shape (n, p)
        Design without intercept.
    interval : array_like of int, shape (n,)
        Interval, 1 or more, in which the event came or the person was last seen.
    event : array_like of bool, shape (n,)
        Whether it was the event.
    entry : array_like of int, shape (n,), optional
        Intervals over before the person came under observation; 0 if not given.

    Returns
    -------
    DiscreteTimeFit

    Raises
    ------
    ValueError
        Shapes that do not match, or intervals below 1.
    NotEstimable
        No events, people without an interval under observation, or a model that cannot be fitted.

    References
    ----------
    Singer JD, Willett JB (1993). J Educ Stat 18:155-195.
    """
    design, last = np.asarray(X, dtype=float), np.asarray(interval, dtype=int)
    happened = np.asarray(event, dtype=bool)
    first = np.zeros_like(last) if entry is None else np.asarray(entry, dtype=int)
    if not design.shape[:1] == last.shape == happened.shape == first.shape:
        raise ValueError("X, interval, event and entry do not match")
    if (last < 1).any() or (first < 0).any():
        raise ValueError("intervals are counted from 1, and entry from 0")
    seen = last > first
    if not seen.all():
        raise NotEstimable(
            f"{int((~seen).sum())} people leave observation no later than they enter it"
        )
    if not happened.any():
        raise NotEstimable("no events")
    length = last - first
    person = np.repeat(np.arange(last.size), length)
    step = np.arange(person.size) - np.repeat(np.cumsum(length) - length, length)
    at = first[person] + step + 1
    outcome = happened[person] & (at == last[person])
    # An interval without an event has a hazard of 0 whatever the columns say.
    with_events = np.isin(at, np.unique(at[outcome]))
    person, at, outcome = person[with_events], at[with_events], outcome[with_events]
    moments = np.unique(at)
    baseline = (at[:, None] == moments).astype(float)
    full = np.column_stack([baseline, design[person]])
    fit = log_odds(full, outcome.astype(float))
    residual = outcome - expit(full @ fit.coef)
    pull = np.column_stack([np.bincount(person, column * residual, last.size) for column in full.T])
    cov = fit.cov @ (pull.T @ pull) @ fit.cov
    part = cov[moments.size :, moments.size :]
    return DiscreteTimeFit(
        fit.coef[moments.size :], np.sqrt(np.diag(part)), part, last.size, int(happened.sum()),
        person.size, moments.size, int((~with_events).sum()),
    )  # fmt: skip
