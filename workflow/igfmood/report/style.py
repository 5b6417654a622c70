"""One look for every figure.

Takes nothing; gives the seaborn theme, colours that colour-blind readers tell apart, and the way
figures are saved (the same bytes each time).
"""

import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import matplotlib as mpl

mpl.use("agg")

import matplotlib.pyplot as plt
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from PIL import Image

from igfmood.config.study import Study
from igfmood.files import whole
from igfmood.report.prediction import main_tiers

INK, MUTED, FAINT, PAPER = "#1c2530", "#5b6673", "#dde2e8", "#ffffff"
ALARM = "#9f1d1d"
#: Prediction models: without the analyte, with it, and it alone.
_MODELS = ("#767d86", "#0b5ea8", "#c4500a")
#: Cohorts: colour and line style together, so that neither alone must tell them apart.
_COHORTS = ("#00755e", "#b5438f", "#2f8fc4", "#c98a00", "#1c2530", "#8a5a2b")
_DASHES = ("-", (0, (5, 1.5)), (0, (1.5, 1.2)), (0, (5, 1.5, 1.5, 1.5)))

#: Label of a figure that only says why there is nothing to show.
EMPTY = "empty"

#: Pixels per inch of the saved figures.
DPI = 170
#: Colours in a saved figure.
COLOURS = 128


@contextmanager
def theme() -> Iterator[None]:
    """Draw in the report's style. No formula is parsed in labels: they are the user's text."""
    settings: dict[Any, Any] = {
        "font.family": "DejaVu Sans", "text.parse_math": False, "font.size": 9,
        "axes.labelsize": 9, "axes.titlesize": 9.5, "axes.titleweight": "bold",
        "axes.titlelocation": "left", "xtick.labelsize": 8.5, "ytick.labelsize": 8.5,
        "legend.fontsize": 8.5, "text.color": INK, "axes.labelcolor": INK, "axes.edgecolor": MUTED,
        "xtick.color": MUTED, "ytick.color": MUTED, "xtick.labelcolor": INK,
        "ytick.labelcolor": INK, "axes.linewidth": 0.8, "xtick.major.width": 0.8,
        "ytick.major.width": 0.8, "grid.color": FAINT, "grid.linewidth": 0.7,
        "figure.facecolor": PAPER, "axes.unicode_minus": True, "svg.hashsalt": "igfmood",
    }  # fmt: skip
    with sns.axes_style("ticks"), mpl.rc_context(settings):
        yield
    plt.close("all")


def model_colours(study: Study) -> dict[str, str]:
    """Return the colour of each main model: without the analyte, with it, and it alone."""
    return dict(zip(main_tiers(study), _MODELS, strict=False))


def cohort_lines(names: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Return colour and line style of each cohort."""
    return {
        name: {
            "color": _COHORTS[place % len(_COHORTS)],
            "linestyle": _DASHES[(place + place // len(_COHORTS)) % len(_DASHES)],
        }
        for place, name in enumerate(names)
    }


def save(figure: Figure, path: Path, vector: Path | None = None) -> None:
    """Save a figure as PNG of few colours, without anything that changes from run to run.

    With `vector`, also there as PDF.

    A palette makes the files, and the report that holds them, a third of the size.
    """
    if vector is not None:
        with whole(vector) as beside:
            figure.savefig(
                beside, format="pdf", bbox_inches="tight", pad_inches=0.12,
                metadata=dict.fromkeys(("CreationDate", "Creator", "Producer")),
            )  # fmt: skip
    drawn = io.BytesIO()
    figure.savefig(
        drawn, format="png", dpi=DPI, metadata={"Software": None}, bbox_inches="tight",
        pad_inches=0.12, pil_kwargs={"compress_level": 1},
    )  # fmt: skip
    plt.close(figure)
    with Image.open(drawn) as picture:
        few = picture.convert("RGB").quantize(
            COLOURS, Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE
        )
    # The palette's white is a mean of near-whites: paper must be paper.
    parts = few.getpalette() or []
    colours = [parts[i : i + 3] for i in range(0, len(parts), 3)]
    white = [[255] * 3 if min(colour) > 250 else colour for colour in colours]
    few.putpalette([part for colour in white for part in colour])
    with whole(path) as beside:
        few.save(beside, "PNG", dpi=(DPI, DPI))


def despine(axes: Axes, *, left: bool = False) -> None:
    """Leave only the lines of the axes that carry a scale."""
    sns.despine(ax=axes, left=left)


def panels(n: int, height: float, across: int = 3) -> tuple[Figure, list[Axes]]:
    """Return a figure with one panel a cohort, so many beside each other, and its `n` axes."""
    columns = min(across, n)
    down = -(-n // columns)
    width = 8.8 if columns > 1 else 5.6
    figure, grid = plt.subplots(down, columns, figsize=(width, height * down + 0.2), squeeze=False)
    axes = list(grid.flat)
    for spare in axes[n:]:
        spare.set_axis_off()
    return figure, axes[:n]


def panel(title: str, reason: str) -> Figure:
    """Return a figure that says why there is nothing to show."""
    figure, axes = plt.subplots(figsize=(8.8, 1.6))
    figure.set_label(EMPTY)
    axes.set_axis_off()
    axes.add_patch(
        mpl.patches.FancyBboxPatch(
            (0.01, 0.04), 0.98, 0.92, boxstyle="round,pad=0,rounding_size=0.02",
            transform=axes.transAxes, facecolor="#f6f7f9", edgecolor=FAINT, mutation_aspect=3,
        )
    )  # fmt: skip
    axes.text(0.5, 0.74, title, ha="center", va="center", weight="bold", transform=axes.transAxes)
    axes.text(
        0.5, 0.38, wrapped(reason, 104, 4), ha="center", va="center", color=MUTED, fontsize=8.5,
        transform=axes.transAxes, linespacing=1.35,
    )  # fmt: skip
    return figure


def wrapped(text: str, width: int, lines: int = 3) -> str:
    """Return a text broken into lines, cut with an ellipsis after the last one allowed."""
    import textwrap

    return "\n".join(
        textwrap.wrap(text, width, max_lines=lines, placeholder=" …", break_on_hyphens=False)
    )
