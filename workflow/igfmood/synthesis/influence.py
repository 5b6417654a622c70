"""How much a synthesis hangs on each of its studies.

Takes: study estimates and their sampling variances.
Gives: per study, the deletion diagnostics of a random-effects meta-analysis, and whether any of
them passes its customary bound.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import chdtr

from igfmood.synthesis.random_effects import checked_studies, leave_one_out, random_effects
from igfmood.synthesis.tau2 import Tau2Estimator

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Influence:
    """Deletion diagnostics; each array has one value per study, shape (k,).

    Attributes
    ----------
    rstudent : ndarray
        Residual from the mean of the other studies, in standard errors of that residual.
    dffits : ndarray
        Change of the mean in standard errors: those of the fitted value with the weight that the
        study has among all, and the tau2 without it.
    cook_d : ndarray
        Squared change of the mean over its model variance with all studies.
    cov_r : ndarray
        Variance of the mean without the study over that with it; below 1, leaving it out helps.
    tau2_del, qe_del : ndarray
        Between-study variance and Cochran's Q without the study.
    hat, weight : ndarray
        Leverage, and the same as a weight in percent.
    dfbetas : ndarray
        Change of the mean, in its standard error with all studies and the tau2 without this one.
    influential : ndarray of bool
        ``|dffits| > 3 sqrt(1 / (k - 1))``, Cook's distance beyond the median of chi-squared(1),
        ``hat > 3 / k`` or ``|dfbetas| > 1``.
    """

    rstudent: FloatArray
    dffits: FloatArray
    cook_d: FloatArray
    cov_r: FloatArray
    tau2_del: FloatArray
    qe_del: FloatArray
    hat: FloatArray
    weight: FloatArray
    dfbetas: FloatArray
    influential: npt.NDArray[np.bool_]


def influence(yi: npt.ArrayLike, vi: npt.ArrayLike, estimator: Tau2Estimator = "REML") -> Influence:
    """Deletion diagnostics of a random-effects meta-analysis.

    Parameters
    ----------
    yi, vi : array_like, shape (k,)
        Estimates and sampling variances, k at least 3.
    estimator : {"REML", "ML", "PM", "DL"}
        Of the between-study variance, found anew without each study.

    Returns
    -------
    Influence

    Raises
    ------
    ValueError, NotEstimable
        As in `leave_one_out`: also where the studies that are left give the same estimate.

    Notes
    -----
    With (i) for "without study i"::

        rstudent = (y_i - mu(i)) / sqrt(v_i + tau2(i) + se(i)^2)
        dffits   = (mu - mu(i)) / sqrt(hat_i (v_i + tau2(i)))
        cook_d   = (mu - mu(i))^2 / se^2
        cov_r    = se(i)^2 / se^2
        dfbetas  = (mu - mu(i)) sqrt(sum_j 1 / (v_j + tau2(i)))

    Standard errors are those of the model, not Knapp-Hartung's, as in metafor's ``influence``
    for ``test="z"``; so are the bounds that make a study influential.

    References
    ----------
    Viechtbauer W, Cheung MWL (2010). Res Synth Methods 1:112-125 (definitions).
    Viechtbauer W (2010). J Stat Softw 36(3):1-48 (metafor, whose names these are).
    """
    y, v = checked_studies(yi, vi)
    fit = random_effects(y, v, estimator=estimator)
    without = leave_one_out(y, v, estimator=estimator)
    mu, se, tau2 = (
        np.array([getattr(x, name) for x in without]) for name in ("mu", "se_normal", "tau2")
    )
    change, hat, k = fit.mu - mu, fit.weights, y.size
    # Each tau2 without a study, applied to the weights of all of them.
    se_all = (1 / (v + tau2[:, None])).sum(axis=1) ** -0.5
    dffits = change / np.sqrt(hat * (tau2 + v))
    cook_d, dfbetas = (change / fit.se_normal) ** 2, change / se_all
    influential = (
        (np.abs(dffits) > 3 * np.sqrt(1 / (k - 1)))
        | (chdtr(1, cook_d) > 0.5)
        | (hat > 3 / k)
        | (np.abs(dfbetas) > 1)
    )
    return Influence(
        rstudent=(y - mu) / np.sqrt(v + tau2 + se**2),
        dffits=dffits,
        cook_d=cook_d,
        cov_r=(se / fit.se_normal) ** 2,
        tau2_del=tau2,
        qe_del=np.array([x.q for x in without]),
        hat=hat,
        weight=100 * hat,
        dfbetas=dfbetas,
        influential=influential,
    )
