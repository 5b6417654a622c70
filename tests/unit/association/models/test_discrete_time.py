"""Discrete time: the person-intervals, late entry, and what was planted."""

import numpy as np
import pytest

from igfmood.association.models.discrete_time import fit_discrete_time
from igfmood.association.models.logistic import fit_logistic
from igfmood.errors import NotEstimable


def drawn(n=3000, seed=1, beta=0.5):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=n)
    interval, event = np.full(n, 5), np.zeros(n, dtype=bool)
    for moment in range(5, 0, -1):
        now = rng.uniform(size=n) < 1 / (1 + np.exp(2 - beta * x))
        interval[now], event[now] = moment, True
    return x[:, None], interval, event


def test_it_is_a_logistic_regression_of_person_intervals():
    x, interval, event = drawn(300)
    rows, outcome = [], []
    for row, last, happened in zip(x[:, 0], interval, event, strict=True):
        for moment in range(1, last + 1):
            rows.append([*(np.arange(1, 6) == moment), row])
            outcome.append(happened and moment == last)
    plain = fit_logistic(np.array(rows, dtype=float), np.array(outcome))
    found = fit_discrete_time(x, interval, event)
    assert found.coef[0] == pytest.approx(plain.coef[-1], rel=1e-8)
    assert (found.n_rows, found.n_events) == (len(rows), int(event.sum()))
    assert found.se[0] == pytest.approx(plain.se[-1], rel=0.2)


def test_what_was_planted_is_found():
    found = fit_discrete_time(*drawn())
    assert abs(found.coef[0] - 0.5) < 3 * found.se[0]


def test_late_entry_takes_the_early_intervals_out():
    x, interval, event = drawn(400)
    late = np.where(interval > 2, 2, 0)
    found = fit_discrete_time(x, interval, event, entry=late)
    assert found.n_rows == int((interval - late).sum())
    with pytest.raises(NotEstimable, match="no later than they enter"):
        fit_discrete_time(x, interval, event, entry=interval)


def test_intervals_without_events_say_nothing():
    x, interval, event = drawn(400)
    later = np.where(event, interval, 9)
    found = fit_discrete_time(x, later, event)
    assert found.n_intervals == 5
    assert found.dropped == 4 * int((~event).sum())


def test_no_events():
    with pytest.raises(NotEstimable, match="no events"):
        fit_discrete_time(np.zeros((3, 1)), [1, 2, 3], [False] * 3)
