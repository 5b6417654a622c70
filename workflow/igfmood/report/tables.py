"""Tables of the report as data: columns, rows, and the result behind each number.

Takes the findings; gives tables that the template draws, sorts and offers as CSV.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

import pandas as pd

from igfmood.disclosure import redact
from igfmood.report import reasons, words
from igfmood.report.counts import Counts
from igfmood.report.estimands import Estimand
from igfmood.report.load import Findings
from igfmood.report.numbers import NBSP, Number, Part, Text, fixed, percent, plain, sort_key
from igfmood.report.protected import open_reason
from igfmood.report.ratios import names_of, ratio
from igfmood.report.text import decimals_for, estimate_with_interval, stands_alone, value
from igfmood.results import POOLED
from igfmood.synthesis.pool import NORMAL
from igfmood.synthesis.row_keys import NORMAL_TERM, PREDICTION_TERM

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
    """A table, with a name that is also that of its CSV file.

    Where `stack`, it holds sentences: on a narrow screen its cells stand below each other.
    """

    name: str
    title: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    note: str = ""
    stack: bool = False


def cell(*parts: Part | None) -> Cell:
    """Return a cell of text and numbers; it sorts by its first number as shown, else its text."""
    text = tuple(part for part in parts if part is not None)
    numbers = [part for part in text if isinstance(part, Number) and part.value is not None]
    if numbers:
        return Cell(text, sort_key(numbers[0].text))
    return Cell(text or (NONE,), plain(text))


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
        *ratio_column([row for _, row in found]),
        *((Column("p", True),) if tested else ()),
        Column("Cohorts", True), Column("People", True), Column("Events", True),
        Column("Prediction interval", True),
        Column("Normal interval", True),
        Column("τ²", True), Column("I²", True), Column("Q (p)", True),
    )  # fmt: skip
    # One table, one number of decimals: that of the row that needs the most.
    digits = max((decimals_for(row, findings) for _, row in found), default=0)
    rows = tuple(_pooled_row(one, row, findings, counts, (tested, digits)) for one, row in found)
    alone = bool(found) and stands_alone(found[0][1])
    title = "Estimate in one cohort" if alone else "Pooled estimate and heterogeneity"
    return without_empty_columns(Table(name, title, columns, rows))


def _pooled_row(
    estimand: Estimand, row: pd.Series, findings: Findings, counts: Counts,
    look: tuple[bool, int],
) -> tuple[Cell, ...]:  # fmt: skip
    """Return a line; `look` says whether p is shown, and how many decimals."""
    tested, digits = look
    i2 = estimand.heterogeneity(findings, "i2")
    q = estimand.heterogeneity(findings, "q")
    return (
        cell(estimand.adjusted(findings)),
        cell(*estimate_with_interval(row, findings, digits)),
        *ratio_cell(row),
        *((cell(None if pd.isna(row["p"]) else value(row, "p")),) if tested else ()),
        cell(None if stands_alone(row) else _number(estimand.heterogeneity(findings, "k"))),
        cell(counts.people(row)),
        cell(counts.events(row)),
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
    found = estimand.leave_one_out(findings)
    columns = (
        Column("Without"), Column("Pooled estimate (interval)", True),
        *ratio_column([row for _, row in found]),
    )  # fmt: skip
    rows = tuple(
        (
            cell(title),
            cell(*estimate_with_interval(row, findings)) if row["status"] == "ok"
            else absent(redact(row["reason"], findings.min_cell)),
            *ratio_cell(row),
        )
        for title, row in found
    )  # fmt: skip
    title, note = "Leaving one cohort out", ""
    if any(row["status"] == "ok" for _, row in found):
        note = "Each interval is the wider of Knapp–Hartung and normal, as in verdicts."
        if normal := [title for title, row in found if str(row["method"]).startswith(NORMAL)]:
            note += f" Normal: without {'; without '.join(normal)}."
    return without_empty_columns(Table(name, title, columns, rows, note))


def ratio_column(rows: Sequence[pd.Series]) -> tuple[Column, ...]:
    """Return the column of the ratios of logarithms, nothing for any other numbers."""
    found = names_of(rows[0]) if rows else None
    return (Column(f"{words.capital(found[1])} (interval)", True),) if found else ()


def ratio_cell(row: pd.Series) -> tuple[Cell, ...]:
    """Return the cell of that column in the line of a row."""
    if names_of(row) is None:
        return ()
    return (cell(*ratio(row)) if row["status"] == "ok" else cell(),)


#: So many things that a line is about are named; of more, only how many.
_NAMED = 3


def missing_table(findings: Findings) -> Table:
    """Return everything that could not be estimated, or failed: a line a cohort and reason.

    Each line says of which analyses, of each how many numbers, and one result id; that of every
    other number stands with its reason in the results table.
    """
    titles = findings.titles() | {POOLED: "Pooled"}
    columns = (
        Column("Cohort"), Column("Reason"), Column("What (how many numbers)"), Column("About"),
        Column("Result id of the first"),
    )  # fmt: skip
    groups: dict[tuple[str, str], list[pd.Series]] = {}
    for _, row in findings.table[findings.table["status"] != "ok"].iterrows():
        reason = open_reason(reasons.over_cohorts(row["reason"], findings.study), findings.min_cell)
        groups.setdefault((row["cohort"], reason), []).append(row)
    rows = tuple(
        (
            cell(titles.get(cohort, cohort)),
            cell(reason),
            cell(_analyses(found)),
            cell(_about(found, findings)),
            cell(Number(found[0]["result_id"], found[0]["result_id"])),
        )
        for (cohort, reason), found in groups.items()
    )
    return Table("not_estimable", "Not estimable, or failed", columns, rows, stack=True)


def _analyses(found: Sequence[pd.Series]) -> str:
    """Return the analyses of rows, each with its number of rows: ``group difference (12)``."""
    counted = Counter(_what(row) for row in found)
    return ", ".join(f"{name} ({n:,})" for name, n in counted.items())


def _about(found: Sequence[pd.Series], findings: Findings) -> str:
    """Return what rows that share a reason are about: tasks or outcomes, else variables."""
    named = dict.fromkeys(
        words.target(row["target"], findings.study) if row["target"]
        else words.variable(row["term"], findings.study)
        for row in found
        if row["target"] or (row["analysis"] == "quality" and row["term"])
    )  # fmt: skip
    if len(named) > _NAMED:
        return f"{', '.join(list(named)[:_NAMED])} and {len(named) - _NAMED} more"
    return ", ".join(named) or NONE


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
    return Table("provenance", "Code and inputs behind the results", columns, rows, stack=True)


def _number(row: pd.Series | None) -> Number | None:
    return None if row is None else value(row)


def share(count: Number, row: pd.Series) -> Text:
    """Return a count with its share of those known, if the count is shown exactly."""
    if count.text != fixed(float(row["estimate"]), 0) or not row["n"]:
        return (count,)
    return (count, f" ({percent(row['estimate'] / row['n'])})")
