"""Measures of ranks in bootstrap samples: equal to the measures themselves in the same people."""

from collections.abc import Callable
from functools import partial

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, roc_auc_score

from igfmood.errors import NotEstimable
from igfmood.performance.metrics import rank_resampling
from igfmood.performance.metrics.discrimination import auc, auc_delong
from igfmood.performance.metrics.precision_recall import average_precision, precision_of_counts
from igfmood.performance.metrics.rank_resampling import auc_of_counts, resample_ranks
from igfmood.performance.metrics.roc import mcclish, partial_auc_of_counts, roc
from strategies import simulated

RANGES = [(0.9, 1.0), (0.5, 0.8), (0.0, 1.0)]


def scaled_area(y: np.ndarray, score: np.ndarray, low: float, high: float) -> float:
    return mcclish(roc(y, score).partial_auc(low, high), low, high)


MEASURES: dict[str, tuple[Callable[..., np.ndarray], Callable[..., float]]] = {
    "auc": (auc_of_counts, auc),
    "precision": (precision_of_counts, average_precision),
    "precision of scikit-learn": (precision_of_counts, average_precision_score),
    "area of scikit-learn": (
        partial(partial_auc_of_counts, low=0.9, high=1.0), partial(roc_auc_score, max_fpr=0.1),
    ),
    **{
        f"area {low} to {high}": (
            partial(partial_auc_of_counts, low=low, high=high),
            partial(scaled_area, low=low, high=high),
        )
        for low, high in RANGES
    },
}  # fmt: skip


def people(cases: np.ndarray, controls: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Outcome and score of the people behind counts of one sample."""
    scores = np.arange(len(cases))
    return (
        np.repeat([1, 0], [cases.sum(), controls.sum()]),
        np.concatenate([np.repeat(scores, cases), np.repeat(scores, controls)]),
    )


@pytest.mark.parametrize("digits", [1, 12])  # with ties, and without
@pytest.mark.parametrize("name", MEASURES)
def test_a_measure_of_counts_is_that_of_the_people_behind_them(name, digits):
    y, p = simulated(np.random.default_rng(1), 120)
    of_counts, of_people = MEASURES[name]
    seen = []

    def both(cases: np.ndarray, controls: np.ndarray) -> np.ndarray:
        seen.extend(people(*sample) for sample in zip(cases, controls, strict=True))
        return of_counts(cases, controls)

    found = resample_ranks(y, np.round(p, digits), {"one": both}, 20, np.random.default_rng(2))
    assert found["one"] == pytest.approx(np.array([of_people(*one) for one in seen]), abs=1e-12)
    assert np.ptp(found["one"]) > 0
    assert all(outcome.sum() == y.sum() and len(outcome) == len(y) for outcome, _ in seen)


def test_everybody_is_drawn_as_often_as_anybody():
    y, score = np.repeat([1, 0], [4, 6]), np.arange(10.0)
    drawn = np.zeros(10)

    def count(cases: np.ndarray, controls: np.ndarray) -> np.ndarray:
        drawn[:] += (cases + controls).sum(axis=0)
        return np.zeros(len(cases))

    resample_ranks(y, score, {"one": count}, 4000, np.random.default_rng(1))
    assert drawn / 4000 == pytest.approx(np.ones(10), abs=0.06)


def test_measures_share_their_samples_and_follow_the_generator():
    y, p = simulated(np.random.default_rng(1), 100)
    measures = {"a": auc_of_counts, "b": auc_of_counts, "c": precision_of_counts}
    one, same = (resample_ranks(y, p, measures, 300, np.random.default_rng(3)) for _ in range(2))
    assert (one["a"] == one["b"]).all()
    assert all((one[name] == same[name]).all() for name in measures)


def test_samples_are_made_in_blocks_and_none_is_lost(monkeypatch):
    y, p = simulated(np.random.default_rng(1), 100)
    monkeypatch.setattr(rank_resampling, "_BLOCK", 300)
    sizes = []

    def count(cases: np.ndarray, controls: np.ndarray) -> np.ndarray:
        sizes.append(len(cases))
        return auc_of_counts(cases, controls)

    found = resample_ranks(y, p, {"auc": count}, 10, np.random.default_rng(3))["auc"]
    assert sizes == [3, 3, 3, 1]
    assert found.shape == (10,)
    assert np.ptp(found) > 0


def test_the_spread_of_samples_is_delongs_error():
    y, p = simulated(np.random.default_rng(1), 400)
    found = resample_ranks(y, p, {"auc": auc_of_counts}, 2000, np.random.default_rng(2))["auc"]
    assert found.std() == pytest.approx(auc_delong(y, p).se[0], rel=0.08)


@pytest.mark.parametrize(
    ("y", "reason"), [([1, 0, 0], "1 case in 3 rows"), ([1, 1, 0], "1 control in 3 rows")]
)
def test_one_of_a_class_is_nothing_to_resample(y, reason):
    with pytest.raises(NotEstimable, match=reason):
        resample_ranks(y, [0.1, 0.2, 0.3], {"auc": auc_of_counts}, 5, np.random.default_rng(1))


@pytest.mark.parametrize("digits", [2, 12])
@pytest.mark.parametrize("name", MEASURES)
def test_shared_ranks_move_limits_less_than_other_samples_do(name, digits, monkeypatch):
    y, p = simulated(np.random.default_rng(3), 3000)
    measure = {name: MEASURES[name][0]}
    p = p.round(digits)

    def limits() -> np.ndarray:
        found = resample_ranks(y, p, measure, 4000, np.random.default_rng(4))[name]
        return np.quantile(found, [0.025, 0.5, 0.975])

    exact = limits()
    monkeypatch.setattr(rank_resampling, "_MOST_RANKS", 50)
    monkeypatch.setattr(rank_resampling, "_SHARED_RANKS", 500)
    assert limits() == pytest.approx(exact, abs=0.05 * (exact[2] - exact[0]))


def test_who_shares_a_rank_are_neighbours_and_those_that_were_equal_stay_so():
    rank = np.random.default_rng(5).integers(0, 40, 5000).astype(np.int32)
    shared = rank_resampling._shared(rank)
    assert (np.diff(shared[np.argsort(rank, kind="stable")]) >= 0).all()
    assert len(set(zip(rank, shared, strict=True))) == len(set(rank))
    different = rank_resampling._shared(np.arange(100_000, dtype=np.int32))
    assert set(np.bincount(different)) <= {97, 98}


def test_the_method_tells_where_ranks_are_shared():
    assert rank_resampling.sharing(np.arange(8192) / 8192) == ""
    assert rank_resampling.sharing(np.arange(8193) / 8193) == ", neighbours share 1,024 ranks"
    assert rank_resampling.sharing(np.repeat(np.arange(100), 100)) == ""
