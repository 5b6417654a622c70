"""One AUC against another: two scores of the same people, or one score in different people.

Takes AUCs with their covariances; gives the difference with its interval and test.
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr, ndtri

from igfmood.errors import NotEstimable
from igfmood.performance.metrics.discrimination import AucResult


@dataclass(frozen=True)
class AucDifference:
    """One AUC minus another; `p` is two-sided, from the normal `z`."""

    difference: float
    se: float
    z: float
    p: float
    ci_low: float
    ci_high: float
    level: float


def delta_auc(result: AucResult, i: int, j: int, level: float = 0.95) -> AucDifference:
    """Paired difference of two AUCs, model `i` minus model `j`.

    Parameters
    ----------
    result : AucResult
    i, j : int
        Positions of the scores.
    level : float
        Coverage of the interval.

    Returns
    -------
    AucDifference

    Raises
    ------
    NotEstimable
        The difference has no variance: both scores rank all participants alike.

    References
    ----------
    DeLong ER, DeLong DM, Clarke-Pearson DL (1988). Biometrics 44:837-845, equation 7.
    """
    cov = result.cov
    variance = float(cov[i, i] + cov[j, j] - 2 * cov[i, j])
    # Equal rankings leave rounding behind, about 1e-16 of the two variances.
    if not variance > 1e-14 * float(cov[i, i] + cov[j, j]):
        raise NotEstimable(
            f"scores {i} and {j} rank all participants alike: the AUC difference has no variance"
        )
    return _compared(float(result.auc[i] - result.auc[j]), float(np.sqrt(variance)), level)


def unpaired_delta_auc(first: AucResult, second: AucResult, level: float = 0.95) -> AucDifference:
    """AUC in some people minus AUC in others, who have nobody in common.

    Parameters
    ----------
    first, second : AucResult
        Of one score each.
    level : float
        Coverage of the interval.

    Returns
    -------
    AucDifference

    Raises
    ------
    NotEstimable
        Neither AUC has a variance.

    Notes
    -----
    Variances add. pROC compares the same `z` with a t distribution, whose degrees of freedom are
    near the number of people.

    References
    ----------
    DeLong ER, DeLong DM, Clarke-Pearson DL (1988). Biometrics 44:837-845.
    """
    se = float(np.hypot(first.se[0], second.se[0]))
    if not se > 0:
        raise NotEstimable("both groups are told apart without error: no variance")
    return _compared(float(first.auc[0] - second.auc[0]), se, level)


def _compared(difference: float, se: float, level: float) -> AucDifference:
    z = difference / se
    half_width = float(ndtri(0.5 + level / 2)) * se
    low, high = difference - half_width, difference + half_width
    return AucDifference(difference, se, z, 2 * float(ndtr(-abs(z))), low, high, level)
