"""More than two classes: Hand and Till's M."""

import numpy as np
import pytest
from scipy.special import softmax

from igfmood.errors import NotEstimable
from igfmood.performance.metrics.auc_difference import delta_auc
from igfmood.performance.metrics.discrimination import auc, auc_delong
from igfmood.performance.metrics.hand_till import delta_hand_till, hand_till
from strategies import coverage

NAMES = ["control", "mdd", "bipolar"]


def people(rng, n, strength=1.0, ties=None):
    classes = rng.choice(3, n, p=[0.5, 0.3, 0.2])
    classes[:6] = np.repeat([0, 1, 2], 2)
    scores = softmax(rng.normal(size=(n, 3)) + strength * np.eye(3)[classes], axis=1)
    return np.array(NAMES)[classes], scores if ties is None else np.round(scores, ties)


@pytest.mark.parametrize("seed", range(5))
def test_it_is_the_mean_of_the_pairs_and_a_pair_that_of_its_two_scores(seed):
    classes, scores = people(np.random.default_rng(seed), 60, ties=1)
    found = hand_till(classes, scores, NAMES)
    pairs = []
    for i in range(3):
        for j in range(i + 1, 3):
            rows = np.isin(classes, [NAMES[i], NAMES[j]])
            first = auc(classes[rows] == NAMES[i], scores[rows, i])
            second = auc(classes[rows] == NAMES[j], scores[rows, j])
            pairs.append((first + second) / 2)
            assert found.pairs[NAMES[i], NAMES[j]] == pytest.approx(pairs[-1])
    assert found.m.estimate == pytest.approx(np.mean(pairs))


def test_order_of_people_names_of_classes_and_scale_of_scores_change_nothing():
    classes, scores = people(np.random.default_rng(1), 80)
    one = hand_till(classes, scores, NAMES).m
    order = np.random.default_rng(2).permutation(80)
    assert hand_till(classes[order], scores[order], NAMES).m.estimate == pytest.approx(one.estimate)
    turned = hand_till(classes, scores[:, [2, 0, 1]], [NAMES[i] for i in (2, 0, 1)]).m
    assert (turned.estimate, turned.se) == pytest.approx((one.estimate, one.se))
    moved = hand_till(classes, np.log(scores) * [1, 5, 0.1] + [3, 0, -1], NAMES).m
    assert (moved.estimate, moved.se) == pytest.approx((one.estimate, one.se))


def test_a_class_that_is_more_common_counts_no_more():
    classes, scores = people(np.random.default_rng(3), 200)
    twice = np.concatenate([np.arange(200), np.flatnonzero(classes == "control")])
    one, other = (hand_till(classes[r], scores[r], NAMES).m for r in (np.arange(200), twice))
    assert other.estimate == pytest.approx(one.estimate)


def test_chance_and_turned_scores():
    classes, scores = people(np.random.default_rng(4), 100)
    flat = np.column_stack([np.zeros(100)] * 3)
    with pytest.raises(NotEstimable, match="no variance"):
        hand_till(classes, flat, NAMES)
    there, back = hand_till(classes, scores, NAMES).m, hand_till(classes, -scores, NAMES).m
    assert back.estimate == pytest.approx(1 - there.estimate)


@pytest.mark.parametrize("strength", [0.0, 1.0])
def test_intervals_cover(strength):
    truth = hand_till(*people(np.random.default_rng(99), 300_000, strength), NAMES).m.estimate
    assert strength or truth == pytest.approx(0.5, abs=0.003)

    def interval(rng):
        found = hand_till(*people(rng, 150, strength), NAMES).m
        return found.ci_low, found.ci_high

    assert 0.92 < coverage(truth, interval, 500) < 0.98


def test_limits_stay_within_0_and_1():
    rng = np.random.default_rng(5)
    classes, scores = people(rng, 12, 6.0)
    scores[0] = scores[0][::-1]
    found = hand_till(classes, scores, NAMES).m
    assert 0 <= found.ci_low < found.estimate < found.ci_high <= 1


def test_refusals():
    classes, scores = people(np.random.default_rng(6), 30)
    with pytest.raises(NotEstimable, match="class scz has 0 people"):
        hand_till(classes, np.hstack([scores, scores[:, :1]]), [*NAMES, "scz"])
    with pytest.raises(NotEstimable, match="without error"):
        hand_till(classes, np.array([classes == name for name in NAMES]).T.astype(float), NAMES)


def test_a_difference_of_two_classes_is_that_of_aucs():
    classes, scores = people(np.random.default_rng(7), 150)
    rows = classes != "bipolar"
    y = (classes[rows] == "mdd").astype(int)
    first, second = scores[rows, 1], np.round(scores[rows, 1], 1)
    both = [np.column_stack([-one, one]) for one in (first, second)]
    found = delta_hand_till(classes[rows], *both, NAMES[:2])
    expected = delta_auc(auc_delong(y, np.column_stack([first, second])), 0, 1)
    assert found.estimate == pytest.approx(expected.difference)
    assert found.se == pytest.approx(expected.se)


def test_equal_scores_have_no_difference():
    classes, scores = people(np.random.default_rng(8), 60)
    with pytest.raises(NotEstimable, match="rank everybody alike"):
        delta_hand_till(classes, scores, scores, NAMES)
