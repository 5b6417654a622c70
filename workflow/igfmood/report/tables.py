"""Tables of the report as data: columns, rows, and the result behind each number.

Takes the findings; gives tables that the template draws, sorts and offers as CSV.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import pandas as pd

from igfmood.disclosure import redact
from igfmood.report import words
from igfmood.report.counts import Counts
from igfmood.report.estimands import Estimand
from igfmood.report.load import Findings
from igfmood.report.numbers import NBSP, Number, Text, fixed, percent, plain
from igfmood.report.protected import open_reason
from igfmood.report.text import estimate_with_interval, value
from igfmood.results import POOLED
from igfmood.synthesis.pool import NORMAL_TERM, PREDICTION_TERM

#: What stands in a cell without a number.
NONE = "–"
#: Stands for all tiers of prediction models, where rows are put together.
_TIERS = "\x00tiers"


@dataclass(frozen=True)
class Column:
    """A column: its heading, and whether it holds numbers (aligned right)."""

    title: str
    numeric: bool = False


@dataclass(frozen=True)
class Cell:
    """A cell: what it says, what it is sorted by, and the look of a badge, if it is one."""

    text: Text
    sort: str = ""
    muted: bool = False
    badge: str = ""
    strong: bool = False

    def look(self, numeric: bool) -> str:
        """Return the classes of the cell: how it is aligned and broken into lines."""
        length = len(plain(self.text))
        width = "num" if numeric else "short" if length <= 24 else "long" if length > 60 else "text"
        marks = [name for name in ("muted", "strong") if getattr(self, name)]
        return " ".join([width, *marks])


@dataclass(frozen=True)
class Table:
    """A table, with a name that is also that of its CSV file."""

    name: str
    title: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    note: str = ""


def cell(*parts: str | Number | None) -> Cell:
    """Return a cell made of text and numbers; it sorts by its first number, else by its text."""
    text = tuple(part for part in parts if part is not None)
    numbers = [part for part in text if isinstance(part, Number) and part.value is not None]
    if numbers:
        return Cell(text, f"{numbers[0].value:.6g}")
    return Cell(text or (NONE,), "" if not text else "".join(str(part) for part in text))


def absent(reason: str) -> Cell:
    """Return a cell that says why there is no number."""
    return Cell((reason,), "", muted=True)


def without_empty_columns(table: Table) -> Table:
    """Return a table without the columns in which nothing stands."""
    kept = [
        place
        for place in range(len(table.columns))
        if any(row[place].text != (NONE,) for row in table.rows)
    ]
    columns = tuple(table.columns[place] for place in kept)
    rows = tuple(tuple(row[place] for place in kept) for row in table.rows)
    return replace(table, columns=columns, rows=rows)


def pooled_table(name: str, estimand: Estimand, findings: Findings, counts: Counts) -> Table:
    """Return the pooled estimate of an estimand under every adjustment, with heterogeneity."""
    model = estimand.analysis == "validation"
    tiers = [estimand, *([] if model else estimand.other_tiers(findings))]
    found = [(one, row) for one in tiers if (row := one.pooled(findings)) is not None]
    tested = any(not pd.isna(row["p"]) for _, row in found)
    columns = (
        Column("Model" if model else "Adjustment"), Column("Estimate (interval)", True),
        *((Column("p", True),) if tested else ()),
        Column("Cohorts", True), Column("People", True), Column("Prediction interval", True),
        Column("Normal interval", True),
        Column("τ²", True), Column("I²", True), Column("Q (p)", True),
    )  # fmt: skip
    rows = tuple(_pooled_row(one, row, findings, counts, tested) for one, row in found)
    return without_empty_columns(Table(name, "Pooled estimate and heterogeneity", columns, rows))


def _pooled_row(
    estimand: Estimand, row: pd.Series, findings: Findings, counts: Counts, tested: bool
) -> tuple[Cell, ...]:
    i2 = estimand.heterogeneity(findings, "i2")
    q = estimand.heterogeneity(findings, "q")
    return (
        cell(estimand.adjusted(findings)),
        cell(*estimate_with_interval(row, findings)),
        *((cell(None if pd.isna(row["p"]) else value(row, "p")),) if tested else ()),
        cell(_number(estimand.heterogeneity(findings, "k"))),
        cell(counts.people(row)),
        cell(*limits(estimand.pooled(findings, PREDICTION_TERM))),
        cell(*limits(estimand.pooled(findings, NORMAL_TERM))),
        cell(_number(estimand.heterogeneity(findings, "tau2"))),
        cell(_number(i2), f"{NBSP}%" if i2 is not None else None),
        cell() if q is None else cell(value(q), " (", value(q, "p"), ")"),
    )


def limits(row: pd.Series | None) -> tuple[str | Number, ...]:
    """Return the two ends of an interval, nothing if it is not there."""
    return () if row is None else (value(row, "ci_low"), " to ", value(row, "ci_high"))


def leave_one_out_table(name: str, estimand: Estimand, findings: Findings) -> Table:
    """Return the pooled estimate without each cohort in turn."""
    columns = (Column("Without"), Column("Pooled estimate (interval)", True))
    rows = tuple(
        (
            cell(title),
            cell(*estimate_with_interval(row, findings)) if row["status"] == "ok"
            else absent(redact(row["reason"], findings.min_cell)),
        )
        for title, row in estimand.leave_one_out(findings)
    )  # fmt: skip
    return Table(name, "Leaving one cohort out", columns, rows)


def missing_table(findings: Findings) -> Table:
    """Return everything that could not be estimated, or failed, with the reason."""
    titles = findings.titles() | {POOLED: "Pooled"}
    columns = (
        Column("Cohort"), Column("What"), Column("About"), Column("Adjustment or model"),
        Column("Reason"), Column("Result id"),
    )  # fmt: skip
    groups: dict[tuple[str, ...], list[pd.Series]] = {}
    for _, row in findings.table[findings.table["status"] != "ok"].iterrows():
        reason = open_reason(row["reason"], findings.min_cell)
        # Tiers of prediction that share a reason stand in one line.
        tier = _TIERS if row["adjustment"] in findings.study.prediction_tiers else row["adjustment"]
        key = (row["cohort"], _what(row), row["target"], tier, reason)
        groups.setdefault(key, []).append(row)
    rows = tuple(
        (
            cell(titles.get(cohort, cohort)),
            cell(what),
            cell(_about(found, findings)),
            cell(_adjustments(found, findings)),
            cell(reason),
            cell(
                Number(found[0]["result_id"], found[0]["result_id"]),
                f" and {len(found) - 1} more" if len(found) > 1 else None,
            ),
        )
        for (cohort, what, _, _, reason), found in groups.items()
    )
    return Table("not_estimable", "Not estimable, or failed", columns, rows)


def _adjustments(found: Sequence[pd.Series], findings: Findings) -> str:
    """Return what rows that share a reason are adjusted for, or the tiers of their models."""
    names = list(dict.fromkeys(str(row["adjustment"]) for row in found))
    if len(names) == 1:
        return words.adjustment(names[0], findings.study) if names[0] else NONE
    return "models: " + ", ".join(name.replace("_", " ") for name in names)


def _about(found: Sequence[pd.Series], findings: Findings) -> str:
    """Return what rows that share a reason are about: a task or outcome, else variables."""
    if found[0]["target"]:
        return words.target(found[0]["target"], findings.study)
    terms = dict.fromkeys(row["term"] for row in found if row["analysis"] == "quality")
    return ", ".join(words.variable(term, findings.study) for term in terms if term) or NONE


def _what(row: pd.Series) -> str:
    name = words.ANALYSES.get(row["analysis"], row["analysis"])
    return f"{name} (failed)" if row["status"] == "failed" else name


def provenance_table(findings: Findings) -> Table:
    """Return which code and which inputs the results of each cohort and stage come from."""
    titles = findings.titles() | {POOLED: "Pooled"}
    keys = ["cohort", "code", "inputs", "seed"]
    groups = findings.table.groupby(keys, sort=False, dropna=False)["analysis"]
    columns = (
        Column("Cohort"), Column("Results"), Column("Code digest"), Column("Input digest"),
        Column("Seed"),
    )  # fmt: skip
    rows = tuple(
        (
            cell(titles.get(str(cohort), str(cohort))),
            cell(", ".join(words.ANALYSES.get(name, name) for name in dict.fromkeys(found))),
            cell(str(code)), cell(str(inputs)), cell(str(seed)),
        )
        for (cohort, code, inputs, seed), found in groups
    )  # fmt: skip
    return Table("provenance", "Code and inputs behind the results", columns, rows)


def _number(row: pd.Series | None) -> Number | None:
    return None if row is None else value(row)


def share(count: Number, row: pd.Series) -> Text:
    """Return a count with its share of those known, if the count is shown exactly."""
    if count.text != fixed(float(row["estimate"]), 0) or not row["n"]:
        return (count,)
    return (count, f" ({percent(row['estimate'] / row['n'])})")
