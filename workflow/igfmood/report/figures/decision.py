"""Decision curves: what acting on a model gains, at each risk at which one would act.

Takes the findings and a prediction task; gives a figure with one panel per cohort and one for
their synthesis, and its alt text.
"""

import matplotlib.ticker
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from igfmood.performance.tasks import PredictionTask
from igfmood.report import words
from igfmood.report.load import Findings
from igfmood.report.numbers import plain
from igfmood.report.prediction import (
    EVERYBODY,
    added,
    by_threshold,
    place_name,
    place_of,
    setting_of,
    why_not,
)
from igfmood.report.small_cells import gap, too_few
from igfmood.report.style import FAINT, INK, despine, model_colours, panel, panels, wrapped
from igfmood.report.text import estimate_with_interval
from igfmood.results import POOLED

#: Fewer points than this make no curve.
_FEWEST = 3
#: Acting on everybody falls without end: below this share of the highest gain nothing is shown.
_FLOOR = 0.35


def draw(findings: Findings, task: PredictionTask) -> Figure:
    """Draw net benefit of both main models, of acting on everybody and on nobody."""
    places = _places(findings, task)
    if not places:
        return panel(f"Decision curves, {task.label}", why_not(findings, task))
    figure, grid = panels(len(places), 2.55, 2 if len(places) == 4 else 3)
    for axes, cohort in zip(grid, places, strict=True):
        _draw_panel(axes, findings, task, cohort)
    _finish(figure, findings)
    return figure


def alt(findings: Findings, task: PredictionTask) -> str:
    """Return what the figure shows, in words."""
    setting = setting_of(findings, task)
    if not _places(findings, task):
        return f"No decision curves for {task.label}: {why_not(findings, task)}"
    text = (
        f"Net benefit against the risk at which one would act, {task.label}, "
        f"{words.SETTINGS[setting][0].lower()}: with and without "
        f"{findings.study.analyte.label}, acting on everybody and on nobody."
    )
    place = place_of(findings, task, setting)
    row = added(findings, task, setting, place) if place else None
    found = [] if row is None else list(by_threshold(findings, row, "delta_net_benefit"))
    told = [
        f"{t:g}: {plain(estimate_with_interval(one, findings))}"
        for t, one in found if not pd.isna(one["ci_low"]) and not too_few(findings, one)
    ]  # fmt: skip
    if told:
        text = f"{text} Added net benefit by threshold: {'; '.join(told)}."
    hidden = any(
        _curve(findings, task, cohort, tier)["estimate"].isna().any()
        for cohort in _places(findings, task) for tier in findings.study.added_value
    )  # fmt: skip
    return text + gap(findings) if hidden else text


def _places(findings: Findings, task: PredictionTask) -> list[str]:
    new = findings.study.added_value[0]
    return [
        place for place in (POOLED, *findings.titles())
        if len(_curve(findings, task, place, new)) >= _FEWEST
    ]  # fmt: skip


def _curve(findings: Findings, task: PredictionTask, cohort: str, tier: str) -> pd.DataFrame:
    """Return the points of a curve, shape (thresholds, 4); what may not be shown is missing."""
    keys = {"analysis": setting_of(findings, task), "target": task.name, "cohort": cohort,
            "adjustment": tier}  # fmt: skip
    columns = ["estimate", "ci_low", "ci_high"]
    points = []
    for x, row in by_threshold(findings, keys, "net_benefit"):
        # Acting on everybody tells the share of cases alone.
        hidden = tier != EVERYBODY and too_few(findings, row)
        points.append((x, *([np.nan] * 3 if hidden else row[columns])))
    return pd.DataFrame(points, columns=["x", *columns]).astype(float)


def _draw_panel(axes: Axes, findings: Findings, task: PredictionTask, cohort: str) -> None:
    new, old = findings.study.added_value
    colours = model_colours(findings.study)
    axes.axhline(0, color=INK, linewidth=1.0, zorder=2)
    everybody = _curve(findings, task, cohort, EVERYBODY)
    axes.plot(everybody["x"], everybody["estimate"], color=INK, linewidth=1.1,
              linestyle=(0, (1, 1.5)), zorder=2)  # fmt: skip
    tops, bottoms = [*everybody["estimate"], 0.01], [0.0]
    for tier, dash in ((old, (0, (4, 1.5))), (new, "-")):
        curve = _curve(findings, task, cohort, tier)
        axes.plot(curve["x"], curve["estimate"], color=colours[tier], linestyle=dash,
                  linewidth=1.7, marker="o", markersize=2.6, zorder=4)  # fmt: skip
        tops += [*curve["estimate"].dropna()]
        bottoms += [*curve["estimate"].dropna()]
        if tier == new and cohort != POOLED:
            low = curve["ci_low"].fillna(curve["estimate"])
            high = curve["ci_high"].fillna(curve["estimate"])
            axes.fill_between(curve["x"], low, high, color=colours[tier], alpha=0.14, linewidth=0)
    top = max(tops)
    # What acting on a model costs is never cut.
    axes.set_ylim(min(-_FLOOR * top, 1.1 * min(bottoms)), 1.12 * top)
    axes.set_xlim(0, max(findings.study.prediction.thresholds) + 0.01)
    axes.yaxis.set_major_locator(matplotlib.ticker.MaxNLocator(4))
    axes.set_title(wrapped(place_name(findings, cohort), 30, 1))
    axes.set_xlabel("Threshold")
    axes.set_ylabel("Net benefit")
    axes.grid(color=FAINT)
    axes.set_axisbelow(True)
    despine(axes)


def _finish(figure: Figure, findings: Findings) -> None:
    new, old = findings.study.added_value
    colours = model_colours(findings.study)
    handles = [
        Line2D([], [], color=colours[old], linestyle=(0, (4, 1.5)), linewidth=1.7,
               label=words.prediction_tier(old, findings.study)),
        Line2D([], [], color=colours[new], linewidth=1.7,
               label=words.prediction_tier(new, findings.study)),
        Line2D([], [], color=INK, linestyle=(0, (1, 1.5)), linewidth=1.1, label="everybody"),
        Line2D([], [], color=INK, linewidth=1.0, label="nobody"),
    ]  # fmt: skip
    figure.tight_layout(w_pad=1.0, h_pad=1.2)
    figure.legend(
        handles=handles, loc="upper center", bbox_to_anchor=(0.5, 0.01), ncols=4, frameon=False,
        handlelength=3, labelcolor=INK, columnspacing=1.4,
    )  # fmt: skip
