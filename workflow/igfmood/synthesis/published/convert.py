"""Effect sizes from what a paper prints: means, medians, t, p, AUC, odds ratio, adjusted estimate.

Takes: the printed numbers of two groups, cases first.
Gives: a standardised mean difference (cases minus controls) with its sampling variance, and how it
was obtained.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.special import ndtri, stdtrit

from igfmood.association.effect_sizes import adjusted_hedges_g, hedges_g
from igfmood.errors import NotEstimable
from igfmood.synthesis.published.medians import Moments, Quantiles, moments_luo

Direction = Literal["higher", "lower"]

#: An interval whose centre is further from its estimate than this share of its width is none on
#: the scale of the estimate: rounding does not move it so far.
MOST_ASYMMETRY = 0.1


@dataclass(frozen=True)
class StandardisedDifference:
    """A standardised mean difference, cases minus controls, in within-group SDs.

    `variance` is its sampling variance, `method` how it was obtained, in words.
    """

    estimate: float
    variance: float
    method: str

    @property
    def se(self) -> float:
        """Standard error."""
        return float(np.sqrt(self.variance))


def smd_from_means(
    mean1: float, sd1: float, n1: int, mean2: float, sd2: float, n2: int
) -> StandardisedDifference:
    """Hedges' g from means and SDs; arguments, variance, errors and source as in `hedges_g`."""
    found = hedges_g(mean1, sd1, n1, mean2, sd2, n2)
    return StandardisedDifference(found.g, found.se**2, "Hedges' g from means and SDs")


def smd_from_quantiles(
    group1: Quantiles, group2: Quantiles, moments: Callable[[Quantiles], Moments] = moments_luo
) -> StandardisedDifference:
    """Hedges' g from medians with quartiles or ranges.

    Parameters
    ----------
    group1, group2 : Quantiles
    moments : callable
        `moments_luo`, `moments_wan` or `moments_mcgrath`.

    Notes
    -----
    The variance is that of a g from means and SDs. It takes the estimated mean and SD for those
    of the sample and is therefore somewhat too small.
    """
    one, two = moments(group1), moments(group2)
    found = hedges_g(one.mean, one.sd, group1.n, two.mean, two.sd, group2.n)
    how = one.method if one.method == two.method else f"{one.method} and {two.method}"
    return StandardisedDifference(found.g, found.se**2, f"Hedges' g from medians: {how}")


def smd_from_d(d: float, n1: int, n2: int) -> StandardisedDifference:
    """Hedges' g from Cohen's d and the sizes of the groups.

    Parameters
    ----------
    d : float
        Difference over the pooled SD, group 1 minus group 2.
    n1, n2 : int
        Participants, at least 2 in each group.

    Raises
    ------
    ValueError
        `d` that is not finite.
    NotEstimable
        Fewer than 2 in a group.

    References
    ----------
    Hedges LV, Olkin I (1985). Statistical Methods for Meta-Analysis, chapter 5.
    """
    return _from_d(d, n1, n2, "Hedges' g from Cohen's d")


def smd_from_t(t: float, n1: int, n2: int) -> StandardisedDifference:
    """Hedges' g from Student's t of two independent groups.

    Parameters
    ----------
    t : float
        With the sign of group 1 minus group 2.
    n1, n2 : int
        Participants, at least 2 in each group.

    Returns
    -------
    StandardisedDifference
        From ``d = t sqrt(1/n1 + 1/n2)``, an identity for the t of pooled variances.

    Raises
    ------
    ValueError
        `t` that is not finite.
    NotEstimable
        Fewer than 2 in a group.

    References
    ----------
    Rosenthal R (1994). In: Cooper H, Hedges LV (eds), The Handbook of Research Synthesis, 231-244.
    """
    return _from_d(t * _root_of_sizes(n1, n2), n1, n2, "Hedges' g from t")


def smd_from_p(p: float, direction: Direction, n1: int, n2: int) -> StandardisedDifference:
    """Hedges' g from the two-sided p of a t test and the direction of the difference.

    Parameters
    ----------
    p : float
        Exact value, above 0 and not above 1; a bound (``p < 0.05``) is no value.
    direction : {"higher", "lower"}
        Whether group 1 lies above or below group 2.
    n1, n2 : int
        Participants, at least 2 in each group.

    Raises
    ------
    ValueError
        `p` that is no probability above 0, or an unknown direction.
    NotEstimable
        Fewer than 2 in a group.

    Notes
    -----
    t on n1 + n2 - 2 is turned back from p. From the p of an adjusted model the result is
    approximate: it is a difference in residual SDs, larger than one in SDs.

    References
    ----------
    Rosenthal R (1994). In: Cooper H, Hedges LV (eds), The Handbook of Research Synthesis, 231-244.
    """
    if not 0 < p <= 1:
        raise ValueError(f"p must be above 0 and not above 1, found {p}")
    if direction not in ("higher", "lower"):
        raise ValueError(f"direction must be 'higher' or 'lower', found {direction!r}")
    root = _root_of_sizes(n1, n2)
    t = float(-stdtrit(n1 + n2 - 2, p / 2)) * (1 if direction == "higher" else -1)
    return _from_d(t * root, n1, n2, "Hedges' g from p, its direction and the sizes of the groups")


def _root_of_sizes(n1: int, n2: int) -> float:
    if min(n1, n2) < 2:
        raise NotEstimable(f"a group has fewer than 2 participants: n1 = {n1}, n2 = {n2}")
    return float(np.sqrt(1 / n1 + 1 / n2))


