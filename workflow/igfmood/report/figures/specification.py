"""Specification curve: the estimate under every combination of the declared forks.

Takes the findings and a claim; gives a figure, its caption and its alt text.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from igfmood import results
from igfmood.association.question import SPECIFICATION
from igfmood.config.analysis import ALL, part_of
from igfmood.config.claims import Claim
from igfmood.evidence.sensitivity import of_cohorts
from igfmood.report import words
from igfmood.report.load import Findings
from igfmood.report.style import INK, MUTED, PAPER, despine, panel

_BLUE, _BAND = "#0b5ea8", "#eef1f4"
_EXPOSURES = {"sds": "standard deviation score", "log": "log concentration"}
_MISSING = {"imputed": "imputed", "complete_cases": "complete cases"}
#: Keys that tell one combination of forks from another.
_COMBINATION = ["adjustment", "stratum"]


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
    few = rests_on_few(curve, claim)
    figure, (above, below) = plt.subplots(
        2, 1, figsize=(8.8, 2.5 + 0.24 * len(forks)), sharex=True,
        height_ratios=[2.1, 0.24 * len(forks) + 0.1],
    )  # fmt: skip
    _draw_estimates(above, curve, claim, few)
    _draw_choices(below, forks, len(curve))
    figure.subplots_adjust(left=0.3, right=0.98, hspace=0.06)
    if few.any():
        mark = Line2D([], [], marker="o", color="none", markerfacecolor=PAPER, markeredgecolor=INK)
        figure.legend(
            [mark], [_few(claim)], loc="lower right", bbox_to_anchor=(0.98, 0.89), fontsize=8.5,
            frameon=False,
        )  # fmt: skip
    return figure


def alt(findings: Findings, claim: Claim) -> str:
    """Return what the figure shows, in words."""
    curve = specifications(findings, claim)
    if curve.empty:
        return "No specification curve."
    low, high = curve["estimate"].min(), curve["estimate"].max()
    few = int(rests_on_few(curve, claim).sum())
    open_ones = f" ({few} open: {_few(claim)})" if few else ""
    return (
        f"Specification curve, {len(curve)} combinations of forks{open_ones}: estimates from "
        f"{low:.2f} to {high:.2f}, median {curve['estimate'].median():.2f}."
    )


def caption(findings: Findings, claim: Claim) -> str:
    """Return what the curve shows, and what open marks are and count for; nothing without any."""
    curve = specifications(findings, claim)
    if curve.empty:
        return ""
    alone = bool((curve["cohorts"] == 1).all())
    what = "the estimate of the one cohort that has any" if alone else "the pooled estimate"
    told = (
        f"Specification curve: {what} under every combination of the declared choices, by size, "
        "with its interval; below, which choices each one made. Blue: the main analysis. Shaded: "
        "the margin."
    )
    few = int(rests_on_few(curve, claim).sum())
    if not few:
        return told
    told += f" Open: {few} of the {len(curve)} combinations, {_few(claim)}: "
    told += "nothing is pooled there" if claim.min_cohorts <= 2 else "too few for this claim"
    if claim.min_cohorts > 1:
        told += "; not counted where combinations with the same verdict are counted"
    return f"{told}."


def rests_on_few(curve: pd.DataFrame, claim: Claim) -> np.ndarray:
    """Return which combinations rest on fewer cohorts than the others, or than the claim asks for.

    Those of a claim that is content with one cohort are marked only where others are pooled.
    """
    if curve.empty or (claim.min_cohorts == 1 and (curve["cohorts"] == 1).all()):
        return np.zeros(len(curve), dtype=bool)
    return (curve["cohorts"] < max(2, claim.min_cohorts)).to_numpy(bool)


def _few(claim: Claim) -> str:
    least = max(2, claim.min_cohorts)
    return "one cohort only" if least == 2 else f"fewer than {least} cohorts"


def specifications(findings: Findings, claim: Claim) -> pd.DataFrame:
    """Return the pooled estimates of a claim under every combination of forks, by size.

    Of a claim about a subset those among these people. `cohorts` says how many stand behind each.
    """
    estimand = claim.estimand
    keys = {
        "analysis": SPECIFICATION, "target": estimand.target, "measure": estimand.measure,
        "term": f"{estimand.analysis} {estimand.term}".strip(), "status": "ok",
    }  # fmt: skip
    found = results.select(findings.table, cohort=results.POOLED, **keys)
    if estimand.population != ALL:
        own = [part_of(one, estimand.population) is not None for one in found["stratum"]]
        found = found[np.array(own, dtype=bool)]
    choices = found["stratum"].str.split("|", expand=True)
    if found.empty:
        return found
    behind = results.select(of_cohorts(findings.table), **keys).groupby(_COMBINATION).size()
    cohorts = behind.reindex(pd.MultiIndex.from_frame(found[_COMBINATION])).to_numpy(float)
    named = found.assign(
        population=choices[0], scale=choices[1], missing=choices[2], cohorts=cohorts
    )
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


def _draw_estimates(axes: Axes, curve: pd.DataFrame, claim: Claim, few: np.ndarray) -> None:
    axes.axhspan(-claim.margin, claim.margin, color=_BAND, linewidth=0, zorder=0)
    axes.axhline(0, color=MUTED, linewidth=0.9, zorder=1)
    main = _is_main(curve, claim)
    x = np.arange(len(curve))
    low, high = (curve[name].to_numpy(float) for name in ("ci_low", "ci_high"))
    for part, colour, size, is_open in (
        (~main & ~few, INK, 4.5, False), (~main & few, INK, 4.5, True),
        (main & ~few, _BLUE, 6.5, False), (main & few, _BLUE, 6.5, True),
    ):  # fmt: skip
        axes.vlines(x[part], low[part], high[part], color=colour, linewidth=1.1, zorder=3)
        axes.plot(
            x[part], curve["estimate"].to_numpy(float)[part], "o", markersize=size, zorder=4,
            color=PAPER if is_open else colour, markeredgecolor=colour if is_open else PAPER,
            markeredgewidth=1.1 if is_open else 0.6,
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
