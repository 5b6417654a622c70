"""Effect sizes from what a paper prints: means, medians, t, p, AUC, odds ratio, adjusted estimate.

Takes: the printed numbers of two groups, cases first.
Gives: a standardised mean difference (cases minus controls) with its sampling variance, and how it
was obtained.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
from scipy.special import gamma, gammaincinv, ndtri, stdtrit

from igfmood.association.effect_sizes import adjusted_hedges_g, hedges_g
from igfmood.errors import NotEstimable

FloatArray = npt.NDArray[np.float64]
Direction = Literal["higher", "lower"]

#: An interval whose centre is further from its estimate than this share of its width is none on
#: the scale of the estimate: rounding does not move it so far.
MOST_ASYMMETRY = 0.1


@dataclass(frozen=True)
class StandardisedDifference:
    """A standardised mean difference, cases minus controls, in within-group SDs.

    `variance` is its sampling variance, `method` how it was obtained, in words.
    """

    estimate: float
    variance: float
    method: str

    @property
    def se(self) -> float:
        """Standard error."""
        return float(np.sqrt(self.variance))


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


# ---- medians ------------------------------------------------------------------------------------


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


# ---- standardised differences -------------------------------------------------------------------


def smd_from_means(
    mean1: float, sd1: float, n1: int, mean2: float, sd2: float, n2: int
) -> StandardisedDifference:
    """Hedges' g from means and SDs; arguments, variance, errors and source as in `hedges_g`."""
    found = hedges_g(mean1, sd1, n1, mean2, sd2, n2)
    return StandardisedDifference(found.g, found.se**2, "Hedges' g from means and SDs")


def smd_from_quantiles(
    group1: Quantiles, group2: Quantiles, moments: Callable[[Quantiles], Moments] = moments_luo
) -> StandardisedDifference:
    """Hedges' g from medians with quartiles or ranges.

    Parameters
    ----------
    group1, group2 : Quantiles
    moments : callable
        `moments_luo`, `moments_wan` or `moments_mcgrath`.

    Notes
    -----
    The variance is that of a g from means and SDs. It takes the estimated mean and SD for those
    of the sample and is therefore somewhat too small.
    """
    one, two = moments(group1), moments(group2)
    found = hedges_g(one.mean, one.sd, group1.n, two.mean, two.sd, group2.n)
    how = one.method if one.method == two.method else f"{one.method} and {two.method}"
    return StandardisedDifference(found.g, found.se**2, f"Hedges' g from medians: {how}")


def smd_from_d(d: float, n1: int, n2: int) -> StandardisedDifference:
    """Hedges' g from Cohen's d and the sizes of the groups.

    Parameters
    ----------
    d : float
        Difference over the pooled SD, group 1 minus group 2.
    n1, n2 : int
        Participants, at least 2 in each group.

    Raises
    ------
    ValueError
        `d` that is not finite.
    NotEstimable
        Fewer than 2 in a group.

    References
    ----------
    Hedges LV, Olkin I (1985). Statistical Methods for Meta-Analysis, chapter 5.
    """
    return _from_d(d, n1, n2, "Hedges' g from Cohen's d")


def smd_from_t(t: float, n1: int, n2: int) -> StandardisedDifference:
    """Hedges' g from Student's t of two independent groups.

    Parameters
    ----------
    t : float
        With the sign of group 1 minus group 2.
    n1, n2 : int
        Participants, at least 2 in each group.

    Returns
    -------
    StandardisedDifference
        From ``d = t sqrt(1/n1 + 1/n2)``, an identity for the t of pooled variances.

    Raises
    ------
    ValueError
        `t` that is not finite.
    NotEstimable
        Fewer than 2 in a group.

    References
    ----------
    Rosenthal R (1994). In: Cooper H, Hedges LV (eds), The Handbook of Research Synthesis, 231-244.
    """
    return _from_d(t * _root_of_sizes(n1, n2), n1, n2, "Hedges' g from t")


def smd_from_p(p: float, direction: Direction, n1: int, n2: int) -> StandardisedDifference:
    """Hedges' g from the two-sided p of a t test and the direction of the difference.

    Parameters
    ----------
    p : float
        Exact value, above 0 and not above 1; a bound (``p < 0.05``) is no value.
    direction : {"higher", "lower"}
        Whether group 1 lies above or below group 2.
    n1, n2 : int
        Participants, at least 2 in each group.

    Raises
    ------
    ValueError
        `p` that is no probability above 0, or an unknown direction.
    NotEstimable
        Fewer than 2 in a group.

    Notes
    -----
    t on n1 + n2 - 2 is turned back from p. From the p of an adjusted model the result is
    approximate: it is a difference in residual SDs, larger than one in SDs.

    References
    ----------
    Rosenthal R (1994). In: Cooper H, Hedges LV (eds), The Handbook of Research Synthesis, 231-244.
    """
    if not 0 < p <= 1:
        raise ValueError(f"p must be above 0 and not above 1, found {p}")
    if direction not in ("higher", "lower"):
        raise ValueError(f"direction must be 'higher' or 'lower', found {direction!r}")
    root = _root_of_sizes(n1, n2)
    t = float(-stdtrit(n1 + n2 - 2, p / 2)) * (1 if direction == "higher" else -1)
    return _from_d(t * root, n1, n2, "Hedges' g from p, its direction and the sizes of the groups")


def _root_of_sizes(n1: int, n2: int) -> float:
    if min(n1, n2) < 2:
        raise NotEstimable(f"a group has fewer than 2 participants: n1 = {n1}, n2 = {n2}")
    return float(np.sqrt(1 / n1 + 1 / n2))


