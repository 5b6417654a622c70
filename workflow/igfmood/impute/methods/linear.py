"""Draws for a numeric variable: linear model, its posterior, and predictive mean matching.

Takes: cross-products of the rows a model is fitted on, or predictions and observed values.
Gives: least-squares and drawn coefficients; donors for the missing rows; truncated normal draws.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import log_ndtr, ndtri_exp

FloatArray = npt.NDArray[np.float64]
IndexArray = npt.NDArray[np.intp]

#: A predictor is dropped when less than this share of its sum of squares is left after projection
#: on those before it (variance inflation above a million).
SHARE_LEFT = 1e-6
#: Predictions closer than this share of their range are the same but for rounding.
SAME_PREDICTION = 1e-11
EM_STEPS = 20


@dataclass(frozen=True, eq=False)
class LinearPosterior:
    """Least squares on the kept columns, from cross-products.

    Attributes
    ----------
    coef : ndarray, shape (p,)
        Least-squares coefficients.
    root : ndarray, shape (p, p)
        T with ``T @ T.T`` the inverse of the cross-products.
    rss : float
        Residual sum of squares.
    df : int
        Rows less coefficients, at least 1.
    """

    coef: FloatArray
    root: FloatArray
    rss: float
    df: int

    def draw(self, rng: np.random.Generator) -> tuple[FloatArray, float]:
        """Coefficients and residual standard deviation from their joint posterior.

        Under the flat prior ``p(beta, log sigma)``: Rubin (1987), p. 167.
        """
        sigma = float(np.sqrt(self.rss / rng.chisquare(self.df)))
        return self.coef + sigma * (self.root @ rng.standard_normal(self.coef.size)), sigma


def independent_columns(gram: FloatArray) -> IndexArray:
    """Positions of the columns that are no linear combination of those before them.

    Parameters
    ----------
    gram : ndarray, shape (p, p)
        Cross-products of the columns.

    Returns
    -------
    ndarray of int, ascending
    """
    diagonal = np.diag(gram)
    length = np.sqrt(np.where(diagonal > 0, diagonal, 1.0))
    scaled = gram / np.outer(length, length)
    if (diagonal > 0).all():
        try:
            if np.diag(np.linalg.cholesky(scaled)).min() ** 2 > SHARE_LEFT:
                return np.arange(len(gram))
        except np.linalg.LinAlgError:
            pass
    kept: list[int] = []
    for j in np.flatnonzero(diagonal > 0):
        left = 1.0
        if kept:
            left -= scaled[j, kept] @ np.linalg.solve(scaled[np.ix_(kept, kept)], scaled[kept, j])
        if left > SHARE_LEFT:
            kept.append(int(j))
    return np.array(kept, dtype=np.intp)


def linear_posterior(
    gram: FloatArray, moment: FloatArray, square: float, n: int
) -> LinearPosterior:
    """Least squares from cross-products.

    Parameters
    ----------
    gram : ndarray, shape (p, p)
        ``X.T @ X`` of independent columns.
    moment : ndarray, shape (p,)
        ``X.T @ y``.
    square : float
        ``y @ y``.
    n : int
        Rows.

    Returns
    -------
    LinearPosterior
    """
    length = np.sqrt(np.diag(gram))
    inverse = np.linalg.inv(np.linalg.cholesky(gram / np.outer(length, length))) / length
    projected = inverse @ moment
    rss = max(square - float(projected @ projected), 0.0)
    return LinearPosterior(inverse.T @ projected, inverse.T, rss, max(n - moment.size, 1))


def nearest_donors(
    predicted: FloatArray, wanted: FloatArray, donors: int, rng: np.random.Generator
) -> IndexArray:
    """For each wanted value, one of the `donors` nearest predictions, at random.

    Parameters
    ----------
    predicted : ndarray, shape (n,)
        Predictions of the observed rows.
    wanted : ndarray, shape (r,)
        Predictions of the missing rows.
    donors : int
        Nearest rows to choose from, at most n.
    rng : numpy.random.Generator

    Returns
    -------
    ndarray of int, shape (r,)
        Positions in `predicted`.

    Notes
    -----
    In sorted order the d nearest are a window. The window that starts at i is too far left while
    the value that would enter, i + d, is nearer than the one that would leave, i: the start is
    the number of i with ``s[i] + s[i + d] < 2 wanted``, a single binary search. Where predictions
    are equal a donor is redrawn among all that are, so that none is favoured by its place in the
    table.

    References
    ----------
    Little RJA (1988). J Bus Econ Stat 6:287-296, section 4.
    Morris TP, White IR, Royston P (2014). BMC Med Res Methodol 14:75 (type 1, d nearest).
    """
    order = np.argsort(predicted)
    ranked = predicted[order]
    reach = min(donors, ranked.size)
    # Sorted queries read the sorted table from front to back: far fewer cache misses.
    turn = np.argsort(wanted)
    start = np.empty(wanted.size, dtype=np.intp)
    start[turn] = np.searchsorted(ranked[:-reach] + ranked[reach:], 2 * wanted[turn])
    pick = start + rng.integers(reach, size=wanted.size)
    apart = np.diff(ranked) > SAME_PREDICTION * (ranked[-1] - ranked[0])
    if apart.all():
        return order[pick]
    first = np.concatenate([[0], np.flatnonzero(apart) + 1])
    group = np.concatenate([[0], np.cumsum(apart)])[pick]
    size = np.diff(np.append(first, ranked.size))[group]
    return order[first[group] + (rng.random(pick.size) * size).astype(np.intp)]


def marginal_normal(observed: FloatArray, limit: FloatArray) -> tuple[float, float]:
    """Mean and standard deviation of a normal variable partly known to lie below limits.

    Parameters
    ----------
    observed : ndarray, shape (n,)
    limit : ndarray, shape (r,)
        Upper limits of the other values.

    Returns
    -------
    mean, sd : float
        A few EM steps from the observed values: a place for the chains to start, no estimate.

    References
    ----------
    Dempster AP, Laird NM, Rubin DB (1977). J R Stat Soc B 39:1-38, section 4.2.
    """
    mean, sd = float(observed.mean()), float(observed.std())
    for _ in range(EM_STEPS):
        z = (limit - mean) / sd
        hazard = np.exp(-(z**2) / 2 - 0.5 * np.log(2 * np.pi) - log_ndtr(z))
        first = mean - sd * hazard
        second = sd**2 * (1 - z * hazard - hazard**2) + first**2
        n = observed.size + limit.size
        mean = float(observed.sum() + first.sum()) / n
        sd = float(np.sqrt((observed @ observed + second.sum()) / n - mean**2))
    return mean, sd


def below_limit(
    mean: FloatArray, sd: float, limit: FloatArray, rng: np.random.Generator
) -> FloatArray:
    """Normal draws truncated above.

    Parameters
    ----------
    mean, limit : ndarray, shape (r,)
    sd : float
    rng : numpy.random.Generator

    Returns
    -------
    ndarray, shape (r,)
        Values not above `limit`.

    Notes
    -----
    By inversion on the log scale, which keeps its digits where the limit is many `sd` below the
    mean.
    """
    # 1 - U is in (0, 1], so its logarithm is finite.
    log_p = np.log1p(-rng.random(mean.size)) + log_ndtr((limit - mean) / sd)
    return np.minimum(mean + sd * ndtri_exp(log_p), limit)
