"""Worlds of symptoms: slopes and odds of the PHQ-9, rare events, stress, and what lies between."""

import numpy as np
from scipy.special import expit

from calibration.world import (
    MAXIMUM_LIKELIHOOD,
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
from igfmood.association.mediation import mediation
from igfmood.association.models.firth import fit_firth, log_odds
from igfmood.association.wald import t_quantile

Trio = tuple[np.ndarray, np.ndarray, np.ndarray]

#: Covariates go with the score by this correlation.
_CORRELATION = 0.3


def _trio(rng: np.random.Generator, n: int) -> Trio:
    """Return score, age and BMI, each with mean 0 and SD 1, pairwise correlated."""
    shared = np.sqrt(_CORRELATION) * rng.normal(size=(1, n))
    own = np.sqrt(1 - _CORRELATION) * rng.normal(size=(3, n))
    score, age, bmi = shared + own
    return score, age, bmi


def _ask(
    query: Query, score: np.ndarray, age: np.ndarray, bmi: np.ndarray, outcome: np.ndarray
) -> tuple[Found, ...]:
    columns = {"age_years": years_old(age), "bmi": body_mass(bmi), "igf1_sds": score}
    return ask(participants({**columns, "phq9_total": outcome}), query)


# ---- slope of the total ---------------------------------------------------------------------

_ITEMS = 27
_SLOPE = (-0.35, 0.2, 0.3)
_LEVEL, _SPREAD = -1.5, 6.0


def _mean_gradient() -> float:
    """Return the mean of the derivative of 27 expit over the linear predictor's distribution."""
    points, weights = np.polynomial.hermite_e.hermegauss(60)
    b = np.array(_SLOPE)
    sd = np.sqrt((1 - _CORRELATION) * b @ b + _CORRELATION * b.sum() ** 2)
    p = expit(_LEVEL + sd * points)
    return float(_ITEMS * weights @ (p * (1 - p)) / weights.sum())


def _slope(rng: np.random.Generator) -> tuple[Found, ...]:
    trio = _trio(rng, 250)
    p = expit(_LEVEL + np.array(_SLOPE) @ np.array(trio))
    total = rng.binomial(_ITEMS, rng.beta(_SPREAD * p, _SPREAD * (1 - p)))
    return _ask(Query("severity", "phq9_total", "beta"), *trio, total.astype(float))


# ---- rate ratio, odds ratios -----------------------------------------------------------------

_RATE = (-0.15, 0.1, 0.2)
_THETA = 1.5


def _rate(rng: np.random.Generator) -> tuple[Found, ...]:
    trio = _trio(rng, 300)
    mean = np.exp(1.6 + np.array(_RATE) @ np.array(trio))
    counts = rng.poisson(mean * rng.gamma(_THETA, 1 / _THETA, mean.size))
    return _ask(Query("severity", "phq9_total", "log_rr"), *trio, counts.astype(float))


_ODDS = (-0.3, 0.2, 0.4)
#: Log odds of a total of 0 or less, of 1 or less, ..., of 26 or less, in the middle of everything.
_THRESHOLDS = np.concatenate([np.linspace(-1.8, 1.0, 10), np.linspace(1.1, 5.0, 17)])


def _latent(rng: np.random.Generator, n: int) -> tuple[Trio, np.ndarray]:
    trio = _trio(rng, n)
    latent = np.array(_ODDS) @ np.array(trio) + rng.logistic(size=n)
    return trio, np.searchsorted(_THRESHOLDS, latent).astype(float)


def _ordinal(rng: np.random.Generator) -> tuple[Found, ...]:
    trio, total = _latent(rng, 300)
    return _ask(Query("severity", "phq9_total", "log_or"), *trio, total)


def _ten(rng: np.random.Generator) -> tuple[Found, ...]:
    trio, total = _latent(rng, 1000)
    return _ask(Query("severity", "phq9_10", "log_or"), *trio, total)


_RARE = (0.8, 0.3)


def _rare(rng: np.random.Generator) -> tuple[Found, ...]:
    design = np.column_stack([np.ones(300), rng.normal(size=(300, 2))])
    events = (rng.random(300) < expit(design @ [-3.4, *_RARE])).astype(float)
    fit, plain = fit_firth(design, events), log_odds(design, events)
    estimate, se = float(plain.coef[1]), float(np.sqrt(plain.cov[1, 1]))
    half = t_quantile(np.inf, 0.975) * se
    return (
        Found(float(fit.coef[1]), float(fit.se[1]), *fit.profile_interval(1)),
        Found(estimate, se, estimate - half, estimate + half),
    )


# ---- stress ----------------------------------------------------------------------------------

_STRESS, _ALONE, _PRODUCT, _NOISE = 2.0, -0.6, -0.5, 4.0


def _interaction_truth() -> float:
    """Return the product's coefficient in SDs of the outcome.

    The product of two standard normals has variance 1 + r^2 and no covariance with either.
    """
    r = _CORRELATION
    explained = _STRESS**2 + _ALONE**2 + 2 * r * _STRESS * _ALONE + _PRODUCT**2 * (1 + r**2)
    return _PRODUCT / np.sqrt(explained + _NOISE**2)


def _interaction(rng: np.random.Generator) -> tuple[Found, ...]:
    score, age, stress = _trio(rng, 300)
    mean = 8 + _STRESS * stress + _ALONE * score + _PRODUCT * score * stress
    noise = _NOISE * rng.standard_t(8, 300) / np.sqrt(8 / 6)
    table = participants(
        {
            "age_years": years_old(age), "igf1_sds": score, "stress_score": 20 + 6 * stress,
            "phq9_total": mean + noise,
        }
    )  # fmt: skip
    query = Query("stress_buffering", "phq9_total", "beta", covariates=("age_years",))
    return ask(table, query)


# ---- mediation -------------------------------------------------------------------------------

_A, _B, _DIRECT = 0.35, -1.2, -0.5
_MEDIATION_N = 300


def _between(rng: np.random.Generator) -> tuple[Found, ...]:
    score, age, head = _trio(rng, _MEDIATION_N)
    volume = _A * score + 0.5 * head - 0.2 * age + rng.normal(size=_MEDIATION_N)
    symptoms = 8 + _B * volume + _DIRECT * score + 0.5 * age + 3.5 * rng.normal(size=_MEDIATION_N)
    table = participants(
        {
            "age_years": years_old(age), "igf1_sds": score, "phq9_total": symptoms,
            "hippocampal_volume": 3800 + 300 * volume, "intracranial_volume": 1.45e6 + 1.2e5 * head,
        }
    )  # fmt: skip
    query = Query("neuroplasticity", "phq9_total", "indirect", covariates=("age_years",))
    by_question = ask(table, query, seed_from(rng))
    one = mediation(
        score, volume, symptoms, np.column_stack([age, head]), rng, resamples=1000
    ).indirect
    return (*by_question, Found(one.estimate, one.se, one.ci_low, one.ci_high))


WORLDS = (
    World(
        "phq_slope",
        "PHQ-9 totals from 0 to 27, skewed (beta-binomial), mean 27·expit of a linear predictor in "
        "score, age and BMI, which are correlated normal. True: the slope of the best straight "
        "line, by Stein's lemma the score's coefficient times the mean derivative.",
        "250", (Row("PHQ-9 points per SD (least squares)", _SLOPE[0] * _mean_gradient()),),
        _slope,
    ),
    World(
        "log_rr",
        "Counts of a negative binomial (theta 1.5) with a log-linear mean. True: the coefficient.",
        "300", (Row("log rate ratio (negative binomial)", _RATE[0]),), _rate,
    ),
    World(
        "cumulative_logit",
        "Totals cut from a logistic latent variable at 27 thresholds. True: the coefficient.",
        "300", (Row("log odds ratio (cumulative logit)", _ODDS[0]),), _ordinal,
    ),
    World(
        "logistic",
        "The same totals, 10 or more against less. True: the coefficient, which a cut leaves.",
        "1,000", (Row("log odds ratio (logistic)", _ODDS[0]),), _ten,
    ),
    World(
        "firth",
        "About 13 events among 300 people; Firth's likelihood with its profile interval, and "
        "maximum likelihood (Firth's only where the data separate) with a Wald interval. True: the "
        "coefficient.",
        "300",
        (
            Row("log odds ratio, rare events (Firth)", _RARE[0]),
            Row(
                "log odds ratio, rare events (maximum likelihood)", _RARE[0],
                MAXIMUM_LIKELIHOOD,
            ),
        ),
        _rare,
    ),
    World(
        "stress",
        "Score and stress correlated normal, their product in the mean of symptoms, errors with "
        "heavier tails (t on 8). True: the product's coefficient over the SD of symptoms.",
        "300", (Row("score × stress (SD per SD and SD)", _interaction_truth()),),
        _interaction,
    ),
    World(
        "indirect",
        "A linear chain from score over volume to symptoms, age and head size in both. True: the "
        "product of the two paths.",
        str(_MEDIATION_N),
        (
            Row("indirect effect, bootstrap SE", _A * _B),
            Row("indirect effect, bootstrap percentiles", _A * _B),
        ),
        _between,
    ),
)  # fmt: skip
