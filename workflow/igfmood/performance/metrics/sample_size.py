"""How many people a prediction model, or the test of an AUC, needs.

Takes what is expected of the model; gives the people that each of Riley's criteria asks for, and
the power of an AUC against chance.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.integrate import quad
from scipy.special import expit, ndtr, ndtri, stdtrit

from igfmood.errors import NotEstimable

FloatArray = npt.NDArray[np.float64]


#: Power, and two-sided level, at which effects are said to be found.
POWER, ALPHA = 0.8, 0.05


@dataclass(frozen=True)
class RequiredPeople:
    """People that a binary prediction model needs, by criterion.

    Attributes
    ----------
    shrinkage : int
        So that coefficients need shrinking by no more than the factor asked for.
    optimism : int
        So that the apparent and the true Nagelkerke R2 differ by at most 0.05.
    intercept : int
        So that the overall risk is known to within 0.05.
    """

    shrinkage: int
    optimism: int
    intercept: int

    @property
    def n(self) -> int:
        """People that meet all criteria."""
        return max(self.shrinkage, self.optimism, self.intercept)


def required_people(
    r2_cs: float, parameters: int, prevalence: float, shrinkage: float = 0.9
) -> RequiredPeople:
    """Sample size for developing a prediction model of a binary outcome.

    Parameters
    ----------
    r2_cs : float
        Cox-Snell R2 expected of the model.
    parameters : int
        Coefficients other than the intercept, every spline term counted.
    prevalence : float
        Share of cases.
    shrinkage : float
        Smallest acceptable shrinkage factor.

    Raises
    ------
    NotEstimable
        An R2 that is not above 0 and below its largest possible value.

    References
    ----------
    Riley RD et al (2020). BMJ 368:m441, figure 3 (criteria B2 to B4).
    Riley RD et al (2019). Stat Med 38:1276-1296.
    """
    largest = largest_r2(prevalence)
    if not 0 < r2_cs < largest:
        raise NotEstimable(
            f"a Cox-Snell R2 of {r2_cs:.3g} is not between 0 and its largest value {largest:.3g}"
        )
    needed = r2_cs / (r2_cs + 0.05 * largest)
    return RequiredPeople(
        _by_shrinkage(r2_cs, parameters, shrinkage),
        _by_shrinkage(r2_cs, parameters, needed),
        int(np.ceil((ndtri(0.975) / 0.05) ** 2 * prevalence * (1 - prevalence))),
    )


def largest_r2(prevalence: float) -> float:
    """Largest Cox-Snell R2 that an outcome of this prevalence allows."""
    null = prevalence * np.log(prevalence) + (1 - prevalence) * np.log(1 - prevalence)
    return float(1 - np.exp(2 * null))


def r2_from_auc(auc: float, prevalence: float) -> float:
    """Cox-Snell R2 of a model with this AUC, its linear predictor being normal in each class.

    Parameters
    ----------
    auc : float
        Above 0.5 and below 1.
    prevalence : float
        Share of cases.

    Raises
    ------
    NotEstimable
        An AUC of 0.5 or less: a model that knows nothing needs no end of people.

    Notes
    -----
    Riley simulates; the mean log-likelihood of the calibrated model is an integral, taken here by
    quadrature: linear predictors are N(m, 2 q) with q half their squared distance, as equal
    variances ask for.

    References
    ----------
    Riley RD, Van Calster B, Collins GS (2021). Stat Med 40:859-864.
    """
    if not 0.5 < auc < 1:
        raise NotEstimable(f"an AUC of {auc:.3g} gives no R2: it must lie between 0.5 and 1")
    distance = float(np.sqrt(2) * ndtri(auc))
    log_odds = np.log(prevalence / (1 - prevalence))

    def deviance(case: bool) -> float:
        """Mean log-likelihood of one class."""
        mean = distance**2 / 2 if case else -(distance**2) / 2
        sign = 1 if case else -1

        def weighed(z: float) -> float:
            risk = expit(sign * (log_odds + mean + distance * z))
            return float(np.log(risk) * np.exp(-(z**2) / 2) / np.sqrt(2 * np.pi))

        return float(quad(weighed, -10, 10)[0])

    model = prevalence * deviance(True) + (1 - prevalence) * deviance(False)
    null = prevalence * np.log(prevalence) + (1 - prevalence) * np.log(1 - prevalence)
    return float(1 - np.exp(2 * (null - model)))


def shrinkage_expected(r2_cs: float, parameters: int, n: int) -> float:
    """Shrinkage factor that a model of n people is to expect; see `required_people`.

    Raises
    ------
    NotEstimable
        An R2 that is not between 0 and 1.
    """
    if not 0 < r2_cs < 1:
        raise NotEstimable(f"a Cox-Snell R2 of {r2_cs:.3g} has no shrinkage")
    return 1 + parameters / (n * float(np.log1p(-r2_cs)))


def auc_power(auc: float, n_cases: int, n_controls: int, alpha: float = 0.05) -> float:
    """Power to tell an AUC from 0.5, two-sided, for normal scores of equal variance.

    Parameters
    ----------
    auc : float
        True AUC.
    n_cases, n_controls : int
    alpha : float
        Two-sided level.

    References
    ----------
    Obuchowski NA, McClish DK (1997). Stat Med 16:1529-1542, equations 2 and 3.
    Obuchowski NA, Lieber ML, Wians FH (2004). Clin Chem 50:1118-1125.
    """
    ratio = n_controls / n_cases
    z = ndtri(1 - alpha / 2) * np.sqrt(0.0792 * (1 + 1 / ratio))
    gap = np.sqrt(n_cases) * (auc - 0.5)
    return float(ndtr((gap - z) / np.sqrt(_auc_variance(auc, ratio))))


def detectable(se: float, df: float = np.inf, power: float = POWER, alpha: float = ALPHA) -> float:
    """Smallest effect that a study with this standard error finds, two-sided.

    Parameters
    ----------
    se : float
        Standard error of the estimate.
    df : float
        Degrees of freedom of the t test against 0; infinite for a normal test.
    power, alpha : float
        Of the test.

    Notes
    -----
    With the central t in place of the noncentral one, which is a little too large for few degrees
    of freedom.
    """
    at = (1 - alpha / 2, power)
    quantiles = ndtri(at) if np.isinf(df) else stdtrit(df, at)
    return float(np.sum(quantiles) * se)


def _by_shrinkage(r2_cs: float, parameters: int, shrinkage: float) -> int:
    return int(np.ceil(parameters / ((shrinkage - 1) * np.log(1 - r2_cs / shrinkage))))


def _auc_variance(auc: float, ratio: float) -> float:
    """Variance of an AUC times the number of cases, for normal scores."""
    a = ndtri(auc) * 1.414
    return float((0.0099 * np.exp(-(a**2) / 2)) * ((5 * a**2 + 8) + (a**2 + 8) / ratio))
