"""Who is at risk at each event, and the sums over them that a Cox model needs.

Takes: times, events, optional entry times and strata, and a covariate matrix.
Gives: the risk sets as index ranges, and Efron-weighted sums, means and information over them.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from igfmood.errors import DataError, NotEstimable

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class RiskSets:
    """Rows of a survival table by the event times they are at risk at.

    The K event times are the distinct pairs of stratum and time with an event. Each of the D
    events is one Efron step: of d events at one time, step l (0 to d - 1) leaves the share l / d
    of the dying out of the sum over those at risk.

    Attributes
    ----------
    x : ndarray, shape (m, p)
        Covariates centred in their stratum and divided by `scale`, of the m rows that are at risk
        at some event time, by last event time. The partial likelihood does not see the centring.
    scale : ndarray, shape (p,)
        Standard deviation of each column within strata.
    rows : ndarray, shape (m,)
        Position of each row of `x` in the table.
    first, last : ndarray, shape (m,)
        The row is at risk at event times first, ..., last - 1.
    died : ndarray, shape (D,)
        Row of `x` of each event, by event time.
    at : ndarray, shape (D,)
        Event time (0 to K - 1) of each event.
    at_start : ndarray, shape (K,)
        First of the events of each event time.
    share_gone : ndarray, shape (D,)
        l / d of each Efron step.
    time : ndarray, shape (K,)
        Event times, in the unit of the table.
    survival : ndarray, shape (K,)
        Kaplan-Meier estimate just before each event time, of all strata together.
    n : int
        Rows of the table.
    """

    x: FloatArray
    scale: FloatArray
    rows: IntArray
    first: IntArray
    last: IntArray
    died: IntArray
    at: IntArray
    at_start: IntArray
    share_gone: FloatArray
    time: FloatArray
    survival: FloatArray
    n: int

    def sum_at_risk(self, values: FloatArray) -> FloatArray:
        """Sum `values`, shape (m, c), over those at risk at each event time: shape (K, c)."""
        by_last = np.add.reduceat(values, self._exits)
        total = np.cumsum(by_last[::-1], axis=0)[::-1]
        order, after, starts = self._late_entries
        if order.size:
            by_first = np.zeros((self.time.size + 1, values.shape[1]))
            by_first[after] = np.add.reduceat(values[order], starts)
            total -= np.cumsum(by_first[::-1], axis=0)[::-1][1:]
        return total

    @cached_property
    def _exits(self) -> IntArray:
        """First row of those last at risk at each event time: never none, for some die there."""
        return np.searchsorted(self.last, np.arange(1, self.time.size + 1))

    @cached_property
    def _late_entries(self) -> tuple[IntArray, IntArray, IntArray]:
        """Rows not at risk from the first event time on, by first; each first, and its start."""
        order = np.argsort(self.first, kind="stable")
        order = order[np.searchsorted(self.first[order], 1) :]
        after, starts = np.unique(self.first[order], return_index=True)
        return order, after, starts

    def sum_over_own_steps(self, steps: FloatArray) -> FloatArray:
        """Sum `steps`, shape (D, c), over those each row is at risk at: shape (m, c).

        A row that dies counts only for what is left of it in the Efron steps of its own time.
        """
        per_time = np.add.reduceat(steps, self.at_start)
        running = np.zeros((self.time.size + 1, steps.shape[1]))
        np.cumsum(per_time, axis=0, out=running[1:])
        total = running[self.last] - running[self.first]
        gone = np.add.reduceat(steps * self.share_gone[:, None], self.at_start)
        total[self.died] -= gone[self.at]
        return total

    def mean_over_ties(self, steps: FloatArray) -> FloatArray:
        """Mean of `steps`, shape (D, c), over the steps of each event's time: shape (D, c)."""
        deaths = np.diff(np.append(self.at_start, self.at.size))
        return (np.add.reduceat(steps, self.at_start) / deaths[:, None])[self.at]


def risk_sets(
    X: npt.ArrayLike,
    time: npt.ArrayLike,
    event: npt.ArrayLike,
    entry: npt.ArrayLike | None = None,
    strata: npt.ArrayLike | None = None,
) -> RiskSets:
    """Sort a survival table into risk sets; see `RiskSets`.

    Parameters
    ----------
    X : array_like, shape (n, p)
        Covariates, no intercept.
    time : array_like, shape (n,)
        Time of event or censoring.
    event : array_like, shape (n,)
        1 for an event at `time`, 0 for censoring.
    entry : array_like, shape (n,), optional
        Time from which the row is under observation; at risk for events after it. Default: from
        before the first event.
    strata : array_like, shape (n,), optional
        Labels of groups with a baseline hazard each.

    Returns
    -------
    RiskSets

    Raises
    ------
    ValueError
        Shapes that do not match, values that are not finite, an event other than 0/1.
    DataError
        A row that leaves observation before or when it enters.
    NotEstimable
        No events; a column that is constant within strata.
    """
    design, times, deaths, entries, codes = _checked(X, time, event, entry, strata)
    # Stratum and rank of the time among the event times in one sortable number.
    known = np.unique(times[deaths])
    block = codes * (known.size + 1)
    leaves = block + np.searchsorted(known, times, side="right")
    enters = block + np.searchsorted(known, entries, side="right")
    keys, row_of_key = np.unique(leaves[deaths], return_index=True)
    last = np.searchsorted(keys, leaves, side="right")
    first = np.searchsorted(keys, enters, side="right")
    centred, scale = _standardised(design, codes)
    rows = np.flatnonzero(last > first)
    rows = rows[np.argsort(last[rows], kind="stable")]
    died = np.flatnonzero(deaths[rows])
    at = last[rows][died] - 1
    at_start = np.searchsorted(at, np.arange(keys.size))
    tied = np.diff(np.append(at_start, at.size))
    return RiskSets(
        x=np.ascontiguousarray(centred[rows]),
        scale=scale,
        rows=rows,
        first=first[rows],
        last=last[rows],
        died=died,
        at=at,
        at_start=at_start,
        share_gone=(np.arange(at.size) - at_start[at]) / tied[at],
        time=times[deaths][row_of_key],
        survival=_survival_before(known, times, deaths, entries)[keys % (known.size + 1) - 1],
        n=times.size,
    )


