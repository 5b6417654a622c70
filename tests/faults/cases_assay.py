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

CASES = [*AGES]
