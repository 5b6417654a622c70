"""Properties and limits of the restricted cubic spline."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from igfmood.errors import NotEstimable
from igfmood.splines import rcs_basis, rcs_knots

KNOTS = np.array([1.0, 2.5, 4.0, 7.0])


@given(st.floats(0.1, 50))
def test_linear_beyond_the_outer_knots(step):
    above = rcs_basis(7 + step * np.arange(3), KNOTS)
    # Second differences of a line; cubes of the distance set the rounding.
    np.testing.assert_allclose(np.diff(above, n=2, axis=0), 0, atol=1e-11 * (7 + step) ** 3)
    assert (rcs_basis(1 - step * np.arange(3), KNOTS)[:, 1:] == 0).all()


def test_smooth_at_the_knots():
    h = 1e-4
    for knot in KNOTS:
        f = rcs_basis(knot + h * np.arange(-2, 3), KNOTS)
        curvature = np.diff(f, n=2, axis=0) / h**2
        # The third derivative jumps, the second does not: differences shrink with h.
        assert np.abs(np.diff(curvature, axis=0)).max() < 10 * h


def test_shape_and_unit():
    x = np.linspace(0, 9, 50)
    found = rcs_basis(x, KNOTS)
    assert found.shape == (50, 3)
    assert (found[:, 0] == x).all()
    # norm=2: terms scale with the unit of x.
    np.testing.assert_allclose(rcs_basis(10 * x, 10 * KNOTS), 10 * found, rtol=1e-12, atol=1e-12)


def test_outer_knots_of_a_small_sample_are_the_fifth_values():
    x = np.arange(50.0)
    assert rcs_knots(x, 3).tolist() == [4.0, 24.5, 45.0]


@given(st.permutations(list(range(30))))
def test_order_of_values_changes_nothing(x):
    assert rcs_knots(x, 4).tolist() == rcs_knots(sorted(x), 4).tolist()


@pytest.mark.parametrize(
    ("x", "reason"),
    [
        (np.arange(9.0), "too few values"),
        (np.tile([1.0, 2.0], 100), "2 different values cannot carry 3 knots"),
        (np.concatenate([np.ones(150), np.arange(50.0)]), "2 different knots"),
    ],
)
def test_not_estimable(x, reason):
    with pytest.raises(NotEstimable, match=reason):
        rcs_knots(x, 3)


def test_malformed_input():
    with pytest.raises(ValueError, match="at least 3 knots"):
        rcs_knots(np.arange(50.0), 2)
    with pytest.raises(ValueError, match="missing"):
        rcs_knots([np.nan] * 50, 3)
    with pytest.raises(ValueError, match="strictly increasing"):
        rcs_basis([1.0], [1.0, 1.0, 2.0])
