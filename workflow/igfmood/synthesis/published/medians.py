"""Mean and SD of a group from what a paper prints of a skewed variable.

Takes: median and quartiles, range or both, of one group.
Gives: its mean and SD by one of three estimators, and which one that was.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import gamma, gammaincinv, ndtri

from igfmood.errors import NotEstimable

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Moments:
    """Mean and SD of a group, and the estimator that gave them."""

    mean: float
    sd: float
    method: str


@dataclass(frozen=True)
class Quantiles:
    """What a paper prints of a skewed variable, one group.

    Parameters
    ----------
    n : int
        Participants, at least 3.
    median : float
    q1, q3 : float, optional
        Quartiles; both or none.
    minimum, maximum : float, optional
        Range; both or none.

    Raises
    ------
    ValueError
        Values that are not finite or not in order, half a pair, no pair, or fewer than 3 people.
    """

    n: int
    median: float
    q1: float | None = None
    q3: float | None = None
    minimum: float | None = None
    maximum: float | None = None

    def __post_init__(self) -> None:
        if self.n < 3:
            raise ValueError(f"quantiles of fewer than 3 participants: n = {self.n}")
        if (self.q1 is None) != (self.q3 is None):
            raise ValueError("the first and the third quartile go together")
        if (self.minimum is None) != (self.maximum is None):
            raise ValueError("minimum and maximum go together")
        if self.quartiles is None and self.range is None:
            raise ValueError("a median needs its quartiles or its range")
        given = (self.minimum, self.q1, self.median, self.q3, self.maximum)
        values = np.array([value for value in given if value is not None], dtype=float)
        if not np.isfinite(values).all():
            raise ValueError(f"quantiles must be finite: {values.tolist()}")
        if (np.diff(values) < 0).any():
            raise ValueError(
                f"quantiles out of order (minimum, q1, median, q3, maximum): {values.tolist()}"
            )
        if not values[-1] > values[0]:
            raise ValueError(f"quantiles that do not differ: {values.tolist()}")

    @property
    def quartiles(self) -> tuple[float, float] | None:
        """First and third quartile, if given."""
        return None if self.q1 is None or self.q3 is None else (self.q1, self.q3)

    @property
    def range(self) -> tuple[float, float] | None:
        """Minimum and maximum, if given."""
        given = self.minimum is not None and self.maximum is not None
        return (self.minimum, self.maximum) if given else None  # type: ignore[return-value]


def moments_wan(group: Quantiles) -> Moments:
    """Mean and SD from median, quartiles and range, as if normal; weights that ignore n.

    Returns
    -------
    Moments
        From the range ``(min + 2 median + max) / 4``, from quartiles ``(q1 + median + q3) / 3``,
        from both ``(min + 2 q1 + 2 median + 2 q3 + max) / 8``; SD as in `moments_luo`.

    References
    ----------
    Wan X, Wang W, Liu J, Tong T (2014). BMC Med Res Methodol 14:135, equations 3, 10 and 14 (mean)
    and 9, 13 and 16 (SD).
    """
    m = group.median
    quartiles, limits = sum(group.quartiles or (0, 0)), sum(group.range or (0, 0))
    if group.range is None:
        mean = (quartiles + m) / 3
    elif group.quartiles is None:
        mean = (limits + 2 * m) / 4
    else:
        mean = (limits + 2 * quartiles + 2 * m) / 8
    return Moments(mean, _wan_sd(group), "mean and SD after Wan 2014")


def moments_luo(group: Quantiles) -> Moments:
    """Mean and SD from median, quartiles and range, as if normal; weights that depend on n.

    Returns
    -------
    Moments
        The mean with the least mean squared error under a normal distribution, and the SD of Wan:
        range over ``2 PHI^-1((n - 0.375) / (n + 0.25))``, interquartile range over
        ``2 PHI^-1((0.75 n - 0.125) / (n + 0.25))``, their mean where both are given.

    Notes
    -----
    Quartiles that lie unevenly about the median say that the variable is skewed; the mean and SD
    are then those of a normal variable with nearly these quantiles, not of the sample. Compare
    with `moments_mcgrath`.

    References
    ----------
    Luo D, Wan X, Liu J, Tong T (2018). Stat Methods Med Res 27:1785-1805, equations 7, 11 and 15.
    Wan X, Wang W, Liu J, Tong T (2014). BMC Med Res Methodol 14:135, equations 9, 13 and 16.
    """
    n, m = group.n, group.median
    if group.range is None:
        w_range, w_quartiles = 0.0, 0.7 + 0.39 / n
    elif group.quartiles is None:
        w_range, w_quartiles = 4 / (4 + n**0.75), 0.0
    else:
        w_range, w_quartiles = 2.2 / (2.2 + n**0.75), 0.7 - 0.72 / n**0.55
    mean = (
        w_range * sum(group.range or (0, 0)) / 2
        + w_quartiles * sum(group.quartiles or (0, 0)) / 2
        + (1 - w_range - w_quartiles) * m
    )
    return Moments(mean, _wan_sd(group), "mean after Luo 2018, SD after Wan 2014")


def _wan_sd(group: Quantiles) -> float:
    n, found = group.n, []
    if group.range is not None:
        low, high = group.range
        found.append((high - low) / (2 * float(ndtri((n - 0.375) / (n + 0.25)))))
    if group.quartiles is not None:
        low, high = group.quartiles
        found.append((high - low) / (2 * float(ndtri((0.75 * n - 0.125) / (n + 0.25)))))
    return float(np.mean(found))


def moments_mcgrath(group: Quantiles) -> Moments:
    """Mean and SD of the distribution whose quantiles are nearest to the printed ones.

    Normal, log-normal, gamma and Weibull distributions are fitted by least squares of the
    quantiles; the nearest of them gives mean and SD. With a value below 0 only the normal one is.

    Parameters
    ----------
    group : Quantiles

    Returns
    -------
    Moments
        `method` names the distribution.

    Notes
    -----
    Minimum and maximum are taken as the quantiles at 1/n and 1 - 1/n. estmeansd tries the beta
    distribution too, which no concentration follows; it is left out.

    References
    ----------
    McGrath S et al (2020). Stat Methods Med Res 29:2520-2537, section 2.2 (quantile estimation).
    """
    quantiles = [(0.5, group.median)]
    if group.quartiles is not None:
        quantiles += zip((0.25, 0.75), group.quartiles, strict=True)
    if group.range is not None:
        quantiles += zip((1 / group.n, 1 - 1 / group.n), group.range, strict=True)
    p, q = np.array(quantiles).T
    fits = [_fit_normal(p, q)]
    if q.min() >= 0:
        fits += [_fit_scaled(family, p, q) for family in _FAMILIES]
    _, name, mean, sd = min(fits, key=lambda fit: fit[0])
    if not sd > 0:
        raise NotEstimable(f"no SD from these quantiles: {q.tolist()}")
    return Moments(mean, sd, f"mean and SD after McGrath 2020, {name}")


#: Squared distance, name, mean and SD of a fitted distribution.
_Fit = tuple[float, str, float, float]


@dataclass(frozen=True)
class _Family:
    """A distribution with a scale: quantiles, mean and SD at scale 1, by its shape."""

    name: str
    quantile: Callable[[FloatArray, FloatArray], FloatArray]
    mean: Callable[[float], float]
    sd: Callable[[float], float]
    shapes: tuple[float, float]


def _weibull_sd(k: float) -> float:
    return float(np.sqrt(max(gamma(1 + 2 / k) - gamma(1 + 1 / k) ** 2, 0.0)))


_FAMILIES = (
    _Family(
        "log-normal",
        lambda s, p: np.exp(s * ndtri(p)),
        lambda s: float(np.exp(s**2 / 2)),
        lambda s: float(np.exp(s**2 / 2) * np.sqrt(np.expm1(s**2))),
        (1e-3, 5.0),
    ),
    _Family("gamma", gammaincinv, float, lambda k: float(np.sqrt(k)), (0.05, 1e5)),
    _Family(
        "Weibull",
        lambda k, p: (-np.log1p(-p)) ** (1 / k),
        lambda k: float(gamma(1 + 1 / k)),
        _weibull_sd,
        (0.1, 500.0),
    ),
)
_SHAPES, _ZOOMS = 201, 12


def _fit_normal(p: FloatArray, q: FloatArray) -> _Fit:
    z = ndtri(p)
    sd = float((z - z.mean()) @ q / ((z - z.mean()) @ z))
    mean = float(q.mean() - sd * z.mean())
    return float(np.sum((q - mean - sd * z) ** 2)), "normal", mean, sd


def _fit_scaled(family: _Family, p: FloatArray, q: FloatArray) -> _Fit:
    """Least squares over the shape, the best scale for each shape being in closed form."""
    low, high = family.shapes
    for _ in range(_ZOOMS):
        shapes = np.geomspace(low, high, _SHAPES)
        h = family.quantile(shapes[:, None], p)
        scale = h @ q / np.sum(h * h, axis=1)
        distance = np.sum((q - scale[:, None] * h) ** 2, axis=1)
        best = int(np.argmin(distance))
        low, high = shapes[max(best - 1, 0)], shapes[min(best + 1, _SHAPES - 1)]
    shape, c = float(shapes[best]), float(scale[best])
    return float(distance[best]), family.name, c * family.mean(shape), c * family.sd(shape)


#: How mean and SD are estimated from medians, by name.
MEDIANS: Mapping[str, Callable[[Quantiles], Moments]] = {
    "luo": moments_luo, "wan": moments_wan, "mcgrath": moments_mcgrath,
}  # fmt: skip
