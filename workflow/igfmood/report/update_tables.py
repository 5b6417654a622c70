"""What a model needs in a cohort that had no part in building it: the closed test.

Takes the findings and a binary task; gives a table.
"""

import pandas as pd

from igfmood.disclosure import redact
from igfmood.performance.tasks import PredictionTask
from igfmood.report import words
from igfmood.report.load import Findings
from igfmood.report.numbers import NBSP
from igfmood.report.prediction import place_name
from igfmood.report.tables import Cell, Column, Table, absent, cell
from igfmood.report.text import value, with_sign

_ANALYSIS = "recalibration"
#: Change that is tested against a new model: how its p is headed.
_TESTED = {
    "none": "p, as it is", "intercept": "p, new intercept",
    "intercept and slope": "p, new intercept and slope",
}  # fmt: skip


def update_table(findings: Findings, task: PredictionTask) -> Table:
    """Return the smallest change of each main model that a held-out cohort does not speak against.

    A line a cohort and model.
    """
    columns = (
        Column("Used in"), Column("Model"), Column("Change it needs"), Column("Intercept", True),
        Column("Slope", True), *(Column(title, True) for title in _TESTED.values()),
    )  # fmt: skip
    rows = []
    for cohort in findings.titles():
        for tier in reversed(findings.study.added_value):
            told = _line(findings, task, cohort, tier)
            if told:
                model = words.prediction_tier(tier, findings.study)
                rows.append((cell(place_name(findings, cohort)), cell(model), *told))
    note = (
        "Each change is tested against a model whose coefficients are all estimated again there "
        f"(5{NBSP}% level), the smallest first; the first that is not rejected is what is needed, "
        "and the tests end there. Intercept and slope are those of the new log odds on the old: 0 "
        "and 1 where they stay. In a small cohort little is rejected."
    )
    title = "What a model needs where it is used (closed test)"
    return Table(f"update_{task.name}", title, columns, tuple(rows), note)


def _line(
    findings: Findings, task: PredictionTask, cohort: str, tier: str
) -> tuple[Cell, ...]:  # fmt: skip
    """Return change, its coefficients, and p of each test; nothing without rows."""

    def find(measure: str, term: str) -> pd.Series | None:
        return findings.find(
            _ANALYSIS, task.name, measure, cohort=cohort, adjustment=tier, term=term
        )

    tests = [find("p_update", change) for change in _TESTED]
    p = [cell() if row is None else cell(value(row, "p")) for row in tests]
    for change in _TESTED:
        intercept, slope = find("update_intercept", change), find("update_slope", change)
        if intercept is not None and slope is not None:
            found = cell(with_sign(intercept)), cell(value(slope))
            return (cell(words.CHANGES[change]), *found, *p)
    refused = find("update_slope", "")
    if refused is None:
        return ()
    reason = words.capital(redact(refused["reason"], findings.min_cell))
    return (cell(reason) if any(row is not None for row in tests) else absent(reason),
            cell(), cell(), *p)  # fmt: skip
