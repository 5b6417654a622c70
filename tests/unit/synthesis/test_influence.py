"""Deletion diagnostics: their definitions, what they do not depend on, and their limits."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from igfmood.errors import NotEstimable
from igfmood.synthesis.influence import influence
from igfmood.synthesis.random_effects import random_effects

YI = np.array([0.32, 0.10, 0.41, -0.05, 0.28, 1.60])
VI = np.array([0.02, 0.05, 0.03, 0.04, 0.02, 0.03])
ARRAYS = [
    "rstudent", "dffits", "cook_d", "cov_r", "tau2_del", "qe_del", "hat", "weight", "dfbetas",
]  # fmt: skip


@st.composite
def studies(draw):
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    vi = rng.uniform(0.01, 1, draw(st.integers(4, 8)))
    return rng.normal(0.3, np.sqrt(vi + 0.05)), vi


@pytest.mark.parametrize("estimator", ["REML", "ML", "PM", "DL"])
def test_each_is_what_a_synthesis_by_hand_gives(estimator):
    found, whole = influence(YI, VI, estimator), random_effects(YI, VI, estimator=estimator)
    for i in range(YI.size):
        rest = random_effects(np.delete(YI, i), np.delete(VI, i), estimator=estimator)
        change, new = whole.mu - rest.mu, VI[i] + rest.tau2
        expected = {
            "rstudent": (YI[i] - rest.mu) / np.sqrt(new + rest.se_normal**2),
            "dffits": change / np.sqrt(whole.weights[i] * new),
            "cook_d": change**2 / whole.se_normal**2,
            "cov_r": rest.se_normal**2 / whole.se_normal**2,
            "tau2_del": rest.tau2,
            "qe_del": rest.q,
            "hat": whole.weights[i],
            "weight": 100 * whole.weights[i],
            "dfbetas": change * np.sqrt(np.sum(1 / (VI + rest.tau2))),
        }
        assert {key: getattr(found, key)[i] for key in ARRAYS} == pytest.approx(expected, rel=1e-12)


@given(studies(), st.floats(-5, 5), st.sampled_from([-1.0, 0.01, 1000.0]))
def test_shift_and_unit_change_no_diagnostic(data, shift, scale):
    yi, vi = data
    plain, moved = influence(yi, vi), influence(scale * yi + shift, scale**2 * vi)
    sign = np.sign(scale)
    for key in ("rstudent", "dffits", "dfbetas"):
        assert getattr(moved, key) == pytest.approx(sign * getattr(plain, key), rel=1e-4, abs=1e-5)
    for key in ("cook_d", "cov_r", "hat"):
        assert getattr(moved, key) == pytest.approx(getattr(plain, key), rel=1e-4, abs=1e-5)


@given(studies(), st.randoms(use_true_random=False))
def test_the_order_of_studies_does_not_matter(data, random):
    yi, vi = data
    order = random.sample(range(yi.size), yi.size)
    plain, shuffled = influence(yi, vi), influence(yi[order], vi[order])
    for key in ARRAYS:
        assert getattr(shuffled, key) == pytest.approx(
            getattr(plain, key)[order], rel=1e-5, abs=1e-6
        )


def test_hats_sum_to_one_and_weights_to_a_hundred():
    found = influence(YI, VI)
    assert found.hat.sum() == pytest.approx(1)
    assert found.weight.sum() == pytest.approx(100)


def test_a_study_far_off_is_influential_and_without_it_none_is():
    found = influence(YI, VI)
    assert np.flatnonzero(found.influential).tolist() == [5]
    # Without it the others agree, and the mean is known better.
    assert found.tau2_del[5] < 0.1 * found.tau2_del[:5].min()
    assert found.cov_r[5] < 1
    assert not influence(YI[:5], VI[:5]).influential.any()


def test_a_study_that_carries_the_weight_is_influential_by_its_leverage():
    # Nothing else tells: its estimate is that of the others.
    yi, vi = [0.30, 0.25, 0.35, 0.28, 0.32, 0.30], [0.0005, 0.1, 0.1, 0.1, 0.1, 0.1]
    found = influence(yi, vi)
    assert found.hat[0] > 3 / 6
    assert abs(found.dffits[0]) < 3 * np.sqrt(1 / 5)
    assert abs(found.dfbetas[0]) < 1
    assert found.cook_d[0] < 0.45
    assert np.flatnonzero(found.influential).tolist() == [0]


# i <- influence(rma(yi, vi, method = "DL")); i$is.infl (metafor 3.8-1), and the bound that study
# `who` passes alone.
@pytest.mark.parametrize(
    ("alone", "who", "flagged", "yi", "vi"),
    [
        ("dffits", 0, [0],
         [2.06, -0.64, 0.07, -0.16, -1.48, -0.16, -0.5, -0.55, -0.4, -0.53, -0.24],
         [0.006, 0.617, 0.076, 0.006, 1.01, 0.42, 0.07, 0.32, 0.122, 0.508, 0.092]),
        ("cook_d", 3, [0, 3], [0.01, -1.33, 1.27, -0.03], [0.006, 0.711, 1.509, 0.042]),
        ("dfbetas", 0, [0], [3.09, -0.13, -1.01, 0.06, -0.45], [0.786, 0.172, 0.79, 0.006, 0.849]),
    ],
)  # fmt: skip
def test_each_bound_is_enough(alone, who, flagged, yi, vi):
    found, k = influence(yi, vi, "DL"), len(yi)
    # 0.4549364 is the median of chi-squared with one degree of freedom.
    bounds = {"dffits": 3 * np.sqrt(1 / (k - 1)), "cook_d": 0.4549364, "hat": 3 / k, "dfbetas": 1}
    passed = [key for key, bound in bounds.items() if abs(getattr(found, key)[who]) > bound]
    assert passed == [alone]
    assert np.flatnonzero(found.influential).tolist() == flagged


def test_three_studies_are_enough_and_two_are_not():
    assert np.isfinite(influence(YI[:3], VI[:3]).rstudent).all()
    with pytest.raises(NotEstimable, match="too few studies to leave one out: k = 2 < 3"):
        influence(YI[:2], VI[:2])


def test_what_is_left_must_differ():
    with pytest.raises(NotEstimable, match="the k = 2 studies give the same estimate"):
        influence([0.3, 0.3, 0.5], [0.02, 0.03, 0.02])


def test_estimates_that_do_not_match_their_variances_are_refused():
    with pytest.raises(ValueError, match="do not match"):
        influence(YI, VI[:4])
    with pytest.raises(ValueError, match="expected one of"):
        influence(YI, VI, "EB")
