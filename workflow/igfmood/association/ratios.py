"""How many times as high, and how many times as variable, the analyte is in one group.

Takes: means, SDs and counts of two groups, one's own or published; the values, for the test.
Gives: log ratios of means and of SDs with intervals; a test of equal spread.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from igfmood.association.models.linear import Contrast
from igfmood.association.wald import FTest, wald_contrast
from igfmood.errors import NotEstimable


def log_ratio_of_means(
    mean1: float,
    sd1: float,
    n1: int,
    mean2: float,
    sd2: float,
    n2: int,
    level: float = 0.95,
) -> Contrast:
    """Log ratio of the arithmetic means of two groups, from what papers print (lnROM).

    Parameters
    ----------
    mean1, mean2 : float
        Group means, same unit, above 0.
    sd1, sd2 : float
        Group SDs (n - 1), same unit.
    n1, n2 : int
        Participants, at least 2 in each group.
    level : float
        Coverage of the interval.

    Returns
    -------
    Contrast
        ``ln(mean1 / mean2)`` with variance ``sd1^2 / (n1 mean1^2) + sd2^2 / (n2 mean2^2)``,
        normal interval.

    Raises
    ------
    ValueError
        A value that is not finite, or a negative SD.
    NotEstimable
        A mean that is not above 0, a group of fewer than 2, or no variance.

    Notes
    -----
    Lajeunesse's second-order correction, half the difference of the two terms of the variance,
    is left out: with a coefficient of variation of 0.4 and 20 per group it is below 0.005.

    References
    ----------
    Hedges LV, Gurevitch J, Curtis PS (1999). Ecology 80:1150-1156, equation 1.
    """
    _require_groups(n1, sd1, n2, sd2)
    if not np.isfinite([mean1, mean2]).all():
        raise ValueError(f"means must be finite: {mean1=}, {mean2=}")
    if not (mean1 > 0 and mean2 > 0):
        raise NotEstimable(f"a ratio needs means above 0: {mean1:g}, {mean2:g}")
    variance = sd1**2 / (n1 * mean1**2) + sd2**2 / (n2 * mean2**2)
    return wald_contrast(float(np.log(mean1 / mean2)), float(np.sqrt(variance)), np.inf, level)


def log_variance_ratio(sd1: float, n1: int, sd2: float, n2: int, level: float = 0.95) -> Contrast:
    """Log ratio of the standard deviations of two groups (lnVR).

    Parameters
    ----------
    sd1, sd2 : float
        Group SDs (n - 1), same unit, above 0.
    n1, n2 : int
        Participants, at least 2 in each group.
    level : float
        Coverage of the interval.

    Returns
    -------
    Contrast
        ``ln(sd1 / sd2) + 1 / (2 (n1 - 1)) - 1 / (2 (n2 - 1))`` with variance
        ``1 / (2 (n1 - 1)) + 1 / (2 (n2 - 1))``, normal interval. It holds for normal values:
        heavy tails make the variance too small, `brown_forsythe` does not mind them.

    Raises
    ------
    ValueError
        An SD that is negative or not finite.
    NotEstimable
        A group of fewer than 2, or an SD of 0.

    References
    ----------
    Nakagawa S et al (2015). Methods Ecol Evol 6:143-152 (lnVR).
    """
    _require_groups(n1, sd1, n2, sd2)
    if not (sd1 > 0 and sd2 > 0):
        raise NotEstimable(f"a group does not vary: SDs {sd1:g} and {sd2:g}")
    half1, half2 = 1 / (2 * (n1 - 1)), 1 / (2 * (n2 - 1))
    estimate = float(np.log(sd1 / sd2)) + half1 - half2
    return wald_contrast(estimate, float(np.sqrt(half1 + half2)), np.inf, level)


def brown_forsythe(groups: Sequence[npt.ArrayLike]) -> FTest:
    """Test of equal spread: analysis of variance of the distances to the group's median.

    Parameters
    ----------
    groups : sequence of array_like, each of shape (n_i,)
        Values by group, same unit, without missing values.

    Returns
    -------
    FTest

    Raises
    ------
    ValueError
        Missing or infinite values.
    NotEstimable
        Fewer than 2 groups, a group of fewer than 2, or distances that do not vary.

    References
    ----------
    Brown MB, Forsythe AB (1974). J Am Stat Assoc 69:364-367, statistic W50.
    """
    # Loaded here because scipy.stats costs start-up time that most jobs do not need to pay.
    from scipy.stats import levene

    samples = [np.asarray(group, dtype=float) for group in groups]
    if not all(np.isfinite(sample).all() for sample in samples):
        raise ValueError("the groups hold missing or infinite values")
    if len(samples) < 2 or min(sample.size for sample in samples) < 2:
        counts = [sample.size for sample in samples]
        raise NotEstimable(f"spread needs 2 groups of at least 2 participants, found {counts}")
    if all(np.ptp(np.abs(sample - np.median(sample))) == 0 for sample in samples):
        raise NotEstimable("the distances to the median do not vary within any group")
    found = levene(*samples, center="median")
    df_denominator = sum(sample.size for sample in samples) - len(samples)
    return FTest(
        float(found.statistic), float(found.pvalue), float(len(samples) - 1), float(df_denominator)
    )


def _require_groups(n1: int, sd1: float, n2: int, sd2: float) -> None:
    if not (0 <= sd1 < np.inf and 0 <= sd2 < np.inf):
        raise ValueError(f"standard deviations must be finite and not negative: {sd1}, {sd2}")
    if min(n1, n2) < 2:
        raise NotEstimable(f"a group has fewer than 2 participants: n1 = {n1}, n2 = {n2}")
