"""Elastic-net logistic regression along a path of penalties, many training sets at once.

Takes designs with weights that say who is in which training set; gives coefficients for every
penalty, and the penalty that predicts best in people left out.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import expit

from igfmood.errors import NotEstimable

FloatArray = npt.NDArray[np.float64]

#: Penalties on a path, and the smallest as a share of the largest.
PENALTIES, SMALLEST = 25, 1e-3
#: Newton steps per penalty, changes of the active set per step.
_MOST_STEPS, _MOST_CHANGES = 50, 1000
#: People whose numbers are worked on at once, so that they stay in the processor's cache.
_BLOCK = 1024
#: From more people on, fits without an inner fold are found from that of all of them.
_MANY = 8192


@dataclass(frozen=True, eq=False)
class Chosen:
    """Elastic nets at the penalty that predicts best, for g designs.

    Attributes
    ----------
    intercept : ndarray, shape (g,)
    coef : ndarray, shape (g, p)
        Log odds per unit of the column as given.
    penalty : ndarray, shape (g,)
        Lambda, for columns of unit variance.
    """

    intercept: FloatArray
    coef: FloatArray
    penalty: FloatArray


def elastic_net_cv(
    X: npt.ArrayLike, y: npt.ArrayLike, used: npt.ArrayLike, folds: npt.ArrayLike,
    l1_ratio: float, tol: float = 1e-8, free: int = 0,
) -> Chosen:  # fmt: skip
    """Fit g elastic nets, the penalty of each chosen by cross-validation within its people.

    Parameters
    ----------
    X : array_like, shape (g, n, p)
        Predictors of each training set, without intercept; rows that are not used may hold
        anything finite.
    y : array_like, shape (n,) or (g, n)
        Outcome, 0 or 1.
    used : array_like of bool, shape (g, n)
        Who is in the training set.
    folds : array_like of int, shape (g, n)
        Inner fold of each used person, 0 to k - 1.
    l1_ratio : float
        Share of the lasso penalty, 0 (ridge) to 1 (lasso); a path needs it above 0.
    tol : float
        Largest change of the mean log-likelihood, as a share of the null deviance, at which a fit
        is taken for converged (glmnet: 1e-7); 1e-8 leaves coefficients within 1e-5.
    free : int
        So many columns, the first ones, are neither scaled nor penalised.

    Returns
    -------
    Chosen

    Raises
    ------
    NotEstimable
        A training set, or one without an inner fold, that has one class only.

    Notes
    -----
    Columns are scaled to unit variance in each training set; the penalty is that of the smallest
    mean deviance in the inner folds. Where a training set has more people than `_MANY`, the fits
    without a fold, which serve this choice alone, are one Newton step from that of all: the rest of
    the way is of the order of 1 / n of a coefficient.

    References
    ----------
    Friedman J, Hastie T, Tibshirani R (2010). J Stat Softw 33(1).
    """
    design, members = np.asarray(X, dtype=float), np.asarray(used, dtype=bool)
    outcome = np.broadcast_to(np.asarray(y, dtype=float), members.shape)
    fold = np.asarray(folds)
    k = int(fold[members].max()) + 1
    mean, scale = _scale(design, members, free)
    scaled = np.where(members[:, :, None], (design - mean[:, None]) / scale[:, None], 0.0)
    penalties = _path(scaled, outcome, members, l1_ratio, free)
    if members.sum(axis=1).min() > _MANY:
        everybody = members[:, None].astype(float)
        path = elastic_net(scaled, outcome, everybody, penalties, l1_ratio, tol, free)[:, 0]
        inner = _one_step(scaled, outcome, members, fold, penalties, path, l1_ratio, free)
    else:
        apart = [members & (fold != held) for held in range(k)]
        weights = np.stack([*apart, members], axis=1).astype(float)
        coef = elastic_net(scaled, outcome, weights, penalties, l1_ratio, tol, free)
        inner, path = coef[:, :k], coef[:, k]
    best = _best(scaled, outcome, members, fold, inner)
    rows = np.arange(len(best))
    whole = path[rows, best]
    slopes = whole[:, 1:] / scale
    intercept = whole[:, 0] - (slopes * mean).sum(axis=1)
    return Chosen(intercept, slopes, penalties[rows, best])


def elastic_net(
    X: npt.ArrayLike, y: npt.ArrayLike, weights: npt.ArrayLike, penalties: npt.ArrayLike,
    l1_ratio: float, tol: float = 1e-10, free: int = 0,
) -> FloatArray:  # fmt: skip
    """Coefficients along paths of penalties, for g designs with k sets of weights each.

    Parameters
    ----------
    X : array_like, shape (g, n, p)
        Predictors, scaled as they are to be penalised.
    y : array_like, shape (g, n)
        Outcome, 0 or 1.
    weights : array_like, shape (g, k, n)
        Weight of each person in each fit, 0 for nobody.
    penalties : array_like, shape (g, l)
        Descending.
    l1_ratio, tol, free
        See `elastic_net_cv`.

    Returns
    -------
    ndarray, shape (g, k, l, 1 + p)
        Intercept first, which is not penalised.

    Raises
    ------
    NotEstimable
        A fit with one class only, or that does not converge.

    Notes
    -----
    Minimises ``-loglik / n + lambda (a |b|_1 + (1 - a) |b|^2 / 2)``: Newton steps of the
    likelihood, each minimised exactly by feature-sign search, warm from the last penalty. All g k
    fits take their steps together.
    """
    design, weight = np.asarray(X, dtype=float), np.asarray(weights, dtype=float)
    lambdas = np.asarray(penalties, dtype=float)
    g, k, n = weight.shape
    weight = weight / weight.sum(axis=2, keepdims=True)
    outcome = np.asarray(y, dtype=float)
    share = (weight @ outcome[:, :, None])[:, :, 0]
    if not ((share > 0) & (share < 1)).all():
        raise NotEstimable("a training set has one class only")
    full = np.concatenate([np.ones((g, n, 1)), design], axis=2)
    coef = np.zeros((g, k, full.shape[2]))
    coef[:, :, 0] = np.log(share / (1 - share))
    null = -2 * (share * np.log(share) + (1 - share) * np.log(1 - share))
    found = np.empty((g, k, lambdas.shape[1], full.shape[2]))
    problem = _Problem(full, outcome, weight, l1_ratio, tol * null.ravel(), free)
    for place in range(lambdas.shape[1]):
        start = _foreseen(found, lambdas, place, free) if place > 1 else coef
        coef = problem.fit(start, np.repeat(lambdas[:, place], k))
        found[:, :, place] = coef
    return found


def _foreseen(found: FloatArray, penalties: FloatArray, place: int, free: int) -> FloatArray:
    """Where the last two penalties' coefficients lead in a straight line, (g, k, 1 + p).

    None crosses 0 on the way, and none that is 0 leaves it.
    """
    before, last = found[:, :, place - 2], found[:, :, place - 1]
    gaps = np.diff(penalties[:, place - 2 : place + 1], axis=1)
    share = np.divide(gaps[:, 1], gaps[:, 0], out=np.zeros(len(gaps)), where=gaps[:, 0] < 0)
    start = last + (last - before) * share[:, None, None]
    penalised = np.arange(start.shape[2]) > free
    return np.where(penalised & (start * last <= 0), 0.0, start)


class _Problem:
    """Fits along the path that share designs; keeps the curvature while it is good enough."""

    def __init__(
        self, full: FloatArray, y: FloatArray, weight: FloatArray, l1_ratio: float,
        tol: FloatArray, free: int,
    ) -> None:  # fmt: skip
        self.full, self.y = full, y
        self.weight = np.ascontiguousarray(weight.transpose(0, 2, 1))
        self.l1_ratio, self.tol, self.free = l1_ratio, tol, free
        self.blocks = [slice(i, i + _BLOCK) for i in range(0, full.shape[1], _BLOCK)]
        self.gram: FloatArray | None = None

    def fit(self, start: FloatArray, penalty: FloatArray) -> FloatArray:
        """Minimise at one penalty, from `start` (g, k, 1 + p).

        The curvature of an earlier penalty gives the same minimum, in more steps: it is renewed
        when a step gains less than a tenth of what the last one did. A fit that has converged
        takes no more steps.
        """
        coef = start.copy()
        flat = coef.reshape(-1, coef.shape[2])
        last = np.full(len(flat), np.inf)
        still = np.arange(len(flat))
        for _ in range(_MOST_STEPS):
            moving = np.isin(np.arange(len(flat)), still).reshape(coef.shape[:2])
            score = self._score(coef, moving).reshape(flat.shape)[still]
            if self.gram is None:
                self.gram = self._gram(coef).reshape(*flat.shape, -1)
            gram = self.gram[still]
            moved = _minimise(
                gram, score, flat[still], penalty[still] * self.l1_ratio,
                penalty[still] * (1 - self.l1_ratio), self.free,
            )  # fmt: skip
            change = moved - flat[still]
            gain = np.einsum("bi,bij,bj->b", change, gram, change)
            flat[still] = moved
            if (gain > np.maximum(0.1 * last[still], self.tol[still])).any():
                self.gram = None
            last[still] = gain
            still = still[gain >= self.tol[still]]
            if not still.size:
                return coef
        raise NotEstimable(f"the elastic net did not converge in {_MOST_STEPS} Newton steps")

    def _score(self, coef: FloatArray, moving: npt.NDArray[np.bool_]) -> FloatArray:
        """Slope of the log-likelihood, shape (g, k, 1 + p); 0 for fits that do not move."""
        found = np.zeros_like(coef)
        for design, fits in enumerate(moving):
            own = coef[design, fits]
            weight = self.weight[design] if fits.all() else self.weight[design][:, fits]
            score = np.zeros_like(own)
            for rows in self.blocks if len(own) else ():
                X = self.full[design, rows]
                fitted = expit(X @ own.T)
                np.subtract(self.y[design, rows, None], fitted, out=fitted)
                fitted *= weight[rows]
                score += fitted.T @ X
            found[design, fits] = score
        return found

    def _gram(self, coef: FloatArray) -> FloatArray:
        """Curvature of the log-likelihood, shape (g, k, 1 + p, 1 + p)."""
        found = np.zeros((*coef.shape, coef.shape[2]))
        for design, own in enumerate(coef):
            for rows in self.blocks:
                X = self.full[design, rows]
                fitted = expit(X @ own.T)
                curvature = self.weight[design, rows] * np.maximum(fitted * (1 - fitted), 1e-5)
                for gram, each in zip(found[design], curvature.T, strict=True):
                    gram += (X * each[:, None]).T @ X
        return found


def _minimise(
    gram: FloatArray, score: FloatArray, start: FloatArray, l1: FloatArray, l2: FloatArray,
    free: int,
) -> FloatArray:  # fmt: skip
    """Minimise the quadratic around `start` (b, 1 + p), all b problems at once.

    Feature-sign search: given which coefficients are 0 and the signs of the others, the minimum
    solves linear equations. On the way to it a coefficient that would change its sign becomes 0;
    once there, the 0 with the steepest slope joins.

    References
    ----------
    Lee H, Battle A, Raina R, Ng AY (2006). Adv Neural Inf Process Syst 19:801-808, algorithm 1.
    """
    penalised = np.arange(start.shape[1]) > free
    target = score + np.einsum("bij,bj->bi", gram, start)
    coef, sign = start.copy(), np.sign(start) * penalised
    slack = l1 * (1 + 1e-6) + 1e-12
    still = np.arange(len(coef))
    for _ in range(_MOST_CHANGES):
        G, t, here, s = gram[still], target[still], coef[still], sign[still]
        solved = _solve(G, t - l1[still, None] * s, (s != 0) | ~penalised, l2[still], penalised)
        crossing = solved * s < 0
        reach = np.where(crossing, here / np.where(crossing, here - solved, 1.0), np.inf)
        first = reach.argmin(axis=1)
        rows = np.arange(len(still))
        stopped = crossing.any(axis=1)
        step = np.where(stopped, reach[rows, first], 1.0)[:, None]
        here = np.where(step == 1.0, solved, here + step * (solved - here))
        here[rows[stopped], first[stopped]] = s[rows[stopped], first[stopped]] = 0.0
        left = t - np.einsum("bij,bj->bi", G, here)
        slope = np.where(penalised & (s == 0), np.abs(left), 0.0)
        steepest = slope.argmax(axis=1)
        joins = ~stopped & (slope[rows, steepest] > slack[still])
        s[rows[joins], steepest[joins]] = np.sign(left[rows[joins], steepest[joins]])
        coef[still], sign[still] = here, s
        still = still[stopped | joins]
        if not still.size:
            return coef
    raise NotEstimable(f"the elastic net's active set did not settle in {_MOST_CHANGES} changes")


def _solve(
    gram: FloatArray, right: FloatArray, active: npt.NDArray[np.bool_], l2: FloatArray,
    penalised: npt.NDArray[np.bool_],
) -> FloatArray:  # fmt: skip
    """Solve for the active coefficients, the others are 0, shape (b, 1 + p)."""
    system = np.where(active[:, :, None] & active[:, None, :], gram, 0.0)
    places = np.arange(gram.shape[1])
    trace = np.einsum("bjj->b", system)
    system[:, places, places] += np.where(active, l2[:, None] * penalised, 1.0)
    # Columns that are 0, as where a design has fewer columns than others, keep their 0.
    system[:, places, places] += 1e-13 * trace[:, None]
    return np.linalg.solve(system, np.where(active, right, 0.0)[:, :, None])[:, :, 0]


def _scale(
    design: FloatArray, members: npt.NDArray[np.bool_], free: int
) -> tuple[FloatArray, FloatArray]:
    """Mean and SD of each column among the people of each training set, shape (g, p)."""
    weight = members / members.sum(axis=1, keepdims=True)
    mean = np.einsum("gn,gnp->gp", weight, design)
    square = np.einsum("gn,gnp->gp", weight, (design - mean[:, None]) ** 2)
    scale = np.sqrt(square)
    scale[:, :free] = 1.0
    return mean, np.where(scale > 1e-12, scale, 1.0)


def _path(
    scaled: FloatArray, y: FloatArray, members: npt.NDArray[np.bool_], l1_ratio: float, free: int
) -> FloatArray:
    """Penalties from the smallest that leaves no predictor, descending, shape (g, l)."""
    weight = members / members.sum(axis=1, keepdims=True)
    null = np.zeros_like(weight)
    if free:
        # What is not penalised is in the model from the start.
        start = elastic_net(
            scaled[:, :, :free], y, members[:, None].astype(float), np.zeros((len(y), 1)),
            l1_ratio, free=free,
        )[:, 0, 0]  # fmt: skip
        null = expit(start[:, :1] + np.einsum("gnp,gp->gn", scaled[:, :, :free], start[:, 1:]))
    else:
        null += (weight * y).sum(axis=1, keepdims=True)
    score = np.einsum("gn,gnp->gp", weight * (y - null), scaled[:, :, free:])
    top = np.abs(score).max(axis=1) / l1_ratio
    return np.maximum(top, 1e-8)[:, None] * np.geomspace(1, SMALLEST, PENALTIES)


def _one_step(
    scaled: FloatArray, y: FloatArray, members: npt.NDArray[np.bool_], fold: npt.NDArray[np.int64],
    penalties: FloatArray, path: FloatArray, l1_ratio: float, free: int,
) -> FloatArray:  # fmt: skip
    """Fits without each inner fold, shape (g, k, l, 1 + p), from those of all people (g, l, 1 + p).

    Score and curvature at the fit of all are sums over people, of whom a fold's are taken away.
    """
    k = int(fold[members].max()) + 1
    found = np.empty((len(path), k, *path.shape[1:]))
    for design, fits in enumerate(path):
        held = [np.flatnonzero(members[design] & (fold[design] == one)) for one in range(k)]
        people = [np.column_stack([np.ones(len(rows)), scaled[design, rows]]) for rows in held]
        sizes = np.array([len(rows) for rows in held])
        left = sizes.sum() - sizes
        for place, coef in enumerate(fits):
            parts = [
                _derivatives(X, y[design, rows], coef) for X, rows in zip(people, held, strict=True)
            ]
            scores, grams = (np.stack(one) for one in zip(*parts, strict=True))
            penalty = np.full(k, penalties[design, place])
            found[design, :, place] = _minimise(
                (grams.sum(axis=0) - grams) / left[:, None, None],
                (scores.sum(axis=0) - scores) / left[:, None],
                np.tile(coef, (k, 1)), penalty * l1_ratio, penalty * (1 - l1_ratio), free,
            )  # fmt: skip
    return found


def _derivatives(X: FloatArray, y: FloatArray, coef: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Slope (1 + p,) and curvature (1 + p, 1 + p) of the log-likelihood, summed over people."""
    score, gram = np.zeros(len(coef)), np.zeros((len(coef), len(coef)))
    for start in range(0, len(X), _BLOCK):
        own = X[start : start + _BLOCK]
        fitted = expit(own @ coef)
        score += (y[start : start + _BLOCK] - fitted) @ own
        root = own * np.sqrt(np.maximum(fitted * (1 - fitted), 1e-5))[:, None]
        gram += root.T @ root
    return score, gram


def _best(
    scaled: FloatArray, y: FloatArray, members: npt.NDArray[np.bool_], fold: npt.NDArray[np.int64],
    coef: FloatArray,
) -> npt.NDArray[np.int64]:  # fmt: skip
    """Place of the penalty with the smallest deviance in the inner folds, shape (g,)."""
    deviance = np.zeros((len(scaled), coef.shape[2]))
    for design, own in enumerate(coef):
        for held, path in enumerate(own):
            there = np.flatnonzero(members[design] & (fold[design] == held))
            for start in range(0, there.size, _BLOCK):
                rows = there[start : start + _BLOCK]
                eta = path[:, :1] + path[:, 1:] @ scaled[design, rows].T
                side = np.where(y[design, rows] == 1, -1.0, 1.0)
                deviance[design] += np.logaddexp(0, eta * side).sum(axis=1)
    return np.asarray(deviance.argmin(axis=1))
