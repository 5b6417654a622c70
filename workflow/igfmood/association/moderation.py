"""Slope of an exposure along a moderator, and where it differs from 0.

Takes: the coefficients of exposure and product term of any model, with their covariance.
Gives: simple slopes with pointwise intervals, and the Johnson-Neyman regions.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from igfmood.association.wald import t_quantile, two_sided_p
from igfmood.errors import NotEstimable
from igfmood.impute.pooling import PooledVector

FloatArray = npt.NDArray[np.float64]
#: A range of the moderator.
Region = tuple[float, float]
#: Steps by which a bound settles; the degrees of freedom change little along the moderator.
_STEPS = 100


@dataclass(frozen=True, eq=False)
class SimpleSlopes:
    """Slopes of the exposure at values of the moderator, all arrays of shape (k,).

    `moderator` is in its own unit; `estimate`, `se`, `ci_low`, `ci_high` are in outcome units (or
    log odds) per unit of the exposure; `p` is two-sided, by t on `df` (infinite: normal).
    """

    moderator: FloatArray
    estimate: FloatArray
    se: FloatArray
    ci_low: FloatArray
    ci_high: FloatArray
    p: FloatArray
    df: float
    level: float


@dataclass(frozen=True)
class Product:
    """The terms ``b_x x + b_xm x m`` of a fitted model.

    Attributes
    ----------
    b_x, b_xm : float
        Coefficients of the exposure and of exposure times moderator.
    cov : ndarray, shape (2, 2)
        Their covariance, exposure first.
    df : float
        Degrees of freedom of t, ``inf`` for the normal distribution.

    Raises
    ------
    ValueError
        A covariance of another shape, or values that are not finite.
    NotEstimable
        A covariance that is not positive definite, or `df` not above 0.
    """

    b_x: float
    b_xm: float
    cov: FloatArray
    df: float

    def __post_init__(self) -> None:
        if self.cov.shape != (2, 2):
            raise ValueError(f"expected a covariance of shape (2, 2), found {self.cov.shape}")
        if not np.isfinite([self.b_x, self.b_xm, *self.cov.ravel()]).all():
            raise ValueError("the coefficients or their covariance hold missing values")
        if not (np.diag(self.cov).min() > 0 and np.linalg.det(self.cov) > 0 and self.df > 0):
            raise NotEstimable(
                "exposure and product term have no covariance to test with: "
                f"{self.cov.tolist()}, df = {self.df:g}"
            )

    def simple_slopes(self, moderator: npt.ArrayLike, level: float = 0.95) -> SimpleSlopes:
        """Slopes ``b_x + b_xm m`` with pointwise intervals.

        Parameters
        ----------
        moderator : array_like, shape (k,)
            Values at which the slope is given, such as mean and mean -+ SD.
        level : float
            Coverage at each value.

        Returns
        -------
        SimpleSlopes

        Raises
        ------
        ValueError
            Values that are not finite.

        References
        ----------
        Aiken LS, West SG (1991). Multiple Regression, chapter 2.
        """
        at = np.asarray(moderator, dtype=float)
        if at.ndim != 1 or not np.isfinite(at).all():
            raise ValueError("expected a one-dimensional array of finite values of the moderator")
        weights = np.column_stack([np.ones(at.size), at])
        estimate = weights @ [self.b_x, self.b_xm]
        se = np.sqrt(np.einsum("ij,jk,ik->i", weights, self.cov, weights))
        half_width = t_quantile(self.df, 0.5 + level / 2) * se
        p = two_sided_p(estimate / se, self.df)
        return SimpleSlopes(
            at, estimate, se, estimate - half_width, estimate + half_width, p, self.df, level
        )

    def johnson_neyman(self, level: float = 0.95) -> tuple[Region, ...]:
        """Regions of the moderator in which the pointwise interval of the slope excludes 0.

        Parameters
        ----------
        level : float
            Coverage of the interval.

        Returns
        -------
        tuple of (low, high)
            Two half-lines where the interaction itself differs from 0, ``(-inf, low)`` and
            ``(high, inf)``; else one range, or none where the slope differs from 0 nowhere. A
            bound beyond the data is an extrapolation.

        Notes
        -----
        The bounds solve ``(b_x + b_xm m)^2 = t^2 (v_x + 2 m v_xxm + m^2 v_xm)``.

        References
        ----------
        Bauer DJ, Curran PJ (2005). Multivariate Behav Res 40:373-400.
        """
        t2 = t_quantile(self.df, 0.5 + level / 2) ** 2
        square = self.b_xm**2 - t2 * self.cov[1, 1]
        half = self.b_x * self.b_xm - t2 * self.cov[0, 1]
        constant = self.b_x**2 - t2 * self.cov[0, 0]
        discriminant = half**2 - square * constant
        if discriminant <= 0:
            return ()
        # One root by the sum that does not cancel, the other from the product of both.
        larger = -(half + np.copysign(np.sqrt(discriminant), half))
        low, high = sorted((float(larger / square), float(constant / larger)))
        return ((-np.inf, low), (high, np.inf)) if square > 0 else ((low, high),)


def pooled_johnson_neyman(pooled: PooledVector) -> tuple[Region, ...]:
    """Johnson-Neyman regions of a slope pooled over completed tables.

    Parameters
    ----------
    pooled : PooledVector
        Coefficients of the exposure and of exposure times moderator, by Rubin's rules.

    Returns
    -------
    tuple of (low, high)
        As `Product.johnson_neyman` gives them: where the pooled pointwise interval, at the
        vector's level, excludes 0.

    Raises
    ------
    NotEstimable
        As `Product`; or the slope differs from 0 so barely that its degrees of freedom decide.

    Notes
    -----
    Coefficients and covariance are pooled before the bounds are found: bounds of single tables
    leave out what is missing, and do not exist where a table has none. The degrees of freedom of
    the pooled slope depend on the moderator (Barnard & Rubin 1999); each bound has those of the
    slope at the bound, found by repetition.

    References
    ----------
    Bauer DJ, Curran PJ (2005). Multivariate Behav Res 40:373-400.
    """
    # The slope is furthest from 0, in standard errors, along cov^-1 coef.
    clearest = pooled.linear_combination(np.linalg.solve(pooled.cov, pooled.coef))
    start = _bounds(pooled, clearest.df)
    if not start:
        return ()
    low, high = sorted(_settled(pooled, bound) for bound in start)
    if pooled.coefficient(1).p < 1 - pooled.level:
        return ((-np.inf, low), (high, np.inf))
    return ((low, high),)


def _bounds(pooled: PooledVector, df: float) -> list[float]:
    product = Product(float(pooled.coef[0]), float(pooled.coef[1]), pooled.cov, df)
    regions = product.johnson_neyman(pooled.level)
    return [bound for region in regions for bound in region if np.isfinite(bound)]


def _settled(pooled: PooledVector, bound: float) -> float:
    """Return the bound at which the degrees of freedom are those that it was found with."""
    for _ in range(_STEPS):
        found = _bounds(pooled, pooled.linear_combination([1.0, bound]).df)
        if not found:
            break
        last, bound = bound, min(found, key=lambda one: abs(one - bound))
        if abs(bound - last) <= 1e-12 * (1 + abs(bound)):
            return bound
    raise NotEstimable(
        "whether the slope differs from 0 anywhere hangs on the degrees of freedom of the "
        "imputations: it is at the edge"
    )
