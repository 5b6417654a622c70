"""Regression of counts that vary more than chance allows, such as symptom totals.

Takes: a numeric design matrix (intercept included) and counts.
Gives: log rate ratios with model and sandwich covariance, and the dispersion.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import gammaln, polygamma, psi

from igfmood.association.models.linear import gram_cholesky
from igfmood.errors import NotEstimable

FloatArray = npt.NDArray[np.float64]

MAX_STEPS = 100
#: Newton decrement at which to stop.
TOLERANCE = 1e-12
#: Beyond this theta the counts vary no more than by chance: the model is Poisson.
POISSON_FROM = 1e6
#: Information at the maximum over information at no effect, in the worst direction; a likelihood
#: that rises for ever leaves about TOLERANCE / sum of counts, a finite maximum far more than this.
FLAT = 1e-8


@dataclass(frozen=True, eq=False)
class NegativeBinomialFit:
    """A maximum-likelihood negative binomial regression (NB2, log link).

    Attributes
    ----------
    beta : ndarray, shape (p,)
        Log rate ratios per unit of the column.
    cov : ndarray, shape (p, p)
        Inverse expected information with theta taken as known, as ``MASS::glm.nb`` reports.
    cov_robust : ndarray, shape (p, p)
        Sandwich (HC0): holds if the mean is right, whatever the variance.
    theta, se_theta : float
        Variance is ``mu + mu^2 / theta``; both infinite where `poisson`.
    poisson : bool
        The counts vary no more than by chance, and the fit is a Poisson regression.
    loglik : float
    n : int
        Rows.
    """

    beta: FloatArray
    cov: FloatArray
    cov_robust: FloatArray
    theta: float
    se_theta: float
    poisson: bool
    loglik: float
    n: int

    @property
    def se(self) -> FloatArray:
        """Standard errors of the model, shape (p,)."""
        return np.sqrt(np.diag(self.cov))


def fit_negative_binomial(X: npt.ArrayLike, y: npt.ArrayLike) -> NegativeBinomialFit:
    """Negative binomial regression by alternating Newton steps for the mean and the dispersion.

    Parameters
    ----------
    X : array_like, shape (n, p)
        Design with its intercept column, no missing values.
    y : array_like, shape (n,)
        Counts, 0 or more.

    Returns
    -------
    NegativeBinomialFit

    Raises
    ------
    ValueError
        Shapes that do not match, values that are not finite, or counts below 0.
    NotEstimable
        A rank-deficient design (names the column), no counts above 0, a rate ratio without a finite
        estimate (only zeros in a group; names the column), or no convergence.

    References
    ----------
    Lawless JF (1987). Can J Stat 15:209-225, section 2.
    Venables WN, Ripley BD (2002). Modern Applied Statistics with S, section 7.4.
    """
    design, counts = np.asarray(X, dtype=float), np.asarray(y, dtype=float)
    if design.ndim != 2 or counts.shape != design.shape[:1]:
        raise ValueError(f"X {design.shape} and y {counts.shape} do not match")
    if not np.isfinite(design).all() or not (np.isfinite(counts) & (counts >= 0)).all():
        raise ValueError("X must be finite, and counts 0 or more")
    root = np.asarray(np.linalg.inv(gram_cholesky(design.T @ design)), dtype=np.float64)
    if not counts.any():
        raise NotEstimable(f"every count is 0 (n = {counts.size})")
    data = _Data(design, counts, root, *np.unique(counts, return_counts=True))
    beta = _mean(data, np.inf, data.start())
    theta = _moment_theta(counts, np.exp(design @ beta))
    for _ in range(MAX_STEPS):
        before = theta
        beta = _mean(data, theta, beta)
        theta = _theta(data, np.exp(design @ beta), theta)
        if theta > POISSON_FROM or abs(theta - before) < 1e-10 * theta:
            break
    else:
        raise NotEstimable(f"the negative binomial model did not converge in {MAX_STEPS} rounds")
    if theta > POISSON_FROM:
        theta = np.inf
        beta = _mean(data, theta, beta)
    return _finish(data, beta, theta)


@dataclass(frozen=True, eq=False)
class _Data:
    """Design and counts; the inverse Cholesky factor of X'X; the counts that occur, how often."""

    x: FloatArray
    y: FloatArray
    root: FloatArray
    values: FloatArray
    often: npt.NDArray[np.intp]

    def start(self) -> FloatArray:
        """Least squares on the log of the counts, a little above 0."""
        moment = self.x.T @ np.log(self.y + 0.5)
        return np.asarray(self.root.T @ (self.root @ moment), dtype=np.float64)

    def information(self, weight: FloatArray) -> FloatArray:
        return np.asarray((self.x * weight[:, None]).T @ self.x, dtype=np.float64)


def _weights(mu: FloatArray, theta: float) -> FloatArray:
    """Information of a row on its log mean; theta may be infinite."""
    return mu / (1 + mu / theta)


