"""Units that the name or label of a column says, where igfmood reads the variable in another one.

Takes a variable and the texts that name a column; gives the unit that stands there, and what a
number in it must be multiplied by.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

#: Units as they are written in names and labels.
WRITTEN = (
    ("ng/mL", r"ng[\W_]*(?:per[\W_]*)?ml|ngml"),
    ("pg/mL", r"pg[\W_]*(?:per[\W_]*)?ml|pgml"),
    ("nmol/L", r"nmol|nanomol"),
    ("pmol/L", r"pmol|picomol"),
    ("uIU/mL", r"[uµμ]i?u[\W_]*(?:per[\W_]*)?ml"),
    ("mU/L", r"mi?u[\W_]*(?:per[\W_]*)?l(?![a-z])"),
    ("ug/L", r"(?:ug|µg|μg|mcg)[\W_]*(?:per[\W_]*)?l(?![a-z])"),
    ("mg/dL", r"mg[\W_]*(?:per[\W_]*)?dl"),
    ("mg/L", r"mg[\W_]*(?:per[\W_]*)?l(?![a-z])"),
)
#: The same of other units, and of concentrations in which no analyte may be given.
_OTHERS = {
    "µg/dL": r"(?:ug|µg|μg|mcg)[\W_]*(?:per[\W_]*)?dl",
    "mmol/mol": r"mmol[\W_]*(?:per[\W_]*)?mol|ifcc", "%": r"%|percent|prozent",
    "µkat/L": r"[uµμ]kat", "U/L": r"i?u[\W_]*(?:per[\W_]*)?l(?![a-z])",
    "mm³": r"mm[\W_]*[3³]", "cm³": r"cm[\W_]*[3³]|ccm(?![a-z])|cc(?![a-z])|ml(?![a-z])",
    "cm": r"cm(?![a-z])", "inches": r"inch|in\W*$", "feet": r"(?:ft|feet|foot)(?![a-z])",
    "g/day": r"g[\W_]*(?:per[\W_]*)?d(?:ay)?(?![a-z])",
    "g/week": r"g[\W_]*(?:per[\W_]*)?(?:week|wk|woche)", "drinks": r"(?:drinks?|units?)(?![a-z])",
    "years": r"(?:years?|jahre?)(?![a-z])", "months": r"(?:months?|monate?)(?![a-z])",
    "days": r"(?:days?|tage?)(?![a-z])", "minutes": r"min(?:utes?)?(?![a-z])",
    "hours": r"hours?(?![a-z])|stunden|h(?:rs?)?(?![a-z])",
}  # fmt: skip
#: Variable: units and the factor to its own unit, which stands first: where a name says that one,
#: whatever else it says is its history. None where no factor leads there. Molar mass of cortisol
#: 362.46; insulin 6.00 pmol/mIU (WHO 66/304); HbA1c in mmol/mol is 10.93 times that in % less 23.5.
_FACTORS: Mapping[str, Mapping[str, float | None]] = {
    "crp": {"mg/L": 1.0, "mg/dL": 10.0, "µg/dL": 0.01, "ug/L": 0.001, "nmol/L": None},
    "cortisol": {"nmol/L": 1.0, "µg/dL": 27.59, "ug/L": 2.759, "ng/mL": 2.759},
    "insulin": {"mU/L": 1.0, "uIU/mL": 1.0, "pmol/L": 0.1667, "ng/mL": None},
    "hba1c": {"%": 1.0, "mmol/mol": None},
    "alt": {"U/L": 1.0, "µkat/L": 60.0},
    "hippocampal_volume": {"mm³": 1.0, "cm³": 1000.0},
    "intracranial_volume": {"mm³": 1.0, "cm³": 1000.0},
    "height_cm": {"cm": 1.0, "feet": None, "inches": 2.54},
    "alcohol_g_day": {"g/day": 1.0, "g/week": 0.1429, "drinks": None},
    "followup_years": {"years": 1.0, "days": 0.002738, "months": 0.08333},
    "fasting_h": {"hours": 1.0, "minutes": 0.01667},
}


@dataclass(frozen=True)
class WrittenUnit:
    """A unit, where it was read, and the factor to the variable's own unit, if there is one."""

    unit: str
    text: str
    factor: float | None


def written_unit(variable: str, texts: Iterable[str]) -> WrittenUnit | None:
    """Return the unit that one of the texts says; None if none does, or it is the usual one."""
    patterns = dict(WRITTEN) | _OTHERS
    for text in texts:
        for unit, factor in _FACTORS.get(variable, {}).items():
            if re.search(rf"(?<![a-z])(?:{patterns[unit]})", text.casefold()):
                return None if factor == 1.0 else WrittenUnit(unit, text, factor)
    return None
