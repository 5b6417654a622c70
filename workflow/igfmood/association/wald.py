"""Inference on coefficients of any model, from their covariance and degrees of freedom.

Takes: an estimate with its standard error, or several with their covariance.
Gives: t (or normal) intervals, and the F (or chi-square) test that all are 0.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import chdtrc, fdtrc, ndtr, ndtri, stdtr, stdtrit

from igfmood.association.models.linear import Contrast
from igfmood.errors import NotEstimable

FloatArray = npt.NDArray[np.float64]

#: A combination with less than this share of its variance left, given the others, counts as one
#: of them: the joint test would divide by rounding error.
DEPENDENT = 1e-12


@dataclass(frozen=True)
class FTest:
    """A test of `df` restrictions at once.

    Attributes
    ----------
    f, p : float
        Statistic and p.
    df, df_denominator : float
        Degrees of freedom; with an infinite denominator `f` is chi-square over `df`.
    """

    f: float
    p: float
    df: float
    df_denominator: float

    @property
    def chi2(self) -> float:
        """``f * df``, chi-square on `df` where the denominator is infinite."""
        return self.f * self.df


def t_quantile(df: float, probability: float) -> float:
    """Quantile of Student's t; of the normal distribution where `df` is infinite."""
    return float(ndtri(probability) if np.isinf(df) else stdtrit(df, probability))


def two_sided_p(t: npt.ArrayLike, df: float) -> FloatArray:
    """Two-sided p of t statistics, in the shape of `t`; by the normal where `df` is infinite."""
    below = -np.abs(np.asarray(t, dtype=float))
    return np.asarray(2 * (ndtr(below) if np.isinf(df) else stdtr(df, below)))


def wald_contrast(estimate: float, se: float, df: float, level: float = 0.95) -> Contrast:
    """Interval and two-sided test of one estimate.

    Parameters
    ----------
    estimate, se : float
        Same unit.
    df : float
        Degrees of freedom of t; ``inf`` for the normal distribution.
    level : float
        Coverage of the interval.

    Returns
    -------
    Contrast

    Raises
    ------
    ValueError
        An estimate that is not finite, or a level outside (0, 1).
    NotEstimable
        `se` or `df` not above 0.
    """
    if not (np.isfinite(estimate) and 0 < level < 1):
        raise ValueError(f"expected a finite estimate and 0 < level < 1: {estimate=}, {level=}")
    if not (0 < se < np.inf and df > 0):
        raise NotEstimable(f"no standard error to test with: se = {se:g}, df = {df:g}")
    t, half_width = estimate / se, t_quantile(df, 0.5 + level / 2) * se
    p = float(two_sided_p(t, df))
    low, high = estimate - half_width, estimate + half_width
    return Contrast(float(estimate), float(se), float(t), float(df), p, low, high, level)


def wald_test(estimates: npt.ArrayLike, cov: npt.ArrayLike, df: float) -> FTest:
    """Test that all of several estimates are 0.

    Parameters
    ----------
    estimates : array_like, shape (k,)
    cov : array_like, shape (k, k)
        Their covariance (HC3, model-based, design-based).
    df : float
        Denominator degrees of freedom; ``inf`` for the chi-square test.

    Returns
    -------
    FTest
        ``F = b' V^-1 b / k``.

    Raises
    ------
    ValueError
        Shapes that do not match, or values that are not finite.
    NotEstimable
        The covariance is singular, or `df` is not above 0.
    """
    b, v = np.asarray(estimates, dtype=float), np.asarray(cov, dtype=float)
    if b.ndim != 1 or b.size == 0 or v.shape != (b.size, b.size):
        raise ValueError(f"estimates {b.shape} and covariance {v.shape} do not match")
    if not (np.isfinite(b).all() and np.isfinite(v).all()):
        raise ValueError("the estimates or their covariance hold missing or infinite values")
    scale = np.sqrt(np.maximum(np.diag(v), 0))
    if not (scale.all() and df > 0):
        raise NotEstimable(f"no variance to test {b.size} coefficients with (df = {df:g})")
    try:
        root = np.linalg.cholesky(v / np.outer(scale, scale))
    except np.linalg.LinAlgError:
        root = np.zeros_like(v)
    if np.diag(root).min() ** 2 < DEPENDENT:
        raise NotEstimable(f"the {b.size} coefficients cannot be told apart: singular covariance")
    z = np.linalg.solve(root, b / scale)
    f = float(z @ z) / b.size
    p = float(chdtrc(b.size, f * b.size) if np.isinf(df) else fdtrc(b.size, df, f))
    return FTest(f, p, float(b.size), float(df))
