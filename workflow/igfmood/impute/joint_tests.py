"""Are several coefficients all 0, asked of m completed tables at once.

Takes: pooled coefficients (D1), m chi-squares (D2), or m likelihood ratios (D3).
Gives: an F statistic with the degrees of freedom that the missing values leave.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import chdtrc, fdtrc

from igfmood.errors import NotEstimable
from igfmood.impute.pooling import PooledVector

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True)
class JointTest:
    """An F test of k restrictions, pooled over m completed tables.

    Attributes
    ----------
    f, p : float
        Statistic and p, by F on `df` and `df_denominator`.
    df, df_denominator : float
        Number of restrictions k, and the denominator's degrees of freedom.
    riv : float
        Relative increase in variance by the missing values, averaged over the restrictions.
    method : str
        ``"D1"``, ``"D2"`` or ``"D3"``.
    m : int
        Completed tables.
    """

    f: float
    p: float
    df: int
    df_denominator: float
    riv: float
    method: str
    m: int


def wald_d1(pooled: PooledVector, restrictions: npt.ArrayLike) -> JointTest:
    """Wald test that ``restrictions @ coef`` is 0 (D1).

    Parameters
    ----------
    pooled : PooledVector
    restrictions : array_like, shape (k, p)
        One linear combination a row.

    Returns
    -------
    JointTest

    Raises
    ------
    ValueError
        Restrictions of another width than the coefficients.
    NotEstimable
        Restrictions that depend on each other; too few imputations (k (m - 1) not above 4), or
        too few complete-data degrees of freedom for what is missing.

    Notes
    -----
    ``r = (1 + 1/m) tr(B U^-1) / k`` and ``F = d' U^-1 d / (k (1 + r))`` for the mean within
    covariance U and the between covariance B of the combinations d. The denominator is Reiter's
    where the complete-data degrees of freedom are finite, Li, Raghunathan and Rubin's where not,
    and Barnard and Rubin's where k = 1, so that F is the square of the pooled t.

    References
    ----------
    Li KH, Raghunathan TE, Rubin DB (1991). J Am Stat Assoc 86:1065-1073, equations 1.17 to 1.20.
    Reiter JP (2007). Biometrika 94:502-508, section 2.
    """
    L = np.atleast_2d(np.asarray(restrictions, dtype=float))
    if L.ndim != 2 or L.shape[1] != pooled.coef.size:
        raise ValueError(f"expected {pooled.coef.size} columns of restrictions, found {L.shape}")
    k, m = len(L), pooled.m
    if k == 1:
        one = pooled.linear_combination(L[0])
        return JointTest(one.t**2, one.p, 1, one.df, one.riv, "D1", m)
    d, within, between = L @ pooled.coef, L @ pooled.within @ L.T, L @ pooled.between @ L.T
    if np.linalg.matrix_rank(within) < k:
        raise NotEstimable(f"the {k} restrictions depend on each other or have no variance")
    riv = (1 + 1 / m) * float(np.trace(np.linalg.solve(within, between))) / k
    f = float(d @ np.linalg.solve(within, d)) / (k * (1 + riv))
    if riv == 0:
        denominator = pooled.df_complete
    elif np.isfinite(pooled.df_complete):
        denominator = _reiter_df(k, m, riv, pooled.df_complete)
    else:
        denominator = _li_df(k, m, riv)
    return JointTest(f, _upper_tail(k, denominator, f), k, denominator, riv, "D1", m)


def chi_squares_d2(statistics: npt.ArrayLike, k: int) -> JointTest:
    """Pool m chi-square statistics of one hypothesis with k restrictions (D2).

    Weaker than D1 and D3: for tests that give a chi-square and nothing else.

    Parameters
    ----------
    statistics : array_like, shape (m,)
        Wald, score or likelihood-ratio chi-squares.
    k : int
        Their degrees of freedom.

    Returns
    -------
    JointTest
        `f` may be below 0 when the statistics vary much; `p` is then 1.

    Raises
    ------
    ValueError
        Values that are not finite or are below 0; `k` below 1.
    NotEstimable
        One statistic only.

    References
    ----------
    Li KH, Meng XL, Raghunathan TE, Rubin DB (1991). Stat Sin 1:65-92, section 3.
    """
    d = _non_negative(statistics, k)
    m = d.size
    root = np.sqrt(d)
    riv = 0.0 if (d == d[0]).all() else (1 + 1 / m) * float(root.var(ddof=1))
    f = (float(d.mean()) / k - (m + 1) / (m - 1) * riv) / (1 + riv)
    denominator = float("inf") if riv == 0 else k ** (-3 / m) * (m - 1) * (1 + 1 / riv) ** 2
    return JointTest(f, _upper_tail(k, denominator, f), k, denominator, riv, "D2", m)


def likelihood_ratio_d3(own: npt.ArrayLike, at_pooled: npt.ArrayLike, k: int) -> JointTest:
    """Pool the likelihood ratios of two nested models (D3).

    Parameters
    ----------
    own : array_like, shape (m,)
        Twice the log-likelihood ratio in every completed table, both models at that table's own
        maximum.
    at_pooled : array_like, shape (m,)
        The same with both models' coefficients set to their means over the tables (the residual
        variance of a linear model is fitted again; R's mice fits the intercept again as well).
    k : int
        Restrictions.

    Returns
    -------
    JointTest

    Raises
    ------
    ValueError
        Shapes that do not match, values that are not finite, `k` below 1.
    NotEstimable
        One table only.

    References
    ----------
    Meng XL, Rubin DB (1992). Biometrika 79:103-111, section 2.
    """
    each, pooled = _non_negative(own, k), np.asarray(at_pooled, dtype=float)
    if pooled.shape != each.shape or not np.isfinite(pooled).all():
        raise ValueError(f"own {each.shape} and at_pooled {pooled.shape} do not match")
    m = each.size
    riv = max(0.0, (m + 1) / (k * (m - 1)) * float(each.mean() - pooled.mean()))
    f = float(pooled.mean()) / (k * (1 + riv))
    denominator = float("inf") if riv == 0 else _li_df(k, m, riv)
    return JointTest(f, _upper_tail(k, denominator, f), k, denominator, riv, "D3", m)


def _non_negative(statistics: npt.ArrayLike, k: int) -> FloatArray:
    d = np.asarray(statistics, dtype=float)
    if d.ndim != 1 or not np.isfinite(d).all() or (d < 0).any() or k < 1:
        raise ValueError(f"expected chi-squares of one shape and k of 1 or more, found k = {k}")
    if d.size < 2:
        raise NotEstimable(f"{d.size} completed table(s): pooling statistics needs at least 2")
    return d


def _upper_tail(k: int, denominator: float, f: float) -> float:
    """P(F >= f); an infinite denominator is a chi-square over k."""
    if f <= 0:
        return 1.0
    if np.isinf(denominator):
        return float(chdtrc(k, k * f))
    return float(fdtrc(k, denominator, f))


def _li_df(k: int, m: int, riv: float) -> float:
    t = k * (m - 1)
    if t > 4:
        return float(4 + (t - 4) * (1 + (1 - 2 / t) / riv) ** 2)
    return float(t * (1 + 1 / k) * (1 + 1 / riv) ** 2 / 2)


def _reiter_df(k: int, m: int, riv: float, df_complete: float) -> float:
    """Reiter (2007): never more than the complete-data degrees of freedom."""
    t = k * (m - 1)
    if t <= 4:
        raise NotEstimable(f"{m} imputations are too few to test {k} coefficients: k(m - 1) <= 4")
    a = riv * t / (t - 2)
    star = df_complete * (df_complete + 1) / (df_complete + 3)
    c1, c2 = star - 2 * (1 + a), star - 4 * (1 + a)
    if c2 <= 0:
        raise NotEstimable(
            f"{df_complete:g} complete-data degrees of freedom are too few for what is missing "
            f"(relative increase in variance {riv:.2f})"
        )
    lost = (
        a**2 * c1 / ((1 + a) ** 2 * c2)
        + 8 * a**2 * c1 / ((1 + a) * c2**2)
        + 4 * a**2 / ((1 + a) * c2)
        + 4 * a**2 / (c2 * c1)
        + 16 * a**2 * c1 / c2**3
        + 8 * a**2 / c2**2
    )
    return float(4 + 1 / (1 / c2 + lost / (t - 4)))
