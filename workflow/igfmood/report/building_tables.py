"""Tables of how a prediction model was built: optimism, people it needs, stability, power.

Takes the findings and a binary task; gives tables and a sentence.
"""

import pandas as pd

from igfmood import results
from igfmood.disclosure import redact
from igfmood.performance.tasks import PredictionTask
from igfmood.report import words
from igfmood.report.load import Findings
from igfmood.report.numbers import NBSP, Text, level
from igfmood.report.prediction_tables import estimate
from igfmood.report.tables import Column, Table, cell, limits
from igfmood.report.text import value, with_sign
from igfmood.results import POOLED


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
    sizes = results.select(
        findings.table, analysis="sample_size", target=task.name, cohort=POOLED, status="ok",
        measure="required_people",
    )  # fmt: skip
    terms = list(dict.fromkeys(sizes["term"]))
    columns = (
        Column("Model"),
        *(Column(f"People needed: {term}", True) for term in terms),
        Column("Shrinkage to expect", True), Column("Mean change of a prediction", True),
        Column("Width of 95 % of the predictions for a person", True),
    )  # fmt: skip
    rows = []
    for tier in reversed(findings.study.added_value):
        found = [
            *(findings.ok("sample_size", task.name, "required_people", adjustment=tier, term=term)
              for term in terms),
            findings.ok("sample_size", task.name, "shrinkage", adjustment=tier),
            *(findings.ok("instability", task.name, measure, adjustment=tier)
              for measure in ("mape", "range_95")),
        ]  # fmt: skip
        if any(one is not None for one in found):
            told = words.prediction_tier(tier, findings.study)
            rows.append((cell(told), *(estimate(one, findings) for one in found)))
    note = (
        "People needed to build such a model (Riley et al. 2020). The last two columns: how far "
        "the predicted risk of the same person moves when the model is built again in a bootstrap "
        "sample."
    )
    title = "Are there people enough, and how stable are predictions?"
    return Table(f"building_{task.name}", title, columns, tuple(rows), note)


def permutation_sentence(findings: Findings, task: PredictionTask) -> Text:
    """Return what the pipeline finds with permuted labels, or why it cannot be told."""
    new, old = findings.study.added_value
    rows = [
        findings.find("permutation", task.name, measure, adjustment=new, term=term)
        for measure, term in (("auc", ""), ("delta_auc", f"over {old}"))
    ]
    if any(row is None for row in rows):
        return ()
    auc, added = (row for row in rows if row is not None)
    for row in (auc, added):
        if row["status"] != "ok":
            return (f"What the pipeline would find with permuted labels cannot be told: "
                    f"{redact(row['reason'], findings.min_cell)}.",)  # fmt: skip
    runs = findings.study.resampling.permutations
    share = level(auc["level"])
    return (
        "With labels permuted within cohorts there is nothing to find: the whole pipeline then "
        "gives an AUC of ", value(auc), f" ({share} of {runs:,} runs: ",
        *limits(auc), ") and an added AUC of ", with_sign(added), " (", *limits(added),
        "). What the labels as they are give comes up by chance with p", *_equals(auc),
        " for the AUC and p", *_equals(added), f" for what is added; {runs:,} runs cannot give a "
        f"p below 1 in {runs + 1:,}.",
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
