"""Reference curves: centiles by age and sex, one panel a cohort.

Takes the findings; gives a figure and its alt text.
"""

from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter

from igfmood import results
from igfmood.report.load import Findings
from igfmood.report.numbers import fixed
from igfmood.report.reference_tables import CENTILES, why_no_curve
from igfmood.report.style import FAINT, INK, MUTED, despine, panel, panels, wrapped

_SEXES = {"male": ("men", "#0b5ea8"), "female": ("women", "#c4500a")}
_LOOKS: dict[str, dict[str, Any]] = {
    "p3": {"linewidth": 0.9, "linestyle": (0, (2, 1.6))},
    "p10": {"linewidth": 1.0, "linestyle": (0, (6, 1.8))},
    "p50": {"linewidth": 2.1, "linestyle": "-"},
    "p90": {"linewidth": 1.0, "linestyle": (0, (6, 1.8))},
    "p97": {"linewidth": 0.9, "linestyle": (0, (2, 1.6))},
}
#: Over so many times its lowest value an axis is logarithmic.
_LOG_FROM = 25
#: Labels are at least so far apart, as a share of the panel.
_APART = 0.058


def draw(findings: Findings) -> Figure:
    """Draw the centile curves of every cohort that has one."""
    curves = _curves(findings)
    analyte = findings.study.analyte
    cohorts = [cohort for cohort in findings.study.cohorts if cohort.name in curves]
    if not cohorts:
        return panel("Reference curves", why_not(findings))
    figure, grid = panels(len(cohorts), height=2.75)
    together = pd.concat(curves.values())
    log = together["estimate"].max() > _LOG_FROM * together["estimate"].min() > 0
    for axes, cohort in zip(grid, cohorts, strict=False):
        _draw_cohort(axes, curves[cohort.name], wrapped(cohort.title, 34, 1))
        if log:
            axes.set_yscale("log")
            axes.yaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{x:g}"))
    low, high = together["age"].min(), together["age"].max()
    for place, axes in enumerate(grid[: len(cohorts)]):
        axes.set_xlim(low - 1, high + 0.12 * (high - low))
        if not log:
            axes.set_ylim(0, 1.06 * curves[cohorts[place].name]["estimate"].max())
        _label(axes, curves[cohorts[place].name])
        axes.set_xlabel("Age, years")
        axes.set_ylabel(f"{analyte.label}, {analyte.unit}" if place % 3 == 0 else "")
    _legend(figure)
    figure.tight_layout(w_pad=1.2, h_pad=1.5)
    return figure


def alt(findings: Findings) -> str:
    """Return what the figure shows, in words."""
    curves = _curves(findings)
    if not curves:
        return f"No reference curve to show: {why_not(findings)}"
    analyte = findings.study.analyte
    parts = []
    for name, title in findings.titles().items():
        if name not in curves:
            continue
        median = curves[name][curves[name]["measure"] == "p50"]
        said = []
        for sex, (word, _) in _SEXES.items():
            own = median[median["stratum"] == sex].sort_values("age")
            if len(own):
                ends = [
                    f"{fixed(row['estimate'], _decimals(row['estimate']))} at {row['age']:.0f}"
                    for _, row in own.iloc[[0, -1]].iterrows()
                ]
                said.append(f"median of {word} {' to '.join(ends)} years")
        parts.append(f"{title}: {', '.join(said)}.")
    return (
        f"Reference curves of {analyte.label} in {analyte.unit} by age and sex: 3rd, 10th, 50th, "
        f"90th and 97th centile. {' '.join(parts)}"
    )


def why_not(findings: Findings) -> str:
    """Return why no cohort has a reference curve."""
    return "; ".join(
        f"{cohort.title}: {why_no_curve(findings, cohort)}" for cohort in findings.study.cohorts
    )


def _decimals(level: float) -> int:
    return 0 if level >= 20 else 1


def _curves(findings: Findings) -> dict[str, pd.DataFrame]:
    rows = results.select(
        findings.table, analysis="reference_curve", measure=list(CENTILES), status="ok"
    )
    rows = rows.assign(age=rows["term"].str.extract(r"^([\d.]+)", expand=False).astype(float))
    names = [cohort.name for cohort in findings.study.cohorts]
    return {name: found for name in names if len(found := rows[rows["cohort"] == name])}


def _draw_cohort(axes: Axes, rows: pd.DataFrame, title: str) -> None:
    for sex, (_, colour) in _SEXES.items():
        for name, look in _LOOKS.items():
            own = rows[(rows["stratum"] == sex) & (rows["measure"] == name)].sort_values("age")
            axes.plot(own["age"], own["estimate"], color=colour, zorder=3, **look)
    axes.set_title(title, fontsize=9)
    axes.grid(axis="y", color=FAINT)
    axes.set_axisbelow(True)
    despine(axes)


def _label(axes: Axes, rows: pd.DataFrame) -> None:
    """Write the centiles at the ends of the curves, no closer than they can be read."""
    last = rows[rows["age"] == rows["age"].max()]
    to_axes = axes.transData + axes.transAxes.inverted()
    up: dict[str, float] = {}
    for name in CENTILES:
        level = last.loc[last["measure"] == name, "estimate"].mean()
        across, up[name] = to_axes.transform((rows["age"].max(), level))
    for inner, outer, way in (("p50", "p90", 1), ("p90", "p97", 1), ("p50", "p10", -1),
                              ("p10", "p3", -1)):  # fmt: skip
        up[outer] = way * max(way * up[outer], way * up[inner] + _APART)
    for name, height in up.items():
        axes.text(
            across + 0.02, height, name[1:], transform=axes.transAxes, fontsize=7, va="center",
            color=INK if name == "p50" else MUTED, weight="bold" if name == "p50" else "normal",
        )  # fmt: skip


def _legend(figure: Figure) -> None:
    handles = [Line2D([], [], color=colour, linewidth=2.1, label=word)
               for word, colour in _SEXES.values()]  # fmt: skip
    for name, words in (("p50", "50th"), ("p90", "10th and 90th"), ("p97", "3rd and 97th")):
        handles.append(Line2D([], [], color=MUTED, label=f"{words} centile", **_LOOKS[name]))
    figure.legend(
        handles=handles, loc="upper center", bbox_to_anchor=(0.5, 0.01), ncols=5, frameon=False,
        columnspacing=1.6,
    )  # fmt: skip
