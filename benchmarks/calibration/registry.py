"""Every world, and what the package's answers in many replicates of one amount to."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from calibration import followup, groups, incomplete, symptoms, synthesis
from calibration.world import Row, World
from igfmood.errors import NotEstimable
from igfmood.seeds import stream

SEED = 1
#: The criterion: bias in percent of the standard error, coverage of a 95 % interval in percent.
MOST_BIAS, LOWEST, HIGHEST = 5.0, 93.0, 97.0

WORLDS: tuple[World, ...] = (
    *groups.WORLDS, *symptoms.WORLDS, *followup.WORLDS, *incomplete.WORLDS, *synthesis.WORLDS,
)  # fmt: skip


def world_of(name: str) -> World:
    """Return the world of that name."""
    return next(world for world in WORLDS if world.name == name)


def replicates(name: str, start: int, stop: int) -> np.ndarray:
    """Run some replicates of a world.

    Returns
    -------
    ndarray, shape (rows of the world, stop - start, 5)
        Estimate, standard error, limits, and what the interval is for; missing where the package
        refused.
    """
    world = world_of(name)
    found = np.full((len(world.rows), stop - start, 5), np.nan)
    for replicate in range(start, stop):
        try:
            answers = world.simulate(stream(SEED, "calibrate", name, replicate))
        except NotEstimable:
            continue
        for row, (asked, one) in enumerate(zip(world.rows, answers, strict=True)):
            target = asked.truth if one.target is None else one.target
            found[row, replicate - start] = one.estimate, one.se, one.low, one.high, target
    return found


@dataclass(frozen=True)
class Line:
    """One row of the table. Percentages, each with its Monte Carlo error.

    `bias` is in percent of the standard deviation of the estimates, `se_ratio` the mean standard
    error over it (not a number where the interval has none).
    """

    row: Row
    n: str
    asked: int
    answered: int
    mean: float
    bias: float
    bias_error: float
    se_ratio: float
    coverage: float
    coverage_error: float

    @property
    def within(self) -> bool:
        """Whether bias and coverage meet the criterion, and nothing was refused."""
        return (
            abs(self.bias) < MOST_BIAS
            and LOWEST <= self.coverage <= HIGHEST
            and self.answered == self.asked
        )


def lines(world: World, found: np.ndarray) -> Sequence[Line]:
    """Return the rows of a world, from `replicates` of all of them."""
    return [_line(world, row, one) for row, one in zip(world.rows, found, strict=True)]


def _line(world: World, row: Row, found: np.ndarray) -> Line:
    estimate, se, low, high, target = found[~np.isnan(found[:, 0])].T
    n, spread = estimate.size, float(estimate.std(ddof=1))
    covered = float(np.mean((low <= target) & (target <= high)))
    return Line(
        row, world.n, len(found), n, float(estimate.mean()),
        100 * (float(estimate.mean()) - row.truth) / spread, 100 / np.sqrt(n),
        float(se.mean()) / spread, 100 * covered, 100 * float(np.sqrt(covered * (1 - covered) / n)),
    )  # fmt: skip
