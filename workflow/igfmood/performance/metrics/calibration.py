"""Whether predicted risks mean what they say, beside how well they discriminate.

Takes: a 0/1 outcome and predicted probabilities that were not fitted on these rows.
Gives: calibration-in-the-large, calibration slope, observed over expected, Brier score plain and
scaled.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import logit, ndtri

from igfmood.association.models.logistic import fit_logistic
from igfmood.errors import NotEstimable

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


def calibration_in_the_large(
    y: npt.ArrayLike, p: npt.ArrayLike, level: float = 0.95
) -> WaldEstimate:
    """Calibration-in-the-large: logistic intercept with the slope on logit(p) fixed at 1.

    In log odds, ideal 0; above 0, risks are predicted too low on average. It is not the intercept
    that ``rms::val.prob`` prints, which belongs to the model with a free slope.

    Estimable when all predictions are equal, as from a model without predictors.
    """
    outcome, log_odds = _log_odds(y, p)
    fit = fit_logistic(np.ones((outcome.size, 1)), outcome, offset=log_odds)
    return wald(float(fit.coef[0]), float(fit.se[0]), level)


def calibration_slope(y: npt.ArrayLike, p: npt.ArrayLike, level: float = 0.95) -> WaldEstimate:
    """Calibration slope: logistic slope on logit(p), intercept free; ideal 1.

    Below 1, predictions are too extreme.

    Parameters
    ----------
    y : array_like, shape (n,)
        Outcome, 0 or 1.
    p : array_like, shape (n,)
        Predicted probability of 1, strictly between 0 and 1.
    level : float
        Coverage of the Wald interval.

    Raises
    ------
    ValueError
        Shapes that do not match, an outcome other than 0/1, a probability outside [0, 1].
    NotEstimable
        One class only; a prediction of exactly 0 or 1; all predictions equal; perfect separation.

    References
    ----------
    Cox DR (1958). Biometrika 45:562-565.
    """
    outcome, log_odds = _log_odds(y, p)
    if np.ptp(log_odds) == 0:
        raise NotEstimable(f"all {outcome.size} predictions are equal: no calibration slope")
    fit = fit_logistic(np.column_stack([np.ones(outcome.size), log_odds]), outcome)
    return wald(float(fit.coef[1]), float(fit.se[1]), level)


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
    return wald(float(squared.mean()), float(squared.std(ddof=1) / np.sqrt(squared.size)), level)


def scaled_brier(y: npt.ArrayLike, p: npt.ArrayLike, level: float = 0.95) -> WaldEstimate:
    """Brier score as a share of the way from knowing the prevalence (0) to certainty (1).

    Negative where the predictions are worse than giving everybody the share of cases.

    Parameters
    ----------
    y, p, level
        See `brier`.

    Returns
    -------
    WaldEstimate
        ``1 - Brier / (m (1 - m))`` for the share of cases m; the standard error is that of its
        influence function.

    Raises
    ------
    ValueError
        See `brier`.
    NotEstimable
        One class only.

    References
    ----------
    Steyerberg EW et al (2010). Epidemiology 21:128-138.
    """
    outcome, risk = _checked(y, p)
    share = float(outcome.mean())
    spread = share * (1 - share)
    if spread == 0:
        raise NotEstimable(f"one class only in {outcome.size} rows: nothing to scale by")
    squared = (risk - outcome) ** 2
    score = float(squared.mean())
    influence = -(squared - score) / spread
    influence += score / spread**2 * (1 - 2 * share) * (outcome - share)
    return wald(1 - score / spread, mean_se(influence), level)


def observed_expected(y: npt.ArrayLike, p: npt.ArrayLike, level: float = 0.95) -> WaldEstimate:
    """Log of cases observed over cases expected; ideal 0, above it too few were expected.

    Parameters
    ----------
    y, p, level
        See `brier`.

    Returns
    -------
    WaldEstimate
        The standard error is ``sqrt((1 - m) / cases)`` for the share of cases m: the predictions
        count as known.

    Raises
    ------
    ValueError
        See `brier`.
    NotEstimable
        No case, cases alone, or none expected.

    References
    ----------
    Debray TPA et al (2017). BMJ 356:i6460, appendix (variance of log O:E).
    """
    outcome, risk = _checked(y, p)
    observed, expected = float(outcome.sum()), float(risk.sum())
    if not 0 < observed < outcome.size or expected == 0:
        raise NotEstimable(f"{observed:g} cases observed and {expected:g} expected: no ratio")
    se = np.sqrt((1 - observed / outcome.size) / observed)
    return wald(float(np.log(observed / expected)), float(se), level)


def mean_se(values: FloatArray) -> float:
    """Return the standard error of a mean."""
    return float(values.std(ddof=1) / np.sqrt(values.size))


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


def wald(estimate: float, se: float, level: float) -> WaldEstimate:
    """Return an estimate with its normal interval."""
    half_width = float(ndtri(0.5 + level / 2)) * se
    return WaldEstimate(estimate, se, estimate - half_width, estimate + half_width, level)
