"""Bootstrap samples and their intervals."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from igfmood.errors import NotEstimable
from igfmood.performance.metrics.resampling import (
    draws,
    moved_percentile,
    normal_quantile,
    percentile,
    stratified_draws,
)
from strategies import predictions


@given(predictions(), st.integers(0, 5))
def test_draws_keep_the_share_of_cases(data, seed):
    y, _ = data
    for cases, controls in stratified_draws(y, 3, np.random.default_rng(seed)):
        assert len(cases) == y.sum()
        assert len(controls) == (1 - y).sum()
        assert (y[cases] == 1).all()
        assert (y[controls] == 0).all()


def test_everybody_is_drawn_as_often_as_anybody():
    y = np.repeat([1, 0], [4, 6])
    rows = np.concatenate(
        [np.concatenate(d) for d in stratified_draws(y, 4000, np.random.default_rng(1))]
    )
    assert np.bincount(rows) / 4000 == pytest.approx(np.ones(10), abs=0.06)


def test_people_are_drawn_whatever_their_class():
    y = np.repeat([1, 0], [4, 36])
    shares = [y[rows].sum() for rows in draws(y, 4000, np.random.default_rng(1))]
    assert np.mean(shares) == pytest.approx(4, abs=0.15)
    assert np.var(shares) == pytest.approx(40 * 0.1 * 0.9, rel=0.1)
    assert [*map(list, draws(y, 3, np.random.default_rng(2)))] == [
        *map(list, draws(y, 3, np.random.default_rng(2)))
    ]  # fmt: skip


def test_a_sample_of_one_class_is_drawn_again():
    y = np.repeat([1, 0], [2, 30])
    shares = [y[rows].mean() for rows in draws(y, 300, np.random.default_rng(1))]
    assert len(shares) == 300
    assert min(shares) > 0
    with pytest.raises(NotEstimable, match="1 control in 4 rows"):
        next(draws([1, 1, 1, 0], 5, np.random.default_rng(1)))


def test_moved_percentiles_lie_around_the_estimate_and_end_at_0():
    found = np.random.default_rng(1).permutation(np.linspace(3, 5, 1001))
    one = moved_percentile(1.5, found, 0.9)
    assert (one.ci_low, one.ci_high) == pytest.approx((0.6, 2.4))
    assert (one.estimate, one.se) == pytest.approx((1.5, found.std(ddof=1)))
    assert moved_percentile(0.2, found, 0.9).ci_low == 0
    assert moved_percentile(0.2, found, 0.9).ci_high == pytest.approx(1.1)


def test_percentiles_hold_the_level():
    found = np.random.default_rng(1).permutation(np.arange(1001.0))
    one = percentile(500.0, found, 0.95)
    assert (one.ci_low, one.ci_high) == pytest.approx((25, 975))
    assert (one.estimate, one.level, one.resamples) == (500.0, 0.95, 1001)
    assert one.se == pytest.approx(found.std(ddof=1))
    narrower = percentile(500.0, found, 0.5)
    assert (narrower.ci_low, narrower.ci_high) == pytest.approx((250, 750))


def test_samples_that_are_all_alike_are_no_interval():
    with pytest.raises(NotEstimable, match=r"all 50 bootstrap samples give 0\.7"):
        percentile(0.7, np.full(50, 0.7), 0.95)


@pytest.mark.parametrize(
    ("y", "reason"), [([1, 0, 0], "1 case in 3 rows"), ([1, 1, 0], "1 control in 3 rows")]
)
def test_one_of_a_class_is_nothing_to_resample(y, reason):
    with pytest.raises(NotEstimable, match=reason):
        next(stratified_draws(np.array(y), 10, np.random.default_rng(1)))


def test_normal_quantile():
    assert normal_quantile(0.95) == pytest.approx(1.959963984540054, rel=1e-12)
    assert normal_quantile(0.9) == pytest.approx(1.6448536269514722, rel=1e-12)
