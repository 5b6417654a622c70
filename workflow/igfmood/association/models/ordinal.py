"""Cumulative-logit regression of an outcome with many ordered levels, such as the PHQ-9 total.

Takes: a numeric design matrix without intercept, and the level of each row.
Gives: thresholds and log odds ratios with their covariance, and a test of proportional odds.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import chdtrc, expit

from igfmood.association.models.logistic import fit_logistic
from igfmood.errors import NotEstimable

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.intp]

MAX_STEPS = 60
#: Newton decrement (squared distance to the maximum in standard errors) at which to stop.
TOLERANCE = 1e-10
#: A log odds ratio beyond this per SD of its column means that the levels are separated.
SEPARATED = 20.0


@dataclass(frozen=True, eq=False)
class OrdinalFit:
    """A maximum-likelihood proportional-odds regression.

    Attributes
    ----------
    thresholds : ndarray, shape (k - 1,)
        Log odds of level j or lower at a linear predictor of 0, ascending.
    beta : ndarray, shape (p,)
        Log odds ratios of a higher level per unit of the column.
    cov : ndarray, shape (k - 1 + p, k - 1 + p)
        Inverse of the observed information, thresholds first.
    levels : ndarray, shape (k,)
        Levels that occur, ascending.
    loglik : float
    n, n_iter : int
        Rows, Newton steps.
    """

    thresholds: FloatArray
    beta: FloatArray
    cov: FloatArray
    levels: FloatArray
    loglik: float
    n: int
    n_iter: int

    @property
    def cov_beta(self) -> FloatArray:
        """Covariance of `beta`, shape (p, p)."""
        return self.cov[self.thresholds.size :, self.thresholds.size :]

    @property
    def se(self) -> FloatArray:
        """Standard errors of `beta`, shape (p,)."""
        return np.sqrt(np.diag(self.cov_beta))


@dataclass(frozen=True)
class ProportionalOdds:
    """Test that one odds ratio holds at every cut: chi-squared on `df`."""

    chi2: float
    df: int
    p: float
    cuts: tuple[float, ...]
    log_odds: tuple[float, ...]


def fit_ordinal(X: npt.ArrayLike, y: npt.ArrayLike) -> OrdinalFit:
    """Proportional-odds logistic regression by Newton's method.

    The information of the thresholds is tridiagonal and bordered by the columns of `X`, so that a
    step costs one pass over the rows and a solve that is linear in the number of levels.

    Parameters
    ----------
    X : array_like, shape (n, p)
        Design without intercept, no missing values.
    y : array_like, shape (n,)
        Levels as numbers; those that do not occur are passed over.

    Returns
    -------
    OrdinalFit
        ``logit P(y <= level j) = threshold j - X beta``, as ``MASS::polr`` and ``ordinal::clm``.

    Raises
    ------
    ValueError
        Shapes that do not match, or values that are not finite.
    NotEstimable
        One level only, a constant or dependent column, levels that the columns separate, or no
        convergence.

    References
    ----------
    McCullagh P (1980). J R Stat Soc B 42:109-142, section 2.
    Liu Q et al (2017). Stat Med 36:4316-4335, appendix (block form of the information).
    """
    design, outcome = np.asarray(X, dtype=float), np.asarray(y, dtype=float)
    if design.ndim != 2 or outcome.shape != design.shape[:1]:
        raise ValueError(f"X {design.shape} and y {outcome.shape} do not match")
    if not (np.isfinite(design).all() and np.isfinite(outcome).all()):
        raise ValueError("X and y must be finite")
    levels, codes = np.unique(outcome, return_inverse=True)
    if levels.size < 2:
        raise NotEstimable("the outcome has one level only")
    mean, scale = design.mean(axis=0), design.std(axis=0)
    if not (scale > 1e-12 * np.maximum(np.abs(mean), 1e-300)).all():
        raise NotEstimable(f"column {int(np.argmin(scale))} (counted from 0) does not vary")
    model = _Model(np.ascontiguousarray((design - mean) / scale), codes, levels.size)
    theta, loglik, steps = _maximise(model)
    k = levels.size - 1
    cov = model.inverse(theta)
    # Back from centred and scaled columns: thresholds move by mean @ beta.
    back = np.eye(theta.size)
    back[k:, k:] = np.diag(1 / scale)
    back[:k, k:] = mean / scale
    full = back @ theta
    return OrdinalFit(full[:k], full[k:], back @ cov @ back.T, levels, loglik, outcome.size, steps)


def proportional_odds(
    X: npt.ArrayLike, y: npt.ArrayLike, cuts: Sequence[float]
) -> ProportionalOdds:
    """Test whether the log odds ratio of the first column is the same at several cuts.

    A logistic regression of ``y >= cut`` is fitted at each cut; the joint covariance of their
    first coefficients follows from the rows' influence on each. With many sparse levels a test
    over all of them would rest on a handful of people; a few cuts that matter do not.

    Parameters
    ----------
    X : array_like, shape (n, p)
        Design without intercept.
    y : array_like, shape (n,)
    cuts : sequence of float
        Two or more.

    Returns
    -------
    ProportionalOdds

    Raises
    ------
    NotEstimable
        A cut that a logistic regression cannot be fitted at.

    References
    ----------
    Brant R (1990). Biometrics 46:1171-1178, equations 3 to 5.
    """
    design, outcome = np.asarray(X, dtype=float), np.asarray(y, dtype=float)
    full = np.column_stack([np.ones(len(design)), design])
    beta, influence = [], []
    for cut in cuts:
        above = (outcome >= cut).astype(float)
        fit = fit_logistic(full, above)
        residual = above - expit(full @ fit.coef)
        beta.append(float(fit.coef[1]))
        influence.append((full * residual[:, None]) @ fit.cov[1])
    rows = np.array(influence)
    differences = np.diff(np.eye(len(beta)), axis=0)
    gap = differences @ np.array(beta)
    spread = differences @ (rows @ rows.T) @ differences.T
    try:
        chi2 = float(gap @ np.linalg.solve(spread, gap))
    except np.linalg.LinAlgError as error:
        raise NotEstimable("the cuts divide the people alike: no test of proportional odds") from (
            error
        )
    df = len(beta) - 1
    return ProportionalOdds(chi2, df, float(chdtrc(df, chi2)), tuple(cuts), tuple(beta))


@dataclass(frozen=True, eq=False)
class _Model:
    """Rows sorted into levels, and the derivatives of their likelihood."""

    x: FloatArray
    codes: IntArray
    n_levels: int

    def start(self) -> FloatArray:
        """Thresholds of the outcome alone, no effect of the columns."""
        counts = np.bincount(self.codes, minlength=self.n_levels)
        share = np.cumsum(counts)[:-1] / counts.sum()
        return np.concatenate([np.log(share / (1 - share)), np.zeros(self.x.shape[1])])

    def _edges(self, theta: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Cumulative probabilities above and below each row's level, and their difference."""
        k = self.n_levels - 1
        eta = self.x @ theta[k:]
        upper = np.append(theta[:k], np.inf)[self.codes] - eta
        lower = np.insert(theta[:k], 0, -np.inf)[self.codes] - eta
        # F(u) - F(l), without loss where both are near 1.
        far = lower > 0
        mass = np.where(far, expit(-lower) - expit(-upper), expit(upper) - expit(lower))
        return expit(upper), expit(lower), mass

    def loglik(self, theta: FloatArray) -> float:
        """Log-likelihood; minus infinity where thresholds are out of order."""
        k = self.n_levels - 1
        if (np.diff(theta[:k]) <= 0).any():
            return -np.inf
        mass = self._edges(theta)[2]
        return float(np.log(mass).sum()) if (mass > 0).all() else -np.inf

    def derivatives(self, theta: FloatArray) -> tuple[FloatArray, "_Information"]:
        """Score, and the observed information as band and border."""
        k = self.n_levels - 1
        high, low, mass = self._edges(theta)
        f_high, f_low = high * (1 - high), low * (1 - low)
        a, b = f_high / mass, f_low / mass
        # Second derivatives of log mass in the upper and the lower edge.
        aa = f_high * (1 - 2 * high) / mass - a * a
        bb = -f_low * (1 - 2 * low) / mass - b * b
        ab = a * b
        n = self.n_levels
        sums = [np.bincount(self.codes, w, n) for w in (a, b, aa, bb, ab)]
        score_t = sums[0][:k] - sums[1][1:]
        diagonal = -(sums[2][:k] + sums[3][1:])
        off = -sums[4][1:k]
        score_x = -(self.x.T @ (a - b))
        border = np.zeros((k, self.x.shape[1]))
        for j, column in enumerate(self.x.T):
            upper = np.bincount(self.codes, (aa + ab) * column, n)[:k]
            lower = np.bincount(self.codes, (bb + ab) * column, n)[1:]
            border[:, j] = upper + lower
        corner = -((self.x * (aa + bb + 2 * ab)[:, None]).T @ self.x)
        return np.concatenate([score_t, score_x]), _Information(diagonal, off, border, corner)

    def inverse(self, theta: FloatArray) -> FloatArray:
        """Inverse of the observed information."""
        dense = self.derivatives(theta)[1].dense()
        try:
            return np.linalg.inv(dense)
        except np.linalg.LinAlgError as error:
            raise NotEstimable("a column is a combination of the others") from error


