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
        A rank-deficient design, no counts above 0, or no convergence.

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
    gram_cholesky(design.T @ design)
    if not counts.any():
        raise NotEstimable("every count is 0")
    beta = _mean(design, counts, np.inf, _start(design, counts))
    theta = _moment_theta(counts, np.exp(design @ beta))
    for _ in range(MAX_STEPS):
        before = theta
        beta = _mean(design, counts, theta, beta)
        theta = _theta(counts, np.exp(design @ beta), theta)
        if theta > POISSON_FROM or abs(theta - before) < 1e-10 * theta:
            break
    else:
        raise NotEstimable(f"the negative binomial model did not converge in {MAX_STEPS} rounds")
    if theta > POISSON_FROM:
        theta = np.inf
        beta = _mean(design, counts, theta, beta)
    return _finish(design, counts, beta, theta)


def _start(X: FloatArray, y: FloatArray) -> FloatArray:
    """Least squares on the log of the counts, a little above 0."""
    return np.asarray(np.linalg.lstsq(X, np.log(y + 0.5), rcond=None)[0])


def _loglik(y: FloatArray, mu: FloatArray, theta: float) -> float:
    if np.isinf(theta):
        return float((y * np.log(mu) - mu - gammaln(y + 1)).sum())
    return float(
        (
            gammaln(y + theta) - gammaln(theta) - gammaln(y + 1)
            + theta * np.log(theta) + y * np.log(mu) - (y + theta) * np.log(mu + theta)
        ).sum()
    )  # fmt: skip


def _weights(mu: FloatArray, theta: float) -> FloatArray:
    return mu if np.isinf(theta) else mu / (1 + mu / theta)


def _mean(X: FloatArray, y: FloatArray, theta: float, start: FloatArray) -> FloatArray:
    """Coefficients of the mean for a given theta, by Fisher scoring with halved steps."""
    beta = start
    eta = np.clip(X @ beta, -30, 30)
    here = _loglik(y, np.exp(eta), theta)
    for _ in range(MAX_STEPS):
        mu = np.exp(np.clip(X @ beta, -30, 30))
        weight = _weights(mu, theta)
        score = X.T @ ((y - mu) * (weight / mu))
        move = np.linalg.solve((X * weight[:, None]).T @ X, score)
        decrement = float(score @ move)
        for _ in range(30):
            there = _loglik(y, np.exp(np.clip(X @ (beta + move), -30, 30)), theta)
            if there >= here - 1e-12 * (1 + abs(here)):
                break
            move = move / 2
        beta, here = beta + move, there
        if decrement < TOLERANCE:
            return beta
    raise NotEstimable(f"the mean of the counts was not found in {MAX_STEPS} steps")


def _moment_theta(y: FloatArray, mu: FloatArray) -> float:
    """Theta at which Pearson's statistic is what it should be, roughly; a start."""
    excess = float((((y - mu) ** 2 - mu) / mu**2).mean())
    return float(np.clip(1 / max(excess, 1e-8), 1e-3, 1e8))


def _theta(y: FloatArray, mu: FloatArray, start: float) -> float:
    """Maximum-likelihood theta for given means, by Newton in its logarithm."""
    theta = start
    for _ in range(MAX_STEPS):
        score, information = _theta_terms(y, mu, theta)
        # In log theta, so that it stays above 0.
        slope, curve = score * theta, information * theta**2 - score * theta
        move = slope / curve if curve > 0 else np.sign(slope)
        move = float(np.clip(move, -2, 2))
        theta *= float(np.exp(move))
        if theta > POISSON_FROM or abs(move) < 1e-12:
            return theta
    return theta


def _theta_terms(y: FloatArray, mu: FloatArray, theta: float) -> tuple[float, float]:
    """Score in theta and its observed information."""
    both = mu + theta
    score = psi(y + theta) - psi(theta) + np.log(theta) + 1 - np.log(both) - (y + theta) / both
    information = (
        polygamma(1, theta) - polygamma(1, y + theta)
        - 1 / theta + 2 / both - (y + theta) / both**2
    )  # fmt: skip
    return float(score.sum()), float(information.sum())


def _finish(X: FloatArray, y: FloatArray, beta: FloatArray, theta: float) -> NegativeBinomialFit:
    mu = np.exp(X @ beta)
    weight = _weights(mu, theta)
    cov = np.linalg.inv((X * weight[:, None]).T @ X)
    pull = X * ((y - mu) * (weight / mu))[:, None]
    # The score of the mean is free of theta's error at the true mean: no correction is needed.
    sandwich = cov @ (pull.T @ pull) @ cov
    se_theta = np.inf
    if np.isfinite(theta):
        se_theta = float(1 / np.sqrt(_theta_terms(y, mu, theta)[1]))
    return NegativeBinomialFit(
        beta, (cov + cov.T) / 2, (sandwich + sandwich.T) / 2, float(theta), se_theta,
        bool(np.isinf(theta)), _loglik(y, mu, theta), y.size,
    )  # fmt: skip
