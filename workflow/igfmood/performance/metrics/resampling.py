"""Bootstrap samples of people, and intervals from what they gave.

Takes a 0/1 outcome and a generator of random numbers; gives draws stratified by outcome or of
people as they come, and percentile intervals.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from scipy.special import ndtri

from igfmood.errors import NotEstimable

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]


@dataclass(frozen=True)
class BootstrapEstimate:
    """An estimate from the data, with standard error and percentile interval of its resamples."""

    estimate: float
    se: float
    ci_low: float
    ci_high: float
    level: float
    resamples: int


def stratified_draws(
    y: npt.ArrayLike, resamples: int, rng: np.random.Generator
) -> Iterator[tuple[IntArray, IntArray]]:
    """Yield positions drawn with replacement among cases, and among controls.

    Parameters
    ----------
    y : array_like, shape (n,)
        Outcome, 1 for cases and 0 for controls.
    resamples : int
        Number of bootstrap samples.
    rng : numpy.random.Generator

    Yields
    ------
    cases, controls : ndarray of int, shapes (n_cases,) and (n_controls,)
        As many as in the data, so that their proportion stays.

    Raises
    ------
    NotEstimable
        Fewer than two cases or two controls.
    """
    groups = classes(y)
    for _ in range(resamples):
        cases, controls = (
            rows[rng.integers(0, len(rows), len(rows), dtype=np.int32)] for rows in groups
        )
        yield cases, controls


def draws(y: npt.ArrayLike, resamples: int, rng: np.random.Generator) -> Iterator[IntArray]:
    """Yield positions of people drawn with replacement, whatever their class.

    The share of cases differs between samples as it does between studies: for measures in which it
    has a part, unlike the AUC.

    Parameters
    ----------
    y, resamples, rng
        See `stratified_draws`.

    Yields
    ------
    ndarray of int, shape (n,)
        A sample without cases or without controls is drawn again.

    Raises
    ------
    NotEstimable
        Fewer than two cases or two controls.
    """
    outcome = np.asarray(y) == 1
    classes(y)
    for _ in range(resamples):
        rows = rng.integers(0, outcome.size, outcome.size)
        while outcome[rows].all() or not outcome[rows].any():
            rows = rng.integers(0, outcome.size, outcome.size)
        yield rows


def classes(y: npt.ArrayLike) -> list[IntArray]:
    """Positions of cases, and of controls.

    Raises
    ------
    NotEstimable
        Fewer than two cases or two controls.
    """
    outcome = np.asarray(y)
    groups = [np.flatnonzero(outcome == 1), np.flatnonzero(outcome != 1)]
    for name, rows in zip(("case", "control"), groups, strict=True):
        if len(rows) < 2:
            raise NotEstimable(f"{len(rows)} {name} in {outcome.size} rows: nothing to resample")
    return groups


def percentile(estimate: float, found: FloatArray, level: float) -> BootstrapEstimate:
    """Standard error and percentile interval from resamples.

    Parameters
    ----------
    estimate : float
        What the data themselves gave.
    found : ndarray, shape (B,)
        What each bootstrap sample gave.
    level : float
        Coverage.

    Raises
    ------
    NotEstimable
        All samples gave the same: an interval of width 0 would claim certainty.
    """
    if not np.ptp(found) > 0:
        raise NotEstimable(f"all {found.size} bootstrap samples give {found[0]:g}")
    low, high = np.quantile(found, [0.5 - level / 2, 0.5 + level / 2])
    return BootstrapEstimate(
        estimate, float(found.std(ddof=1)), float(low), float(high), level, found.size
    )


def moved_percentile(estimate: float, found: FloatArray, level: float) -> BootstrapEstimate:
    """Percentile interval of a distance, moved so that its samples' median lies on the estimate.

    A sample holds the noise of the data and its own, so that distances are larger in samples than
    in the data; percentiles as they are can lie above the estimate altogether. What is moved below
    0 is cut at 0, where no distance can be.

    Parameters
    ----------
    estimate : float
        What the data themselves gave, 0 or more.
    found, level
        See `percentile`.

    Raises
    ------
    NotEstimable
        All samples gave the same.
    """
    moved = percentile(estimate, found - np.median(found) + estimate, level)
    return replace(moved, ci_low=max(0.0, moved.ci_low))


def normal_quantile(level: float) -> float:
    """Half width of a normal interval of this coverage, in standard errors."""
    return float(ndtri(0.5 + level / 2))
