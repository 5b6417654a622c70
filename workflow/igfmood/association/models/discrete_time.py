"""Time to an event where time is known in a few intervals only, such as visits or years.

Takes: a numeric design matrix, the interval of each person's event or last sight, and whether it
was an event.
Gives: log odds ratios of the event in an interval, with errors by person.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import expit

from igfmood.association.models.firth import FirthProfile, LogOdds, log_odds
from igfmood.errors import NotEstimable

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class DiscreteTimeFit:
    """A logistic regression of person-intervals.

    Attributes
    ----------
    coef, se : ndarray, shape (p,)
        Log odds ratios per unit of the column, and standard errors from `cov`.
    cov : ndarray, shape (p, p)
        Sandwich covariance, clustered by person; the model's where `model` is Firth's.
    n, n_events : int
        People and events, as given.
    n_rows : int
        Person-intervals that the model was fitted to.
    n_intervals : int
        Intervals with a baseline of their own.
    dropped : int
        Person-intervals left out: in their interval nobody had the event, or everybody at risk.
    model : str
        Maximum likelihood, or Firth's where the data separate (see `log_odds`).
    profiles : tuple of FirthProfile
        Penalised profile of every coefficient where the model is Firth's; else empty.
    """

    coef: FloatArray
    se: FloatArray
    cov: FloatArray
    n: int
    n_events: int
    n_rows: int
    n_intervals: int
    dropped: int
    model: str
    profiles: tuple[FirthProfile, ...] = ()


def fit_discrete_time(
    X: npt.ArrayLike, interval: npt.ArrayLike, event: npt.ArrayLike,
    entry: npt.ArrayLike | None = None,
    fit_logistic: Callable[[npt.ArrayLike, npt.ArrayLike], LogOdds] = log_odds,
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
    fit_logistic : callable
        Logistic regression of the person-intervals: `log_odds` or `firth_log_odds`.

    Returns
    -------
    DiscreteTimeFit

    Raises
    ------
    ValueError
        Shapes that do not match, or intervals that are not whole numbers from 1 (entry: from 0).
    NotEstimable
        No events, people without an interval under observation, no interval with both events and
        people without, not more people than coefficients, or a model that cannot be fitted.

    Notes
    -----
    An interval in which nobody or everybody at risk has the event is fitted by its baseline
    alone, at minus or plus infinity, whatever the columns say: leaving it out gives the maximum
    likelihood estimate of `coef` and keeps every coefficient finite.

    References
    ----------
    Singer JD, Willett JB (1993). J Educ Stat 18:155-195.
    Liang KY, Zeger SL (1986). Biometrika 73:13-22, theorem 1 (the sandwich).
    """
    design, happened = np.asarray(X, dtype=float), np.asarray(event, dtype=bool)
    last = _whole(interval, 1)
    first = np.zeros_like(last) if entry is None else _whole(entry, 0)
    if not design.shape[:1] == last.shape == happened.shape == first.shape:
        raise ValueError(
            f"X {design.shape}, interval {last.shape}, event {happened.shape} and entry "
            f"{first.shape} do not match"
        )
    unseen = int((last <= first).sum())
    if unseen:
        raise NotEstimable(f"{unseen} people leave observation no later than they enter it")
    if not happened.any():
        raise NotEstimable(f"no events in {last.size} people")
    person, at = _person_intervals(first, last)
    outcome = happened[person] & (at == last[person])
    at_risk, events = np.bincount(at), np.bincount(at, outcome)
    told = ((events > 0) & (events < at_risk))[at]
    dropped = int((~told).sum())
    if not told.any():
        raise NotEstimable(
            f"in no interval do some people at risk have the event and others not "
            f"({int(happened.sum())} events)"
        )
    person, at, outcome = person[told], at[told], outcome[told]
    moments, position = np.unique(at, return_inverse=True)
    full = np.zeros((at.size, moments.size + design.shape[1]))
    full[np.arange(at.size), position] = 1.0
    full[:, moments.size :] = design[person]
    if last.size <= full.shape[1]:
        raise NotEstimable(
            f"errors by person of {full.shape[1]} coefficients need more people than that, found "
            f"{last.size}"
        )
    fit = fit_logistic(full, outcome)
    profiles: tuple[FirthProfile, ...] = ()
    if fit.firth is not None:
        # Where a group has no event its residuals are all alike and next to 0, and a sandwich
        # would make the least certain coefficient the most certain one.
        cov = fit.cov[moments.size :, moments.size :]
        profiles = tuple(map(fit.firth.profile, np.eye(full.shape[1])[moments.size :]))
    else:
        cov = _by_person(full, outcome - expit(full @ fit.coef), person, fit.cov)[
            moments.size :, moments.size :
        ]
    return DiscreteTimeFit(
        fit.coef[moments.size :], np.sqrt(np.diag(cov)), cov, last.size, int(happened.sum()),
        at.size, moments.size, dropped, fit.model, profiles,
    )  # fmt: skip


def _by_person(
    X: FloatArray, residual: FloatArray, person: IntArray, cov: FloatArray
) -> FloatArray:
    """Sandwich covariance from the sums of each person's scores."""
    pull = np.column_stack([np.bincount(person, column * residual) for column in X.T])
    influence = pull @ cov
    return np.asarray(influence.T @ influence, dtype=np.float64)


def _whole(values: npt.ArrayLike, least: int) -> IntArray:
    """Whole numbers from `least`, as integers."""
    found = np.asarray(values)
    if not (np.isfinite(found) & (found == np.floor(found)) & (found >= least)).all():
        raise ValueError(f"intervals are whole numbers; these start from {least}")
    return found.astype(np.intp)


def _person_intervals(first: IntArray, last: IntArray) -> tuple[IntArray, IntArray]:
    """One row for each interval of each person under observation: the person, the interval."""
    length = last - first
    person = np.repeat(np.arange(last.size), length)
    step = np.arange(person.size) - np.repeat(np.cumsum(length) - length, length)
    return person, first[person] + step + 1
