"""The empirical ROC curve and parts of it."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import roc_curve

from igfmood.errors import NotEstimable
from igfmood.performance.metrics.discrimination import auc
from igfmood.performance.metrics.roc import mcclish, roc
from strategies import predictions


@given(predictions())
def test_corners_are_those_of_scikit_learn(data):
    y, p = data
    curve = roc(y, p)
    rate, sensitivity, threshold = roc_curve(y, p, drop_intermediate=False)
    assert curve.sensitivity == pytest.approx(sensitivity)
    assert curve.specificity == pytest.approx(1 - rate)
    np.testing.assert_array_equal(curve.threshold, threshold)


@given(predictions())
def test_each_corner_is_what_its_threshold_gives(data):
    y, p = data
    curve = roc(y, p)
    for cut, sensitivity, specificity in zip(
        curve.threshold, curve.sensitivity, curve.specificity, strict=True
    ):
        assert sensitivity == pytest.approx((p[y == 1] >= cut).mean())
        assert specificity == pytest.approx((p[y == 0] < cut).mean())


@given(predictions(), st.floats(0.05, 0.95))
def test_parts_add_up_to_the_whole(data, middle):
    y, p = data
    curve = roc(y, p)
    whole = auc(y, p)
    for focus in ("specificity", "sensitivity"):
        assert curve.partial_auc(0, 1, focus) == pytest.approx(whole)
        parts = curve.partial_auc(0, middle, focus) + curve.partial_auc(middle, 1, focus)
        assert parts == pytest.approx(whole)


@given(predictions(), st.floats(0, 0.9))
def test_a_part_lies_between_nothing_and_everything(data, low):
    curve = roc(*data)
    area = curve.partial_auc(low, low + 0.1)
    assert 0 <= area <= 0.1 + 1e-12
    assert mcclish(area, low, low + 0.1) <= 1 + 1e-12


@given(predictions())
def test_order_scale_and_sides(data):
    y, p = data
    curve, other = roc(y, p), roc(y[::-1], np.log(p[::-1]))
    np.testing.assert_array_equal(curve.sensitivity, other.sensitivity)
    np.testing.assert_array_equal(curve.specificity, other.specificity)
    # Turned scores and classes mirror the curve.
    mirrored = roc(1 - y, -p)
    assert mirrored.partial_auc(0.9, 1) == pytest.approx(curve.partial_auc(0.9, 1, "sensitivity"))


@given(predictions())
def test_sensitivity_at_a_specificity_is_the_best_there_and_falls(data):
    curve = roc(*data)
    at = [curve.sensitivity_at(s) for s in np.linspace(0, 1, 11)]
    assert (np.diff(at) <= 1e-12).all()
    for specificity, sensitivity in zip(curve.specificity, curve.sensitivity, strict=True):
        assert curve.sensitivity_at(specificity) >= sensitivity - 1e-12
        assert curve.specificity_at(sensitivity) >= specificity - 1e-12


@given(predictions())
def test_the_curve_on_a_grid_is_the_exact_one_read_there(data):
    y, p = data
    rate, sensitivity, _ = roc_curve(y, p, drop_intermediate=False)
    curve = roc(y, p)
    for x in np.linspace(0, 1, 21):
        corners = sensitivity[np.isclose(rate, x, rtol=0, atol=1e-12)]
        expected = corners.max() if corners.size else np.interp(x, rate, sensitivity)
        assert curve.sensitivity_at(1 - x) == pytest.approx(expected, abs=1e-12)


def test_chance_and_perfection():
    y = np.repeat([1, 0], 50)
    perfect = roc(y, y)
    assert perfect.partial_auc(0.9, 1) == pytest.approx(0.1)
    assert mcclish(0.1, 0.9, 1) == pytest.approx(1)
    assert perfect.sensitivity_at(1.0) == 1
    # Everybody alike: the diagonal.
    alike = roc(y, np.zeros(100))
    assert mcclish(alike.partial_auc(0.9, 1), 0.9, 1) == pytest.approx(0.5)
    assert alike.sensitivity_at(0.8) == pytest.approx(0.2)


@pytest.mark.parametrize(("low", "high"), [(0.9, 0.9), (-0.1, 0.5), (0.5, 1.1), (0.8, 0.2)])
def test_a_range_that_is_none_is_an_error(low, high):
    with pytest.raises(ValueError, match="expected 0 <= low < high <= 1"):
        roc([1, 0], [1, 0]).partial_auc(low, high)


@pytest.mark.parametrize("y", [[1, 1], [0, 0]])
def test_one_class_has_no_curve(y):
    with pytest.raises(NotEstimable, match="no ROC curve"):
        roc(y, [0.1, 0.2])
