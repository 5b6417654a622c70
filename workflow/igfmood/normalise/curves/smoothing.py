"""How much a curve may bend: the penalty chosen on the current working model.

Takes: the cross products of one parameter's design with its working response.
Gives: the penalty and the effective degrees of freedom (edf) that a criterion prefers.

In the eigenvectors of the penalised columns every criterion is a sum over at most 21 terms, so
that it is minimised over a grid of log penalties, and a finer one around the best, at little cost.

References
----------
Rigby RA, Stasinopoulos DM (2014). Automatic smoothing parameter selection in GAMLSS with an
application to centile estimation. Stat Methods Med Res 23:318-332, section 3 (local methods).
"""

from dataclasses import dataclass

import numpy as np

from igfmood.normalise.curves.bccg import FloatArray
from igfmood.normalise.curves.curve import Smoothing

#: Price of one effective degree of freedom in GAIC, and how often GCV counts it (1 is the usual,
#: which like a GAIC of 2 follows noise). Both criteria are blind to people that are few over many
#: years: there mu runs after single people and sigma falls with it. On juul (ISwR; girls: 537, 69
#: of them over 20 years) ten-fold deviance over all ages is 6,572 and 6,766 (two draws of the
#: folds) with marginal likelihood, 7,080 and 7,126 with a GAIC of 3, 7,050 and 23,319 with plain
#: GCV; with these prices 6,780 and 6,622, 6,769 and 6,550.
GAIC_PRICE = 4.0
GCV_PRICE = 2.0
_LOG_PENALTIES = np.linspace(np.log(1e-3), np.log(1e7), 36)
#: The finer grid between the neighbours of the best, as shares of their distance.
_FINER = np.linspace(0, 1, 65)


@dataclass(frozen=True)
class WorkingModel:
    """One parameter's penalised regression on its working response.

    Parameters
    ----------
    gram, right
        ``X'WX`` and ``X'Wz`` with the free columns first.
    n_free
        Columns without penalty.
    n
        People.
    total
        ``z'Wz``.
    most
        Most effective degrees of freedom that the people can carry.
    """

    gram: FloatArray
    right: FloatArray
    n_free: int
    n: int
    total: float
    most: float


def choose_penalty(model: WorkingModel, smoothing: Smoothing) -> tuple[float, float]:
    """Return the penalty that minimises the criterion, and its edf (free columns included)."""
    q, gram = model.n_free, model.gram
    wiggles, right, cross = gram[q:, q:], model.right[q:], gram[q:, :q]
    sides = np.empty((q, len(right) + 1))
    sides[:, :-1], sides[:, -1] = gram[:q, q:], model.right[:q]
    free = np.linalg.solve(gram[:q, :q], sides)
    values, vectors = np.linalg.eigh(wiggles - cross @ free[:, :-1])
    values = np.maximum(values, 0.0)
    squares = (vectors.T @ (right - cross @ free[:, -1])) ** 2
    unexplained = model.total - float(model.right[:q] @ free[:, -1])

    grid = _LOG_PENALTIES
    for _ in range(2):
        penalty = np.exp(grid)[:, None]
        shrunk = values + penalty
        share = np.add.reduce(values / shrunk, axis=1)
        cost = _criterion(squares, shrunk, penalty, share, unexplained, model, smoothing)
        # The heaviest penalty is always open: a straight line.
        cost[:-1][q + share[:-1] > model.most] = np.inf
        best = int(cost.argmin())
        low, high = grid[max(best - 1, 0)], grid[min(best + 1, len(grid) - 1)]
        chosen, edf = grid[best], q + float(share[best])
        grid = low + _FINER * (high - low)
    return float(np.exp(chosen)), edf


def _criterion(
    squares: FloatArray,
    shrunk: FloatArray,
    penalty: FloatArray,
    share: FloatArray,
    unexplained: float,
    model: WorkingModel,
    smoothing: Smoothing,
) -> FloatArray:
    """Cost of each penalty, shape (k,).

    `penalty` has shape (k, 1), `shrunk` are the eigenvalues with it, shape (k, q), and `share` is
    the edf of the penalised columns, shape (k,).
    """
    if smoothing == "local_ml":
        # -2 log restricted likelihood, wiggles ~ N(0, s2/penalty), s2 the working variance.
        left = unexplained - np.add.reduce(squares / shrunk, axis=1)
        bend = np.add.reduce(np.log(shrunk / penalty), axis=1)
        return (model.n - model.n_free) * np.log(np.maximum(left, 1e-300)) + bend
    edf = model.n_free + share
    # values / shrunk = 1 - penalty / shrunk
    rss = unexplained - np.add.reduce(squares * (1 + penalty / shrunk) / shrunk, axis=1)
    if smoothing == "gaic":
        return rss + GAIC_PRICE * edf
    return model.n * rss / (model.n - np.minimum(GCV_PRICE * edf, 0.95 * model.n)) ** 2
