"""Net benefit: what it counts, its limits, and its intervals."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from igfmood.errors import NotEstimable
from igfmood.performance.metrics.net_benefit import (
    interventions_avoided,
    net_benefit,
    net_benefit_difference,
    treat_all,
)
from strategies import coverage, predictions, simulated

AT = np.array([0.05, 0.2, 0.5])


@given(predictions(), st.floats(0.01, 0.99))
def test_it_counts_true_positives_less_false_ones_at_their_price(data, t):
    y, p = data
    found = net_benefit(y, p, [t]).estimate[0]
    acts = p >= t
    expected = (acts & (y == 1)).mean() - (acts & (y == 0)).mean() * t / (1 - t)
    assert found == pytest.approx(expected)


@given(predictions())
def test_at_the_share_of_cases_in_the_data_weighting_changes_no_estimate(data):
    y, p = data
    plain, weighed = net_benefit(y, p, AT), net_benefit(y, p, AT, prevalence=float(y.mean()))
    assert weighed.estimate == pytest.approx(plain.estimate)


@given(predictions(), st.floats(0.02, 0.9))
def test_no_model_is_better_than_certainty(data, prevalence):
    y, p = data
    assert (net_benefit(y, p, AT, prevalence=prevalence).estimate <= prevalence + 1e-12).all()
    assert net_benefit(y, y, AT, prevalence=prevalence).estimate == pytest.approx(prevalence)


@given(predictions())
def test_differences_are_differences(data):
    y, p = data
    other = p[::-1]
    both = [net_benefit(y, one, AT).estimate for one in (p, other)]
    found = net_benefit_difference(y, p, other, AT)
    assert found.estimate == pytest.approx(both[0] - both[1])
    turned = net_benefit_difference(y, other, p, AT)
    assert turned.estimate == pytest.approx(-found.estimate)
    assert turned.se == pytest.approx(found.se)
    avoided = interventions_avoided(y, p, AT)
    gain = (both[0] - treat_all(y, AT).estimate) * (1 - AT) / AT
    assert avoided.estimate == pytest.approx(gain)


def test_a_low_threshold_treats_everybody_and_a_high_one_nobody():
    y, p = simulated(np.random.default_rng(1), 200)
    p = np.clip(p, 0.1, 0.6)
    found = net_benefit(y, p, [0.0, 0.05, 0.7])
    assert found.estimate[:2] == pytest.approx(treat_all(y, [0.0, 0.05]).estimate)
    assert found.estimate[0] == pytest.approx(y.mean())
    assert found.estimate[2] == 0
    # Nobody is acted on: no variance, and no interval that would claim certainty.
    assert found.se[2] == 0
    assert np.isnan(found.ci_low[2])
    assert np.isnan(found.ci_high[2])


def test_a_threshold_that_is_a_risk_acts():
    assert net_benefit([1, 1, 0, 0], [0.2, 0.2, 0.1, 0.1], [0.2]).estimate[0] == pytest.approx(0.5)


def truth(t, prevalence=None):
    y, p = simulated(np.random.default_rng(99), 2_000_000)
    return net_benefit(y, p, [t], prevalence=prevalence).estimate[0]


@pytest.mark.parametrize("prevalence", [None, 0.1])
@pytest.mark.parametrize("t", [0.2, 0.4])
def test_intervals_cover(t, prevalence):
    def interval(rng):
        y, p = simulated(rng, 300)
        found = net_benefit(y, p, [t], prevalence=prevalence)
        return found.ci_low[0], found.ci_high[0]

    assert 0.92 < coverage(truth(t, prevalence), interval, 600) < 0.98


def test_the_interval_of_a_difference_covers():
    def pair(rng, n):
        y, p = simulated(rng, n)
        return y, p, np.clip(p + 0.1 * rng.normal(size=n), 0, 1)

    def interval(rng):
        found = net_benefit_difference(*pair(rng, 300), [0.3])
        return found.ci_low[0], found.ci_high[0]

    expected = net_benefit_difference(*pair(np.random.default_rng(99), 2_000_000), [0.3])
    assert 0.92 < coverage(expected.estimate[0], interval, 600) < 0.98


@pytest.mark.parametrize(
    ("y", "p", "at", "message"),
    [
        ([0, 1, 0, 1], [0.1, 0.2, 0.3], [0.2], "do not match"),
        ([0, 1, 0, 2], [0.1, 0.2, 0.3, 0.4], [0.2], "outcomes of 0 or 1"),
        ([0, 1, 0, 1], [0.1, 0.2, 0.3, 1.4], [0.2], r"\[0, 1\]"),
        ([0, 1, 0, 1], [0.1, 0.2, 0.3, np.nan], [0.2], r"\[0, 1\]"),
        ([0, 1, 0, 1], [0.1, 0.2, 0.3, 0.4], [1.0], r"thresholds in \[0, 1\)"),
    ],
)
def test_malformed_input(y, p, at, message):
    with pytest.raises(ValueError, match=message):
        net_benefit(y, p, at)


def test_interventions_avoided_need_a_threshold_above_0():
    with pytest.raises(ValueError, match="above 0"):
        interventions_avoided([0, 1, 0, 1], [0.1, 0.2, 0.3, 0.4], [0.0])


@pytest.mark.parametrize("y", [[1, 0, 0, 0], [1, 1, 1, 0]])
def test_one_of_a_class_has_none(y):
    with pytest.raises(NotEstimable, match="no net benefit"):
        net_benefit(y, [0.1, 0.2, 0.3, 0.4], [0.2])
