"""The REMARK profile: who was studied, and every analysis that was done.

Takes the findings; gives two tables, of the cohorts and of the analyses, so that what was looked
at and not reported cannot stay unseen.
"""

import pandas as pd

from igfmood import results
from igfmood.report import words
from igfmood.report.checklists.design import ASSOCIATIONS
from igfmood.report.counts import Counts
from igfmood.report.estimands import Estimand
from igfmood.report.load import Findings
from igfmood.report.numbers import Link
from igfmood.report.tables import Cell, Column, Table, cell
from igfmood.results import POOLED

#: Measures that describe another number, and are no analysis.
_BESIDE = ("fmi", "k", "tau2", "i2", "q", "curve", "f", "chi2", "simple_slope", "johnson_neyman")
#: Section in which the tables of an analysis stand.
_PLACES = {"shape": ("Form of the relation", "shape")}


def people_table(findings: Findings) -> Table:
    """Return part A: marker, people, and what else is known of them, by cohort."""
    counts = Counts(findings)
    columns = (
        Column("Cohort"), Column("Marker"), Column("Rows", True), Column("Analysed", True),
        Column("Further variables"),
    )  # fmt: skip
    rows = []
    for cohort in findings.study.cohorts:
        read, used = (
            findings.ok("flow", "", "count", cohort=cohort.name, stratum=one)
            for one in ("rows_in", "analysed")
        )
        known = [name for name in cohort.columns if not name.endswith(("_id", "_date"))]
        variables = ", ".join(words.variable(name, findings.study) for name in known)
        rows.append((
            cell(cohort.title),
            cell(_marker(findings, cohort.name)),
            cell() if read is None else cell(counts.number(read, cohort.name, "rows_in")),
            cell() if used is None else cell(counts.number(used, cohort.name, "analysed")),
            cell(variables),
        ))  # fmt: skip
    return Table("remark_people", "REMARK profile A: people and variables", columns, tuple(rows),
                 stack=True)  # fmt: skip


def _marker(findings: Findings, name: str) -> str:
    column, label = findings.study.cohort(name).analyte, findings.study.analyte.label
    return f"{label} not measured" if column is None else f"{label}, {column.matrix}"


def analyses_table(findings: Findings) -> Table:
    """Return part B: each pooled analysis, or that it could not be done."""
    counts = Counts(findings)
    columns = (
        Column("Analysis"), Column("Outcome"), Column("Measure"), Column("Variables"),
        Column("People", True), Column("Cases or events", True), Column("Result"),
    )  # fmt: skip
    rows = tuple(_row(row, findings, counts) for row in _analyses(findings))
    note = (
        "Every pooled analysis of the whole study population, in the order of the results; "
        "subsets, forks and models as a test have tables of their own."
    )
    return Table("remark_analyses", "REMARK profile B: analyses", columns, rows, note)


def _analyses(findings: Findings) -> list[pd.Series]:
    """Return a pooled row for each analysis, also where it could not be estimated."""
    found = results.select(
        findings.table, cohort=POOLED, analysis=list(ASSOCIATIONS), stratum="all"
    )
    found = found[~found["measure"].isin(_BESIDE) & ~found["term"].str.contains("interval")]
    keys = ["analysis", "target", "measure", "adjustment", "term", "model"]
    return [row for _, row in found.drop_duplicates(keys).iterrows()]


def _row(row: pd.Series, findings: Findings, counts: Counts) -> tuple[Cell, ...]:
    one = Estimand(*(row[key] for key in ("analysis", "target", "measure", "adjustment", "term")))
    named = words.TERMS.get(row["term"], row["term"]).lower().replace("_", " ")
    term = f" ({named})" if named else ""
    place = Link(*_PLACES.get(row["analysis"], ("Claim by claim", "claims")))
    known = row["status"] == "ok"
    return (
        cell(words.ANALYSES[row["analysis"]]),
        cell(one.about(findings)),
        cell(words.MEASURES.get(row["measure"], row["measure"]) + term),
        cell(one.adjusted(findings) if row["adjustment"] else None),
        cell(counts.people(row) if known and not pd.isna(row["n"]) else None),
        cell(counts.cases(row) if known and not pd.isna(row["n_events"]) else None),
        cell(place) if known else cell("not estimable"),
    )
