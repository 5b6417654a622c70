"""Worlds with time in them: hazards, odds by year, change within persons, decline over visits."""

from functools import partial

import numpy as np
import pandas as pd
from scipy.special import expit

from calibration.world import (
    CHEAP,
    MAXIMUM_LIKELIHOOD,
    Found,
    Query,
    Row,
    World,
    ask,
    body_mass,
    participants,
    study_of,
    years_old,
)
from igfmood.association.models.linear import Contrast
from igfmood.association.visits import change_within, decline
from igfmood.errors import NotEstimable

_EFFECTS = np.array([-0.35, 0.25])


def _score_and_age(rng: np.random.Generator, n: int) -> tuple[np.ndarray, np.ndarray]:
    score, other = rng.normal(size=(2, n))
    return score, 0.4 * score + np.sqrt(1 - 0.4**2) * other


def _incidence(
    measure: str, score: np.ndarray, age: np.ndarray, entry: np.ndarray, end: np.ndarray,
    event: np.ndarray,
) -> tuple[Found, ...]:  # fmt: skip
    table = participants(
        {
            "age_years": years_old(age), "igf1_sds": score, "incident_depression": event,
            "followup_years": end, "entry_years": entry,
        }
    )  # fmt: skip
    return ask(table, Query("incidence", "depression", measure, covariates=("age_years",)))


# ---- hazards ---------------------------------------------------------------------------------

_SHAPE, _SCALE = 1.4, 18.0


def _cox(rng: np.random.Generator) -> tuple[Found, ...]:
    n = 400
    score, age = _score_and_age(rng, n)
    entry = np.where(rng.random(n) < 0.5, 0.0, rng.uniform(0, 4, n))
    # Given that the event has not come before entry: the hazard gathered since.
    gathered = (entry / _SCALE) ** _SHAPE + rng.exponential(size=n) / np.exp(
        _EFFECTS @ np.array([score, age])
    )
    time = _SCALE * gathered ** (1 / _SHAPE)
    last_seen = np.minimum(entry + rng.uniform(2, 14, n), 12.0)
    return _incidence("log_hr", score, age, entry, np.minimum(time, last_seen), time <= last_seen)


def _by_year(rng: np.random.Generator, n: int) -> tuple[Found, ...]:
    years = 8
    score, age = _score_and_age(rng, n)
    entry = np.where(rng.random(n) < 0.5, 0, rng.integers(1, 4, n))
    last = np.minimum(entry + rng.integers(2, years + 1, n), years)
    year = np.arange(1, years + 1)
    odds = (-3.2 + 0.1 * year)[:, None] + _EFFECTS @ np.array([score, age])
    at_risk = (year[:, None] > entry) & (year[:, None] <= last)
    happens = at_risk & (rng.random(odds.shape) < expit(odds))
    event = happens.any(axis=0)
    end = np.where(event, year[happens.argmax(axis=0)], last)
    return _incidence("log_or", score, age, entry.astype(float), end.astype(float), event)


# ---- within and between persons --------------------------------------------------------------

_WITHIN, _TRAIT = -0.8, 1.0
_SD_TRAIT, _SD_STATE = 0.8, 0.6
_VISITS = 3


def _between_truth() -> float:
    """Return the coefficient of persons' means: a mean shows the trait, with what varies in it."""
    trait, state = _SD_TRAIT**2, _SD_STATE**2 / _VISITS
    return _WITHIN + _TRAIT * trait / (trait + state)


def _persons(rng: np.random.Generator) -> tuple[Found, ...]:
    n = 100
    trait = _SD_TRAIT * rng.normal(size=(n, 1))
    score = trait + _SD_STATE * rng.normal(size=(n, _VISITS))
    # Errors of neighbouring visits are correlated, and their size differs between persons.
    errors: np.ndarray = np.empty((n, _VISITS))
    errors[:, 0] = rng.normal(size=n)
    for visit in range(1, _VISITS):
        errors[:, visit] = 0.5 * errors[:, visit - 1] + np.sqrt(0.75) * rng.normal(size=n)
    errors *= rng.uniform(1.5, 3.5, (n, 1))
    drift = np.array([0.0, -0.4, -0.6])
    symptoms = 7 + _TRAIT * trait + _WITHIN * score + drift + errors
    table = _visits(rng, score, symptoms, np.arange(_VISITS), "phq9_total")
    found = change_within(table, study_of((), 0))
    return _contrast(found[""][0]), _contrast(found["between"][0])


