"""Risks within a horizon, where some are not followed to it."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.duration.survfunc import SurvfuncRight

from igfmood.errors import NotEstimable
from igfmood.performance.metrics.net_benefit import net_benefit
from igfmood.performance.metrics.survival import (
    kaplan_meier,
    net_benefit_at,
    observed_expected_at,
)
from strategies import coverage

HORIZON = 3.0


@st.composite
def follow_up(draw):
    """Follow-up with ties; the last person is still there at the horizon."""
    n = draw(st.integers(4, 50))
    time = np.array(draw(st.lists(st.integers(1, 12), min_size=n, max_size=n))) / 2
    event = np.array(draw(st.lists(st.booleans(), min_size=n, max_size=n)))
    time[-1], event[-1] = HORIZON + 3, False
    return time, event


def made(rng, n, slope=1.0):
    """Follow-up of people with a known risk at the horizon, some lost before."""
    score = rng.normal(size=n)
    rate = 0.15 * np.exp(slope * score)
    event, lost = rng.exponential(1 / rate), rng.uniform(0.5, 8, n)
    return np.minimum(event, lost), event <= lost, 1 - np.exp(-rate * HORIZON)


@given(follow_up())
def test_the_risk_and_its_error_are_those_of_statsmodels(data):
    time, event = data
    found = kaplan_meier(time, event, HORIZON)
    curve = SurvfuncRight(time, event)
    known = np.flatnonzero(curve.surv_times <= HORIZON)
    risk = 1 - curve.surv_prob[known[-1]] if known.size else 0.0
    assert found.risk == pytest.approx(risk, abs=1e-12)
    if 0 < risk < 1:  # Greenwood
        assert found.se == pytest.approx(curve.surv_prob_se[known[-1]], rel=1e-9)
    assert found.influence.sum() == pytest.approx(0, abs=1e-9)


@given(follow_up())
def test_a_person_s_influence_is_the_change_of_the_risk_with_more_weight(data):
    time, event = data
    found = kaplan_meier(time, event, HORIZON)
    many = 2_000  # people of weight 1, and one of a little more
    for i in range(min(4, len(time))):
        more = [np.append(np.repeat(one, many), one[i]) for one in (time, event)]
        change = kaplan_meier(*more, HORIZON).risk - found.risk
        assert change * many == pytest.approx(found.influence[i], abs=0.02)


def test_where_everybody_is_followed_it_is_a_share_with_its_binomial_error():
    time = np.array([1.0] * 30 + [5.0] * 70)
    event = time < 2
    found = kaplan_meier(time, event, HORIZON)
    assert found.risk == pytest.approx(0.3)
    assert found.se == pytest.approx(np.sqrt(0.3 * 0.7 / 100))


def test_events_at_the_horizon_count_and_later_ones_do_not():
    assert kaplan_meier([3.0, 4.0], [True, True], 3.0).risk == pytest.approx(0.5)
    assert kaplan_meier([3.1, 4.0], [True, True], 3.0).risk == 0


def test_nobody_followed_far_enough_is_no_risk():
    with pytest.raises(NotEstimable, match="nobody is followed for 3 years"):
        kaplan_meier([1.0, 2.0], [True, False], HORIZON)
    assert kaplan_meier([1.0, 2.0], [True, True], HORIZON).risk == 1  # all had it


def test_observed_over_expected_is_their_ratio():
    time, event, p = made(np.random.default_rng(1), 300)
    curve = kaplan_meier(time, event, HORIZON)
    found = observed_expected_at(time, event, p, HORIZON)
    assert found.estimate == pytest.approx(np.log(curve.risk / p.mean()))
    assert found.se == pytest.approx(curve.se / curve.risk)
    twice = observed_expected_at(time, event, p / 2, HORIZON)
    assert twice.estimate == pytest.approx(found.estimate + np.log(2))


@pytest.mark.parametrize(
    ("time", "event", "message"),
    [
        ([4.0, 5.0, 6.0], [True, True, False], "no event within 3 years"),
        ([1.0, 2.0, 2.5], [True, True, True], "everybody has the event"),
        ([1.0, 2.0, 2.5], [True, True, False], "nobody is followed"),
    ],
)
def test_ratios_that_are_none(time, event, message):
    with pytest.raises(NotEstimable, match=message):
        observed_expected_at(time, event, [0.5, 0.5, 0.5], HORIZON)


def test_intervals_of_the_ratio_hold_the_truth():
    rates = np.exp(np.random.default_rng(0).normal(size=1_000_000)) * 0.15
    truth = float(np.mean(1 - np.exp(-rates * HORIZON)))

    def interval(rng):
        time, event, _ = made(rng, 250)
        found = observed_expected_at(time, event, np.full(250, truth), HORIZON)
        return found.ci_low, found.ci_high

    assert coverage(0.0, interval, 400) == pytest.approx(0.95, abs=0.035)


def test_without_loss_it_is_the_net_benefit_of_a_binary_outcome():
    rng = np.random.default_rng(2)
    p = rng.random(200)
    y = rng.random(200) < p
    time, at = np.where(y, 1.0, 9.0), np.array([0.1, 0.3, 0.6])
    found = net_benefit_at(time, y, p[:, None] >= at, at, HORIZON)
    binary = net_benefit(y.astype(int), p, at)
    assert found.estimate == pytest.approx(binary.estimate, abs=1e-12)
    assert found.se == pytest.approx(binary.se, rel=0.01)  # n for n - 1
    assert found.ci_low == pytest.approx(binary.ci_low, abs=0.002)


def test_acting_on_everybody_by_published_numbers():
    """dcurves 0.4.0, tests/testthat/test-dca.R: risk 0.147286 within a year, threshold 0.25.

    Acting on everybody is worth risk - (1 - risk) / 3 = -0.13695058 there.
    """
    risk = (3 * -0.13695058 + 1) / 4
    n = 1_000_000
    time = np.where(np.arange(n) < round(risk * n), 0.5, 2.0)
    found = net_benefit_at(time, time < 1, np.ones((n, 1), dtype=bool), [0.25], 1.0)
    assert found.estimate[0] == pytest.approx(-0.13695058, abs=1e-6)


def test_with_loss_it_uses_the_risk_among_those_acted_on():
    rng = np.random.default_rng(3)
    time, event, p = made(rng, 300)
    at = np.array([0.2, 0.5])
    found = net_benefit_at(time, event, p[:, None] >= at, at, HORIZON)
    for i, threshold in enumerate(at):
        acts = p >= threshold
        curve = SurvfuncRight(time[acts], event[acts])
        risk = 1 - curve.surv_prob[np.flatnonzero(curve.surv_times <= HORIZON)[-1]]
        expected = acts.mean() * (risk - (1 - risk) * threshold / (1 - threshold))
        assert found.estimate[i] == pytest.approx(expected, abs=1e-12)


def test_nobody_acted_on_is_worth_nothing_and_has_no_interval():
    found = net_benefit_at([1.0, 5.0], [True, False], [[False], [False]], [0.5], HORIZON)
    assert (found.estimate[0], found.se[0]) == (0, 0)
    assert np.isnan(found.ci_low[0])


def test_of_those_acted_on_somebody_must_be_followed():
    acts = [[True], [True], [False]]
    found = net_benefit_at([1.0, 2.0, 9.0], [True, False, False], acts, [0.5], HORIZON)
    assert np.isnan(found.estimate[0])


def test_intervals_of_net_benefit_hold_the_truth():
    _, _, p = made(np.random.default_rng(0), 1_000_000)
    acts = p >= 0.35
    truth = float(acts.mean() * (p[acts].mean() - (1 - p[acts].mean()) * 0.35 / 0.65))

    def interval(rng):
        time, event, p = made(rng, 250)
        found = net_benefit_at(time, event, p[:, None] >= [0.35], [0.35], HORIZON)
        return found.ci_low[0], found.ci_high[0]

    assert coverage(truth, interval, 400) == pytest.approx(0.95, abs=0.035)
