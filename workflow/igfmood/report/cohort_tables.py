"""Who is in the study: flow of rows, table 1, reference curves.

Takes the findings and the counts that may be shown; gives tables, and the lines of the flow
figure.
"""

from dataclasses import dataclass
from typing import Literal

import pandas as pd

from igfmood.config.cohort import Cohort
from igfmood.config.vocabulary import DIAGNOSES
from igfmood.report import words
from igfmood.report.counts import Counts
from igfmood.report.load import Findings
from igfmood.report.numbers import Number, fixed
from igfmood.report.tables import Cell, Column, Table, absent, cell, share


@dataclass(frozen=True)
class FlowLine:
    """One step from the file to the analysis."""

    label: str
    number: Number
    kind: Literal["rows", "out", "note", "end"]


#: With more rules than this, those that left nobody out share a line of the figure.
_MOST_RULES = 4


def drawn_lines(lines: list[FlowLine]) -> list[FlowLine]:
    """Return the steps of the figure: rules that left nobody out share a line, if they are many."""
    rules = [line for line in lines if line.kind == "out"]
    idle = [line for line in rules if line.number.text == "0" and line.label.startswith(_EXCLUDED)]
    if len(rules) <= _MOST_RULES or len(idle) < 2:
        return lines
    first = lines.index(idle[0])
    label = f"{_EXCLUDED}{len(idle)} other rules"
    together = FlowLine(label, idle[0].number, "out")
    kept = [line for line in lines[:first] if line not in idle]
    rest = [line for line in lines[first:] if line not in idle]
    ends = [line for line in rest if line.kind != "out"]
    return [*kept, *(line for line in rest if line.kind == "out"), together, *ends]


_EXCLUDED = "excluded: "
#: Rows coded as controls that the cohort's definition of a control does not admit.
REDEFINED = "of the file: controls not admitted"


def flow_lines(findings: Findings, counts: Counts, cohort: Cohort) -> list[FlowLine]:
    """Return the steps of one cohort; none if it failed."""
    flow = findings.flows[cohort.name]
    if flow["status"] != "ok":
        return []
    lines = [
        FlowLine("rows in the file", _count(findings, counts, cohort, "rows_in"), "rows"),
        FlowLine("quarantined", _count(findings, counts, cohort, "quarantined"), "out"),
    ]
    includes = {rule.name for rule in cohort.include}
    for order, item in enumerate(flow["excluded"], 1):
        name = item["rule"]
        label = f"not {name}" if name in includes else words.known_exclusion(name)
        number = _count(findings, counts, cohort, "excluded", name, f"{order:02d} {name}")
        lines.append(FlowLine(f"{_EXCLUDED}{label}", number, "out"))
    lines.append(FlowLine("rows analysed", _count(findings, counts, cohort, "analysed"), "end"))
    if flow.get("controls_redefined"):
        number = _count(findings, counts, cohort, "controls_redefined")
        lines.append(FlowLine(REDEFINED, number, "note"))
    lines.append(FlowLine("people", _count(findings, counts, cohort, "participants"), "end"))
    return lines


def _count(
    findings: Findings, counts: Counts, cohort: Cohort, name: str, detail: str = "", term: str = ""
) -> Number:
    row = findings.ok("flow", "", "count", cohort=cohort.name, stratum=name, term=term or detail)
    if row is None:
        raise ValueError(f"cohort {cohort.name}: the count {name} {detail} is not in the results")
    return counts.number(row, cohort.name, name, *([detail] if detail else []))


def flow_table(findings: Findings, counts: Counts) -> Table:
    """Return the flow of rows, one cohort a row, one step a column."""
    lines = {c.name: flow_lines(findings, counts, c) for c in findings.study.cohorts}
    rules = dict.fromkeys(x.label for found in lines.values() for x in found if x.kind == "out")
    noted = any(x.kind == "note" for found in lines.values() for x in found)
    steps = ["rows in the file", *rules, "rows analysed", *([REDEFINED] if noted else []), "people"]
    before = {"phq9_complete": "PHQ-9 complete or given", "phq9_10_or_more": "PHQ-9 of 10 or more"}
    titles = [*steps, *(f"before exclusions: {label}" for label in before.values())]
    rows: list[tuple[Cell, ...]] = []
    for cohort in findings.study.cohorts:
        found = {line.label: line.number for line in lines[cohort.name]}
        if not found:
            rows.append((cell(cohort.title), absent("failed"), *[cell()] * (len(titles) - 1)))
            continue
        numbers = [found.get(step) for step in steps]
        for name in before:
            known = cohort.phq9 is not None
            numbers.append(
                _count(findings, counts, cohort, "before_exclusions", name) if known else None
            )
        rows.append((cell(cohort.title), *(cell(number) for number in numbers)))
    columns = (Column("Cohort"), *(Column(title[0].upper() + title[1:], True) for title in titles))
    return Table("flow", "Flow of rows", columns, tuple(rows))


