"""The benchmarks at a glance: how the study grows, and how it compares with R.

Takes ``benchmarks/results.json``; gives ``benchmarks/benchmarks.png``.

Every benchmark draws it anew; by hand: ``python benchmarks/plot.py``.
"""

import json
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.ticker import NullFormatter, StrMethodFormatter

from igfmood.report.style import INK, MUTED, theme

HERE = Path(__file__).resolve().parent
PICTURE = HERE / "benchmarks.png"
#: Rules whose time grows with people, and how they are drawn.
_RULES = {
    "participants": "#2f8fc4", "association": "#00755e", "cross_validation": "#7a5bd0",
    "performance": "#b5438f", "freeze": "#c98a00",
}  # fmt: skip
#: Points by which a name stands above its line's end, where others are near.
_LIFTED = {"association": 2, "cross_validation": -5, "freeze": -7}
_COHORTS = 5


def draw() -> None:
    """Draw what has been measured, once there is something of both."""
    found = json.loads((HERE / "results.json").read_text("utf-8"))
    if not {"scale", "stack"} <= set(found):
        return
    with theme():
        figure, axes = plt.subplots(1, 3, figsize=(11, 3.6), layout="constrained")
        scale = found["scale"]["sizes"]
        _growth(axes[0], scale, "wall_s", "seconds", "Time")
        _growth(axes[1], scale, "peak_mb", "MB, all processes", "Memory")
        _beside_r(axes[2], found["stack"]["sizes"])
        figure.savefig(PICTURE, dpi=130)
        plt.close(figure)


def _growth(ax: Axes, sizes: list[dict[str, Any]], what: str, unit: str, title: str) -> None:
    people = [_COHORTS * one["people"] for one in sizes]
    lines = {"whole study": ([one[what]["median"] for one in sizes], INK)}
    if what == "wall_s":
        lines |= {
            rule: ([one["rules"][rule][what]["median"] for one in sizes], colour)
            for rule, colour in _RULES.items()
        }
    for name, (values, colour) in lines.items():
        ax.plot(people, values, marker="o", markersize=4, color=colour, label=name)
        ax.annotate(name, (people[-1], values[-1]), textcoords="offset points",
                    xytext=(6, _LIFTED.get(name, -3)), color=colour, fontsize=8)  # fmt: skip
    whole = lines["whole study"][0]
    ax.plot(people, [whole[0] * n / people[0] for n in people], ":", color=MUTED)
    ax.set(xscale="log", yscale="log", xlabel="people, five cohorts together", ylabel=unit)
    ax.set_xlim(people[0] / 1.5, people[-1] * 25)
    ax.set_title(f"{title} (dotted: proportional)")
    _plain(ax)


def _plain(ax: Axes) -> None:
    """Write powers of ten as whole numbers."""
    for axis in (ax.xaxis, ax.yaxis):
        if axis.get_scale() == "log":
            axis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))
            axis.set_minor_formatter(NullFormatter())


def _beside_r(ax: Axes, sizes: list[dict[str, Any]]) -> None:
    names = [*(stage["stage"] for stage in sizes[0]["stages"]), "the whole"]
    apart = 0.3
    for place, (one, colour) in enumerate(zip(sizes, ("#2f8fc4", "#0b3f6b"), strict=False)):
        times = [*one["stages"], one["whole"]]
        ratios = [time["ratio"]["median"] for time in times]
        ends = [[time["ratio"][end] for time in times] for end in ("min", "max")]
        at = [i + (place - (len(sizes) - 1) / 2) * apart for i in range(len(names))]
        label = f"{one['rows']:,} people"
        ax.hlines(at, 1, ratios, color=colour, lw=3, alpha=0.5)
        ax.plot(ratios, at, "o", markersize=5, color=colour, label=label)
        ax.hlines(at, *ends, color=INK, lw=0.8)
    ax.axvline(1, color=INK, lw=0.8)
    ax.set(xscale="log", yticks=range(len(names)), yticklabels=names)
    ax.invert_yaxis()
    ax.legend(frameon=False, fontsize=8, loc="upper center", bbox_to_anchor=(0.5, -0.15), ncols=2)
    _plain(ax)
    ax.set_title("Times as fast as R's packages")


if __name__ == "__main__":
    draw()
