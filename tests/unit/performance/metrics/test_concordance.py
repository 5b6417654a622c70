"""Harrell's C."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from igfmood.errors import NotEstimable
from igfmood.performance.metrics import concordance
from igfmood.performance.metrics.concordance import c_index, delta_c_index
from igfmood.performance.metrics.discrimination import auc_delong
from strategies import coverage


@st.composite
def followed(draw):
    """Times, events and scores with many ties."""
    n = draw(st.integers(3, 14))
    whole = st.integers(1, 5)
    columns = [draw(st.lists(whole, min_size=n, max_size=n)) for _ in range(2)]
    event = draw(st.lists(st.booleans(), min_size=n, max_size=n))
    return np.array(columns[0], float), np.array(event), np.array(columns[1], float)


def by_hand(time, event, score):
    won = usable = 0.0
    for i in range(len(time)):
        for j in range(len(time)):
            if event[i] and (time[i] < time[j] or (time[i] == time[j] and not event[j])):
                usable += 1
                won += (score[i] > score[j]) + 0.5 * (score[i] == score[j])
    return won, usable


def found(*data):
    try:
        return c_index(*data)
    except NotEstimable:
        return None


@given(followed())
def test_every_usable_pair_counts(data):
    won, usable = by_hand(*data)
    one = found(*data)
    if one is None:
        assert usable == 0 or won / usable in (0, 0.5, 1)
    else:
        assert one.estimate == pytest.approx(won / usable)


@given(followed())
def test_turned_scores_mirror_it_and_units_of_time_and_score_change_nothing(data):
    time, event, score = data
    one, turned, moved = found(*data), found(time, event, -score), found(3 * time, event, score**3)
    assert (one is None) == (turned is None) == (moved is None)
    if one is not None:
        assert turned.estimate == pytest.approx(1 - one.estimate)
        assert turned.se == pytest.approx(one.se)
        assert (moved.estimate, moved.se) == pytest.approx((one.estimate, one.se))


def test_where_everybody_is_followed_to_one_time_it_is_the_auc():
    rng = np.random.default_rng(1)
    event = rng.random(300) < 0.4
    score = rng.normal(size=300) + event
    # All events at once, before the end of observation.
    one = c_index(np.where(event, 1.0, 2.0), event, score)
    delong = auc_delong(event.astype(int), score)
    assert one.estimate == pytest.approx(delong.auc[0])
    assert one.se == pytest.approx(delong.se[0], rel=0.02)


def people(rng, n, strength=0.8):
    x = rng.normal(size=n)
    time, end = rng.exponential(np.exp(-strength * x)), rng.uniform(0.2, 2.0, n)
    return np.minimum(time, end), time <= end, x


@pytest.mark.parametrize("strength", [0.0, 0.8])
def test_intervals_cover(strength):
    truth = c_index(*people(np.random.default_rng(99), 8000, strength)).estimate

    def interval(rng):
        one = c_index(*people(rng, 100, strength))
        return one.ci_low, one.ci_high

    assert 0.915 < coverage(truth, interval, 250) < 0.98


def test_chunks_are_of_no_matter(monkeypatch):
    data = people(np.random.default_rng(2), 100)
    one = c_index(*data)
    monkeypatch.setattr(concordance, "_CHUNK", 7)
    assert c_index(*data) == one


def test_refusals():
    with pytest.raises(NotEstimable, match="no two people can be compared"):
        c_index([1.0, 2.0], [False, False], [1.0, 2.0])
    with pytest.raises(NotEstimable, match="no two people can be compared"):
        c_index([1.0, 1.0], [True, True], [1.0, 2.0])
    with pytest.raises(NotEstimable, match="ordered alike"):
        c_index([1.0, 2.0, 3.0], [True, True, True], [3.0, 2.0, 1.0])
    with pytest.raises(ValueError, match="do not match"):
        c_index([1.0, 2.0], [True, False], [1.0])


def followed_people(rng, n):
    line = rng.normal(size=n)
    time = rng.exponential(np.exp(-line))
    end = rng.exponential(1.5, n)
    noise = rng.normal(size=(2, n))
    return np.minimum(time, end), time <= end, line + noise[0], line + 2 * noise[1]


def test_a_difference_has_the_error_that_leaving_people_out_shows():
    time, event, new, old = followed_people(np.random.default_rng(1), 120)
    found = delta_c_index(time, event, new, old)
    whole = c_index(time, event, new).estimate - c_index(time, event, old).estimate
    assert found.estimate == pytest.approx(whole)
    without = [
        delta_c_index(*(np.delete(one, i) for one in (time, event, new, old))).estimate
        for i in range(120)
    ]
    jackknife = np.sqrt(119 / 120 * np.sum((np.array(without) - np.mean(without)) ** 2))
    assert found.se == pytest.approx(jackknife, rel=0.03)


def test_intervals_of_differences_hold_the_truth():
    def interval(rng):
        one = delta_c_index(*followed_people(rng, 150))
        return one.ci_low, one.ci_high

    truth = delta_c_index(*followed_people(np.random.default_rng(2), 6000)).estimate
    # Four Monte-Carlo errors at 300 runs.
    assert coverage(truth, interval, 300) == pytest.approx(0.95, abs=0.05)


def test_equal_orders_have_no_difference():
    time, event, new, _ = followed_people(np.random.default_rng(3), 50)
    with pytest.raises(NotEstimable, match="order everybody alike"):
        delta_c_index(time, event, new, np.exp(new))
