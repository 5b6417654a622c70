"""Worlds of cases and controls: differences in SDs, ratios of means, ratios of SDs."""

from functools import partial

import numpy as np
import pandas as pd

from calibration.world import Found, Query, Row, World, ask, body_mass, participants, years_old

#: Points of the score per SD of age and of BMI, and by how many SDs cases differ in them.
_ON_AGE, _ON_BMI = -0.3, -0.2
_AGE_OF_CASES, _BMI_OF_CASES = -0.3, 0.4
_COVARIATES = _ON_AGE**2 + _ON_BMI**2


def _people(
    rng: np.random.Generator, sizes: tuple[int, int], shift: float, sds: tuple[float, float]
) -> pd.DataFrame:
    """Return cases and controls; the score's SDs are those within groups given age and BMI."""
    case = np.repeat([True, False], sizes)
    age = rng.normal(size=case.size) + _AGE_OF_CASES * case
    bmi = rng.normal(size=case.size) + _BMI_OF_CASES * case
    noise = rng.normal(size=case.size) * np.where(case, *sds)
    points = shift * case + _ON_AGE * age + _ON_BMI * bmi + noise
    return participants(
        {
            "diagnosis": np.where(case, "mdd", "control"), "age_years": years_old(age),
            "bmi": body_mass(bmi), "igf1_sds": points,
            "igf1_harmonised_ng_ml": np.exp(5 + points / 3),
        }
    )  # fmt: skip


def _within(sizes: tuple[int, int], sds: tuple[float, float]) -> float:
    """Return the SD of the score within groups, covariates included, pooled as g pools it."""
    freedom = np.array(sizes) - 1
    return float(np.sqrt(freedom @ (np.square(sds) + _COVARIATES) / freedom.sum()))


def _simulate(
    rng: np.random.Generator, query: Query, sizes: tuple[int, int], shift: float,
    sds: tuple[float, float],
) -> tuple[Found, ...]:  # fmt: skip
    return ask(_people(rng, sizes, shift, sds), query)


def _world(
    name: str, label: str, about: str, query: Query, sizes: tuple[int, int], shift: float,
    sds: tuple[float, float], truth: float,
) -> World:  # fmt: skip
    return World(
        name, about, f"{sizes[0]} + {sizes[1]}", (Row(label, truth),),
        partial(_simulate, query=query, sizes=sizes, shift=shift, sds=sds),
    )  # fmt: skip


def _difference(name: str, label: str, sizes: tuple[int, int], sds: tuple[float, float]) -> World:
    about = (
        f"Cases and controls differ in age and BMI, and by −0.5 in the score given both; SDs given "
        f"both {sds[0]:g} and {sds[1]:g}. True: −0.5 over the pooled SD within groups, which holds "
        "what age and BMI explain."
    )
    truth = -0.5 / _within(sizes, sds)
    query = Query("contrast", "depression", "smd")
    return _world(name, label, about, query, sizes, -0.5, sds, truth)


WORLDS = (
    _difference("smd_equal", "Hedges g, adjusted, equal SDs", (60, 90), (0.9, 0.9)),
    _difference("smd_unequal", "Hedges g, adjusted, unequal SDs", (50, 150), (1.3, 0.7)),
    _difference("smd_small", "Hedges g, adjusted, small groups", (20, 20), (0.9, 0.9)),
    _world(
        "log_rom", "log ratio of geometric means, adjusted",
        "The same people, with the concentration exp(5 + score/3). True: a third of the shift.",
        Query("contrast", "depression", "log_rom"), (50, 150), -0.5, (1.3, 0.7), -0.5 / 3,
    ),
    _world(
        "log_vr", "log ratio of SDs, adjusted",
        "The same people. True: log of the ratio of the SDs given age and BMI.",
        Query("contrast", "depression", "log_vr"), (60, 90), -0.5, (1.2, 0.9), np.log(1.2 / 0.9),
    ),
)  # fmt: skip
