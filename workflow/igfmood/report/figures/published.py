"""The published studies of a group difference, the study's own cohorts, and both together.

Takes the findings and a task; gives a forest plot and a funnel plot with their alt texts.
"""

from dataclasses import dataclass

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Polygon

from igfmood import results
from igfmood.report import words
from igfmood.report.estimands import contrast
from igfmood.report.load import Findings
from igfmood.report.numbers import plain
from igfmood.report.style import FAINT, INK, MUTED, PAPER, despine, panel, wrapped
from igfmood.report.text import estimate_with_interval
from igfmood.synthesis.literature import BOTH, ENTERS, OWN, PUBLISHED
from igfmood.synthesis.row_keys import PREDICTION_TERM

_BLUE, _ORANGE = "#0b5ea8", "#c4500a"
_LAYERS = {
    PUBLISHED: ("Published studies, pooled", _ORANGE), OWN: ("These cohorts, pooled", _BLUE),
    BOTH: ("Both, pooled", INK),
}  # fmt: skip


@dataclass(frozen=True)
class _Line:
    label: str
    row: pd.Series | None
    kind: str
    colour: str = INK


def studies(findings: Findings, target: str) -> pd.DataFrame:
    """Return the published studies of a task that enter its synthesis, by size of their error."""
    found = results.select(
        findings.table, analysis="published", target=target, model=ENTERS, measure="smd",
        status="ok",
    )  # fmt: skip
    return found.sort_values(["se", "stratum"])


def pooled(findings: Findings, target: str, layer: str, term: str = "") -> pd.Series | None:
    """Return the synthesis of a layer, None if there is none."""
    found = results.select(
        findings.table, analysis="published", target=target, model="synthesis", stratum=layer,
        measure="smd", term=term, status="ok",
    )  # fmt: skip
    return None if found.empty else found.iloc[0]


def middle(findings: Findings, target: str) -> tuple[pd.Series | None, str]:
    """Return the synthesis that a funnel is drawn around, and of what: both, else the published."""
    both = pooled(findings, target, BOTH)
    if both is not None:
        return both, "published studies and cohorts"
    return pooled(findings, target, PUBLISHED), "published studies"


def draw_forest(findings: Findings, target: str) -> Figure:
    """Draw every study that enters and every cohort, with the three syntheses."""
    lines = _lines(findings, target)
    if not any(line.row is not None for line in lines):
        return panel(
            f"Published studies, {words.target(target, findings.study)}",
            "no published study of this comparison enters",
        )
    figure, axes = plt.subplots(figsize=(8.8, 0.9 + 0.29 * len(lines)))
    figure.subplots_adjust(left=0.37, right=0.76)
    axes.axvline(0, color=MUTED, linewidth=0.9, zorder=1)
    for place, line in enumerate(lines):
        _draw_line(axes, len(lines) - 1 - place, line, findings)
    ends = [(float(line.row["ci_low"]), float(line.row["ci_high"])) for line in lines
            if line.row is not None and line.kind != "prediction"]  # fmt: skip
    low, high = min(0.0, *(e[0] for e in ends)), max(0.0, *(e[1] for e in ends))
    pad = 0.05 * (high - low)
    axes.set_xlim(low - pad, high + pad)
    axes.set_ylim(-0.8, len(lines) - 0.3)
    axes.set_yticks([])
    axes.set_xlabel(f"Difference in {findings.study.analyte.label}, SD (cases minus controls)")
    despine(axes, left=True)
    return figure


def alt_forest(findings: Findings, target: str) -> str:
    """Return what the forest plot shows, in words."""
    found = [
        f"{name}: {plain(estimate_with_interval(row, findings))}"
        for layer, (name, _) in _LAYERS.items()
        if (row := pooled(findings, target, layer)) is not None
    ]
    number = len(studies(findings, target))
    return (
        f"Forest plot of {number} published studies and the cohorts, "
        f"{words.target(target, findings.study)}. {'; '.join(found)}."
    )


