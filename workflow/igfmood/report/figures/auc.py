"""Discrimination of the main models, in each cohort and pooled.

Takes the findings and a prediction task; gives a figure with a panel for each way of validation,
and its alt text.
"""

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from igfmood.performance.tasks import PredictionTask
from igfmood.report import words
from igfmood.report.load import Findings
from igfmood.report.numbers import NBSP, plain
from igfmood.report.prediction import (
    MAIN_MEASURE,
    SETTINGS,
    cohorts_of,
    main_row,
    main_tiers,
    place_of,
    setting_of,
    why_not,
)
from igfmood.report.style import (
    FAINT,
    INK,
    MUTED,
    despine,
    model_colours,
    panel,
    wrapped,
)
from igfmood.report.text import estimate_with_interval
from igfmood.results import POOLED

_MARKERS = ("o", "D", "^")


def draw(findings: Findings, task: PredictionTask) -> Figure:
    """Draw the discrimination of the main models of a task."""
    name = words.MEASURES[MAIN_MEASURE[task.kind]]
    if not setting_of(findings, task):
        return panel(f"{name}, {task.label}", why_not(findings, task))
    used = [one for one in SETTINGS if cohorts_of(findings, task, one)]
    known = {cohort for one in used for cohort in cohorts_of(findings, task, one)}
    pooled = any(place_of(findings, task, one) == POOLED for one in used)
    rows = [c for c in reversed(findings.titles()) if c in known]
    rows = [POOLED, *rows] if pooled or len(rows) > 1 else rows
    figure, grid = plt.subplots(
        1, len(used), figsize=(8.6 if len(used) > 1 else 6.2, 1.0 + 0.4 * len(rows)), sharex=True,
        sharey=True, squeeze=False,
    )  # fmt: skip
    for axes, setting in zip(grid[0], used, strict=True):
        _draw_panel(axes, findings, task, setting, rows)
        axes.set_title(words.SETTINGS[setting][0])
        axes.set_xlabel(f"{name} (dashed: no better than chance)")
    figure.tight_layout(w_pad=1.5)
    _legend(figure, findings)
    return figure


def alt(findings: Findings, task: PredictionTask) -> str:
    """Return what the figure shows, in words."""
    setting = setting_of(findings, task)
    name = words.MEASURES[MAIN_MEASURE[task.kind]]
    if not setting:
        return f"No {name} to show for {task.label}: {why_not(findings, task)}"
    parts = [
        f"{words.prediction_tier(tier, findings.study)} "
        f"{plain(estimate_with_interval(row, findings))}"
        for tier in main_tiers(findings.study)
        if (row := main_row(findings, task, setting, place_of(findings, task, setting), tier))
        is not None
    ]
    told = f" As a whole: {'; '.join(parts)}." if parts else ""
    return (
        f"{name} of {task.label} by cohort and model, {words.SETTINGS[setting][0].lower()}.{told}"
    )


def _draw_panel(
    axes: Axes, findings: Findings, task: PredictionTask, setting: str, rows: list[str]
) -> None:
    titles = findings.titles()
    tiers = main_tiers(findings.study)
    axes.axvline(0.5, color=MUTED, linewidth=0.9, linestyle=(0, (4, 2)), zorder=1)
    if rows[0] == POOLED:
        axes.axhspan(-0.5, 0.5, color="#f1f4f7", zorder=0, linewidth=0)
    for y, name in enumerate(rows):
        found = [main_row(findings, task, setting, name, tier) for tier in tiers]
        if all(row is None for row in found):
            axes.text(
                0.5, y, "not pooled" if name == POOLED else "not estimable",
                transform=axes.get_yaxis_transform(), color=MUTED, fontsize=7.5, style="italic",
                va="center", ha="center",
                bbox={"facecolor": "white", "edgecolor": "none", "pad": 1},
            )  # fmt: skip
        _draw_tiers(axes, y, found, tiers, findings, pooled=name == POOLED)
    axes.set_yticks(range(len(rows)))
    axes.set_yticklabels([wrapped(titles.get(name, "Pooled"), 26, 1) for name in rows])
    for text in axes.get_yticklabels()[: rows[0] == POOLED]:
        text.set_fontweight("bold")
    axes.set_ylim(-0.5, len(rows) - 0.5)
    axes.tick_params(axis="y", length=0)
    axes.grid(axis="x", color=FAINT)
    axes.set_axisbelow(True)
    despine(axes, left=True)


def _draw_tiers(
    axes: Axes, y: float, found: list[pd.Series | None], tiers: list[str], findings: Findings,
    *, pooled: bool,
) -> None:  # fmt: skip
    colours = model_colours(findings.study)
    step = 0.56 / max(len(tiers), 2)
    for place, (tier, row) in enumerate(zip(tiers, found, strict=True)):
        if row is None:
            continue
        height = y + step * ((len(tiers) - 1) / 2 - place)
        axes.plot([row["ci_low"], row["ci_high"]], [height] * 2, color=colours[tier], linewidth=1.3)
        axes.plot(
            row["estimate"], height, marker=_MARKERS[place], color=colours[tier],
            markersize=6.5 if pooled else 4.8, markeredgecolor="white", markeredgewidth=0.6,
            zorder=4,
        )  # fmt: skip


def _legend(figure: Figure, findings: Findings) -> None:
    colours = model_colours(findings.study)
    handles = [
        Line2D(
            [], [], color=colours[tier], marker=_MARKERS[place], linewidth=1.3, markersize=5,
            label=f"{words.prediction_tier(tier, findings.study)}{NBSP}",
        )
        for place, tier in enumerate(main_tiers(findings.study))
    ]  # fmt: skip
    figure.legend(
        handles=handles, loc="upper center", bbox_to_anchor=(0.5, 0.005), ncols=len(handles),
        frameon=False, labelcolor=INK,
    )  # fmt: skip
