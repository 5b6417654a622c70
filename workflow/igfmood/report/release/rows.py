"""The results table as it may leave the study.

Takes the findings; gives the rows that may be released, in the columns of the contract, with
numbers of people rounded, and the rows that had to stay as a status with its reason.
"""

import math
import re
from collections.abc import Container, Hashable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from igfmood import results
from igfmood.config.analysis import ALL
from igfmood.disclosure import suppressed
from igfmood.report.counts import Counts
from igfmood.report.load import Findings
from igfmood.report.protected import open_reason, without_sizes
from igfmood.report.release.codebook import WITHHELD, Codebook
from igfmood.report.small_cells import NEARLY_ALL, leaves_few_out, small_tails, table_of_tails
from igfmood.report.text import ONE_COHORT
from igfmood.results import POOLED

#: So many digits of a number are released: a share with all of its digits is a fraction of people.
DIGITS = 4
_ROUNDED = ("estimate", "se", "ci_low", "ci_high", "p", "df")
_NUMBERS = (*_ROUNDED, "n", "n_events")
_COUNT = re.compile(r"(?:≈ )?([\d,]+)")


def released(findings: Findings, codebook: Codebook) -> pd.DataFrame:
    """Return the rows of the results table that may be released.

    What the codebook keeps is left out. Of the rest a row keeps its keys, and loses its numbers
    (status ``withheld``) where few people stand behind it, or where it is a share of few people.

    Parameters
    ----------
    findings
        The study.
    codebook
        Which analyses and measures are released, and how.
    """
    counts = Counts(looked_up(findings))
    kept = codebook.released(findings.table)
    table = findings.table[kept].copy()
    measures = table["measure"].map(codebook.treatment)
    rows = table[[*results.KEYS, "result_id", "n", "n_events", "df", "status", "method"]]
    records = rows.to_dict("records")
    of_tails = small_tails(table, findings)
    beside = leaves_few_out(table, findings.min_cell)
    reasons = [
        _why_not(row, how, findings, codebook.of_people(row["analysis"], row["measure"]))
        or _why_no_tail(row, of_tails, findings.min_cell)
        or (
            NEARLY_ALL.format(findings.min_cell)
            if near and how == "number" and not _synthesis(row)
            else ""
        )
        for row, how, near in zip(records, measures, beside, strict=True)
    ]
    people = _People(findings, counts)
    sizes = [people.of(row) for row in records]
    table["n"] = pd.array([n for n, _ in sizes], dtype="Int64")
    table["n_events"] = pd.array([events for _, events in sizes], dtype="Int64")
    _count_as_shown(table, findings, counts, measures, reasons)
    for name in _ROUNDED:
        table[name] = [
            value if how == "count" else rounded(value)
            for value, how in zip(table[name], measures, strict=True)
        ]
    # Those of a synthesis count cohorts; of one cohort they give back its people.
    table.loc[[not _synthesis(row) for row in records], "df"] = np.nan
    hidden = [bool(reason) for reason in reasons]
    table.loc[hidden, list(_NUMBERS)] = pd.NA
    table.loc[hidden, "status"] = WITHHELD
    told = [
        open_reason(reason, findings.min_cell, stratum)
        for reason, stratum in zip(table["reason"], table["stratum"], strict=True)
    ]
    table["reason"] = [why or reason for why, reason in zip(reasons, told, strict=True)]
    table["method"] = table["method"].map(
        {method: without_sizes(method) for method in table["method"].unique()}
    )
    return table.astype(results.COLUMNS).reset_index(drop=True)


def rounded(value: float) -> float:
    """Return a number with the digits that are released.

    Examples
    --------
    >>> rounded(0.98181818), rounded(-1234.56)
    (0.9818, -1235.0)
    """
    if not math.isfinite(value) or value == 0:
        return value
    return round(value, DIGITS - 1 - math.floor(math.log10(abs(value))))


def _why_not(
    row: Mapping[Hashable, Any], treatment: str, findings: Findings, of_people: bool
) -> str:
    """Return why the number of a row has to stay, nothing where it may be released."""
    if row["status"] != "ok":
        return ""
    few = findings.min_cell
    n, events = row["n"], row["n_events"]
    if not pd.isna(n) and treatment != "count" and of_people:
        sizes = [n] if pd.isna(events) else [n, events, n - events]
        if any(suppressed(int(size), few) for size in sizes):
            return f"fewer than {few} people, cases or others stand behind it"
    if row["analysis"] == "n_to_settle" and _of_subset(findings, row["target"]):
        return "with the interval it would give back the people of a subset"
    if treatment == "number" and not _synthesis(row) and row["df"] < few:
        return f"fewer than {few} degrees of freedom are left"
    if treatment == "pooled" and not _synthesis(row):
        return "a share of the people of one cohort; the report shows those that may be shown"
    return ""


