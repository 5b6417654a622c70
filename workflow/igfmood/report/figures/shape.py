"""The form of a relation: the spline of every cohort and the pooled curve with its band.

Takes the findings and an outcome; gives a figure and its alt text.
"""

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from igfmood import results
from igfmood.report import words
from igfmood.report.load import Findings
from igfmood.report.numbers import level, p_value
from igfmood.report.style import INK, MUTED, cohort_lines, despine, panel, wrapped

_BLUE = "#0b5ea8"


def draw(findings: Findings, target: str) -> Figure:
    """Draw the curves of one outcome, all relative to a score of 0."""
    curves = _curves(findings, target)
    title = words.target(target, findings.study)
    if curves.empty:
        why = findings.why_not(analysis="shape", target=target) or "no cohort has a curve"
        return panel(f"Form of the relation, {title}", why)
    figure, axes = plt.subplots(figsize=(6.4, 3.9))
    axes.axhline(0, color=MUTED, linewidth=0.8, zorder=1)
    lines = cohort_lines([cohort.name for cohort in findings.study.cohorts])
    pooled = _with_origin(curves[curves["cohort"] == results.POOLED])
    several = curves.loc[curves["cohort"] != results.POOLED, "cohort"].nunique() > 1
    for cohort in findings.study.cohorts:
        own = curves[curves["cohort"] == cohort.name]
        if not own.empty:
            own = _with_origin(own)
            width = 1.1 if several else 0.0
            axes.plot(own["x"], own["estimate"], linewidth=width, zorder=3, **lines[cohort.name])
    if not pooled.empty:
        axes.fill_between(
            pooled["x"], pooled["ci_low"].astype(float), pooled["ci_high"].astype(float),
            color=_BLUE, alpha=0.16, linewidth=0, zorder=2,
        )  # fmt: skip
        axes.plot(pooled["x"], pooled["estimate"], color=_BLUE, linewidth=2.4, zorder=4)
        _limits(axes, curves, pooled)
    axes.set_xlabel(f"{findings.study.analyte.label}, SDS")
    axes.set_ylabel(_axis(target, findings))
    handles = [
        Line2D([], [], linewidth=1.3, label=cohort.title, **lines[cohort.name])
        for cohort in findings.study.cohorts
        if several and (curves["cohort"] == cohort.name).any()
    ]
    name = "Pooled" if several else _only(findings, curves)
    handles.append(Line2D([], [], color=_BLUE, linewidth=2.4,
                          label=f"{name}, {level(findings.study.level)} band"))  # fmt: skip
    axes.legend(handles=handles, frameon=False, loc="upper left", bbox_to_anchor=(1.01, 1.0))
    tests = wrapped(_tests(findings, target), 74, 2)
    axes.set_title(tests, color=INK, fontsize=8.5, weight="normal")
    despine(axes)
    return figure


def alt(findings: Findings, target: str) -> str:
    """Return what the figure shows, in words."""
    curves = _curves(findings, target)
    title = words.target(target, findings.study)
    pooled = _with_origin(curves[curves["cohort"] == results.POOLED])
    if pooled.empty:
        return f"No curve of {title} against {findings.study.analyte.label}."
    first, last = pooled.iloc[0], pooled.iloc[-1]
    return (
        f"Restricted cubic spline of {title} against {findings.study.analyte.label} in SDS, "
        f"relative to 0: {first['estimate']:.2f} at {first['x']:g}, {last['estimate']:.2f} at "
        f"{last['x']:g}. {_tests(findings, target)}"
    )


def _curves(findings: Findings, target: str) -> pd.DataFrame:
    found = results.select(
        findings.table, analysis="shape", target=target, measure="curve", stratum="all", status="ok"
    )
    return found.assign(x=found["term"].astype(float)).sort_values(["cohort", "x"])


def _with_origin(curve: pd.DataFrame) -> pd.DataFrame:
    """Return a curve with the point that all else is relative to."""
    if curve.empty:
        return curve
    origin = {"x": 0.0, "estimate": 0.0, "ci_low": 0.0, "ci_high": 0.0}
    known = curve[["x", "estimate", "ci_low", "ci_high"]].astype(float)
    return pd.concat([known, pd.DataFrame([origin])]).sort_values("x")


def _limits(axes: Axes, curves: pd.DataFrame, pooled: pd.DataFrame) -> None:
    """Show the lines in full; a band that is far wider may be cut."""
    line = pd.concat([curves["estimate"], pooled["estimate"], pd.Series([0.0])])
    low, high = float(line.min()), float(line.max())
    room = 0.75 * (high - low or 1)
    low, high = max(low - room, float(pooled["ci_low"].min())), min(
        high + room, float(pooled["ci_high"].max())
    )  # fmt: skip
    pad = 0.05 * (high - low)
    axes.set_ylim(min(low, float(line.min())) - pad, max(high, float(line.max())) + pad)


def _axis(target: str, findings: Findings) -> str:
    if findings.task(target) is None:
        return f"{words.target(target, findings.study)}, points"
    return "Log odds of being a case"


def _only(findings: Findings, curves: pd.DataFrame) -> str:
    names = [name for name in curves["cohort"].unique() if name != results.POOLED]
    return findings.titles()[names[0]] if names else "Pooled"


def _tests(findings: Findings, target: str) -> str:
    """Return the p of non-linearity in every cohort, in one line."""
    found = []
    tier = results.select(findings.table, analysis="shape", target=target, term="nonlinear",
                          status="ok", stratum="all")  # fmt: skip
    for cohort in findings.study.cohorts:
        row = tier[tier["cohort"] == cohort.name]
        if not row.empty:
            found.append(f"{cohort.title} {p_value(float(row['p'].iloc[0]))}")
    return f"p of non-linearity: {'; '.join(found)}" if found else ""
