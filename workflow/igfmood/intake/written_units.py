"""Units that the name or label of a column says, where igfmood reads the variable in another one.

Takes a variable and the texts that name a column; gives the unit that stands there, and what a
number in it must be multiplied by.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

_CUBIC_CM = r"(?:cm[\W_]*[3³]|ccm|(?<![a-z])cc|(?<![a-z])ml)(?![a-z0-9])"
#: Variable: units as people write them, how they stand in a name, and the factor to the variable's
#: own unit; none where no factor leads there. Molar mass of cortisol 362.46; insulin 6.00 pmol/mIU
#: (WHO 66/304); HbA1c in mmol/mol is 10.93 times that in % less 23.5.
_UNITS: Mapping[str, tuple[tuple[str, str, float | None], ...]] = {
    "crp": (
        ("mg/dL", r"mg[\W_]*(?:per[\W_]*)?dl", 10.0),
        ("nmol/L", r"nmol", None),
    ),
    "cortisol": (
        ("µg/dL", r"(?:u|µ|μ|mc)g[\W_]*(?:per[\W_]*)?dl", 27.59),
        ("µg/L", r"(?:u|µ|μ|mc)g[\W_]*(?:per[\W_]*)?l(?![a-z])", 2.759),
        ("ng/mL", r"(?<![a-z])ng[\W_]*(?:per[\W_]*)?ml", 2.759),
    ),
    "insulin": (
        ("pmol/L", r"pmol", 0.1667),
        ("ng/mL", r"(?<![a-z])ng[\W_]*(?:per[\W_]*)?ml", None),
    ),
    "hba1c": (("mmol/mol", r"mmol[\W_]*(?:per[\W_]*)?mol|ifcc", None),),
    "alt": (("µkat/L", r"(?:u|µ|μ|mc)kat", 60.0),),
    "egfr": (("mL/s", r"ml[\W_]*(?:per[\W_]*)?s(?:ec)?(?![a-z])", 60.0),),
    "hippocampal_volume": (("cm³", _CUBIC_CM, 1000.0),),
    "intracranial_volume": (
        ("cm³", _CUBIC_CM, 1000.0),
        ("L", r"(?<![a-z])lit(?:er|re)s?(?![a-z])|\(l\)|\[l\]", 1e6),
    ),
    "height_cm": (
        ("feet and inches", r"(?<![a-z])(?:ft|feet|foot)(?![a-z])", None),
        ("inches", r"inch|[\W_]in\W*$", 2.54),
    ),
    "alcohol_g_day": (
        ("g/week", r"(?<![a-z])g[\W_]*(?:per[\W_]*)?(?:week|wk|woche)", 0.1429),
        ("drinks", r"drinks?(?![a-z])|units?(?![a-z])", None),
    ),
    "followup_years": (
        ("days", r"days?(?![a-z])|tage?(?![a-z])", 0.002738),
        ("months", r"months?(?![a-z])|monate?(?![a-z])", 0.08333),
    ),
    "fasting_h": (("minutes", r"(?<![a-z])min(?:utes?)?(?![a-z])", 0.01667),),
}
#: The unit of the variable itself: where a name says it, whatever else it says is its history.
_USUAL = {
    "crp": r"mg[\W_]*(?:per[\W_]*)?l(?![a-z])", "cortisol": r"nmol",
    "insulin": r"mi?u[\W_]*(?:per[\W_]*)?l(?![a-z])|[uµμ]i?u[\W_]*(?:per[\W_]*)?ml",
    "hba1c": r"%|percent|prozent", "alt": r"(?<![a-z])i?u[\W_]*(?:per[\W_]*)?l(?![a-z])",
    "hippocampal_volume": r"mm[\W_]*[3³]", "intracranial_volume": r"mm[\W_]*[3³]",
    "height_cm": r"(?<![a-z])cm(?![a-z])", "egfr": r"min",
    "alcohol_g_day": r"(?<![a-z])g[\W_]*(?:per[\W_]*)?d(?:ay)?(?![a-z])",
    "followup_years": r"years?(?![a-z])|jahre?(?![a-z])",
    "fasting_h": r"hours?(?![a-z])|stunden|(?<![a-z])h(?:rs?)?(?![a-z])",
}  # fmt: skip


@dataclass(frozen=True)
class WrittenUnit:
    """A unit, where it was read, and the factor to the variable's own unit, if there is one."""

    unit: str
    text: str
    factor: float | None


def written_unit(variable: str, texts: Iterable[str]) -> WrittenUnit | None:
    """Return the unit that one of the texts says; None if none does, or it is the usual one."""
    for text in texts:
        if variable in _USUAL and re.search(_USUAL[variable], text.casefold()):
            return None
        for unit, pattern, factor in _UNITS.get(variable, ()):
            if re.search(pattern, text.casefold()):
                return WrittenUnit(unit, text, factor)
    return None
