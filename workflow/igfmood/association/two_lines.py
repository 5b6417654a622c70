"""Test of whether a slope really changes its sign, which a parabola alone cannot show.

Takes: an exposure, an outcome and covariates.
Gives: the mean slope below and above a break point set by the data, each with its test.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from igfmood.association.models.linear import Contrast, ols_hc3
from igfmood.errors import NotEstimable
from igfmood.splines import rcs_basis, rcs_knots

FloatArray = npt.NDArray[np.float64]

#: Knots of the curve that finds the flat region.
KNOTS = 5
#: The break point is looked for between these quantiles of the exposure.
MIDDLE = (0.1, 0.9)
#: Fewest participants on each side of the break point.
PER_SIDE = 10


@dataclass(frozen=True)
class TwoLines:
    """An interrupted regression, and what its two slopes say together.

    Attributes
    ----------
    breakpoint : float
        Unit of the exposure.
    low, high : Contrast
        Slope below and above it, outcome units per unit of the exposure, HC3.
    n_low, n_high : int
        Participants at or below, and above the break point.
    flat_low, flat_high : float
        Range of exposures where the fitted curve is within one standard error of its extreme.
    """

    breakpoint: float
    low: Contrast
    high: Contrast
    n_low: int
    n_high: int
    flat_low: float
    flat_high: float

    def sign_change(self, alpha: float = 0.05) -> bool:
        """Return whether both slopes are significant, with opposite signs: a (reversed) U."""
        opposite = self.low.estimate * self.high.estimate < 0
        return opposite and max(self.low.p, self.high.p) < alpha


def two_lines(
    x: npt.ArrayLike,
    y: npt.ArrayLike,
    covariates: npt.ArrayLike | None = None,
    level: float = 0.95,
) -> TwoLines:
    """Two-lines test of a U-shape, with the break point of the Robin Hood algorithm.

    Parameters
    ----------
    x : array_like, shape (n,)
        Exposure.
    y : array_like, shape (n,)
        Outcome.
    covariates : array_like, shape (n, q), optional
        Without intercept.
    level : float
        Coverage of the slopes' intervals.

    Returns
    -------
    TwoLines

    Raises
    ------
    ValueError
        Shapes that do not match, or values that are not finite.
    NotEstimable
        Too few different exposures for the curve, too few participants on one side of the break
        point, or a model that cannot be fitted.

    Notes
    -----
    A parabola through a curve that flattens has a turning point whether or not the curve turns;
    two significant slopes of opposite sign are evidence of a turn whatever the form.

    1. A smooth curve is fitted and its most extreme value (lowest where the quadratic model falls
       at the smallest exposure, highest where it rises) is looked for between the 10th and 90th
       percentile of the exposure.
    2. All exposures there whose fitted value is within one standard error of the extreme form the
       flat region. Two lines are fitted with the break at its median, giving t1 and t2.
    3. The break point is the quantile ``|t2| / (|t1| + |t2|)`` of the flat region: the weaker
       line is given more participants.

    The author's program uses a penalised additive model for the curve; here it is a restricted
    cubic spline of 5 knots, with HC3 standard errors, so break points agree closely and not to
    the digit. The break point itself belongs to the lower line when the lower slope is tested and
    to the upper line when the upper one is, as there. The intervals of the slopes take the break
    point as known.

    References
    ----------
    Simonsohn U (2018). Adv Methods Pract Psychol Sci 1:538-555.
    """
    exposure, outcome = np.asarray(x, dtype=float), np.asarray(y, dtype=float)
    others = np.empty((exposure.size, 0)) if covariates is None else np.asarray(covariates, float)
    if exposure.ndim != 1 or outcome.shape != exposure.shape or len(others) != exposure.size:
        raise ValueError(f"x {exposure.shape}, y {outcome.shape}, {others.shape} do not match")
    flat = _flat_region(exposure, outcome, others)
    low, high = _slopes(exposure, outcome, others, float(np.median(flat)), level)
    share = abs(high.t) / (abs(low.t) + abs(high.t))
    at = float(np.quantile(flat, share))
    low, high = _slopes(exposure, outcome, others, at, level)
    n_low = int((exposure <= at).sum())
    return TwoLines(
        at, low, high, n_low, exposure.size - n_low, float(flat.min()), float(flat.max())
    )


def _flat_region(x: FloatArray, y: FloatArray, others: FloatArray) -> FloatArray:
    """Exposures in the middle of the data, fitted within one standard error of the extreme."""
    sign = -1.0 if _falls_first(x, y, others) else 1.0
    knots = rcs_knots(x, KNOTS)
    # Centred covariates: the curve is the one at their means.
    centred = others - others.mean(axis=0)
    fit = ols_hc3(np.column_stack([np.ones(x.size), rcs_basis(x, knots), centred]), y)
    low, high = np.quantile(x, MIDDLE)
    middle = x[(x > low) & (x < high)]
    if middle.size < PER_SIDE:
        raise NotEstimable(
            f"too few exposures between their 10th and 90th percentile for a break point: "
            f"{middle.size} < {PER_SIDE}"
        )
    weights = np.column_stack([np.ones(middle.size), rcs_basis(middle, knots)])
    k = weights.shape[1]
    fitted = sign * (weights @ fit.beta[:k])
    se = np.sqrt(np.einsum("ij,jk,ik->i", weights, fit.cov[:k, :k], weights))
    return middle[fitted + se > fitted.max()]


def _falls_first(x: FloatArray, y: FloatArray, others: FloatArray) -> bool:
    """Return whether the quadratic model falls at the smallest exposure, so a U is looked for."""
    z = (x - x.mean()) / (x.std() or 1.0)
    beta = ols_hc3(np.column_stack([np.ones(x.size), z, z**2, others]), y).beta
    return bool(beta[1] + 2 * beta[2] * z.min() <= 0)


def _slopes(
    x: FloatArray, y: FloatArray, others: FloatArray, at: float, level: float
) -> tuple[Contrast, Contrast]:
    """Slopes on both sides of `at`, where the lines need not meet."""
    distance, slopes = x - at, []
    # Who stands at the break itself counts for the line that is being tested.
    for column, upper in ((1, x > at), (2, x >= at)):
        smaller = int(min(upper.sum(), (~upper).sum()))
        if smaller < PER_SIDE:
            raise NotEstimable(
                f"too few participants on one side of the break point {at:g}: "
                f"{smaller} < {PER_SIDE}"
            )
        lines = [np.ones(x.size), distance * ~upper, distance * upper, upper, others]
        slopes.append(ols_hc3(np.column_stack(lines), y).contrast(column, level))
    return slopes[0], slopes[1]
