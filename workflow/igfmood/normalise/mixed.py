"""Linear mixed model with correlated random effects of one grouping, at its true optimum.

Takes: an outcome, a fixed and a random design matrix, and the group of each row.
Gives: coefficients, covariance of the random effects, predictions per group, and whether the
optimum lies on the boundary of what a covariance can be.
"""

from dataclasses import dataclass
from itertools import combinations

import numpy as np
import numpy.typing as npt

from igfmood.normalise.mixed_criterion import Criterion, CrossProducts, cross_products

FloatArray = npt.NDArray[np.float64]

#: Relative SDs of the random effects (whitened, in residual SDs) that the search starts from.
_START_SCALES = (0.1, 1.0, 5.0)
#: Starts within this of the best deviance count as having found the same optimum.
_AGREE = 1e-5
#: First-order conditions hold when the slope, in deviance per row and whitened unit, is below this.
_GRADIENT = 1e-6
#: A relative variance (whitened) below this share of the residual variance is a boundary.
_BOUNDARY = 1e-6
#: Step of the differences that Satterthwaite's df are computed with, in residual SDs.
_STEP = 1e-4
#: Curvature below this share of the largest marks a direction on the boundary, along which the
#: variances of the coefficients do not change.
_FLAT = 1e-8
#: A correlation this near to -1 or +1 in a singular covariance is named as such.
_PERFECT = 1e-3


@dataclass(frozen=True, eq=False)
class MixedFit:
    """A fitted linear mixed model ``y = x beta + z b_group + e``.

    Attributes
    ----------
    beta, se : ndarray, shape (p,)
        Fixed effects and their standard errors, the covariance of the random effects taken as
        known (no Kenward-Roger inflation).
    cov_beta : ndarray, shape (p, p)
    df : ndarray, shape (p,)
        Satterthwaite degrees of freedom of each of `beta`.
    theta : ndarray, shape (q (q + 1) / 2,)
        Lower triangle, column by column, of the Cholesky factor of `covariance` / `sigma`**2.
    covariance : ndarray, shape (q, q)
        Covariance of the random effects, outcome units per unit of each column of z.
    sigma : float
        Residual SD.
    loglik : float
        (Restricted) log-likelihood, constants included.
    reml : bool
    boundary : str
        Which component lies on the boundary, in words; empty when none does.
    groups : tuple of str
        Labels in the order of the rows of `random`.
    random, random_se : ndarray, shape (groups, q)
        Best linear unbiased predictions and the standard errors of their errors (uncertainty of
        beta included).
    n : int
        Rows.
    n_starts, n_agree : int
        Starting points, and how many of them ended at this optimum.
    converged : bool
        The first-order conditions hold at the optimum, on the boundary too.
    """

    beta: FloatArray
    se: FloatArray
    cov_beta: FloatArray
    df: FloatArray
    theta: FloatArray
    covariance: FloatArray
    sigma: float
    loglik: float
    reml: bool
    boundary: str
    groups: tuple[str, ...]
    random: FloatArray
    random_se: FloatArray
    n: int
    n_starts: int
    n_agree: int
    converged: bool


def fit_random_slopes(
    y: npt.ArrayLike,
    x: npt.ArrayLike,
    z: npt.ArrayLike,
    group: npt.ArrayLike,
    *,
    reml: bool = True,
) -> MixedFit:
    """Fit a linear mixed model with unstructured covariance of the random effects.

    The residual variance and the fixed effects are profiled out; what is left is searched from
    several points, because likelihoods with a near-singular covariance have flat ridges on which
    a single search stops early.

    Parameters
    ----------
    y : array_like, shape (n,)
        Outcome, no missing values.
    x : array_like, shape (n, p)
        Fixed design, intercept included.
    z : array_like, shape (n, q)
        Random design (a column of ones for a random intercept).
    group : array_like, shape (n,)
        Group of each row; any labels.
    reml : bool
        Restricted maximum likelihood; False gives maximum likelihood, needed to compare fits
        with different `x`.

    Returns
    -------
    MixedFit

    Raises
    ------
    ValueError
        Shapes that do not match, or values that are not finite.
    NotEstimable
        Too few groups or rows, a rank-deficient design, no residual variation.

    Notes
    -----
    After the cross-products of each group are taken, a step costs O(groups q^2 (p + q)) whatever
    the number of rows. The search runs in coordinates in which z'z is the identity; an
    unstructured covariance is the same model in any of them.

    References
    ----------
    Bates D, Maechler M, Bolker B, Walker S (2015). J Stat Softw 67(1), equations 34 and 42.
    Laird NM, Ware JH (1982). Biometrics 38:963-974, section 3 (predictions and their errors).
    """
    products = cross_products(y, x, z, group)
    criterion = Criterion(products, reml)
    starts = _starts(products.q)
    ends = [_search(criterion, start) for start in starts]
    deviances = np.array([criterion.evaluate(end).deviance for end in ends])
    best = int(np.argmin(deviances))
    agree = int(np.sum(deviances < deviances[best] + _AGREE))
    return _result(criterion, ends[best], len(starts), agree)


def _starts(q: int) -> list[FloatArray]:
    """Lower-triangular factors: independent at three scales, and every pair near -1 and +1."""
    starts = [scale * np.eye(q) for scale in _START_SCALES]
    for j, k in combinations(range(q), 2):
        for correlation in (-0.95, 0.95):
            factor = np.eye(q)
            factor[k, j], factor[k, k] = correlation, np.sqrt(1 - correlation**2)
            starts.append(factor)
    return starts


