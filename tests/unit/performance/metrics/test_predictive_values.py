"""Tests of a 2 x 2 table, and what a result means at a prevalence."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import expit, logit
from scipy.stats import binom

from igfmood.errors import NotEstimable
from igfmood.performance.metrics.predictive_values import (
    TwoByTwo,
    exact_share,
    likelihood_ratio,
    predictive_value,
)
from strategies import coverage

COUNT = st.integers(1, 60)
TABLE = st.builds(TwoByTwo, COUNT, COUNT, COUNT, COUNT)
SHARE = st.floats(0.001, 0.999)


@given(TABLE, SHARE)
def test_bayes(table, prevalence):
    sensitivity, specificity = table.sensitivity, table.specificity
    true, false = sensitivity * prevalence, (1 - specificity) * (1 - prevalence)
    found = predictive_value(table, True, prevalence)
    assert found.estimate == pytest.approx(true / (true + false))
    true, false = specificity * (1 - prevalence), (1 - sensitivity) * prevalence
    found = predictive_value(table, False, prevalence)
    assert found.estimate == pytest.approx(true / (true + false))


@given(TABLE)
def test_at_the_share_in_the_data_it_is_the_plain_share(table):
    n = table.tp + table.fn + table.fp + table.tn
    prevalence = (table.tp + table.fn) / n
    found = predictive_value(table, True, prevalence)
    assert found.estimate == pytest.approx(table.tp / (table.tp + table.fp))
    found = predictive_value(table, False, prevalence)
    assert found.estimate == pytest.approx(table.tn / (table.tn + table.fn))


@given(TABLE, SHARE, st.floats(0, 1))
def test_intervals_hold_the_estimate_and_an_uncertain_prevalence_widens_them(table, prevalence, se):
    for positive in (True, False):
        known = predictive_value(table, positive, prevalence)
        unsure = predictive_value(table, positive, prevalence, se)
        assert 0 <= unsure.ci_low <= known.ci_low <= known.estimate
        assert known.estimate <= known.ci_high <= unsure.ci_high <= 1
        ratio = likelihood_ratio(table, positive)
        assert unsure.se == pytest.approx(np.hypot(ratio.se, se))
        assert unsure.estimate == known.estimate


@given(TABLE)
def test_turning_result_and_class_turns_the_table(table):
    turned = TwoByTwo(tp=table.tn, fn=table.fp, fp=table.fn, tn=table.tp)
    assert turned.sensitivity == table.specificity
    one, other = likelihood_ratio(table, True), likelihood_ratio(turned, False)
    assert one.estimate == pytest.approx(1 / other.estimate)
    ppv, npv = predictive_value(table, True, 0.2), predictive_value(turned, False, 0.8)
    assert ppv.estimate == pytest.approx(npv.estimate)
    assert (ppv.ci_low, ppv.ci_high) == pytest.approx((npv.ci_low, npv.ci_high))


def test_a_test_that_knows_nothing_leaves_the_prevalence():
    table = TwoByTwo(20, 30, 40, 60)
    assert likelihood_ratio(table, True).estimate == pytest.approx(1)
    assert predictive_value(table, True, 0.07).estimate == pytest.approx(0.07)
    assert predictive_value(table, False, 0.07).estimate == pytest.approx(0.93)


@given(st.integers(0, 40), st.integers(1, 40), st.sampled_from([0.8, 0.95]))
def test_exact_limits_are_where_the_tails_have_their_share(count, total, level):
    count = min(count, total)
    found = exact_share(count, total, level)
    tail = (1 - level) / 2
    if count:
        assert binom.sf(count - 1, total, found.ci_low) == pytest.approx(tail)
    else:
        assert found.ci_low == 0
    if count < total:
        assert binom.cdf(count, total, found.ci_high) == pytest.approx(tail)
    else:
        assert found.ci_high == 1


def test_exact_shares_cover_at_least():
    def interval(rng):
        found = exact_share(int(rng.binomial(30, 0.2)), 30)
        return found.ci_low, found.ci_high

    assert coverage(0.2, interval, 1000) > 0.94


@pytest.mark.parametrize("positive", [True, False])
def test_predictive_values_with_an_uncertain_prevalence_cover(positive):
    # The prevalence comes from a survey of its own; log odds with the survey's error.
    sensitivity, specificity, prevalence = 0.8, 0.7, 0.1
    true = sensitivity * prevalence if positive else specificity * (1 - prevalence)
    false = (1 - specificity) * (1 - prevalence) if positive else (1 - sensitivity) * prevalence

    def interval(rng):
        tp, tn = int(rng.binomial(100, sensitivity)), int(rng.binomial(150, specificity))
        seen = int(rng.binomial(400, prevalence))
        share = seen / 400
        se = 1 / np.sqrt(400 * share * (1 - share))
        found = predictive_value(TwoByTwo(tp, 100 - tp, 150 - tn, tn), positive, share, se)
        return found.ci_low, found.ci_high

    assert 0.93 < coverage(true / (true + false), interval, 1000) < 0.97


def test_likelihood_ratios_cover():
    def interval(rng):
        tp, tn = int(rng.binomial(100, 0.8)), int(rng.binomial(150, 0.7))
        found = likelihood_ratio(TwoByTwo(tp, 100 - tp, 150 - tn, tn), True)
        return found.ci_low, found.ci_high

    assert 0.93 < coverage(0.8 / 0.3, interval, 1000) < 0.97


def test_the_logit_interval_is_symmetric_on_its_scale():
    found = predictive_value(TwoByTwo(32, 4, 68, 428), True, 0.05, 0.2)
    half = 1.959963984540054 * found.se
    assert found.ci_low == pytest.approx(expit(logit(found.estimate) - half))
    assert found.ci_high == pytest.approx(expit(logit(found.estimate) + half))


@pytest.mark.parametrize(
    ("table", "positive", "message"),
    [
        (TwoByTwo(0, 5, 3, 4), True, "0 cases and 3 controls are positive"),
        (TwoByTwo(3, 5, 0, 4), True, "3 cases and 0 controls are positive"),
        (TwoByTwo(3, 0, 2, 4), False, "0 cases and 4 controls are negative"),
        (TwoByTwo(3, 5, 2, 0), False, "5 cases and 0 controls are negative"),
    ],
)
def test_empty_cells_have_no_ratio_and_no_value(table, positive, message):
    with pytest.raises(NotEstimable, match=message):
        likelihood_ratio(table, positive)
    with pytest.raises(NotEstimable, match=message):
        predictive_value(table, positive, 0.1)


def test_nobody_has_no_share():
    with pytest.raises(NotEstimable, match="nobody"):
        exact_share(0, 0)
