"""Properties and limits of calibration measures."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import expit, logit

from igfmood.errors import NotEstimable
from igfmood.performance.calibration import (
    brier,
    calibration_bins,
    calibration_in_the_large,
    calibration_intercept_slope,
    calibration_slope,
    wilson_interval,
)
from igfmood.performance.logistic import fit_logistic


@pytest.fixture(scope="module")
def predictions():
    rng = np.random.default_rng(7)
    log_odds = rng.normal(-1, 1.2, 2000)
    return (rng.random(2000) < expit(log_odds)).astype(int), expit(log_odds)


def test_recalibrated_predictions_are_ideal(predictions):
    y, p = predictions
    X = np.column_stack([np.ones(p.size), logit(p)])
    refitted = expit(X @ fit_logistic(X, y).coef)
    found = calibration_intercept_slope(y, refitted)
    assert found.intercept.estimate == pytest.approx(0, abs=1e-9)
    assert found.slope.estimate == pytest.approx(1, abs=1e-9)


def test_known_miscalibration_is_undone(predictions):
    y, p = predictions
    plain = calibration_intercept_slope(y, p)
    # Log odds twice as extreme: the slope halves, and so does its interval.
    extreme = calibration_slope(y, expit(2 * logit(p)))
    assert extreme.estimate == pytest.approx(plain.slope.estimate / 2, rel=1e-9)
    assert extreme.ci_low == pytest.approx(plain.slope.ci_low / 2, rel=1e-9)
    # Log odds raised by 1: the intercept falls by 1.
    raised = calibration_in_the_large(y, expit(logit(p) + 1))
    assert raised.estimate == pytest.approx(plain.intercept.estimate - 1, rel=1e-9)


def test_truth_is_within_the_interval(predictions):
    found = calibration_intercept_slope(*predictions)
    assert found.intercept.ci_low < 0 < found.intercept.ci_high
    assert found.slope.ci_low < 1 < found.slope.ci_high


def test_constant_prediction_has_an_intercept_and_no_slope():
    y, p = np.repeat([1, 0], [30, 70]), np.full(100, 0.2)
    expected = logit(0.3) - logit(0.2)
    assert calibration_in_the_large(y, p).estimate == pytest.approx(expected, rel=1e-12)
    with pytest.raises(NotEstimable, match="all 100 predictions are equal"):
        calibration_slope(y, p)


def test_certain_prediction_has_no_log_odds():
    with pytest.raises(NotEstimable, match="1 of 4 predictions are exactly 0 or 1"):
        calibration_intercept_slope([0, 1, 0, 1], [0.0, 0.4, 0.6, 0.7])


def test_perfectly_ordered_predictions_have_no_slope():
    with pytest.raises(NotEstimable, match="separated"):
        calibration_slope([0, 0, 1, 1], [0.1, 0.2, 0.6, 0.7])


def test_brier():
    found = brier([0, 1, 1, 0], [0.2, 0.6, 1.0, 0.0])
    squared = np.array([0.04, 0.16, 0, 0])
    assert found.estimate == pytest.approx(0.05, abs=1e-15)
    assert found.se == pytest.approx(squared.std(ddof=1) / 2, rel=1e-12)
    with pytest.raises(NotEstimable, match="no variance"):
        brier([0, 1], [0.5, 0.5])


@given(st.integers(2, 12), st.integers(0, 1000))
def test_bins_lose_no_row(n_bins, seed):
    rng = np.random.default_rng(seed)
    y, p = rng.integers(0, 2, 50), rng.random(50).round(1)
    bins = calibration_bins(y, p, n_bins)
    assert bins.n.sum() == 50
    assert bins.n.min() > 0
    assert bins.n_events.sum() == y.sum()
    assert np.average(bins.mean_predicted, weights=bins.n) == pytest.approx(p.mean(), rel=1e-12)
    assert (np.diff(bins.mean_predicted) > 0).all()
    assert ((bins.ci_low <= bins.observed) & (bins.observed <= bins.ci_high)).all()
    # Equal predictions share a bin.
    assert bins.n.size <= np.unique(p).size


def test_bins_of_untied_predictions_are_of_equal_size(predictions):
    assert calibration_bins(*predictions, n_bins=10).n.tolist() == [200] * 10


def test_too_few_rows_for_the_bins():
    with pytest.raises(NotEstimable, match="too few rows for 10 bins: 4"):
        calibration_bins([0, 1, 0, 1], [0.1, 0.2, 0.3, 0.4], 10)


def test_wilson_stays_within_zero_and_one():
    low, high = wilson_interval([0, 10], [10, 10])
    assert low[0] == 0.0
    assert high[1] == 1.0
    assert high[0] == pytest.approx(1 - low[1], abs=1e-15)
    with pytest.raises(NotEstimable, match="0 rows"):
        wilson_interval(0, 0)


def test_malformed_input():
    with pytest.raises(ValueError, match=r"\[0, 1\]"):
        brier([0, 1], [0.5, 1.5])
    with pytest.raises(ValueError, match=r"\[0, 1\]"):
        brier([0, 1], [0.5, np.nan])
    with pytest.raises(ValueError, match="0 or 1"):
        brier([0, 2], [0.5, 0.5])
    with pytest.raises(ValueError, match="do not match"):
        brier([0, 1, 1], [0.5, 0.5])
    with pytest.raises(ValueError, match="at least 2 bins"):
        calibration_bins([0, 1], [0.5, 0.5], 1)