def _search(criterion: Criterion, start: FloatArray) -> FloatArray:
    """Local minimum of the profiled deviance, as a lower-triangular factor.

    No bounds are set: the deviance is even in each column of the factor, so a variance of zero is
    an ordinary stationary point.
    """
    from scipy.optimize import minimize

    lower = np.tril_indices(len(start))

    def objective(theta: FloatArray) -> tuple[float, FloatArray]:
        factor = np.zeros_like(start)
        factor[lower] = theta
        point = criterion.evaluate(factor)
        return point.deviance, 2 * (point.slope @ factor)[lower]

    found = minimize(objective, start[lower], jac=True, method="BFGS", options={"gtol": 1e-7})
    end = np.zeros_like(start)
    end[lower] = found.x
    return end


def _result(criterion: Criterion, factor: FloatArray, n_starts: int, agree: int) -> MixedFit:
    products, point = criterion.products, criterion.evaluate(factor)
    beta, cov_unit = criterion.fixed_effects(factor)
    random, random_var = criterion.predictions(factor)
    to_data = products.unwhiten
    relative = to_data @ factor @ factor.T @ to_data.T
    cov_beta = point.sigma2 * cov_unit
    # First-order conditions of a minimum over positive semi-definite G = factor factor':
    # slope G = 0, and slope itself positive semi-definite.
    flat = float(np.abs(2 * point.slope @ factor).max())
    downhill = float(np.linalg.eigvalsh(point.slope)[0])
    tolerance = _GRADIENT * products.n
    return MixedFit(
        beta=beta,
        se=np.sqrt(np.diag(cov_beta)),
        cov_beta=cov_beta,
        df=_satterthwaite(criterion, factor),
        theta=_cholesky_of_semidefinite(relative).T[np.triu_indices(products.q)],
        covariance=point.sigma2 * relative,
        sigma=float(np.sqrt(point.sigma2)),
        loglik=-point.deviance / 2,
        reml=criterion.reml,
        boundary=_boundary(products, relative, factor @ factor.T),
        groups=products.groups,
        random=random,
        random_se=np.sqrt(point.sigma2 * random_var),
        n=products.n,
        n_starts=n_starts,
        n_agree=agree,
        converged=flat < tolerance and downhill > -tolerance,
    )


def _satterthwaite(criterion: Criterion, factor: FloatArray) -> FloatArray:
    """Degrees of freedom of each coefficient: 2 variance^2 / variance of the variance.

    With the residual variance profiled out, the deviance in (factor, log of the residual variance
    over its profile) has a block-diagonal Hessian, the second block being the residual df. Hence
    ``1 / df = 1 / residual df + d' H^-1 d`` with H the Hessian of the profiled deviance and d the
    slope of the log variance of the coefficient.

    References
    ----------
    Giesbrecht FG, Burns JC (1985). Biometrics 41:477-486, section 2.
    Kuznetsova A, Brockhoff PB, Christensen RHB (2017). J Stat Softw 82(13), section 2.2.
    """
    products = criterion.products
    lower = np.tril_indices(products.q)
    back = np.linalg.inv(products.r_factor)

    def slope_and_log_variance(theta: FloatArray) -> tuple[FloatArray, FloatArray]:
        moved = np.zeros_like(factor)
        moved[lower] = theta
        point = criterion.evaluate(moved)
        spread = np.linalg.solve(point.information, back.T)
        log_variance = np.log(point.sigma2 * np.einsum("ij,ji->i", back, spread))
        return 2 * (point.slope @ moved)[lower], log_variance

    hessian, drift = [], []
    for direction in np.eye(lower[0].size):
        step = _STEP * (1 + float(np.abs(factor[lower]) @ direction))
        ahead = slope_and_log_variance(factor[lower] + step * direction)
        behind = slope_and_log_variance(factor[lower] - step * direction)
        hessian.append((ahead[0] - behind[0]) / (2 * step))
        drift.append((ahead[1] - behind[1]) / (2 * step))
    values, vectors = np.linalg.eigh((np.array(hessian) + np.array(hessian).T) / 2)
    curved = values > _FLAT * values[-1]
    along = vectors[:, curved].T @ np.array(drift)
    residual_df = products.n - products.p if criterion.reml else products.n
    return 1 / (1 / residual_df + np.sum(along**2 / values[curved][:, None], axis=0))


def _cholesky_of_semidefinite(matrix: FloatArray) -> FloatArray:
    """Lower factor of a matrix that may be singular (zero pivots give zero columns)."""
    q = len(matrix)
    factor = np.zeros_like(matrix)
    for j in range(q):
        rest = matrix[j:, j] - factor[j:, :j] @ factor[j, :j]
        # A pivot this small against its diagonal is rounding.
        if rest[0] > 1e-12 * matrix[j, j]:
            factor[j:, j] = rest / np.sqrt(rest[0])
    return factor


def _boundary(products: CrossProducts, relative: FloatArray, whitened: FloatArray) -> str:
    """Say which variance is zero or which correlation is -1 or +1; "" in the interior."""
    eigenvalues = np.linalg.eigvalsh(whitened)
    if eigenvalues[-1] <= _BOUNDARY:
        return "no variance between groups"
    if eigenvalues[0] > _BOUNDARY:
        return ""
    sd = np.sqrt(np.diag(relative))
    # In residual SDs at a typical value of the column, whatever its unit.
    absent = (sd * products.rms) ** 2 <= _BOUNDARY
    if absent.any():
        names = " and ".join(np.array(products.effects)[absent])
        return f"no variance of the random {names}"
    for j, k in combinations(range(len(sd)), 2):
        correlation = relative[j, k] / (sd[j] * sd[k])
        if 1 - abs(correlation) < _PERFECT:
            pair = f"random {products.effects[j]} and {products.effects[k]}"
            return f"{pair} perfectly correlated ({'+1' if correlation > 0 else '−1'})"
    return "covariance of the random effects singular (one is a combination of the others)"
