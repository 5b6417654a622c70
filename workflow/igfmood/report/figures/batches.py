"""Drift chart: the level of each batch of the assay against control limits, one panel a cohort.

Takes the findings; gives a figure and its alt text. Batches of fewer people than may be shown are
left out.
"""

from math import sqrt

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from igfmood import results
from igfmood.report.load import Findings
from igfmood.report.numbers import fixed
from igfmood.report.style import ALARM, FAINT, INK, MUTED, despine, panel, panels, wrapped

#: Flag: colour, mark, what it means.
_FLAGS = {
    "in control": (INK, "o", "within 2 SE"),
    "warning": ("#b06a00", "^", "beyond 2 SE"),
    "action": (ALARM, "s", "beyond 3 SE"),
}
#: So many names fit below a panel.
_MOST_NAMES = 14


def exists(findings: Findings) -> bool:
    """Return whether any cohort names batches of its assay."""
    return len(results.select(findings.table, analysis="batch_drift", status="ok")) > 0


def draw(findings: Findings) -> Figure:
    """Draw the level of every batch of every cohort that names batches."""
    charts = _charts(findings)
    if not charts:
        return panel("Batches of the assay", why_not(findings))
    analyte = findings.study.analyte
    figure, grid = panels(len(charts), height=2.35)
    titles = findings.titles()
    for place, (axes, (name, rows)) in enumerate(zip(grid, charts.items(), strict=False)):
        _draw_cohort(axes, rows, wrapped(titles[name], 34, 1))
        axes.set_ylabel(f"{analyte.label}, {analyte.unit}" if place % 3 == 0 else "")
        axes.set_xlabel("Batch")
    handles = [
        Line2D([], [], color=colour, marker=mark, linestyle="none", markersize=5.5, label=meaning)
        for colour, mark, meaning in _FLAGS.values()
    ]
    handles.append(Line2D([], [], color=MUTED, linewidth=1.1, label="limits: 3 SE"))
    figure.legend(
        handles=handles, loc="upper center", bbox_to_anchor=(0.5, 0.01), ncols=4, frameon=False
    )
    figure.tight_layout(w_pad=1.2, h_pad=1.5)
    return figure


def alt(findings: Findings) -> str:
    """Return what the figure shows, in words."""
    charts = _charts(findings)
    if not charts:
        return f"No drift chart of batches: {why_not(findings)}"
    titles = findings.titles()
    parts = []
    for name, rows in charts.items():
        said = (
            f"{row['stratum']} {fixed(row['estimate'], 0 if row['estimate'] >= 20 else 1)} "
            f"({row['term']})"
            for _, row in rows.iterrows()
        )
        parts.append(f"{titles[name]}: batch {', '.join(said)}.")
    return "Level of each batch of the assay against control limits. " + " ".join(parts)


def why_not(findings: Findings) -> str:
    """Return why there is no chart."""
    if exists(findings):
        return f"every batch has fewer than {findings.min_cell} people"
    return "no cohort names more than one batch of its assay"


def hidden(findings: Findings) -> bool:
    """Return whether a batch is too small to be drawn."""
    rows = results.select(findings.table, analysis="batch_drift", status="ok")
    return bool((rows["n"] < findings.min_cell).any())


def _charts(findings: Findings) -> dict[str, pd.DataFrame]:
    """Return the batches of each cohort in the order in which they were measured."""
    drift = results.select(findings.table, analysis="batch_drift", status="ok")
    drift = drift[drift["n"] >= findings.min_cell]
    charts = {}
    for cohort in findings.study.cohorts:
        rows = results.select(drift, cohort=cohort.name, measure="geometric_mean")
        places = results.select(drift, cohort=cohort.name, measure="place")
        place = rows["stratum"].map(places.set_index("stratum")["estimate"])
        if len(rows):
            charts[cohort.name] = rows.loc[place.sort_values(kind="stable").index]
    return charts


def _draw_cohort(axes: Axes, rows: pd.DataFrame, title: str) -> None:
    for x, (_, row) in enumerate(rows.iterrows()):
        for limit in (row["ci_low"], row["ci_high"]):
            axes.plot([x - 0.36, x + 0.36], [limit] * 2, color=MUTED, linewidth=1.1, zorder=2)
        axes.fill_between(
            [x - 0.36, x + 0.36], row["ci_low"], row["ci_high"], color="#eef1f4", linewidth=0,
            zorder=0,
        )  # fmt: skip
        colour, mark, _ = _FLAGS.get(row["term"], _FLAGS["in control"])
        axes.plot(x, row["estimate"], color=colour, marker=mark, markersize=5.8, zorder=4)
    first = rows.iloc[0]
    # The limits lie evenly around the level of all batches on the log scale.
    axes.axhline(sqrt(first["ci_low"] * first["ci_high"]), color=FAINT, linewidth=1.2, zorder=1)
    step = -(-len(rows) // _MOST_NAMES)
    axes.set_xticks(range(0, len(rows), step))
    names = [wrapped(str(name), 12, 1) for name in rows["stratum"]][::step]
    crowded = sum(len(name) for name in names) > 24
    axes.set_xticklabels(
        names, rotation=50 if crowded else 0, ha="right" if crowded else "center",
        rotation_mode="anchor",
    )  # fmt: skip
    axes.set_xlim(-0.6, len(rows) - 0.4)
    axes.margins(y=0.14)
    axes.set_title(title, fontsize=9)
    despine(axes)
