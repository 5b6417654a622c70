"""Faults of files that belong together: their keys, their columns, published references."""

from typing import Any

from faults.case import Case, fails, refused
from faults.sound import SOUND, changed, file, rows, text_of, together

_KEYS = [row[0] for row in rows()]


def _lab(lines: list[list[str]], header: tuple[str, ...] = ("id", "crp")) -> Any:
    """Return what writes the sound table and a laboratory's file beside it."""
    return together(file(SOUND), file(text_of(lines, list(header)), "lab.csv"))


_VALUES = [[key, f"{k % 9}.5"] for k, key in enumerate(_KEYS)]
_CRP = {"columns": {"crp": "crp"}, "join": [{"table": "lab.csv", "key": "id"}]}
_NUMBERED = text_of([[f"{k:05d}", *row[1:]] for k, row in enumerate(rows(), 1)])

JOINS = [
    Case("sound join", _lab(_VALUES), _CRP, values={("P002", "crp"): 1.5}),
    refused("joined file missing", file(SOUND), "data/lab.csv is not there", entry=_CRP),
    refused("key missing in the joined file", _lab(_VALUES, ("patient", "crp")),
            "join of lab.csv: key column 'id' is not in data/lab.csv", entry=_CRP),
    refused("key missing in the table", _lab(_VALUES, ("pid", "crp")),
            "join of lab.csv", "column 'pid' is not in data/clinic.csv",
            entry={**_CRP, "join": [{"table": "lab.csv", "key": "pid"}]}),
    fails("key repeated", _lab([*_VALUES, ["P007", "88.5"]]), "data/lab.csv", "key of 'id'",
          "rows [7, 61]", "rows: many", entry=_CRP),
    Case("key repeated with two values, where many are allowed",
         _lab([*_VALUES, ["P007", "88.5"]]),
         {**_CRP, "join": [{"table": "lab.csv", "key": "id", "rows": "many"}]},
         quarantine={7: "is not a number"}),
    fails("no key of the one is in the other", _lab([[f"X{k}", v] for k, v in _VALUES]),
          "lab.csv", "no key", "'id'", entry=_CRP),
    Case("key with zeros in front in one file", together(file(_NUMBERED), file(
         text_of([[str(k), f"{k}.5"] for k in range(1, 61)], ["id", "crp"]), "lab.csv")), _CRP,
         values={("00002", "crp"): 2.5, ("00012", "crp"): 12.5}),
    Case("key without a partner", _lab(_VALUES[:-1]), _CRP, values={("P060", "crp"): None}),
    Case("key empty on both sides",
         together(file(text_of(changed({(3, "id"): ""}))),
                  file(text_of([*_VALUES, ["", "99"]], ["id", "crp"]), "lab.csv")), _CRP,
         quarantine={3: "participant without an id"}, values={("P002", "crp"): 1.5}),
    refused("column in two files", _lab([[*v, "30"] for v in _VALUES], ("id", "crp", "age")),
            "column 'age' is in clinic.csv and in lab.csv", "clinic.csv::age", entry=_CRP),
    refused("joined file cut off",
            together(file(SOUND), file(b"\x1f\x8b\x08\x00\x00", "lab.csv.gz")),
            "data/lab.csv.gz cannot be read", "get it again",
            entry={**_CRP, "join": [{"table": "lab.csv.gz", "key": "id"}]}),
    fails("joined file without rows", _lab([]), "data/lab.csv has a header and no rows",
          entry=_CRP),
    Case("row of the wrong length in the joined file",
         together(file(SOUND), file(text_of(_VALUES, ["id", "crp"]).replace("P009,8.5", "P009,8,5"),
                                    "lab.csv")), _CRP, values={("P009", "crp"): None}),
    refused("joined file outside the data folder", file(SOUND), "'../lab.csv'",
            "must lie below data_root",
            entry={**_CRP, "join": [{"table": "../lab.csv", "key": "id"}]}),
]  # fmt: skip

_CURVE = ["sex,age,mu,sigma,nu"] + [
    f"{sex},{age},{300 - 2 * age},0.3,0.5" for sex in ("female", "male") for age in (18, 45, 75)
]


def _reference(lines: list[str]) -> Any:
    return together(file(SOUND), file("\n".join(lines) + "\n", "curve.csv"))


_PUBLISHED = {"reference": {"table": "curve.csv", "unit": "ng/mL"}}

REFERENCES = [
    Case("sound published reference", _reference(_CURVE), _PUBLISHED),
    refused("published reference missing", file(SOUND), "cohort 'clinic'", "reference",
            "data/curve.csv is not there", entry=_PUBLISHED),
    refused("published reference without sigma",
            _reference([line.replace("sigma", "s") for line in _CURVE]), "reference",
            "column 'sigma' is not in data/curve.csv", entry=_PUBLISHED),
    fails("published reference with a word for a number",
          _reference([*_CURVE[:3], "female,75,high,0.3,0.5", *_CURVE[4:]]), "data/curve.csv", "mu",
          entry=_PUBLISHED),
    fails("published reference with a negative sigma",
          _reference([line.replace(",0.3,", ",-0.3,") for line in _CURVE]), "data/curve.csv",
          "sigma", entry=_PUBLISHED),
    fails("published reference with an unknown sex",
          _reference([line.replace("female", "W") for line in _CURVE]), "data/curve.csv", "sex",
          entry=_PUBLISHED),
    fails("published reference in another unit",
          _reference([line.replace("sex", "sex") if k == 0 else ",".join(
              [*line.split(",")[:2], str(float(line.split(",")[2]) / 7.649), *line.split(",")[3:]])
              for k, line in enumerate(_CURVE)]), "curve.csv", "unit", entry=_PUBLISHED),
    refused("published reference outside the data folder", file(SOUND), "'../curve.csv'",
            "must lie below data_root",
            entry={"reference": {"table": "../curve.csv", "unit": "ng/mL"}}),
    refused("published reference without its unit", _reference(_CURVE), "table 'curve.csv'",
            "needs the unit of its column mu: add unit",
            entry={"reference": {"table": "curve.csv"}}),
]  # fmt: skip

CASES = [*JOINS, *REFERENCES]
