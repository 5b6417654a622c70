"""Worlds of which a part is seen: surveys with weights, gaps to impute, a detection limit."""

import numpy as np
from scipy.special import expit

from calibration.world import (
    FEW,
    Found,
    Query,
    Row,
    World,
    ask,
    body_mass,
    participants,
    seed_from,
    years_old,
)
from igfmood.association.models.survey import svy_mean
from igfmood.association.wald import t_quantile

# ---- survey ----------------------------------------------------------------------------------

_STRATA, _UNITS, _PEOPLE = 20, 2, 25
#: A minority of 20 % makes up half of the sample; it differs in level and in slope.
_MINORITY, _SAMPLED = 0.2, 0.5
_SLOPES = (-0.4, -1.6)
_MORE = 2.0
#: Shares of the strata in the population, and their levels.
_SHARES = np.linspace(1, 4, _STRATA) / np.linspace(1, 4, _STRATA).sum()
_LEVELS = np.linspace(4, 8, _STRATA)
_MEAN = float(_SHARES @ _LEVELS) + _MINORITY * _MORE
_SLOPE = (1 - _MINORITY) * _SLOPES[0] + _MINORITY * _SLOPES[1]


def _survey(rng: np.random.Generator) -> tuple[Found, ...]:
    shape = (_STRATA, _UNITS, _PEOPLE)
    minority = rng.random(shape) < _SAMPLED
    score = rng.normal(size=shape) + 0.3 * rng.normal(size=(*shape[:2], 1))
    unit = 0.8 * rng.normal(size=(*shape[:2], 1))
    slope = np.where(minority, _SLOPES[1], _SLOPES[0])
    symptoms = (
        _LEVELS[:, None, None]
        + _MORE * minority
        + slope * score
        + unit
        + 3 * rng.normal(size=shape)
    )
    weight = np.where(minority, _MINORITY / _SAMPLED, (1 - _MINORITY) / (1 - _SAMPLED))
    weight = weight * _SHARES[:, None, None]
    stratum, psu = np.indices(shape)[:2].reshape(2, -1).astype(str)
    mean = svy_mean(symptoms.ravel(), weight.ravel(), stratum, psu)
    half = t_quantile(mean.df, 0.975) * mean.se
    table = participants(
        {
            "igf1_sds": score.ravel(), "phq9_total": symptoms.ravel(),
            "weight_survey": weight.ravel(), "stratum_survey": stratum, "psu_survey": psu,
        }
    )  # fmt: skip
    by_question = ask(table, Query("severity", "phq9_total", "beta", covariates=()))
    return Found(mean.estimate, mean.se, mean.estimate - half, mean.estimate + half), *by_question


# ---- imputation ------------------------------------------------------------------------------

_M = 20
_EFFECT, _ON_BMI = -0.8, 1.2


def _missing_covariate(rng: np.random.Generator) -> tuple[Found, ...]:
    n = 300
    score, age, other = rng.normal(size=(3, n))
    bmi = -0.4 * score + np.sqrt(1 - 0.4**2) * other
    symptoms = 8 + _EFFECT * score + _ON_BMI * bmi + 0.5 * age + 3 * rng.normal(size=n)
    gone = rng.random(n) < expit(-1 + 0.6 * score + 0.15 * (symptoms - 8))
    table = participants(
        {
            "age_years": years_old(age), "bmi": np.where(gone, np.nan, body_mass(bmi)),
            "igf1_sds": score, "phq9_total": symptoms,
        }
    )  # fmt: skip
    return ask(table, Query("severity", "phq9_total", "beta", m=_M), seed_from(rng))


_SHIFT, _LIMIT, _SD = -0.5, -1.1, 0.95


def _censored(rng: np.random.Generator) -> tuple[Found, ...]:
    case = np.repeat([True, False], [80, 160])
    n = case.size
    age, bmi = rng.normal(size=(2, n))
    score = _SHIFT * case - 0.3 * age + _SD * rng.normal(size=n)
    below = score < _LIMIT
    table = participants(
        {
            "diagnosis": np.where(case, "mdd", "control"), "age_years": years_old(age),
            "bmi": body_mass(bmi), "igf1_sds": np.where(below, _LIMIT - 0.5, score),
            "igf1_below_lod": below, "igf1_sds_limit": np.where(below, _LIMIT, np.nan),
            "igf1_harmonised_ng_ml": np.exp(5 + score / 3),
        }
    )  # fmt: skip
    return ask(table, Query("contrast", "depression", "smd", m=_M), seed_from(rng))


def _censored_exposure(rng: np.random.Generator) -> tuple[Found, ...]:
    n = 300
    age, bmi = rng.normal(size=(2, n))
    score = -0.3 * age + _SD * rng.normal(size=n)
    symptoms = 8 + _EFFECT * score + 0.5 * age + _ON_BMI * bmi + 3 * rng.normal(size=n)
    below = score < -0.8
    table = participants(
        {
            "age_years": years_old(age), "bmi": body_mass(bmi), "phq9_total": symptoms,
            "igf1_sds": np.where(below, -1.3, score), "igf1_below_lod": below,
            "igf1_sds_limit": np.where(below, -0.8, np.nan),
            "igf1_harmonised_ng_ml": np.exp(5 + score / 3),
        }
    )  # fmt: skip
    return ask(table, Query("severity", "phq9_total", "beta", m=_M), seed_from(rng))


WORLDS = (
    World(
        "survey",
        f"{_STRATA} strata of unequal size, {_UNITS} sampling units of {_PEOPLE} people in each; a "
        "minority is sampled four times as often and has another level and slope. True: mean and "
        "slope of the population.",
        f"{_STRATA * _UNITS * _PEOPLE:,}",
        (Row("survey-weighted mean", _MEAN), Row("survey-weighted slope", _SLOPE)),
        _survey,
    ),
    World(
        "missing_covariate",
        "BMI, a confounder, is missing in 30 %, more often with a high score and many symptoms "
        "(missing at random); 20 tables. True: the coefficient of the score.",
        "300", (Row("PHQ-9 points per SD, BMI imputed", _EFFECT),), _missing_covariate, FEW,
    ),
    World(
        "censored_outcome",
        "A fifth of the scores lies below the detection limit; 20 tables. True: the shift over "
        "the pooled SD within groups.",
        "80 + 160",
        (Row("Hedges g, scores below the limit imputed", _SHIFT / np.sqrt(_SD**2 + 0.3**2)),),
        _censored, FEW,
    ),
    World(
        "censored_exposure",
        "A fifth of the scores lies below the detection limit, and symptoms are regressed on it; "
        "20 tables. True: the coefficient of the score.",
        "300", (Row("PHQ-9 points per SD, scores below the limit imputed", _EFFECT),),
        _censored_exposure, FEW,
    ),
)  # fmt: skip
