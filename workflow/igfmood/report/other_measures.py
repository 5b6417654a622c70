"""Other measures of what a section is about, beside the one that it is judged by.

Takes the findings and an estimand; gives one table: each other number that stands in the results
for the same question, pooled, with the same adjustment.
"""

from collections.abc import Iterator
from dataclasses import replace

import pandas as pd

from igfmood.report import reasons, words
from igfmood.report.estimands import Estimand
from igfmood.report.load import Findings
from igfmood.report.protected import told_reason
from igfmood.report.ratios import names_of, ratio
from igfmood.report.tables import Cell, Column, Table, cell, limits, without_empty_columns
from igfmood.report.text import estimate_with_interval, stands_alone, value
from igfmood.synthesis.row_keys import NORMAL_TERM, PREDICTION_TERM

#: Analysis: what each other number is, its target (empty: the same), measure and term.
_OTHERS: dict[str, tuple[tuple[str, str, str, str], ...]] = {
    "contrast": (
        ("Ratio of geometric means, cases to {others}", "", "log_rom", ""),
        ("Ratio of SDs, cases to {others}", "", "log_vr", ""),
    ),
    "severity": (
        ("Rate ratio of the PHQ-9 per SD (negative binomial)", "phq9_total", "log_rr", ""),
        ("Odds ratio of a higher PHQ-9 per SD (cumulative logit)", "phq9_total", "log_or", ""),
        ("Odds ratio of a PHQ-9 of 10 or more per SD (logistic)", "phq9_10", "log_or", ""),
        ("Points of the cognitive and affective items per SD", "phq9_cognitive", "beta", ""),
    ),
    "treatment": (
        ("Odds ratio of response per SD whatever the arm (prognostic)", "", "log_or", "prognostic"),
        ("Ratio of odds ratios, drug to control arm (predictive)", "", "log_or", "predictive"),
    ),
    "tails": (
        ("Both tails, mean of their log odds ratios", "", "log_or", "excess"),
    ),
    "cognition": (
        ("Level over all visits, SD per SD", "", "beta", "level_over_visits"),
    ),
    "within_person": (
        ("Between persons, PHQ-9 points per SD", "", "beta", "between"),
    ),
    "neuroplasticity": (
        ("Direct effect on the PHQ-9, points per SD", "", "direct", ""),
        ("Total effect on the PHQ-9, points per SD", "", "total", ""),
    ),
}  # fmt: skip


def other_measures(name: str, estimand: Estimand, findings: Findings) -> Table:
    """Return the other measures of the question that an estimand answers; no rows if none is."""
    columns = (
        Column("Measure"), Column("Estimate (interval)", True),
        Column("As a ratio (interval)", True), Column("p", True), Column("Cohorts", True),
        Column("Prediction interval", True), Column("Normal interval", True),
    )  # fmt: skip
    rows, refused = [], []
    others = words.compared_with(estimand.target, findings.study)
    for named, one in _asked(estimand):
        label = named.format(others=others)
        found = findings.find(
            one.analysis, one.target, one.measure, adjustment=one.adjustment,
            stratum=one.population, term=one.term,
        )  # fmt: skip
        if found is None:
            continue
        if found["status"] == "ok":
            rows.append(_line(label, one, found, findings))
        else:
            reason = reasons.over_cohorts(found["reason"], findings.study)
            refused.append(f"{label} ({told_reason(reason, one.population, findings.min_cell)})")
    shown = list(_rows(estimand, findings))
    note = words.sentence(estimand.adjusted(findings))
    if any(names_of(row) for row in shown):
        note += " Estimates of ratios are logarithms."
    if any(one.pooled(findings, NORMAL_TERM) is not None for _, one in _asked(estimand)):
        note += (
            " Intervals and p are Knapp–Hartung's; where the normal interval is wider, trust that "
            "one, as verdicts do: two or three cohorts may agree by chance."
        )
    if refused:
        note += f" Not estimable: {'; '.join(refused)}."
    return without_empty_columns(Table(name, "Other measures", columns, tuple(rows), note))


def _asked(estimand: Estimand) -> Iterator[tuple[str, Estimand]]:
    for label, target, measure, term in _OTHERS.get(estimand.analysis, ()):
        one = replace(estimand, target=target or estimand.target, measure=measure, term=term)
        if one != estimand:
            yield label, one


def _rows(estimand: Estimand, findings: Findings) -> Iterator[pd.Series]:
    for _, one in _asked(estimand):
        row = one.pooled(findings)
        if row is not None:
            yield row


def _line(label: str, one: Estimand, row: pd.Series, findings: Findings) -> tuple[Cell, ...]:
    k = one.heterogeneity(findings, "k")
    alone = " (no claim to others)" if stands_alone(row) else None
    return (
        cell(label), cell(*estimate_with_interval(row, findings)),
        cell(*ratio(row)) if names_of(row) else cell(),
        cell() if pd.isna(row["p"]) else cell(value(row, "p")),
        cell(None if k is None else value(k), alone),
        cell(*limits(one.pooled(findings, PREDICTION_TERM))),
        cell(*limits(one.pooled(findings, NORMAL_TERM))),
    )  # fmt: skip
