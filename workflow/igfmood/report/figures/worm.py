"""Worm plots: how far the scores of reference people are from normal, one panel a cohort.

Takes the findings; gives a figure and its alt text. A quantile beyond which lie fewer people than
may be shown is left out.
"""

from statistics import NormalDist

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from igfmood import results
from igfmood.report.load import Findings
from igfmood.report.reference_tables import why_no_curve
from igfmood.report.style import ALARM, FAINT, MUTED, despine, panel, panels, wrapped

_BLUE, _BAND = "#0b5ea8", "#e3ebf3"


def draw(findings: Findings) -> Figure:
    """Draw the worm plot of every cohort that has a reference curve."""
    worms = _worms(findings)
    if not worms:
        return panel("Worm plots", why_not(findings))
    figure, grid = panels(len(worms), height=2.2)
    titles = findings.titles()
    for place, (axes, (name, rows)) in enumerate(zip(grid, worms.items(), strict=False)):
        _draw_cohort(axes, rows, wrapped(titles[name], 34, 1))
        axes.set_ylabel("Deviation, SDS" if place % 3 == 0 else "")
        axes.set_xlabel("Expected quantile, SDS")
    tallest = max(
        float(rows[["estimate", "ci_low", "ci_high"]].abs().max().max()) for rows in worms.values()
    )
    widest = max(float(rows["expected"].abs().max()) for rows in worms.values())
    for axes in grid[: len(worms)]:
        axes.set_ylim(-1.12 * tallest, 1.12 * tallest)
        axes.set_xlim(-1.08 * widest, 1.08 * widest)
    figure.tight_layout(w_pad=1.2, h_pad=1.5)
    return figure


def alt(findings: Findings) -> str:
    """Return what the figure shows, in words."""
    worms = _worms(findings)
    if not worms:
        return f"No worm plot to show: {why_not(findings)}"
    titles = findings.titles()
    said = [
        f"{titles[name]}: {'leaves' if _outside(rows).any() else 'stays within'} the band"
        for name, rows in worms.items()
    ]
    return (
        "Worm plots of the scores of reference people, with the 95 % band of a curve that holds. "
        f"{'; '.join(said)}."
    )


def why_not(findings: Findings) -> str:
    """Return why there is no worm plot."""
    reasons = [
        f"{cohort.title}: {why_no_curve(findings, cohort)}" for cohort in findings.study.cohorts
    ]
    rows = results.select(findings.table, analysis="reference_worm", status="ok")
    if len(rows):
        return f"fewer than {findings.min_cell} reference people lie beyond each quantile"
    return "; ".join(reasons)


def _worms(findings: Findings) -> dict[str, pd.DataFrame]:
    rows = results.select(findings.table, analysis="reference_worm", status="ok")
    rows = rows.assign(expected=rows["term"].astype(float))
    beyond = rows["expected"].map(lambda z: NormalDist().cdf(-abs(z))) * rows["n"]
    rows = rows[beyond.astype(float) >= findings.min_cell].sort_values("expected")
    return {
        cohort.name: found
        for cohort in findings.study.cohorts
        if len(found := rows[rows["cohort"] == cohort.name]) > 1
    }


def _outside(rows: pd.DataFrame) -> pd.Series:
    return (rows["estimate"] < rows["ci_low"]) | (rows["estimate"] > rows["ci_high"])


def _draw_cohort(axes: Axes, rows: pd.DataFrame, title: str) -> None:
    expected = rows["expected"].to_numpy(float)
    low, high = rows["ci_low"].to_numpy(float), rows["ci_high"].to_numpy(float)
    axes.fill_between(expected, low, high, color=_BAND, linewidth=0, zorder=0)
    axes.axhline(0, color=MUTED, linewidth=0.9, zorder=1)
    deviation = rows["estimate"].to_numpy(float)
    axes.plot(expected, deviation, color=_BLUE, linewidth=1.6, zorder=3)
    outside = _outside(rows).to_numpy(bool)
    axes.plot(
        expected[outside], deviation[outside], color=ALARM, marker="o", markersize=3.6,
        linestyle="none", zorder=4,
    )  # fmt: skip
    axes.set_title(title, fontsize=9)
    axes.grid(axis="y", color=FAINT)
    axes.set_axisbelow(True)
    despine(axes)
