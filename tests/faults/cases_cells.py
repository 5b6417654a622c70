"""Faults of cells: what stands where a number, a code or a date should be."""

from collections.abc import Mapping
from typing import Any

from faults.case import Case, fails
from faults.sound import HEADER, N_ROWS, SOUND, cells, changed, column_changed, file, rows, text_of


def _bad(name: str, changes: Mapping[tuple[int, str], str], reason: str, **about: Any) -> Case:
    """Return cells that send their rows to quarantine."""
    rows_hit = {row: reason for row, _ in changes}
    return Case(name, cells(changes), quarantine=rows_hit, **about)


_ITEMS = [f"q{item}" for item in range(1, 10)]
_WITH_ITEMS = {"phq9": {"items": _ITEMS, "total": "phq"}}
_SPREAD = [[str(min(3, max(0, int(row[5]) - 3 * k))) for k in range(9)] for row in rows()]


def _items(changes: Mapping[tuple[int, int], str]) -> str:
    """Return the sound table with nine items that sum to the total, some changed."""
    table = [[*row, *items] for row, items in zip(rows(), _SPREAD, strict=True)]
    for (row, item), text in changes.items():
        table[row - 1][len(HEADER) + item - 1] = text
    return text_of(table, [*HEADER, *_ITEMS])


def _dated(dates: Mapping[int, str], usual: str = "2021-03-04") -> str:
    table = [[*row, dates.get(k, usual)] for k, row in enumerate(rows(), 1)]
    return text_of(table, [*HEADER, "drawn"])


_DATE = {"columns": {"analyte_date": "drawn"}}
_NO_NUMBER = "is not a number"

FORMULAS = [
    _bad("formula that would start a program", {(5, "igf1"): "=cmd|' /C calc'!A0"}, _NO_NUMBER),
    _bad("formula in a number", {(5, "igf1"): "=1+1", (6, "age"): "=40+1"}, _NO_NUMBER),
    _bad("formula at, in a number", {(5, "bmi"): "@SUM(1+1)*cmd|' /C calc'!A0"}, _NO_NUMBER),
    _bad("formula minus, in a number", {(5, "bmi"): "-2+3+cmd|' /C calc'!A0"}, _NO_NUMBER),
    _bad("formula in a diagnosis", {(5, "dx"): "=HYPERLINK(\"http://x\")"}, "no known label"),
    _bad("formula behind a tab", {(5, "sex"): "\t=1+1"}, "no known code for sex"),
    Case("plus sign before a number", cells({(5, "age"): "+48"}),
         values={("P005", "age_years"): 48}),
]  # fmt: skip

