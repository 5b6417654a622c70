"""Faults around the assay: ages of the reference people, published references, control samples."""

from faults.case import Case, fails, misconfigured, refused
from faults.sound import (
    HEADER,
    N_ROWS,
    SOUND,
    Make,
    column_changed,
    file,
    rows,
    text_of,
    together,
)

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
    *(
        misconfigured(f"batch that is {whose}", {"analyte": {"batch": column}},
                      f"analyte.batch names the column of {whose}", "plate")
        for column, whose in (("igf1", "the analyte"), ("id", "participant_id"),
                              ("age", "age_years"), ("dx", "the diagnosis"))
    ),
    Case("analyte that shares its columns with the binding protein", entry=_WITH_PROTEIN,
         study={"analyte": {"name": "igfbp3", "molar_mass": 30_500}},
         error=("analyte.name igfbp3", "['clinic']", "another name")),
    Case("medians the wrong way round", study={"analyte": {"typical_median": [600, 50]}},
         error=("analyte", "typical_median: the lower limit 600 is not below 50")),
    Case("nothing is possible", study={"analyte": {"lowest_possible": 900, "highest_possible": 9}},
         error=("analyte", "lowest_possible, highest_possible", "900 is not below 9")),
]  # fmt: skip

_QC = {"table": "qc.csv", "concentration": "conc", "days": "days", "lot": "lot"}
_SAMPLES = "lot,days,conc\n" + "".join(f"{k % 5},{k},{5 + k % 3}\n" for k in range(30))


def samples(text: str) -> Make:
    """Return what writes the sound table, and a table of control samples."""
    return together(file(SOUND), file(text, "qc.csv"))


CONTROL_SAMPLES = [
    Case("control samples", samples(_SAMPLES), {"assay_qc": _QC}),
    refused("control samples without a file", file(SOUND), "assay_qc", "qc.csv is not there",
            entry={"assay_qc": _QC}),
    refused("control samples without a column", samples(_SAMPLES), "assay_qc", "'value'",
            "qc.csv", entry={"assay_qc": {**_QC, "concentration": "value"}}),
]  # fmt: skip

#: Faults of control samples that show when they are read: told by `check`, and in a run a row.
CONTROL_CELLS = {
    "text": (_SAMPLES + "1,5,low\n", "row 31, column 'conc': 'low' is not a positive number"),
    "no lot": (_SAMPLES + ",5,5\n", "row 31: no lot in column 'lot'"),
    "no rows": ("lot,days,conc\n", "qc.csv has a header and no rows"),
}

_REFERENCE = {"reference": {"table": "lms.csv", "unit": "ng/mL"}}


def _published(*lines: str, mark: str = ",") -> Make:
    text = "\n".join(["sex,age,mu,sigma,nu", *lines, ""]).replace(",", mark)
    return together(file(SOUND), file(text, "lms.csv"))


def _lines(low: float = 18, high: float = 80, factor: float = 1, sigma: str = "0.25") -> list[str]:
    """Return a table that fits the sound cohort, but for what is changed."""
    return [
        f"{sex},{age},{factor * mu},{sigma},0"
        for sex in ("female", "male") for age, mu in ((low, 205), (high, 110))
    ]  # fmt: skip


def _misfit(name: str, lines: list[str], *error: str) -> Case:
    return fails(name, _published(*lines), "lms.csv", *error, entry=_REFERENCE)


REFERENCES = [
    Case("published reference", _published(*_lines()), _REFERENCE),
    Case("published reference with semicolons", _published(*_lines(), mark=";"), _REFERENCE),
    Case("published reference of one sex", _published(*_lines()[:2]), _REFERENCE),
    _misfit("reference in months", _lines(216, 960), "row 1, column age", "ages are in years"),
    _misfit("reference of children in months", _lines(0, 19), "covers nobody", "years"),
    _misfit("reference of other ages", _lines(70, 90), "covers nobody"),
    _misfit("sigma in per cent", _lines(sigma="25"), "column sigma", "found"),
    _misfit("reference of an assay three times as high", _lines(factor=3), "does not fit",
            "reference.unit"),
]  # fmt: skip

CASES = [*AGES, *ANALYTE, *CONTROL_SAMPLES, *REFERENCES]
