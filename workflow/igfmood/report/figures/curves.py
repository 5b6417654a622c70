"""ROC and calibration curves in cohorts not used for the model, on their coarse grids.

Takes the findings and a task; gives figures with one panel per model, and their alt texts.
"""

from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MultipleLocator

from igfmood import results
from igfmood.config.study import Task
from igfmood.report import words
from igfmood.report.load import Findings
from igfmood.report.numbers import plain
from igfmood.report.style import (
    FAINT,
    INK,
    MUTED,
    cohort_lines,
    despine,
    panel,
    tier_colours,
    wrapped,
)
from igfmood.report.text import estimate_with_interval


def draw_roc(findings: Findings, task: Task) -> Figure:
    """Draw the ROC curves of one task: each left-out cohort, and their mean."""
    curves = _rows(findings, "roc_curve", task, "sensitivity")
    if curves.empty:
        return panel(f"ROC, {task.label}", _why_not(findings, task))
    figure, grid, used = _panels(findings, curves, 1)
    for axes, tier in zip(grid, findings.study.prediction_tiers, strict=True):
        mine = curves[curves["adjustment"] == tier].assign(x=lambda t: t["term"].astype(float))
        _draw_cohorts(axes, findings, mine, used)
        mean = mine[mine["cohort"] == results.POOLED].sort_values("x")
        colour = tier_colours(list(findings.study.prediction_tiers))[tier]
        axes.plot(mean["x"], mean["estimate"], color=colour, linewidth=2.6, zorder=4)
        axes.set_xlim(-0.01, 1.01)
        axes.set_ylim(-0.01, 1.01)
        axes.set_xlabel("1 − specificity")
        _note(axes, findings, task, tier, ("auc",))
    grid[0].set_ylabel("Sensitivity")
    _finish(figure, findings, used, mean=True)
    return figure


def draw_calibration(findings: Findings, task: Task) -> Figure:
    """Draw the calibration curves of one task: observed share against predicted risk."""
    observed = _rows(findings, "calibration_curve", task, "observed")
    predicted = _rows(findings, "calibration_curve", task, "predicted")
    if observed.empty or predicted.empty:
        return panel(f"Calibration, {task.label}", _why_not(findings, task))
    keys = ["cohort", "adjustment", "term"]
    curves = observed.merge(
        predicted[[*keys, "estimate"]].rename(columns={"estimate": "x"}), on=keys
    )
    figure, grid, used = _panels(findings, curves, 2)
    highest = float(np.nanmax(curves[["x", "estimate"]].to_numpy()))
    top = min(1.0, np.ceil((highest + 0.02) / 0.2) * 0.2)
    for axes, tier in zip(grid, findings.study.prediction_tiers, strict=True):
        _draw_cohorts(axes, findings, curves[curves["adjustment"] == tier], used)
        axes.set_xlim(0, top)
        axes.set_ylim(0, top)
        axes.set_xlabel("Predicted risk")
        _note(axes, findings, task, tier, ("calibration_slope", "calibration_intercept"))
    grid[0].set_ylabel("Observed share of cases")
    _finish(figure, findings, used, mean=False)
    return figure


def alt_roc(findings: Findings, task: Task) -> str:
    """Return what the ROC figure shows, in words."""
    return _alt(findings, task, "ROC curves", ("auc",))


def alt_calibration(findings: Findings, task: Task) -> str:
    """Return what the calibration figure shows, in words."""
    measures = ("calibration_slope", "calibration_intercept")
    return _alt(findings, task, "Calibration curves", measures)


def _alt(findings: Findings, task: Task, what: str, measures: Sequence[str]) -> str:
    parts = []
    for tier in findings.study.prediction_tiers:
        found = [findings.ok("validation", task.name, name, adjustment=tier) for name in measures]
        numbers = ", ".join(
            f"{words.MEASURES[row['measure']]} {plain(estimate_with_interval(row, findings))}"
            for row in found
            if row is not None
        )
        if numbers:
            parts.append(f"{words.prediction_tier(tier, findings.study)}: {numbers}")
    if not parts:
        return f"No {what[0].lower()}{what[1:]} for {task.label}: {_why_not(findings, task)}"
    return f"{what} in left-out cohorts, {task.label}. Pooled: " + "; ".join(parts) + "."


def _rows(findings: Findings, analysis: str, task: Task, measure: str) -> pd.DataFrame:
    return results.select(
        findings.table, analysis=analysis, target=task.name, measure=measure, status="ok"
    )


def _why_not(findings: Findings, task: Task) -> str:
    reason = findings.why_not(analysis="validation", target=task.name)
    return reason or "no cohort could be left out and predicted from others"


def _panels(
    findings: Findings, curves: pd.DataFrame, lines: int
) -> tuple[Figure, list[Axes], list[str]]:
    tiers = list(findings.study.prediction_tiers)
    used = [c.name for c in findings.study.cohorts if (curves["cohort"] == c.name).any()]
    width = max(2.95 * len(tiers), 5.0)
    figure, grid = plt.subplots(
        1, len(tiers), figsize=(width, 3.6), sharex=True, sharey=True, squeeze=False
    )
    for axes, tier in zip(grid[0], tiers, strict=True):
        axes.set_aspect("equal")
        axes.set_title(
            wrapped(words.prediction_tier(tier, findings.study), 34, 1),
            pad=22 if lines == 1 else 34,
        )
        axes.xaxis.set_major_locator(MultipleLocator(0.2))
        axes.yaxis.set_major_locator(MultipleLocator(0.2))
        axes.plot([0, 1], [0, 1], color=MUTED, linewidth=0.9, linestyle=(0, (4, 2)), zorder=1)
        axes.grid(color=FAINT)
        axes.set_axisbelow(True)
        despine(axes)
    return figure, list(grid[0]), used


def _draw_cohorts(axes: Axes, findings: Findings, curves: pd.DataFrame, used: list[str]) -> None:
    styles = cohort_lines([cohort.name for cohort in findings.study.cohorts])
    for name in used:
        line = curves[curves["cohort"] == name].sort_values("x")
        axes.plot(line["x"], line["estimate"], linewidth=1.3, zorder=3, **styles[name])


def _note(axes: Axes, findings: Findings, task: Task, tier: str, measures: Sequence[str]) -> None:
    """Write pooled numbers below the title of a panel."""
    names = {"auc": "AUC", "calibration_slope": "slope", "calibration_intercept": "intercept"}
    lines = []
    for measure in measures:
        row = findings.ok("validation", task.name, measure, adjustment=tier)
        if row is not None:
            lines.append(f"{names[measure]} {plain(estimate_with_interval(row, findings))}")
    axes.annotate(
        "\n".join(lines), (0, 1), xycoords="axes fraction", xytext=(0, 6),
        textcoords="offset points", fontsize=8, color=MUTED, va="bottom", linespacing=1.35,
    )  # fmt: skip


def _finish(figure: Figure, findings: Findings, used: list[str], *, mean: bool) -> None:
    styles = cohort_lines([cohort.name for cohort in findings.study.cohorts])
    titles = findings.titles()
    handles = [
        Line2D([], [], linewidth=1.5, label=wrapped(titles[name], 30, 1), **styles[name])
        for name in used
    ]
    if mean:
        handles.append(Line2D([], [], color=INK, linewidth=2.6, label="mean"))
    figure.tight_layout(w_pad=1.2)
    figure.legend(
        handles=handles, loc="upper center", bbox_to_anchor=(0.5, 0.02), ncols=min(5, len(handles)),
        frameon=False, handlelength=3,
    )  # fmt: skip
