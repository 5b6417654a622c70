"""What a positive or a negative result means: likelihood ratios and predictive values.

Takes counts of a 2 x 2 table and a prevalence with its uncertainty; gives estimates with intervals.
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import expit, logit
from scipy.stats import beta

from igfmood.errors import NotEstimable
from igfmood.performance.metrics.resampling import normal_quantile


@dataclass(frozen=True)
class Ratio:
    """An estimate with its interval; `se` is of the log (ratios) or log odds (shares)."""

    estimate: float
    se: float
    ci_low: float
    ci_high: float


@dataclass(frozen=True)
class TwoByTwo:
    """Cases and controls by the result of a test.

    Parameters
    ----------
    tp, fn : int
        Cases with a positive and with a negative result.
    fp, tn : int
        Controls with a positive and with a negative result.
    """

    tp: int
    fn: int
    fp: int
    tn: int

    @property
    def sensitivity(self) -> float:
        """Share of cases with a positive result."""
        return self.tp / (self.tp + self.fn)

    @property
    def specificity(self) -> float:
        """Share of controls with a negative result."""
        return self.tn / (self.tn + self.fp)


def exact_share(count: int, total: int, level: float = 0.95) -> Ratio:
    """A share with its exact binomial interval.

    Parameters
    ----------
    count, total : int
        Of `total` people, `count` have it.
    level : float
        Coverage, at least.

    Raises
    ------
    NotEstimable
        Nobody in `total`.

    References
    ----------
    Clopper CJ, Pearson ES (1934). Biometrika 26:404-413.
    """
    if total < 1:
        raise NotEstimable("nobody to take a share of")
    tail = (1 - level) / 2
    low = 0.0 if count == 0 else float(beta.ppf(tail, count, total - count + 1))
    high = 1.0 if count == total else float(beta.ppf(1 - tail, count + 1, total - count))
    share = count / total
    return Ratio(share, float(np.sqrt(share * (1 - share) / total)), low, high)


def likelihood_ratio(table: TwoByTwo, positive: bool, level: float = 0.95) -> Ratio:
    """How much more often cases than controls have this result, with a log-normal interval.

    Parameters
    ----------
    table : TwoByTwo
    positive : bool
        Of the positive result, or of the negative.
    level : float
        Coverage.

    Raises
    ------
    NotEstimable
        A cell that the ratio divides by, or takes the log of, is empty.

    References
    ----------
    Simel DL, Samsa GP, Matchar DB (1991). J Clin Epidemiol 44:763-770.
    """
    n_cases, n_controls = table.tp + table.fn, table.fp + table.tn
    case, control = (table.tp, table.fp) if positive else (table.fn, table.tn)
    if not (case and control):
        word = "positive" if positive else "negative"
        raise NotEstimable(f"{case} cases and {control} controls are {word}: no likelihood ratio")
    log_ratio = np.log(case / n_cases) - np.log(control / n_controls)
    se = np.sqrt(1 / case - 1 / n_cases + 1 / control - 1 / n_controls)
    half = normal_quantile(level) * se
    low, estimate, high = np.exp([log_ratio - half, log_ratio, log_ratio + half])
    return Ratio(float(estimate), float(se), float(low), float(high))


def predictive_value(
    table: TwoByTwo, positive: bool, prevalence: float, prevalence_se: float = 0.0,
    level: float = 0.95,
) -> Ratio:  # fmt: skip
    """Positive or negative predictive value at a prevalence, whose uncertainty counts.

    Parameters
    ----------
    table : TwoByTwo
    positive : bool
        Share of cases among the positive (PPV), or of controls among the negative (NPV).
    prevalence : float
        Share of cases where the test is used, above 0 and below 1.
    prevalence_se : float
        Standard error of its log odds; 0 where it is taken as known.
    level : float
        Coverage.

    Returns
    -------
    Ratio
        On the log odds the predictive value is log odds of the prevalence plus log likelihood
        ratio, and so are their variances.

    Raises
    ------
    NotEstimable
        As in `likelihood_ratio`.

    References
    ----------
    Mercaldo ND, Lau KF, Zhou XH (2007). Stat Med 26:2170-2183, section 2.2 (logit interval).
    """
    ratio = likelihood_ratio(table, positive, level)
    odds = logit(prevalence) + np.log(ratio.estimate)
    sign = 1 if positive else -1
    se = float(np.hypot(ratio.se, prevalence_se))
    half = normal_quantile(level) * se
    low, high = sorted(expit(sign * (odds + np.array([-half, half]))))
    return Ratio(float(expit(sign * odds)), se, float(low), float(high))
