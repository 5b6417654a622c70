"""The committed table of calibration meets its criterion, and is that of the worlds in the code.

Takes docs/calibration.md and the worlds in benchmarks/calibration. To write the page again:
``make calibrate``.
"""

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parents[3]
PAGE = (ROOT / "docs" / "calibration.md").read_text(encoding="utf-8")
#: What must be among the estimands, by a part of the label.
WANTED = (
    "Hedges g, adjusted, unequal SDs", "log ratio of geometric means", "log ratio of SDs",
    "PHQ-9 points per SD (least squares)", "negative binomial", "cumulative logit", "(logistic)",
    "Firth", "Cox", "discrete time", "score × stress", "indirect effect, bootstrap percentiles",
    "within persons (CR2)", "decline per year", "survey-weighted mean", "survey-weighted slope",
    "BMI imputed", "below the limit imputed", "k = 5, τ² = 0 (REML", "k = 5, τ² = 0.04 (REML",
    "prediction interval", "one stage (CR2)", "IVW",
)  # fmt: skip


@pytest.fixture(scope="module")
def registry() -> Iterator[ModuleType]:
    """Return the module that lists the worlds."""
    sys.path.insert(0, str(ROOT / "benchmarks"))
    from calibration import registry

    yield registry
    sys.path.remove(str(ROOT / "benchmarks"))


def rows(part: str) -> list[dict[str, str]]:
    """Return the rows of the table in a part of the page."""
    cells = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in part.splitlines()
        if line.startswith("|")
    ]
    return [dict(zip(cells[0], row, strict=True)) for row in cells[2:]]


def number(text: str) -> float:
    return float(text.split(" ")[0].replace("−", "-").replace(",", ""))


SECTIONS = PAGE.split("\n## ")
JUDGED, LIMITS = rows(SECTIONS[0]), rows(SECTIONS[1])


def test_every_estimand_is_there() -> None:
    labels = [row["estimand"] for row in JUDGED]
    assert [part for part in WANTED if not any(part in label for label in labels)] == []


@pytest.mark.parametrize("row", JUDGED, ids=lambda row: row["estimand"])
def test_bias_and_coverage_meet_the_criterion(row: dict[str, str]) -> None:
    assert row["verdict"] == "ok"
    assert number(row["replicates"]) >= 500
    assert " of " not in row["replicates"]
    assert abs(number(row["bias, % of the SE"])) < 5
    assert 93 <= number(row["coverage, %"]) <= 97


def test_errors_are_monte_carlo_errors() -> None:
    for row in JUDGED + LIMITS:
        n, cover = number(row["replicates"]), number(row["coverage, %"])
        bias_error, cover_error = (
            float(re.findall(r"± ([\d.]+)", row[name])[0])
            for name in ("bias, % of the SE", "coverage, %")
        )
        assert bias_error == pytest.approx(100 / np.sqrt(n), abs=0.051)
        assert cover_error == pytest.approx(np.sqrt(cover * (100 - cover) / n), abs=0.06)


def test_the_page_is_that_of_the_worlds(registry: ModuleType) -> None:
    expected: dict[bool, list[Any]] = {True: [], False: []}
    for world in registry.WORLDS:
        for row in world.rows:
            expected[bool(row.limit)].append(
                (row.label, world.n, float(world.replicates), round(row.truth, 4))
            )
            assert row.label in " ".join(SECTIONS[2].split())
    for limited, shown in ((False, JUDGED), (True, LIMITS)):
        found = [
            (row["estimand"], row["n"], number(row["replicates"]), number(row["true value"]))
            for row in shown
        ]
        assert found == expected[limited]


def test_a_replicate_depends_on_its_number_alone(registry: ModuleType) -> None:
    for world in registry.WORLDS:
        both, second = registry.replicates(world.name, 0, 2), registry.replicates(world.name, 1, 2)
        np.testing.assert_array_equal(both[:, 1:], second)
        assert np.isfinite(both[:, :, [0, 2, 3, 4]]).all(), world.name


def test_a_row_outside_is_called_so(registry: ModuleType) -> None:
    world = registry.world_of("phq_slope")
    truth = world.rows[0].truth
    estimate = truth + np.random.default_rng(1).normal(size=4000)
    found = np.column_stack(
        [estimate, np.ones(4000), estimate - 1.96, estimate + 1.96, np.full(4000, truth)]
    )
    (fair,) = registry.lines(world, found[None])
    assert fair.within
    assert fair.se_ratio == pytest.approx(1, abs=0.03)
    for columns in ([0, 2, 3], [2], [3]):
        shifted = found.copy()
        shifted[:, columns] += 1
        assert not registry.lines(world, shifted[None])[0].within
    refused = found.copy()
    refused[0] = np.nan
    (line,) = registry.lines(world, refused[None])
    assert (line.answered, line.asked, line.within) == (3999, 4000, False)