@dataclass(frozen=True, eq=False)
class _Information:
    """Tridiagonal block of the thresholds, its border, and the block of the columns."""

    diagonal: FloatArray
    off: FloatArray
    border: FloatArray
    corner: FloatArray

    def dense(self) -> FloatArray:
        """The whole matrix."""
        band = np.diag(self.diagonal) + np.diag(self.off, 1) + np.diag(self.off, -1)
        return np.block([[band, self.border], [self.border.T, self.corner]])

    def solve(self, score: FloatArray) -> FloatArray:
        """Newton step; raises LinAlgError where the information is not positive."""
        from scipy.linalg import solveh_banded

        k = self.diagonal.size
        right = np.column_stack([score[:k], self.border])
        if k == 1:
            solved = right / self.diagonal
        else:
            solved = solveh_banded(np.vstack([np.insert(self.off, 0, 0.0), self.diagonal]), right)
        first, through = solved[:, 0], solved[:, 1:]
        left = self.corner - self.border.T @ through
        np.linalg.cholesky(left)
        beta = np.linalg.solve(left, score[k:] - self.border.T @ first)
        return np.concatenate([first - through @ beta, beta])


def _maximise(model: _Model) -> tuple[FloatArray, float, int]:
    """Newton steps, halved until the likelihood does not fall."""
    theta = model.start()
    here = model.loglik(theta)
    k = model.n_levels - 1
    for step in range(1, MAX_STEPS + 1):
        score, information = model.derivatives(theta)
        try:
            move = information.solve(score)
        except np.linalg.LinAlgError as error:
            raise NotEstimable("a column is a combination of the others") from error
        decrement = float(score @ move)
        for _ in range(40):
            there = model.loglik(theta + move)
            if there >= here - 1e-12 * (1 + abs(here)):
                break
            move = move / 2
        else:
            raise NotEstimable("the cumulative-logit model did not converge")
        theta, here = theta + move, there
        if np.abs(theta[k:]).max(initial=0.0) > SEPARATED:
            worst = int(np.argmax(np.abs(theta[k:])))
            raise NotEstimable(
                f"the levels are separated by column {worst} (counted from 0): its odds ratio has "
                "no finite estimate"
            )
        if decrement < TOLERANCE:
            return theta, here, step
    raise NotEstimable(f"the cumulative-logit model did not converge in {MAX_STEPS} steps")
