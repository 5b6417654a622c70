"""Logistic regression that stays finite where the data separate.

Takes: a numeric design matrix (intercept included) and a 0/1 outcome.
Gives: coefficients that maximise the likelihood penalised by Jeffreys' prior, with covariance and
profile intervals; and one call that penalises only where plain maximum likelihood has no answer.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import chdtri, expit

from igfmood.association.models.linear import gram_cholesky
from igfmood.association.models.logistic import fit_logistic
from igfmood.errors import NotEstimable

FloatArray = npt.NDArray[np.float64]

MAX_STEPS = 200
#: Largest change of a coefficient, in standard errors, at which to stop.
TOLERANCE = 1e-10
#: Longest step of a coefficient, log odds per SD of its column.
LONGEST = 5.0


@dataclass(frozen=True, eq=False)
class FirthFit:
    """A penalised logistic regression.

    Attributes
    ----------
    coef : ndarray, shape (p,)
        Log odds ratios per unit of the column.
    cov : ndarray, shape (p, p)
        Inverse of the information at `coef`.
    loglik : float
        Penalised log-likelihood, ``l + log det(I) / 2``.
    n, n_events, n_iter : int
        Rows, rows with outcome 1, steps.
    """

    coef: FloatArray
    cov: FloatArray
    loglik: float
    n: int
    n_events: int
    n_iter: int

    @property
    def se(self) -> FloatArray:
        """Wald standard errors, shape (p,)."""
        return np.sqrt(np.diag(self.cov))


@dataclass(frozen=True, eq=False)
class LogOdds:
    """Coefficients and covariance, and the name of the model that gave them."""

    coef: FloatArray
    cov: FloatArray
    model: str


def log_odds(X: npt.ArrayLike, y: npt.ArrayLike) -> LogOdds:
    """Logistic regression by maximum likelihood, or Firth's where the classes separate.

    Parameters
    ----------
    X : array_like, shape (n, p)
        Design with its intercept.
    y : array_like, shape (n,)
        0 or 1.

    Raises
    ------
    NotEstimable
        A rank-deficient design, an outcome of one class only, or no convergence.
    """
    try:
        fit = fit_logistic(X, y)
    except NotEstimable as error:
        if "separated" not in error.reason:
            raise
        found = fit_firth(X, y)
        return LogOdds(found.coef, found.cov, "logistic regression, Firth (the data separate)")
    return LogOdds(fit.coef, fit.cov, "logistic regression, maximum likelihood")


def fit_firth(X: npt.ArrayLike, y: npt.ArrayLike) -> FirthFit:
    """Logistic regression with Firth's reduction of bias.

    Parameters
    ----------
    X : array_like, shape (n, p)
        Design with its intercept column, no missing values.
    y : array_like, shape (n,)
        0 or 1.

    Returns
    -------
    FirthFit

    Raises
    ------
    ValueError
        Shapes that do not match, or values that are not finite or not 0 and 1.
    NotEstimable
        A rank-deficient design, one class only, or no convergence.

    Notes
    -----
    The score is ``X' (y - p + h (1/2 - p))`` with the leverages h of the weighted design; steps
    are Fisher scoring, halved where the penalised likelihood would fall.

    References
    ----------
    Firth D (1993). Biometrika 80:27-38, section 3.3.
    Heinze G, Schemper M (2002). Stat Med 21:2409-2419, equation 2.
    """
    design, outcome = np.asarray(X, dtype=float), np.asarray(y, dtype=float)
    if design.ndim != 2 or outcome.shape != design.shape[:1]:
        raise ValueError(f"X {design.shape} and y {outcome.shape} do not match")
    if not np.isfinite(design).all() or not np.isin(outcome, (0, 1)).all():
        raise ValueError("X must be finite and y 0 or 1")
    gram_cholesky(design.T @ design)
    events = int(outcome.sum())
    if events in (0, outcome.size):
        raise NotEstimable(f"one class only: {events} events in {outcome.size} rows")
    coef, steps = _maximise(design, outcome, np.zeros(design.shape[1]), None)
    cov = np.linalg.inv(_information(design, coef))
    return FirthFit(
        coef, (cov + cov.T) / 2, _penalised(design, outcome, coef), outcome.size, events, steps
    )


def profile_interval(
    X: npt.ArrayLike, y: npt.ArrayLike, index: int, level: float = 0.95
) -> tuple[float, float]:
    """Interval of one coefficient by the penalised profile likelihood.

    Parameters
    ----------
    X, y
        As in `fit_firth`.
    index : int
        Position of the coefficient, counted from 0.
    level : float
        Coverage.

    Returns
    -------
    low, high : float

    Raises
    ------
    NotEstimable
        As in `fit_firth`, or a limit that is not found within 20 standard errors.

    References
    ----------
    Heinze G, Schemper M (2002). Stat Med 21:2409-2419, section 2.
    """
    design, outcome = np.asarray(X, dtype=float), np.asarray(y, dtype=float)
    fit = fit_firth(design, outcome)
    bound = fit.loglik - float(chdtri(1, 1 - level)) / 2
    return (
        _limit(design, outcome, fit, index, -1, bound),
        _limit(design, outcome, fit, index, 1, bound),
    )


def _limit(
    X: FloatArray, y: FloatArray, fit: FirthFit, index: int, side: int, bound: float
) -> float:
    """Where the profile falls to `bound`, by bisection between the estimate and a bracket."""

    def above(value: float) -> bool:
        start = fit.coef.copy()
        start[index] = value
        coef, _ = _maximise(X, y, start, index)
        return _penalised(X, y, coef) > bound

    inner, se = float(fit.coef[index]), float(fit.se[index])
    reach = 1.0
    while above(inner + side * reach * se):
        reach *= 2
        if reach > 32:
            raise NotEstimable("the penalised profile has no limit within 20 standard errors")
    low, high = inner, inner + side * reach * se
    while abs(high - low) > 1e-9 * se:
        middle = (low + high) / 2
        low, high = (middle, high) if above(middle) else (low, middle)
    return (low + high) / 2


def _information(X: FloatArray, coef: FloatArray) -> FloatArray:
    p = expit(X @ coef)
    return (X * (p * (1 - p))[:, None]).T @ X


def _penalised(X: FloatArray, y: FloatArray, coef: FloatArray) -> float:
    eta = X @ coef
    sign, logdet = np.linalg.slogdet(_information(X, coef))
    likelihood = float(y @ eta - np.logaddexp(0, eta).sum())
    return likelihood + logdet / 2 if sign > 0 else -np.inf


def _maximise(
    X: FloatArray, y: FloatArray, start: FloatArray, held: int | None
) -> tuple[FloatArray, int]:
    """Fisher scoring of the penalised likelihood, with one coefficient held if asked."""
    coef = start.copy()
    free = np.array([j for j in range(X.shape[1]) if j != held])
    scale = np.maximum(X.std(axis=0), 1e-300)
    scale[scale < 1e-12] = 1.0
    here = _penalised(X, y, coef)
    for step in range(1, MAX_STEPS + 1):
        p = expit(X @ coef)
        weight = p * (1 - p)
        information = (X * weight[:, None]).T @ X
        inverse = np.linalg.inv(information)
        leverage = weight * np.einsum("ij,jk,ik->i", X, inverse, X)
        score = X.T @ (y - p + leverage * (0.5 - p))
        move = np.zeros_like(coef)
        part = information[np.ix_(free, free)]
        move[free] = np.linalg.solve(part, score[free])
        longest = float(np.abs(move * scale).max(initial=0.0))
        if longest > LONGEST:
            move *= LONGEST / longest
        small = float(np.abs(move / np.sqrt(np.diag(inverse))).max(initial=0.0))
        for _ in range(30):
            there = _penalised(X, y, coef + move)
            if there >= here - 1e-12 * (1 + abs(here)):
                break
            move = move / 2
        coef, here = coef + move, there
        if small < TOLERANCE:
            return coef, step
    raise NotEstimable(f"the penalised logistic regression did not converge in {MAX_STEPS} steps")
