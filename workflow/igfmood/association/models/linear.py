"""Least squares with standard errors that hold when the variance differs by group.

Takes: a numeric design matrix (intercept included) and an outcome, without missing values.
Gives: coefficients with their HC3 covariance, contrasts with t intervals, Wald F tests.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import stdtr, stdtrit

from igfmood.errors import NotEstimable

FloatArray = npt.NDArray[np.float64]

# A column counts as dependent when less than this share of its length is left after
# projection on the columns before it (R's lm uses 1e-7 on a QR; a Gram matrix holds half the
# digits, hence the larger value).
RANK_TOLERANCE = 1e-6
LEVERAGE_GAP = 1e-10
BLOCK_ROWS = 4096


@dataclass(frozen=True)
class Contrast:
    """One linear combination of coefficients, with Student t inference.

    `estimate`, `se`, `ci_low` and `ci_high` are in outcome units per unit of the column; `df` is
    the residual degrees of freedom, `p` is two-sided, `level` is the coverage of the interval.
    """

    estimate: float
    se: float
    t: float
    df: float
    p: float
    ci_low: float
    ci_high: float
    level: float


@dataclass(frozen=True, eq=False)
class LinearFit:
    """A least-squares fit and its HC3 covariance.

    Attributes
    ----------
    beta : ndarray, shape (p,)
        Coefficients, outcome units per unit of the column.
    cov : ndarray, shape (p, p)
        HC3 covariance of `beta`.
    se : ndarray, shape (p,)
        Square roots of the diagonal of `cov`.
    df_resid : int
        n - p.
    sigma : float
        Residual standard deviation, classical, outcome units.
    n : int
        Rows.
    """

    beta: FloatArray
    cov: FloatArray
    se: FloatArray
    df_resid: int
    sigma: float
    n: int

    def contrast(self, index: int, level: float = 0.95) -> Contrast:
        """Inference on the coefficient at position `index` (counted from 0)."""
        weights = np.zeros(self.beta.size)
        weights[index] = 1.0
        return self.linear_combination(weights, level)

    def linear_combination(self, weights: npt.ArrayLike, level: float = 0.95) -> Contrast:
        """Inference on ``weights @ beta``, by Student t on `df_resid`.

        Parameters
        ----------
        weights : array_like, shape (p,)
        level : float
            Coverage of the interval.

        Returns
        -------
        Contrast

        Raises
        ------
        ValueError
            `weights` of another length than `beta`.
        NotEstimable
            The combination has no variance (all weights zero).
        """
        w = np.asarray(weights, dtype=float)
        if w.shape != self.beta.shape:
            raise ValueError(f"expected {self.beta.size} weights, found shape {w.shape}")
        variance = float(w @ self.cov @ w)
        if not variance > 0:
            raise NotEstimable(f"the contrast has no variance ({variance:g})")
        estimate, se = float(w @ self.beta), float(np.sqrt(variance))
        t = estimate / se
        half_width = float(stdtrit(self.df_resid, 0.5 + level / 2)) * se
        p = 2 * float(stdtr(self.df_resid, -abs(t)))
        low, high = estimate - half_width, estimate + half_width
        return Contrast(estimate, se, t, float(self.df_resid), p, low, high, level)


def ols_hc3(X: npt.ArrayLike, y: npt.ArrayLike) -> LinearFit:
    """Ordinary least squares with the HC3 heteroskedasticity-consistent covariance.

    Two Cholesky passes over row blocks ("CholeskyQR2") give the accuracy of a QR at the price of
    a few small matrix products; leverages and scores fall out of the third pass.

    Parameters
    ----------
    X : array_like, shape (n, p)
        Design matrix with its intercept column, no missing values.
    y : array_like, shape (n,)
        Outcome, no missing values.

    Returns
    -------
    LinearFit

    Raises
    ------
    ValueError
        Shapes that do not match, or values that are not finite.
    NotEstimable
        Not more rows than columns; a rank-deficient design (names the column); a row with
        leverage 1 (one participant alone determines a coefficient, so HC3 divides by zero);
        no residual variance.

    References
    ----------
    MacKinnon JG, White H (1985). J Econometrics 29:305-325, section 2 (jackknife form).
    Long JS, Ervin LH (2000). Am Stat 54:217-224, equation HC3.
    Yamamoto Y et al (2015). Electron Trans Numer Anal 44:306-326 (CholeskyQR2).
    """
    design, outcome = np.asarray(X, dtype=float), np.asarray(y, dtype=float)
    if design.ndim != 2 or outcome.shape != design.shape[:1]:
        raise ValueError(f"X {design.shape} and y {outcome.shape} do not match")
    n, p = design.shape
    if n <= p:
        raise NotEstimable(f"too few rows for {p} coefficients: n = {n}")
    inverse_root, beta = _orthogonalise(design, outcome)
    meat, rss = _hc3_meat(design, outcome, inverse_root, beta)
    # Rounding alone leaves about 1e-30 of the outcome's sum of squares.
    if rss <= 1e-26 * float(outcome @ outcome):
        raise NotEstimable(f"the outcome has no residual variance (n = {n})")
    cov = inverse_root @ meat @ inverse_root.T
    cov = (cov + cov.T) / 2
    return LinearFit(beta, cov, np.sqrt(np.diag(cov)), n - p, float(np.sqrt(rss / (n - p))), n)


def gram_cholesky(gram: FloatArray) -> FloatArray:
    """Lower Cholesky factor of ``X.T @ X``, refusing a rank-deficient design.

    Parameters
    ----------
    gram : ndarray, shape (p, p)

    Returns
    -------
    ndarray, shape (p, p)
        Lower triangular L with ``L @ L.T == gram``.

    Raises
    ------
    ValueError
        A value that is not finite, from a missing or infinite value in the design.
    NotEstimable
        A column is zero, or a linear combination of those before it; its position is named.
    """
    if not np.isfinite(gram).all():
        raise ValueError("the design holds missing, infinite or overflowing values")
    scale = np.sqrt(np.diag(gram))
    if not scale.all():
        raise NotEstimable(
            f"singular design: column {int(np.argmin(scale))} (counted from 0) is all zeros"
        )
    scaled = gram / np.outer(scale, scale)
    try:
        factor = np.linalg.cholesky(scaled)
    except np.linalg.LinAlgError:
        factor = np.zeros_like(scaled)
    if np.diag(factor).min() < RANK_TOLERANCE:
        raise NotEstimable(
            f"singular design: column {_first_dependent_column(scaled)} (counted from 0) is a "
            "linear combination of the columns before it"
        )
    return scale[:, None] * factor


def _first_dependent_column(scaled: FloatArray) -> int:
    for j in range(len(scaled)):
        try:
            pivot = np.linalg.cholesky(scaled[: j + 1, : j + 1])[j, j]
        except np.linalg.LinAlgError:
            return j
        if pivot < RANK_TOLERANCE:
            return j
    return len(scaled) - 1


def _orthogonalise(X: FloatArray, y: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return T with ``X @ T`` orthonormal, and the least-squares coefficients."""
    p = X.shape[1]
    first = np.linalg.inv(gram_cholesky(X.T @ X)).T
    gram, moment = np.zeros((p, p)), np.zeros(p)
    for start in range(0, len(X), BLOCK_ROWS):
        q = X[start : start + BLOCK_ROWS] @ first
        gram += q.T @ q
        moment += q.T @ y[start : start + BLOCK_ROWS]
    if not np.isfinite(moment).all():
        raise ValueError("the outcome holds missing or infinite values")
    second = np.linalg.inv(np.linalg.cholesky(gram))
    inverse_root = np.asarray(first @ second.T, dtype=np.float64)
    return inverse_root, inverse_root @ (second @ moment)


def _hc3_meat(
    X: FloatArray, y: FloatArray, inverse_root: FloatArray, beta: FloatArray
) -> tuple[FloatArray, float]:
    """Return ``Q' diag(e^2 / (1 - h)^2) Q`` for the orthonormal Q, and the residual SS."""
    p = X.shape[1]
    meat, rss = np.zeros((p, p)), 0.0
    for start in range(0, len(X), BLOCK_ROWS):
        block = X[start : start + BLOCK_ROWS]
        residual = y[start : start + BLOCK_ROWS] - block @ beta
        q = block @ inverse_root
        gap = 1 - np.einsum("ij,ij->i", q, q)
        if gap.min() < LEVERAGE_GAP:
            raise NotEstimable(
                f"row {start + int(np.argmin(gap))} (counted from 0) alone determines a "
                "coefficient (leverage 1): HC3 is not defined"
            )
        rss += float(residual @ residual)
        q *= (residual / gap)[:, None]
        meat += q.T @ q
    return meat, rss
