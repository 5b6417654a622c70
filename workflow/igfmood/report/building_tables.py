"""Tables of how a prediction model was built: optimism, people it needs, stability, power.

Takes the findings and a binary task; gives tables and a sentence.
"""

import re

import pandas as pd

from igfmood import results
from igfmood.disclosure import redact
from igfmood.performance.tasks import PredictionTask
from igfmood.report import words
from igfmood.report.load import Findings
from igfmood.report.numbers import NBSP, Text, level
from igfmood.report.prediction_tables import estimate
from igfmood.report.protected import open_reason
from igfmood.report.tables import Cell, Column, Table, absent, cell, limits
from igfmood.report.text import value, with_sign
from igfmood.results import POOLED

#: How many runs the method of a permutation names.
_RUNS = re.compile(r"(\d+) runs")


def optimism_table(findings: Findings, task: PredictionTask) -> Table:
    """Return apparent, optimism and corrected side by side."""
    terms = ("apparent", "optimism", "corrected")
    columns = (
        Column("Model"),
        Column("Measure"),
        *(Column(one.capitalize(), True) for one in terms),
    )
    rows = []
    for tier in reversed(findings.study.added_value):
        for measure in ("auc", "scaled_brier", "calibration_slope"):
            found = [
                findings.ok("optimism", task.name, measure, adjustment=tier, term=term)
                for term in terms
            ]  # fmt: skip
            if any(row is not None for row in found):
                rows.append((
                    cell(words.prediction_tier(tier, findings.study)), cell(words.heading(measure)),
                    *(cell() if row is None else
                      cell((with_sign if row["term"] == "optimism" else value)(row, decimals=3))
                      for row in found),
                ))  # fmt: skip
    note = (
        "The model of all cohorts together, judged in its own people (apparent), less what that "
        "flatters it by, from bootstrap samples of the whole pipeline. The corrected value is for "
        "new people of these cohorts, not for other cohorts."
    )
    return Table(f"optimism_{task.name}", "Optimism", columns, tuple(rows), note)


def building_table(findings: Findings, task: PredictionTask) -> Table:
    """Return what is known of the model of all cohorts: people it needs, shrinkage, instability."""
    terms = _sizes(findings, task)
    columns = (
        Column("Model"),
        *(Column(f"People needed: {term}" if term else "People needed", True) for term in terms),
        Column("Shrinkage to expect", True), Column("Mean change of a prediction", True),
        Column("Width of 95 % of the predictions for a person", True),
    )  # fmt: skip
    rows = []
    for tier in reversed(findings.study.added_value):
        stable = [
            findings.ok("instability", task.name, measure, adjustment=tier)
            for measure in ("mape", "range_95")
        ]  # fmt: skip
        line = [*_needed(findings, task, tier, terms), *(estimate(one, findings) for one in stable)]
        if any(one.text != cell().text for one in line):
            rows.append((cell(words.prediction_tier(tier, findings.study)), *line))
    note = (
        "People needed to build such a model (Riley et al. 2020), from its AUC within cohorts less "
        "the optimism. The last two columns: how far "
        "the predicted risk of the same person moves when the model is built again in a bootstrap "
        "sample."
    )
    title = "Are there people enough, and how stable are predictions?"
    return Table(f"building_{task.name}", title, columns, tuple(rows), note)


def _sizes(findings: Findings, task: PredictionTask) -> list[str]:
    """Return the criteria by which people were counted; one without a name where all failed."""
    sizes = results.select(
        findings.table, analysis="sample_size", target=task.name, cohort=POOLED,
        measure="required_people",
    )  # fmt: skip
    known = sizes[sizes["status"] == "ok"]
    return list(dict.fromkeys((known if len(known) else sizes)["term"]))


def _needed(
    findings: Findings, task: PredictionTask, tier: str, terms: list[str]
) -> list[Cell]:  # fmt: skip
    """Return the people that a model needs and the shrinkage to expect, or once why not."""

    def find(measure: str, term: str = "") -> pd.Series | None:
        return findings.find("sample_size", task.name, measure, adjustment=tier, term=term)

    refused = find("required_people")
    sizes = [_or_reason(find("required_people", term), findings) for term in terms]
    if refused is not None and terms:
        sizes[0] = _or_reason(refused, findings)
    shrinkage = find("shrinkage")
    if refused is not None and shrinkage is not None and refused["reason"] == shrinkage["reason"]:
        shrinkage = None
    return [*sizes, _or_reason(shrinkage, findings)]


def _or_reason(row: pd.Series | None, findings: Findings) -> Cell:
    if row is None or row["status"] == "ok":
        return estimate(row, findings)
    return absent(open_reason(row["reason"], findings.min_cell))


def permutation_sentence(findings: Findings, task: PredictionTask) -> Text:
    """Return what the pipeline finds with permuted labels, or why it cannot be told."""
    row = findings.find(
        "permutation", task.name, "auc", adjustment=findings.study.added_value[0]
    )  # fmt: skip
    if row is None:
        return ()
    if row["status"] != "ok":
        return (f"What the pipeline would find with permuted labels cannot be told: "
                f"{redact(row['reason'], findings.min_cell)}.",)  # fmt: skip
    where, _, how = str(row["method"]).partition(":")
    runs = int(_RUNS.findall(how)[0])
    return (
        "With labels permuted within cohorts there is nothing to find: the AUC is then ",
        value(row), f" ({where}; {level(row['level'])} of {runs:,} runs: ", *limits(row),
        "). The AUC with the labels as they are comes up by chance with p", *_equals(row),
        f"; {runs:,} runs cannot give a p below 1 in {runs + 1:,}.",
    )  # fmt: skip


def _equals(row: pd.Series) -> Text:
    number = value(row, "p")
    return (NBSP, number) if number.text[0] in "<>" else (f"{NBSP}={NBSP}", number)


def power_sentence(findings: Findings, task: PredictionTask) -> Text:
    """Return the smallest added AUC that would be found, or why it cannot be told."""
    new, old = findings.study.added_value
    row = findings.find(
        "power", task.name, "detectable_delta_auc", adjustment=new, term=f"over {old}"
    )  # fmt: skip
    if row is None:
        return ()
    if row["status"] != "ok":
        return (f"The smallest added AUC that would be found cannot be told: "
                f"{redact(row['reason'], findings.min_cell)}.",)  # fmt: skip
    return (f"The smallest added AUC that these cohorts would find, with a power of 80{NBSP}% at "
            f"the 5{NBSP}% level, is ", value(row), ".")  # fmt: skip
