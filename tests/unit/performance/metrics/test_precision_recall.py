"""Average precision."""

import numpy as np
import pytest
from hypothesis import given
from sklearn.metrics import average_precision_score

from igfmood.errors import NotEstimable
from igfmood.performance.metrics.precision_recall import average_precision
from strategies import predictions


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


def test_no_case_has_no_precision():
    with pytest.raises(NotEstimable, match="no case in 3 rows"):
        average_precision([0, 0, 0], [0.1, 0.2, 0.3])
