"""Buffering of stress: the slope of symptoms on stress along the analyte (Johnson-Neyman plot).

Takes the findings; gives a figure and its alt text.
"""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from igfmood import results
from igfmood.report.load import Findings
from igfmood.report.numbers import fixed, level, signed
from igfmood.report.style import INK, MUTED, despine, panel

_BLUE, _GREY = "#0b5ea8", "#767d86"
#: Scores at which the lines of the left panel are drawn: low, middle, high.
_AT = ((-1.0, "#c4500a", (0, (5, 1.5))), (0.0, "#767d86", "-"), (1.0, "#0b5ea8", (0, (1.5, 1.2))))


def draw(findings: Findings) -> Figure:
    """Draw simple slopes (left), and the slope of stress along the analyte (right)."""
    slopes = _slopes(findings)
    label = findings.study.analyte.label
    if slopes.empty:
        why = findings.why_not(analysis="stress_buffering") or "no cohort has a measure of stress"
        return panel("Slope of symptoms on stress", why)
    figure, (lines, band) = plt.subplots(1, 2, figsize=(8.8, 3.5))
    stress = np.array([-2.0, 2.0])
    for score, colour, dash in _AT:
        slope = float(slopes.loc[np.isclose(slopes["x"], score), "estimate"].iloc[0])
        name = f"{label} of {signed(score, 0)} SDS"
        lines.plot(stress, slope * stress, color=colour, linestyle=dash, linewidth=2, label=name)
    lines.set_xlabel("Perceived stress, SD")
    lines.set_ylabel("PHQ-9, SD from its value at mean stress")
    lines.legend(frameon=False, loc="upper left")
    band.axhline(0, color=MUTED, linewidth=0.9, zorder=1)
    clear = _clear(slopes)
    # A segment with one end of each kind belongs to those that hold 0.
    for part, colour in ((clear, _BLUE), (_next_to(~clear), _GREY)):
        _bands(band, slopes, part, colour)
    band.plot(slopes["x"], slopes["estimate"], color=INK, linewidth=1.8, zorder=4)
    band.set_xlabel(f"{label}, SDS")
    band.set_ylabel("Slope of PHQ-9 on stress, SD per SD")
    for axes in (lines, band):
        despine(axes)
    figure.tight_layout(w_pad=3)
    return figure


def _next_to(part: pd.Series) -> pd.Series:
    """Return the points at which `part` holds, and those beside them."""
    return part | part.shift(1, fill_value=False) | part.shift(-1, fill_value=False)


def _bands(axes: Axes, slopes: pd.DataFrame, part: pd.Series, colour: str) -> None:
    """Shade the band between points at which `part` holds."""
    axes.fill_between(
        slopes["x"], slopes["ci_low"].astype(float), slopes["ci_high"].astype(float),
        where=part.tolist(), color=colour, alpha=0.22, linewidth=0, zorder=2,
    )  # fmt: skip


def alt(findings: Findings) -> str:
    """Return what the figure shows, in words."""
    slopes = _slopes(findings)
    if slopes.empty:
        return "No slopes of symptoms on stress."
    first, last = slopes.iloc[0], slopes.iloc[-1]
    return (
        f"Slope of PHQ-9 on stress: {first['estimate']:.2f} at {first['x']:g} SDS of "
        f"{findings.study.analyte.label}, {last['estimate']:.2f} at {last['x']:g}. "
        f"{region(findings)}"
    )


def region(findings: Findings) -> str:
    """Return in words where the slope of stress differs from 0 (Johnson-Neyman region)."""
    slopes = _slopes(findings)
    if slopes.empty:
        return ""
    clear = _clear(slopes)
    interval = f"{level(findings.study.level)} interval"
    if clear.all():
        return f"The {interval} of the slope leaves 0 out over the whole range shown."
    if not clear.any():
        return f"The {interval} of the slope holds 0 over the whole range shown."
    inside = slopes.loc[clear, "x"]
    return (
        f"The {interval} of the slope leaves 0 out from {fixed(inside.min(), 2)} to "
        f"{fixed(inside.max(), 2)} SDS "
        "(on the grid shown)."
    )


def _clear(slopes: pd.DataFrame) -> pd.Series:
    return (slopes["ci_low"] > 0) | (slopes["ci_high"] < 0)


def _slopes(findings: Findings) -> pd.DataFrame:
    adjustment = list(findings.study.covariate_tiers)[-1]
    for claim in findings.claims.values():
        if claim.estimand.analysis == "stress_buffering":
            adjustment = claim.estimand.adjustment
    found = results.select(
        findings.table, cohort=results.POOLED, analysis="stress_buffering", measure="simple_slope",
        adjustment=adjustment, stratum="all", status="ok",
    )  # fmt: skip
    return found.assign(x=found["term"].astype(float)).sort_values("x")
