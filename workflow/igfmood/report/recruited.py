"""In which form the numbers of people on the way into a prediction task may be shown.

Takes the findings, the counts that the report shows elsewhere, a task and a cohort; gives numbers
that do not give back how few lack an outcome or a value.
"""

from collections.abc import Mapping, Sequence

import pandas as pd

from igfmood.config.vocabulary import DIAGNOSES
from igfmood.disclosure import Shown, Sum, coarse, show, show_all
from igfmood.performance.tasks import PredictionTask
from igfmood.report.counts import Counts
from igfmood.report.load import Findings
from igfmood.report.numbers import Number
from igfmood.report.prediction import CROSS_VALIDATION, main_row

_FIRST, _KNOWN, _USED = "first visit", "with outcome", "used"
_STEPS = (_FIRST, _KNOWN, _USED)
#: Which of them is rounded first; the other two stand elsewhere in the report as well.
_COST = {_KNOWN: 0, _USED: 1, _FIRST: 2}


def recruited(
    findings: Findings, counts: Counts, task: PredictionTask, cohort: str
) -> dict[str, Number]:  # fmt: skip
    """Return the number of people after each step; empty if the cohort has no part in the task.

    Parameters
    ----------
    findings, counts
        The study, and the forms of its other counts.
    task, cohort
        Which people.

    Notes
    -----
    The numbers at the first visit and of people used stand elsewhere too, and have the form that
    they have there. The outcome of a contrast of groups is known of the people of table 1: their
    number is the sum of groups, and is shown where all of these are. Of any other outcome it is
    a number of its own, rounded where it would give back how few people are lost at either step.
    """
    rows = {
        step: findings.ok("prediction_people", task.name, "count", cohort=cohort, stratum="",
                          term=step)
        for step in _STEPS
    }  # fmt: skip
    known = {step: row for step, row in rows.items() if row is not None}
    if len(known) < len(_STEPS):
        return {}
    n = {step: int(row["estimate"]) for step, row in known.items()}
    forms = _protected(n, counts.min_cell)
    groups = _groups(task)
    if groups:
        forms[_KNOWN] = _sum_of_groups(n[_KNOWN], groups, counts, cohort)
    forms[_FIRST] = _sum_of_groups(n[_FIRST], DIAGNOSES, counts, cohort)
    if forms[_USED].exact:
        forms[_USED] = _used(findings, counts, task, known[_USED])
    return {
        step: Number(form.text, known[step]["result_id"], float(form.low))
        for step, form in ((step, forms[step]) for step in _STEPS)
    }


def _used(findings: Findings, counts: Counts, task: PredictionTask, row: pd.Series) -> Shown:
    """Return how many were used, in the form of those behind the models of the same people."""
    new = findings.study.added_value[0]
    model = main_row(findings, task, CROSS_VALIDATION, row["cohort"], new)
    if model is not None and int(model["n"]) == int(row["n"]):
        return counts.whole(model)
    return coarse(int(row["n"]), counts.min_cell)


def _groups(task: PredictionTask) -> tuple[str, ...]:
    """Return the groups of table 1 whose people a task is about, if it is about groups."""
    if task.groups is not None:
        return (*task.groups.controls, *task.groups.cases)
    return task.classes if task.kind == "classes" else ()


def _sum_of_groups(n: int, groups: Sequence[str], counts: Counts, cohort: str) -> Shown:
    """Return a number of people that is exact only where it adds nothing to table 1."""
    found = [form for name in groups if (form := counts.form(cohort, "group", name)) is not None]
    if sum(form.low for form in found) == n and all(form.exact for form in found):
        return show(n, counts.min_cell)
    whole = counts.form(cohort, "participants")
    if whole is not None and whole.exact and whole.low == n:
        return whole
    if n < counts.min_cell:
        return show(n, counts.min_cell)
    return Shown(f"≥{counts.min_cell}", counts.min_cell, n)


def _protected(n: Mapping[str, int], min_cell: int) -> dict[str, Shown]:
    """Return the forms of the steps that keep it open how few people are lost between them."""
    lost = {"no outcome": n[_FIRST] - n[_KNOWN], "not used": n[_KNOWN] - n[_USED]}
    ties = [Sum(_FIRST, (_KNOWN, "no outcome")), Sum(_KNOWN, (_USED, "not used"))]
    return show_all({**n, **lost}, ties, min_cell, hidden=lost, cost=_COST)
