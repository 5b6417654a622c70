"""The published numbers that the invented cohorts are built on.

Takes: `calibration.yaml` beside this file.
Gives: a frozen `Calibration` with arrays ready for use.
"""

from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

import numpy as np
import yaml


@dataclass(frozen=True)
class SeverityGroup:
    """Latent PHQ-9 severity of one group.

    Attributes
    ----------
    location, spread : float
        Mean and SD of severity, in SD of the population's severity.
    low, high : int
        Totals outside this closed range are drawn again.
    mean, sd : float
        What the totals should come to.
    """

    location: float
    spread: float
    low: int
    high: int
    mean: float
    sd: float


@dataclass(frozen=True)
class Calibration:
    """Constants of the generator; shapes in brackets.

    Attributes
    ----------
    age : ndarray [k]
        Ages of the IGF-1 grid, years.
    mean_log, sd_log : dict of ndarray [k]
        Natural-log mean and SD of IGF-1 (ng/mL) under the keys ``male`` and ``female``.
    bmi_peak : dict of float
        BMI (kg/m2) at which IGF-1 is highest, by sex.
    bmi_curvature, bmi_floor : float
        SDS lost per squared BMI unit away from the peak, and the largest loss.
    marginals : dict of ndarray [9, 4]
        Share of answers 0..3 per item, under ``all``, ``male`` and ``female``.
    correlation : ndarray [9, 9]
        Pearson correlation of item scores.
    population : dict of float
        Known features of population totals.
    groups : dict of SeverityGroup
        Latent severity by group.
    """

    age: np.ndarray
    mean_log: dict[str, np.ndarray]
    sd_log: dict[str, np.ndarray]
    bmi_peak: dict[str, float]
    bmi_curvature: float
    bmi_floor: float
    marginals: dict[str, np.ndarray]
    correlation: np.ndarray
    population: dict[str, float]
    groups: dict[str, SeverityGroup]


@lru_cache(maxsize=1)
def calibration() -> Calibration:
    """Read the constants once.

    Returns
    -------
    Calibration
    """
    raw = yaml.safe_load(
        files(__package__).joinpath("calibration.yaml").read_text(encoding="utf-8")
    )
    igf1, phq9 = raw["igf1"], raw["phq9"]
    return Calibration(
        age=np.array(igf1["age"], dtype=float),
        mean_log={sex: np.array(igf1[sex]["mean_log"]) for sex in ("male", "female")},
        sd_log={sex: np.array(igf1[sex]["sd_log"]) for sex in ("male", "female")},
        bmi_peak=igf1["bmi_peak"],
        bmi_curvature=igf1["bmi_curvature"],
        bmi_floor=igf1["bmi_floor"],
        marginals={who: np.array(rows) for who, rows in phq9["marginals"].items()},
        correlation=np.array(phq9["correlation"]),
        population=phq9["population"],
        groups={name: SeverityGroup(**values) for name, values in phq9["groups"].items()},
    )
