"""One estimate with an honest interval from the m completed tables (Rubin's rules).

Takes: the estimate and its variance (or coefficients and covariance) in every completed table.
Gives: the pooled estimate with Barnard-Rubin degrees of freedom and the information lost.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import stdtr, stdtrit

from igfmood.errors import NotEstimable

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Pooled:
    """One parameter, pooled over m completed tables.

    Attributes
    ----------
    estimate, se : float
        Mean of the estimates; square root of ``within + (1 + 1/m) between``.
    df : float
        Barnard-Rubin degrees of freedom; `df_complete` when the tables do not differ.
    t, p : float
        Student t of the estimate against 0, and its two-sided p.
    ci_low, ci_high, level : float
        Interval by Student t on `df`, and its coverage.
    within, between : float
        Mean of the m variances; variance of the m estimates (divisor m - 1).
    riv : float
        Relative increase in variance by the missing values, ``(1 + 1/m) between / within``.
    share_missing : float
        Share of the total variance that is due to the missing values (lambda).
    fmi : float
        Fraction of missing information.
    df_complete : float
        Degrees of freedom had nothing been missing.
    m : int
        Completed tables.
    """

    estimate: float
    se: float
    df: float
    t: float
    p: float
    ci_low: float
    ci_high: float
    level: float
    within: float
    between: float
    riv: float
    share_missing: float
    fmi: float
    df_complete: float
    m: int


def pool(
    estimates: npt.ArrayLike,
    variances: npt.ArrayLike,
    df_complete: float = np.inf,
    level: float = 0.95,
) -> Pooled:
    """Pool one parameter by Rubin's rules.

    Parameters
    ----------
    estimates, variances : array_like, shape (m,)
        The parameter and its squared standard error in every completed table. One element means
        that nothing was missing; a single imputation cannot show what is unknown and must not
        be pooled.
    df_complete : float
        Degrees of freedom of the analysis had nothing been missing (n - p of a linear model);
        infinite where the analysis itself uses the normal distribution.
    level : float
        Coverage of the interval.

    Returns
    -------
    Pooled

    Raises
    ------
    ValueError
        Shapes that do not match, values that are not finite, `df_complete` not above 0, a level
        outside (0, 1).
    NotEstimable
        A variance that is not above 0.

    Notes
    -----
    With lambda the share of variance due to missing values and v = `df_complete`,
    ``1/df = lambda^2/(m - 1) + (v + 3)/(v (v + 1) (1 - lambda))``. Where the m estimates are all
    the same, this is the complete-data analysis: df is v itself and nothing is missing.

    References
    ----------
    Rubin DB (1987). Multiple Imputation for Nonresponse in Surveys, equations 3.1.2 to 3.1.6.
    Barnard J, Rubin DB (1999). Biometrika 86:948-955, equation 3.
    """
    q, u = np.asarray(estimates, dtype=float), np.asarray(variances, dtype=float)
    if q.ndim != 1 or q.size == 0 or u.shape != q.shape:
        raise ValueError(f"estimates {q.shape} and variances {u.shape} do not match")
    if not (np.isfinite(q).all() and np.isfinite(u).all()):
        raise ValueError("estimates and variances must be finite")
    if not df_complete > 0 or not 0 < level < 1:
        raise ValueError(f"df_complete {df_complete} must be above 0, level {level} within (0, 1)")
    if not (u > 0).all():
        worst = int(np.argmin(u))
        raise NotEstimable(f"completed table {worst + 1} gives the variance {u[worst]:g}")
    m, within = q.size, float(u.mean())
    # The rounding of the mean must not make equal estimates differ.
    between = 0.0 if (q == q[0]).all() else float(q.var(ddof=1))
    estimate = float(q[0]) if between == 0 else float(q.mean())
    extra = (1 + 1 / m) * between
    total = within + extra
    share = extra / total
    df = _degrees_of_freedom(m, share, df_complete)
    riv = extra / within
    fmi = (riv + 2 / (df + 3)) / (riv + 1) if between > 0 else 0.0
    se = float(np.sqrt(total))
    half_width = float(stdtrit(df, 0.5 + level / 2)) * se
    return Pooled(
        estimate=estimate,
        se=se,
        df=df,
        t=estimate / se,
        p=2 * float(stdtr(df, -abs(estimate / se))),
        ci_low=estimate - half_width,
        ci_high=estimate + half_width,
        level=level,
        within=within,
        between=between,
        riv=riv,
        share_missing=share,
        fmi=fmi,
        df_complete=float(df_complete),
        m=m,
    )


def _degrees_of_freedom(m: int, share: float, df_complete: float) -> float:
    """Barnard-Rubin degrees of freedom for lambda = `share`."""
    if share == 0:
        return float(df_complete)
    # As reciprocals, so that an infinite df_complete needs no case of its own.
    imputed = share**2 / (m - 1)
    observed = (1 + 3 / df_complete) / ((df_complete + 1) * (1 - share))
    return float(1 / (imputed + observed))


@dataclass(frozen=True, eq=False)
class PooledVector:
    """Coefficients of one model, pooled over m completed tables.

    Attributes
    ----------
    estimates : ndarray, shape (m, p)
        Coefficients of every completed table.
    covariances : ndarray, shape (m, p, p)
        Their covariances.
    df_complete, level : float
        As in `pool`.
    coef : ndarray, shape (p,)
        Mean of the coefficients.
    within, between : ndarray, shape (p, p)
        Mean of the covariances; covariance of the coefficients (divisor m - 1).
    cov : ndarray, shape (p, p)
        ``within + (1 + 1/m) between``.
    """

    estimates: FloatArray
    covariances: FloatArray
    df_complete: float
    level: float
    coef: FloatArray
    within: FloatArray
    between: FloatArray
    cov: FloatArray

    @property
    def m(self) -> int:
        """Completed tables."""
        return len(self.estimates)

    @property
    def se(self) -> FloatArray:
        """Pooled standard errors, shape (p,)."""
        return np.sqrt(np.diag(self.cov))

    def coefficient(self, index: int) -> Pooled:
        """Inference on the coefficient at position `index` (counted from 0)."""
        weights = np.zeros(self.coef.size)
        weights[index] = 1.0
        return self.linear_combination(weights)

    def linear_combination(self, weights: npt.ArrayLike) -> Pooled:
        """Inference on ``weights @ coef``, by `pool` on the m combinations.

        Parameters
        ----------
        weights : array_like, shape (p,)

        Returns
        -------
        Pooled

        Raises
        ------
        ValueError
            `weights` of another length than `coef`.
        NotEstimable
            The combination has no variance.
        """
        w = np.asarray(weights, dtype=float)
        if w.shape != self.coef.shape:
            raise ValueError(f"expected {self.coef.size} weights, found shape {w.shape}")
        variances = np.einsum("i,mij,j->m", w, self.covariances, w)
        return pool(self.estimates @ w, variances, self.df_complete, self.level)


def pool_vector(
    estimates: npt.ArrayLike,
    covariances: npt.ArrayLike,
    df_complete: float = np.inf,
    level: float = 0.95,
) -> PooledVector:
    """Pool the coefficients of one model by Rubin's rules.

    Parameters
    ----------
    estimates : array_like, shape (m, p)
        Coefficients of every completed table.
    covariances : array_like, shape (m, p, p)
        Their covariances.
    df_complete, level : float
        As in `pool`.

    Returns
    -------
    PooledVector

    Raises
    ------
    ValueError
        Shapes that do not match, or values that are not finite.

    References
    ----------
    Rubin DB (1987). Multiple Imputation for Nonresponse in Surveys, section 3.4.
    """
    q, u = np.asarray(estimates, dtype=float), np.asarray(covariances, dtype=float)
    if q.ndim != 2 or q.size == 0 or u.shape != (*q.shape, q.shape[1]):
        raise ValueError(f"estimates {q.shape} and covariances {u.shape} do not match")
    if not (np.isfinite(q).all() and np.isfinite(u).all()):
        raise ValueError("estimates and covariances must be finite")
    m, p = q.shape
    coef = np.where((q == q[0]).all(axis=0), q[0], q.mean(axis=0))
    deviation = q - coef
    between = deviation.T @ deviation / (m - 1) if m > 1 else np.zeros((p, p))
    within = u.mean(axis=0)
    total = within + (1 + 1 / m) * between
    return PooledVector(q, u, float(df_complete), level, coef, within, between, total)
