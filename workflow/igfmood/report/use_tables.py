"""Tables of use: cuts and what results mean, net benefit, other cohorts.

Takes the findings and a binary task; gives tables. Where a cell of a two by two table would hold
too few people, nothing that would give it back is shown.
"""

from collections.abc import Iterable, Iterator
from itertools import permutations

import pandas as pd

from igfmood.disclosure import suppressed
from igfmood.performance.tasks import PredictionTask
from igfmood.report import words
from igfmood.report.load import Findings
from igfmood.report.numbers import NBSP
from igfmood.report.prediction import (
    by_threshold,
    cohorts_of,
    place_name,
    setting_of,
)
from igfmood.report.prediction_tables import estimate
from igfmood.report.small_cells import note, too_few
from igfmood.report.tables import Cell, Column, Table, absent, cell, without_empty_columns
from igfmood.report.text import value
from igfmood.results import POOLED


def net_benefit_table(findings: Findings, task: PredictionTask) -> Table:
    """Return what acting on the larger model gains over acting on the smaller one."""
    measure = "delta_net_benefit" if task.kind == "binary" else "net_benefit"
    columns, rows = _by_threshold(findings, task, measure, (POOLED, *findings.titles()))
    name = words.SETTINGS[setting_of(findings, task)][0].lower()
    title = f"{words.heading(measure)} ({name})"
    told = (
        "True positives per person that are gained, false positives set off at the odds of the "
        "threshold; 0.01 is one more case found per 100 people, with no more false alarms. "
        f"{note(findings)}"
        if task.kind == "binary" else f"Of the model with {findings.study.analyte.label}."
    )  # fmt: skip
    return without_empty_columns(Table(f"net_benefit_{task.name}", title, columns, rows, told))


def avoided_table(findings: Findings, task: PredictionTask) -> Table:
    """Return the interventions that the larger model avoids, against acting on everybody."""
    columns, rows = _by_threshold(findings, task, "interventions_avoided", findings.titles())
    name = words.SETTINGS[setting_of(findings, task)][0].lower()
    title = f"Interventions avoided per person, net, against acting on everybody ({name})"
    told = (
        f"By the model with {findings.study.analyte.label}, with no case missed more. Below 0: "
        f"acting on everybody is better. {note(findings)}"
    )
    return without_empty_columns(Table(f"avoided_{task.name}", title, columns, rows, told))


def _by_threshold(
    findings: Findings, task: PredictionTask, measure: str, places: Iterable[str]
) -> tuple[tuple[Column, ...], tuple[tuple[Cell, ...], ...]]:
    cohorts = list(places)
    keys = {"analysis": setting_of(findings, task), "target": task.name,
            "adjustment": findings.study.added_value[0]}  # fmt: skip
    found = {
        place: dict(by_threshold(findings, {**keys, "cohort": place}, measure)) for place in cohorts
    }
    columns = (
        Column("Threshold", True), *(Column(place_name(findings, one), True) for one in cohorts),
    )  # fmt: skip
    rows = tuple(
        (cell(f"{t:g}"), *(_as_may_be(found[place].get(t), findings) for place in cohorts))
        for t in findings.study.prediction.thresholds
        if any(t in rows for rows in found.values())
    )
    return columns, rows


def _as_may_be(row: pd.Series | None, findings: Findings) -> Cell:
    """Return a number at a threshold, or that it would give back a small cell."""
    if row is not None and too_few(findings, row):
        return absent(f"<{findings.min_cell}")
    return estimate(row, findings)