def _kernel(data: _Data, beta: FloatArray, theta: float) -> float:
    """Log-likelihood up to what does not depend on the mean."""
    eta = data.x @ beta
    with np.errstate(over="ignore", invalid="ignore"):
        mu = np.exp(eta)
        paid = mu.sum() if np.isinf(theta) else ((data.y + theta) * np.log1p(mu / theta)).sum()
        found = float(data.y @ eta - paid)
    return found if np.isfinite(found) else -np.inf


def _mean(data: _Data, theta: float, start: FloatArray) -> FloatArray:
    """Coefficients of the mean for a given theta, by Fisher scoring with halved steps."""
    beta, here = start, _kernel(data, start, theta)
    for _ in range(MAX_STEPS):
        mu = np.exp(data.x @ beta)
        weight = _weights(mu, theta)
        information = data.information(weight)
        _refuse_only_zeros(data, information, theta)
        score = data.x.T @ ((data.y - mu) * (weight / mu))
        move = np.asarray(np.linalg.solve(information, score), dtype=np.float64)
        taken = _halved_step(data, beta, move, theta, here)
        if taken is None:
            break
        beta, here = taken
        if float(score @ move) < TOLERANCE:
            return beta
    raise NotEstimable(f"the mean of the counts was not found (n = {data.y.size})")


def _halved_step(
    data: _Data, beta: FloatArray, move: FloatArray, theta: float, here: float
) -> tuple[FloatArray, float] | None:
    """Take the longest of 1, 1/2, 1/4 ... of a step that does not lower the likelihood."""
    for halving in range(30):
        proposal = beta + move / 2**halving
        there = _kernel(data, proposal, theta)
        if there >= here - 1e-12 * (1 + abs(here)):
            return proposal, there
    return None


def _refuse_only_zeros(data: _Data, information: FloatArray, theta: float) -> None:
    """Raise once the information has vanished along some direction: the rate runs to 0."""
    flat = _weights(data.y.mean(keepdims=True), theta)
    values, vectors = np.linalg.eigh(data.root @ information @ data.root.T / flat)
    if values[0] < FLAT:
        column = int(np.argmax(np.abs(data.root.T @ vectors[:, 0])))
        raise NotEstimable(
            f"the rate ratio of column {column} (counted from 0) has no finite estimate: a group "
            "marked by that column, or by a combination led by it, has counts of 0 only"
        )


def _moment_theta(y: FloatArray, mu: FloatArray) -> float:
    """Theta that gives the squared residuals their mean, roughly; a start inside the range."""
    excess = float((((y - mu) ** 2 - mu) / mu**2).mean())
    return float(np.clip(1 / max(excess, 1e-3), 1e-2, 1e3))


def _theta(data: _Data, mu: FloatArray, start: float) -> float:
    """Maximum-likelihood theta for given means, by Newton in its logarithm."""
    theta = start
    for _ in range(MAX_STEPS):
        score, information = _theta_terms(data, mu, theta)
        # In log theta, so that it stays above 0.
        slope, curve = score * theta, information * theta**2 - score * theta
        move = slope / curve if curve > 0 else np.sign(slope)
        move = float(np.clip(move, -2, 2))
        theta *= float(np.exp(move))
        if theta > POISSON_FROM or abs(move) < 1e-12:
            break
    # The rounds of the caller go on from here; a theta still on its way is not the answer.
    return theta


def _theta_terms(data: _Data, mu: FloatArray, theta: float) -> tuple[float, float]:
    """Score in theta and its observed information."""
    y, both = data.y, mu + theta
    # Counts repeat, and the digamma function is dear.
    score = data.often @ (psi(data.values + theta) - psi(theta)) + (
        1 - np.log1p(mu / theta) - (y + theta) / both
    ).sum()  # fmt: skip
    information = data.often @ (polygamma(1, theta) - polygamma(1, data.values + theta)) + (
        2 / both - 1 / theta - (y + theta) / both**2
    ).sum()  # fmt: skip
    return float(score), float(information)


def _finish(data: _Data, beta: FloatArray, theta: float) -> NegativeBinomialFit:
    mu = np.exp(data.x @ beta)
    weight = _weights(mu, theta)
    cov = np.linalg.inv(data.information(weight))
    pull = data.x * ((data.y - mu) * (weight / mu))[:, None]
    # Theta and the coefficients are uncorrelated, so the sandwich of the mean stands alone.
    sandwich = cov @ (pull.T @ pull) @ cov
    poisson = bool(np.isinf(theta))
    loglik = _kernel(data, beta, theta) - float(data.often @ gammaln(data.values + 1))
    se_theta = np.inf
    if not poisson:
        loglik += float(data.often @ (gammaln(data.values + theta) - gammaln(theta)))
        loglik -= float(data.y.sum() * np.log(theta))
        se_theta = float(1 / np.sqrt(_theta_terms(data, mu, theta)[1]))
    return NegativeBinomialFit(
        beta, (cov + cov.T) / 2, (sandwich + sandwich.T) / 2, float(theta), se_theta, poisson,
        loglik, data.y.size,
    )  # fmt: skip
