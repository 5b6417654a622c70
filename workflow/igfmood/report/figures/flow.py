"""From rows in the file to rows analysed: one column of boxes per cohort.

Takes the findings and the counts that may be shown; gives a figure and its alt text. Nothing is
drawn to scale, so that no suppressed count can be measured.
"""

from dataclasses import dataclass

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch

from igfmood.config.cohort import Cohort
from igfmood.report.cohort_tables import FlowLine, drawn_lines, flow_lines
from igfmood.report.counts import Counts
from igfmood.report.load import Findings
from igfmood.report.style import ALARM, MUTED, wrapped

_COLUMNS = 3
_STEP, _HEIGHT = 0.5, 0.38
_HEAD = 0.4
_MANY = 9


@dataclass(frozen=True)
class _Box:
    face: str
    edge: str


_BOXES = {
    "rows": _Box("#eef3f8", "#9fb4c8"),
    "out": _Box("#ffffff", "#c4ccd4"),
    "note": _Box("#fdf9f0", "#d9c48f"),
    "end": _Box("#dcebf7", "#0b5ea8"),
    "failed": _Box("#fbeaea", ALARM),
}


def draw(findings: Findings, counts: Counts) -> Figure:
    """Draw the flow of rows of every cohort."""
    cohorts = findings.study.cohorts
    lines = {cohort.name: drawn_lines(flow_lines(findings, counts, cohort)) for cohort in cohorts}
    columns = min(_COLUMNS, len(cohorts))
    in_rows = [cohorts[at : at + columns] for at in range(0, len(cohorts), columns)]
    deepest = [max(3, *(len(lines[cohort.name]) for cohort in row)) for row in in_rows]
    # Many steps stand closer; two lines of a label still fit their box.
    heights = [(_HEAD + _STEP * n) * (0.76 if n > _MANY else 1) for n in deepest]
    figure, grid = plt.subplots(
        len(in_rows), columns, figsize=(3.05 * columns, sum(heights) + 0.25 * len(in_rows)),
        squeeze=False, gridspec_kw={"height_ratios": heights},
    )  # fmt: skip
    for axes in grid.flat:
        axes.set_axis_off()
    for row, places, n in zip(in_rows, grid, deepest, strict=True):
        for axes, cohort in zip(places, row, strict=False):
            _draw_cohort(axes, findings, cohort, lines[cohort.name], n)
    figure.tight_layout(w_pad=1.6, h_pad=1.4)
    return figure


def alt(findings: Findings, counts: Counts) -> str:
    """Return the flow of every cohort, in words."""
    parts = []
    for cohort in findings.study.cohorts:
        if findings.flows[cohort.name]["status"] != "ok":
            parts.append(f"{cohort.title}: failed.")
            continue
        lines = flow_lines(findings, counts, cohort)
        parts.append(
            f"{cohort.title}: " + ", ".join(f"{x.label} {x.number.text}" for x in lines) + "."
        )
    return "Flow of rows. " + " ".join(parts)


def _draw_cohort(
    axes: Axes, findings: Findings, cohort: Cohort, lines: list[FlowLine], deepest: int
) -> None:
    axes.set_xlim(-0.01, 1.01)
    axes.set_ylim(-deepest * _STEP, _HEAD)
    axes.text(0, 0.1, wrapped(cohort.title, 36, 1), weight="bold", fontsize=9.5, va="bottom")
    if not lines:
        reasons = [one.reason for one in findings.failures() if one.cohort == cohort.name]
        reason = "; ".join(reasons) or findings.flows[cohort.name].get("reason", "")
        _box(axes, 0, 0, 1, (deepest - 1) * _STEP + _HEIGHT, "failed")
        axes.text(0.04, -0.1, "FAILED", color=ALARM, weight="bold", va="top")
        axes.text(
            0.04, -0.32, wrapped(reason, 42, 2 * deepest), fontsize=8, va="top", linespacing=1.3
        )
        return
    for place, line in enumerate(lines):
        top = -place * _STEP
        indent = 0.1 if line.kind in ("out", "note") else 0.0
        _box(axes, indent, top, 1 - indent, _HEIGHT, line.kind)
        middle = top - _HEIGHT / 2
        axes.text(
            indent + 0.035,
            middle,
            wrapped(line.label, 31, 2),
            va="center",
            fontsize=8.2,
            linespacing=1.1,
        )
        weight = "bold" if line.kind == "end" else "normal"
        axes.text(
            0.965, middle, line.number.text, va="center", ha="right", fontsize=9, weight=weight
        )
    last = (len(lines) - 1) * _STEP
    axes.plot([0.06, 0.06], [-_HEIGHT, -last], color=MUTED, linewidth=0.9, zorder=0)


def _box(axes: Axes, left: float, top: float, width: float, height: float, kind: str) -> None:
    look = _BOXES[kind]
    axes.add_patch(
        FancyBboxPatch(
            (left, top - height), width, height, boxstyle="round,pad=0,rounding_size=0.03",
            facecolor=look.face, edgecolor=look.edge, linewidth=0.9, mutation_aspect=1.2, zorder=1,
        )
    )  # fmt: skip
