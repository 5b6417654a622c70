"""Negative controls: a table of outcomes that the analyte is not expected to move, and of analytes.

Takes the findings; gives a table.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from igfmood.association.questions.controls import ANALYSIS
from igfmood.config.study import Study
from igfmood.config.vocabulary import VARIABLES
from igfmood.report.load import Findings
from igfmood.report.numbers import Number, percent
from igfmood.report.tables import Cell, Column, Table, absent, cell
from igfmood.report.text import estimate_with_interval, value
from igfmood.results import POOLED

_NOTE = (
    "Slopes per SD of the analyte, of outcomes that it is not expected to move, and of the "
    "study's outcomes per SD (of ranks) of other analytes that none is expected to move with, by "
    "the models and covariates of the claims; numbers in SD, yes or no in log odds. What differs "
    "from 0 here is bias, or one in twenty by chance."
)


def controls_table(findings: Findings) -> Table:
    """Return the negative controls, empty where the study names none."""
    names = {**findings.titles(), POOLED: "Pooled"}
    columns = (Column("Negative control"), Column("Cohort"), Column("Slope (interval)", True),
               Column("p", True))  # fmt: skip
    rows = tuple(
        row for control in _controls(findings.study) for row in _rows(findings, control, names)
    )  # fmt: skip
    both = (*rows, *_null(findings))
    return Table("negative_controls", "Negative controls", columns, both, _NOTE)


@dataclass(frozen=True)
class _Control:
    """Name in the table, and the keys of its rows."""

    name: str
    target: str
    measure: str
    term: str = ""


def _controls(study: Study) -> Iterator[_Control]:
    for name in study.negative_controls:
        measure = "log_or" if VARIABLES[name].kind == "flag" else "beta"
        yield _Control(VARIABLES[name].meaning, name, measure)
    for name in study.negative_control_analytes:
        meaning = VARIABLES[name].meaning
        yield _Control(f"PHQ-9, by {meaning}", "phq9_total", "beta", name)
        for task in study.tasks:
            yield _Control(f"{task.label}, by {meaning}", task.name, "log_or", name)


def _rows(
    findings: Findings, control: _Control, names: dict[str, str]
) -> Iterator[tuple[Cell, ...]]:
    for cohort, title in names.items():
        row = findings.find(
            ANALYSIS, control.target, control.measure, cohort=cohort, term=control.term,
            adjustment=findings.study.main_tier,
        )  # fmt: skip
        if row is None or (row["status"] != "ok" and cohort != POOLED):
            continue
        shown = row["status"] == "ok"
        yield (
            cell(control.name), cell(title),
            cell(*estimate_with_interval(row, findings)) if shown else absent(str(row["reason"])),
            cell(value(row, "p")) if shown else cell(None),
        )  # fmt: skip


def _null(findings: Findings) -> Iterator[tuple[Cell, ...]]:
    """Yield how the pooled controls scatter, as far as there are enough of them."""
    share = findings.ok(ANALYSIS, "all", "share_significant", stratum="")
    rms = findings.ok(ANALYSIS, "all", "z_rms", stratum="")
    if share is not None:
        found = float(share["estimate"])
        number = Number(percent(found), share["result_id"], found)
        yield cell("share that differs from 0"), cell("All, pooled"), cell(number), cell(None)
    if rms is not None:
        what = "root mean square of z (1 where chance alone moves them)"
        yield cell(what), cell("All, pooled"), cell(value(rms)), cell(None)