def _of_subset(findings: Findings, claim: Hashable) -> bool:
    """Return whether a claim is about a subset of people."""
    return findings.claims[str(claim)].estimand.population != ALL


def _why_no_tail(
    row: Mapping[Hashable, Any], of_tails: Container[tuple[str, ...]], few: int
) -> str:
    """Return why an odds ratio of a tail has to stay: it gives back how many stand in the tail."""
    if row["status"] != "ok" or _synthesis(row) or table_of_tails(row) not in of_tails:
        return ""
    return f"fewer than {few} people stand in a cell of the table behind it"


def _synthesis(row: Mapping[Hashable, Any]) -> bool:
    """Return whether a row is of several cohorts: it gives back the people of none."""
    return row["cohort"] == POOLED and not str(row["method"]).startswith(ONE_COHORT)


def terms_with_people(findings: Findings) -> set[str]:
    """Return of which terms the people are told: of the estimates that claims are judged by."""
    asked = [claim.estimand for claim in findings.claims.values()]
    return {"", *(one.term for one in asked), *(one.also for one in asked if one.also)}


def looked_up(findings: Findings) -> Findings:
    """Return the findings with the rows alone in which the form of a count is looked up."""
    table = findings.table
    told = (table["stratum"] == "all") & table["term"].isin(terms_with_people(findings))
    analysed = told & table["n"].notna() & (table["status"] == "ok")
    return replace(findings, table=table[analysed | (table["analysis"] == "table1")])


class _People:
    """Numbers of people behind rows, never finer than the report shows them."""

    def __init__(self, findings: Findings, counts: Counts) -> None:
        self.findings, self.counts = findings, counts
        self._terms = frozenset(terms_with_people(findings))
        self._known: dict[tuple[object, ...], tuple[Any, Any]] = {}

    def of(self, row: Mapping[Hashable, Any]) -> tuple[Any, Any]:
        """Return people and cases, rounded; missing where the report does not show them.

        Only of everybody, and of `terms_with_people`: subsets taken from one another leave few.
        """
        if row["term"] not in self._terms or row["stratum"] != "all":
            return pd.NA, pd.NA
        if row["status"] != "ok" or pd.isna(row["n"]):
            return pd.NA, pd.NA
        names = ["cohort", "target", "n", "n_events"]
        if row["cohort"] == POOLED:  # the form hangs on those of the cohorts behind it
            names += ["analysis", "adjustment"]
        key = tuple(row[name] for name in names)
        if key not in self._known:
            series = pd.Series(row)
            people = self._rounded(self.counts.people(series).text)
            cases = (
                pd.NA if pd.isna(row["n_events"])
                else self._rounded(self.counts.cases(series).text)
            )  # fmt: skip
            self._known[key] = people, cases
        return self._known[key]

    def _rounded(self, text: str) -> Any:
        found = _COUNT.fullmatch(text)
        if found is None:
            return pd.NA
        step = self.findings.min_cell
        count = int(found[1].replace(",", ""))
        return (count + step // 2) // step * step


def _count_as_shown(
    table: pd.DataFrame, findings: Findings, counts: Counts, measures: pd.Series, reasons: list[str]
) -> None:
    """Leave a count of the flow and of table 1 only where the report shows it exactly."""
    counted = [place for place, how in enumerate(measures) if how == "count"]
    for place in counted:
        row = table.iloc[place]
        if row["status"] != "ok":
            continue
        form = counts.form(*_name(row, findings))
        if form is None:
            reasons[place] = "the report does not show this count"
        elif not form.exact:
            reasons[place] = f"shown as {form.text}"


def _name(row: pd.Series, findings: Findings) -> tuple[str, ...]:
    """Return by which name the report's system of counts knows a count."""
    cohort, stratum, term = row["cohort"], row["stratum"], row["term"]
    if row["analysis"] == "flow":
        if stratum == "group":  # those of table 1 are shown instead
            return ()
        detail = re.sub(r"^\d\d ", "", term) if stratum == "excluded" else term
        return (cohort, stratum, *([detail] if detail else []))
    analyte = findings.study.analyte
    shares = {
        ("people", "count"): "group", ("female", "count"): "female",
        (analyte.below_lod, "count"): "below", (analyte.converted, "missing"): "missing",
    }  # fmt: skip
    return (cohort, shares.get((term, row["measure"]), ""), stratum)
