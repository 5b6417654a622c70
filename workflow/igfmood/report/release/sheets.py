"""Which sheets the workbook has.

Takes the page of the report, the released rows and the codebook; gives one sheet a kind of table,
and a first one that lists them.
"""

import re
from collections.abc import Sequence

import pandas as pd

from igfmood.performance.task_names import task_names
from igfmood.report.load import Findings
from igfmood.report.release.cells import Value, spread
from igfmood.report.release.page import Page, ShownTable
from igfmood.report.release.workbook import Sheet, sheet_name
from igfmood.synthesis.row_keys import NORMAL_TERM, PREDICTION_TERM

#: Columns of the estimates behind the claims, and how their numbers are shown.
_ESTIMATES = {
    "claim": "", "cohort": "", "analysis": "", "target": "", "adjustment": "", "term": "",
    "measure": "", "estimate": "0.000", "se": "0.000", "ci_low": "0.000", "ci_high": "0.000",
    "p": "[<0.0001]0.0E+00;0.0000", "n": "#,##0", "n_events": "#,##0", "status": "",
    "reason": "", "method": "", "result_id": "",
}  # fmt: skip


def sheets(page: Page, findings: Findings, released: pd.DataFrame) -> list[Sheet]:
    """Return the sheets of the workbook, the list of them first.

    Tables of a kind (one a claim, an outcome or a cohort) stand below each other in one sheet;
    the first two columns say which is which.
    """
    found: list[Sheet] = []
    listed: list[tuple[str, str, int, str]] = []

    def add(wanted: str, about: str, heads: Sequence[str], rows: list[list[Value]], note: str = ""
            ) -> None:  # fmt: skip
        name = sheet_name(wanted, ["contents", *(sheet.name for sheet in found)])
        found.append(Sheet(name, heads, rows))
        listed.append((name, about, len(rows), note))

    add("verdicts", "Verdicts", *_verdicts(page))
    add(
        "estimates", "Estimates behind the claims, of each cohort and pooled; n in steps",
        *_estimates(findings, released),
    )  # fmt: skip
    for kind, tables in _kinds(page.tables, findings).items():
        titles = dict.fromkeys(table.title for table in tables)
        notes = dict.fromkeys(table.note for table in tables if table.note)
        add(kind.replace("_", " "), "; ".join(titles), *_together(tables), " ".join(notes))
    contents = [
        [Value(name), Value(about), Value(float(rows), "#,##0"), Value(note or None)]
        for name, about, rows, note in listed
    ]
    heads = ("Sheet", "What it holds", "Rows", "Note")
    return [Sheet("contents", heads, contents, leads=0), *found]


def _verdicts(page: Page) -> tuple[list[str], list[list[Value]]]:
    heads = ["Claim", "Verdict", "Category and standing", "Statement", "In words"]
    rows = [
        [Value(one.claim), Value(one.verdict), Value("; ".join(one.marks)), Value(one.statement),
         Value(" ".join(one.lines))]
        for one in page.verdicts
    ]  # fmt: skip
    return heads, rows


def _estimates(findings: Findings, released: pd.DataFrame) -> tuple[list[str], list[list[Value]]]:
    """Return the released rows that answer a claim: cohorts, pooled, and their intervals."""
    rows = []
    for claim in findings.claims.values():
        asked = claim.estimand
        terms = {asked.term, asked.also or asked.term}
        terms |= {
            ": ".join(filter(None, (term, interval)))
            for term in terms for interval in (NORMAL_TERM, PREDICTION_TERM)
        }  # fmt: skip
        mine = released[
            (released["analysis"] == asked.analysis) & (released["target"] == asked.target)
            & (released["measure"] == asked.measure) & released["term"].isin(terms)
            & (released["adjustment"] == asked.adjustment)
            & (released["stratum"] == asked.population)
        ]  # fmt: skip
        rows += [{**row, "claim": claim.id} for row in mine.to_dict("records")]
    return list(_ESTIMATES), [
        [_value(row[name], form) for name, form in _ESTIMATES.items()] for row in rows
    ]


def _value(content: object, form: str) -> Value:
    if not form:
        return Value(str(content) or None)
    return Value(None) if pd.isna(content) else Value(float(content), form)  # type: ignore[call-overload, arg-type]


def _kinds(tables: Sequence[ShownTable], findings: Findings) -> dict[str, list[ShownTable]]:
    """Return the tables by kind: their name without the claim, task or cohort that it ends with."""
    study = findings.study
    about = [
        *findings.claims, *(task.name for task in task_names(study)),
        *(cohort.name for cohort in study.cohorts), "severity", "phq9_total",
    ]  # fmt: skip
    longest_first = "|".join(map(re.escape, sorted(about, key=len, reverse=True)))
    tail = re.compile(rf"_(?:claim_|task_|shape_)?(?:{longest_first})(?:_.*)?$")
    kinds: dict[str, list[ShownTable]] = {}
    for table in tables:
        kinds.setdefault(tail.sub("", table.name), []).append(table)
    return kinds


def _together(tables: Sequence[ShownTable]) -> tuple[list[str], list[list[Value]]]:
    """Return tables of a kind below each other, each column under its own heading."""
    laid = [(table, *spread(table.columns, table.numeric, table.rows)) for table in tables]
    heads = list(dict.fromkeys(head for _, own, _ in laid for head in own))
    rows = []
    for table, own, cells in laid:
        for row in cells:
            known = dict(zip(own, row, strict=True))
            rows.append([
                Value(table.part), Value(table.title),
                *(known.get(head, Value(None)) for head in heads),
            ])  # fmt: skip
    return ["Part of the report", "Table", *heads], rows
