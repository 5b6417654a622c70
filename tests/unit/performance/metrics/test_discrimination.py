"""Properties and limits of the AUC: invariances, near-ties, overflow, cross-validation."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from igfmood.errors import NotEstimable
from igfmood.performance.metrics.auc_difference import delta_auc
from igfmood.performance.metrics.discrimination import (
    auc_delong,
    auc_interval,
    placements,
)


def all_pairs(y, score):
    """AUC by comparing every case with every control."""
    cases, controls = score[y == 1][:, None], score[y == 0][None, :]
    return np.mean((cases > controls) + 0.5 * (cases == controls))


@st.composite
def labelled_scores(draw):
    """Outcome with two or more of each class, and small whole scores so that ties are common."""
    n1, n0 = draw(st.integers(2, 12)), draw(st.integers(2, 12))
    score = draw(st.lists(st.integers(-5, 5), min_size=n1 + n0, max_size=n1 + n0))
    return np.repeat([1, 0], [n1, n0]), np.array(score, dtype=float)


@given(labelled_scores())
def test_auc_counts_every_pair(data):
    y, score = data
    # One division on our side, a mean of halves on the other: rounding only.
    assert auc_delong(y, score).auc[0] == pytest.approx(all_pairs(y, score), abs=1e-14)


@given(labelled_scores())
def test_monotone_transform_changes_nothing(data):
    y, score = data
    result = auc_delong(y, np.column_stack([score, np.exp(score) * 3 - 7]))
    assert result.auc[0] == result.auc[1]
    assert result.cov[0, 0] == result.cov[1, 1]


@given(labelled_scores())
def test_swapped_labels_mirror_the_auc(data):
    y, score = data
    there, back = auc_delong(y, score), auc_delong(1 - y, score)
    assert back.auc[0] == pytest.approx(1 - there.auc[0], abs=1e-15)
    # Two products of rounded placements.
    assert back.cov[0, 0] == pytest.approx(there.cov[0, 0], abs=1e-15)


@given(labelled_scores(), st.randoms(use_true_random=False))
def test_order_of_rows_changes_nothing(data, random):
    y, score = data
    order = list(range(y.size))
    random.shuffle(order)
    here, there = auc_delong(y, score), auc_delong(y[order], score[order])
    assert here.auc[0] == there.auc[0]
    assert here.cov[0, 0] == pytest.approx(there.cov[0, 0], abs=1e-15)


@given(labelled_scores())
def test_placements_average_to_the_auc_in_both_classes(data):
    y, score = data
    placed, auc = placements(y, score), auc_delong(y, score).auc[0]
    assert placed[y == 1].mean() == pytest.approx(auc, abs=1e-14)
    assert placed[y == 0].mean() == pytest.approx(auc, abs=1e-14)


def test_near_ties():
    # Scores that differ in the last bit, from pROC's numerical accuracy test; the AUC is 60/77.
    y = np.array([2, 1, 1, 2, 2, 1, 2, 2, 1, 1, 1, 2, 1, 2, 2, 2, 2, 2]) - 1
    score = [
        0.960602681556147,
        0.0794407386056549,
        0.144842404246611,
        0.931816485855784,
        0.931816485855784,
        0.97764041048215,
        0.653549466997938699464,
        0.796401132206396,
        0.427720540184519,
        0.811278021288732,
        0.0188323116581187,
        0.653549466997938588442,
        0.653549466997938477419,
        0.959111701445925,
        0.931816485855784,
        0.663663279418747,
        0.800100838413179,
        0.780456095511079,
    ]
    assert auc_delong(y, score).auc[0] == float.fromhex("0x1.8ef606a63bd82p-1")


def test_extreme_scores_rank_like_easy_ones():
    big, tiny = np.finfo(float).max, 5e-324
    hard = np.array([-np.inf, -big, -tiny, -0.0, 0.0, tiny, np.nextafter(big, 0), big, np.inf])
    easy = np.array([-9, -8, -1, 0, 0, 1, 7, 8, 9.0])
    y = np.array([0, 1, 0, 1, 0, 0, 1, 0, 1])
    result = auc_delong(y, np.column_stack([hard, easy]))
    assert result.auc[0] == result.auc[1]
    assert result.cov[0, 0] == result.cov[1, 1]


def test_products_of_counts_do_not_overflow():
    # 3 x 14472 rows: cases x controls exceed 32 bits when squared or doubled.
    n = 3 * 14472
    y = np.repeat([0, 1], [n - n // 3, n // 3])
    score = np.arange(n, dtype=float)
    assert auc_delong(y, score).auc[0] == 1.0
    half = auc_delong(np.tile([0, 1], n // 2), score)
    # Case i of m beats i controls (1-based): (m + 1) / (2 m).
    assert half.auc[0] == pytest.approx((n // 2 + 1) / n, abs=1e-15)
    assert 0 < half.se[0] < 0.005


def test_perfect_separation_is_one_with_variance_zero_and_no_interval():
    result = auc_delong([0, 0, 1, 1, 1], [1, 2, 3, 3, 9])
    assert result.auc[0] == 1.0
    assert result.se[0] == 0.0
    with pytest.raises(NotEstimable, match="perfect separation"):
        auc_interval(result.auc[0], result.se[0])


@pytest.mark.parametrize(
    ("y", "reason"),
    [
        ([1, 0, 0, 0], "one case only in 4 rows"),
        ([1, 1, 1, 0], "one control only in 4 rows"),
        ([0, 0, 0, 0], "no case in 4 rows"),
        ([1, 1, 1, 1], "no control in 4 rows"),
    ],
)
def test_too_few_of_a_class(y, reason):
    with pytest.raises(NotEstimable) as raised:
        auc_delong(y, [0.1, 0.2, 0.3, 0.4])
    assert raised.value.reason == reason


def test_malformed_input():
    with pytest.raises(ValueError, match="missing"):
        auc_delong([0, 0, 1, 1], [0.1, np.nan, 0.3, 0.4])
    with pytest.raises(ValueError, match="0 or 1"):
        auc_delong([0, 2, 1, 1], [0.1, 0.2, 0.3, 0.4])
    with pytest.raises(ValueError, match="do not match"):
        auc_delong([0, 0, 1], [0.1, 0.2, 0.3, 0.4])
    with pytest.raises(ValueError, match="repeats need"):
        auc_delong([0, 0, 1, 1], [0.1, 0.2, 0.3, 0.4], repeats=[0, 0, 1, 1])


def test_equal_rankings_have_no_difference_to_test():
    rng = np.random.default_rng(3)
    y, score = rng.integers(0, 2, 200), rng.normal(size=200)
    result = auc_delong(y, np.column_stack([score, 2 * score + 1]))
    with pytest.raises(NotEstimable, match="alike"):
        delta_auc(result, 0, 1)


def test_difference_is_antisymmetric():
    rng = np.random.default_rng(4)
    y = rng.integers(0, 2, 300)
    result = auc_delong(y, rng.normal(size=(300, 2)) + y[:, None] * [0.5, 1.0])
    there, back = delta_auc(result, 0, 1), delta_auc(result, 1, 0)
    assert back.difference == -there.difference
    assert (back.ci_low, back.ci_high) == (-there.ci_high, -there.ci_low)
    assert back.p == there.p


def test_interval_is_cut_at_one():
    low, high = auc_interval(0.98, 0.03)
    assert high == 1.0
    assert low == pytest.approx(0.98 - 1.959963984540054 * 0.03, abs=1e-12)


@pytest.fixture(scope="module")
def cross_validated():
    """120 participants, 3 repeats of 5 stratified folds, 2 scores that shift by fold."""
    rng = np.random.default_rng(11)
    n, n_repeats = 120, 3
    y = np.repeat([1, 0], [40, 80])
    marker = rng.normal(size=(n, 2)) + y[:, None] * [0.8, 0.4]
    parts = []
    for repeat in range(n_repeats):
        fold = np.concatenate([rng.permutation(np.arange(m) % 5) for m in (40, 80)])
        noise = 0.1 * rng.normal(size=(n, 2)) + fold[:, None]
        parts.append((y, marker + noise, fold, np.full(n, repeat), np.arange(n)))
    return [np.concatenate(column) for column in zip(*parts, strict=True)]


def test_one_fold_and_one_repeat_are_delong_exactly():
    rng = np.random.default_rng(5)
    y, scores = rng.integers(0, 2, 80), rng.normal(size=(80, 3)).round(1)
    plain = auc_delong(y, scores)
    labels = np.zeros(80, dtype=int)
    folded = auc_delong(y, scores, labels, labels, rng.permutation(80))
    assert folded.auc.tolist() == plain.auc.tolist()
    # The order of summation differs, nothing else.
    np.testing.assert_allclose(folded.cov, plain.cov, rtol=1e-13, atol=1e-17)


def test_fold_auc_is_the_mean_of_folds_and_repeats(cross_validated):
    y, scores, fold, repeat, participant = cross_validated
    found = auc_delong(y, scores, fold, repeat, participant)
    expected = [
        np.mean(
            [
                all_pairs(y[here], scores[here, m])
                for r in range(3)
                for f in range(5)
                for here in [(repeat == r) & (fold == f)]
            ]
        )
        for m in range(2)
    ]
    assert found.auc == pytest.approx(expected, abs=1e-14)
    assert (found.n_cases, found.n_controls) == (40, 80)


def test_equal_folds_give_the_influence_curve_variance(cross_validated):
    """LeDell et al. (2015) section 4: mean over folds of the mean squared influence, over n."""
    y, scores, fold, repeat, _ = cross_validated
    first = repeat == 0
    y, score, fold = y[first], scores[first, 0], fold[first]
    found = auc_delong(y, score, fold).cov[0, 0]
    expected = 0.0
    for f in range(5):
        here = fold == f
        placed, labels = placements(y[here], score[here]), y[here]
        share = np.where(labels == 1, 1 / 3, 2 / 3)
        # n / (n - 1) within class: 8 cases and 16 controls a fold.
        correction = np.where(labels == 1, 8 / 7, 16 / 15)
        deviation = (placed - all_pairs(labels, score[here])) / share
        expected += np.mean(correction * deviation**2) / 5 / 120
    assert found == pytest.approx(expected, rel=1e-12)


def test_repeating_the_same_folds_adds_no_information(cross_validated):
    y, scores, fold, _, participant = (x[:120] for x in cross_validated)
    once = auc_delong(y, scores, fold)
    thrice = auc_delong(
        np.tile(y, 3),
        np.tile(scores, (3, 1)),
        np.tile(fold, 3),
        np.repeat([0, 1, 2], 120),
        np.tile(participant, 3),
    )
    np.testing.assert_allclose(thrice.auc, once.auc, rtol=1e-14)
    np.testing.assert_allclose(thrice.cov, once.cov, rtol=1e-12)
    assert thrice.n_cases == 40


def test_the_covariance_is_the_mean_of_those_of_the_repeats(cross_validated):
    # Counting 3 x 120 rows as participants would shrink the standard error by sqrt(3).
    y, scores, fold, repeat, participant = cross_validated
    each = [auc_delong(y[r], scores[r], fold[r]).cov for r in (repeat == i for i in range(3))]
    found = auc_delong(y, scores, fold, repeat, participant)
    np.testing.assert_allclose(found.cov, np.mean(each, axis=0), rtol=1e-12)


def test_models_that_point_either_way_are_no_certainty():
    rng = np.random.default_rng(6)
    y, score = np.repeat([1, 0], 50), rng.normal(size=100)
    fold, ones = np.tile(np.arange(5), 20), np.ones(100, dtype=int)
    once = auc_delong(y, score, fold)
    both = auc_delong(
        np.tile(y, 2), np.concatenate([score, -score]), np.tile(fold, 2),
        np.concatenate([ones, 2 * ones]), np.tile(np.arange(100), 2),
    )  # fmt: skip
    assert both.auc[0] == pytest.approx(0.5)
    assert both.se == pytest.approx(once.se)


def test_scores_of_different_folds_are_not_compared(cross_validated):
    y, scores, fold, repeat, participant = cross_validated
    shifted = auc_delong(y, scores + 1000 * fold[:, None], fold, repeat, participant)
    plain = auc_delong(y, scores, fold, repeat, participant)
    np.testing.assert_allclose(shifted.auc, plain.auc, rtol=1e-14)


def test_fold_without_a_case_is_named():
    y = np.array([1, 1, 1, 1, 0, 0, 0, 0])
    fold = np.array([0, 0, 0, 1, 0, 0, 1, 1])
    with pytest.raises(NotEstimable, match="one case only in held-out fold 2 of 2"):
        auc_delong(y, np.arange(8.0), fold)


def test_cross_validated_standard_error_is_the_sampling_spread():
    rng = np.random.default_rng(20240101)
    y, fold = np.repeat([1, 0], [60, 90]), np.tile(np.arange(3), 50)
    found = [auc_delong(y, rng.normal(size=150) + 0.7 * y, fold) for _ in range(600)]
    spread = np.std([x.auc[0] for x in found], ddof=1)
    mean_variance = np.mean([x.cov[0, 0] for x in found])
    # 600 draws: the SD has a relative standard error of 3 %; 4 of them.
    assert np.sqrt(mean_variance) == pytest.approx(spread, rel=0.12)
