"""How the analyte is distributed given everything else that is known of a person.

Takes people with their outcomes, and an effect; gives, on a grid of scores, by how much the
logarithm of the score's density is raised above that of the standard normal distribution.

In a world the people, their covariates and their outcomes stay; the analyte is drawn anew from its
distribution given these, so that the effect on the outcome is the planted one: by Bayes' rule the
density of a score is normal times the likelihood of the person's outcome at that score.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import ndtri

from igfmood.evidence.operating.ground import Ground

FloatArray = npt.NDArray[np.float64]

#: Scores at which densities are evaluated.
GRID = np.linspace(-6.0, 6.0, 241)

#: Effect: what is added to the log density of each person at each score of `GRID`, shape (n, g).
Tilt = Callable[[float], FloatArray]


@dataclass(frozen=True, eq=False)
class Law:
    """Whom an effect is about, and what it does to the density of their scores.

    Parameters
    ----------
    rows
        Positions among the people at the first visit, shape (n,).
    tilt
        What it does.
    outcome
        A column that the world changes, and its values for `rows` given the effect; None where
        outcomes stay as they are.
    """

    rows: npt.NDArray[np.int64]
    tilt: Tilt
    outcome: tuple[str, Callable[[float], FloatArray]] | None = None

    def scores(self, ground: Ground, effect: float, rng: np.random.Generator) -> FloatArray:
        """Draw scores at every visit, shape (rows of the table,)."""
        at_first = rng.standard_normal(len(ground.data.people))
        at_first[self.rows] = draw(self.tilt(effect) - GRID**2 / 2, rng)
        return ground.at_all_visits(at_first, rng)


@dataclass(frozen=True, eq=False)
class WithinLaw:
    """The law in which symptoms of a person rise by the effect with the score of a visit.

    Parameters
    ----------
    rows
        Rows of people seen more than once, shape (n,).
    left
        What is left of their symptoms given the person and the moment, shape (n,).
    variance
        Variance of the part of symptoms that is of one visit.

    Notes
    -----
    A score is what lasts in a person, with the share of the variance that its correlation between
    visits says, and what is of the visit alone. Given symptoms, the latter is normal about
    ``effect w left / variance`` with variance ``1 - effect^2 w^2 / variance``, where w^2 is the
    share that is of the visit.
    """

    rows: npt.NDArray[np.int64]
    left: FloatArray
    variance: float

    def scores(self, ground: Ground, effect: float, rng: np.random.Generator) -> FloatArray:
        """Draw scores at every visit, shape (rows of the table,)."""
        lasting = rng.standard_normal(len(ground.data.people) + 1)[ground.person]
        of_visit = rng.standard_normal(len(ground.table))
        by = effect * np.sqrt(1 - ground.constancy)
        spread = np.sqrt(max(1 - by**2 / self.variance, 0.05))
        of_visit[self.rows] = by * self.left / self.variance + spread * of_visit[self.rows]
        return np.asarray(
            np.sqrt(ground.constancy) * lasting + np.sqrt(1 - ground.constancy) * of_visit
        )


def shifted(case: npt.NDArray[np.bool_]) -> Tilt:
    """Return the law in which scores of cases are normal about the effect; `case` of shape (n,)."""
    return lambda effect: case[:, None] * effect * GRID


def both_tails(case: npt.NDArray[np.bool_], low: float, high: float) -> Tilt:
    """Return the law in which the log odds of being a case are raised by the effect in both tails.

    Parameters
    ----------
    case
        Who is a case, shape (n,).
    low, high
        Percentiles of the others below and above which the tails lie, 0 to 100.
    """
    outside = (ndtri(low / 100) > GRID) | (ndtri(high / 100) < GRID)
    return lambda effect: case[:, None] * effect * outside


def linear(outcome: FloatArray, design: FloatArray, moderator: FloatArray | None = None) -> Tilt:
    """Return the law of a linear model: the outcome rises by the effect with each unit of score.

    Parameters
    ----------
    outcome
        Shape (n,).
    design
        What else the model holds, intercept included, shape (n, p).
    moderator
        What the effect is multiplied by, such as stress, shape (n,); None for 1.

    Notes
    -----
    With residuals r given the design and their variance s2, that of the errors is s2 less what the
    score explains, and ``log p(z | r) = - z^2 / 2 - (r - effect m z)^2 / (2 errors)``.
    """
    left = outcome - design @ np.linalg.lstsq(design, outcome, rcond=None)[0]
    variance = float(left @ left) / max(len(left) - design.shape[1], 1)
    by = np.ones(len(left)) if moderator is None else moderator

    def tilt(effect: float) -> FloatArray:
        explained = effect**2 * float(np.mean(by**2))
        errors = max(variance - explained, 0.05 * variance)
        return -((left[:, None] - (effect * by)[:, None] * GRID) ** 2) / (2 * errors)

    return tilt


def logistic(
    outcome: FloatArray, log_odds: FloatArray, part: FloatArray | None = None
) -> Tilt:  # fmt: skip
    """Return the law of a logistic model: log odds of the outcome rise by the effect with a score.

    Parameters
    ----------
    outcome
        0 or 1, shape (n,).
    log_odds
        Log odds at a score of 0, shape (n,).
    part
        What the effect is multiplied by, such as one half on a drug and minus one half without,
        shape (n,); None for 1.
    """
    by = np.ones(len(outcome)) if part is None else part

    def tilt(effect: float) -> FloatArray:
        linear_predictor = log_odds[:, None] + (effect * by)[:, None] * GRID
        return outcome[:, None] * linear_predictor - np.logaddexp(0, linear_predictor)

    return tilt


def hazard(event: FloatArray, cumulative: FloatArray) -> Tilt:
    """Return the law of proportional hazards: the log hazard rises by the effect with a score.

    Parameters
    ----------
    event
        Whether the event came, shape (n,).
    cumulative
        Cumulative hazard of everybody while the person was at risk, shape (n,).

    Notes
    -----
    Scores of mean 0 and variance 1 multiply the hazard by ``exp(effect^2 / 2)`` on average, which
    is taken off, so that as many events come as have come.
    """

    def tilt(effect: float) -> FloatArray:
        risk = np.exp(effect * GRID - effect**2 / 2)
        return event[:, None] * effect * GRID - cumulative[:, None] * risk

    return tilt


def nelson_aalen(time: FloatArray, event: FloatArray, entry: FloatArray | None) -> FloatArray:
    """Return the cumulative hazard from entry to the end of follow-up of each person, (n,)."""
    begins = np.zeros(len(time)) if entry is None else entry
    times = np.unique(time[event > 0])
    at_risk = np.array([float(((time >= t) & (begins < t)).sum()) for t in times])
    deaths = np.array([float(((time == t) & (event > 0)).sum()) for t in times])
    steps = np.concatenate([[0.0], np.cumsum(deaths / np.maximum(at_risk, 1.0))])
    until = steps[np.searchsorted(times, time, side="right")]
    return until - steps[np.searchsorted(times, begins, side="right")]


def draw(log_density: FloatArray, rng: np.random.Generator) -> FloatArray:
    """Draw one score a person from densities on the grid, shape (n,).

    Parameters
    ----------
    log_density
        Of each person at each score of `GRID`, up to a constant, shape (n, g).
    rng
        Source of randomness.
    """
    density = np.exp(log_density - log_density.max(axis=1, keepdims=True))
    steps = (density[:, 1:] + density[:, :-1]) / 2
    area = np.cumsum(steps, axis=1)
    wanted = rng.random(len(density)) * area[:, -1]
    cell = np.minimum((area < wanted[:, None]).sum(axis=1), steps.shape[1] - 1)
    rows = np.arange(len(density))
    before = area[rows, cell] - steps[rows, cell]
    left, right = density[rows, cell], density[rows, cell + 1]
    # Within a cell the density is a line: its integral is a quadratic that is solved for the place.
    rest, slope = wanted - before, right - left
    root = np.sqrt(np.maximum(left**2 + 2 * slope * rest, 0.0))
    place = np.where(left + root > 0, 2 * rest / np.maximum(left + root, 1e-300), 0.5)
    return np.asarray(GRID[cell] + (GRID[1] - GRID[0]) * np.clip(place, 0.0, 1.0))


def smd_of(tilt: Tilt, effect: float) -> float:
    """Return the mean score of the first person's law: the planted difference of cases."""
    density = np.exp(tilt(effect)[0] - GRID**2 / 2)
    return float((density * GRID).sum() / density.sum())
