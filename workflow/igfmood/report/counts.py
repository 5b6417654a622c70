"""Which counts of a study may be shown, and how.

Takes the findings; gives the form of every count of flow, table 1 and analyses, after primary and
secondary suppression over all margins that tie them.
"""

import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

import pandas as pd

from igfmood import results
from igfmood.config.vocabulary import DIAGNOSES
from igfmood.disclosure import Shown, Sum, at_most, coarse, show, show_all, suppressed
from igfmood.evidence.sensitivity import of_cohorts
from igfmood.performance.task_names import task_names
from igfmood.report.load import Findings
from igfmood.report.numbers import Number
from igfmood.report.protected import part_form, sum_form
from igfmood.synthesis.row_keys import without_companion

#: Analysis of illness to come: its target may have the name of a task, its events are no cases.
INCIDENCE = "incidence"
#: How much the reader needs a count; the least needed is coarsened first to protect another.
_COST = {"group": 3, "participants": 2, "analysed": 2, "rows_in": 2}


def _name(*parts: str) -> str:
    return "\x1f".join(parts)


@dataclass
class _System:
    """Counts and the sums that tie them, as they are collected."""

    counts: dict[str, int] = field(default_factory=dict)
    sums: list[Sum] = field(default_factory=list)
    hidden: list[str] = field(default_factory=list)
    free: list[str] = field(default_factory=list)
    cost: dict[str, int] = field(default_factory=dict)

    def add(self, n: float, *name: str) -> str:
        """Add a count and return its key."""
        key = _name(*name)
        self.counts[key] = int(n)
        self.cost[key] = _COST.get(name[1], 1)
        return key

    def tie(self, total: str, parts: list[str], rest: str, *, protect: bool = True) -> None:
        """Tie parts to their total; what is left over is a count of its own, never shown."""
        left = self.counts[total] - sum(self.counts[part] for part in parts)
        if left > 0:
            name = self.add(left, total, *parts, rest)
            (self.hidden if protect else self.free).append(name)
            parts = [*parts, name]
        if left >= 0:
            self.sums.append(Sum(total, tuple(parts)))


