"""What of a finished study may leave it in a bundle.

Takes the findings of a study and the cohorts that are asked for; gives their rows with numbers of
people rounded as in the report, and without numbers where few people stand behind one.
"""

import math
import re
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from igfmood import results
from igfmood.config.analysis import ALL
from igfmood.disclosure import suppressed
from igfmood.federated.bundle import COLUMNS
from igfmood.federated.contents import WITHHELD, Precision, content_of
from igfmood.report.counts import Counts
from igfmood.report.load import Findings
from igfmood.report.protected import open_reason, without_sizes
from igfmood.report.small_cells import (
    NEARLY_ALL,
    leaves_few_out,
    small_tails,
    table_of_tails,
    too_few,
)

Row = Mapping[Hashable, Any]
_ESTIMATES = ("estimate", "se", "ci_low", "ci_high", "p", "df")
#: Digits of a number that is not pooled.
_DIGITS = 4
_COUNT = re.compile(r"[\d,]+")
#: Measures that are whole numbers of people over all of them.
_NET_BENEFIT = ("net_benefit", "delta_net_benefit")


def released_rows(findings: Findings, cohorts: Sequence[str]) -> pd.DataFrame:
    """Return the rows of cohorts that leave the study, in the columns of a bundle.

    A row whose number has to stay keeps its keys, with the status ``withheld`` and the reason.

    Parameters
    ----------
    findings
        The study.
    cohorts
        Names of its cohorts.
    """
    own = results.select(findings.table, cohort=list(cohorts))
    analyte = findings.study.analyte.name
    keys = zip(own["analysis"], own["measure"], own["term"], own["stratum"], strict=True)
    parts = [content_of(*key, analyte) for key in keys]
    kept = np.array([part is not None for part in parts], dtype=bool)
    rows = own[kept].copy()
    how: list[Precision] = [part.precision for part in parts if part is not None]
    looked_up = kept | own["analysis"].eq("table1").to_numpy() | (
        own["measure"].eq("smallest_cell").to_numpy()
    )  # fmt: skip
    counts = Counts(replace(findings, table=own[looked_up]))
    reasons = _reasons(rows, how, counts)
    _round(rows, how, counts)
    stays = np.array([bool(reason) for reason in reasons], dtype=bool)
    rows.loc[stays, [*_ESTIMATES, "n", "n_events"]] = pd.NA
    rows.loc[stays, "status"] = WITHHELD
    few = findings.min_cell
    rows["reason"] = [
        why or open_reason(old, few, stratum)
        for why, old, stratum in zip(reasons, rows["reason"], rows["stratum"], strict=True)
    ]
    rows["method"] = rows["method"].map(
        {method: without_sizes(method) for method in rows["method"].unique()}
    )
    return rows[list(COLUMNS)].reset_index(drop=True)


def _reasons(rows: pd.DataFrame, how: Sequence[Precision], counts: Counts) -> list[str]:
    """Return why the number of each row has to stay, nothing where it may leave."""
    few = counts.min_cell
    nearly_all = leaves_few_out(rows, few)
    of_tails = small_tails(rows, counts.findings)
    found = []
    for row, one, beside in zip(rows.to_dict("records"), how, nearly_all, strict=True):
        if row["status"] != "ok":
            found.append("")
        elif one == "count":
            found.append(_why_no_count(row, counts))
        elif one == "share":
            found.append(f"fewer than {few} people" if suppressed(int(row["n"]), few) else "")
        elif any(suppressed(size, few) for size in _sizes(row)):
            found.append(f"fewer than {few} people, cases or others stand behind it")
        elif beside:
            found.append(NEARLY_ALL.format(few))
        elif table_of_tails(row) in of_tails or (
            row["measure"] in _NET_BENEFIT and too_few(counts.findings, pd.Series(row))
        ):
            found.append(f"fewer than {few} people stand in a cell of the table behind it")
        else:
            found.append("")
    return found


def _sizes(row: Row) -> list[int]:
    """Return people, cases and others behind a row, as far as they are known."""
    if pd.isna(row["n"]):
        return []
    n, events = int(row["n"]), row["n_events"]
    return [n] if pd.isna(events) else [n, int(events), n - int(events)]


def _why_no_count(row: Row, counts: Counts) -> str:
    form = counts.form(*_name(row))
    if form is None:
        return "the report does not show this count"
    return f"shown as {form.text}" if suppressed(form.high, counts.min_cell) else ""


def _name(row: Row) -> tuple[str, ...]:
    """Return by which name the report's system of counts knows a count of table 1."""
    which = {"people": "group", "female": "female"}[str(row["term"])]
    return str(row["cohort"]), which, str(row["stratum"])


def _round(rows: pd.DataFrame, how: Sequence[Precision], counts: Counts) -> None:
    """Round what is not pooled, and every number of people."""
    step = counts.min_cell
    records = rows.to_dict("records")
    known: dict[tuple[str, ...], tuple[Any, Any]] = {}
    sizes = []
    for row in records:
        key = tuple(str(row[name]) for name in ("cohort", "analysis", "target", "n", "n_events"))
        if key not in known:
            known[key] = _people(row, counts)
        sizes.append(known[key])
    rows["n"] = pd.array([n for n, _ in sizes], dtype="Int64")
    rows["n_events"] = pd.array([events for _, events in sizes], dtype="Int64")
    for name in _ESTIMATES:
        rows[name] = [
            value if one == "full" else _digits(value)
            for value, one in zip(rows[name], how, strict=True)
        ]
    told = {"count": _count_told, "share": _share_told}
    rows["estimate"] = [
        told[one](row, counts, step) if one in told and row["status"] == "ok" else value
        for row, one, value in zip(records, how, rows["estimate"], strict=True)
    ]


def _digits(value: float) -> float:
    return float(f"{value:.{_DIGITS}g}")


def _people(row: Row, counts: Counts) -> tuple[Any, Any]:
    """Return people and cases behind a row in the form of the report, as numbers, rounded."""
    if row["status"] != "ok" or pd.isna(row["n"]):
        return pd.NA, pd.NA
    step = counts.min_cell
    if row["analysis"] in ("table1", "quality"):
        return _nearest(int(row["n"]), step), pd.NA
    # A row of a subset whose rest is few people is withheld; of any other n is as everybody's.
    series = pd.Series({**row, "stratum": ALL})
    n = _nearest(_read(counts.people(series).text), step)
    if pd.isna(row["n_events"]):
        return n, pd.NA
    return n, min(n, _nearest(_read(counts.cases(series).text), step))


def _read(text: str) -> int:
    found = _COUNT.search(text)
    return int(found[0].replace(",", "")) if found else 0


def _nearest(n: int, step: int) -> int:
    return (n + step // 2) // step * step


def _count_told(row: Row, counts: Counts, step: int) -> float:
    """Return a count of table 1 as the report shows it, rounded."""
    form = counts.form(*_name(row))
    return float(_nearest(_read(form.text), step)) if form is not None else np.nan


def _share_told(row: Row, counts: Counts, step: int) -> float:
    """Return a share of people in whole percent; of few people what it is at most."""
    n = int(row["n"])
    lacking = round(float(row["estimate"]) * n)
    if suppressed(lacking, step):
        lacking = step - 1
    elif suppressed(n - lacking, step):
        lacking = n - step + 1
    return math.ceil(100 * lacking / n) / 100 if n else np.nan
