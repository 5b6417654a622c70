"""True and measured serum IGF-1 of invented people.

Takes: age, sex, mean SDS, covariates, and the assay that measures.
Gives: SDS with mean and variance exactly as planted, and ng/mL on the assay's scale.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy.special import ndtri

from igfmood.simulate.calibration import calibration
from igfmood.simulate.effects import TRUTH

NG_PER_NMOL = 7.649
BMI_MEDIAN, BMI_LOG_SD = 26.0, 0.17


@dataclass(frozen=True)
class Assay:
    """What one laboratory does to a concentration.

    Attributes
    ----------
    scale : float
        Multiplies the true ng/mL.
    limit : float
        Reporting limit in `unit`; what is lower is not reported as a number.
    unit : str
        ``ng/mL`` or ``nmol/L``.
    batches : dict of float
        Shift in log concentration per batch label.
    cv : float
        SD of the log-normal measurement error.
    """

    scale: float
    limit: float
    unit: str
    batches: dict[str, float]
    cv: float = 0.05


class Contribution(NamedTuple):
    """A covariate's share of a person's SDS: mean 0 and the variance given age, sex and group."""

    value: np.ndarray
    variance: np.ndarray


def grid(age: np.ndarray, female: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean and SD of log IGF-1 (ng/mL) by age and sex, linear between grid ages, flat outside.

    Parameters
    ----------
    age : ndarray [n]
        Years.
    female : ndarray of bool [n]

    Returns
    -------
    mean_log, sd_log : ndarray [n]
    """
    c = calibration()
    mean, sd = (
        np.where(
            female, np.interp(age, c.age, table["female"]), np.interp(age, c.age, table["male"])
        )
        for table in (c.mean_log, c.sd_log)
    )
    return mean, sd


def bmi_contribution(bmi: np.ndarray, female: np.ndarray) -> Contribution:
    """Inverted U of IGF-1 over BMI, centred on the BMI distribution.

    Parameters
    ----------
    bmi : ndarray [n]
        kg/m2.
    female : ndarray of bool [n]

    Returns
    -------
    Contribution
    """
    moments = {sex: _bmi_moments(sex) for sex in ("male", "female")}
    value = np.where(female, _bmi_curve(bmi, "female"), _bmi_curve(bmi, "male"))
    centre, variance = (np.where(female, moments["female"][i], moments["male"][i]) for i in (0, 1))
    return Contribution(value - centre, variance)


def _bmi_curve(bmi: np.ndarray, sex: str) -> np.ndarray:
    """SDS lost away from the sex's best BMI."""
    c = calibration()
    return np.maximum(-c.bmi_curvature * (bmi - c.bmi_peak[sex]) ** 2, c.bmi_floor)


@lru_cache(maxsize=2)
def _bmi_moments(sex: str) -> tuple[float, float]:
    """Mean and variance of the BMI curve over 20,000 mid-quantiles of the BMI distribution."""
    middles = (np.arange(20_000) + 0.5) / 20_000
    curve = _bmi_curve(BMI_MEDIAN * np.exp(BMI_LOG_SD * ndtri(middles)), sex)
    return float(curve.mean()), float(curve.var())


def binary_contribution(effect: float, used: np.ndarray, chance: np.ndarray) -> Contribution:
    """A yes/no covariate's effect, centred on the chance of yes.

    Parameters
    ----------
    effect : float
        SDS of users minus non-users.
    used : ndarray of bool [n]
    chance : ndarray [n]
        Probability of use given age, sex and group; 0 where the effect does not apply.

    Returns
    -------
    Contribution
    """
    applies = chance > 0
    value = np.where(applies, effect * (used - chance), 0.0)
    return Contribution(value, effect**2 * chance * (1 - chance))


def contraceptive_contribution(used: np.ndarray, chance: np.ndarray) -> Contribution:
    """Effect of a combined oral contraceptive; arguments as in `binary_contribution`."""
    return binary_contribution(TRUTH.contraceptive, used, chance)


def antidepressant_contribution(
    used: np.ndarray, chance: np.ndarray, group: np.ndarray
) -> Contribution:
    """Effect of antidepressants in depressed people only, so that their mean stays as planted.

    Parameters
    ----------
    used : ndarray of bool [n]
    chance : ndarray [n]
    group : ndarray of str [n]

    Returns
    -------
    Contribution
    """
    return binary_contribution(
        TRUTH.antidepressant, used, np.where(group == "depression", chance, 0.0)
    )


def true_sds(
    rng: np.random.Generator, mean: np.ndarray, *contributions: Contribution
) -> np.ndarray:
    """SDS with the given mean and variance 1 given age, sex and group, covariates included.

    Parameters
    ----------
    rng : numpy.random.Generator
    mean : ndarray [n]
        Planted mean SDS of the person's group.
    *contributions : Contribution

    Returns
    -------
    ndarray [n]
    """
    explained = sum((c.variance for c in contributions), np.zeros(len(mean)))
    shift = sum((c.value for c in contributions), np.zeros(len(mean)))
    return mean + shift + np.sqrt(1 - explained) * rng.standard_normal(len(mean))


def later_sds(
    rng: np.random.Generator, sds: np.ndarray, mean: np.ndarray, stability: float
) -> np.ndarray:
    """SDS of the same people at a later visit, with the same mean and variance.

    Parameters
    ----------
    rng : numpy.random.Generator
    sds, mean : ndarray [n]
        Earlier SDS and its planted mean.
    stability : float
        Correlation between visits given the group.

    Returns
    -------
    ndarray [n]
    """
    return (
        mean + stability * (sds - mean) + np.sqrt(1 - stability**2) * rng.standard_normal(len(sds))
    )


def measure_rows(rng: np.random.Generator, rows: pd.DataFrame, assay: Assay) -> np.ndarray:
    """Concentration that the assay reads, before the reporting limit.

    Parameters
    ----------
    rng : numpy.random.Generator
    rows : DataFrame [n]
        Columns `sds`, `age`, `female` and `batch` (keys of `assay.batches`).
    assay : Assay

    Returns
    -------
    ndarray [n]
        In `assay.unit`.
    """
    mean, sd = grid(rows["age"].to_numpy(), rows["female"].to_numpy())
    shift = rows["batch"].map(assay.batches).to_numpy()
    error = assay.cv * rng.standard_normal(len(rows))
    ng: np.ndarray = assay.scale * np.exp(mean + sd * rows["sds"].to_numpy() + shift + error)
    return ng / NG_PER_NMOL if assay.unit == "nmol/L" else ng
