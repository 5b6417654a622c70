"""Properties and limits of calibration measures."""

import numpy as np
import pytest
from scipy.special import expit, logit

from igfmood.association.models.logistic import fit_logistic
from igfmood.errors import NotEstimable
from igfmood.performance.metrics.calibration import (
    brier,
    calibration_in_the_large,
    calibration_slope,
    observed_expected,
    scaled_brier,
)
from strategies import coverage, simulated


@pytest.fixture(scope="module")
def predictions():
    rng = np.random.default_rng(7)
    log_odds = rng.normal(-1, 1.2, 2000)
    return (rng.random(2000) < expit(log_odds)).astype(int), expit(log_odds)


def test_recalibrated_predictions_are_ideal(predictions):
    y, p = predictions
    X = np.column_stack([np.ones(p.size), logit(p)])
    refitted = expit(X @ fit_logistic(X, y).coef)
    assert calibration_in_the_large(y, refitted).estimate == pytest.approx(0, abs=1e-9)
    assert calibration_slope(y, refitted).estimate == pytest.approx(1, abs=1e-9)


def test_known_miscalibration_is_undone(predictions):
    y, p = predictions
    intercept, slope = calibration_in_the_large(y, p), calibration_slope(y, p)
    # Log odds twice as extreme: the slope halves, and so does its interval.
    extreme = calibration_slope(y, expit(2 * logit(p)))
    assert extreme.estimate == pytest.approx(slope.estimate / 2, rel=1e-9)
    assert extreme.ci_low == pytest.approx(slope.ci_low / 2, rel=1e-9)
    # Log odds raised by 1: the intercept falls by 1.
    raised = calibration_in_the_large(y, expit(logit(p) + 1))
    assert raised.estimate == pytest.approx(intercept.estimate - 1, rel=1e-9)


def test_truth_is_within_the_interval(predictions):
    intercept, slope = calibration_in_the_large(*predictions), calibration_slope(*predictions)
    assert intercept.ci_low < 0 < intercept.ci_high
    assert slope.ci_low < 1 < slope.ci_high


def test_constant_prediction_has_an_intercept_and_no_slope():
    y, p = np.repeat([1, 0], [30, 70]), np.full(100, 0.2)
    expected = logit(0.3) - logit(0.2)
    assert calibration_in_the_large(y, p).estimate == pytest.approx(expected, rel=1e-12)
    with pytest.raises(NotEstimable, match="all 100 predictions are equal"):
        calibration_slope(y, p)


def test_certain_prediction_has_no_log_odds():
    with pytest.raises(NotEstimable, match="1 of 4 predictions are exactly 0 or 1"):
        calibration_slope([0, 1, 0, 1], [0.0, 0.4, 0.6, 0.7])


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


def test_malformed_input():
    with pytest.raises(ValueError, match=r"\[0, 1\]"):
        brier([0, 1], [0.5, 1.5])
    with pytest.raises(ValueError, match=r"\[0, 1\]"):
        brier([0, 1], [0.5, np.nan])
    with pytest.raises(ValueError, match="0 or 1"):
        brier([0, 2], [0.5, 0.5])
    with pytest.raises(ValueError, match="do not match"):
        brier([0, 1, 1], [0.5, 0.5])


def test_scaled_brier_is_0_for_the_prevalence_and_1_for_certainty():
    y = np.repeat([1, 0], [30, 70])
    known = scaled_brier(y, np.full(100, 0.3))
    assert known.estimate == pytest.approx(0, abs=1e-12)
    assert scaled_brier(y, y).estimate == 1
    assert scaled_brier(y, 1 - y).estimate < 0
    assert scaled_brier(1 - y, np.full(100, 0.6)).estimate == pytest.approx(
        scaled_brier(y, np.full(100, 0.4)).estimate
    )


def test_observed_over_expected_counts_cases():
    y = np.repeat([1, 0], [30, 70])
    found = observed_expected(y, np.full(100, 0.2))
    assert found.estimate == pytest.approx(np.log(30 / 20))
    assert found.se == pytest.approx(np.sqrt(0.7 / 30))
    assert observed_expected(y, np.full(100, 0.3)).estimate == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize(
    ("measure", "slack"), [(brier, 0), (scaled_brier, 0), (observed_expected, 0.01)]
)
def test_intervals_cover(measure, slack):
    truth = measure(*simulated(np.random.default_rng(99), 2_000_000)).estimate

    def interval(rng):
        found = measure(*simulated(rng, 300))
        return found.ci_low, found.ci_high

    # Predictions count as known in O:E: with predictions that vary it is a little wide.
    assert 0.92 < coverage(truth, interval, 600) < 0.98 + slack


@pytest.mark.parametrize("y", [[0, 0, 0], [1, 1, 1]])
def test_one_class_has_no_ratio_and_no_scale(y):
    with pytest.raises(NotEstimable, match="one class only"):
        scaled_brier(y, [0.1, 0.2, 0.3])
    with pytest.raises(NotEstimable, match="no ratio"):
        observed_expected(y, [0.1, 0.2, 0.3])


def test_nothing_expected_has_no_ratio():
    with pytest.raises(NotEstimable, match="0 expected"):
        observed_expected([0, 1], [0.0, 0.0])
