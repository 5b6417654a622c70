"""Estimates that hold although some of the variants are no valid instruments.

Takes: `Associations` of independent variants and a random generator for standard errors.
Gives: the weighted median (half of the weight valid) and the weighted mode (a plurality valid).
"""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from igfmood.errors import NotEstimable
from igfmood.synthesis.mendelian.estimators import Associations, MREstimate, mr_estimate

FloatArray = npt.NDArray[np.float64]

REPLICATES = 10_000
#: Replicates at a time, so that memory stays small.
BLOCK = 1000
GRID = 512
#: Half-width of the normal distribution's middle half, in standard deviations, inverted.
MAD_SCALE = 1.4826


def weighted_median(
    data: Associations, rng: np.random.Generator, level: float = 0.95
) -> MREstimate:
    """Median of the variants' ratios, weighted by inverse variance and interpolated.

    Consistent if at least half of the weight comes from valid instruments. The standard error is
    the standard deviation of 10,000 parametric bootstrap replicates; normal interval.

    Raises
    ------
    NotEstimable
        Fewer than three variants.

    References
    ----------
    Bowden J et al (2016). Genet Epidemiol 40:304-314.
    """
    _require_three(data, "the weighted median")
    weights = (data.beta_exposure / data.se_outcome) ** 2
    ratios = data.beta_outcome / data.beta_exposure
    estimate = float(_medians(ratios[None, :], weights)[0])

    def replicates(size: int) -> FloatArray:
        shape = (size, len(data))
        exposure = rng.normal(data.beta_exposure, data.se_exposure, shape)
        return _medians(rng.normal(data.beta_outcome, data.se_outcome, shape) / exposure, weights)

    se = float(_bootstrap(replicates).std(ddof=1))
    return mr_estimate("weighted median", estimate, se, np.inf, len(data), level)


def weighted_mode(data: Associations, rng: np.random.Generator, level: float = 0.95) -> MREstimate:
    """Mode of the variants' ratios: the top of their smoothed, weighted distribution.

    Consistent if the largest group of variants with one ratio is that of the valid ones. The
    bandwidth is 0.9 times the smaller of SD and MAD of the ratios over n^(1/5); the standard
    error is the MAD of 10,000 parametric bootstrap replicates; normal interval.

    Raises
    ------
    NotEstimable
        Fewer than three variants, or ratios that agree in most variants exactly.

    References
    ----------
    Hartwig FP, Davey Smith G, Bowden J (2017). Int J Epidemiol 46:1985-1998.
    """
    _require_three(data, "the weighted mode")
    ratios = data.beta_outcome / data.beta_exposure
    # Second-order: the uncertainty of the exposure's association counts here.
    spread = np.sqrt(
        (data.se_outcome / data.beta_exposure) ** 2
        + (data.beta_outcome * data.se_exposure / data.beta_exposure**2) ** 2
    )
    weights = spread**-2.0
    if _mad(ratios[None, :])[0] == 0:
        raise NotEstimable("the weighted mode: most variants have exactly the same ratio")
    estimate = float(_modes(ratios[None, :], weights)[0])
    draws = _bootstrap(lambda size: _modes(rng.normal(ratios, spread, (size, len(data))), weights))
    se = float(_mad(draws[None, :])[0])
    return mr_estimate("weighted mode", estimate, se, np.inf, len(data), level)


def _require_three(data: Associations, what: str) -> None:
    if len(data) < 3:
        raise NotEstimable(f"{what} needs 3 genetic variants, found {len(data)}")


def _bootstrap(replicates: Callable[[int], FloatArray]) -> FloatArray:
    return np.concatenate([replicates(BLOCK) for _ in range(REPLICATES // BLOCK)])


def _medians(ratios: FloatArray, weights: FloatArray) -> FloatArray:
    """Weighted median of each row: linear between the midpoints of the cumulative weights."""
    order = np.argsort(ratios, axis=1)
    ordered = np.take_along_axis(ratios, order, axis=1)
    shares = (weights / weights.sum())[order]
    middle = np.cumsum(shares, axis=1) - shares / 2
    # With one dominant variant the first (last) midpoint lies beyond one half: it is the median.
    above = np.clip((middle < 0.5).sum(axis=1), 1, ratios.shape[1] - 1)
    rows = np.arange(len(ratios))
    left, right = middle[rows, above - 1], middle[rows, above]
    place = np.clip((0.5 - left) / (right - left), 0, 1)
    low, high = ordered[rows, above - 1], ordered[rows, above]
    return np.asarray(low + place * (high - low), dtype=np.float64)


def _mad(values: FloatArray) -> FloatArray:
    """Median absolute deviation of each row, scaled to a normal standard deviation."""
    centre = np.median(values, axis=1, keepdims=True)
    return np.asarray(MAD_SCALE * np.median(np.abs(values - centre), axis=1), dtype=np.float64)


def _modes(ratios: FloatArray, weights: FloatArray) -> FloatArray:
    """Top of the Gaussian kernel density of each row, on `GRID` points.

    Points are shared between their two neighbours on the grid, and smoothed by the Fourier
    transform of the kernel (Silverman BW 1982, Appl Stat 31:93-99).
    """
    size, n = ratios.shape
    bandwidth = 0.9 * np.minimum(ratios.std(axis=1, ddof=1), _mad(ratios)) / n**0.2
    start = ratios.min(axis=1) - 3 * bandwidth
    step = (ratios.max(axis=1) + 3 * bandwidth - start) / (GRID - 1)
    position = (ratios - start[:, None]) / step[:, None]
    left = np.minimum(position.astype(int), GRID - 2)
    share, row = position - left, np.arange(size)[:, None] * GRID
    given = np.broadcast_to(weights / weights.sum(), ratios.shape)
    mass = np.bincount((row + left).ravel(), (given * (1 - share)).ravel(), size * GRID)
    mass += np.bincount((row + left + 1).ravel(), (given * share).ravel(), size * GRID)
    # Twice the length, so that the two ends do not meet.
    spectrum = np.fft.rfft(mass.reshape(size, GRID), 2 * GRID, axis=1)
    angle = np.linspace(0, np.pi, GRID + 1)
    kernel = np.exp(-0.5 * (angle * (bandwidth / step)[:, None]) ** 2)
    density = np.fft.irfft(spectrum * kernel, 2 * GRID, axis=1)[:, :GRID]
    return np.asarray(start + step * density.argmax(axis=1), dtype=np.float64)