def _from_d(d: float, n1: int, n2: int, method: str) -> StandardisedDifference:
    found = adjusted_hedges_g(d, _root_of_sizes(n1, n2), 1.0, n1, n2, n1 + n2 - 2)
    return StandardisedDifference(found.g, found.se**2, method)


def smd_from_auc(auc: float, n1: int, n2: int, se: float | None = None) -> StandardisedDifference:
    """Standardised difference from the area under the ROC curve, groups normal with one SD.

    Parameters
    ----------
    auc : float
        Probability that a member of group 1 lies above one of group 2; strictly between 0 and 1.
        Below 0.5 where group 1 lies lower: it is never turned round.
    n1, n2 : int
        Participants, at least 2 in each group.
    se : float, optional
        Standard error of the AUC; that of Hanley and McNeil if left out.

    Returns
    -------
    StandardisedDifference
        ``sqrt(2) PHI^-1(auc)``; variance by the delta method. No small-sample factor: no SD is
        estimated.

    Raises
    ------
    ValueError
        An AUC that is no probability, or a standard error that is not above 0.
    NotEstimable
        An AUC of 0 or 1 (the difference has no end), or fewer than 2 in a group.

    References
    ----------
    Hanley JA, McNeil BJ (1982). Radiology 143:29-36, equations 1 and 2.
    Salgado JF (2018). Eur J Psychol Appl Legal Context 10:35-47.
    """
    if not 0 <= auc <= 1:
        raise ValueError(f"an AUC lies between 0 and 1, found {auc}")
    if auc in (0, 1):
        raise NotEstimable(f"AUC = {auc:g}: the groups do not overlap, the difference has no end")
    _root_of_sizes(n1, n2)
    if se is None:
        variance, source = _hanley_mcneil(auc, n1, n2), "variance after Hanley and McNeil 1982"
    else:
        variance, source = _positive(se) ** 2, "its reported standard error"
    z = float(ndtri(auc))
    slope2 = 4 * np.pi * np.exp(z**2)  # (sqrt(2) / phi(z))^2
    return StandardisedDifference(
        float(np.sqrt(2)) * z, float(slope2 * variance), f"from the AUC (binormal), {source}"
    )


def _hanley_mcneil(auc: float, n1: int, n2: int) -> float:
    q1, q2 = auc / (2 - auc), 2 * auc**2 / (1 + auc)
    between = (n1 - 1) * (q1 - auc**2) + (n2 - 1) * (q2 - auc**2)
    return (auc * (1 - auc) + between) / (n1 * n2)


def smd_from_odds_ratio(odds_ratio: float, se_log: float) -> StandardisedDifference:
    """Standardised difference from an odds ratio, the analyte cut in two, groups logistic.

    Parameters
    ----------
    odds_ratio : float
        Odds of being a case above the cut, against below it.
    se_log : float
        Standard error of its logarithm; see `se_from_ci` of the logarithms of the limits.

    Returns
    -------
    StandardisedDifference
        ``log(OR) sqrt(3) / pi``, variance ``se_log^2 * 3 / pi^2``.

    Raises
    ------
    ValueError
        An odds ratio or a standard error that is not above 0.

    Notes
    -----
    Not for an odds ratio per SD or per unit, nor for one of a tail against the middle.

    References
    ----------
    Chinn S (2000). Stat Med 19:3127-3131.
    """
    if not 0 < odds_ratio < np.inf:
        raise ValueError(f"an odds ratio is above 0, found {odds_ratio}")
    factor = float(np.sqrt(3) / np.pi)
    return StandardisedDifference(
        factor * float(np.log(odds_ratio)),
        (factor * _positive(se_log)) ** 2,
        "from the odds ratio (logistic; Chinn 2000)",
    )


def smd_adjusted(estimate: float, se: float) -> StandardisedDifference:
    """Take a standardised difference and its standard error from an adjusted model as they are.

    Parameters
    ----------
    estimate : float
        In SDs of the analyte, cases minus controls.
    se : float
        Its standard error.

    Raises
    ------
    ValueError
        An estimate that is not finite, or a standard error that is not above 0.
    """
    if not np.isfinite(estimate):
        raise ValueError(f"an estimate must be finite, found {estimate}")
    return StandardisedDifference(
        float(estimate), _positive(se) ** 2, "adjusted estimate and standard error as reported"
    )


def se_from_ci(estimate: float, low: float, high: float, level: float = 0.95) -> float:
    """Standard error from a symmetric interval.

    Parameters
    ----------
    estimate, low, high : float
        On the scale where the interval is symmetric: for a ratio, the logarithms.
    level : float
        Coverage.

    Returns
    -------
    float
        ``(high - low) / (2 z)``.

    Raises
    ------
    ValueError
        Limits that do not enclose the estimate, or lie about it so unevenly that the interval
        belongs to another scale (centre off by more than a tenth of the width).

    References
    ----------
    Higgins JPT et al (2023). Cochrane Handbook version 6.4, section 6.3.1.
    """
    if not (np.isfinite([estimate, low, high]).all() and low < high and low <= estimate <= high):
        raise ValueError(f"limits must enclose their estimate: {low} <= {estimate} <= {high}")
    if not 0 < level < 1:
        raise ValueError(f"a level lies between 0 and 1, found {level}")
    width = high - low
    if abs((low + high) / 2 - estimate) > MOST_ASYMMETRY * width:
        raise ValueError(
            f"the interval ({low:g}, {high:g}) is not symmetric about {estimate:g}: it belongs to "
            "another scale (take logarithms of a ratio)"
        )
    return float(width / (2 * ndtri(0.5 + level / 2)))


def _positive(se: float) -> float:
    if not 0 < se < np.inf:
        raise ValueError(f"a standard error is above 0, found {se}")
    return float(se)