class Counts:
    """The counts of a study in the form in which they may be shown."""

    def __init__(self, findings: Findings) -> None:
        self.findings = findings
        self.min_cell = findings.min_cell

    @cached_property
    def _forms(self) -> dict[str, Shown]:
        forms: dict[str, Shown] = {}
        for cohort in self.findings.flows:
            system = _System()
            _add_flow(system, self.findings, cohort)
            _add_groups(system, self.findings, cohort)
            forms |= show_all(
                system.counts, system.sums, self.min_cell, hidden=system.hidden, free=system.free,
                cost=system.cost,
            )  # fmt: skip
        return forms

    def form(self, *name: str) -> Shown | None:
        """Return the form of a count of flow or table 1, or None if there is no such count."""
        return self._forms.get(_name(*name))

    def number(self, row: pd.Series, *name: str) -> Number:
        """Return a count of flow or table 1 in the form in which it may be shown."""
        return _number(self.form(*name) or show(int(row["estimate"]), self.min_cell), row)

    def reference(self, row: pd.Series) -> Number:
        """Return the number of people behind a reference curve."""
        whom = self.findings.study.cohort(row["cohort"]).reference.people
        groups = ("control",) if whom == "controls" else DIAGNOSES
        return _number(self._used(row["cohort"], groups, int(row["n"])), row)

    def people(self, row: pd.Series) -> Number:
        """Return the number of people behind an estimate."""
        if row["cohort"] != results.POOLED and self._tells_apart_many(row):
            return _number(self.whole(row), row)
        return self._analysed(row, "n")

    def cases(self, row: pd.Series) -> Number:
        """Return the number of cases behind an estimate."""
        return self._analysed(row, "cases")

    def events(self, row: pd.Series) -> Number | None:
        """Return the number of events behind an estimate, None where it is of none."""
        if pd.isna(row["n_events"]) or not self.of_events(row):
            return None
        return self._analysed(row, "cases")

    def of_events(self, row: pd.Series) -> bool:
        """Return whether what is counted beside people are events, not the cases of a task."""
        return row["analysis"] == INCIDENCE or self.findings.task(row["target"]) is None

    def controls(self, row: pd.Series) -> Number:
        """Return the number of controls behind an estimate."""
        return self._analysed(row, "controls")

    def whole(self, row: pd.Series) -> Shown:
        """Return the form of the people behind an estimate of a cohort whose classes stand beside.

        An exact total would narrow down a class that is rounded.
        """
        form = self._part(row, "n")
        parts = (
            self._of_groups(row) if self._tells_apart_many(row)
            else [self._part(row, one) for one in self._classes(row, "n")]
        )  # fmt: skip
        return sum_form(_size(row, "n"), parts, self.min_cell) if form.exact else form

    def _tells_apart_many(self, row: pd.Series) -> bool:
        """Return whether an estimate is of more than two classes, which are groups of table 1."""
        return any(
            one.name == row["target"] and one.kind == "classes"
            for one in task_names(self.findings.study)
        )

    def _of_groups(self, row: pd.Series) -> list[Shown]:
        """Return the forms of the people used of each group, as contrasts of the groups have them.

        Of a group without a contrast in the cohort only its size in table 1 is known.
        """
        cohort, new = row["cohort"], self.findings.study.added_value[0]
        forms: dict[str, Shown] = {}
        groups: set[str] = set()
        for task in self.findings.study.tasks:
            groups |= {*task.controls, *task.cases}
            model = self.findings.ok(
                "cross_validation", task.name, "auc", cohort=cohort, adjustment=new
            )
            for which, named in (("controls", task.controls), ("cases", task.cases)):
                if model is not None and len(named) == 1:
                    forms[named[0]] = self._part(model, which)
        for name in groups - set(forms):
            size = self.form(cohort, "group", name)
            forms[name] = Shown("", 0, 0 if size is None else size.high)
        return list(forms.values())

    def _classes(self, row: pd.Series, which: str) -> tuple[str, ...]:
        """Return the classes of table 1 that a number of people is the sum of, else itself."""
        split = (
            which == "n"
            and not pd.isna(row["n_events"])
            and self.findings.task(row["target"]) is not None
        )
        return ("cases", "controls") if split else (which,)

    @cached_property
    def _subsets(self) -> frozenset[str]:
        return frozenset(subset.name for subset in self.findings.study.subsets)

    @cached_property
    def _that_count(self) -> frozenset[str]:
        """Cohorts that are pooled: whose people are not those of another one."""
        return frozenset(of_cohorts(self.findings.table)["cohort"])

    def _of_subset(self, row: pd.Series, which: str) -> Shown:
        """Return the form of the people of a subset.

        Never exact where they are not everybody: taken from others they may leave few.
        """
        if row["cohort"] == results.POOLED:
            classes = self._classes(row, which)
            behind = [part for part in self._parts(row) if part["cohort"] in self._that_count]
            parts = [self._of_subset(part, one) for part in behind for one in classes]
            return sum_form(_size(row, which), parts, self.min_cell)
        everybody = self.findings.ok(
            row["analysis"], row["target"], row["measure"], cohort=row["cohort"],
            adjustment=row["adjustment"], term=row["term"],
        )  # fmt: skip
        n = _size(row, which)
        whole = sys.maxsize if everybody is None else _size(everybody, which)
        return self._part(row, which) if n == whole else part_form(n, whole, self.min_cell)

    def _analysed(self, row: pd.Series, which: str) -> Number:
        if row["stratum"] in self._subsets:
            return _number(self._of_subset(row, which), row)
        if row["cohort"] != results.POOLED:
            return _number(self._part(row, which), row)
        parts = self._parts(row)
        # An exact total would narrow down a rounded part: over cohorts, and over both classes.
        if which == "n" and self._tells_apart_many(row):
            exact = all(self.whole(part).exact for part in parts)
        else:
            classes = self._classes(row, which)
            exact = all(self._part(part, one).exact for part in parts for one in classes)
        total = _size(row, which)
        form = show if exact or total < self.min_cell else coarse
        return _number(form(total, self.min_cell), row)

    def _parts(self, row: pd.Series) -> list[pd.Series]:
        """Return the cohorts' rows behind a pooled row."""
        term = without_companion(row["term"])
        found = (
            self.findings.ok(
                row["analysis"], row["target"], row["measure"], cohort=cohort.name,
                adjustment=row["adjustment"], stratum=row["stratum"], term=term,
            )
            for cohort in self.findings.study.cohorts
        )  # fmt: skip
        return [part for part in found if part is not None]

    def _part(self, row: pd.Series, which: str) -> Shown:
        """Return the form of the number of people that one cohort brings to an estimate."""
        task = self.findings.task(row["target"])
        if which != "n" and self.of_events(row):
            # Events are no group of table 1: nothing there could give them back, but the people
            # less those without one.
            n, whole = _size(row, which), int(row["n"])
            if suppressed(whole - n, self.min_cell):
                return part_form(n, whole, self.min_cell)
            return show(n, self.min_cell)
        groups: dict[str, Sequence[str]] = {"n": DIAGNOSES}
        if task is not None:
            groups = {
                "n": (*task.cases, *task.controls),
                "cases": task.cases,
                "controls": task.controls,
            }
        return self._used(row["cohort"], groups[which], _size(row, which))

    def _used(self, cohort: str, groups: Sequence[str], n: int) -> Shown:
        """Return the form of the number of people used of some groups of a cohort.

        The groups less those used are at least whoever lacks the analyte. Where few are left over
        and that count is suppressed, the number used is rounded.
        """
        forms = [self.form(cohort, "group", group) for group in groups]
        total = sum(form.low for form in forms if form is not None)
        lacking = [self.form(cohort, "missing", group) for group in groups]
        protected = any(form is not None and not form.exact for form in lacking)
        if protected and total - n < self.min_cell // 2 and n >= self.min_cell:
            most = sum(form.high for form in forms if form is not None)
            return at_most(coarse(n, self.min_cell), Shown("", total, most))
        return show(n, self.min_cell)


