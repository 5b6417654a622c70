"""Whether predicted risks mean what they say, beside how well they discriminate.

Takes: a 0/1 outcome and predicted probabilities that were not fitted on these rows.
Gives: calibration-in-the-large, calibration slope, Brier score, and bins for a plot.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import logit, ndtri

from igfmood.errors import NotEstimable
from igfmood.performance.logistic import fit_logistic

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]


@dataclass(frozen=True)
class WaldEstimate:
    """An estimate with its standard error and normal interval of coverage `level`."""

    estimate: float
    se: float
    ci_low: float
    ci_high: float
    level: float


@dataclass(frozen=True)
class Calibration:
    """Calibration-in-the-large (`intercept`, ideal 0) and calibration `slope` (ideal 1).

    The intercept is in log odds with the slope fixed at 1: above 0, risks are predicted too low
    on average. A slope below 1 means that predictions are too extreme.
    """

    intercept: WaldEstimate
    slope: WaldEstimate


@dataclass(frozen=True, eq=False)
class CalibrationBins:
    """Predicted against observed risk in bins of ascending predicted risk.

    All arrays have one element per bin: `mean_predicted` and `observed` risk, rows `n`, `n_events`
    among them, and the Wilson interval (`ci_low`, `ci_high`) of `observed`, of coverage `level`.
    """

    mean_predicted: FloatArray
    observed: FloatArray
    n: IntArray
    n_events: IntArray
    ci_low: FloatArray
    ci_high: FloatArray
    level: float


def calibration_intercept_slope(
    y: npt.ArrayLike, p: npt.ArrayLike, level: float = 0.95
) -> Calibration:
    """Calibration-in-the-large and calibration slope, from two logistic recalibrations.

    Parameters
    ----------
    y : array_like, shape (n,)
        Outcome, 0 or 1.
    p : array_like, shape (n,)
        Predicted probability of 1, strictly between 0 and 1.
    level : float
        Coverage of the Wald intervals.

    Returns
    -------
    Calibration
        ``logit P(y = 1) = intercept + logit(p)``, and ``logit P(y = 1) = a + slope logit(p)``.

    Raises
    ------
    ValueError
        Shapes that do not match, an outcome other than 0/1, a probability outside [0, 1].
    NotEstimable
        One class only; a prediction of exactly 0 or 1; all predictions equal; perfect separation.

    Notes
    -----
    The intercept that ``rms::val.prob`` prints is `a` of the second model, not this one.

    References
    ----------
    Cox DR (1958). Biometrika 45:562-565.
    Van Calster B et al (2016). J Clin Epidemiol 74:167-176, section 3.
    """
    return Calibration(calibration_in_the_large(y, p, level), calibration_slope(y, p, level))


def calibration_in_the_large(
    y: npt.ArrayLike, p: npt.ArrayLike, level: float = 0.95
) -> WaldEstimate:
    """Logistic intercept with the slope on logit(p) fixed at 1; see `calibration_intercept_slope`.

    Estimable when all predictions are equal, as from a model without predictors.
    """
    outcome, log_odds = _log_odds(y, p)
    fit = fit_logistic(np.ones((outcome.size, 1)), outcome, offset=log_odds)
    return _wald(float(fit.coef[0]), float(fit.se[0]), level)


def calibration_slope(y: npt.ArrayLike, p: npt.ArrayLike, level: float = 0.95) -> WaldEstimate:
    """Logistic slope on logit(p), intercept free; see `calibration_intercept_slope`."""
    outcome, log_odds = _log_odds(y, p)
    if np.ptp(log_odds) == 0:
        raise NotEstimable(f"all {outcome.size} predictions are equal: no calibration slope")
    fit = fit_logistic(np.column_stack([np.ones(outcome.size), log_odds]), outcome)
    return _wald(float(fit.coef[1]), float(fit.se[1]), level)


def brier(y: npt.ArrayLike, p: npt.ArrayLike, level: float = 0.95) -> WaldEstimate:
    """Brier score: mean squared difference of prediction and outcome, 0 is perfect.

    Parameters
    ----------
    y : array_like, shape (n,)
        Outcome, 0 or 1.
    p : array_like, shape (n,)
        Predicted probability, 0 and 1 allowed.
    level : float
        Coverage of the normal interval.

    Returns
    -------
    WaldEstimate
        The standard error is that of a mean, ``sd((p - y)^2) / sqrt(n)``.

    Raises
    ------
    ValueError
        As in `calibration_intercept_slope`.
    NotEstimable
        Fewer than two rows, or squared differences that are all equal.

    References
    ----------
    Brier GW (1950). Mon Weather Rev 78:1-3.
    Bradley AA, Schwartz SS, Hashino T (2008). Weather Forecast 23:992-1006, equation 9.
    """
    outcome, risk = _checked(y, p)
    squared = (risk - outcome) ** 2
    if outcome.size < 2 or np.ptp(squared) == 0:
        raise NotEstimable(f"the Brier score has no variance in {outcome.size} rows")
    return _wald(float(squared.mean()), float(squared.std(ddof=1) / np.sqrt(squared.size)), level)


def calibration_bins(
    y: npt.ArrayLike, p: npt.ArrayLike, n_bins: int, level: float = 0.95
) -> CalibrationBins:
    """Mean predicted and observed risk in quantile bins of the prediction.

    Parameters
    ----------
    y : array_like, shape (n,)
        Outcome, 0 or 1.
    p : array_like, shape (n,)
        Predicted probability.
    n_bins : int
        At least 2. Bins are closed on the right, the first on both sides (R's
        ``cut(include.lowest=TRUE)``); equal predictions share a bin, so ties can leave fewer.
    level : float
        Coverage of the Wilson intervals.

    Returns
    -------
    CalibrationBins

    Raises
    ------
    ValueError
        `n_bins` below 2, or as in `calibration_intercept_slope`.
    NotEstimable
        Fewer rows than bins.

    References
    ----------
    Hosmer DW, Lemeshow S (1980). Commun Stat A 9:1043-1069.
    """
    outcome, risk = _checked(y, p)
    if n_bins < 2:
        raise ValueError(f"calibration needs at least 2 bins, found {n_bins}")
    if outcome.size < n_bins:
        raise NotEstimable(f"too few rows for {n_bins} bins: {outcome.size}")
    edges = np.unique(np.quantile(risk, np.linspace(0, 1, n_bins + 1)))
    bin_of = np.searchsorted(edges[1:-1], risk, side="left")
    _, bin_of = np.unique(bin_of, return_inverse=True)
    n = np.bincount(bin_of)
    events = np.bincount(bin_of, outcome).astype(np.int64)
    low, high = wilson_interval(events, n, level)
    return CalibrationBins(np.bincount(bin_of, risk) / n, events / n, n, events, low, high, level)


def wilson_interval(
    events: npt.ArrayLike, n: npt.ArrayLike, level: float = 0.95
) -> tuple[FloatArray, FloatArray]:
    """Wilson score interval of a proportion, element by element.

    Parameters
    ----------
    events, n : array_like, broadcastable
        Counts; n at least 1.
    level : float
        Coverage.

    Returns
    -------
    (low, high) : tuple of ndarray

    Raises
    ------
    NotEstimable
        An n of 0.

    References
    ----------
    Wilson EB (1927). J Am Stat Assoc 22:209-212.
    """
    count, total = np.asarray(events, dtype=float), np.asarray(n, dtype=float)
    if not (total > 0).all():
        raise NotEstimable("a proportion of 0 rows")
    z2 = float(ndtri(0.5 + level / 2)) ** 2
    centre = (count + z2 / 2) / (total + z2)
    half_width = np.sqrt(z2 * (count * (total - count) / total + z2 / 4)) / (total + z2)
    return np.maximum(centre - half_width, 0.0), np.minimum(centre + half_width, 1.0)


def _checked(y: npt.ArrayLike, p: npt.ArrayLike) -> tuple[FloatArray, FloatArray]:
    outcome, risk = np.asarray(y, dtype=float), np.asarray(p, dtype=float)
    if outcome.ndim != 1 or outcome.shape != risk.shape:
        raise ValueError(f"y {outcome.shape} and p {risk.shape} do not match")
    if not ((outcome == 0) | (outcome == 1)).all():
        raise ValueError("the outcome must be 0 or 1 in every row")
    if not ((risk >= 0) & (risk <= 1)).all():
        raise ValueError("predicted probabilities must lie in [0, 1], none missing")
    return outcome, risk


def _log_odds(y: npt.ArrayLike, p: npt.ArrayLike) -> tuple[FloatArray, FloatArray]:
    outcome, risk = _checked(y, p)
    certain = int(((risk == 0) | (risk == 1)).sum())
    if certain:
        raise NotEstimable(f"{certain} of {risk.size} predictions are exactly 0 or 1: no log odds")
    return outcome, logit(risk)


def _wald(estimate: float, se: float, level: float) -> WaldEstimate:
    half_width = float(ndtri(0.5 + level / 2)) * se
    return WaldEstimate(estimate, se, estimate - half_width, estimate + half_width, level)