NUMBERS = [
    _bad("negative age", {(3, "age"): "-4"}, "impossible for age_years"),
    _bad("age of 999", {(3, "age"): "999"}, "impossible for age_years"),
    _bad("date of birth for an age", {(3, "age"): "1975-04-12"}, _NO_NUMBER),
    _bad("year of birth for an age", {(3, "age"): "1975"}, "impossible for age_years"),
    _bad("thousands mark of English", {(3, "igf1"): "1,234.5"}, _NO_NUMBER),
    _bad("thousands mark of German", {(3, "igf1"): "1.234,5"}, _NO_NUMBER),
    _bad("decimal comma in some cells of a comma table", {(3, "igf1"): "150,5"}, _NO_NUMBER),
    fails("decimal comma and point in one table",
          file(text_of(changed({(3, "igf1"): "150,5"}), delimiter=";")), "data/clinic.csv",
          "'igf1'", "declare format.decimal"),
    Case("decimal comma and point, declared",
         file(text_of(changed({(3, "igf1"): "150,5"}), delimiter=";")),
         {"format": {"decimal": "."}}, quarantine={3: _NO_NUMBER}),
    fails("comma that may be a thousand",
          file(text_of([[c.replace(".", "") if k in (3, 6) else c for k, c in enumerate(row)]
                        for row in changed({(3, "igf1"): "1,234"})], delimiter=";")),
          "1,234", "'igf1'", "declare format.decimal"),
    _bad("remark for a number", {(3, "igf1"): "see note", (4, "bmi"): "refused"}, _NO_NUMBER),
    _bad("doubt for a number", {(3, "igf1"): "125?", (4, "igf1"): "ca. 130", (5, "igf1"): "n.d."},
         _NO_NUMBER),
    _bad("above the range of the assay", {(3, "igf1"): ">600", (4, "igf1"): "≥ 600"},
         "above the range of the assay is not supported"),
    Case("below a limit, written otherwise",
         cells({(3, "igf1"): "≤25", (4, "igf1"): "<=25", (5, "igf1"): "<25 ng/mL"}),
         values={(f"P00{row}", f"igf1_{part}"): known for row in (3, 4, 5)
                 for part, known in (("value", None), ("below_lod", True), ("lod", 25))}),
    Case("binding protein beyond a limit of its assay",
         file(text_of([[*row[:6], {"P003": "<2.5", "P004": "> 9 mg/L"}.get(
             row[0], f"{float(row[6]) / 7:.2f}")] for row in rows()])),
         {"columns": {"bmi": None}, "igfbp3": {"column": "bmi", "unit": "mg/L"}},
         values={("P003", "igfbp3_value"): None, ("P004", "igfbp3_value"): None},
         free=frozenset(row[0] for row in rows())),
    Case("numbers below the declared limit", entry={"analyte": {"lod": 95}},
         values={(person, f"igf1_{part}"): known for person in ("P014", "P027")
                 for part, known in (("below_lod", True), ("lod", 95))}),
    _bad("below an unreadable limit", {(3, "igf1"): "<LOD", (4, "igf1"): "<"},
         "add it to analyte.below_limit"),
    Case("below a limit of its own", cells({(3, "igf1"): "<25"}),
         values={("P003", "igf1_value"): None, ("P003", "igf1_below_lod"): True,
                 ("P003", "igf1_lod"): 25}),
    _bad("words for infinite and for no number",
         {(3, "igf1"): "inf", (4, "igf1"): "-Infinity", (5, "bmi"): "nan", (6, "age"): "NaN"},
         _NO_NUMBER),
    _bad("number beyond all measure", {(3, "igf1"): "1e400", (4, "age"): "1e400"}, _NO_NUMBER),
    _bad("hexadecimal and underscores", {(3, "igf1"): "0x96", (4, "igf1"): "1_50"}, _NO_NUMBER),
    _bad("minus sign of typography", {(3, "bmi"): "\u221225"}, _NO_NUMBER),
    _bad("blank within a number", {(3, "igf1"): "1\u00a0234", (4, "igf1"): "1 234"}, _NO_NUMBER),
    Case("blanks around a number", cells({(3, "age"): "\u00a034\u2009", (4, "age"): " 41 "}),
         values={("P003", "age_years"): 34, ("P004", "age_years"): 41}),
    Case("digits of full width and of another script",
         cells({(3, "igf1"): "\uff11\uff15\uff10", (4, "age"): "\u0664\u0661"}),
         values={("P003", "igf1_value"): 150, ("P004", "age_years"): 41}),
    Case("number recoded in a table with decimal commas",
         file(text_of([[c.replace(".", ",") for c in row] for row in changed({(3, "bmi"): ">30"})],
                      delimiter=";")), {"columns": {"bmi": {"column": "bmi",
                                                            "recode": {">30": 30.5}}}},
         values={("P003", "bmi"): 30.5}),
    _bad("zero and negative concentrations", {(3, "igf1"): "0", (4, "igf1"): "-1"},
         "zero or negative"),
    _bad("missing code that nobody declared", {(3, "igf1"): "9999"}, "impossible for IGF-1"),
    _bad("unit written into a cell", {(3, "igf1"): "150 ng/mL"}, _NO_NUMBER),
]  # fmt: skip

