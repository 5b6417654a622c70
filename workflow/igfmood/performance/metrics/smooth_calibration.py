"""The smooth calibration curve, and how far predictions lie from it.

Takes a 0/1 outcome and predicted risks; gives the observed share of cases at a risk (lowess), its
bootstrap band, and the mean, median and 90th centile of the distance (ICI, E50, E90).
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from statsmodels.nonparametric.smoothers_lowess import lowess

from igfmood.errors import NotEstimable
from igfmood.performance.metrics.resampling import (
    BootstrapEstimate,
    draws,
    moved_percentile,
)

FloatArray = npt.NDArray[np.float64]
#: Name of the smoother, for method strings: curves of other smoothers differ in the third digit.
SMOOTHER = "lowess, span 2/3, no robustness steps"
_SPAN = 2 / 3
#: Share of the range within which neighbouring risks share a local fit, as in R's lowess.
_DELTA = 0.01
#: The same in bootstrap samples: their percentiles move by less than 0.002 (simulated, n = 300 to
#: 1,500), which is less than another 100 samples would move them.
_DELTA_OF_SAMPLES = 0.03
#: From so many people on, neighbours of a bootstrap sample stand as one, until there are so many.
_MOST, _AS_ONE = 8192, 1024


@dataclass(frozen=True, eq=False)
class CalibrationCurve:
    """Observed share of cases at predicted risks, with its pointwise band, arrays (k,)."""

    predicted: FloatArray
    observed: FloatArray
    ci_low: FloatArray
    ci_high: FloatArray
    level: float


@dataclass(frozen=True)
class CalibrationError:
    """Distance of prediction and curve over people: mean (ICI), median, 90th centile, largest."""

    ici: float
    e50: float
    e90: float
    emax: float


def smoothed(y: npt.ArrayLike, p: npt.ArrayLike) -> FloatArray:
    """Observed share of cases at each person's predicted risk, shape (n,).

    Where few people have such a risk it can leave [0, 1] a little, as local lines do; it is cut
    where it is shown, not where distances are taken (as in rms::val.prob).

    Raises
    ------
    NotEstimable
        Predictions that do not differ.

    References
    ----------
    Cleveland WS (1979). J Am Stat Assoc 74:829-836.
    """
    outcome, risk = np.asarray(y, dtype=float), np.asarray(p, dtype=float)
    order = np.argsort(risk, kind="stable")
    found = np.empty(risk.size)
    found[order] = _smoothed(outcome[order], risk[order], _DELTA)
    return found


def _smoothed(y: FloatArray, p: FloatArray, delta: float) -> FloatArray:
    """Lowess of people whose risks ascend, shape (n,)."""
    span = float(p[-1] - p[0])
    if span == 0:
        raise NotEstimable("all predictions are equal: no calibration curve")
    found = lowess(
        y, p, frac=_SPAN, it=0, delta=delta * span, is_sorted=True, missing="none",
        return_sorted=False,
    )  # fmt: skip
    return np.asarray(found, dtype=np.float64)


def calibration_error(y: npt.ArrayLike, p: npt.ArrayLike) -> CalibrationError:
    """Integrated calibration index and its companions.

    Parameters
    ----------
    y : array_like, shape (n,)
        Outcome, 1 for cases and 0 for controls.
    p : array_like, shape (n,)
        Predicted risk.

    Raises
    ------
    NotEstimable
        Predictions that do not differ.

    Notes
    -----
    All depend on the smoother (`SMOOTHER`), and grow with noise: a perfect model's are not 0.

    References
    ----------
    Austin PC, Steyerberg EW (2019). Stat Med 38:4051-4065.
    """
    return _error(smoothed(y, p), np.asarray(p, dtype=float))


def _error(observed: FloatArray, p: FloatArray) -> CalibrationError:
    distance = np.abs(observed - p)
    median, ninety = np.quantile(distance, [0.5, 0.9])
    return CalibrationError(
        float(distance.mean()), float(median), float(ninety), float(distance.max())
    )


def calibration_error_interval(
    y: npt.ArrayLike, p: npt.ArrayLike, resamples: int, rng: np.random.Generator, level: float
) -> dict[str, BootstrapEstimate]:
    """Bootstrap intervals of ICI, E50 and E90, by samples of people.

    The share of cases differs between samples: where the mean prediction is wrong, most of the
    error of a distance is that of the share.

    Parameters
    ----------
    y, p : array_like, shape (n,)
        Outcome and predicted risk.
    resamples : int
        Number of bootstrap samples; one without cases or without controls is drawn again.
    rng : numpy.random.Generator
    level : float
        Coverage aimed at.

    Raises
    ------
    NotEstimable
        Fewer than two cases or two controls, or predictions that do not differ.

    Notes
    -----
    Percentiles are moved, see `moved_percentile`. This mends the bias that resampling adds, not
    that of the distance itself, which noise makes larger than it is (`calibration_error`).
    In samples of many people neighbours stand as one (`_neighbours`).
    """
    outcome, risk = np.asarray(y, dtype=float), np.asarray(p, dtype=float)
    order = np.argsort(risk, kind="stable")
    outcome, risk = outcome[order], risk[order]
    names = ("ici", "e50", "e90")
    found = np.empty((resamples, len(names)))
    for place, drawn in enumerate(draws(outcome, resamples, rng)):
        observed, sample = _neighbours(outcome, risk, drawn)
        one = _error(_smoothed(observed, sample, _DELTA_OF_SAMPLES), sample)
        found[place] = one.ici, one.e50, one.e90
    here = calibration_error(outcome, risk)
    return {
        name: moved_percentile(getattr(here, name), found[:, place], level)
        for place, name in enumerate(names)
    }


def joining(n: int) -> str:
    """Return what a method says of samples of n people, if neighbours stand as one in them."""
    return f", neighbours joined into {_AS_ONE:,}" if n > _MOST else ""


def _neighbours(
    y: FloatArray, p: FloatArray, drawn: npt.NDArray[np.int64]
) -> tuple[FloatArray, FloatArray]:
    """Outcome and risk of who was drawn, risks ascending, of people whose risks ascend.

    Of many people about as many neighbours each are replaced by their means: a straight line
    through means of neighbours is that through themselves but for their distances, a thousandth of
    the people in rank.
    """
    times = np.bincount(drawn, minlength=p.size)
    rows = np.repeat(np.arange(p.size), times)
    if rows.size <= _MOST:
        return y[rows], p[rows]
    starts = np.arange(_AS_ONE) * rows.size // _AS_ONE
    size = np.diff(np.append(starts, rows.size))
    return np.add.reduceat(y[rows], starts) / size, np.add.reduceat(p[rows], starts) / size


def calibration_curve(
    y: npt.ArrayLike,
    p: npt.ArrayLike,
    grid: npt.ArrayLike,
    resamples: int,
    rng: np.random.Generator,
    level: float = 0.95,
) -> CalibrationCurve:
    """The curve on a grid of risks, with a pointwise bootstrap band.

    Parameters
    ----------
    y, p : array_like, shape (n,)
        Outcome and predicted risk.
    grid : array_like, shape (k,)
        Risks at which the curve is given, ascending and different.
    resamples : int
        Bootstrap samples of people; one without cases or without controls is drawn again.
    rng : numpy.random.Generator
    level : float
        Pointwise coverage of the band.

    Raises
    ------
    NotEstimable
        Fewer than two cases or two controls, or a grid that does not ascend.
    """
    outcome, risk = np.asarray(y, dtype=float), np.asarray(p, dtype=float)
    order = np.argsort(risk, kind="stable")
    outcome, risk = outcome[order], risk[order]
    at = np.asarray(grid, dtype=float)
    if not (np.diff(at) > 0).all():
        raise NotEstimable("the predictions hardly differ: no calibration curve")
    found = np.array([
        smoothed_at(*_neighbours(outcome, risk, rows), at)
        for rows in draws(outcome, resamples, rng)
    ])  # fmt: skip
    low, high = np.nanquantile(found, [0.5 - level / 2, 0.5 + level / 2], axis=0)
    return CalibrationCurve(at, smoothed_at(outcome, risk, at), low, high, level)


def smoothed_at(y: FloatArray, p: FloatArray, grid: FloatArray) -> FloatArray:
    """Observed share of cases at risks of a grid, shape (k,), cut at 0 and 1."""
    return np.clip(lowess(y, p, frac=_SPAN, it=0, xvals=grid), 0, 1)
