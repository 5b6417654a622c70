"""What the analyte adds to the AUC: each pair of tiers, each cohort, and pooled.

Takes the findings and a prediction task; gives a figure with one panel per pair, and its alt text.
"""

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from igfmood.config.prediction import added_pairs
from igfmood.performance.tasks import PredictionTask
from igfmood.report import words
from igfmood.report.load import Findings
from igfmood.report.numbers import plain
from igfmood.report.prediction import CROSS_VALIDATION, SETTINGS, VALIDATION, why_not
from igfmood.report.style import FAINT, INK, MUTED, despine, panel, wrapped
from igfmood.report.text import estimate_with_interval
from igfmood.results import POOLED

_COLOURS = {VALIDATION: "#0b5ea8", CROSS_VALIDATION: "#c4500a"}
_MARKERS = {VALIDATION: "s", CROSS_VALIDATION: "o"}
#: An interval is cut here: an added AUC beyond it is not worth a scale.
_WIDEST = 0.6
#: So many letters of a title fit above one of three panels; above a wider one all do.
_LETTERS = 34


def draw(findings: Findings, task: PredictionTask) -> Figure:
    """Draw the added AUC of every pair of tiers that differ in the analyte alone."""
    pairs = _pairs(findings, task)
    if not pairs:
        return panel(f"Added AUC, {task.label}", why_not(findings, task))
    known = [
        name for name in findings.titles()
        if any(_row(findings, task, one, name, pair) is not None
               for one in SETTINGS for pair in pairs)
    ]  # fmt: skip
    places = [POOLED, *reversed(known)] if len(known) > 1 else known
    across = 2 if len(pairs) == 4 else min(3, len(pairs))
    down = -(-len(pairs) // across)
    figure, grid = plt.subplots(
        down, across, figsize=(8.8, (0.85 + 0.27 * len(places)) * down + 0.3), sharex=True,
        sharey=True, squeeze=False,
    )  # fmt: skip
    for axes in list(grid.flat)[len(pairs) :]:
        axes.set_axis_off()
    letters = _LETTERS if across > 2 else 50
    for axes, pair in zip(grid.flat, pairs, strict=False):
        _draw_panel(axes, findings, task, places, pair)
        title = wrapped(words.added_pair(*pair, findings.study), letters, 2)
        axes.set_title(title, fontsize=8.8)
        axes.set_xlabel("Added AUC")
        axes.tick_params(labelbottom=True)
    _limits(grid[0][0], findings, task, pairs, places)
    _finish(figure, findings, task, pairs)
    return figure


def alt(findings: Findings, task: PredictionTask) -> str:
    """Return what the figure shows, in words."""
    pairs = _pairs(findings, task)
    if not pairs:
        return f"No added AUC for {task.label}: {why_not(findings, task)}"
    parts = [
        f"{words.added_pair(*pair, findings.study)} ({words.SETTINGS[one][0].lower()}) "
        f"{plain(estimate_with_interval(row, findings))}"
        for pair in pairs for one in SETTINGS
        if (row := _row(findings, task, one, POOLED, pair)) is not None
    ]  # fmt: skip
    return f"Added AUC by cohort, {task.label}. Pooled: {'; '.join(parts) or 'none'}."


def _row(
    findings: Findings, task: PredictionTask, setting: str, cohort: str, pair: tuple[str, str]
) -> pd.Series | None:
    new, old = pair
    return findings.ok(
        setting, task.name, "delta_auc", cohort=cohort, adjustment=new, term=f"over {old}"
    )  # fmt: skip


def _pairs(findings: Findings, task: PredictionTask) -> list[tuple[str, str]]:
    """Return the pairs of tiers that at least one cohort tells something of."""
    return [
        pair for pair in added_pairs(findings.study.prediction_tiers)
        if any(_row(findings, task, one, name, pair) is not None
               for one in SETTINGS for name in findings.titles())
    ]  # fmt: skip


def _draw_panel(
    axes: Axes, findings: Findings, task: PredictionTask, places: list[str], pair: tuple[str, str]
) -> None:
    axes.axvline(0, color=MUTED, linewidth=0.9, zorder=1)
    if places[0] == POOLED:
        axes.axhspan(-0.5, 0.5, color="#f1f4f7", zorder=0, linewidth=0)
    for y, name in enumerate(places):
        for setting, shift in ((VALIDATION, 0.16), (CROSS_VALIDATION, -0.16)):
            row = _row(findings, task, setting, name, pair)
            if row is None:
                continue
            colour = _COLOURS[setting]
            axes.plot([row["ci_low"], row["ci_high"]], [y + shift] * 2, color=colour,
                      linewidth=1.3, zorder=3)  # fmt: skip
            axes.plot(
                row["estimate"], y + shift, marker="D" if name == POOLED else _MARKERS[setting],
                markersize=6.5 if name == POOLED else 4.8, color=colour,
                markeredgecolor="white", markeredgewidth=0.6, zorder=4,
            )  # fmt: skip
    axes.set_yticks(range(len(places)))
    titles = findings.titles()
    axes.set_yticklabels([wrapped(titles.get(name, "Pooled"), 24, 1) for name in places])
    for text in axes.get_yticklabels()[: places[0] == POOLED]:
        text.set_fontweight("bold")
    axes.set_ylim(-0.5, len(places) - 0.5)
    axes.tick_params(axis="y", length=0)
    axes.xaxis.set_major_locator(MaxNLocator(5))
    axes.grid(axis="x", color=FAINT)
    axes.set_axisbelow(True)
    despine(axes, left=True)


def _limits(
    axes: Axes, findings: Findings, task: PredictionTask, pairs: list[tuple[str, str]],
    places: list[str],
) -> None:  # fmt: skip
    ends = [0.0, 0.05]
    for pair in pairs:
        for setting in SETTINGS:
            for name in places:
                row = _row(findings, task, setting, name, pair)
                if row is not None:
                    ends += [float(row["ci_low"]), float(row["ci_high"])]
    low, high = max(min(ends), -_WIDEST), min(max(ends), _WIDEST)
    pad = 0.05 * (high - low)
    axes.set_xlim(low - pad, high + pad)


def _finish(
    figure: Figure, findings: Findings, task: PredictionTask, pairs: list[tuple[str, str]]
) -> None:
    used = [
        one for one in SETTINGS
        if any(_row(findings, task, one, name, pair) is not None
               for name in findings.titles() for pair in pairs)
    ]  # fmt: skip
    handles = [
        Line2D([], [], color=_COLOURS[one], marker=_MARKERS[one], markersize=5, linewidth=1.3,
               label=words.SETTINGS[one][0])
        for one in used
    ]  # fmt: skip
    figure.tight_layout(w_pad=0.8, h_pad=1.0)
    figure.legend(
        handles=handles, loc="upper center", bbox_to_anchor=(0.5, 0.01), ncols=2, frameon=False,
        labelcolor=INK,
    )  # fmt: skip
