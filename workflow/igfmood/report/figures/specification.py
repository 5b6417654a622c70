"""Specification curve: the estimate under every combination of the declared forks.

Takes the findings and a claim; gives a figure and its alt text.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from igfmood import results
from igfmood.association.question import SPECIFICATION
from igfmood.config.analysis import ALL, within
from igfmood.config.claims import Claim
from igfmood.report import words
from igfmood.report.load import Findings
from igfmood.report.style import INK, MUTED, PAPER, despine, panel

_BLUE, _BAND = "#0b5ea8", "#eef1f4"
_EXPOSURES = {"sds": "standard deviation score", "log": "log concentration"}
_MISSING = {"imputed": "imputed", "complete_cases": "complete cases"}


@dataclass(frozen=True)
class _Fork:
    """One row of choices below the curve."""

    label: str
    chosen: np.ndarray


def draw(findings: Findings, claim: Claim) -> Figure:
    """Draw the estimates in order of size, and below them which choices each one made."""
    curve = specifications(findings, claim)
    if curve.empty:
        return panel("Specification curve", "no combination of forks could be estimated")
    forks = _forks(curve, findings)
    figure, (above, below) = plt.subplots(
        2, 1, figsize=(8.8, 2.5 + 0.24 * len(forks)), sharex=True,
        height_ratios=[2.1, 0.24 * len(forks) + 0.1],
    )  # fmt: skip
    _draw_estimates(above, curve, findings, claim)
    _draw_choices(below, forks, len(curve))
    figure.subplots_adjust(left=0.3, right=0.98, hspace=0.06)
    return figure


def alt(findings: Findings, claim: Claim) -> str:
    """Return what the figure shows, in words."""
    curve = specifications(findings, claim)
    if curve.empty:
        return "No specification curve."
    low, high = curve["estimate"].min(), curve["estimate"].max()
    return (
        f"Specification curve, {len(curve)} combinations of forks: estimates from {low:.2f} to "
        f"{high:.2f}, median {curve['estimate'].median():.2f}."
    )


def specifications(findings: Findings, claim: Claim) -> pd.DataFrame:
    """Return the pooled estimates of a claim under every combination of forks, by size.

    Of a claim about a subset those among these people.
    """
    estimand = claim.estimand
    found = results.select(
        findings.table, cohort=results.POOLED, analysis=SPECIFICATION, target=estimand.target,
        measure=estimand.measure, term=f"{estimand.analysis} {estimand.term}".strip(), status="ok",
    )  # fmt: skip
    if estimand.population != ALL:
        found = found[found["stratum"].str.startswith(within(estimand.population, ""))]
    choices = found["stratum"].str.split("|", expand=True)
    if found.empty:
        return found
    named = found.assign(population=choices[0], scale=choices[1], missing=choices[2])
    return named.sort_values(["estimate", "result_id"]).reset_index(drop=True)


def _forks(curve: pd.DataFrame, findings: Findings) -> list[_Fork]:
    study = findings.study
    populations = {"all": "everybody"} | {one.name: one.label for one in study.subsets}
    tiers = {name: words.adjustment(name, study) for name in study.covariate_tiers}
    columns: Sequence[tuple[str, dict[str, str]]] = (
        ("adjustment", tiers), ("population", populations), ("scale", _EXPOSURES),
        ("missing", _MISSING),
    )  # fmt: skip
    return [
        _Fork(label, (curve[column] == value).to_numpy(bool))
        for column, labels in columns
        for value, label in labels.items()
        if (curve[column] == value).any()
    ]


def _is_main(curve: pd.DataFrame, claim: Claim) -> np.ndarray:
    main = curve["adjustment"] == claim.estimand.adjustment
    population = claim.estimand.population
    for column, value in (("population", population), ("scale", "sds"), ("missing", "imputed")):
        main &= curve[column] == value
    return main.to_numpy(bool)


def _draw_estimates(axes: Axes, curve: pd.DataFrame, findings: Findings, claim: Claim) -> None:
    axes.axhspan(-claim.margin, claim.margin, color=_BAND, linewidth=0, zorder=0)
    axes.axhline(0, color=MUTED, linewidth=0.9, zorder=1)
    main = _is_main(curve, claim)
    x = np.arange(len(curve))
    low, high = (curve[name].to_numpy(float) for name in ("ci_low", "ci_high"))
    for part, colour, size in ((~main, INK, 4.5), (main, _BLUE, 6.5)):
        axes.vlines(x[part], low[part], high[part], color=colour, linewidth=1.1, zorder=3)
        axes.plot(
            x[part], curve["estimate"].to_numpy(float)[part], "o", color=colour, markersize=size,
            markeredgecolor=PAPER, markeredgewidth=0.6, zorder=4,
        )  # fmt: skip
    label = words.MEASURES.get(claim.estimand.measure, claim.estimand.measure)
    axes.set_ylabel(label[:1].upper() + label[1:])
    _cut(axes, curve, claim.margin)
    axes.tick_params(bottom=False)
    despine(axes)
    axes.spines["bottom"].set_visible(False)


def _cut(axes: Axes, curve: pd.DataFrame, margin: float) -> None:
    """Show every estimate; of intervals that are far wider than most, the ends may be cut."""
    low, high = curve["ci_low"].to_numpy(float), curve["ci_high"].to_numpy(float)
    usual = 2.5 * float(np.median(high - low))
    points = curve["estimate"].to_numpy(float)
    bottom = min(-margin, max(low.min(), points.min() - usual))
    top = max(margin, min(high.max(), points.max() + usual))
    pad = 0.05 * (top - bottom)
    axes.set_ylim(bottom - pad, top + pad)


def _draw_choices(axes: Axes, forks: Sequence[_Fork], n: int) -> None:
    for place, fork in enumerate(forks):
        y = -place
        axes.plot(np.arange(n), np.full(n, y), ".", color="#dde2e8", markersize=4, zorder=1)
        axes.plot(np.flatnonzero(fork.chosen), np.full(fork.chosen.sum(), y), "s", color=INK,
                  markersize=4, zorder=2)  # fmt: skip
    axes.set_yticks([-place for place in range(len(forks))], [fork.label for fork in forks])
    axes.set_ylim(-len(forks) + 0.4, 0.6)
    axes.set_xlim(-0.8, n - 0.2)
    axes.set_xticks([])
    axes.tick_params(left=False)
    despine(axes, left=True)
    axes.spines["bottom"].set_visible(False)
