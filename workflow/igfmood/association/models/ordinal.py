"""Cumulative-logit regression of an outcome with many ordered levels, such as the PHQ-9 total.

Takes: a numeric design matrix without intercept, and the level of each row.
Gives: thresholds and log odds ratios with their covariance, and a test of proportional odds.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt
from scipy.special import chdtrc, expit

from igfmood.association.models.linear import gram_cholesky
from igfmood.association.models.logistic import LogisticFit, fit_logistic
from igfmood.errors import NotEstimable

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.intp]

MAX_STEPS = 60
#: Newton decrement (squared distance to the maximum in standard errors) at which to stop.
TOLERANCE = 1e-10
#: Information at the maximum over information at no effect, in the worst direction; a likelihood
#: that rises for ever leaves about TOLERANCE / n, a finite maximum far more than this.
FLAT = 1e-6


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
    def n_levels(self) -> int:
        """Number of levels that occur."""
        return self.levels.size

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
    """Test that one odds ratio holds at every cut: chi-squared on `df`.

    `log_odds` are the log odds ratios at `cuts`, each from a logistic regression of its own.
    """

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
    mean, scale = _mean_and_sd(design)
    model = _Model((design - mean) / scale, codes, levels.size)
    # Collinear columns are named here, before any step is taken.
    gram_cholesky(model.x.T @ model.x)
    theta, loglik, steps = _maximise(model)
    k = levels.size - 1
    cov = model.derivatives(theta)[1].inverse()
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

    A logistic regression of ``y >= cut`` is fitted at each cut, and their first coefficients are
    compared. With many sparse levels a test over all of them would rest on a handful of people; a
    few cuts that matter do not.

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
    ValueError
        Fewer than two cuts.
    NotEstimable
        A cut that a logistic regression cannot be fitted at (names it); cuts that divide the
        people alike.

    Notes
    -----
    The covariance of the coefficients at cuts ``j <= l`` is that of the fitted models, ``H_j^-1
    X' W_jl X H_l^-1`` with ``W_jl = p_l (1 - p_j)``: who is above the higher cut is above both.

    References
    ----------
    Brant R (1990). Biometrics 46:1171-1178, section 2.
    """
    design, outcome = np.asarray(X, dtype=float), np.asarray(y, dtype=float)
    if len(cuts) < 2:
        raise ValueError(f"proportional odds are compared at two cuts or more, found {len(cuts)}")
    _refuse_equal_cuts(outcome, cuts)
    full = np.column_stack([np.ones(len(design)), design])
    ascending = sorted(cuts)
    fits = [_at_cut(full, outcome, cut) for cut in ascending]
    beta = np.array([fit.coef[1] for fit in fits])
    # Rows that turn the score of a cut into its first coefficient, and the risks above it.
    turned = [full @ fit.cov[1] for fit in fits]
    risk = [expit(full @ fit.coef) for fit in fits]
    cov = np.empty((len(cuts), len(cuts)))
    for j in range(len(cuts)):
        for k in range(j, len(cuts)):
            cov[j, k] = cov[k, j] = (turned[j] * turned[k]) @ (risk[k] * (1 - risk[j]))
    differences = np.diff(np.eye(len(cuts)), axis=0)
    gap = differences @ beta
    root = gram_cholesky(differences @ cov @ differences.T)
    chi2 = float((np.linalg.solve(root, gap) ** 2).sum())
    df = len(cuts) - 1
    return ProportionalOdds(
        chi2, df, float(chdtrc(df, chi2)), tuple(map(float, ascending)), tuple(beta.tolist())
    )


def _refuse_equal_cuts(outcome: FloatArray, cuts: Sequence[float]) -> None:
    """Cuts with nobody in between give equal fits, and a difference without variance."""
    ascending = sorted(cuts)
    for low, high in pairwise(ascending):
        if not ((outcome >= low) & (outcome < high)).any():
            raise NotEstimable(
                f"nobody lies from {low:g} to below {high:g}, so these cuts compare the same people"
            )


