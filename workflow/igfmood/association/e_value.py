"""How strong an unmeasured confounder would have to be to explain an association away.

Takes: a risk ratio with its interval, or an odds ratio, hazard ratio or standardised difference
turned into one.
Gives: the E-value of the estimate and of the limit nearest to no association.
"""

from dataclasses import dataclass

import numpy as np

#: Half-width of the 95 % limits on the log risk ratio scale per standard error of d, and the
#: factor of d itself, as published with the E-value (0.91 * 1.96 = 1.78).
PER_SD, PER_SE = 0.91, 1.78


@dataclass(frozen=True)
class RiskRatio:
    """A risk ratio, exact or approximate, with its interval; all above 0."""

    estimate: float
    ci_low: float
    ci_high: float


@dataclass(frozen=True)
class EValue:
    """The least risk ratio that a confounder must have with both exposure and outcome.

    Attributes
    ----------
    estimate : float
        To move the estimate to no association; at least 1.
    limit : float
        To move the nearer limit of the interval there; 1 where the interval holds 1 already.
    """

    estimate: float
    limit: float


def e_value(found: RiskRatio) -> EValue:
    """E-value ``RR + sqrt(RR (RR - 1))`` of an estimate and of its nearer limit.

    Parameters
    ----------
    found : RiskRatio
        Below 1 as well as above: ratios below 1 are inverted.

    Returns
    -------
    EValue

    Raises
    ------
    ValueError
        Ratios that are not finite and above 0, or limits that do not enclose the estimate.

    References
    ----------
    VanderWeele TJ, Ding P (2017). Ann Intern Med 167:268-274.
    """
    rr, low, high = found.estimate, found.ci_low, found.ci_high
    if not 0 < low <= rr <= high < np.inf:
        raise ValueError(f"expected 0 < lower <= estimate <= upper, found {low}, {rr}, {high}")
    if low <= 1 <= high:
        return EValue(_bound(rr), 1.0)
    return EValue(_bound(rr), _bound(low if low > 1 else high))


def from_odds_ratio(estimate: float, ci_low: float, ci_high: float) -> RiskRatio:
    """Risk ratio near an odds ratio of a common outcome (above 15 %): its square root.

    For a rarer outcome the odds ratio stands for the risk ratio as it is.

    Raises
    ------
    ValueError
        A ratio that is not finite and above 0.

    References
    ----------
    VanderWeele TJ (2017). Epidemiology 28:e58-e60.
    """
    return RiskRatio(*(float(np.sqrt(_positive(x))) for x in (estimate, ci_low, ci_high)))


def from_hazard_ratio(estimate: float, ci_low: float, ci_high: float) -> RiskRatio:
    """Risk ratio near a hazard ratio of an outcome common at the end of follow-up (above 15 %).

    ``(1 - 0.5^sqrt(HR)) / (1 - 0.5^sqrt(1 / HR))``. For a rarer outcome the hazard ratio stands
    for the risk ratio as it is.

    Raises
    ------
    ValueError
        A ratio that is not finite and above 0.

    References
    ----------
    VanderWeele TJ, Ding P (2017). Ann Intern Med 167:268-274, table 2.
    """
    return RiskRatio(*(_of_hazard(_positive(x)) for x in (estimate, ci_low, ci_high)))


def from_standardised_difference(d: float, se: float) -> RiskRatio:
    """Risk ratio near a standardised mean difference: ``exp(0.91 d)``.

    Parameters
    ----------
    d, se : float
        Difference and its standard error, in SDs of the outcome.

    Returns
    -------
    RiskRatio
        Limits ``exp(0.91 d -+ 1.78 se)``, of 95 % coverage.

    Raises
    ------
    ValueError
        `se` not above 0, or values that are not finite.

    References
    ----------
    VanderWeele TJ, Ding P (2017). Ann Intern Med 167:268-274, table 2.
    """
    if not (np.isfinite(d) and 0 < se < np.inf):
        raise ValueError(f"expected a finite difference and a standard error above 0: {d=}, {se=}")
    limits = (PER_SD * d, PER_SD * d - PER_SE * se, PER_SD * d + PER_SE * se)
    return RiskRatio(*(float(np.exp(x)) for x in limits))


def from_standardised_interval(d: float, ci_low: float, ci_high: float) -> RiskRatio:
    """Risk ratio near a standardised mean difference, with the interval that the difference has.

    `from_standardised_difference` builds a normal interval of 95 %; here the ends may be those of
    Student's t, or of another level.

    Parameters
    ----------
    d, ci_low, ci_high : float
        Difference and its interval, in SDs of the outcome.

    Returns
    -------
    RiskRatio
        ``exp(0.91 d)`` and the same of the ends.

    References
    ----------
    VanderWeele TJ, Ding P (2017). Ann Intern Med 167:268-274, table 2.
    """
    return RiskRatio(*(float(np.exp(PER_SD * x)) for x in (d, ci_low, ci_high)))


def _positive(ratio: float) -> float:
    if not 0 < ratio < np.inf:
        raise ValueError(f"a ratio must be finite and above 0, found {ratio}")
    return ratio


def _bound(rr: float) -> float:
    away = max(rr, 1 / rr)
    return float(away + np.sqrt(away * (away - 1)))


def _of_hazard(ratio: float) -> float:
    return float((1 - 0.5 ** np.sqrt(ratio)) / (1 - 0.5 ** np.sqrt(1 / ratio)))
