"""Measures within cohorts: what tells cohorts apart is worth nothing."""

import numpy as np
import pytest
from scipy.special import expit

from igfmood.errors import NotEstimable
from igfmood.performance.metrics.calibration import calibration_slope, scaled_brier
from igfmood.performance.metrics.discrimination import auc
from igfmood.performance.metrics.stratified import auc_within, scaled_brier_within, slope_within

RNG = np.random.default_rng(1)
COHORT = np.repeat(["a", "b", "c"], [200, 300, 100])
SHARE = np.repeat([0.1, 0.5, 0.8], [200, 300, 100])
Y = (RNG.random(600) < SHARE).astype(float)


def test_knowing_the_cohort_alone_is_knowing_nothing():
    assert auc(Y, SHARE) > 0.7
    assert auc_within(Y, SHARE, COHORT) == 0.5
    own = np.array([Y[name == COHORT].mean() for name in COHORT])
    assert scaled_brier(Y, own).estimate > 0.1
    assert scaled_brier_within(Y, own, COHORT) == pytest.approx(0, abs=1e-12)


def test_pairs_are_counted_one_by_one():
    score = np.round(RNG.normal(size=600), 1)
    wins = [
        (score[i] > score[j]) + 0.5 * (score[i] == score[j])
        for i in np.flatnonzero(Y == 1)
        for j in np.flatnonzero(Y == 0)
        if COHORT[i] == COHORT[j]
    ]
    assert auc_within(Y, score, COHORT) == pytest.approx(np.mean(wins), abs=1e-12)


def test_one_cohort_is_as_without_cohorts():
    p = expit(Y + RNG.normal(size=600))
    alone = np.full(600, "a")
    assert auc_within(Y, p, alone) == auc(Y, p)
    assert scaled_brier_within(Y, p, alone) == pytest.approx(scaled_brier(Y, p).estimate)
    assert slope_within(Y, p, alone) == pytest.approx(calibration_slope(Y, p).estimate)


def test_the_slope_is_that_of_the_risks_however_shares_differ():
    line = RNG.normal(size=20_000)
    cohort = np.repeat(["a", "b"], 10_000)
    shift = np.where(cohort == "a", -2, 1)
    y = (RNG.random(20_000) < expit(0.5 * line + shift)).astype(float)
    assert slope_within(y, expit(line), cohort) == pytest.approx(0.5, abs=0.05)


def test_what_cannot_be_said():
    with pytest.raises(NotEstimable, match="no control"):
        auc_within([1, 1, 0, 1], [1, 2, 3, 4], ["a", "a", "b", "b"])
    with pytest.raises(NotEstimable, match="one class only in every cohort"):
        scaled_brier_within([1, 1, 0, 0], [0.5] * 4, ["a", "a", "b", "b"])
    with pytest.raises(NotEstimable, match="0 or 1"):
        slope_within([1, 0], [1, 0.5], ["a", "a"])