def _lines(findings: Findings, target: str) -> list[_Line]:
    cohorts = [row for row in contrast(findings, target).cohorts(findings) if row["status"] == "ok"]
    blocks = {
        PUBLISHED: [_Line(row["stratum"], row, "study", _ORANGE)
                    for _, row in studies(findings, target).iterrows()],
        OWN: [_Line(findings.titles()[row["cohort"]], row, "study", _BLUE) for row in cohorts],
        BOTH: [],
    }  # fmt: skip
    lines: list[_Line] = []
    for layer, own in blocks.items():
        name, colour = _LAYERS[layer]
        synthesis = pooled(findings, target, layer)
        if not own and synthesis is None:
            continue
        lines += own
        if synthesis is None:
            continue
        lines.append(_Line(name, synthesis, "pooled", colour))
        predicted = pooled(findings, target, layer, PREDICTION_TERM)
        if predicted is not None:
            lines.append(_Line("prediction interval", predicted, "prediction", colour))
        lines.append(_Line("", None, "gap"))
    return lines[:-1] if lines and lines[-1].kind == "gap" else lines


def _draw_line(axes: Axes, y: float, line: _Line, findings: Findings) -> None:
    if line.row is None:
        axes.axhline(y, color=FAINT, linewidth=0.7, xmin=-0.92, xmax=1.6, clip_on=False)
        return
    sides = axes.get_yaxis_transform()
    weight = "bold" if line.kind == "pooled" else "normal"
    colour = MUTED if line.kind == "prediction" else INK
    axes.text(-0.92, y, wrapped(line.label, 46, 1), transform=sides, ha="left", va="center",
              fontsize=8.5, weight=weight, color=colour)  # fmt: skip
    shown = plain(estimate_with_interval(line.row, findings))
    if line.kind == "prediction":
        shown = shown[shown.index("(") :]
    axes.text(1.04, y, shown, transform=sides, ha="left", va="center", fontsize=8.5, weight=weight,
              color=colour)  # fmt: skip
    low, mid, high = (float(line.row[name]) for name in ("ci_low", "estimate", "ci_high"))
    if line.kind == "pooled":
        corners = [(low, y), (mid, y + 0.27), (high, y), (mid, y - 0.27)]
        axes.add_patch(Polygon(corners, facecolor=line.colour, edgecolor=line.colour, zorder=4))
    elif line.kind == "prediction":
        axes.plot([low, high], [y, y], color=line.colour, linewidth=1.2, linestyle=(0, (4, 1.5)))
    else:
        axes.plot([low, high], [y, y], color=line.colour, linewidth=1.2, zorder=3)
        axes.plot(mid, y, "s", markersize=5, color=line.colour, zorder=4)


def draw_funnel(findings: Findings, target: str) -> Figure:
    """Draw estimates against standard errors, with the region where chance alone would put them."""
    published = studies(findings, target)
    cohorts = [row for row in contrast(findings, target).cohorts(findings) if row["status"] == "ok"]
    centre, _ = middle(findings, target)
    title = words.target(target, findings.study)
    if centre is None or published.empty:
        return panel(f"Funnel plot, {title}", "fewer than two studies of this comparison")
    figure, axes = plt.subplots(figsize=(5.6, 3.8))
    deepest = 1.08 * float(max([*published["se"], *(row["se"] for row in cohorts)]))
    mu = float(centre["estimate"])
    se = np.array([0.0, deepest])
    axes.fill_betweenx(se, mu - 1.96 * se, mu + 1.96 * se, color="#eef1f4", linewidth=0, zorder=0)
    axes.axvline(mu, color=MUTED, linewidth=0.9, zorder=1)
    axes.plot(published["estimate"], published["se"], "o", color=_ORANGE, markersize=6,
              markeredgecolor=PAPER, label="Published studies", zorder=3)  # fmt: skip
    axes.plot([r["estimate"] for r in cohorts], [r["se"] for r in cohorts], "s", color=_BLUE,
              markersize=6, markeredgecolor=PAPER, label="These cohorts", zorder=3)  # fmt: skip
    axes.set_ylim(deepest, 0)
    axes.set_xlabel(f"Difference in {findings.study.analyte.label}, SD")
    axes.set_ylabel("Standard error")
    axes.legend(frameon=False, loc="upper left", bbox_to_anchor=(1.01, 1.0))
    despine(axes)
    return figure


def alt_funnel(findings: Findings, target: str) -> str:
    """Return what the funnel plot shows, in words."""
    centre, of_what = middle(findings, target)
    if centre is None:
        return f"No funnel plot for {words.target(target, findings.study)}."
    return (
        f"Funnel plot, {words.target(target, findings.study)}: {len(studies(findings, target))} "
        f"published studies and the cohorts around {float(centre['estimate']):.2f} SD, pooled "
        f"over {of_what}."
    )
