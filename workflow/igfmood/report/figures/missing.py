"""What is missing: share of people without a value, by variable, cohort and group.

Takes the findings and the counts that may be shown; gives a heat map and its alt text. Where few
people lack a value, or have one, colour and words give a bound alone.
"""

from dataclasses import dataclass

import matplotlib.pyplot as plt
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from igfmood import results
from igfmood.config.cohort import Cohort
from igfmood.config.vocabulary import DIAGNOSES, PHQ9_ITEMS, VARIABLES
from igfmood.disclosure import Shown
from igfmood.report import words
from igfmood.report.counts import Counts
from igfmood.report.load import Findings
from igfmood.report.numbers import NBSP
from igfmood.report.protected import share_text
from igfmood.report.quality_tables import gap_form
from igfmood.report.style import FAINT, INK, MUTED, PAPER, panel, wrapped

#: Columns that fit beside each other.
_MOST_COLUMNS = 18
_GAP = 0.35
#: A cohort takes at least so many columns, so that its name has room.
_NARROWEST = 2.0
_HATCH = "////"


@dataclass(frozen=True)
class _Column:
    """A group of a cohort: name, whether it is too small to show, form and size by variable.

    `never` are variables of which the cohort has no value at all.
    """

    label: str
    small: bool
    cells: dict[str, tuple[Shown, int]]
    never: frozenset[str]


def draw(findings: Findings, counts: Counts) -> Figure:
    """Draw the share of missing values of every variable that somebody lacks."""
    blocks = _blocks(findings, counts)
    variables = _alike(incomplete(findings), blocks)
    if not variables or not blocks:
        return panel("Missing values", why_not(findings))
    bands = _bands(blocks)
    height = len(bands) * (1.35 + 0.235 * len(variables)) + 0.35
    figure, grid = plt.subplots(len(bands), 1, figsize=(8.8, height), squeeze=False)
    widest = max(_width(band) for band in bands)
    for axes, band in zip(grid[:, 0], bands, strict=True):
        _draw_band(axes, band, variables, findings, widest)
    _key(figure, height, findings.min_cell)
    figure.subplots_adjust(
        left=0.19, right=0.995, top=1 - 0.34 / height, bottom=1.28 / height, hspace=0.45
    )
    return figure


def alt(findings: Findings, counts: Counts) -> str:
    """Return what the figure shows, in words."""
    variables = incomplete(findings)
    blocks = _blocks(findings, counts)
    if not variables or not blocks:
        return f"No missing values to show: {why_not(findings)}"
    parts = []
    for cohort, columns in blocks:
        said = [
            f"{column.label}: "
            + ", ".join(
                f"{words.variable(name, findings.study)} {share_text(*column.cells[name])}"
                for name in variables
                if name in column.cells and column.cells[name][0].high and name not in column.never
            )
            for column in columns
            if not column.small and any(form.high for form, _ in column.cells.values())
        ]
        parts.append(f"{cohort.title}: {'; '.join(said) or 'nothing that may be shown'}.")
    return "Share of missing values by variable, cohort and group. " + " ".join(parts)


def why_not(findings: Findings) -> str:
    """Return why there is nothing to show."""
    if not len(_rows(findings)):
        return "no cohort was described"
    return "nobody lacks a value of any variable"


def incomplete(findings: Findings) -> list[str]:
    """Return the variables that some lack and some have, the PHQ-9 by its total alone."""
    rows = _rows(findings)
    everybody = rows[rows["stratum"] == "all"]
    some = everybody[(everybody["n_events"] > 0) & (everybody["n_events"] < everybody["n"])]
    by_group = set(rows.loc[rows["stratum"] != "all", "term"])
    ordered = [name for name in VARIABLES if name in set(some["term"])]
    return [*ordered, *(n for n in dict.fromkeys(some["term"]) if n in by_group - set(ordered))]


def complete(findings: Findings) -> list[str]:
    """Return the variables that nobody lacks."""
    rows = _rows(findings)
    lacking = set(rows.loc[rows["n_events"] > 0, "term"])
    return [name for name in dict.fromkeys(rows["term"]) if name not in lacking]


def _rows(findings: Findings) -> pd.DataFrame:
    rows = results.select(findings.table, analysis="quality", measure="missing", status="ok")
    return rows[~rows["term"].isin(PHQ9_ITEMS)]


def _blocks(findings: Findings, counts: Counts) -> list[tuple[Cohort, list[_Column]]]:
    rows = _rows(findings)
    found = []
    for cohort in findings.study.cohorts:
        own = rows[rows["cohort"] == cohort.name]
        groups = [group for group in DIAGNOSES if group in set(own["stratum"])]
        columns = []
        everybody = own[own["stratum"] == "all"]
        never = frozenset(everybody.loc[everybody["n_events"] == everybody["n"], "term"])
        for group in groups:
            people = [row for _, row in own[own["stratum"] == group].iterrows()]
            small = any(int(row["n"]) < findings.min_cell for row in people)
            cells = {
                row["term"]: (gap_form(findings, counts, row), int(row["n"])) for row in people
            }
            columns.append(_Column(words.group(group, cohort), small, cells, never))
        if columns:
            found.append((cohort, columns))
    return found


