"""The table of negative controls: outcomes of the analyte, and other analytes."""

from dataclasses import replace

from igfmood import results
from igfmood.report.control_tables import controls_table
from igfmood.report.load import Findings
from igfmood.report.numbers import plain
from igfmood.results import POOLED, Rows, Source


def controlled(findings: Findings, *rows: dict[str, object]) -> Findings:
    study = findings.study.model_copy(
        update={"negative_controls": ["alcohol_g_day"], "negative_control_analytes": ["crp"]}
    )
    collected = Rows(Source(study.study, POOLED, 1, "c0de", "da7a"))
    for row in rows:
        collected.add(
            analysis="negative_control", stratum="all", adjustment=study.main_tier, **row
        )  # fmt: skip
    table = results.concatenate([findings.table, collected.table()])
    return replace(findings, study=study, table=table)


def test_outcomes_and_analytes_have_a_row_each_by_their_own_numbers(findings):
    shown = {"se": 0.1, "ci_low": -0.1, "ci_high": 0.3, "p": 0.3, "n": 400}
    found = controls_table(controlled(
        findings,
        {"target": "alcohol_g_day", "measure": "beta", "estimate": 0.111, **shown},
        {"target": "phq9_total", "measure": "beta", "term": "crp", "exposure": "crp",
         "estimate": 0.222, **shown},
        {"target": findings.study.tasks[0].name, "measure": "log_or", "term": "crp",
         "exposure": "crp", "estimate": 0.333, **shown},
    ))  # fmt: skip
    lines = {plain(row[0].text): plain(row[2].text) for row in found.rows}
    assert lines["alcohol"].startswith("0.11")
    assert lines["PHQ-9, by C-reactive protein"].startswith("0.22")
    label = f"{findings.study.tasks[0].label}, by C-reactive protein"
    assert lines[label].startswith("0.33")


def test_a_study_without_controls_has_no_table(findings):
    study = findings.study.model_copy(update={"negative_controls": []})
    assert not controls_table(replace(findings, study=study)).rows