def cuts_table(findings: Findings, task: PredictionTask) -> Table:
    """Return what each cut, chosen in the training people, does in those tested."""
    columns = (
        Column("Cohort"), Column("Rule"), Column("Cut of the risk", True),
        Column("Sensitivity", True), Column("Specificity", True), Column("LR+", True),
        Column("LR−", True),
    )  # fmt: skip
    rows = []
    for cohort, rule in _cut_places(findings, task):
        shown = Cut(findings, task, cohort, rule)
        rows.append((
            cell(place_name(findings, cohort)), cell(_rule(rule)), shown.cell("threshold"),
            shown.cell("sensitivity"), shown.cell("specificity"), shown.cell("lr_positive"),
            shown.cell("lr_negative"),
        ))  # fmt: skip
    setting = setting_of(findings, task)
    title = f"Cuts of the model with {findings.study.analyte.label}"
    told = (
        f"{words.SETTINGS[setting][0]}. Each cut was chosen in the training people and used as it "
        f"is. {note(findings)}"
    )
    return Table(f"cuts_{task.name}", title, columns, tuple(rows), told)


def bags_table(findings: Findings, task: PredictionTask) -> Table:
    """Return what is lost when a cut is chosen in the people it is judged in."""
    terms = (
        ("cut_gain", "apparent"), ("cut_gain", "in bag"), ("cut_gain", "out of bag"),
        ("threshold", "bootstrap"),
    )  # fmt: skip
    columns = (
        Column("Cohort"), Column("Rule"), Column("Apparent", True), Column("In bag", True),
        Column("Out of bag", True), Column("Cut, median (interval)", True),
        Column("Sensitivity, out of bag", True), Column("Specificity, out of bag", True),
    )  # fmt: skip
    new = findings.study.added_value[0]
    rows = []
    for cohort, rule in _cut_places(findings, task):
        found = [
            findings.ok(
                setting_of(findings, task), task.name, measure, cohort=cohort, adjustment=new,
                term=f"{rule}: {term}",
            )
            for measure, term in terms
        ]  # fmt: skip
        if any(row is not None for row in found):
            rows.append((
                cell(place_name(findings, cohort)), cell(_rule(rule)),
                *(estimate(row, findings) for row in found),
                *(Cut(findings, task, cohort, rule).cell(share, f"{rule}: out of bag")
                  for share in ("sensitivity", "specificity")),
            ))  # fmt: skip
    told = (
        "What the rule makes large: the Youden index, the other share while one is held, or the "
        f"cost saved. Out of bag: in people who had no part in choosing the cut. {note(findings)}"
    )
    title = "Choosing a cut in the same people"
    return Table(f"bags_{task.name}", title, columns, tuple(rows), told)


def predictive_table(findings: Findings, task: PredictionTask) -> Table:
    """Return PPV and NPV of each cut at the declared prevalences."""
    grid = findings.study.prediction.prevalences
    columns = (
        Column("Cohort"), Column("Rule"),
        *(Column(f"{name} at {one.value:g}", True) for one in grid for name in ("PPV", "NPV")),
    )  # fmt: skip
    rows = []
    for cohort, rule in _cut_places(findings, task):
        shown = Cut(findings, task, cohort, rule)
        cells = [
            shown.cell(measure, f"{rule}, prevalence {one.value:g}")
            for one in grid for measure in ("ppv", "npv")
        ]  # fmt: skip
        rows.append((cell(place_name(findings, cohort)), cell(_rule(rule)), *cells))
    told = (
        "Sensitivity and specificity of the table above, carried to a place where so large a share "
        "of people are cases. NPV must be held against 1 less the prevalence: what is known "
        "without the test."
    )
    title = "What a result means where the test would be used"
    return Table(f"predictive_{task.name}", title, columns, tuple(rows), told)


def _rule(name: str) -> str:
    return name[0].upper() + name[1:]


def _cut_places(findings: Findings, task: PredictionTask) -> Iterator[tuple[str, str]]:
    for cut in findings.study.prediction.cut_points:
        for cohort in cohorts_of(findings, task, setting_of(findings, task)):
            yield cohort, cut.name


