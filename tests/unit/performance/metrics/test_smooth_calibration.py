"""The smooth calibration curve and its distances."""

import numpy as np
import pytest

from igfmood.errors import NotEstimable
from igfmood.performance.metrics import smooth_calibration
from igfmood.performance.metrics.smooth_calibration import (
    calibration_curve,
    calibration_error,
    calibration_error_interval,
    smoothed,
    smoothed_at,
)
from strategies import simulated

GRID = np.linspace(0.15, 0.75, 7)


@pytest.fixture(scope="module")
def data():
    return simulated(np.random.default_rng(1), 3000)


def test_right_predictions_lie_on_the_diagonal(data):
    y, p = data
    found = calibration_error(y, p)
    assert found.ici < 0.02
    assert found.e50 <= found.e90 <= found.emax
    curve = calibration_curve(y, p, GRID, 50, np.random.default_rng(1))
    assert curve.observed == pytest.approx(GRID, abs=0.06)
    assert (curve.ci_low <= curve.observed).all()
    assert (curve.observed <= curve.ci_high).all()


def test_predictions_off_by_so_much_are_off_by_so_much(data):
    y, p = data
    inner = (p > 0.15) & (p < 0.75)
    found = calibration_error(y[inner], p[inner] + 0.2)
    assert found.ici == pytest.approx(0.2, abs=0.02)
    assert found.e50 == pytest.approx(0.2, abs=0.03)


def test_straight_data_are_their_own_curve():
    # A local line through points on a line is the line.
    p = np.linspace(0.1, 0.9, 200)
    assert smoothed(0.2 + 0.5 * p, p) == pytest.approx(0.2 + 0.5 * p, abs=1e-9)


def test_distances_are_those_of_the_people(data):
    y, p = data
    distance = np.abs(smoothed(y, p) - p)
    found = calibration_error(y, p)
    assert found.ici == pytest.approx(distance.mean())
    assert (found.e50, found.e90) == pytest.approx(tuple(np.quantile(distance, [0.5, 0.9])))
    assert found.emax == distance.max()


def test_order_of_people_changes_nothing(data):
    y, p = (part[:300] for part in data)
    order = np.random.default_rng(2).permutation(300)
    assert smoothed(y, p)[order] == pytest.approx(smoothed(y[order], p[order]), abs=1e-9)


def test_mirrored_classes_mirror_the_curve(data):
    y, p = (part[:300] for part in data)
    # But for the risks that share a local fit, a hundredth of the range.
    assert smoothed(1 - y, 1 - p) == pytest.approx(1 - smoothed(y, p), abs=2e-3)


def test_what_is_shown_is_a_share():
    rng = np.random.default_rng(3)
    p = rng.uniform(0.01, 0.5, 60)
    y = (p > 0.3).astype(int)
    curve = calibration_curve(y, p, np.linspace(0.02, 0.48, 9), 30, rng)
    for values in (curve.observed, curve.ci_low, curve.ci_high):
        assert ((values >= 0) & (values <= 1)).all()


def test_intervals_follow_the_generator_and_hold_the_level(data):
    y, p = (part[:300] for part in data)
    one, same, other = (
        calibration_error_interval(y, p, 60, np.random.default_rng(seed), 0.9) for seed in (1, 1, 2)
    )
    assert one == same
    assert one != other
    assert set(one) == {"ici", "e50", "e90"}
    for name, found in one.items():
        assert found.estimate == getattr(calibration_error(y, p), name)
        assert (found.level, found.resamples) == (0.9, 60)
        assert 0 <= found.ci_low < found.ci_high
    wide = calibration_error_interval(y, p, 60, np.random.default_rng(1), 0.99)["ici"]
    assert wide.ci_high > one["ici"].ci_high


def shifted(rng, n=250):
    """Outcome, and predictions that are too high for everybody."""
    y, p = simulated(rng, n)
    return y, 1 / (1 + (1 - p) / p * np.exp(-0.7))


def test_where_the_mean_prediction_is_wrong_the_error_is_that_of_new_people():
    again = [calibration_error(*shifted(np.random.default_rng(seed))) for seed in range(400)]
    told = [
        calibration_error_interval(
            *shifted(np.random.default_rng(seed)), 60, np.random.default_rng(seed), 0.95
        )
        for seed in range(30)
    ]
    for name in ("ici", "e50", "e90"):
        true = np.std([getattr(one, name) for one in again])
        assert np.mean([one[name].se for one in told]) == pytest.approx(true, rel=0.25)


def test_the_band_of_the_curve_is_as_wide_as_curves_of_new_people_differ():
    at = np.array([0.4, 0.6])
    again = [smoothed_at(*shifted(np.random.default_rng(seed)), at) for seed in range(400)]
    widths = []
    for seed in range(20):
        y, p = shifted(np.random.default_rng(seed))
        curve = calibration_curve(y, p, at, 100, np.random.default_rng(seed))
        widths.append(curve.ci_high - curve.ci_low)
    true = np.ptp(np.quantile(again, [0.025, 0.975], axis=0), axis=0)
    assert np.mean(widths, axis=0) == pytest.approx(true, rel=0.25)


@pytest.mark.parametrize("seed", range(5))
def test_intervals_hold_the_estimate_even_of_right_predictions(seed):
    # Resamples of right predictions lie further from their curve than the people do.
    y, p = simulated(np.random.default_rng(seed), 150)
    for one in calibration_error_interval(y, p, 40, np.random.default_rng(seed), 0.5).values():
        assert 0 <= one.ci_low <= one.estimate <= one.ci_high


def test_refusals():
    y = np.array([0, 1] * 20)
    with pytest.raises(NotEstimable, match="all predictions are equal"):
        calibration_error(y, np.full(40, 0.3))
    with pytest.raises(NotEstimable, match="hardly differ"):
        calibration_curve(y, np.linspace(0.1, 0.2, 40), [0.1, 0.1], 5, np.random.default_rng(1))
    with pytest.raises(NotEstimable, match="1 case in 3 rows"):
        calibration_error_interval([1, 0, 0], [0.1, 0.2, 0.3], 5, np.random.default_rng(1), 0.95)


def test_neighbours_that_stand_as_one_hardly_move_the_limits(monkeypatch):
    y, p = simulated(np.random.default_rng(6), 4000)
    at = np.linspace(0.2, 0.8, 7)

    def limits() -> tuple[np.ndarray, np.ndarray]:
        error = calibration_error_interval(y, p, 60, np.random.default_rng(1), 0.95)
        curve = calibration_curve(y, p, at, 60, np.random.default_rng(1))
        ends = np.array([[one.ci_low, one.ci_high] for one in error.values()])
        return ends, np.stack([curve.ci_low, curve.ci_high], axis=1)

    exact = limits()
    monkeypatch.setattr(smooth_calibration, "_MOST", 2000)
    monkeypatch.setattr(smooth_calibration, "_AS_ONE", 500)
    for one, other in zip(limits(), exact, strict=True):
        assert not (one == other).all()
        assert np.abs(one - other).max() < 0.04 * np.ptp(other, axis=1).max()


def test_the_method_tells_where_neighbours_stand_as_one():
    assert smooth_calibration.joining(8192) == ""
    assert smooth_calibration.joining(8193) == ", neighbours joined into 1,024"
