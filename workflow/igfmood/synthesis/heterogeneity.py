"""How far studies disagree, with intervals.

Takes: study estimates and their sampling variances.
Gives: Cochran's Q; I2 from Q with the test-based interval; tau2, I2 and H2 from the between-study
variance with the Q-profile interval.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import chdtrc, ndtri

from igfmood.errors import NotEstimable
from igfmood.synthesis.random_effects import checked_studies
from igfmood.synthesis.tau2 import Tau2Estimator, error_contrasts, estimate_tau2, q_profile


@dataclass(frozen=True)
class ShareFromQ:
    """I2 as ``max(0, (Q - df) / Q)``, in percent, with its test-based interval."""

    i2: float
    ci_low: float
    ci_high: float
    level: float


@dataclass(frozen=True)
class Profile:
    """tau2 by one estimator, with what follows from it by the typical sampling variance s2.

    `tau2` in squared units of the estimates; `i2` is ``100 tau2 / (tau2 + s2)``, percent; `h2` is
    ``1 + tau2 / s2``. Limits are those of the Q-profile interval, the same for every estimator:
    an estimate may lie outside. `level` is its coverage.
    """

    estimator: Tau2Estimator
    tau2: float
    tau2_low: float
    tau2_high: float
    i2: float
    i2_low: float
    i2_high: float
    h2: float
    h2_low: float
    h2_high: float
    level: float


@dataclass(frozen=True)
class HomogeneityTest:
    """Cochran's Q on `df` degrees of freedom; `p` from chi-squared."""

    q: float
    df: int
    p: float


def cochran_q(yi: npt.ArrayLike, vi: npt.ArrayLike) -> HomogeneityTest:
    """Test that all studies share one effect.

    Parameters
    ----------
    yi, vi : array_like, shape (k,)
        Estimates and sampling variances.

    Returns
    -------
    HomogeneityTest

    Raises
    ------
    ValueError, NotEstimable
        As in `random_effects`.

    References
    ----------
    Cochran WG (1954). Biometrics 10:101-129.
    """
    y, v = checked_studies(yi, vi)
    q, df = error_contrasts(y, v, np.ones((y.size, 1))).q(), y.size - 1
    return HomogeneityTest(q, df, float(chdtrc(df, q)))


def i2_from_q(q: float, df: int, level: float = 0.95) -> ShareFromQ:
    """I2 from Cochran's Q, with the interval that comes from the test.

    Parameters
    ----------
    q : float
        Cochran's Q, above 0.
    df : int
        k - 1, at least 2.
    level : float
        Coverage.

    Returns
    -------
    ShareFromQ
        Percent, 0 to 100.

    Raises
    ------
    NotEstimable
        Fewer than three studies, or studies that agree exactly.

    References
    ----------
    Higgins JPT, Thompson SG (2002). Stat Med 21:1539-1558, equation 10 and section 5.1.
    """
    if df < 2:
        raise NotEstimable(f"too few studies for the interval of I2: k = {df + 1} < 3")
    if not q > 0:
        raise NotEstimable("the studies give the same estimate: I2 has no interval")
    k = df + 1
    if q > k:
        se = 0.5 * (np.log(q) - np.log(df)) / (np.sqrt(2 * q) - np.sqrt(2 * k - 3))
    else:
        se = np.sqrt(1 / (2 * (k - 2)) * (1 - 1 / (3 * (k - 2) ** 2)))
    # H is not below 1: more agreement than chance gives is no negative heterogeneity.
    h = max(1.0, float(np.sqrt(q / df)))
    reach = float(ndtri(0.5 + level / 2) * se)
    low, high = (max(1.0, h * float(np.exp(sign * reach))) for sign in (-1, 1))
    return ShareFromQ(_share(h), _share(low), _share(high), level)


def heterogeneity(
    yi: npt.ArrayLike,
    vi: npt.ArrayLike,
    level: float = 0.95,
    estimator: Tau2Estimator = "REML",
) -> Profile:
    """Between-study variance, I2 and H2 with the Q-profile interval.

    Parameters
    ----------
    yi, vi : array_like, shape (k,)
        Estimates and sampling variances.
    level : float
        Coverage of the intervals.
    estimator : {"REML", "ML", "PM", "DL"}
        Of the between-study variance.

    Returns
    -------
    Profile

    Raises
    ------
    ValueError, NotEstimable
        As in `random_effects` and `q_profile`.

    References
    ----------
    Viechtbauer W (2007). Stat Med 26:37-52, section 3.
    Higgins JPT, Thompson SG (2002). Stat Med 21:1539-1558, equation 9 (typical variance).
    """
    y, v = checked_studies(yi, vi)
    contrasts = error_contrasts(y, v, np.ones((y.size, 1)))
    tau2 = estimate_tau2(contrasts, estimator).value
    low, high = q_profile(contrasts, level)
    typical = contrasts.typical_variance

    def share(value: float) -> float:
        return 100 * value / (value + typical)

    return Profile(
        estimator=estimator,
        tau2=tau2,
        tau2_low=low,
        tau2_high=high,
        i2=share(tau2),
        i2_low=share(low),
        i2_high=share(high),
        h2=1 + tau2 / typical,
        h2_low=1 + low / typical,
        h2_high=1 + high / typical,
        level=level,
    )


def _share(h: float) -> float:
    return 100 * (1 - 1 / h**2)
