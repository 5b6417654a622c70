"""A sound table and the study that reads it; every fault is a change of one of these.

Gives rows of text, the study's mapping, and functions that write a table into a folder.
"""

import csv
import io
from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from pathlib import Path
from statistics import NormalDist
from typing import Any

import numpy as np

HEADER = ["id", "age", "sex", "igf1", "dx", "phq", "bmi"]
N_ROWS = 60

Cell = tuple[int, str]
Make = Callable[[Path], None]

_ENTRY = {
    "name": "clinic",
    "design": "case_control",
    "table": "clinic.csv",
    "columns": {"participant_id": "id", "age_years": "age", "sex": "sex", "bmi": "bmi"},
    "analyte": {"column": "igf1", "unit": "ng/mL"},
    "phq9": {"total": "phq"},
    "diagnosis": {"source": "labels", "columns": ["dx"]},
}
CLAIMS = """\
claims:
  - id: depression_lower
    statement: IGF-1 is lower in depression than in controls.
    category: diagnostic
    kind: effect
    estimand: {analysis: contrast, target: depression, measure: smd, adjustment: adjusted}
    direction: lower
"""


def rows() -> list[list[str]]:
    """Return 60 people: 40 controls and 20 with depression, ages 20 to 69, log-normal IGF-1."""
    table = []
    for k in range(N_ROWS):
        z = NormalDist().inv_cdf(((k * 37) % N_ROWS + 0.5) / N_ROWS)
        age = 20 + (k * 7) % 50
        igf1 = np.exp(5.5 - 0.01 * age + 0.25 * z)
        case = k % 3 == 2
        table.append([
            f"P{k + 1:03d}", str(age), ("female", "male")[k % 2], f"{igf1:.1f}",
            "mdd" if case else "control", str(12 + k % 10 if case else k % 9),
            f"{21 + (k * 3) % 13}.5",
        ])  # fmt: skip
    return table


def entry(**changes: Any) -> dict[str, Any]:
    """Return the cohort's entry; a mapping changes keys within a key, None takes a key out."""
    made = deepcopy(_ENTRY)
    for key, value in changes.items():
        inner = made.get(key)
        if isinstance(value, Mapping) and isinstance(inner, dict):
            made[key] = {k: v for k, v in {**inner, **value}.items() if v is not None}
        else:
            made[key] = value
    return {key: value for key, value in made.items() if value is not None}


def study(*entries: Mapping[str, Any], **changes: Any) -> dict[str, Any]:
    """Return the mapping of a study with these cohorts."""
    made = {"study": "faults", "data_root": "data", "claims": "claims.yaml", **changes}
    return {**made, "cohorts": list(entries or [entry()])}


def changed(cells: Mapping[Cell, str]) -> list[list[str]]:
    """Return the sound rows with cells changed: {(row, column): text}, rows numbered from 1."""
    table = rows()
    for (row, column), text in cells.items():
        table[row - 1][HEADER.index(column)] = text
    return table


def column_changed(column: str, change: Callable[[str], str]) -> list[list[str]]:
    """Return the sound rows with a whole column changed."""
    place = HEADER.index(column)
    return [[change(c) if k == place else c for k, c in enumerate(row)] for row in rows()]


def text_of(
    table: Sequence[Sequence[str]], header: Sequence[str] = HEADER, delimiter: str = ","
) -> str:
    """Return a table as text."""
    stream = io.StringIO()
    csv.writer(stream, delimiter=delimiter, lineterminator="\n").writerows([header, *table])
    return stream.getvalue()


SOUND = text_of(rows())


def file(content: bytes | str, name: str = "clinic.csv") -> Make:
    """Return what writes a file into the folder of the data."""

    def make(data: Path) -> None:
        path = data / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)

    return make


def cells(changes: Mapping[Cell, str], **layout: Any) -> Make:
    """Return what writes the sound table with cells changed."""
    return file(text_of(changed(changes), **layout))


def together(*makers: Make) -> Make:
    """Return what writes several files."""

    def make(data: Path) -> None:
        for maker in makers:
            maker(data)

    return make
