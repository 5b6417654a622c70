"""The traits every cohort draws alike.

Takes: group labels and, per trait, its distribution by group.
Gives: sex, age, BMI, habits, medication and batch of invented people.
"""

from collections.abc import Mapping

import numpy as np
from scipy.special import ndtr, ndtri

from igfmood.simulate.igf1 import BMI_LOG_SD, BMI_MEDIAN


def shuffled_groups(rng: np.random.Generator, sizes: Mapping[str, int]) -> np.ndarray:
    """Group labels in random order, so that neither identifiers nor row order tell the group.

    Parameters
    ----------
    rng : numpy.random.Generator
    sizes : mapping of int
        Number of people by group.

    Returns
    -------
    ndarray of str [n]
    """
    return rng.permutation(np.repeat(list(sizes), list(sizes.values())))


def by_group(group: np.ndarray, values: Mapping[str, float]) -> np.ndarray:
    """Look up one number per person.

    Parameters
    ----------
    group : ndarray of str [n]
    values : mapping of float

    Returns
    -------
    ndarray [n]
    """
    return np.array([values[label] for label in group], dtype=float)


def draw_yes(rng: np.random.Generator, chance: np.ndarray) -> np.ndarray:
    """True with the given chance.

    Parameters
    ----------
    rng : numpy.random.Generator
    chance : ndarray [n]

    Returns
    -------
    ndarray of bool [n]
    """
    return rng.random(len(chance)) < chance


def draw_age(
    rng: np.random.Generator, mean: np.ndarray, sd: float, low: float, high: float
) -> np.ndarray:
    """Ages from a normal distribution cut at both ends, to one decimal.

    Parameters
    ----------
    rng : numpy.random.Generator
    mean : ndarray [n]
    sd, low, high : float
        Years.

    Returns
    -------
    ndarray [n]
    """
    start, stop = ndtr((low - mean) / sd), ndtr((high - mean) / sd)
    return np.round(mean + sd * ndtri(start + (stop - start) * rng.random(len(mean))), 1)


def draw_bmi(rng: np.random.Generator, n: int) -> np.ndarray:
    """Log-normal BMI, the same in every group so that it confounds nothing.

    Parameters
    ----------
    rng : numpy.random.Generator
    n : int

    Returns
    -------
    ndarray [n]
        kg/m2.
    """
    return BMI_MEDIAN * np.exp(BMI_LOG_SD * rng.standard_normal(n))


def contraceptive_chance(age: np.ndarray, female: np.ndarray) -> np.ndarray:
    """Probability of oral contraceptive use: women to 35 years 0.35, to 45 years 0.15, nobody else.

    Parameters
    ----------
    age : ndarray [n]
    female : ndarray of bool [n]

    Returns
    -------
    ndarray [n]
    """
    return np.where(female, np.select([age < 35, age < 45], [0.35, 0.15], 0.0), 0.0)
