"""The risk model behind every diagnostic claim, and the model that recalibrates it.

Takes: a numeric design matrix (intercept included), a 0/1 outcome, an optional offset.
Gives: maximum-likelihood coefficients with their covariance, or why there are none.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from igfmood.association.models.linear import gram_cholesky
from igfmood.errors import NotEstimable, Separated

FloatArray = npt.NDArray[np.float64]

# Fitted probabilities this close to 0 or 1 make separation worth an exact check.
SUSPICIOUS = 1e-6
#: People whose numbers are worked on at once.
_BLOCK = 4096


@dataclass(frozen=True, eq=False)
class LogisticFit:
    """A maximum-likelihood logistic regression.

    Attributes
    ----------
    coef : ndarray, shape (p,)
        Log odds ratios per unit of the column.
    cov : ndarray, shape (p, p)
        Inverse of the information at `coef`.
    loglik : float
        Log-likelihood at `coef`.
    n_iter : int
        Newton steps.
    converged : bool
        Always true: a fit that does not converge is raised as `NotEstimable`.
    n, n_events : int
        Rows, and rows with outcome 1.
    """

    coef: FloatArray
    cov: FloatArray
    loglik: float
    n_iter: int
    converged: bool
    n: int
    n_events: int

    @property
    def se(self) -> FloatArray:
        """Wald standard errors, shape (p,)."""
        return np.sqrt(np.diag(self.cov))


def fit_logistic(
    X: npt.ArrayLike,
    y: npt.ArrayLike,
    tol: float = 1e-10,
    max_iter: int = 50,
    offset: npt.ArrayLike | None = None,
    start: npt.ArrayLike | None = None,
) -> LogisticFit:
    """Logistic regression by Newton's method with step-halving.

    Parameters
    ----------
    X : array_like, shape (n, p)
        Design matrix with its intercept column, no missing values.
    y : array_like, shape (n,)
        Outcome, 0 or 1.
    tol : float
        Stop when the Newton decrement (squared distance to the maximum in standard errors) is
        below this; the step that showed it is still taken.
    max_iter : int
        Newton steps allowed.
    offset : array_like, shape (n,), optional
        Known part of the linear predictor, log odds.
    start : array_like, shape (p,), optional
        Coefficients near the maximum, such as those of nearly the same people; saves steps.

    Returns
    -------
    LogisticFit

    Raises
    ------
    ValueError
        Shapes that do not match, an outcome other than 0/1, values that are not finite.
    NotEstimable
        One class only; a rank-deficient design (names the column); classes separated completely
        or in part, so that no finite maximum exists; no convergence.

    References
    ----------
    McCullagh P, Nelder JA (1989). Generalized Linear Models, 2nd ed., section 4.4.
    Albert A, Anderson JA (1984). Biometrika 71:1-10 (existence of the maximum).
    """
    design, outcome, known = _checked(X, y, offset)
    gram = design.T @ design
    gram_cholesky(gram)
    scale = np.sqrt(np.diag(gram))
    # Columns of unit length: the information stays well scaled whatever the units.
    scaled = design / scale
    coef = np.zeros(design.shape[1]) if start is None else np.asarray(start, dtype=float) * scale
    here = _Point(coef, *_likelihood(outcome, known + scaled @ coef))
    for n_iter in range(1, max_iter + 1):
        score = scaled.T @ (outcome - here.fitted)
        direction = _newton_direction(scaled, here.fitted, score)
        if direction is None:
            break
        decrement = float(score @ direction)
        there = _halved_step(scaled, outcome, known, here, direction)
        if there is None:
            break
        here = there
        if decrement < tol:
            return _finish(design, scaled, scale, outcome, here, n_iter)
    _refuse_separation(design, outcome)
    raise NotEstimable(
        f"the logistic model did not converge in {n_iter} steps (n = {outcome.size})"
    )


def _checked(
    X: npt.ArrayLike, y: npt.ArrayLike, offset: npt.ArrayLike | None
) -> tuple[FloatArray, FloatArray, FloatArray]:
    design, outcome = np.asarray(X, dtype=float), np.asarray(y, dtype=float)
    known = np.zeros_like(outcome) if offset is None else np.asarray(offset, dtype=float)
    if design.ndim != 2 or outcome.shape != design.shape[:1] or known.shape != outcome.shape:
        raise ValueError(f"X {design.shape}, y {outcome.shape}, offset {known.shape} do not match")
    if not (np.isfinite(design).all() and np.isfinite(known).all()):
        raise ValueError("the design or the offset holds missing or infinite values")
    if not ((outcome == 0) | (outcome == 1)).all():
        raise ValueError("the outcome must be 0 or 1 in every row")
    events = int(outcome.sum())
    if events in (0, outcome.size):
        raise NotEstimable(f"one class only: {events} events in {outcome.size} rows")
    return design, outcome, known


@dataclass(frozen=True, eq=False)
class _Point:
    """Coefficients of the scaled design, fitted probabilities and log-likelihood."""

    coef: FloatArray
    fitted: FloatArray
    loglik: float


def _likelihood(y: FloatArray, eta: FloatArray) -> tuple[FloatArray, float]:
    """Probabilities and log-likelihood at log odds, from one exponential that cannot overflow."""
    positive = eta > 0
    small = np.exp(-np.abs(eta))
    fitted = np.where(positive, 1.0, small) / (1 + small)
    return fitted, float(eta @ (y - positive) - np.log(1 + small).sum())


def _newton_direction(X: FloatArray, fitted: FloatArray, score: FloatArray) -> FloatArray | None:
    """Newton step, or None once the information is numerically singular."""
    try:
        root = np.linalg.cholesky(_information(X, fitted * (1 - fitted)))
    except np.linalg.LinAlgError:
        return None
    return np.linalg.solve(root.T, np.linalg.solve(root, score))


def _halved_step(
    X: FloatArray, y: FloatArray, offset: FloatArray, here: _Point, direction: FloatArray
) -> _Point | None:
    """Take the longest of 1, 1/2, 1/4 ... of a step that does not lower the likelihood."""
    for halving in range(30):
        coef = here.coef + direction / 2**halving
        fitted, loglik = _likelihood(y, offset + X @ coef)
        if loglik >= here.loglik - 1e-12 * (1 + abs(here.loglik)):
            return _Point(coef, fitted, loglik)
    return None


def _finish(
    design: FloatArray, scaled: FloatArray, scale: FloatArray, y: FloatArray, there: _Point,
    n_iter: int,
) -> LogisticFit:  # fmt: skip
    weight = there.fitted * (1 - there.fitted)
    if weight.min() < SUSPICIOUS:
        _refuse_separation(design, y)
    try:
        cov = np.linalg.inv(_information(scaled, weight)) / np.outer(scale, scale)
    except np.linalg.LinAlgError:
        raise NotEstimable("the information of the logistic model is singular") from None
    return LogisticFit(
        there.coef / scale, (cov + cov.T) / 2, there.loglik, n_iter, True, y.size, int(y.sum())
    )


def _information(X: FloatArray, weight: FloatArray) -> FloatArray:
    """Return ``X' W X``, shape (p, p), by blocks of people that stay in the processor's cache."""
    found = np.zeros((X.shape[1], X.shape[1]))
    for start in range(0, len(X), _BLOCK):
        own = X[start : start + _BLOCK]
        found += own.T @ (own * weight[start : start + _BLOCK, None])
    return found


def _refuse_separation(X: FloatArray, y: FloatArray) -> None:
    """Raise if some direction orders the classes without a single inversion.

    Exact, by linear programming: is there b with ``(2 y - 1) x'b >= 0`` in every row and above
    0 in some? Then the likelihood rises forever along b.

    References
    ----------
    Konis K (2007). Linear programming algorithms for detecting separated data, DPhil thesis,
    University of Oxford, chapter 4.
    """
    # Loaded here because it is needed only for fits that look separated.
    from scipy.optimize import linprog

    margins = (X / np.abs(X).max(axis=0)) * np.where(y == 1, 1.0, -1.0)[:, None]
    answer = linprog(
        -margins.sum(axis=0), A_ub=-margins, b_ub=np.zeros(len(margins)), bounds=(-1, 1)
    )
    if answer.x is not None and (margins @ answer.x).max() > 1e-5:
        raise Separated(
            f"the classes are separated by the predictors: {int(y.sum())} events in {y.size} "
            "rows, so the odds ratios have no finite estimate"
        )
