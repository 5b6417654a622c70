"""How much of a model must be changed where it is to be used: the closed test procedure.

Takes predictors, the linear predictor of the model as it is, and outcomes of new people; gives the
smallest change that they do not speak against, and the linear predictor after it.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
from scipy.stats import chi2

from igfmood.association.models.logistic import fit_logistic
from igfmood.errors import NotEstimable

FloatArray = npt.NDArray[np.float64]
Change = Literal["none", "intercept", "intercept and slope", "all coefficients"]


@dataclass(frozen=True)
class Update:
    """What the closed test chose.

    Attributes
    ----------
    change : str
        The smallest change that is not rejected.
    intercept, slope : float
        Of the new linear predictor on the old one (1 and 0 where nothing changes); NaN where all
        coefficients were estimated again.
    p : dict
        Of each smaller change against all coefficients estimated again; tests after the first that
        is not rejected are not done.
    """

    change: Change
    intercept: float
    slope: float
    p: dict[str, float]


def closed_test(
    X: npt.ArrayLike, log_odds: npt.ArrayLike, y: npt.ArrayLike, alpha: float = 0.05
) -> Update:
    """Choose among no change, a new intercept, intercept and slope, and a new model.

    Parameters
    ----------
    X : array_like, shape (n, k)
        Predictors of the model, without intercept.
    log_odds : array_like, shape (n,)
        The model's prediction.
    y : array_like, shape (n,)
        Outcome, 1 for cases and 0 for controls.
    alpha : float
        Level of each test; that of the whole procedure is the same.

    Returns
    -------
    Update

    Raises
    ------
    NotEstimable
        A logistic model that cannot be fitted to these people.

    References
    ----------
    Vergouwe Y et al (2017). Stat Med 36:4529-4539.
    """
    predictors, old = np.asarray(X, dtype=float), np.asarray(log_odds, dtype=float)
    outcome = np.asarray(y, dtype=float)
    ones = np.ones((outcome.size, 1))
    new = fit_logistic(np.hstack([ones, predictors]), outcome)
    shift = fit_logistic(ones, outcome, offset=old)
    line = fit_logistic(np.column_stack([ones, old]), outcome)
    k = predictors.shape[1]
    candidates: list[tuple[Change, float, float, float, int]] = [
        ("none", _loglik(outcome, old), 0.0, 1.0, k + 1),
        ("intercept", shift.loglik, float(shift.coef[0]), 1.0, k),
        ("intercept and slope", line.loglik, float(line.coef[0]), float(line.coef[1]), k - 1),
    ]
    found: dict[str, float] = {}
    for change, loglik, intercept, slope, df in candidates:
        if df < 1:
            # One predictor: its own coefficient is the slope.
            return Update(change, intercept, slope, found)
        found[change] = float(chi2.sf(2 * (new.loglik - loglik), df))
        if found[change] >= alpha:
            return Update(change, intercept, slope, found)
    return Update("all coefficients", np.nan, np.nan, found)


def _loglik(y: FloatArray, log_odds: FloatArray) -> float:
    if not np.isfinite(log_odds).all():
        raise NotEstimable("a prediction of exactly 0 or 1 has no log odds")
    return float(y @ log_odds - np.logaddexp(0, log_odds).sum())
