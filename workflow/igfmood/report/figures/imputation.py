"""Can the imputations be trusted: what was imputed beside what was seen, and how chains ran.

Takes the findings; gives two figures with one panel a cohort, and their alt texts.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from igfmood import results
from igfmood.report import words
from igfmood.report.load import Findings
from igfmood.report.style import MUTED, cohort_lines, despine, panel, panels

_SEEN, _IMPUTED = "#c9d0d8", "#0b5ea8"
#: Height of the tallest ridge, in rows.
_RIDGE = 0.85


def draw_density(findings: Findings) -> Figure:
    """Draw the distribution of observed and of imputed values, one ridge a variable."""
    rows = _rows(findings, "density")
    if rows.empty:
        return panel("Imputed beside observed values", _why_not(findings))
    shown = list(dict.fromkeys(rows["cohort"]))
    most = int(rows.groupby("cohort")["target"].nunique().max())
    figure, grid = panels(len(shown), 0.9 + 0.5 * most)
    for axes, cohort in zip(grid, shown, strict=True):
        own = rows[rows["cohort"] == cohort]
        variables = list(dict.fromkeys(own["target"]))
        for place, name in enumerate(variables):
            _ridge(axes, own[own["target"] == name], -place, findings.min_cell)
        axes.set_yticks(
            [-place for place in range(len(variables))],
            [words.variable(name, findings.study) for name in variables],
        )
        axes.set_ylim(-most + 0.8, 1.05)
        axes.set_xlim(-3.2, 3.2)
        axes.tick_params(axis="y", length=0)
        axes.set_title(findings.titles()[cohort])
        axes.set_xlabel("SD from the observed mean")
        despine(axes, left=True)
    handles: list[Artist] = [
        Patch(facecolor=_SEEN, label="observed"),
        Line2D([], [], color=_IMPUTED, linewidth=1.6, label="imputed"),
    ]
    _finish(figure, handles)
    return figure


def alt_density(findings: Findings) -> str:
    """Return what the figure of distributions shows, in words."""
    rows = _rows(findings, "density")
    if rows.empty:
        return f"Nothing was imputed: {_why_not(findings)}"
    return f"Distribution of observed and of imputed values: {_named(rows, findings)}."


def draw_trace(findings: Findings) -> Figure:
    """Draw the mean of the imputed values along the iterations, with the range of the chains."""
    rows = _rows(findings, "trace")
    if rows.empty:
        return panel("Traces of the chains", _why_not(findings))
    shown = list(dict.fromkeys(rows["cohort"]))
    variables = list(dict.fromkeys(rows["target"]))
    looks = cohort_lines(variables)
    figure, grid = panels(len(shown), 2.5)
    for axes, cohort in zip(grid, shown, strict=True):
        own = rows[rows["cohort"] == cohort]
        for name in dict.fromkeys(own["target"]):
            trace = own[own["target"] == name].sort_values("x")
            axes.fill_between(
                trace["x"], trace["ci_low"].astype(float), trace["ci_high"].astype(float),
                color=looks[name]["color"], alpha=0.13, linewidth=0,
            )  # fmt: skip
            axes.plot(trace["x"], trace["estimate"], linewidth=1.4, **looks[name])
        axes.axhline(0, color=MUTED, linewidth=0.8, zorder=1)
        axes.set_title(findings.titles()[cohort])
        axes.set_xlabel("Iteration")
        despine(axes)
    grid[0].set_ylabel("Mean imputed value,\nSD from the observed mean")
    handles = [
        Line2D([], [], linewidth=1.4, label=words.variable(name, findings.study), **looks[name])
        for name in variables
    ]
    _finish(figure, handles)
    return figure


def alt_trace(findings: Findings) -> str:
    """Return what the figure of traces shows, in words."""
    rows = _rows(findings, "trace")
    if rows.empty:
        return f"No chains: {_why_not(findings)}"
    return f"Mean imputed value along the iterations: {_named(rows, findings)}."


def _rows(findings: Findings, measure: str) -> pd.DataFrame:
    """Return the rows of variables that enough people lack."""
    found = results.select(findings.table, analysis="imputation", measure=measure, status="ok")
    lacking = found[(found["stratum"] != "observed") & (found["n"] < findings.min_cell)]
    hidden = set(zip(lacking["cohort"], lacking["target"], strict=True))
    keep = [pair not in hidden for pair in zip(found["cohort"], found["target"], strict=True)]
    shown = found[np.array(keep, dtype=bool)]
    order = {name: place for place, name in enumerate(findings.titles())}
    return shown.assign(
        x=shown["term"].astype(float), place=shown["cohort"].map(order).astype(float)
    ).sort_values(["place", "target", "stratum", "x"], kind="stable")


def _ridge(axes: Axes, rows: pd.DataFrame, base: float, min_cell: int) -> None:
    """Draw both distributions of a variable as steps; a bin of too few people is left flat."""
    seen = rows[rows["stratum"] == "observed"]
    drawn = rows[rows["stratum"] == "imputed"]
    heights = seen["estimate"].where(seen["estimate"] * seen["n"].astype(float) >= min_cell, 0.0)
    top = max(float(heights.max()), float(drawn["estimate"].max()))
    axes.fill_between(
        seen["x"], base, base + _RIDGE * heights / top, step="mid", color=_SEEN, linewidth=0
    )
    axes.step(
        drawn["x"], base + _RIDGE * drawn["estimate"] / top, where="mid", color=_IMPUTED,
        linewidth=1.3,
    )  # fmt: skip


def _finish(figure: Figure, handles: Sequence[Artist]) -> None:
    figure.tight_layout(h_pad=1.5)
    figure.legend(
        handles=handles, loc="upper center", bbox_to_anchor=(0.5, 0.0), ncols=min(5, len(handles)),
        frameon=False,
    )  # fmt: skip


def _named(rows: pd.DataFrame, findings: Findings) -> str:
    pairs = dict.fromkeys(zip(rows["cohort"], rows["target"], strict=True))
    by_cohort: dict[str, list[str]] = {}
    for cohort, name in pairs:
        by_cohort.setdefault(cohort, []).append(words.variable(name, findings.study))
    titles = findings.titles()
    return "; ".join(f"{titles[name]}: {', '.join(found)}" for name, found in by_cohort.items())


def _why_not(findings: Findings) -> str:
    why = findings.why_not(analysis="imputation", measure="tables")
    return why or f"no variable is missing in {findings.min_cell} people or more"