def table_1(findings: Findings, counts: Counts) -> Table:
    """Return who is in each cohort and group, at the first visit."""
    analyte = findings.study.analyte
    columns = (
        Column("Cohort"), Column("Group"), Column("n", True), Column("Age, mean (SD)", True),
        Column("Women, n (%)", True), Column("BMI, mean (SD)", True),
        Column("PHQ-9, median (quartiles)", True),
        Column(f"{analyte.label}, {analyte.unit}, median (quartiles)", True),
        Column("Below limit, n", True), Column(f"{analyte.label} missing, n", True),
    )  # fmt: skip
    rows = tuple(
        _table_1_row(findings, counts, cohort, group)
        for cohort in findings.study.cohorts
        for group in DIAGNOSES
        if findings.ok("table1", "", "count", cohort=cohort.name, stratum=group, term="people")
        is not None
    )
    note = (
        "Shares are of people with known sex. Values below the detection limit are in the median "
        f"as the limit divided by √2. Nothing is shown of groups of fewer than {findings.min_cell}."
    )
    if later := _only_later(findings):
        note += (
            " Some people have no row of the first visit left (quarantined, excluded, or not in "
            "the file): they are people in the flow of rows and in what uses later visits, but not "
            f"here: {', '.join(later)}."
        )
    return Table("table_1", "Table 1. Participants at the first visit", columns, rows, note)


def _only_later(findings: Findings) -> list[str]:
    """Return the cohorts that have people without a first visit."""
    found = []
    for cohort in findings.study.cohorts:
        sizes = [
            findings.ok("table1", "", "count", cohort=cohort.name, stratum=group, term="people")
            for group in DIAGNOSES
        ]
        here = sum(int(row["estimate"]) for row in sizes if row is not None)
        people = int(findings.flows[cohort.name].get("participants", 0))
        if 0 < here < people:
            found.append(cohort.title)
    return found


def _table_1_row(
    findings: Findings, counts: Counts, cohort: Cohort, group: str
) -> tuple[Cell, ...]:
    analyte = findings.study.analyte

    def find(term: str, measure: str) -> pd.Series | None:
        return findings.ok("table1", "", measure, cohort=cohort.name, stratum=group, term=term)

    def number(term: str, measure: str, name: str) -> Cell:
        row = find(term, measure)
        return cell() if row is None else cell(counts.number(row, cohort.name, name, group))

    def spread(term: str, measures: tuple[str, ...], decimals: int) -> Cell:
        return _spread([find(term, measure) for measure in measures], decimals, findings.min_cell)

    women = find("female", "count")
    return (
        cell(cohort.title), cell(words.group(group, cohort)), number("people", "count", "group"),
        spread("age_years", ("mean", "sd"), 1),
        cell() if women is None or women["n"] < findings.min_cell
        else cell(*share(counts.number(women, cohort.name, "female", group), women)),
        spread("bmi", ("mean", "sd"), 1),
        spread("phq9_total", ("median", "p25", "p75"), 0),
        spread(analyte.converted, ("median", "p25", "p75"), _analyte_decimals(findings)),
        number(analyte.below_lod, "count", "below"),
        number(analyte.converted, "missing", "missing"),
    )  # fmt: skip


def _spread(rows: list[pd.Series | None], decimals: int, min_cell: int) -> Cell:
    """Return ``mean (SD)`` or ``median (p25–p75)``; nothing of groups too small to show."""
    found = [row for row in rows if row is not None]
    if len(found) < len(rows):
        return cell()
    if any(row["n"] < min_cell for row in found):
        return absent(f"n <{min_cell}")
    numbers = [
        Number(fixed(row["estimate"], decimals), row["result_id"], row["estimate"]) for row in found
    ]
    rest = [part for number in numbers[1:] for part in ("–", number)][1:]
    return cell(numbers[0], " (", *rest, ")")


def _analyte_decimals(findings: Findings) -> int:
    """Return whole numbers for an analyte of tens and more, one decimal for one of a few."""
    table = findings.table
    medians = table[
        (table["term"] == findings.study.analyte.converted) & (table["measure"] == "median")
    ]["estimate"]
    return 0 if len(medians) and medians.max() >= 20 else 1
