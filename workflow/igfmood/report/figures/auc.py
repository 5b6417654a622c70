"""AUC of every model, in each cohort and pooled.

Takes the findings; gives a figure with one row of panels per task (cross-validated, leave one
cohort out) and its alt text.
"""

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from igfmood.report import words
from igfmood.report.load import Findings
from igfmood.report.numbers import NBSP, plain
from igfmood.report.style import FAINT, INK, MUTED, despine, panel, tier_colours, wrapped
from igfmood.report.text import estimate_with_interval
from igfmood.results import POOLED

_MARKERS = ("o", "^", "D", "s", "v")


def draw(findings: Findings) -> Figure:
    """Draw the AUC of every model, task and way of validation."""
    if not _any(findings):
        return panel("AUC", why_not(findings))
    tasks = findings.study.tasks
    names = [cohort.name for cohort in findings.study.cohorts]
    height = 0.8 + len(tasks) * (0.55 + 0.36 * (len(names) + 1))
    figure, grid = plt.subplots(
        len(tasks), 2, figsize=(8.6, height), sharex=True, sharey=True, squeeze=False
    )
    for place, task in enumerate(tasks):
        for axes, setting in zip(grid[place], words.SETTINGS, strict=True):
            _draw_panel(axes, findings, task.name, setting)
            title = words.SETTINGS[setting][0] if place == 0 else ""
            axes.set_title(title, pad=20 if place == 0 else 6)
        grid[place][0].annotate(
            task.label, (0, 1), xycoords="axes fraction", xytext=(0, 5),
            textcoords="offset points", color=MUTED, fontsize=9,
        )  # fmt: skip
    for axes in grid[-1]:
        axes.set_xlabel("AUC (dashed: no better than chance)")
    _legend(figure, findings)
    figure.tight_layout(h_pad=1.2, w_pad=1.5)
    return figure


def alt(findings: Findings) -> str:
    """Return what the figure shows, in words."""
    if not _any(findings):
        return f"No AUC to show: {why_not(findings)}"
    parts = []
    for task in findings.study.tasks:
        for tier in findings.study.prediction_tiers:
            row = findings.ok("validation", task.name, "auc", adjustment=tier)
            if row is not None:
                name = words.prediction_tier(tier, findings.study)
                parts.append(
                    f"{task.label}, {name}: {plain(estimate_with_interval(row, findings))}"
                )
    return "AUC by cohort and model. Pooled over left-out cohorts: " + "; ".join(parts) + "."


def why_not(findings: Findings) -> str:
    """Return why no model could be validated."""
    return (
        findings.why_not(analysis=list(words.SETTINGS), measure="auc") or "no cohort could be used"
    )


def _any(findings: Findings) -> bool:
    table = findings.table
    found = table["analysis"].isin(list(words.SETTINGS)) & (table["measure"] == "auc")
    return bool((found & (table["status"] == "ok")).any())


def _draw_panel(axes: Axes, findings: Findings, task: str, setting: str) -> None:
    cohorts = [cohort.name for cohort in findings.study.cohorts]
    titles = findings.titles()
    tiers = list(findings.study.prediction_tiers)
    rows = [POOLED, *reversed(cohorts)]
    axes.axvline(0.5, color=MUTED, linewidth=0.9, linestyle=(0, (4, 2)), zorder=1)
    axes.axhspan(-0.5, 0.5, color="#f1f4f7", zorder=0, linewidth=0)
    for y, name in enumerate(rows):
        found = [findings.ok(setting, task, "auc", cohort=name, adjustment=tier) for tier in tiers]
        if all(row is None for row in found):
            axes.text(
                0.5, y, "  not estimable", transform=axes.get_yaxis_transform(), color=MUTED,
                fontsize=7.5, style="italic", va="center", ha="center",
                bbox={"facecolor": "white", "edgecolor": "none", "pad": 1},
            )  # fmt: skip
        _draw_tiers(axes, y, found, tiers, pooled=name == POOLED)
    axes.set_yticks(range(len(rows)))
    axes.set_yticklabels(["Pooled", *(wrapped(titles[name], 26, 1) for name in reversed(cohorts))])
    for text in axes.get_yticklabels()[:1]:
        text.set_fontweight("bold")
    axes.set_ylim(-0.5, len(rows) - 0.5)
    axes.tick_params(axis="y", length=0)
    axes.grid(axis="x", color=FAINT)
    axes.set_axisbelow(True)
    despine(axes, left=True)


def _draw_tiers(
    axes: Axes, y: float, found: list[pd.Series | None], tiers: list[str], *, pooled: bool
) -> None:
    colours = tier_colours(tiers)
    step = 0.56 / max(len(tiers), 2)
    for place, (tier, row) in enumerate(zip(tiers, found, strict=True)):
        if row is None:
            continue
        height = y + step * ((len(tiers) - 1) / 2 - place)
        axes.plot([row["ci_low"], row["ci_high"]], [height] * 2, color=colours[tier], linewidth=1.3)
        axes.plot(
            row["estimate"], height, marker=_MARKERS[place % len(_MARKERS)], color=colours[tier],
            markersize=6.5 if pooled else 4.8, markeredgecolor="white", markeredgewidth=0.6,
            zorder=4,
        )  # fmt: skip


def _legend(figure: Figure, findings: Findings) -> None:
    tiers = list(findings.study.prediction_tiers)
    colours = tier_colours(tiers)
    handles = [
        Line2D(
            [], [], color=colours[tier], marker=_MARKERS[place % len(_MARKERS)], linewidth=1.3,
            markersize=5, label=f"{words.prediction_tier(tier, findings.study)}{NBSP}",
        )
        for place, tier in enumerate(tiers)
    ]  # fmt: skip
    figure.legend(
        handles=handles, loc="upper center", bbox_to_anchor=(0.5, 0.005), ncols=min(3, len(tiers)),
        frameon=False, labelcolor=INK,
    )  # fmt: skip
