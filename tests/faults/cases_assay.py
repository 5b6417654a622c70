"""Faults around the assay: ages of the reference people, published references, control samples."""

from faults.case import Case
from faults.sound import HEADER, N_ROWS, column_changed, file, rows, text_of

_EVERYBODY = frozenset(row[0] for row in rows())


def _aged(name: str, *ages: int) -> Case:
    """Return a sound cohort in which these ages alone occur, the first most often."""
    years = iter([ages[k] if k < len(ages) else ages[0] for k in range(N_ROWS)])
    table = column_changed("age", lambda _: str(next(years)))
    return Case(name, file(text_of(table, HEADER)), free=_EVERYBODY)


AGES = [
    _aged("everybody of one age", 50),
    _aged("two ages", *[50, 51] * (N_ROWS // 2)),
    _aged("most of one age", 9, 8, 10, 8, 10),
]

_WITH_PROTEIN = {"igfbp3": {"column": "bmi", "unit": "ng/mL"}, "columns": {"bmi": None}}

ANALYTE = [
    Case("analyte that shares its columns with the binding protein", entry=_WITH_PROTEIN,
         study={"analyte": {"name": "igfbp3", "molar_mass": 30_500}},
         error=("analyte.name igfbp3", "['clinic']", "another name")),
    Case("medians the wrong way round", study={"analyte": {"typical_median": [600, 50]}},
         error=("analyte", "typical_median: the lower limit 600 is not below 50")),
    Case("nothing is possible", study={"analyte": {"lowest_possible": 900, "highest_possible": 9}},
         error=("analyte", "lowest_possible, highest_possible", "900 is not below 9")),
]  # fmt: skip

CASES = [*AGES, *ANALYTE]
