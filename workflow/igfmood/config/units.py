"""Units of concentration.

Takes nothing; gives the units that the configuration may name, however they are spelled, and what
a value in one is multiplied by to be in another.
"""

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator

#: Mass units, as factors to ng/mL.
MASS_UNITS = {"ng/mL": 1.0, "ug/L": 1.0, "pg/mL": 1e-3, "mg/L": 1e3, "mg/dL": 1e4}
#: Molar units, as factors to nmol/L; they need the molar mass of the analyte.
MOLAR_UNITS = {"nmol/L": 1.0, "pmol/L": 1e-3, "umol/L": 1e3}
#: Units of activity, as factors to mU/L; what a unit weighs is particular to the analyte.
ACTIVITY_UNITS = {"mU/L": 1.0, "uIU/mL": 1.0}
UNITS = (*MASS_UNITS, *MOLAR_UNITS, *ACTIVITY_UNITS)

_KINDS = (MASS_UNITS, MOLAR_UNITS, ACTIVITY_UNITS)
_SPELLINGS = {unit.casefold(): unit for unit in UNITS}


def _usual_spelling(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    # Both characters for micro, U+00B5 and U+03BC, are U+03BC once case is folded.
    return _SPELLINGS.get(value.strip().casefold().replace("\u03bc", "u"), value)


Unit = Annotated[Literal[UNITS], BeforeValidator(_usual_spelling)]  # type: ignore[valid-type]


def factor(
    unit: str, to: str, molar_mass: float | None = None, ng_per_mu: float | None = None
) -> float:
    """Return what a value in `unit` is multiplied by to be in `to`.

    Raises
    ------
    ValueError
        If it takes the molar mass (g/mol) or the weight of a milliunit (ng), and that is not
        given.
    """
    for kind in _KINDS:
        if unit in kind and to in kind:
            return kind[unit] / kind[to]
    return _ng_ml(unit, molar_mass, ng_per_mu) / _ng_ml(to, molar_mass, ng_per_mu)


def _ng_ml(unit: str, molar_mass: float | None, ng_per_mu: float | None) -> float:
    """Return what a value in `unit` is multiplied by to be in ng/mL."""
    if unit in MASS_UNITS:
        return MASS_UNITS[unit]
    if unit in MOLAR_UNITS:
        if molar_mass is None:
            raise ValueError(f"{unit} needs the molar mass of the analyte")
        return MOLAR_UNITS[unit] * (molar_mass / 1000.0)  # 1 nmol/L of 1 g/mol is 1e-3 ng/mL
    if ng_per_mu is None:
        raise ValueError(f"{unit} needs the weight of a milliunit of the analyte")
    return ACTIVITY_UNITS[unit] * (ng_per_mu / 1000.0)  # 1 mU/L of 1 ng/mU is 1e-3 ng/mL


def other_units(unit: str, molar_mass: float | None, ng_per_mu: float | None) -> dict[str, float]:
    """Return every other unit that a value in `unit` may be in: its factor to `unit`."""
    found = {}
    for other in UNITS:
        try:
            found[other] = factor(other, unit, molar_mass, ng_per_mu)
        except ValueError:
            continue
    return {other: times for other, times in found.items() if other != unit}


def unit_slug(unit: str) -> str:
    """Return a unit as the end of a column name: ``ng/mL`` becomes ``ng_ml``."""
    return unit.lower().replace("/", "_")
