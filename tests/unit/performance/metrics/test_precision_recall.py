"""Average precision."""

import numpy as np
import pytest
from hypothesis import given
from sklearn.metrics import average_precision_score

from igfmood.errors import NotEstimable
from igfmood.performance.metrics.precision_recall import (
    average_precision,
    bootstrap_average_precision,
)
from strategies import predictions, simulated


@given(predictions())
def test_it_is_that_of_scikit_learn(data):
    assert average_precision(*data) == pytest.approx(average_precision_score(*data))


@given(predictions())
def test_order_and_scale_change_nothing(data):
    y, p = data
    assert average_precision(y[::-1], np.log(p[::-1])) == pytest.approx(average_precision(y, p))


def test_limits():
    y = np.repeat([1, 0], [20, 80])
    assert average_precision(y, y) == 1
    # Everybody alike is the share of cases.
    assert average_precision(y, np.zeros(100)) == pytest.approx(0.2)
    rng = np.random.default_rng(1)
    noise = np.mean([average_precision(y, rng.random(100)) for _ in range(200)])
    assert 0.2 < noise < 0.27


def test_the_interval_is_that_of_samples_and_follows_the_generator():
    y, p = simulated(np.random.default_rng(2), 200)
    one, same = (
        bootstrap_average_precision(y, p, 200, np.random.default_rng(3), 0.95) for _ in range(2)
    )
    assert one == same
    assert one.estimate == average_precision(y, p)
    assert one.ci_low < one.estimate < one.ci_high


def test_refusals():
    with pytest.raises(NotEstimable, match="no case in 3 rows"):
        average_precision([0, 0, 0], [0.1, 0.2, 0.3])
    rng = np.random.default_rng(1)
    with pytest.raises(NotEstimable, match="all 20 bootstrap samples"):
        bootstrap_average_precision([1, 1, 0, 0], [0.4, 0.3, 0.2, 0.1], 20, rng, 0.95)
    with pytest.raises(NotEstimable, match="1 case"):
        bootstrap_average_precision([1, 0, 0], [0.4, 0.3, 0.2], 20, rng, 0.95)
