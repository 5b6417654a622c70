"""Measures of a model of several cohorts, that count nothing between them.

Takes outcomes, predictions and cohorts; gives numbers that do not grow because shares of cases
differ from cohort to cohort, which tells a person's cohort and nothing about the person.
"""

import numpy as np
import numpy.typing as npt
from scipy.special import logit

from igfmood.association.models.logistic import fit_logistic
from igfmood.errors import NotEstimable
from igfmood.performance.metrics.discrimination import auc


def auc_within(y: npt.ArrayLike, score: npt.ArrayLike, stratum: npt.ArrayLike) -> float:
    """Share of pairs of a case and a control of one stratum that the score puts in order.

    Parameters
    ----------
    y, score, stratum : array_like, shape (n,)
        Outcome, prediction, and the cohort of each person.

    Returns
    -------
    float
        Mean of the strata's AUCs, weighted by their pairs.

    Raises
    ------
    NotEstimable
        A stratum has one class only.

    References
    ----------
    Therneau T, Atkinson E: Concordance, vignette of the R package survival, on strata; here
    without censoring.
    """
    outcome, values = np.asarray(y, dtype=float), np.asarray(score, dtype=float)
    wins, pairs = 0.0, 0
    for rows in _members(stratum):
        cases = int(outcome[rows].sum())
        here = cases * (rows.size - cases)
        wins += auc(outcome[rows], values[rows]) * here
        pairs += here
    return wins / pairs


def scaled_brier_within(y: npt.ArrayLike, p: npt.ArrayLike, stratum: npt.ArrayLike) -> float:
    """1 minus the Brier score over that of the share of cases in each stratum.

    See `auc_within` for the arguments.

    Raises
    ------
    NotEstimable
        Every stratum has one class only.
    """
    outcome, risk = np.asarray(y, dtype=float), np.asarray(p, dtype=float)
    known = sum(
        rows.size * float(outcome[rows].mean() * (1 - outcome[rows].mean()))
        for rows in _members(stratum)
    )
    if known <= 0:
        raise NotEstimable("one class only in every cohort: no scaled Brier score")
    return 1 - float(((outcome - risk) ** 2).sum()) / known


def slope_within(y: npt.ArrayLike, p: npt.ArrayLike, stratum: npt.ArrayLike) -> float:
    """Logistic slope of the outcome on the log odds predicted, with an intercept per stratum.

    See `auc_within` for the arguments.

    Raises
    ------
    NotEstimable
        The slope cannot be fitted.
    """
    line = logit(np.asarray(p, dtype=float))
    if not np.isfinite(line).all():
        raise NotEstimable("a predicted risk is 0 or 1: no calibration slope")
    codes = np.unique(np.asarray(stratum), return_inverse=True)[1]
    design = np.column_stack([np.eye(codes.max() + 1)[codes], line])
    near = np.append(np.zeros(design.shape[1] - 1), 1.0)
    return float(fit_logistic(design, np.asarray(y, dtype=float), start=near).coef[-1])


def _members(stratum: npt.ArrayLike) -> list[npt.NDArray[np.int64]]:
    """Positions of the people of each stratum."""
    codes = np.unique(np.asarray(stratum), return_inverse=True)[1]
    return [np.flatnonzero(codes == code) for code in range(codes.max() + 1)]
