"""ROC and calibration curves of the two main models, on their coarse grids.

Takes the findings and a prediction task; gives figures with one panel per cohort, and their alt
texts.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MultipleLocator

from igfmood import results
from igfmood.performance.tasks import PredictionTask
from igfmood.report import words
from igfmood.report.load import Findings
from igfmood.report.numbers import fixed, plain
from igfmood.report.prediction import place_name, place_of, setting_of, why_not
from igfmood.report.small_cells import gap, too_few_on_roc
from igfmood.report.style import (
    FAINT,
    MUTED,
    despine,
    model_colours,
    panel,
    panels,
    wrapped,
)
from igfmood.report.text import estimate_with_interval

#: Line style of the smaller and the larger main model.
_DASHES: tuple[Any, Any] = ((0, (4, 1.5)), "-")
#: With fewer people of either class a smooth curve tells little (Vergouwe 2005, J Clin Epidemiol
#: 58:475: 100 events and 100 others to validate a model).
_FEW = 100
#: As many panels fit beside each other; more of them stand in rows of three.
_ACROSS = 4


def draw_roc(findings: Findings, task: PredictionTask) -> Figure:
    """Draw the ROC curves of a task: both main models in each cohort."""
    curves = _rows(findings, "roc_curve", task, "sensitivity")
    if curves.empty:
        return panel(f"ROC, {task.label}", why_not(findings, task))
    curves = _without_few(findings, curves.assign(x=curves["term"].astype(float)))

    def one(axes: Axes, line: pd.DataFrame, style: dict[str, Any]) -> None:
        axes.plot(line["x"], line["estimate"], **style)

    figure, grid = _panels(findings, task, curves, one, ("auc",))
    for axes in grid:
        axes.set_xlim(-0.01, 1.01)
        axes.set_ylim(-0.01, 1.01)
        axes.set_xlabel("1 − specificity")
    grid[0].set_ylabel("Sensitivity")
    _finish(figure, findings)
    return figure


def draw_calibration(findings: Findings, task: PredictionTask) -> Figure:
    """Draw the calibration curves of a task: observed share against predicted risk."""
    observed = _rows(findings, "calibration_curve", task, "observed")
    predicted = _rows(findings, "calibration_curve", task, "predicted")
    if observed.empty or predicted.empty:
        return panel(f"Calibration, {task.label}", why_not(findings, task))
    keys = ["cohort", "adjustment", "term"]
    curves = observed.merge(
        predicted[[*keys, "estimate"]].rename(columns={"estimate": "x"}), on=keys
    )

    def one(axes: Axes, line: pd.DataFrame, style: dict[str, Any]) -> None:
        axes.plot(line["x"], line["estimate"], **style)
        axes.fill_between(
            line["x"], line["ci_low"], line["ci_high"], color=style["color"], alpha=0.16,
            linewidth=0, zorder=2,
        )  # fmt: skip

    figure, grid = _panels(findings, task, curves, one, ("calibration_slope",))
    highest = float(np.nanmax(curves[["x", "estimate", "ci_high"]].to_numpy(dtype=float)))
    top = min(1.0, np.ceil((highest + 0.02) / 0.2) * 0.2)
    for axes in grid:
        axes.set_xlim(0, top)
        axes.set_ylim(0, top)
        axes.set_xlabel("Predicted risk")
    few = _of_few(curves)
    for axes, cohort in zip(grid, _places(findings, curves), strict=True):
        if cohort in few:
            axes.text(0.03, 0.97, "few people", transform=axes.transAxes, va="top", fontsize=7.5,
                      style="italic", color=MUTED, zorder=5)  # fmt: skip
    grid[0].set_ylabel(_observed(task))
    _finish(figure, findings)
    return figure


def _observed(task: PredictionTask) -> str:
    """Return what the vertical axis is a share of: only contrasts of groups have cases."""
    return "Observed share of cases" if task.groups else f"Observed share:\n{task.label}"


def alt_roc(findings: Findings, task: PredictionTask) -> str:
    """Return what the ROC figure shows, in words."""
    text = _alt(findings, task, "ROC curves", ("auc",))
    points = _rows(findings, "roc_curve", task, "sensitivity")
    hidden = _without_few(findings, points)["estimate"].isna().any()
    return text + gap(findings) if hidden else text


def alt_calibration(findings: Findings, task: PredictionTask) -> str:
    """Return what the calibration figure shows, in words."""
    measures = ("calibration_slope", "calibration_intercept")
    text = _alt(findings, task, "Calibration curves", measures)
    few = _of_few(_rows(findings, "calibration_curve", task, "observed"))
    names = [place_name(findings, one) for one in findings.titles() if one in few]
    why = f"fewer than {_FEW} with or without the outcome, so that its bends are mostly chance"
    return f"{text} Few people in {', '.join(names)}: {why}." if names else text


def _of_few(curves: pd.DataFrame) -> set[str]:
    """Return the cohorts in which one of both classes is too small for a smooth curve."""
    rarer = np.minimum(curves["n_events"], curves["n"] - curves["n_events"])
    return set(curves.loc[rarer < _FEW, "cohort"])


def _places(findings: Findings, curves: pd.DataFrame) -> list[str]:
    """Return the cohorts that have a curve, in the order of their panels."""
    return [name for name in findings.titles() if (curves["cohort"] == name).any()]


def _alt(findings: Findings, task: PredictionTask, what: str, measures: Sequence[str]) -> str:
    setting = setting_of(findings, task)
    place = place_of(findings, task, setting) if setting else ""
    parts = []
    for tier in reversed(findings.study.added_value):
        found = [
            findings.ok(setting, task.name, name, cohort=place, adjustment=tier)
            for name in measures
        ]
        numbers = ", ".join(
            f"{words.MEASURES[row['measure']]} {plain(estimate_with_interval(row, findings))}"
            for row in found
            if row is not None
        )
        if numbers:
            parts.append(f"{words.prediction_tier(tier, findings.study)}: {numbers}")
    if not setting:
        return f"No {what[0].lower()}{what[1:]} for {task.label}: {why_not(findings, task)}"
    name = words.SETTINGS[setting][0].lower()
    where = f"{what}, {task.label}, {name}, with and without {findings.study.analyte.label}."
    return f"{where} {place_name(findings, place)}: {'; '.join(parts)}." if parts else where


def _rows(findings: Findings, analysis: str, task: PredictionTask, measure: str) -> pd.DataFrame:
    """Return the points of curves in the setting that is shown."""
    return results.select(
        findings.table, analysis=analysis, target=task.name, measure=measure, status="ok",
        stratum=setting_of(findings, task), adjustment=list(findings.study.added_value),
    )  # fmt: skip


def _without_few(findings: Findings, points: pd.DataFrame) -> pd.DataFrame:
    """Return the points of ROC curves; those behind which few people stand are missing.

    So is what they cut off at the corners, where sensitivity is 0 or 1: a stray dash.
    """
    few = [too_few_on_roc(findings, row) for _, row in points.iterrows()]
    shown = points["estimate"].mask(pd.Series(few, points.index, dtype=bool))
    order = points.assign(shown=shown, x=points["term"].astype(float)).sort_values("x")
    for _, curve in order.groupby(["cohort", "adjustment"], sort=False):
        drawn = curve["shown"].notna()
        runs = curve[drawn].groupby((~drawn).cumsum()[drawn])
        for _, run in runs:
            if 1 < len(run) < drawn.sum() and run["shown"].isin([0, 1]).all():
                shown[run.index] = np.nan
    return points.assign(estimate=shown)


def _panels(
    findings: Findings, task: PredictionTask, curves: pd.DataFrame, one: Callable[..., None],
    measures: Sequence[str],
) -> tuple[Figure, list[Axes]]:  # fmt: skip
    used = _places(findings, curves)
    colours = model_colours(findings.study)
    narrow = len(used) == _ACROSS
    figure, grid = panels(len(used), 2.3 if narrow else 3.15, _ACROSS if narrow else 3)
    for axes, cohort in zip(grid, used, strict=True):
        axes.set_aspect("equal")
        axes.set_title(wrapped(place_name(findings, cohort), 24 if narrow else 30, 1))
        axes.xaxis.set_major_locator(MultipleLocator(0.2))
        axes.yaxis.set_major_locator(MultipleLocator(0.2))
        axes.plot([0, 1], [0, 1], color=MUTED, linewidth=0.9, linestyle=(0, (1, 2)), zorder=1)
        axes.grid(color=FAINT)
        axes.set_axisbelow(True)
        despine(axes)
        for tier, dash in zip(reversed(findings.study.added_value), _DASHES, strict=True):
            mine = curves[(curves["cohort"] == cohort) & (curves["adjustment"] == tier)]
            style = {"color": colours[tier], "linewidth": 1.7, "linestyle": dash, "zorder": 3}
            one(axes, mine.sort_values("x"), style)
        _note(axes, findings, task, cohort, measures)
    return figure, grid


def _note(
    axes: Axes, findings: Findings, task: PredictionTask, cohort: str, measures: Sequence[str]
) -> None:
    """Write the number of each model into its panel, in the model's colour."""
    names = {"auc": "AUC", "calibration_slope": "slope"}
    setting, colours = setting_of(findings, task), model_colours(findings.study)
    for place, tier in enumerate(findings.study.added_value):
        for measure in measures:
            row = findings.ok(setting, task.name, measure, cohort=cohort, adjustment=tier)
            if row is None:
                continue
            text = f"{names[measure]} {fixed(row['estimate'], 2)}"
            axes.text(
                0.97, 0.04 + 0.085 * place, text, transform=axes.transAxes, ha="right",
                fontsize=8, color=colours[tier], zorder=5,
                bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.6, "alpha": 0.85},
            )  # fmt: skip


def _finish(figure: Figure, findings: Findings) -> None:
    colours = model_colours(findings.study)
    handles = [
        Line2D(
            [], [], linewidth=1.7, color=colours[tier], linestyle=dash,
            label=words.prediction_tier(tier, findings.study),
        )
        for tier, dash in zip(reversed(findings.study.added_value), _DASHES, strict=True)
    ]  # fmt: skip
    figure.tight_layout(w_pad=1.2, h_pad=1.2)
    figure.legend(
        handles=handles, loc="upper center", bbox_to_anchor=(0.5, 0.01), ncols=2, frameon=False,
        handlelength=3,
    )  # fmt: skip
