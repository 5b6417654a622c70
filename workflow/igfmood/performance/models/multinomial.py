"""Which of several classes: multinomial logistic regression with an intercept for each cohort.

Takes columns, classes and cohorts of training people; gives a model that predicts anybody.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import numpy.typing as npt
from scipy.special import log_softmax, softmax

from igfmood.association.models.logistic import SUSPICIOUS
from igfmood.errors import NotEstimable
from igfmood.performance.models.linear_risk import strata

FloatArray = npt.NDArray[np.float64]

_MOST_STEPS = 60
_SEPARATED = "the multinomial model has no finite maximum: the classes separate"


@dataclass(frozen=True, eq=False)
class ClassRisk:
    """A multinomial logistic model of k classes, the first is the reference.

    Parameters
    ----------
    intercepts
        Cohort: log odds of the other classes where all columns are 0, shape (k - 1,).
    coef
        Log odds per unit of each column, shape (p, k - 1).
    method
        How it was fitted.
    """

    intercepts: Mapping[str, FloatArray]
    coef: FloatArray
    method: ClassVar[str] = "multinomial logistic, maximum likelihood"

    def log_odds(self, X: FloatArray, cohort: npt.NDArray[np.str_]) -> FloatArray:
        """Log odds of each class after the first against the first, shape (n, k - 1)."""
        mean = np.mean(list(self.intercepts.values()), axis=0)
        base = np.array([self.intercepts.get(str(name), mean) for name in cohort])
        return np.asarray(base.reshape(len(X), -1) + X @ self.coef, dtype=np.float64)

    def predict(self, X: FloatArray, cohort: npt.NDArray[np.str_]) -> FloatArray:
        """Probability of every class, shape (n, k)."""
        eta = np.column_stack([np.zeros(len(X)), self.log_odds(X, cohort)])
        return np.asarray(softmax(eta, axis=1), dtype=np.float64)


def fit_multinomial(X: FloatArray, y: FloatArray, cohort: npt.NDArray[np.str_]) -> ClassRisk:
    """Fit by Newton's method.

    Parameters
    ----------
    X : ndarray, shape (n, p)
        Columns, none constant.
    y : ndarray, shape (n,)
        Class, 0 to k - 1.
    cohort : ndarray of str, shape (n,)

    Raises
    ------
    NotEstimable
        If a cohort lacks a class, or no finite maximum is found (classes that separate).

    References
    ----------
    Böhning D (1992). Ann Inst Stat Math 44:197-200.
    """
    names, indicators = strata(cohort)
    classes = int(y.max()) + 1
    for name, column in zip(names, indicators.T, strict=True):
        if len(set(y[column == 1])) < classes:
            raise NotEstimable(f"a class is absent among the training people of {name}")
    design = np.hstack([indicators, X])
    coef = _newton(design, y.astype(int), classes)
    k = len(names)
    return ClassRisk({name: coef[i] for i, name in enumerate(names)}, coef[k:])


def _newton(design: FloatArray, y: npt.NDArray[np.int64], classes: int) -> FloatArray:
    """Coefficients, shape (p, classes - 1)."""
    n, p = design.shape
    scale = np.sqrt((design**2).mean(axis=0))
    scaled = design / scale
    target = (y[:, None] == np.arange(1, classes)).astype(float)
    coef = np.zeros((p, classes - 1))
    last = _loglik(scaled, coef, y)
    for _ in range(_MOST_STEPS):
        fitted = softmax(np.column_stack([np.zeros(n), scaled @ coef]), axis=1)[:, 1:]
        score = scaled.T @ (target - fitted)
        try:
            step = np.linalg.solve(_information(scaled, fitted), score.T.ravel())
        except np.linalg.LinAlgError:
            break
        decrement = float(score.T.ravel() @ step)
        move = step.reshape(classes - 1, p).T
        here = _loglik(scaled, coef + move, y)
        while here < last - 1e-9 * (1 + abs(last)) and np.abs(move).max() > 1e-12:
            move = move / 2
            here = _loglik(scaled, coef + move, y)
        coef, last = coef + move, here
        if decrement < 1e-9:
            if fitted.min() < SUSPICIOUS or fitted.sum(axis=1).max() > 1 - SUSPICIOUS:
                _refuse_separation(scaled, y, classes)
            return coef / scale[:, None]
        if np.abs(scaled @ coef).max() > 50:
            break
    raise NotEstimable(_SEPARATED)


def _refuse_separation(X: FloatArray, y: npt.NDArray[np.int64], classes: int) -> None:
    """Raise if along some direction the own class of nobody ever loses, and of some wins.

    Exact, by linear programming over ``x_i' (b_own - b_k) >= 0``, all k.

    References
    ----------
    Albert A, Anderson JA (1984). Biometrika 71:1-10 (existence of the maximum).
    """
    # Loaded here because it is needed only for fits that look separated.
    from scipy.optimize import linprog

    unit = X / np.abs(X).max(axis=0)
    places = np.arange(len(y))
    margins = []
    for k in range(classes):
        margin = np.zeros((len(y), classes, unit.shape[1]))
        margin[places, y] += unit
        margin[places, k] -= unit
        margins.append(margin[y != k, 1:].reshape(int((y != k).sum()), -1))
    rows = np.vstack(margins)
    answer = linprog(-rows.sum(axis=0), A_ub=-rows, b_ub=np.zeros(len(rows)), bounds=(-1, 1))
    if answer.x is not None and (rows @ answer.x).max() > 1e-5:
        raise NotEstimable(_SEPARATED)


def _loglik(X: FloatArray, coef: FloatArray, y: npt.NDArray[np.int64]) -> float:
    eta = np.column_stack([np.zeros(len(X)), X @ coef])
    return float(log_softmax(eta, axis=1)[np.arange(len(y)), y].sum())


def _information(X: FloatArray, fitted: FloatArray) -> FloatArray:
    """Information of the coefficients, class by class, shape ((k - 1) p, (k - 1) p)."""
    k = fitted.shape[1]
    rows = []
    for a in range(k):
        blocks = [(X * (fitted[:, a] * ((a == b) - fitted[:, b]))[:, None]).T @ X for b in range(k)]
        rows.append(np.hstack(blocks))
    return np.vstack(rows)
