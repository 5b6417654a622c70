"""Worlds of several studies: random effects with five of them, one stage, genetic instruments."""

from functools import partial

import numpy as np

from calibration.world import CHEAP, Found, Row, World
from igfmood.association.models.cluster_robust import cluster_robust
from igfmood.synthesis.mendelian.estimators import Associations, ivw_random
from igfmood.synthesis.random_effects import random_effects

_MU = -0.25
#: Standard errors of five cohorts like those of the default study; with the last ones, the largest
#: study has ten times the people of the smallest.
_ALIKE = (0.08, 0.10, 0.12, 0.14, 0.17)
_TENFOLD = (0.09, 0.13, 0.16, 0.21, 0.28)


def _studies(rng: np.random.Generator, errors: tuple[float, ...], tau: float) -> tuple[Found, ...]:
    se = np.array(errors)
    effects = _MU + tau * rng.normal(size=se.size)
    found = random_effects(effects + se * rng.normal(size=se.size), se**2)
    new = _MU + tau * float(rng.normal())
    return (
        Found(found.mu, found.se, found.ci_low, found.ci_high),
        Found(found.mu, np.nan, found.pi_low, found.pi_high, new),
    )


# ---- one stage -------------------------------------------------------------------------------

_COHORTS = np.array([80, 100, 100, 120, 120, 140, 160, 180])
_SLOPE, _SD_SLOPE = -0.6, 0.3


def _one_stage(rng: np.random.Generator) -> tuple[Found, ...]:
    cohort = np.repeat(np.arange(_COHORTS.size), _COHORTS)
    score, age = rng.normal(size=(2, cohort.size))
    slopes = _SLOPE + _SD_SLOPE * rng.normal(size=_COHORTS.size)
    levels = 6 + rng.normal(size=_COHORTS.size)
    symptoms = (
        levels[cohort] + slopes[cohort] * score + 0.4 * age + 3 * rng.normal(size=cohort.size)
    )
    intercepts = (cohort[:, None] == np.arange(_COHORTS.size)).astype(float)
    found = cluster_robust(np.column_stack([score, intercepts, age]), symptoms, cohort).contrast(0)
    return (Found(found.estimate, found.se, found.ci_low, found.ci_high),)


# ---- Mendelian randomisation -----------------------------------------------------------------

_VARIANTS, _CAUSAL = 40, -0.2


def _instruments(rng: np.random.Generator) -> tuple[Found, ...]:
    strength = rng.choice([-1, 1], _VARIANTS) * rng.uniform(0.03, 0.09, _VARIANTS)
    error_exposure, error_outcome = np.full(_VARIANTS, 0.003), rng.uniform(0.010, 0.014, _VARIANTS)
    pleiotropy = 0.008 * rng.normal(size=_VARIANTS)
    data = Associations(
        np.arange(_VARIANTS).astype(str).astype(object),
        strength + error_exposure * rng.normal(size=_VARIANTS), error_exposure,
        _CAUSAL * strength + pleiotropy + error_outcome * rng.normal(size=_VARIANTS),
        error_outcome,
    )  # fmt: skip
    found = ivw_random(data)
    return (Found(found.estimate, found.se, found.ci_low, found.ci_high),)


_PLUG_IN = (
    "a prediction interval takes the estimate of τ² for τ² itself; with few studies, or with τ² of "
    "the size of their sampling variance, it is too narrow"
)
_UNEQUAL = (
    "with five studies of very unequal size the Knapp–Hartung interval is a little too narrow"
)


def _meta(
    name: str, about: str, errors: tuple[float, ...], tau: float, limits: tuple[str, str]
) -> World:
    k, which = len(errors), f"τ² = {tau**2:.2g}" + (", sizes tenfold" if errors == _TENFOLD else "")
    return World(
        name, about, f"k = {k}",
        (
            Row(f"mean effect, k = {k}, {which} (REML, Knapp–Hartung)", _MU, limits[0]),
            Row(f"prediction interval, k = {k}, {which}", _MU, limits[1]),
        ),
        partial(_studies, errors=errors, tau=tau), CHEAP,
    )  # fmt: skip


WORLDS = (
    _meta(
        "five_alike",
        "Five studies with standard errors from 0.08 to 0.17 and one true effect.",
        _ALIKE,
        0.0,
        ("", _PLUG_IN),
    ),
    _meta(
        "five_differ",
        "Five such studies whose true effects are normal with an SD of 0.2. A prediction interval "
        "is judged by the true effect of a study to come.",
        _ALIKE,
        0.2,
        ("", _PLUG_IN),
    ),
    _meta(
        "twenty_differ",
        "Twenty such studies, SD of the true effects 0.3.",
        _ALIKE * 4,
        0.3,
        ("", ""),
    ),
    _meta(
        "five_tenfold",
        "Five studies with standard errors from 0.09 to 0.28, SD of the true effects 0.2.",
        _TENFOLD,
        0.2,
        (_UNEQUAL, _PLUG_IN),
    ),
    World(
        "one_stage",
        "Eight cohorts of 80 to 180 people whose slopes differ (SD 0.3). True: their mean.",
        "1,000",
        (Row("PHQ-9 points per SD, one stage (CR2)", _SLOPE),),
        _one_stage,
    ),
    World(
        "ivw",
        "40 variants with F from 100 to 900 and balanced pleiotropy. True: the causal effect.",
        "40 variants",
        (Row("causal effect (IVW, random effects)", _CAUSAL),),
        _instruments,
        CHEAP,
    ),
)
