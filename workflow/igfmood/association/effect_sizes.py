"""Differences between groups on one scale, so that cohorts and assays can be compared.

Takes: group means, SDs and counts, or a regression coefficient and the SD it is measured in.
Gives: Hedges' g with its standard error and t interval; a two one-sided test of equivalence.
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import gammaln, ndtr, ndtri, stdtr, stdtrit

from igfmood.errors import NotEstimable


@dataclass(frozen=True)
class EffectSize:
    """A standardised mean difference, group 1 minus group 2, in pooled within-group SDs.

    `df` is the degrees of freedom of the t interval; `p` is two-sided, of ``g / se`` on `df`;
    `level` is the coverage of (`ci_low`, `ci_high`).
    """

    g: float
    se: float
    df: float
    p: float
    ci_low: float
    ci_high: float
    level: float


@dataclass(frozen=True)
class Equivalence:
    """Two one-sided tests against ``-margin`` and ``+margin``.

    `p` is the larger of `p_lower` (H0: effect <= -margin) and `p_upper` (H0: effect >= margin);
    `p` < alpha exactly when (`ci_low`, `ci_high`), of coverage `level` = 1 - 2 alpha, lies
    within the margin.
    """

    p: float
    p_lower: float
    p_upper: float
    ci_low: float
    ci_high: float
    level: float
    margin: float


def small_sample_correction(df: float) -> float:
    """Hedges' J, the exact factor that makes a standardised difference unbiased.

    Parameters
    ----------
    df : float
        Degrees of freedom of the standardising SD, above 1.

    Returns
    -------
    float
        ``gamma(df/2) / (sqrt(df/2) * gamma((df-1)/2))``, below 1; not the approximation
        ``1 - 3/(4 df - 1)``.

    Raises
    ------
    NotEstimable
        `df` is 1 or less.

    References
    ----------
    Hedges LV (1981). J Educ Stat 6:107-128, equation 6e.
    """
    if not df > 1:
        raise NotEstimable(f"too few participants for a standardised difference: df = {df:g}")
    return float(np.exp(gammaln(df / 2) - gammaln((df - 1) / 2)) / np.sqrt(df / 2))


def pooled_sd(sd1: float, n1: int, sd2: float, n2: int) -> float:
    """Pooled within-group standard deviation, on n1 + n2 - 2 degrees of freedom.

    Parameters
    ----------
    sd1, sd2 : float
        Standard deviations of the two groups, n - 1 in the denominator, outcome units.
    n1, n2 : int
        Participants, at least 2 in each group.

    Returns
    -------
    float
        Outcome units.

    Raises
    ------
    ValueError
        An SD that is negative or not finite.
    NotEstimable
        A group of fewer than 2, or no variance in either group.
    """
    if not (0 <= sd1 < np.inf and 0 <= sd2 < np.inf):
        raise ValueError(f"standard deviations must be finite and not negative: {sd1}, {sd2}")
    if min(n1, n2) < 2:
        raise NotEstimable(f"a group has fewer than 2 participants: n1 = {n1}, n2 = {n2}")
    variance = ((n1 - 1) * sd1**2 + (n2 - 1) * sd2**2) / (n1 + n2 - 2)
    if not variance > 0:
        raise NotEstimable(f"the outcome does not vary within groups (n1 = {n1}, n2 = {n2})")
    return float(np.sqrt(variance))


def hedges_g(
    mean1: float,
    sd1: float,
    n1: int,
    mean2: float,
    sd2: float,
    n2: int,
    level: float = 0.95,
) -> EffectSize:
    """Standardised mean difference of two independent groups, corrected for small samples.

    Parameters
    ----------
    mean1, mean2 : float
        Group means, same unit.
    sd1, sd2 : float
        Group SDs (n - 1).
    n1, n2 : int
        Participants, at least 2 in each group.
    level : float
        Coverage of the interval.

    Returns
    -------
    EffectSize
        ``g = J (mean1 - mean2) / pooled SD``, variance ``1/n1 + 1/n2 + g^2 / (2 (n1 + n2))``
        (metafor's ``vtype="LS"``), interval by Student t on n1 + n2 - 2.

    Raises
    ------
    ValueError
        A value that is not finite, or a negative SD.
    NotEstimable
        A group of fewer than 2, or no variance within groups.

    References
    ----------
    Hedges LV (1981). J Educ Stat 6:107-128.
    Hedges LV, Olkin I (1985). Statistical Methods for Meta-Analysis, chapter 5, equation 14.
    """
    sd = pooled_sd(sd1, n1, sd2, n2)
    se_difference = sd * float(np.sqrt(1 / n1 + 1 / n2))
    return adjusted_hedges_g(mean1 - mean2, se_difference, sd, n1, n2, n1 + n2 - 2, level)


def adjusted_hedges_g(
    beta: float,
    se_beta: float,
    pooled_sd: float,
    n1: int,
    n2: int,
    df: float,
    level: float = 0.95,
) -> EffectSize:
    """Standardise a covariate-adjusted group difference.

    The standardiser is the *unadjusted* pooled within-group SD, so that adjustment changes the
    difference and not the ruler: adjusted and unadjusted g, and g of cohorts with different
    covariates, stay comparable.

    Parameters
    ----------
    beta : float
        Adjusted difference, group 1 minus group 2, outcome units.
    se_beta : float
        Its standard error (classical or HC3), outcome units.
    pooled_sd : float
        Unadjusted pooled within-group SD, outcome units, on n1 + n2 - 2 degrees of freedom.
    n1, n2 : int
        Participants in the model, by group.
    df : float
        Residual degrees of freedom of the model that gave `se_beta`; for p and the interval.
    level : float
        Coverage of the interval.

    Returns
    -------
    EffectSize
        ``g = J(n1 + n2 - 2) * beta / pooled_sd`` with variance
        ``(se_beta / pooled_sd)^2 + g^2 / (2 (n1 + n2))``.

    Raises
    ------
    ValueError
        A value that is not finite.
    NotEstimable
        `se_beta`, `pooled_sd` or `df` not above zero, or fewer than 2 in a group.

    Notes
    -----
    The first term is the sampling variance of the numerator, the second that of the
    standardiser. J enters g only, as in metafor's ``vtype="LS"``: with the classical unadjusted
    standard error ``pooled_sd * sqrt(1/n1 + 1/n2)`` the first term is ``1/n1 + 1/n2`` and the
    variance is exactly that of `hedges_g`. J depends on the degrees of freedom of the
    standardiser, the interval on those of the model.

    References
    ----------
    Hedges LV, Olkin I (1985). Statistical Methods for Meta-Analysis, chapter 5.
    Hedges LV (2007). J Educ Behav Stat 32:341-370 (variance of a standardised contrast).
    """
    if not np.isfinite([beta, se_beta, pooled_sd]).all():
        raise ValueError(f"values must be finite: {beta=}, {se_beta=}, {pooled_sd=}")
    if not (se_beta > 0 and pooled_sd > 0 and df > 0):
        raise NotEstimable(f"no variance to standardise by: {se_beta=}, {pooled_sd=}, {df=}")
    if min(n1, n2) < 2:
        raise NotEstimable(f"a group has fewer than 2 participants: n1 = {n1}, n2 = {n2}")
    g = small_sample_correction(n1 + n2 - 2) * beta / pooled_sd
    se = float(np.sqrt((se_beta / pooled_sd) ** 2 + g**2 / (2 * (n1 + n2))))
    half_width = float(_t_quantile(df, 0.5 + level / 2)) * se
    p = 2 * _t_cdf(df, -abs(g) / se)
    return EffectSize(g, se, float(df), p, g - half_width, g + half_width, level)


def tost(estimate: float, se: float, df: float, margin: float, alpha: float = 0.05) -> Equivalence:
    """Test by two one-sided tests that the effect is smaller than anything that would matter.

    Parameters
    ----------
    estimate, se : float
        Effect and standard error, same unit as `margin`.
    df : float
        Degrees of freedom of t; ``inf`` for the normal distribution.
    margin : float
        Smallest effect of interest, above 0; equivalence is ``-margin < effect < margin``.
    alpha : float
        Level of each one-sided test; the interval has coverage 1 - 2 alpha (0.90 by default).

    Returns
    -------
    Equivalence

    Raises
    ------
    ValueError
        `margin` not above 0, or an estimate that is not finite.
    NotEstimable
        `se` or `df` not above 0.

    References
    ----------
    Schuirmann DJ (1987). J Pharmacokinet Biopharm 15:657-680.
    """
    if not (0 < margin < np.inf and np.isfinite(estimate)):
        raise ValueError(f"the margin must be above 0 and the estimate finite: {margin=}")
    if not (0 < se < np.inf and df > 0):
        raise NotEstimable(f"no standard error to test with: se = {se:g}, df = {df:g}")
    p_lower = _t_cdf(df, -(estimate + margin) / se)
    p_upper = _t_cdf(df, (estimate - margin) / se)
    half_width = _t_quantile(df, 1 - alpha) * se
    low, high = estimate - half_width, estimate + half_width
    return Equivalence(max(p_lower, p_upper), p_lower, p_upper, low, high, 1 - 2 * alpha, margin)


def _t_cdf(df: float, t: float) -> float:
    return float(ndtr(t) if np.isinf(df) else stdtr(df, t))


def _t_quantile(df: float, probability: float) -> float:
    return float(ndtri(probability) if np.isinf(df) else stdtrit(df, probability))
