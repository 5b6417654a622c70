"""Tables of subgroups: how the model with the analyte does in each, and whether they differ.

Takes the findings and a binary task; gives tables. Too small a group is said to be.
"""

import pandas as pd

from igfmood import results
from igfmood.performance.tasks import PredictionTask
from igfmood.report import words
from igfmood.report.load import Findings
from igfmood.report.prediction import place_name, setting_of
from igfmood.report.prediction_tables import estimate
from igfmood.report.protected import told_reason
from igfmood.report.tables import Cell, Column, Table, absent, cell, without_empty_columns
from igfmood.report.text import value
from igfmood.results import POOLED

#: Subgroups of a prediction task, as rows have it.
GROUPS = (
    "women", "men", "age below 40", "age 40 to 59", "age 60 or more", "antidepressant",
    "no antidepressant",
)  # fmt: skip
#: Groups whose AUCs are compared, as rows have it, and in words.
_COMPARED = {
    "women minus men": "Women less men",
    "antidepressant minus no antidepressant": "Antidepressant less none",
}


def subgroups_table(findings: Findings, task: PredictionTask) -> Table:
    """Return AUC and observed over expected in every subgroup, or that it is too small."""
    setting, new = setting_of(findings, task), findings.study.added_value[0]
    found = results.select(
        findings.table, analysis=setting, target=task.name, adjustment=new,
        stratum=list(GROUPS), term="", measure=["auc", "log_oe"],
    )  # fmt: skip
    rows = {(row["stratum"], row["cohort"], row["measure"]): row for _, row in found.iterrows()}
    cohorts = [name for name in findings.titles() if any(key[1] == name for key in rows)]
    columns = (
        Column("People"), Column("AUC, pooled", True),
        *(Column(f"AUC, {place_name(findings, name)}", True) for name in cohorts),
        Column("Log observed / expected, pooled", True),
    )  # fmt: skip
    lines = tuple(
        (
            cell(group[0].upper() + group[1:]),
            _in_group(rows.get((group, POOLED, "auc")), findings),
            *(_in_group(rows.get((group, name, "auc")), findings) for name in cohorts),
            _in_group(rows.get((group, POOLED, "log_oe")), findings),
        )
        for group in GROUPS if any(key[0] == group for key in rows)
    )  # fmt: skip
    title = f"In subgroups: the model with {findings.study.analyte.label}"
    name = words.SETTINGS[setting][0] if setting else ""
    note = (
        f"{name}; pooled: modified Knapp–Hartung. Overlapping intervals do not show that groups "
        "are alike."
    )
    return without_empty_columns(Table(f"subgroups_{task.name}", title, columns, lines, note))


def _in_group(row: pd.Series | None, findings: Findings) -> Cell:
    if row is None:
        return cell()
    if row["status"] == "ok":
        return estimate(row, findings)
    small = row["reason"].startswith("too small to judge")
    if small:
        return absent("too small to judge")
    if row["cohort"] == POOLED:
        return absent("not pooled")
    return absent(told_reason(row["reason"], row["stratum"], findings.min_cell))


def differences_table(findings: Findings, task: PredictionTask) -> Table:
    """Return by how much the AUC in one group of people differs from that in the others."""
    setting, new = setting_of(findings, task), findings.study.added_value[0]
    columns = (
        Column("Compared"), Column("Cohort"), Column("Difference of AUCs", True), Column("p", True),
    )  # fmt: skip
    rows = []
    for stratum, told in _COMPARED.items():
        for cohort in (POOLED, *findings.titles()):
            row = findings.find(
                setting, task.name, "delta_auc", cohort=cohort, adjustment=new, stratum=stratum
            )
            if row is not None:
                p = value(row, "p") if row["status"] == "ok" and pd.notna(row["p"]) else None
                rows.append((
                    cell(told), cell(place_name(findings, cohort)), _in_group(row, findings),
                    cell(p),
                ))  # fmt: skip
    if all(row[2].muted for row in rows):
        rows = []
    title = "Does the AUC differ between subgroups?"
    note = (
        f"Of the model with {findings.study.analyte.label}, in other people each: unpaired. "
        "Pooled: modified Knapp–Hartung. An interval that holds 0 does not show that "
        "groups are alike."
    )
    return Table(f"differences_{task.name}", title, columns, tuple(rows), note)