def _visits(
    rng: np.random.Generator, score: np.ndarray, outcome: np.ndarray, years: np.ndarray, name: str,
    **columns: np.ndarray,
) -> pd.DataFrame:  # fmt: skip
    """Return a table of persons by visits, row by row."""
    n, visits = outcome.shape
    age = rng.uniform(40, 70, (n, 1)) + years
    return participants(
        {
            "participant_id": np.repeat(np.arange(n).astype(str), visits),
            "visit": np.tile(years.astype(str), n), "is_baseline": np.tile(years == 0, n),
            "age_years": age.ravel(), "igf1_sds": score.ravel(), name: outcome.ravel(),
            **{key: np.repeat(value, visits) for key, value in columns.items()},
        }
    )  # fmt: skip


def _contrast(found: Contrast | str) -> Found:
    if isinstance(found, str):
        raise NotEstimable(found)
    return Found(found.estimate, found.se, found.ci_low, found.ci_high)


# ---- decline ---------------------------------------------------------------------------------

_ON_LEVEL, _ON_CHANGE = 0.25, 0.05
_BMI_ON_LEVEL = -0.2
_SD_LEVEL, _SD_CHANGE, _SD_VISIT = 0.8, 0.08, 0.4
_YEARS = np.array([0, 2, 4, 6])
_SPREAD = np.sqrt(_ON_LEVEL**2 + _BMI_ON_LEVEL**2 + _SD_LEVEL**2 + _SD_VISIT**2)


def _declining(rng: np.random.Generator) -> tuple[Found, ...]:
    n = 150
    score, bmi, level, change = rng.normal(size=(4, n))
    start = _ON_LEVEL * score + _BMI_ON_LEVEL * bmi + _SD_LEVEL * level
    slope = -0.06 + _ON_CHANGE * score - 0.02 * bmi + _SD_CHANGE * change
    cognition = start[:, None] + slope[:, None] * _YEARS + _SD_VISIT * rng.normal(size=(n, 4))
    # Who does badly at one visit is likelier not to come to the next.
    stays = np.ones((n, 4), dtype=bool)
    for visit in range(1, 4):
        leaves = rng.random(n) < expit(-2 - 0.8 * cognition[:, visit - 1])
        stays[:, visit] = stays[:, visit - 1] & ~leaves
    seen = np.where(stays, 50 + 10 * cognition, np.nan)
    scores = np.repeat(score, 4).reshape(n, 4)
    table = _visits(rng, scores, seen, _YEARS, "cognition_score", bmi=body_mass(bmi))
    found = decline(table, study_of(("bmi",), 0))
    return _contrast(found["decline"][0]), _contrast(found["level_over_visits"][0])


WORLDS = (
    World(
        "cox",
        "Weibull times, half of the people entering late, loss over 2 to 14 years, end at 12. "
        "True: the coefficient.",
        "400", (Row("log hazard ratio (Cox, late entry)", float(_EFFECTS[0])),), _cox,
    ),
    World(
        "discrete_time",
        "A logistic hazard in each of 8 years, late entry, losses. True: the coefficient.",
        "1,000", (Row("log odds ratio by year (discrete time)", float(_EFFECTS[0])),),
        partial(_by_year, n=1000), CHEAP,
    ),
    World(
        "discrete_time_few", "The same with about 120 events.",
        "400",
        (
            Row(
                "log odds ratio by year, 120 events (discrete time)", float(_EFFECTS[0]),
                MAXIMUM_LIKELIHOOD,
            ),
        ),
        partial(_by_year, n=400), CHEAP,
    ),
    World(
        "within_person",
        "Three visits; a trait raises score and symptoms, errors are correlated over visits and "
        "differ in size between persons. True within: the coefficient of the score; between: that "
        "and the trait's, as far as a mean of three visits shows the trait.",
        "100 × 3",
        (
            Row("PHQ-9 within persons (CR2)", _WITHIN),
            Row("PHQ-9 between persons (CR2)", _between_truth()),
        ),
        _persons,
    ),
    World(
        "decline",
        "Four visits over six years, level and slope vary between persons, who does badly drops "
        "out. True: coefficients over the SD of cognition at the first visit.",
        "150 × 4",
        (
            Row("decline per year and SD (growth)", _ON_CHANGE / _SPREAD),
            Row("level over visits (growth)", _ON_LEVEL / _SPREAD),
        ),
        _declining,
    ),
)  # fmt: skip