def _alike(
    variables: list[str], blocks: list[tuple[Cohort, list[_Column]]]
) -> dict[str, list[str]]:  # fmt: skip
    """Return the first of variables that look the same everywhere, each with all of them."""
    found: dict[tuple[object, ...], list[str]] = {}
    for name in variables:
        look = tuple(
            "" if name in column.never or name not in column.cells
            else share_text(*column.cells[name])
            for _, columns in blocks for column in columns
        )  # fmt: skip
        found.setdefault(look, []).append(name)
    return {names[0]: names for names in found.values()}


def _bands(blocks: list[tuple[Cohort, list[_Column]]]) -> list[list[tuple[Cohort, list[_Column]]]]:
    """Return the cohorts in bands that are narrow enough to be read."""
    bands: list[list[tuple[Cohort, list[_Column]]]] = [[]]
    for block in blocks:
        if bands[-1] and _width([*bands[-1], block]) > _MOST_COLUMNS + 5 * _GAP:
            bands.append([])
        bands[-1].append(block)
    return bands


def _width(band: list[tuple[Cohort, list[_Column]]]) -> float:
    return sum(_room(columns) for _, columns in band) + _GAP * (len(band) - 1)


def _room(columns: list[_Column]) -> float:
    return max(float(len(columns)), _NARROWEST)


def _draw_band(
    axes: Axes, band: list[tuple[Cohort, list[_Column]]], variables: dict[str, list[str]],
    findings: Findings, widest: float,
) -> None:  # fmt: skip
    left = 0.0
    ticks, labels = [], []
    # A narrow map is not stretched over the page.
    across = max(widest, 9.0)
    for cohort, columns in band:
        room = int(_room(columns) * 104 / across)
        axes.text(
            left, -0.35, wrapped(cohort.title, room, 2), va="bottom", ha="left", weight="bold",
            fontsize=8.5, linespacing=1.1,
        )  # fmt: skip
        for place, column in enumerate(columns):
            _draw_column(axes, left + place, column, list(variables))
            ticks.append(left + place + 0.5)
            labels.append(wrapped(column.label, 16, 2))
        left += _room(columns) + _GAP
    axes.set_xlim(0, across)
    axes.set_ylim(len(variables), 0)
    axes.set_xticks(ticks)
    axes.set_xticklabels(labels, rotation=55, ha="right", rotation_mode="anchor", fontsize=8)
    axes.set_yticks([y + 0.5 for y in range(len(variables))])
    axes.set_yticklabels([_label(names, findings) for names in variables.values()], fontsize=8.5)
    axes.tick_params(length=0, pad=3)
    for spine in axes.spines.values():
        spine.set_visible(False)


def _label(names: list[str], findings: Findings) -> str:
    first = words.variable(names[0], findings.study)
    return wrapped(first, 24, 1) + (f" and {len(names) - 1} more" if names[1:] else "")


def _draw_column(axes: Axes, x: float, column: _Column, variables: list[str]) -> None:
    for y, name in enumerate(variables):
        form, n = column.cells.get(name, (None, 0))
        if name in column.never:
            axes.text(x + 0.5, y + 0.5, "–", ha="center", va="center", fontsize=8, color=MUTED)
            continue
        if form is None:
            continue
        shade = 0.0 if column.small else form.low / n
        face = _colour(shade)
        axes.add_patch(
            Rectangle((x + 0.03, y + 0.04), 0.94, 0.92, facecolor=face, edgecolor=FAINT,
                      linewidth=0.5)
        )  # fmt: skip
        if column.small:
            axes.add_patch(
                Rectangle((x + 0.03, y + 0.04), 0.94, 0.92, facecolor="none", edgecolor="#b4bdc6",
                          hatch=_HATCH, linewidth=0)
            )  # fmt: skip
            continue
        text = share_text(form, n).replace(f"{NBSP}%", "").replace(NBSP, "")
        colour = PAPER if shade > 0.55 else MUTED if text == "0" else INK
        axes.text(x + 0.5, y + 0.52, text, ha="center", va="center", fontsize=7.6, color=colour)


def _colour(share: float) -> tuple[float, ...]:
    palette = sns.light_palette("#0b4f8c", as_cmap=True)
    return tuple(palette(0.02 + 0.95 * share)) if share else (0.965, 0.973, 0.98, 1.0)


def _key(figure: Figure, height: float, min_cell: int) -> None:
    axes = figure.add_axes((0.19, 0.08 / height, 0.8, 0.2 / height))
    axes.set_xlim(0, 8)
    axes.set_ylim(0, 1)
    axes.set_axis_off()
    axes.text(0, 0.5, "% missing", va="center", fontsize=8, color=MUTED)
    for place, share in enumerate((0.0, 0.1, 0.25, 0.5, 0.75, 1.0)):
        left = 0.82 + 0.44 * place
        axes.add_patch(
            Rectangle((left, 0.02), 0.42, 0.96, facecolor=_colour(share), edgecolor=FAINT,
                      linewidth=0.5)
        )  # fmt: skip
        axes.text(
            left + 0.21, 0.48, f"{100 * share:g}", va="center", ha="center", fontsize=7.5,
            color=PAPER if share > 0.55 else INK,
        )  # fmt: skip
    axes.add_patch(
        Rectangle((3.75, 0.02), 0.42, 0.96, facecolor=PAPER, edgecolor="#b4bdc6", hatch=_HATCH,
                  linewidth=0.5)
    )  # fmt: skip
    note = f"group of fewer than {min_cell}     ≤, ≥ : fewer than {min_cell} lack it, or have it"
    axes.text(4.27, 0.5, note, va="center", fontsize=8, color=MUTED)
