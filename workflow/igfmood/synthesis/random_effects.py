"""Combine cohorts that were analysed apart, and say how far they disagree.

Takes: one estimate and one sampling variance per study, on one scale.
Gives: a random-effects synthesis with Knapp-Hartung and normal interval, and the range in which
the effect of a new study is expected.
"""

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from scipy.special import chdtrc, ndtr, ndtri, stdtr, stdtrit

from igfmood.errors import NotEstimable
from igfmood.synthesis.tau2 import Tau2Estimator, error_contrasts, estimate_tau2

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True)
class NormalInference:
    """The mean effect with the normal distribution in place of t: metafor's ``test="z"``.

    `se` is that of the model, `z` its Wald statistic, `p` two-sided; the prediction interval
    (`pi_low`, `pi_high`) is ``estimate +- z * sqrt(tau2 + se^2)``.
    """

    estimate: float
    se: float
    z: float
    p: float
    ci_low: float
    ci_high: float
    pi_low: float
    pi_high: float
    level: float


@dataclass(frozen=True, eq=False)
class RandomEffects:
    """A random-effects meta-analysis. Scale: that of the estimates that went in.

    Attributes
    ----------
    mu, se : float
        Mean effect and its Knapp-Hartung standard error.
    se_normal : float
        Standard error from the model alone, as for a normal interval: with few studies that
        happen to agree it can be the larger of the two.
    df : int
        k - 1; of t, of the interval and of the prediction interval.
    t, p : float
        ``mu / se`` and its two-sided p.
    ci_low, ci_high : float
        Interval for the mean effect.
    pi_low, pi_high : float
        Prediction interval: the range for the true effect in a new study.
    tau2, se_tau2 : float
        Between-study variance and its standard error.
    i2 : float
        Percent of the variance that is between studies, 0 to 100, from tau2.
    h2 : float
        Total over sampling variance, 1 or more, from tau2.
    q, q_df, q_p : float, int, float
        Cochran's Q test of homogeneity.
    k : int
        Studies.
    weights : ndarray, shape (k,)
        Random-effects weights as shares; they sum to 1.
    level : float
        Coverage of both intervals.
    estimator : str
        Of tau2: DL, PM, ML or REML.
    """

    mu: float
    se: float
    se_normal: float
    df: int
    t: float
    p: float
    ci_low: float
    ci_high: float
    pi_low: float
    pi_high: float
    tau2: float
    se_tau2: float
    i2: float
    h2: float
    q: float
    q_df: int
    q_p: float
    k: int
    weights: FloatArray
    level: float
    estimator: Tau2Estimator

    def normal(self) -> NormalInference:
        """Inference by the normal distribution with the standard error of the model."""
        quantile, z = float(ndtri(0.5 + self.level / 2)), self.mu / self.se_normal
        half = quantile * self.se_normal
        reach = quantile * float(np.sqrt(self.tau2 + self.se_normal**2))
        return NormalInference(
            estimate=self.mu,
            se=self.se_normal,
            z=z,
            p=2 * float(ndtr(-abs(z))),
            ci_low=self.mu - half,
            ci_high=self.mu + half,
            pi_low=self.mu - reach,
            pi_high=self.mu + reach,
            level=self.level,
        )

    def modified(self) -> "RandomEffects":
        """The same with a standard error that is never below that of the model.

        Where studies agree better than their sampling errors allow, the Knapp-Hartung interval is
        narrower than any of them could justify; the factor is then held at 1. Standard error, test,
        interval and prediction interval follow.

        References
        ----------
        Roever C, Knapp G, Friede T (2015). BMC Med Res Methodol 15:99, section "Modified
        Hartung-Knapp".
        """
        if self.se >= self.se_normal:
            return self
        se, quantile = self.se_normal, float(stdtrit(self.df, 0.5 + self.level / 2))
        reach = quantile * float(np.sqrt(self.tau2 + se**2))
        t = self.mu / se
        return replace(
            self, se=se, t=t, p=2 * float(stdtr(self.df, -abs(t))),
            ci_low=self.mu - quantile * se, ci_high=self.mu + quantile * se,
            pi_low=self.mu - reach, pi_high=self.mu + reach,
        )  # fmt: skip

    def prediction_hts(self) -> tuple[float, float]:
        """Prediction interval of Higgins, Thompson and Spiegelhalter (2009).

        Returns
        -------
        tuple of float
            ``mu +- t(k - 2) * sqrt(tau2 + se_normal^2)``, the definition of the meta package up
            to version 6.

        Raises
        ------
        NotEstimable
            Two studies: t has no degree of freedom left.
        """
        if self.k < 3:
            raise NotEstimable(f"too few studies for a prediction interval on t(k-2): k = {self.k}")
        quantile = float(stdtrit(self.k - 2, 0.5 + self.level / 2))
        reach = quantile * float(np.sqrt(self.tau2 + self.se_normal**2))
        return self.mu - reach, self.mu + reach


