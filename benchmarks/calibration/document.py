"""The page on calibration, written from what was measured."""

from collections.abc import Sequence
from textwrap import fill

import numpy as np

from calibration.registry import HIGHEST, LOWEST, MOST_BIAS, SEED, Line
from calibration.world import World

_HEAD = (
    "| estimand | n | replicates | true value | mean estimate | bias, % of the SE | mean SE / SD "
    "| coverage, % | verdict |",
    "| --- | --- | --- | --- | --- | --- | --- | --- | --- |",
)


def table(found: Sequence[Line]) -> list[str]:
    """Return the lines of a table in Markdown."""
    return [*_HEAD, *(_shown(line) for line in found)]


def _shown(line: Line) -> str:
    refused = "" if line.answered == line.asked else f" of {line.asked:,}"
    ratio = "–" if np.isnan(line.se_ratio) else f"{line.se_ratio:.3f}"
    cells = (
        line.row.label, line.n, f"{line.answered:,}{refused}", _number(line.row.truth),
        _number(line.mean), f"{_signed(line.bias, 1)} (± {line.bias_error:.1f})", ratio,
        f"{line.coverage:.1f} (± {line.coverage_error:.1f})",
        "ok" if line.within else "outside",
    )  # fmt: skip
    return "| " + " | ".join(cells) + " |"


def _number(value: float) -> str:
    return f"{value:.4f}".replace("-", "−")


def _signed(value: float, digits: int) -> str:
    return f"{value:+.{digits}f}".replace("-", "−")


def document(worlds: Sequence[World], found: Sequence[Line]) -> str:
    """Return the whole page."""
    judged = [line for line in found if not line.row.limit]
    limits = [line for line in found if line.row.limit]
    reasons = dict.fromkeys(line.row.limit for line in limits)
    parts = [
        "# Calibration",
        _wrapped(_QUESTION, _verdict(judged)),
        "\n".join(table(judged)),
        _wrapped(_READING),
        "## Where a method does not keep its level",
        _wrapped("These rows are here to be known, not to pass."),
        "\n".join(table(limits)),
        "\n".join(_item(f"{reason[0].upper()}{reason[1:]}.") for reason in reasons),
        "## The worlds",
        _wrapped(_WORLDS),
        "\n".join(_about(world) for world in worlds),
    ]
    return "\n\n".join(parts) + "\n"


_QUESTION = f"""
Do estimates hit what they aim at, and do 95 % intervals hold it 95 times in 100? `make calibrate`
simulates small worlds whose true values are known, lets the package answer as in a study, and
writes this page (seed {SEED}; the same numbers on any number of cores). The criterion: bias below
{MOST_BIAS:g} % of the standard error, coverage of {LOWEST:g} to {HIGHEST:g} %."""
_READING = """
How to read it: bias is mean estimate minus true value, in percent of the SD of the estimates, which
is their true standard error; the next column is the package's standard error over that SD. In
parentheses stands the Monte Carlo error. With 500 replicates it would be 4.5 % of a standard error
for bias and 1 % for coverage, so that neither could be judged; replicates are thousands, and a row
is `outside` where bias or coverage as measured is beyond the criterion, without allowance for that
error. `n` is people (cases + controls, persons × visits), studies (k) or variants; with fewer of
them, methods that hold in large samples do worse."""
_WORLDS = """
The generators are in `benchmarks/calibration/` and take nothing from the package but its random
streams. Unless said otherwise, people are asked by the questions of a study (complete cases), and
answers are adjusted for age and BMI."""


def _verdict(judged: Sequence[Line]) -> str:
    outside = [line.row.label for line in judged if not line.within]
    if outside:
        return f"Outside: {'; '.join(outside)}."
    return f"All {len(judged)} estimands of this table meet it."


def _wrapped(*texts: str) -> str:
    return fill(" ".join(" ".join(texts).split()), 120)


def _item(text: str) -> str:
    return fill(f"- {text}", 120, subsequent_indent="  ")


def _about(world: World) -> str:
    labels = "; ".join(row.label for row in world.rows)
    return _item(f"**{labels}.** {world.about}")
