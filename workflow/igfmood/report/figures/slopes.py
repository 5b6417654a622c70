"""Buffering of stress: the slope of symptoms on stress along the analyte (Johnson-Neyman plot).

Takes the findings; gives a figure and its alt text.
"""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from igfmood import results
from igfmood.config.analysis import ALL
from igfmood.disclosure import redact
from igfmood.report.load import Findings
from igfmood.report.numbers import Text, level, plain, signed
from igfmood.report.style import INK, MUTED, despine, panel
from igfmood.report.text import region_bounds

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
        f"{plain(region(findings))}"
    )


def region(findings: Findings) -> Text:
    """Return in words where the slope of stress differs from 0 (Johnson-Neyman region)."""
    found = results.select(
        findings.table, cohort=results.POOLED, analysis="stress_buffering",
        measure="johnson_neyman", adjustment=_adjustment(findings), stratum="all",
    )  # fmt: skip
    if found.empty:
        return ()
    if (found["status"] != "ok").any():
        reason = redact(found["reason"].iloc[0], findings.min_cell)
        return (f"Johnson–Neyman region: {reason}.",)
    return (
        f"The {level(findings.study.level)} interval leaves 0 out ",
        *region_bounds([row for _, row in found.iterrows()]),
        ".",
    )


def _clear(slopes: pd.DataFrame) -> pd.Series:
    return (slopes["ci_low"] > 0) | (slopes["ci_high"] < 0)


def _adjustment(findings: Findings) -> str:
    for claim in findings.claims.values():
        estimand = claim.estimand
        if (estimand.analysis, estimand.population) == ("stress_buffering", ALL):
            return estimand.adjustment
    return findings.study.main_tier


def _slopes(findings: Findings) -> pd.DataFrame:
    found = results.select(
        findings.table, cohort=results.POOLED, analysis="stress_buffering", measure="simple_slope",
        adjustment=_adjustment(findings), stratum="all", status="ok",
    )  # fmt: skip
    return found.assign(x=found["term"].astype(float)).sort_values("x")
