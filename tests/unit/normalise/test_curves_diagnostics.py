"""Diagnostics see a curve that fails, and pass one that holds."""

import numpy as np
import pytest

from igfmood.normalise.curves.diagnostics import (
    CENTILES,
    centile_coverage,
    worm,
)


def people(n=3000, seed=0):
    rng = np.random.default_rng(seed)
    return rng.normal(size=n), rng.uniform(18, 80, n)


def test_coverage_of_a_curve_that_holds():
    sds, age = people()
    found = centile_coverage(np.append(sds, np.nan), np.append(age, 30.0))
    assert len(found) == 4 * len(CENTILES)
    assert found.loc[found["group"] == "all", "n"].tolist() == [3000] * 5
    thirds = found[found["group"] != "all"]
    assert thirds.loc[thirds["centile"] == 50, "n"].sum() == 3000
    nominal = found["centile"] / 100
    assert ((found["ci_low"] < nominal) & (nominal < found["ci_high"])).mean() > 0.8


def test_coverage_is_wilsons():
    """Newcombe 1998, Stat Med 17:857, table I: 81 of 263 gives 0.2553 to 0.3662."""
    sds = np.where(np.arange(263) < 81, -3.0, 3.0)
    row = centile_coverage(sds, np.linspace(20, 80, 263)).iloc[2]
    assert (row["below"], row["n"]) == (81, 263)
    assert (row["ci_low"], row["ci_high"]) == pytest.approx((0.2553, 0.3662), abs=5e-5)


def test_worm_of_a_curve_that_holds_and_of_one_that_does_not():
    sds, _ = people()
    assert worm(sds).outside < 0.2
    assert worm(1.3 * sds).outside > 0.7
    moved = worm(sds + 0.5)
    assert moved.deviation[10] == pytest.approx(0.5, abs=0.1)
    assert len(moved.theoretical) == 21
    # The ends of the grid lie inside: at least five people beyond.
    few = worm(sds[:60])
    assert few.theoretical[-1] == pytest.approx(1.383, abs=1e-3)


def test_nobody_is_not_a_value():
    nobody = np.full(3, np.nan)
    assert centile_coverage(nobody, nobody)["share"].isna().all()
    assert np.isnan(worm(nobody).deviation).all()