def _number(form: Shown, row: pd.Series) -> Number:
    return Number(form.text, row["result_id"], float(form.low))


def _size(row: pd.Series, which: str) -> int:
    if which == "n":
        return int(row["n"])
    return int(row["n_events"] if which == "cases" else row["n"] - row["n_events"])


def _add_flow(system: _System, findings: Findings, cohort: str) -> None:
    flow = findings.flows[cohort]
    if flow["status"] != "ok":
        return
    total = system.add(flow["rows_in"], cohort, "rows_in")
    parts = [system.add(flow["quarantined"], cohort, "quarantined")]
    parts += [
        system.add(item["rows"], cohort, "excluded", item["rule"]) for item in flow["excluded"]
    ]
    parts.append(system.add(flow["analysed"], cohort, "analysed"))
    system.tie(total, parts, "lost")
    people = system.add(flow["participants"], cohort, "participants")
    if flow["participants"] == flow["analysed"]:
        system.tie(parts[-1], [people], "repeated")
    redefined = flow.get("controls_redefined", 0)
    if redefined:
        part = system.add(redefined, cohort, "controls_redefined")
        system.tie(total, [part], "not redefined")
    for name, n in flow["before_exclusions"].items():
        system.tie(total, [system.add(n, cohort, "before_exclusions", name)], f"not {name}")


def _add_groups(system: _System, findings: Findings, cohort: str) -> None:
    """Add the counts of table 1; the complement of a share is protected like the share itself."""
    analyte = findings.study.analyte
    shares = {
        "female": ("female", "count"),
        "missing": (analyte.converted, "missing"),
        "below": (analyte.below_lod, "count"),
    }
    groups = []
    for group in DIAGNOSES:
        people = findings.ok("table1", "", "count", cohort=cohort, stratum=group, term="people")
        if people is None:
            continue
        total = system.add(people["estimate"], cohort, "group", group)
        groups.append(total)
        for name, (term, measure) in shares.items():
            row = findings.ok("table1", "", measure, cohort=cohort, stratum=group, term=term)
            if row is not None:
                share = system.add(row["estimate"], cohort, name, group)
                system.tie(total, [share], f"not {name}")
    people_in = _name(cohort, "participants")
    if people_in in system.counts and groups:
        system.tie(people_in, groups, "without a first visit", protect=False)
