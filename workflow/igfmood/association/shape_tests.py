"""Tests of whether a relation is a line, a curve, and the same curve in both groups.

Takes: the coefficients of any fitted model that holds a restricted cubic spline.
Gives: the joint and the non-linearity test, and the curve relative to a reference value.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from igfmood.association.wald import FTest, t_quantile, wald_test
from igfmood.splines import rcs_basis

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Curve:
    """Differences from the reference value along a grid, with a pointwise band.

    `x` is in the unit of the exposure; `estimate`, `se`, `ci_low`, `ci_high` are in outcome units
    or log odds, all of shape (m,). At the reference itself they are 0.
    """

    x: FloatArray
    estimate: FloatArray
    se: FloatArray
    ci_low: FloatArray
    ci_high: FloatArray
    reference: float
    level: float


@dataclass(frozen=True, eq=False)
class SplineEffect:
    """The spline terms of one exposure in a fitted model, whatever the model was.

    Where the terms are products of the spline and a 0/1 group, the effect is what the group adds
    to the curve: the joint test is the test of interaction, the non-linearity test asks whether
    the two curves differ by more than a slope.

    Attributes
    ----------
    beta : ndarray, shape (k - 1,)
        Coefficients of `rcs_basis`: the linear term, then k - 2 nonlinear ones.
    cov : ndarray, shape (k - 1, k - 1)
        Their covariance.
    df : float
        Denominator degrees of freedom, ``inf`` for a chi-square test.
    knots : ndarray, shape (k,)
        In the unit of the exposure.

    Raises
    ------
    ValueError
        Shapes that do not match.
    """

    beta: FloatArray
    cov: FloatArray
    df: float
    knots: FloatArray

    def __post_init__(self) -> None:
        terms = len(self.knots) - 1
        if self.beta.shape != (terms,) or self.cov.shape != (terms, terms):
            raise ValueError(
                f"{terms + 1} knots make {terms} terms, found beta {self.beta.shape} and "
                f"covariance {self.cov.shape}"
            )

    def joint_test(self) -> FTest:
        """Test that the exposure matters at all: every term is 0."""
        return wald_test(self.beta, self.cov, self.df)

    def nonlinearity_test(self) -> FTest:
        """Test that a line is enough: every term but the linear one is 0."""
        return wald_test(self.beta[1:], self.cov[1:, 1:], self.df)

    def weights(self, x: npt.ArrayLike, reference: float) -> FloatArray:
        """Weights of the terms in the differences from `reference`, shape (m, k - 1)."""
        return rcs_basis(x, self.knots) - rcs_basis([reference], self.knots)

    def curve(self, x: npt.ArrayLike, reference: float, level: float = 0.95) -> Curve:
        """Differences from the outcome at `reference`, with pointwise intervals.

        Parameters
        ----------
        x : array_like, shape (m,)
            Exposures, unit of the knots.
        reference : float
            Exposure that the others are compared with.
        level : float
            Coverage at each point, not of the curve as a whole.

        Returns
        -------
        Curve

        Raises
        ------
        ValueError
            Values that are not finite.
        """
        grid = np.asarray(x, dtype=float)
        weights = self.weights(grid, reference)
        estimate = weights @ self.beta
        variance = np.einsum("ij,jk,ik->i", weights, self.cov, weights)
        se = np.sqrt(np.maximum(variance, 0.0))
        half_width = t_quantile(self.df, 0.5 + level / 2) * se
        low, high = estimate - half_width, estimate + half_width
        return Curve(grid, estimate, se, low, high, float(reference), level)
