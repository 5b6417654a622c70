"""The substances that a study file can be drafted for.

Takes nothing; gives, for each, how the study names it, and which median goes with which unit. How
columns are called stands in `synonyms.yaml`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Magnitude:
    """Medians (adults, where their age is known) that go with a unit; no unit: with two of them."""

    unit: str
    low: float
    high: float


@dataclass(frozen=True)
class Substance:
    """One substance: its label, its entry in a study file, and magnitudes by unit.

    Limits in the entry are those of plausible values. It is empty where it would say what the
    configuration takes for granted.
    """

    label: str
    entry: Mapping[str, Any]
    magnitudes: tuple[Magnitude, ...]


#: IGF-1: adult cohorts have medians of about 12–31 nmol/L or 90–240 ng/mL, children more; between
#: 40 and 80 both are possible. Nothing tells ng/mL from µg/L, which is the same, and in insulin
#: nothing tells mU/L from µIU/mL. Cortisol in µg/dL has medians of 5 to 25, which go with no unit.
ANALYTES: Mapping[str, Substance] = {
    "igf1": Substance(
        "IGF-1", {},
        (
            Magnitude("nmol/L", 8, 40), Magnitude("", 40, 80), Magnitude("ng/mL", 80, 1000),
            Magnitude("pg/mL", 20_000, 1_000_000),
        ),
    ),
    "crp": Substance(
        "CRP",
        {"name": "crp", "label": "CRP", "unit": "mg/L", "molar_mass": None,
         "lowest_possible": 0.05, "highest_possible": 500},
        (
            Magnitude("mg/dL", 0.01, 0.3), Magnitude("", 0.3, 0.7), Magnitude("mg/L", 0.7, 20),
            Magnitude("ng/mL", 300, 30_000),
        ),
    ),
    "bdnf": Substance(
        "BDNF",
        {"name": "bdnf", "label": "BDNF", "unit": "ng/mL", "molar_mass": None,
         "lowest_possible": 0.01, "highest_possible": 500},
        (Magnitude("ng/mL", 1, 100), Magnitude("pg/mL", 500, 100_000)),
    ),
    "insulin": Substance(
        "insulin",
        {"name": "insulin", "label": "insulin", "unit": "mU/L", "molar_mass": 5808,
         "ng_per_mu": 34.7, "lowest_possible": 0.1, "highest_possible": 1000},
        (
            Magnitude("ng/mL", 0.1, 1.2), Magnitude("mU/L", 2, 18), Magnitude("", 18, 30),
            Magnitude("pmol/L", 30, 300),
        ),
    ),
    "cortisol": Substance(
        "cortisol",
        {"name": "cortisol", "label": "cortisol", "unit": "nmol/L", "molar_mass": 362.5,
         "lowest_possible": 1, "highest_possible": 5000},
        (
            Magnitude("ng/mL", 40, 180), Magnitude("", 180, 250), Magnitude("nmol/L", 250, 900),
        ),
    ),
}  # fmt: skip
