"""Curves on a coarse grid."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import roc_curve as exact_roc

from igfmood.errors import NotEstimable
from igfmood.performance.curves import GRID, calibration_curve, roc_curve


@st.composite
def predictions(draw):
    n = draw(st.integers(4, 60))
    y = np.array(draw(st.lists(st.integers(0, 1), min_size=n, max_size=n)))
    y[:2] = 0, 1
    levels = draw(st.integers(1, 30))
    p = np.array(draw(st.lists(st.integers(0, levels), min_size=n, max_size=n))) / 31
    return y, p


@given(predictions())
def test_the_curve_never_falls_and_ends_where_everybody_is_called_ill(data):
    rate, sensitivity = roc_curve(*data)
    np.testing.assert_array_equal(rate, GRID)
    assert (np.diff(sensitivity) >= 0).all()
    assert sensitivity[-1] == 1
    assert ((sensitivity >= 0) & (sensitivity <= 1)).all()


@given(predictions())
def test_it_is_the_exact_curve_read_at_the_grid(data):
    y, p = data
    rate, sensitivity, _ = exact_roc(y, p, drop_intermediate=False)
    for x, found in zip(GRID, roc_curve(y, p)[1], strict=True):
        corners = sensitivity[np.isclose(rate, x, rtol=0, atol=1e-12)]
        expected = corners.max() if corners.size else np.interp(x, rate, sensitivity)
        assert found == pytest.approx(expected, abs=1e-12)


def test_at_rate_zero_it_shows_the_cases_above_every_control():
    y = np.array([1, 1, 0, 1, 0, 0])
    p = np.array([0.9, 0.8, 0.7, 0.6, 0.5, 0.4])
    assert roc_curve(y, p)[1][0] == pytest.approx(2 / 3)
    assert roc_curve(y, -p)[1][0] == 0
    assert roc_curve(y, np.full(6, 0.5))[1] == pytest.approx(GRID)
    perfect = np.array([1, 1, 0, 0]), np.array([0.9, 0.8, 0.2, 0.1])
    assert (roc_curve(*perfect)[1] == 1).all()


def test_order_of_people_and_scale_of_predictions_change_nothing():
    rng = np.random.default_rng(1)
    y, p = rng.integers(0, 2, 200), np.round(rng.random(200), 2)
    order = rng.permutation(200)
    np.testing.assert_array_equal(roc_curve(y, p)[1], roc_curve(y[order], p[order])[1])
    np.testing.assert_array_equal(roc_curve(y, p)[1], roc_curve(y, 3 * p**3)[1])


def test_calibration_follows_the_diagonal_where_predictions_are_right():
    rng = np.random.default_rng(2)
    p = rng.uniform(0.1, 0.6, 4000)
    predicted, observed = calibration_curve((rng.random(4000) < p).astype(int), p)
    assert len(predicted) == 10
    assert observed == pytest.approx(predicted, abs=0.05)
    assert predicted[0] == pytest.approx(np.percentile(p, 5))


def test_calibration_shows_predictions_that_are_too_high_and_stays_a_share():
    rng = np.random.default_rng(3)
    p = rng.uniform(0.02, 0.4, 2000)
    predicted, observed = calibration_curve((rng.random(2000) < p / 2).astype(int), p)
    assert (observed < predicted).all()
    assert ((observed >= 0) & (observed <= 1)).all()


def test_predictions_that_hardly_differ_have_no_calibration_curve():
    with pytest.raises(NotEstimable, match="hardly differ"):
        calibration_curve(np.array([0, 1] * 50), np.full(100, 0.3))