def _checked(
    X: npt.ArrayLike,
    time: npt.ArrayLike,
    event: npt.ArrayLike,
    entry: npt.ArrayLike | None,
    strata: npt.ArrayLike | None,
) -> tuple[FloatArray, FloatArray, npt.NDArray[np.bool_], FloatArray, IntArray]:
    design, times = np.asarray(X, dtype=float), np.asarray(time, dtype=float)
    deaths = np.asarray(event, dtype=float)
    entries = np.full_like(times, -np.inf) if entry is None else np.asarray(entry, dtype=float)
    labels = np.zeros(times.shape) if strata is None else np.asarray(strata)
    shapes = {part.shape for part in (times, deaths, entries, labels)}
    if design.ndim != 2 or shapes != {design.shape[:1]}:
        raise ValueError(
            f"X {design.shape}, time {times.shape}, event {deaths.shape}, entry {entries.shape}, "
            f"strata {labels.shape} do not match"
        )
    if not (np.isfinite(design).all() and np.isfinite(times).all()) or np.isnan(entries).any():
        raise ValueError("covariates or times hold missing or infinite values")
    if not ((deaths == 0) | (deaths == 1)).all():
        raise ValueError("the event must be 0 or 1 in every row")
    if not deaths.any():
        raise NotEstimable(f"no events in {deaths.size} rows")
    backwards = np.flatnonzero(entries >= times)
    if backwards.size:
        i = int(backwards[0])
        raise DataError(
            f"{backwards.size} rows leave observation no later than they enter it; first: row {i} "
            f"(counted from 0) enters at {entries[i]:g} and leaves at {times[i]:g}"
        )
    _, codes = np.unique(labels, return_inverse=True)
    return design, times, deaths == 1, entries, codes


def _standardised(design: FloatArray, codes: IntArray) -> tuple[FloatArray, FloatArray]:
    sizes = np.bincount(codes).astype(float)
    means = np.column_stack([np.bincount(codes, weights=column) for column in design.T])
    centred = design - (means / sizes[:, None])[codes]
    scale = np.sqrt(np.mean(centred**2, axis=0))
    constant = scale <= 1e-12 * np.abs(design).max(axis=0)
    if constant.any():
        raise NotEstimable(
            f"column {int(np.argmax(constant))} (counted from 0) does not vary within strata, so "
            "it has no hazard ratio"
        )
    return centred / scale, scale


def _survival_before(
    known: FloatArray, times: FloatArray, deaths: npt.NDArray[np.bool_], entries: FloatArray
) -> FloatArray:
    """Kaplan-Meier estimate just before each of the sorted event times `known`."""
    gone = np.searchsorted(np.sort(times), known, side="left")
    to_come = times.size - np.searchsorted(np.sort(entries), known, side="left")
    died = np.bincount(np.searchsorted(known, times[deaths]))
    after = np.cumprod(1 - died / (times.size - gone - to_come))
    return np.append(1.0, after[:-1])


@dataclass(frozen=True, eq=False)
class RiskMoments:
    """Sums over the risk sets at one vector of coefficients.

    Attributes
    ----------
    risk : ndarray, shape (m,)
        Hazard of each row relative to a common reference.
    total : ndarray, shape (D,)
        Sum of `risk` over those at risk at each Efron step.
    mean : ndarray, shape (D, p)
        Risk-weighted mean of the (standardised) covariates at each Efron step.
    loglik : float
        Log partial likelihood; minus infinity where it cannot be computed.
    """

    risk: FloatArray
    total: FloatArray
    mean: FloatArray
    loglik: float


def risk_moments(sets: RiskSets, coef: FloatArray) -> RiskMoments:
    """Efron sums at `coef`, log hazard ratios per standard deviation, shape (p,).

    References
    ----------
    Efron B (1977). J Am Stat Assoc 72:557-565, section 5.
    """
    log_risk = sets.x @ coef
    log_risk -= log_risk.max()
    risk = np.exp(log_risk)
    values = np.empty((len(risk), coef.size + 1))
    values[:, 0] = risk
    np.multiply(sets.x, risk[:, None], out=values[:, 1:])
    dying = np.add.reduceat(values[sets.died], sets.at_start)
    steps = sets.sum_at_risk(values)[sets.at] - sets.share_gone[:, None] * dying[sets.at]
    total = steps[:, 0]
    if not total.min() > 0:
        return RiskMoments(risk, total, steps[:, 1:], -np.inf)
    loglik = float(log_risk[sets.died].sum() - np.log(total).sum())
    return RiskMoments(risk, total, steps[:, 1:] / total[:, None], loglik)


def information(sets: RiskSets, moments: RiskMoments, weights: FloatArray) -> FloatArray:
    """Sum over the Efron steps of `weights`, shape (D,), times the covariance among those at risk.

    With weights of 1 this is the information of the partial likelihood, shape (p, p). The sum of
    squares is taken over rows, each weighted by the hazard it lived through, so that no risk set
    is ever visited alone.
    """
    lived = sets.sum_over_own_steps((weights / moments.total)[:, None])[:, 0]
    squares = sets.x.T @ (sets.x * (moments.risk * lived)[:, None])
    return np.asarray(
        squares - moments.mean.T @ (moments.mean * weights[:, None]), dtype=np.float64
    )
