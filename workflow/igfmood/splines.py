"""Restricted cubic splines, so that a U-shape is seen and not averaged away.

Takes: a predictor in its own unit and the number, or the places, of the knots.
Gives: Harrell's default knots, and the linear-tail basis as columns of a design matrix.
"""

import numpy as np
import numpy.typing as npt

from igfmood.errors import NotEstimable

FloatArray = npt.NDArray[np.float64]


def rcs_knots(x: npt.ArrayLike, n_knots: int) -> FloatArray:
    """Place knots at Harrell's default quantiles.

    Outer quantiles are 0.10/0.90 for 3 knots, 0.05/0.95 for 4 to 6, 0.025/0.975 for more; the
    others are equally spaced between them. Below 100 values the outer knots are the 5th smallest
    and the 5th largest value, because tail quantiles are then single points.

    Parameters
    ----------
    x : array_like, shape (n,)
        Predictor, any unit, without missing values.
    n_knots : int
        At least 3.

    Returns
    -------
    ndarray, shape (n_knots,)
        Strictly increasing, in the unit of `x`.

    Raises
    ------
    ValueError
        `n_knots` below 3, or a missing or infinite value in `x`.
    NotEstimable
        Too few values, or so many ties that the knots are not all different.

    Notes
    -----
    ``Hmisc::rcspline.eval`` moves the outer knots when at least 5 % of the values sit at one
    extreme (``fractied``). That is not done here: values piled up at a detection limit are
    censored and are treated as such before a curve is drawn.

    References
    ----------
    Harrell FE (2015). Regression Modeling Strategies, 2nd ed., section 2.4.6, table 2.3.
    """
    if n_knots < 3:
        raise ValueError(f"a restricted cubic spline needs at least 3 knots, found {n_knots}")
    values = _finite_vector(x)
    n = values.size
    if n < 10:
        raise NotEstimable(f"too few values to place {n_knots} knots: {n} < 10")
    ordered = np.sort(values)
    different = 1 + int(np.count_nonzero(np.diff(ordered)))
    if different < n_knots:
        raise NotEstimable(f"{different} different values cannot carry {n_knots} knots: use fewer")
    outer = 0.10 if n_knots == 3 else 0.05 if n_knots <= 6 else 0.025
    places = np.linspace(outer, 1 - outer, n_knots) * (n - 1)
    knots = np.interp(places, np.arange(n), ordered)  # numpy's quantiles, without its checks
    if n < 100:
        knots[0], knots[-1] = ordered[4], ordered[-5]
    if not np.all(np.diff(knots) > 0):
        raise NotEstimable(
            f"the values allow {np.unique(knots).size} different knots, {n_knots} are asked for "
            f"(too many ties in {n} values): use fewer knots"
        )
    return knots


def rcs_basis(x: npt.ArrayLike, knots: npt.ArrayLike) -> FloatArray:
    """Restricted cubic spline basis: cubic between the knots, linear beyond the outer ones.

    Parameters
    ----------
    x : array_like, shape (n,)
        Predictor, same unit as `knots`.
    knots : array_like, shape (k,)
        Strictly increasing, k at least 3.

    Returns
    -------
    ndarray, shape (n, k - 1)
        Column 0 is `x`; columns 1 to k - 2 are the nonlinear terms, divided by
        ``(t_k - t_1)**2`` so that they too are in the unit of `x` (``norm=2`` in Hmisc).

    Raises
    ------
    ValueError
        Fewer than 3 knots, knots that do not increase, or values that are not finite.

    References
    ----------
    Harrell FE (2015). Regression Modeling Strategies, 2nd ed., equations 2.24 to 2.26.
    """
    values, t = _finite_vector(x), _finite_vector(knots)
    if t.size < 3 or not np.all(np.diff(t) > 0):
        raise ValueError(f"knots must be at least 3 and strictly increasing, found {t.tolist()}")
    above = np.maximum(values[:, None] - t, 0.0)
    cubed = above * above * above
    last, before_last, inner = t[-1], t[-2], t[:-2]
    gap = last - before_last
    nonlinear = (
        cubed[:, :-2]
        - cubed[:, [-2]] * ((last - inner) / gap)
        + cubed[:, [-1]] * ((before_last - inner) / gap)
    )
    return np.column_stack([values, nonlinear / (last - t[0]) ** 2])


def _finite_vector(x: npt.ArrayLike) -> FloatArray:
    values = np.asarray(x, dtype=float)
    if values.ndim != 1 or not np.isfinite(values).all():
        raise ValueError("expected a one-dimensional array without missing or infinite values")
    return values
