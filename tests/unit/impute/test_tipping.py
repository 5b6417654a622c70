"""Shifts of the imputed values, and the smallest that changes a conclusion."""

import numpy as np
import pytest

from igfmood.errors import NotEstimable
from igfmood.impute.chained import impute
from igfmood.impute.pooling import pool
from igfmood.impute.tipping import shifted, tipping_point
from igfmood.impute.variables import Passive, Variable

GRID = np.linspace(-2, 2, 17)


def at(delta):
    """Estimate 1 + delta with standard error 0.3."""
    return pool([1 + delta], [0.09])


def above_zero(pooled):
    return pooled.ci_low > 0


def test_smallest_shift():
    found = tipping_point(at, GRID, above_zero)
    # 1 - 1.96 * 0.3 = 0.412: -0.5 is the first on the grid.
    assert (found.delta, found.lower, found.upper) == (-0.5, -0.5, None)
    assert [row.delta for row in found.curve] == list(GRID)
    assert [row.holds for row in found.curve] == [delta > -0.412 for delta in GRID]
    assert found.statement == "the conclusion changes when the imputed values are shifted by -0.5"


def test_no_shift_changes_it():
    found = tipping_point(at, [-0.25, 0.0, 0.25], above_zero)
    assert found.delta is None
    assert "no shift from -0.25 to 0.25" in found.statement


def test_a_conclusion_not_reached_can_be_reached():
    found = tipping_point(lambda delta: at(delta - 1), GRID, above_zero)
    assert (found.delta, found.lower) == (0.75, None)


def test_of_two_sides_the_nearer():
    found = tipping_point(at, GRID, lambda pooled: 0.3 < pooled.estimate < 2.3)
    assert (found.delta, found.lower, found.upper) == (-0.75, -0.75, 1.5)


def test_refusals():
    with pytest.raises(ValueError, match="0 among them"):
        tipping_point(at, [-1.0, 1.0], above_zero)
    with pytest.raises(NotEstimable, match=r"at a shift of -2: .*variance 0"):
        tipping_point(lambda delta: pool([delta], [0.0]), GRID, above_zero)


@pytest.fixture(scope="module")
def imputations():
    rng = np.random.default_rng(0)
    y = rng.normal(size=80)
    y[:30] = np.nan
    limit = np.where(np.arange(80) < 10, 0.0, np.nan)
    variables = [
        Variable("x", "normal", rng.normal(size=80)),
        Variable("y", "censored", y, upper_limit=limit),
    ]
    square = Passive("square", ("y",), lambda c: c["y"] ** 2)
    return impute(variables, passive=[square], m=3, iterations=2, seed=0, keys=())


def test_only_unknown_values_of_the_group_move(imputations):
    group = np.arange(80) % 2 == 0
    moved = shifted(imputations, "y", 0.7, group)
    for index in range(3):
        before, after = imputations.completed(index), moved.completed(index)
        rows = np.flatnonzero(after["y"] != before["y"])
        np.testing.assert_array_equal(rows, np.arange(10, 30, 2))
        np.testing.assert_allclose((after["y"] - before["y"])[rows], 0.7)
        np.testing.assert_array_equal(after["square"], after["y"] ** 2)


def test_what_cannot_be_shifted(imputations):
    everybody = np.ones(80, dtype=bool)
    with pytest.raises(ValueError, match="numeric variable with missing"):
        shifted(imputations, "x", 1.0, everybody)
    with pytest.raises(ValueError, match="80 rows"):
        shifted(imputations, "y", 1.0, everybody[:5])