UNITS = [
    Case("a tenth of the table in nmol/L",
         cells({(row, "igf1"): f"{float(rows()[row - 1][3]) / 7.649:.3g}" for row in range(1, 7)}),
         quarantine=dict.fromkeys(range(1, 7), "looks like nmol/L")),
    fails("column in nmol/L declared as ng/mL",
          file(text_of(column_changed("igf1", lambda x: f"{float(x) / 7.649:.2f}"))),
          "cohort 'clinic'", "'igf1' is declared as ng/mL", "nmol/L", "correct analyte.unit"),
    fails("column in ng/mL declared as nmol/L", file(SOUND), "'igf1' is declared as nmol/L",
          "correct analyte.unit", entry={"analyte": {"unit": "nmol/L"}}),
    fails("column in pg/mL declared as ng/mL",
          file(text_of(column_changed("igf1", lambda x: f"{float(x) * 1000:.0f}"))),
          "declared as ng/mL", "pg/mL"),
    fails("column that is another substance",
          file(text_of(column_changed("igf1", lambda x: f"{float(x) / 80:.2f}"))),
          "'igf1' is declared as ng/mL"),
]  # fmt: skip

DATES = [
    Case("dates as numbers of a spreadsheet", file(_dated({3: "44197", 4: "44198"})), _DATE,
         quarantine=dict.fromkeys((3, 4), "is a number, not a date")),
    Case("dates that never were", file(_dated({3: "2021-02-30", 4: "2021-13-01"})), _DATE,
         quarantine=dict.fromkeys((3, 4), "is no possible date")),
    Case("dates in mixed order", file(_dated({3: "04.03.2021", 4: "03/04/2021"})), _DATE,
         quarantine={3: "is not a date", 4: "is not a date"}),
    Case("date of another age", file(_dated({3: "0021-03-04"})), _DATE,
         quarantine={3: "date"}),
]  # fmt: skip

WORDS = [
    Case("sex with blanks and in other letters",
         cells({(1, "sex"): " Female ", (2, "sex"): "MALE"})),
    _bad("sex as a letter that nobody declared", {(1, "sex"): "f", (2, "sex"): "M "},
         "no known code for sex"),
    _bad("sex coded 3", {(1, "sex"): "3"}, "no known code for sex"),
    Case("sex empty", cells({(1, "sex"): ""}), values={("P001", "sex"): None}),
    _bad("diagnosis unknown", {(1, "dx"): "healthy-ish", (2, "dx"): "7"}, "no known label"),
    fails("diagnosis ambiguous", cells({(1, "dx"): "BPD", (2, "dx"): "BPD"}), "'BPD'", "dx",
          "2 rows", "borderline", "diagnosis.labels"),
    Case("ICD codes malformed",
         file(text_of(changed({(k, "dx"): "F32.1" if k % 3 == 0 else "" for k in range(1, 61)}
                              | {(1, "dx"): "F3X2", (2, "dx"): "depression", (4, "dx"): "32.1"}))),
         {"diagnosis": {"source": "icd10", "no_code": "control"}},
         quarantine=dict.fromkeys((1, 2, 4), "is not a list of ICD-10 codes")),
    Case("drug codes malformed",
         file(text_of([[*row, {"P004": "sertraline", "P005": "N6AB"}.get(row[0], "N06AB06")]
                       for row in rows()], [*HEADER, "atc"])),
         {"medication": {"columns": ["atc"], "coding": "atc"}},
         quarantine=dict.fromkeys((4, 5), "is not a list of ATC codes"),
         values={("P006", "ad_use"): True}),
    Case("codes of other diseases malformed",
         file(text_of([[*row, {"P004": "cancer", "P005": "C5"}.get(row[0], "I10")]
                       for row in rows()], [*HEADER, "icd"])),
         {"conditions": {"columns": ["icd"], "coding": "icd10"}},
         quarantine=dict.fromkeys((4, 5), "is not a list of ICD-10 codes")),
    Case("negative and impossible covariates",
         cells({(1, "bmi"): "-25", (2, "bmi"): "2.5", (3, "bmi"): "250"}),
         quarantine=dict.fromkeys((1, 2, 3), "impossible for bmi")),
    Case("flag that is neither", file(text_of([[*row, "maybe" if row[0] == "P009" else "no"]
                                              for row in rows()], [*HEADER, "preg"])),
         {"columns": {"pregnant": "preg"}}, quarantine={9: "neither yes nor no for pregnant"}),
]  # fmt: skip

