"""Forest plots: each cohort's estimate, the pooled one, and what a new cohort would show.

Takes the findings and an estimand; gives a figure and its alt text.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Polygon
from matplotlib.ticker import MaxNLocator

from igfmood.config.analysis import ALL
from igfmood.config.claims import Claim
from igfmood.report import words
from igfmood.report.counts import INCIDENCE, Counts
from igfmood.report.estimands import Estimand, margin_of
from igfmood.report.load import Findings
from igfmood.report.names import forest_name, with_forest
from igfmood.report.numbers import level, plain
from igfmood.report.protected import told_reason
from igfmood.report.reasons import without_keys
from igfmood.report.style import FAINT, INK, MUTED, PAPER, despine, panel, wrapped
from igfmood.report.text import estimate_with_interval, pooled_line, stands_alone
from igfmood.synthesis.row_keys import PREDICTION_TERM

_BLUE, _BAND = "#0b5ea8", "#eef1f4"
#: Left edge of the labels, as a share of the axes' width.
_LEFT = -1.0


@dataclass(frozen=True)
class _Line:
    """One row of the plot."""

    label: str
    sizes: str
    row: pd.Series | None
    kind: str
    reason: str = ""


def name_of(estimand: Estimand, claim: Claim | None) -> str:
    """Return the name of the forest plot of an estimand, empty if it has none."""
    if estimand.population == ALL and estimand.analysis == "contrast":
        return f"forest_{estimand.target}"
    if estimand.population == ALL and estimand.analysis == "severity":
        return "forest_severity"
    if claim is None or not with_forest([claim]):
        return ""
    return forest_name(claim, estimand.term if claim.estimand.also else "")


def draw(findings: Findings, counts: Counts, estimand: Estimand, axis: str) -> Figure:
    """Draw the forest plot of one estimand.

    Parameters
    ----------
    findings, counts
        The study.
    estimand
        What was estimated.
    axis
        Label of the horizontal axis: quantity and unit.
    """
    if not any(row["status"] == "ok" for row in estimand.cohorts(findings)):
        return panel(estimand.about(findings), estimand.why_not(findings))
    lines = _lines(findings, counts, estimand)
    height = 1.15 + 0.31 * len(lines)
    figure, axes = plt.subplots(figsize=(8.8, height))
    figure.subplots_adjust(left=0.39, right=0.755)
    margin = margin_of(findings, estimand)
    if margin:
        axes.axvspan(-margin, margin, color=_BAND, zorder=0, linewidth=0)
    axes.axvline(0, color=MUTED, linewidth=0.9, zorder=1)
    for place, line in enumerate(lines):
        _draw_line(axes, len(lines) - 1 - place, line, findings)
    _limits(axes, lines, margin)
    axes.set_ylim(-0.7, len(lines) - 0.3)
    axes.set_yticks([])
    axes.xaxis.set_major_locator(MaxNLocator(6))
    axes.set_xlabel(axis)
    _headings(axes, len(lines), findings, estimand)
    despine(axes, left=True)
    return figure


def alt(findings: Findings, counts: Counts, estimand: Estimand) -> str:
    """Return what the figure shows, in words."""
    name = estimand.about(findings)
    if not any(row["status"] == "ok" for row in estimand.cohorts(findings)):
        return f"No forest plot for {name}: {estimand.why_not(findings)}"
    pooled = estimand.pooled(findings)
    cohorts = "; ".join(
        f"{findings.titles()[row['cohort']]} {plain(estimate_with_interval(row, findings))}"
        for row in estimand.cohorts(findings)
        if row["status"] == "ok"
    )
    summary = f"Not pooled: {estimand.why_not(findings)}."
    if pooled is not None:
        summary = plain(pooled_line(pooled, findings, counts))
    return f"Forest plot, {name}, {estimand.adjusted(findings)}. {cohorts}. {summary}"


def _lines(findings: Findings, counts: Counts, estimand: Estimand) -> list[_Line]:
    titles = findings.titles()
    pooled = estimand.pooled(findings)
    alone = only_cohort(findings, estimand)
    lines = []
    for row in estimand.cohorts(findings):
        label = wrapped(titles[row["cohort"]], 34, 1)
        if row["status"] == "ok":
            lines.append(_Line(label, _sizes(row, counts), row, "cohort"))
        elif alone is None:
            lines.append(_Line(label, "", None, "absent", "not estimable"))
    if pooled is None:
        return [*lines, _Line("Pooled", "", None, "absent", "not pooled")]
    if alone is not None:
        return [*lines, *_of_one(findings, counts, estimand, alone)]
    lines.append(_Line("Pooled, random effects", _sizes(pooled, counts), pooled, "pooled"))
    predicted = estimand.pooled(findings, PREDICTION_TERM)
    if predicted is not None:
        lines.append(_Line("New cohort (prediction interval)", "", predicted, "prediction"))
    for other in estimand.other_tiers(findings):
        same = other.pooled(findings)
        if same is not None:
            label = f"Pooled, {other.adjusted(findings)}"
            lines.append(_Line(wrapped(label, 38, 1), _sizes(same, counts), same, "other"))
    return lines


def _of_one(
    findings: Findings, counts: Counts, estimand: Estimand, alone: pd.Series
) -> Iterator[_Line]:  # fmt: skip
    """Yield the estimate of the only cohort with every other adjustment."""
    for other in estimand.other_tiers(findings):
        for row in other.cohorts(findings):
            if row["cohort"] == alone["cohort"] and row["status"] == "ok":
                label = f"The same, {other.adjusted(findings)}"
                yield _Line(wrapped(label, 38, 1), _sizes(row, counts), row, "same")


def only_cohort(findings: Findings, estimand: Estimand) -> pd.Series | None:
    """Return the row of the only cohort behind an estimate, None if there are more or none."""
    pooled = estimand.pooled(findings)
    if pooled is None or not stands_alone(pooled):
        return None
    return next(row for row in estimand.cohorts(findings) if row["status"] == "ok")


def legend_of_one(findings: Findings, estimand: Estimand) -> str:
    """Return what the marks mean where one cohort alone has an estimate, else nothing."""
    alone = only_cohort(findings, estimand)
    if alone is None:
        return ""
    other = "; open square: the same with another adjustment" if any(
        one.pooled(findings) is not None for one in estimand.other_tiers(findings)
    ) else ""  # fmt: skip
    return (
        f"Filled square: {findings.titles()[alone['cohort']]}, the only cohort with an estimate: "
        f"nothing is pooled, no claim to other cohorts{other}."
    )


def absent(findings: Findings, estimand: Estimand) -> str:
    """Return which cohorts have no estimate and why, nothing if all have one."""
    titles = findings.titles()
    given: dict[str, list[str]] = {}
    for row in estimand.cohorts(findings):
        if row["status"] != "ok":
            why = without_keys(row["reason"], findings.study)
            reason = told_reason(why, estimand.population, findings.min_cell)
            given.setdefault(reason, []).append(titles[row["cohort"]])
    told = "; ".join(f"{', '.join(names)} ({reason})" for reason, names in given.items())
    return f"Not estimable: {told}." if told else ""


def _sizes(row: pd.Series, counts: Counts) -> str:
    events = counts.events(row)
    if events is not None:
        return f"{events.text} / {counts.people(row).text}"
    if pd.isna(row["n_events"]) or counts.of_events(row):
        return counts.people(row).text
    return f"{counts.cases(row).text} / {counts.controls(row).text}"


def _draw_line(axes: Axes, y: float, line: _Line, findings: Findings) -> None:
    bold = "bold" if line.kind == "pooled" else "normal"
    colour = INK if line.kind in ("cohort", "pooled", "prediction") else MUTED
    beside: dict[str, Any] = {"va": "center", "fontsize": 8.5, "color": colour, "weight": bold}
    sides = axes.get_yaxis_transform()
    axes.text(_LEFT, y, line.label, transform=sides, ha="left", **beside)
    axes.text(-0.03, y, line.sizes, transform=sides, ha="right", **beside)
    if line.row is None:
        axes.text(1.04, y, line.reason, transform=sides, ha="left", style="italic", **beside)
        return
    row = line.row
    low, mid, high = row["ci_low"], row["estimate"], row["ci_high"]
    shown = plain(estimate_with_interval(row, findings))
    if line.kind == "prediction":
        shown = shown[shown.index("(") :]
    axes.text(1.04, y, shown, transform=sides, ha="left", **beside)
    if line.kind == "pooled":
        corners = [(low, y), (mid, y + 0.26), (high, y), (mid, y - 0.26)]
        axes.add_patch(Polygon(corners, facecolor=_BLUE, edgecolor=_BLUE, zorder=4))
    elif line.kind == "other":
        corners = [(low, y), (mid, y + 0.2), (high, y), (mid, y - 0.2)]
        axes.add_patch(Polygon(corners, facecolor=PAPER, edgecolor=MUTED, zorder=4))
    elif line.kind == "prediction":
        axes.plot(
            [low, high], [y, y], color=_BLUE, linewidth=1.3, linestyle=(0, (4, 1.5)), zorder=3
        )
        for end in (low, high):
            axes.plot([end, end], [y - 0.16, y + 0.16], color=_BLUE, linewidth=1.3, zorder=3)
    else:
        fill = PAPER if line.kind == "same" else colour
        axes.plot([low, high], [y, y], color=colour, linewidth=1.2, zorder=3)
        axes.plot(mid, y, marker="s", markersize=5.5, color=colour, markerfacecolor=fill, zorder=4)


def _limits(axes: Axes, lines: list[_Line], margin: float | None) -> None:
    """Show every cohort and the pooled estimate; a very wide prediction interval may be cut."""
    shown = [line.row for line in lines if line.row is not None]
    low = min([-(margin or 0), 0, *(float(row["ci_low"]) for row in shown)])
    high = max([margin or 0, 0, *(float(row["ci_high"]) for row in shown)])
    pad = 0.06 * (high - low or 1)
    axes.set_xlim(low - pad, high + pad)


def _headings(axes: Axes, n: int, findings: Findings, estimand: Estimand) -> None:
    y = n - 0.25
    sides = axes.get_yaxis_transform()
    style: dict[str, Any] = {"va": "bottom", "fontsize": 8.5, "color": MUTED}
    of_events = findings.task(estimand.target) is None or estimand.analysis == INCIDENCE
    known = any(not pd.isna(row["n_events"]) for row in estimand.cohorts(findings))
    sizes = f"cases / {words.compared_with(estimand.target, findings.study)}"
    if of_events:
        sizes = "events / people" if known else "people"
    axes.text(_LEFT, y, "Cohort", transform=sides, ha="left", **style)
    axes.text(-0.03, y, sizes, transform=sides, ha="right", **style)
    axes.text(
        1.04,
        y,
        f"estimate ({level(findings.study.level)} interval)",
        transform=sides,
        ha="left",
        **style,
    )
    axes.axhline(n - 0.35, color=FAINT, linewidth=0.8, xmin=_LEFT, xmax=1.68, clip_on=False)
