"""Who was measured: people with the analyte against those without, as a love plot.

Takes the findings; gives a figure with one mark a variable and cohort, and its alt text.
"""

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from igfmood import results
from igfmood.config.vocabulary import COVARIATES
from igfmood.report import words
from igfmood.report.load import Findings
from igfmood.report.numbers import signed
from igfmood.report.protected import open_reason
from igfmood.report.style import FAINT, MUTED, PAPER, cohort_lines, despine, panel, wrapped

#: Beyond this a difference is usually called one.
_NOTABLE = 0.1
_MARKERS = ("o", "s", "D", "^", "v", "P")
_WITHOUT_DIRECTION = "without direction"


def draw(findings: Findings) -> Figure:
    """Draw the standardised differences between people with and without the analyte."""
    rows = _rows(findings)
    label = findings.study.analyte.label
    if rows.empty:
        return panel(f"With and without {label}", why_not(findings))
    known = set(rows["term"])
    variables = [name for name in (*COVARIATES, "phq9_total", "diagnosis") if name in known]
    titles = {name: findings.titles()[name] for name in findings.titles()
              if name in set(rows["cohort"])}  # fmt: skip
    looks = cohort_lines(list(findings.titles()))
    height = 0.75 + 0.3 * len(variables)
    figure, axes = plt.subplots(figsize=(8.8, height))
    axes.axvspan(-_NOTABLE, _NOTABLE, color="#eef1f4", zorder=0, linewidth=0)
    axes.axvline(0, color=MUTED, linewidth=0.9, zorder=1)
    for side in (-_NOTABLE, _NOTABLE):
        axes.axvline(side, color=MUTED, linewidth=0.8, linestyle=(0, (4, 2)), zorder=1)
    step = 0.62 / max(len(titles), 1)
    for place, name in enumerate(titles):
        for row in _of(rows, name):
            y = variables.index(row["term"]) + step * (place - (len(titles) - 1) / 2)
            colour = looks[name]["color"]
            axes.plot(
                row["estimate"], y, marker=_MARKERS[place % len(_MARKERS)], markersize=5.4,
                color=colour, markeredgecolor=colour, linestyle="none", zorder=3,
                markerfacecolor=PAPER if _WITHOUT_DIRECTION in row["method"] else colour,
            )  # fmt: skip
    for y in range(len(variables) - 1):
        axes.axhline(y + 0.5, color=FAINT, linewidth=0.7, zorder=0)
    low, high = float(rows["estimate"].min()), float(rows["estimate"].max())
    pad = 0.05 * (high - low)
    axes.set_xlim(min(-0.25, low - pad), max(0.25, high + pad))
    axes.set_ylim(len(variables) - 0.5, -0.5)
    axes.set_yticks(range(len(variables)))
    axes.set_yticklabels([words.variable(name, findings.study) for name in variables])
    axes.tick_params(axis="y", length=0)
    axes.set_xlabel(f"Standardised difference, with {label} minus without (dashed: ±{_NOTABLE:g})")
    despine(axes, left=True)
    _legend(figure, titles, looks)
    figure.subplots_adjust(left=0.2, right=0.99, bottom=0.6 / height, top=1 - 0.05 / height)
    return figure


def alt(findings: Findings) -> str:
    """Return what the figure shows, in words."""
    rows = _rows(findings)
    label = findings.study.analyte.label
    if rows.empty:
        return f"No comparison of people with and without {label}: {why_not(findings)}"
    parts = []
    for name, title in findings.titles().items():
        found = _of(rows, name)
        if found:
            said = ", ".join(
                f"{words.variable(row['term'], findings.study)} {signed(row['estimate'], 2)}"
                for row in found
            )
            parts.append(f"{title}: {said}.")
    return f"Standardised differences, people with {label} minus those without. " + " ".join(parts)


def why_not(findings: Findings) -> str:
    """Return why nothing could be compared."""
    rows = results.select(findings.table, analysis="quality", measure="smd_measured")
    titles = findings.titles()
    found: dict[str, list[str]] = {}
    for _, row in rows[rows["status"] != "ok"].iterrows():
        names = found.setdefault(open_reason(row["reason"], findings.min_cell), [])
        if titles.get(row["cohort"], "") not in names:
            names.append(titles.get(row["cohort"], ""))
    said = "; ".join(f"{', '.join(names)}: {reason}" for reason, names in found.items())
    return said or f"no cohort has people with {findings.study.analyte.label} and without"


def _rows(findings: Findings) -> pd.DataFrame:
    return results.select(
        findings.table, analysis="quality", measure="smd_measured", status="ok",
        cohort=list(findings.titles()),
    )  # fmt: skip


def _of(rows: pd.DataFrame, cohort: str) -> list[pd.Series]:
    return [row for _, row in rows[rows["cohort"] == cohort].iterrows()]


def _legend(figure: Figure, titles: dict[str, str], looks: dict[str, dict[str, str]]) -> None:
    handles = [
        Line2D([], [], color=looks[name]["color"], marker=_MARKERS[place % len(_MARKERS)],
               linestyle="none", markersize=5.4, label=wrapped(title, 34, 1))
        for place, (name, title) in enumerate(titles.items())
    ]  # fmt: skip
    handles.append(
        Line2D([], [], color=MUTED, marker="o", markerfacecolor=PAPER, linestyle="none",
               markersize=5.4, label="open: category, no direction")
    )  # fmt: skip
    figure.legend(
        handles=handles, loc="upper center", bbox_to_anchor=(0.55, 0.0), ncols=3, frameon=False
    )