QUESTIONNAIRES = [
    Case("sound items", file(_items({})), _WITH_ITEMS),
    Case("items that cannot be", file(_items({(1, 1): "4", (2, 1): "-1", (3, 1): "1.5"})),
         _WITH_ITEMS, quarantine=dict.fromkeys((1, 2, 3), "whole number from 0 to 3")),
    Case("items in unknown words", file(_items({(1, 2): "sometimes", (2, 2): "?"})), _WITH_ITEMS,
         quarantine=dict.fromkeys((1, 2), "add it to phq9.recode or phq9.missing")),
    Case("items coded 1 to 4 by one centre", file(_items({(12, k): "4" for k in range(1, 10)})),
         _WITH_ITEMS, quarantine={12: "whole number from 0 to 3"}),
    fails("items coded 1 to 4",
          file(_items({(row, k): str(int(_SPREAD[row - 1][k - 1]) + 1)
                       for row in range(1, N_ROWS + 1) for k in range(1, 10)})),
          "hold 1 to 4", "phq9.recode", entry={"phq9": {"items": _ITEMS, "total": None}}),
    Case("items against their total", file(_items({(6, 9): "3"})), _WITH_ITEMS,
         quarantine={6: "items sum to"}),
    _bad("totals that cannot be", {(1, "phq"): "28", (2, "phq"): "-1", (3, "phq"): "7.5"},
         "whole number from 0 to 27"),
    Case("total with a missing code", cells({(1, "phq"): "99"}), {"phq9": {"missing": [99]}},
         values={("P001", "phq9_total"): None}),
]  # fmt: skip

_TWICE = rows()
_COPY = [*_TWICE, _TWICE[4]]
_OTHER = [*_TWICE, [*_TWICE[4][:3], "222.2", *_TWICE[4][4:]]]
_VISITS = {"columns": {"visit": "visit"}, "baseline": "1"}


def _visited(visits: Mapping[int, str]) -> str:
    table = [[*row, visits.get(k, "1")] for k, row in enumerate(rows(), 1)]
    return text_of(table, [*HEADER, "visit"])


PEOPLE = [
    Case("row copied", file(text_of(_COPY)), rows_in=61, quarantine={61: "copy of an earlier row"}),
    Case("same person with other values", file(text_of(_OTHER)), rows_in=61,
         quarantine=dict.fromkeys((5, 61), "same participant and visit")),
    fails("same person, where that is an error", file(text_of(_OTHER)), "clinic", "rows 5, 61",
          "columns.visit",
          entry={"duplicates": "error"}),
    _bad("participant without an id", {(3, "id"): ""}, "participant without an id",
         free=frozenset({"P003"})),
    Case("visit missing", file(_visited({8: ""})), _VISITS, quarantine={8: "without a visit"}),
    fails("first visit that nobody has", file(_visited({})), "baseline", "'base'",
          entry={**_VISITS, "baseline": "base"}),
    fails("every row excluded", file(SOUND), "clinic.csv", "no row that can be analysed",
          "the very old",
          entry={"include": [{"name": "the very old", "variable": "age_years", "at_least": 105}]}),
    fails("every row quarantined", file(text_of(column_changed("age", lambda _: "999"))),
          "clinic.csv", "no row that can be analysed", "quarantine"),
    Case("one sex alone", file(text_of(column_changed("sex", lambda _: "female"))),
         free=frozenset(row[0] for row in rows()),
         values={("P002", "sex"): "female", ("P002", "age_years"): 27}),
    fails("column of the analyte empty", file(text_of(column_changed("igf1", lambda _: ""))),
          "'igf1'", "no value"),
]  # fmt: skip

CASES = [*FORMULAS, *NUMBERS, *UNITS, *DATES, *WORDS, *QUESTIONNAIRES, *PEOPLE]
