"""The two-lines test: its slopes, its break point, and what it must not call a U."""

import numpy as np
import pytest

from igfmood.association.models.linear import ols_hc3
from igfmood.association.two_lines import two_lines
from igfmood.errors import NotEstimable


def _u_shape(n=600, seed=1):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=n)
    return x, np.abs(x - 0.2) + 0.5 * rng.normal(size=n)


def test_v_shape_is_found_where_it_turns():
    x, y = _u_shape()
    found = two_lines(x, y)
    assert found.breakpoint == pytest.approx(0.2, abs=0.2)
    assert found.flat_low <= found.breakpoint <= found.flat_high
    # The slopes take the break point as known; a break a little off pulls both towards 0.
    assert found.low.estimate == pytest.approx(-1, abs=0.1)
    assert found.high.estimate == pytest.approx(1, abs=0.1)
    assert found.sign_change()
    assert found.n_low == (x <= found.breakpoint).sum()
    assert found.n_low + found.n_high == 600


def test_slopes_are_those_of_each_side_alone():
    # The lines need not meet and share no covariate here: each side is a regression of its own.
    x, y = _u_shape()
    found = two_lines(x, y)
    for rows, slope in ((x <= found.breakpoint, found.low), (x >= found.breakpoint, found.high)):
        alone = ols_hc3(np.column_stack([np.ones(rows.sum()), x[rows]]), y[rows]).contrast(1)
        assert (slope.estimate, slope.se) == pytest.approx((alone.estimate, alone.se), rel=1e-9)
    assert found.low.df == 600 - 4


def test_steeper_side_gives_room_to_the_flatter_one():
    # Quantile |t2| / (|t1| + |t2|) of the flat region: with a steep fall the break moves towards
    # it, and the weak rise keeps more participants than at the median of the region.
    rng = np.random.default_rng(4)
    x = rng.uniform(-1, 1, 2000)
    y = np.where(x < 0, -3 * x, 0.3 * x) + rng.normal(size=2000)
    found = two_lines(x, y)
    middle = np.median(x[(x >= found.flat_low) & (x <= found.flat_high)])
    assert found.breakpoint < middle


def test_mirror_images():
    x, y = _u_shape()
    there, upside_down, mirrored = two_lines(x, y), two_lines(x, -y), two_lines(-x, y)
    assert upside_down.breakpoint == pytest.approx(there.breakpoint, rel=1e-9)
    assert upside_down.low.estimate == pytest.approx(-there.low.estimate, rel=1e-9)
    assert mirrored.breakpoint == pytest.approx(-there.breakpoint, rel=1e-6)
    assert mirrored.low.estimate == pytest.approx(-there.high.estimate, rel=1e-6)


def test_units_do_not_matter():
    x, y = _u_shape()
    there, scaled = two_lines(x, y), two_lines(150 + 40 * x, 7 + 3 * y)
    assert scaled.breakpoint == pytest.approx(150 + 40 * there.breakpoint, rel=1e-6)
    assert scaled.high.estimate == pytest.approx(there.high.estimate * 3 / 40, rel=1e-6)


def test_curve_that_flattens_is_no_u():
    # A parabola fitted to it turns within the data; the lines do not (at most 5 % of studies may).
    false_turns = 0
    for seed in range(100):
        rng = np.random.default_rng(seed)
        x = rng.uniform(0, 3, 300)
        y = 1 - np.exp(-2 * x) + 0.3 * rng.normal(size=300)
        false_turns += two_lines(x, y).sign_change()
    assert false_turns <= 10


def test_covariates_are_held_equal():
    x, y = _u_shape()
    age = np.random.default_rng(2).normal(size=(600, 1))
    plain, adjusted = two_lines(x, y), two_lines(x, y + 2 * age[:, 0], age)
    assert adjusted.low.estimate == pytest.approx(plain.low.estimate, abs=0.05)
    assert adjusted.breakpoint == pytest.approx(plain.breakpoint, abs=0.1)
    assert adjusted.low.df == 600 - 5
    without = two_lines(x, y, np.empty((600, 0)))
    assert without.low == plain.low


def test_too_few_participants_are_said():
    crowded = np.concatenate([np.zeros(5), np.linspace(0.1, 0.9, 8), np.ones(5)])
    with pytest.raises(NotEstimable, match="between their 10th and 90th percentile"):
        two_lines(crowded, (crowded - 0.5) ** 2 + 0.01 * np.cos(np.arange(18)))
    # A steep line has its lowest value at the end, with 6 beyond the 90th percentile.
    x = np.linspace(0, 1, 60)
    with pytest.raises(NotEstimable, match="too few participants on one side"):
        two_lines(x, -20 * x + np.cos(np.arange(60)))
    with pytest.raises(NotEstimable, match="different values cannot carry 5 knots"):
        two_lines(np.arange(40) % 4, np.arange(40.0))


def test_wrong_shapes_are_refused():
    with pytest.raises(ValueError, match="do not match"):
        two_lines(np.arange(20.0), np.arange(19.0))