def _from_d(d: float, n1: int, n2: int, method: str) -> StandardisedDifference:
    found = adjusted_hedges_g(d, _root_of_sizes(n1, n2), 1.0, n1, n2, n1 + n2 - 2)
    return StandardisedDifference(found.g, found.se**2, method)


def smd_from_auc(auc: float, n1: int, n2: int, se: float | None = None) -> StandardisedDifference:
    """Standardised difference from the area under the ROC curve, groups normal with one SD.

    Parameters
    ----------
    auc : float
        Probability that a member of group 1 lies above one of group 2; strictly between 0 and 1.
        Below 0.5 where group 1 lies lower: it is never turned round.
    n1, n2 : int
        Participants, at least 2 in each group.
    se : float, optional
        Standard error of the AUC; that of Hanley and McNeil if left out.

    Returns
    -------
    StandardisedDifference
        ``sqrt(2) PHI^-1(auc)``; variance by the delta method. No small-sample factor: no SD is
        estimated.

    Raises
    ------
    ValueError
        An AUC that is no probability, or a standard error that is not above 0.
    NotEstimable
        An AUC of 0 or 1 (the difference has no end), or fewer than 2 in a group.

    References
    ----------
    Hanley JA, McNeil BJ (1982). Radiology 143:29-36, equations 1 and 2.
    Salgado JF (2018). Eur J Psychol Appl Legal Context 10:35-47.
    """
    if not 0 <= auc <= 1:
        raise ValueError(f"an AUC lies between 0 and 1, found {auc}")
    if auc in (0, 1):
        raise NotEstimable(f"AUC = {auc:g}: the groups do not overlap, the difference has no end")
    _root_of_sizes(n1, n2)
    if se is None:
        variance, source = _hanley_mcneil(auc, n1, n2), "variance after Hanley and McNeil 1982"
    else:
        variance, source = _positive(se) ** 2, "its reported standard error"
    z = float(ndtri(auc))
    slope2 = 4 * np.pi * np.exp(z**2)  # (sqrt(2) / phi(z))^2
    return StandardisedDifference(
        float(np.sqrt(2)) * z, float(slope2 * variance), f"from the AUC (binormal), {source}"
    )


def _hanley_mcneil(auc: float, n1: int, n2: int) -> float:
    q1, q2 = auc / (2 - auc), 2 * auc**2 / (1 + auc)
    between = (n1 - 1) * (q1 - auc**2) + (n2 - 1) * (q2 - auc**2)
    return (auc * (1 - auc) + between) / (n1 * n2)


def smd_from_odds_ratio(odds_ratio: float, se_log: float) -> StandardisedDifference:
    """Standardised difference from an odds ratio, the analyte cut in two, groups logistic.

    Parameters
    ----------
    odds_ratio : float
        Odds of being a case above the cut, against below it.
    se_log : float
        Standard error of its logarithm; see `se_from_ci` of the logarithms of the limits.

    Returns
    -------
    StandardisedDifference
        ``log(OR) sqrt(3) / pi``, variance ``se_log^2 * 3 / pi^2``.

    Raises
    ------
    ValueError
        An odds ratio or a standard error that is not above 0.

    Notes
    -----
    Not for an odds ratio per SD or per unit, nor for one of a tail against the middle.

    References
    ----------
    Chinn S (2000). Stat Med 19:3127-3131.
    """
    if not 0 < odds_ratio < np.inf:
        raise ValueError(f"an odds ratio is above 0, found {odds_ratio}")
    factor = float(np.sqrt(3) / np.pi)
    return StandardisedDifference(
        factor * float(np.log(odds_ratio)),
        (factor * _positive(se_log)) ** 2,
        "from the odds ratio (logistic; Chinn 2000)",
    )


def smd_adjusted(estimate: float, se: float) -> StandardisedDifference:
    """Take a standardised difference and its standard error from an adjusted model as they are.

    Parameters
    ----------
    estimate : float
        In SDs of the analyte, cases minus controls.
    se : float
        Its standard error.

    Raises
    ------
    ValueError
        An estimate that is not finite, or a standard error that is not above 0.
    """
    if not np.isfinite(estimate):
        raise ValueError(f"an estimate must be finite, found {estimate}")
    return StandardisedDifference(
        float(estimate), _positive(se) ** 2, "adjusted estimate and standard error as reported"
    )


def se_from_ci(estimate: float, low: float, high: float, level: float = 0.95) -> float:
    """Standard error from a symmetric interval.

    Parameters
    ----------
    estimate, low, high : float
        On the scale where the interval is symmetric: for a ratio, the logarithms.
    level : float
        Coverage.

    Returns
    -------
    float
        ``(high - low) / (2 z)``.

    Raises
    ------
    ValueError
        Limits that do not enclose the estimate, or lie about it so unevenly that the interval
        belongs to another scale (centre off by more than a tenth of the width).

    References
    ----------
    Higgins JPT et al (2023). Cochrane Handbook version 6.4, section 6.3.1.
    """
    if not (np.isfinite([estimate, low, high]).all() and low < high and low <= estimate <= high):
        raise ValueError(f"limits must enclose their estimate: {low} <= {estimate} <= {high}")
    if not 0 < level < 1:
        raise ValueError(f"a level lies between 0 and 1, found {level}")
    width = high - low
    if abs((low + high) / 2 - estimate) > MOST_ASYMMETRY * width:
        raise ValueError(
            f"the interval ({low:g}, {high:g}) is not symmetric about {estimate:g}: it belongs to "
            "another scale (take logarithms of a ratio)"
        )
    return float(width / (2 * ndtri(0.5 + level / 2)))


def _positive(se: float) -> float:
    if not 0 < se < np.inf:
        raise ValueError(f"a standard error is above 0, found {se}")
    return float(se)