def random_effects(
    yi: npt.ArrayLike,
    vi: npt.ArrayLike,
    level: float = 0.95,
    estimator: Tau2Estimator = "REML",
) -> RandomEffects:
    """Random-effects meta-analysis with Knapp-Hartung inference and prediction interval.

    Parameters
    ----------
    yi : array_like, shape (k,)
        Study estimates, one scale, same direction.
    vi : array_like, shape (k,)
        Their sampling variances (squared standard errors).
    level : float
        Coverage of both intervals.
    estimator : {"REML", "ML", "PM", "DL"}
        Of the between-study variance.

    Returns
    -------
    RandomEffects

    Raises
    ------
    ValueError
        Shapes that do not match, or values that are not finite.
    NotEstimable
        One study only; a sampling variance that is not above 0; studies that agree exactly
        (the Knapp-Hartung standard error is then 0).

    Notes
    -----
    The Knapp-Hartung factor is not truncated at 1: the interval may be narrower than the normal
    one when studies agree better than their sampling errors allow. The prediction interval is
    ``mu +- t(k-1) * sqrt(tau2 + se^2)`` with the Knapp-Hartung `se` (metafor with
    ``test="knha"``); the meta package uses t(k-2). I2 and H2 are computed from tau2 with the
    typical sampling variance, not from Q.

    References
    ----------
    Viechtbauer W (2005). J Educ Behav Stat 30:261-293 (estimators of tau2).
    Knapp G, Hartung J (2003). Stat Med 22:2693-2710, equation 5.
    Higgins JPT, Thompson SG (2002). Stat Med 21:1539-1558, equations 9 and 10 (typical variance).
    Higgins JPT, Thompson SG, Spiegelhalter DJ (2009). J R Stat Soc A 172:137-159, section 4.
    """
    y, v = checked_studies(yi, vi)
    k, df = y.size, y.size - 1
    # Measured from the most precise study, whose residual would otherwise be lost to rounding.
    origin = float(y[np.argmin(v)])
    contrasts = error_contrasts(y - origin, v, np.ones((k, 1)))
    tau2 = estimate_tau2(contrasts, estimator)
    w = 1 / (v + tau2.value)
    total = float(w.sum())
    mu = origin + float(w @ (y - origin)) / total
    se2 = contrasts.q(tau2.value) / (df * total)
    if not se2 > 1e-28 * mu**2:
        raise NotEstimable(
            f"the k = {k} studies give the same estimate ({mu:g}): the Knapp-Hartung standard "
            "error is 0"
        )
    se = float(np.sqrt(se2))
    t, quantile = mu / se, float(stdtrit(df, 0.5 + level / 2))
    reach = quantile * float(np.sqrt(tau2.value + se2))
    q, typical = contrasts.q(), contrasts.typical_variance
    return RandomEffects(
        mu=mu,
        se=se,
        se_normal=float(1 / np.sqrt(total)),
        df=df,
        t=t,
        p=2 * float(stdtr(df, -abs(t))),
        ci_low=mu - quantile * se,
        ci_high=mu + quantile * se,
        pi_low=mu - reach,
        pi_high=mu + reach,
        tau2=tau2.value,
        se_tau2=tau2.se,
        i2=100 * tau2.value / (tau2.value + typical),
        h2=1 + tau2.value / typical,
        q=q,
        q_df=df,
        q_p=float(chdtrc(df, q)),
        k=k,
        weights=w / total,
        level=level,
        estimator=estimator,
    )


def leave_one_out(
    yi: npt.ArrayLike,
    vi: npt.ArrayLike,
    level: float = 0.95,
    estimator: Tau2Estimator = "REML",
) -> list[RandomEffects]:
    """Repeat the synthesis without each study in turn.

    Parameters
    ----------
    yi, vi, level, estimator
        As in `random_effects`.

    Returns
    -------
    list of RandomEffects, length k
        Element i is the synthesis without study i.

    Raises
    ------
    ValueError, NotEstimable
        As in `random_effects`; fewer than three studies.
    """
    y, v = checked_studies(yi, vi)
    if y.size < 3:
        raise NotEstimable(f"too few studies to leave one out: k = {y.size} < 3")
    kept = ~np.eye(y.size, dtype=bool)
    return [random_effects(y[rows], v[rows], level, estimator) for rows in kept]


def checked_studies(yi: npt.ArrayLike, vi: npt.ArrayLike) -> tuple[FloatArray, FloatArray]:
    """Return estimates and variances as arrays, or raise what `random_effects` raises."""
    y, v = np.asarray(yi, dtype=float), np.asarray(vi, dtype=float)
    if y.ndim != 1 or y.shape != v.shape:
        raise ValueError(f"yi {y.shape} and vi {v.shape} do not match")
    if not (np.isfinite(y).all() and np.isfinite(v).all()):
        raise ValueError("yi and vi must be finite: leave studies that are not estimable out")
    if y.size < 2:
        raise NotEstimable(
            f"{'one study only' if y.size else 'no study'}: k = {y.size}, between-study variance "
            "needs at least 2"
        )
    if not (v > 0).all():
        worst = int(np.argmin(v))
        raise NotEstimable(f"study {worst} (counted from 0) has sampling variance {v[worst]:g}")
    return y, v