def _at_cut(full: FloatArray, outcome: FloatArray, cut: float) -> LogisticFit:
    try:
        return fit_logistic(full, (outcome >= cut).astype(float))
    except NotEstimable as error:
        raise NotEstimable(f"at the cut of {cut:g} or more: {error.reason}") from error


def _mean_and_sd(X: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Mean and standard deviation of each column; a column that does not vary is named."""
    mean, sd = X.mean(axis=0), X.std(axis=0)
    constant = sd <= 1e-12 * np.abs(mean)
    if constant.any():
        raise NotEstimable(
            f"column {int(np.argmax(constant))} (counted from 0) does not vary, so it has no odds "
            "ratio"
        )
    return mean, sd


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
        sums = np.array([np.bincount(self.codes, w, n) for w in (a, b, aa, bb, ab)], dtype=float)
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


@dataclass(frozen=True, eq=False)
class _Information:
    """Tridiagonal block of the thresholds, its border, and the block of the columns."""

    diagonal: FloatArray
    off: FloatArray
    border: FloatArray
    corner: FloatArray

    def inverse(self) -> FloatArray:
        """Inverse of the whole matrix."""
        band = np.diag(self.diagonal) + np.diag(self.off, 1) + np.diag(self.off, -1)
        whole = np.block([[band, self.border], [self.border.T, self.corner]])
        return np.asarray(np.linalg.inv(whole), dtype=np.float64)

    def eliminated(self, score: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Band solved for the score and for the border, and the columns' information left."""
        from scipy.linalg import solveh_banded

        k = self.diagonal.size
        # LAPACK takes no empty off-diagonal: a single threshold is a band of one row.
        band = np.vstack([np.insert(self.off, 0, 0.0), self.diagonal])[-min(k, 2) :]
        solved = solveh_banded(band, np.column_stack([score[:k], self.border]))
        first, through = solved[:, 0], solved[:, 1:]
        return first, through, self.corner - self.border.T @ through


def _maximise(model: _Model) -> tuple[FloatArray, float, int]:
    """Newton steps, halved until the likelihood does not fall."""
    theta = model.start()
    k = model.n_levels - 1
    here = model.loglik(theta)
    score, information = model.derivatives(theta)
    first, through, left = information.eliminated(score)
    root: FloatArray = np.asarray(np.linalg.inv(gram_cholesky(left)), dtype=float)
    for step in range(1, MAX_STEPS + 1):
        beta = np.linalg.solve(left, score[k:] - information.border.T @ first)
        move = np.concatenate([first - through @ beta, beta])
        taken = _halved_step(model, theta, move, here)
        if taken is None:
            break
        decrement = float(score @ move)
        theta, here = taken
        score, information = model.derivatives(theta)
        first, through, left = information.eliminated(score)
        _refuse_separation(root @ left @ root.T, root)
        if decrement < TOLERANCE:
            return theta, here, step
    raise NotEstimable(f"the cumulative-logit model did not converge in {step} steps")


def _halved_step(
    model: _Model, theta: FloatArray, move: FloatArray, here: float
) -> tuple[FloatArray, float] | None:
    """Take the longest of 1, 1/2, 1/4 ... of a step that does not lower the likelihood."""
    for halving in range(40):
        proposal = theta + move / 2**halving
        there = model.loglik(proposal)
        if there >= here - 1e-12 * (1 + abs(here)):
            return proposal, there
    return None


def _refuse_separation(share: FloatArray, root: FloatArray) -> None:
    """Raise once the information has vanished along some direction: the estimate runs away."""
    if not len(share):
        return
    values, vectors = np.linalg.eigh(share)
    if values[0] < FLAT:
        column = int(np.argmax(np.abs(root.T @ vectors[:, 0])))
        raise NotEstimable(
            f"the odds ratio of column {column} (counted from 0) has no finite estimate: the "
            "column, or a combination led by it, separates the levels of the outcome"
        )
