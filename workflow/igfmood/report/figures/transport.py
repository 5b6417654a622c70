"""Does a model travel: AUC of a model built in one cohort and used in each other one.

Takes the findings and a prediction task; gives a heat map and its alt text.
"""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from igfmood.performance.tasks import PredictionTask
from igfmood.report import words
from igfmood.report.load import Findings
from igfmood.report.numbers import fixed, plain
from igfmood.report.prediction import CROSS_VALIDATION, main_row, why_not
from igfmood.report.style import INK, PAPER, panel, wrapped
from igfmood.report.text import estimate_with_interval

#: Red below chance, white at chance, blue above.
_COLOURS = "RdBu"
_LOWEST, _HIGHEST = 0.1, 0.9
#: Distance from chance beyond which a cell is so dark that its letters are white.
_DARK = 0.26


def draw(findings: Findings, task: PredictionTask) -> Figure:
    """Draw the AUC of every ordered pair of cohorts, and within each cohort."""
    found = _rows(findings, task)
    names = _names(findings, found)
    if not names:
        return panel(f"From one cohort to another, {task.label}", _why_not(findings, task))
    auc = np.full((len(names), len(names)), np.nan)
    text = np.full(auc.shape, "", dtype=object)
    for (built, used), row in found.items():
        if not {built, used} <= set(names):
            continue
        at = names.index(built), names.index(used)
        auc[at] = row["estimate"]
        text[at] = (
            f"{fixed(row['estimate'], 2)}\n{fixed(row['ci_low'], 2)} to {fixed(row['ci_high'], 2)}"
        )
    width = min(8.8, 3.0 + 1.25 * len(names))
    figure, axes = plt.subplots(figsize=(width, 1.1 + 0.62 * len(names)))
    labels = [wrapped(findings.titles()[name], 15, 2) for name in names]
    sns.heatmap(
        auc, ax=axes, vmin=_LOWEST, vmax=_HIGHEST, cmap=sns.color_palette(_COLOURS, as_cmap=True),
        annot=text, fmt="", annot_kws={"fontsize": 8}, linewidths=2, linecolor="white",
        cbar=False, xticklabels=labels, yticklabels=labels,
    )  # fmt: skip
    for label in axes.texts:
        label.set_color(_legible(auc[int(label.get_position()[1]), int(label.get_position()[0])]))
    for place in range(len(names)):
        if text[place, place]:
            axes.add_patch(Rectangle(
                (place + 0.03, place + 0.03), 0.94, 0.94, fill=False,
                edgecolor=_legible(auc[place, place]),
                linewidth=1.0, linestyle=(0, (3, 2)),
            ))  # fmt: skip
    axes.set_xlabel("Used in")
    axes.set_ylabel("Built in")
    axes.tick_params(length=0)
    axes.set_yticklabels(axes.get_yticklabels(), rotation=0)
    axes.set_xticklabels(axes.get_xticklabels(), rotation=0)
    return figure


def _legible(auc: float) -> str:
    """Return the colour of letters that can be read on the colour of a cell."""
    return PAPER if abs(auc - 0.5) > _DARK else INK


def alt(findings: Findings, task: PredictionTask) -> str:
    """Return what the figure shows, in words."""
    found = _rows(findings, task)
    if not _names(findings, found):
        return f"No matrix of cohorts for {task.label}: {_why_not(findings, task)}"
    titles = findings.titles()
    parts = [
        f"from {titles[built]} to {titles[used]} {plain(estimate_with_interval(row, findings))}"
        for (built, used), row in found.items() if built != used
    ]  # fmt: skip
    return f"AUC of a model of one cohort in each other one, {task.label}: {'; '.join(parts)}."


def _rows(findings: Findings, task: PredictionTask) -> dict[tuple[str, str], pd.Series]:
    """Return, by where a model was built and is used, its AUC; within a cohort across folds."""
    new = findings.study.added_value[0]
    found = {}
    for built in findings.titles():
        for used in findings.titles():
            row = (
                main_row(findings, task, CROSS_VALIDATION, used, new) if built == used
                else findings.ok(
                    "transport", task.name, "auc", cohort=used, adjustment=new,
                    stratum=f"from {built}",
                )
            )  # fmt: skip
            if row is not None:
                found[built, used] = row
    return found


def _names(findings: Findings, found: dict[tuple[str, str], pd.Series]) -> list[str]:
    """Return the cohorts that a model comes from or goes to."""
    met = {name for pair in found if pair[0] != pair[1] for name in pair}
    return [name for name in findings.titles() if name in met]


def _why_not(findings: Findings, task: PredictionTask) -> str:
    label = words.SETTINGS[CROSS_VALIDATION][0].lower()
    if any(main_row(findings, task, CROSS_VALIDATION, name, findings.study.added_value[0])
           is not None for name in findings.titles()):  # fmt: skip
        return f"one cohort alone has this outcome ({label} results stand above)"
    return why_not(findings, task)