class Cut:
    """One cut in one cohort, as far as it may be shown.

    Parameters
    ----------
    findings, task, cohort, rule
        Which cut, where it is used.
    built
        Cohort it comes from; empty where it comes from the training people of the setting.
    """

    def __init__(
        self, findings: Findings, task: PredictionTask, cohort: str, rule: str, built: str = ""
    ) -> None:
        self.findings, self.task, self.cohort, self.rule = findings, task, cohort, rule
        self.analysis = "transport" if built else setting_of(findings, task)
        self.stratum = f"from {built}" if built else "all"
        self.small = {name: self._few(name) for name in ("sensitivity", "specificity")}

    def row(self, measure: str, term: str = "") -> pd.Series | None:
        """Return a number of the cut, whatever its status."""
        return self.findings.find(
            self.analysis, self.task.name, measure, cohort=self.cohort,
            adjustment=self.findings.study.added_value[0], stratum=self.stratum,
            term=term or self.rule,
        )  # fmt: skip

    def _few(self, measure: str) -> bool:
        """Return whether a cell behind a share holds too few people to be shown."""
        row = self.row(measure)
        if row is None or row["status"] != "ok":
            return False
        events = int(row["n_events"])
        of = events if measure == "sensitivity" else int(row["n"]) - events
        hit = round(float(row["estimate"]) * of)
        return any(suppressed(n, self.findings.min_cell) for n in (hit, of - hit))

    def cell(self, measure: str, term: str = "") -> Cell:
        """Return a number of the cut, or what may be said of it."""
        row = self.row(measure, term)
        if row is None or row["status"] != "ok":
            return cell()
        behind = [measure] if measure in self.small else list(self.small)
        if measure != "threshold" and any(self.small[name] for name in behind):
            return absent(f"<{self.findings.min_cell}")
        return cell(value(row)) if measure == "threshold" else estimate(row, self.findings)


def transport_table(findings: Findings, task: PredictionTask) -> Table:
    """Return what a model of one cohort does in each other one."""
    new = findings.study.added_value[0]
    measures = ("auc", "calibration_intercept", "calibration_slope")
    columns = (
        Column("Built in"), Column("Used in"),
        *(Column(words.heading(name), True) for name in measures),
    )  # fmt: skip
    titles = findings.titles()
    rows = []
    for built, used in permutations(titles, 2):
        found = [
            findings.ok(
                "transport", task.name, measure, cohort=used, adjustment=new,
                stratum=f"from {built}",
            )
            for measure in measures
        ]  # fmt: skip
        if any(row is not None for row in found):
            rows.append((
                cell(titles[built]), cell(titles[used]), *(estimate(r, findings) for r in found),
            ))  # fmt: skip
    title = "From one cohort to another"
    return Table(f"transport_{task.name}", title, columns, tuple(rows))


def carried_cuts_table(findings: Findings, task: PredictionTask) -> Table:
    """Return what the cuts of a model of one cohort do in each other one."""
    rules = [cut.name for cut in findings.study.prediction.cut_points]
    columns = (
        Column("Built in"), Column("Used in"), *(Column(_rule(one), True) for one in rules),
    )  # fmt: skip
    titles = findings.titles()
    rows = []
    for built, used in permutations(titles, 2):
        cells = [_both(Cut(findings, task, used, rule, built)) for rule in rules]
        if any(one.text != cell().text for one in cells):
            rows.append((cell(titles[built]), cell(titles[used]), *cells))
    told = (
        "Sensitivity / specificity. Each cut comes from where the model was built; it meets other "
        f"people and another assay. {note(findings)}"
    )
    title = "Cuts carried from one cohort to another"
    return Table(f"carried_cuts_{task.name}", title, columns, tuple(rows), told)


def _both(cut: Cut) -> Cell:
    parts = []
    for name in ("sensitivity", "specificity"):
        row = cut.row(name)
        if row is None or row["status"] != "ok":
            return cell()
        parts.append(f"<{cut.findings.min_cell}" if cut.small[name] else value(row))
    return cell(parts[0], f"{NBSP}/{NBSP}", parts[1])
