"""Properties and limits of the random-effects synthesis."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy.special import stdtrit

from igfmood.errors import NotEstimable
from igfmood.synthesis.random_effects import leave_one_out, random_effects

YI = np.array([0.83, 0.61, 1.10, -0.05, 0.30])
VI = np.array([0.09, 0.05, 0.12, 0.01, 0.04])


@st.composite
def studies(draw):
    k = draw(st.integers(2, 12))
    yi = draw(st.lists(st.floats(-3, 3), min_size=k, max_size=k))
    vi = draw(st.lists(st.floats(1e-4, 2), min_size=k, max_size=k))
    assume(np.ptp(yi) > 1e-3)
    return np.array(yi), np.array(vi)


def restricted_log_likelihood(tau2, yi, vi):
    w = 1 / (vi + tau2)
    mu = w @ yi / w.sum()
    return -0.5 * (np.sum(np.log(vi + tau2)) + np.log(w.sum()) + w @ (yi - mu) ** 2)


@given(studies())
def test_tau2_is_the_global_maximum(data):
    yi, vi = data
    tau2 = random_effects(yi, vi).tau2
    here = restricted_log_likelihood(tau2, yi, vi)
    for other in np.concatenate([[0], np.geomspace(1e-6, 40, 400)]):
        assert restricted_log_likelihood(other, yi, vi) <= here + 1e-9


@given(studies(), st.floats(-5, 5), st.sampled_from([-1.0, 0.01, 1000.0]))
def test_shift_and_scale_carry_over(data, shift, scale):
    yi, vi = data
    plain, moved = random_effects(yi, vi), random_effects(scale * yi + shift, scale**2 * vi)
    assert moved.mu == pytest.approx(scale * plain.mu + shift, rel=1e-7, abs=1e-7 * abs(scale))
    assert moved.se == pytest.approx(abs(scale) * plain.se, rel=1e-6)
    assert moved.tau2 == pytest.approx(scale**2 * plain.tau2, rel=1e-5, abs=1e-6 * scale**2)
    assert moved.i2 == pytest.approx(plain.i2, abs=1e-2)


def test_knapp_hartung_is_not_truncated():
    # Studies that agree better than their errors allow: narrower than the normal interval.
    found = random_effects([0.50, 0.51, 0.49, 0.50], [0.04, 0.04, 0.04, 0.04])
    assert found.tau2 == 0.0
    assert found.i2 == 0.0
    assert found.h2 == 1.0
    assert found.se < 0.1


def test_two_maxima_give_the_higher():
    # One precise study far from two others: the restricted likelihood may have two peaks.
    yi, vi = np.array([0.0, 0.02, 5.0]), np.array([1e-6, 1e-6, 20.0])
    tau2 = random_effects(yi, vi).tau2
    grid = np.concatenate([[0], np.geomspace(1e-10, 100, 4000)])
    best = max(restricted_log_likelihood(x, yi, vi) for x in grid)
    assert restricted_log_likelihood(tau2, yi, vi) >= best - 1e-9


def test_level_widens_both_intervals():
    narrow, wide = random_effects(YI, VI, level=0.90), random_effects(YI, VI, level=0.99)
    assert wide.ci_low < narrow.ci_low < narrow.ci_high < wide.ci_high
    assert wide.pi_low < narrow.pi_low
    assert narrow.pi_low < narrow.ci_low


def test_leave_one_out_omits_each_in_turn():
    found = leave_one_out(YI, VI)
    assert [x.k for x in found] == [4] * 5
    assert found[3].mu == random_effects(np.delete(YI, 3), np.delete(VI, 3)).mu


@pytest.mark.parametrize(
    ("yi", "vi", "reason"),
    [
        ([0.4], [0.1], "one study only: k = 1"),
        ([], [], "no study: k = 0"),
        ([0.4, 0.5], [0.1, 0.0], "study 1 .* has sampling variance 0"),
        ([0.4, 0.4, 0.4], [0.1, 0.2, 0.1], "k = 3 studies give the same estimate"),
    ],
)
def test_not_estimable(yi, vi, reason):
    with pytest.raises(NotEstimable, match=reason):
        random_effects(yi, vi)


def test_leave_one_out_needs_three():
    with pytest.raises(NotEstimable, match="k = 2 < 3"):
        leave_one_out([0.1, 0.2], [0.1, 0.1])


def test_malformed_input():
    with pytest.raises(ValueError, match="do not match"):
        random_effects([0.1, 0.2], [0.1])
    with pytest.raises(ValueError, match="finite"):
        random_effects([0.1, np.nan], [0.1, 0.1])


def test_one_study_that_dwarfs_the_rest():
    # Weights 1e12 to 1: sums by subtraction would lose every digit of the information.
    found = random_effects([1.0, 1.3, 0.6, 1.1], [1e-12, 1.0, 1.0, 1.0])
    assert found.tau2 == 0.0
    assert found.mu == pytest.approx(1.0, abs=1e-9)
    assert found.se_tau2 > 0


def test_modified_intervals_are_never_narrower_than_either():
    agree = random_effects([0.300, 0.301, 0.302], [0.01, 0.02, 0.01])
    assert agree.se < agree.se_normal
    found = agree.modified()
    assert found.se == agree.se_normal
    half = stdtrit(2, 0.975) * agree.se_normal
    assert (found.ci_low, found.ci_high) == pytest.approx((agree.mu - half, agree.mu + half))
    assert found.t == pytest.approx(agree.mu / agree.se_normal)
    normal = agree.normal()
    assert found.ci_low < normal.ci_low < agree.ci_low
    assert (found.pi_low, found.pi_high) == pytest.approx((found.ci_low, found.ci_high))  # tau2 0
    differ = random_effects([-0.7, -0.2, -0.1, 0.6], [0.21, 0.03, 0.1, 0.15])
    assert differ.se > differ.se_normal
    assert differ.modified() is differ
