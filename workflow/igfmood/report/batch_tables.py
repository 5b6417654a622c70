"""Groups by batch of the assay, and whether batches tell the groups apart.

Takes the findings and the counts that may be shown; gives a table per cohort in which no small
count can be worked out, and the gate of each comparison in words.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import pandas as pd

from igfmood import results
from igfmood.config.cohort import Cohort
from igfmood.config.vocabulary import DIAGNOSES
from igfmood.disclosure import Shown, Sum, bounds, coarse, show, show_all, suppressed
from igfmood.report import words
from igfmood.report.counts import Counts
from igfmood.report.load import Findings
from igfmood.report.numbers import NBSP, Number, Text, percent, sort_key
from igfmood.report.protected import open_reason
from igfmood.report.tables import Cell, Column, Table, cell

#: More batches than this are not listed: the gate says in one number what they would.
MOST_LISTED = 24
_TOTAL = "total"
#: Stands for a count that is not shown, however large, because another follows from it.
HIDDEN = "·"
_MANY = 2**40

Outcome = Literal["PASS", "FAIL", "NOT_EVALUATED"]


@dataclass(frozen=True)
class Gate:
    """Whether a comparison of a cohort lies within batches enough to be one of the groups."""

    cohort: str
    task: str
    outcome: Outcome
    text: Text


def gates(findings: Findings, cohort: Cohort) -> list[Gate]:
    """Return the batch gate of every comparison of a cohort; none where there are no batches."""
    return [
        gate
        for task in findings.study.tasks
        if (gate := _gate(findings, cohort, task.name, task.label)) is not None
    ]


def outcome(found: Sequence[Gate]) -> Outcome:
    """Return the worst that is known of a cohort."""
    known = [gate.outcome for gate in found]
    return "FAIL" if "FAIL" in known else "PASS" if "PASS" in known else "NOT_EVALUATED"


def _gate(findings: Findings, cohort: Cohort, task: str, label: str) -> Gate | None:
    row = findings.find("quality", task, "within_batch", cohort=cohort.name)
    if row is None:
        return None
    if row["status"] != "ok":
        reason = open_reason(row["reason"], findings.min_cell)
        return Gate(cohort.title, label, "NOT_EVALUATED", (reason,))
    smallest = percent(findings.study.gates.within_batch)
    share = Number(percent(row["estimate"]), row["result_id"], float(row["estimate"]))
    # A row stands there only where the gate was not met.
    failed = findings.find("quality", task, "within_batch_gate", cohort=cohort.name)
    if failed is None:
        return Gate(
            cohort.title, label, "PASS",
            (share, f" within batches (≥{NBSP}{smallest} asked)"),
        )  # fmt: skip
    return Gate(
        cohort.title, label, "FAIL",
        (
            share, f" of the contrast lies within batches (at least {smallest} asked): a "
            "difference between the groups cannot be told from one between batches; this "
            "cohort's contrast is not estimable",
        ),
    )  # fmt: skip


def gate_table(findings: Findings) -> Table:
    """Return the gate of every cohort and comparison."""
    columns = (Column("Cohort"), Column("Comparison"), Column("Gate"), Column("Why"))
    rows = []
    for cohort in findings.study.cohorts:
        for gate in gates(findings, cohort):
            icon, word, look = words.GATES[gate.outcome]
            verdict = Cell((f"{icon} {word}",), word, badge=look)
            rows.append((cell(gate.cohort), cell(gate.task), verdict, cell(*gate.text)))
    return Table(
        "batch_gate", "Do batches tell the groups apart?", columns, tuple(rows),
        "Share of the contrast within batches: 1 − R² of being a case on batch (Cramér's V²); "
        f"100{NBSP}% where every batch holds the same share of cases, 0 where each holds cases or "
        "controls alone.",
    )  # fmt: skip


def batch_tables(findings: Findings, counts: Counts) -> list[Table]:
    """Return groups by batch of every cohort that has batches."""
    found = (_batch_table(findings, counts, cohort) for cohort in findings.study.cohorts)
    return [table for table in found if table is not None]


def _batch_table(findings: Findings, counts: Counts, cohort: Cohort) -> Table | None:
    rows = _rows(findings, cohort)
    groups = [group for group in DIAGNOSES if group in set(rows["stratum"])]
    batches = list(dict.fromkeys(rows["term"]))
    if not 1 < len(batches) <= MOST_LISTED:
        return None
    at = {(row["stratum"], row["term"]): row for _, row in rows.iterrows()}
    title = f"{cohort.title}: people with {findings.study.analyte.label} by batch and group"
    name = f"batches_{cohort.name}"
    forms = batch_forms(rows, counts, cohort.name)
    if forms is None:
        note = "Counts are not shown: small groups could be worked out from them."
        return Table(name, title, (Column("Batch"),), ((cell(note),),))
    columns = (
        Column("Batch"), *(Column(words.group(group, cohort), True) for group in groups),
        Column("All", True),
    )  # fmt: skip

    def number(group: str, batch: str) -> Cell:
        form, row = forms[group, batch], at[group, batch]
        return cell(Number(form.text, row["result_id"], float(form.low)))

    body = [
        (
            cell(batch), *(number(group, batch) for group in groups),
            _margin(forms[_TOTAL, batch]),
        )
        for batch in batches
    ]  # fmt: skip
    last = (cell("All"), *(_margin(forms[group, _TOTAL]) for group in (*groups, _TOTAL)))
    return Table(name, title, columns, (*body, last))


def _margin(form: Shown) -> Cell:
    return Cell((form.text,), sort_key(form.text), strong=True)


def _rows(findings: Findings, cohort: Cohort) -> pd.DataFrame:
    return results.select(
        findings.table, analysis="quality", cohort=cohort.name, measure="count", status="ok",
        exposure=f"{findings.study.analyte.name}_batch",
    )  # fmt: skip


def batch_forms(
    rows: pd.DataFrame, counts: Counts, cohort: str
) -> dict[tuple[str, str], Shown] | None:
    """Return the form of every count of a table of groups by batch, its margins included.

    Parameters
    ----------
    rows
        One row a cell: stratum (group), term (batch), estimate.
    counts, cohort
        The forms in which groups, and those without the analyte, are shown elsewhere: a row's
        total is their difference.

    Returns
    -------
    dict or None
        (group, batch): form; ``total`` stands for a margin. None where nothing may be shown.
    """
    cells = {(row["stratum"], row["term"]): int(row["estimate"]) for _, row in rows.iterrows()}
    system = _System.of(cells)
    elsewhere, ties = _elsewhere(counts, cohort, system)
    for attempt in (
        system.exact, system.round_protected, system.round_all, system.hide_protected
    ):  # fmt: skip
        forms = attempt(counts.min_cell, elsewhere)
        if system.safe(forms, elsewhere, ties, counts.min_cell):
            return {_pair(name): form for name, form in forms.items()}
    return None


def _key(group: str, batch: str) -> str:
    return f"{group}\x1f{batch}"


def _pair(key: str) -> tuple[str, str]:
    group, batch = key.split("\x1f")
    return group, batch


def _elsewhere(
    counts: Counts, cohort: str, system: "_System"
) -> tuple[dict[str, Shown], list[Sum]]:
    """Return forms of other tables that bear on the totals of groups, and how."""
    forms: dict[str, Shown] = {}
    ties: list[Sum] = []
    for group in system.groups:
        people = counts.form(cohort, "group", group)
        without = counts.form(cohort, "missing", group)
        total = system.counts[_key(group, _TOTAL)]
        if people is None or without is None or not _adds_up(counts.findings, cohort, group, total):
            continue
        forms[f"people {group}"], forms[f"without {group}"] = people, without
        parts = (_key(group, _TOTAL), f"without {group}")
        ties.append(Sum(f"people {group}", parts))
    # Where the other tables have one group, which is everybody, it bears on the total of all.
    people, without = (counts.form(cohort, name, "unknown") for name in ("group", "missing"))
    total = system.counts[_key(_TOTAL, _TOTAL)]
    if people and without and _adds_up(counts.findings, cohort, "unknown", total):
        forms["people everybody"], forms["without everybody"] = people, without
        parts = (_key(_TOTAL, _TOTAL), "without everybody")
        ties.append(Sum("people everybody", parts))
    return forms, ties


def _adds_up(findings: Findings, cohort: str, group: str, measured: int) -> bool:
    """Return whether people of a group are those measured and those counted as not measured."""
    where = {"cohort": cohort, "stratum": group}
    people = findings.ok("table1", "", "count", term="people", **where)
    term = findings.study.analyte.converted
    without = findings.ok("table1", "", "missing", term=term, **where)
    if people is None or without is None:
        return False
    return int(people["estimate"]) == measured + int(without["estimate"])


@dataclass(frozen=True)
class _System:
    """Cells and margins of a table, and the sums that tie them."""

    groups: tuple[str, ...]
    batches: tuple[str, ...]
    counts: dict[str, int]
    sums: tuple[Sum, ...]

    @classmethod
    def of(cls, cells: dict[tuple[str, str], int]) -> "_System":
        groups = tuple(dict.fromkeys(group for group, _ in cells))
        batches = tuple(dict.fromkeys(batch for _, batch in cells))
        counts = {_key(*place): n for place, n in cells.items()}
        sums = []
        for group in groups:
            parts = tuple(_key(group, batch) for batch in batches)
            sums.append(Sum(_key(group, _TOTAL), parts))
        for batch in batches:
            parts = tuple(_key(group, batch) for group in groups)
            sums.append(Sum(_key(_TOTAL, batch), parts))
        for one in sums:
            counts[one.total] = sum(counts[part] for part in one.parts)
        parts = tuple(_key(group, _TOTAL) for group in groups)
        sums.append(Sum(_key(_TOTAL, _TOTAL), parts))
        sums.append(Sum(_key(_TOTAL, _TOTAL), tuple(_key(_TOTAL, batch) for batch in batches)))
        counts[_key(_TOTAL, _TOTAL)] = sum(cells.values())
        return cls(groups, batches, counts, tuple(sums))

    def exact(self, min_cell: int, elsewhere: dict[str, Shown]) -> dict[str, Shown]:
        """Return forms that protect the table from itself; the margins give way first."""
        cost = {name: 0 if _TOTAL in _pair(name) else 1 for name in self.counts}
        return show_all(self.counts, self.sums, min_cell, cost=cost)

    def round_protected(self, min_cell: int, elsewhere: dict[str, Shown]) -> dict[str, Shown]:
        """Return forms in which the total of a group that others would give back is rounded.

        Its largest batch is rounded with it, else the cells would add up to the total.
        """
        return self.exact(min_cell, elsewhere) | self._coarse(self._bearing(elsewhere), min_cell)

    def hide_protected(self, min_cell: int, elsewhere: dict[str, Shown]) -> dict[str, Shown]:
        """Return forms in which what would be rounded is not shown at all."""
        hidden = dict.fromkeys(self._bearing(elsewhere), Shown(HIDDEN, 0, _MANY))
        return self.exact(min_cell, elsewhere) | hidden

    def _bearing(self, elsewhere: dict[str, Shown]) -> list[str]:
        """Return the counts that tell how many of a protected group were measured."""
        largest = max(self.batches, key=lambda batch: self.counts[_key(_TOTAL, batch)])
        found = []
        for group in self.groups:
            without = elsewhere.get(f"without {group}")
            if without is not None and not without.exact:
                places = [(group, largest), (group, _TOTAL), (_TOTAL, largest), (_TOTAL, _TOTAL)]
                found += [_key(*place) for place in places]
        return found

    def round_all(self, min_cell: int, elsewhere: dict[str, Shown]) -> dict[str, Shown]:
        """Return forms in which every count is rounded."""
        forms = {name: show(n, min_cell) for name, n in self.counts.items()}
        return forms | self._coarse(list(self.counts), min_cell)

    def _coarse(self, names: list[str], min_cell: int) -> dict[str, Shown]:
        return {
            name: coarse(self.counts[name], min_cell)
            for name in names
            if self.counts[name] >= min_cell
        }

    def safe(
        self, forms: dict[str, Shown], elsewhere: dict[str, Shown], ties: list[Sum], min_cell: int
    ) -> bool:  # fmt: skip
        """Return whether every count that is not shown stays open."""
        known = bounds({**elsewhere, **forms}, [*self.sums, *ties])
        small = [name for name, n in self.counts.items() if suppressed(n, min_cell)]
        small += [
            name for name, form in elsewhere.items()
            if name.startswith("without ") and not form.exact
        ]  # fmt: skip
        return all(known[name][1] - known[name][0] + 1 >= min_cell // 2 for name in small)
