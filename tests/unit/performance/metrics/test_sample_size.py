"""How many people a model needs."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import expit
from scipy.stats import norm

from igfmood.association.models.logistic import fit_logistic
from igfmood.errors import NotEstimable
from igfmood.performance.metrics.sample_size import (
    auc_power,
    detectable,
    largest_r2,
    r2_from_auc,
    required_people,
    shrinkage_expected,
)

SHARE = st.floats(0.02, 0.98)


@given(SHARE, st.integers(1, 40), st.floats(0.05, 0.9))
def test_people_asked_for_are_enough_and_one_less_is_not(prevalence, parameters, part):
    r2 = part * largest_r2(prevalence)
    found = required_people(r2, parameters, prevalence)
    # The factor is that of the optimistic R2 which so many people would find (equation of Riley).
    apparent = r2 / 0.9
    for n, enough in ((found.shrinkage, True), (found.shrinkage - 1, False)):
        if n > 0:
            assert (1 + parameters / (n * np.log1p(-apparent)) >= 0.9 - 1e-9) == enough
    half = 1.959963984540054 * np.sqrt(prevalence * (1 - prevalence) / found.intercept)
    assert half <= 0.05 + 1e-9
    assert found.n == max(found.shrinkage, found.optimism, found.intercept)


@given(SHARE, st.floats(0.1, 0.8))
def test_more_parameters_and_less_to_explain_need_more_people(prevalence, part):
    r2 = part * largest_r2(prevalence)
    one = required_people(r2, 5, prevalence)
    assert required_people(r2, 10, prevalence).shrinkage >= one.shrinkage
    assert required_people(r2 / 2, 5, prevalence).shrinkage >= one.shrinkage
    assert required_people(r2, 5, prevalence, 0.95).shrinkage >= one.shrinkage


def test_the_largest_r2_is_that_of_certainty():
    assert largest_r2(0.5) == pytest.approx(0.75)
    for prevalence in (0.05, 0.3):
        assert largest_r2(prevalence) == pytest.approx(largest_r2(1 - prevalence))
        assert r2_from_auc(0.999999, prevalence) == pytest.approx(largest_r2(prevalence), abs=1e-2)


def test_an_auc_gives_the_r2_of_a_model_with_that_auc():
    rng = np.random.default_rng(1)
    n, prevalence = 200_000, 0.3
    y = rng.random(n) < prevalence
    distance = np.sqrt(2) * norm.ppf(0.75)
    x = rng.normal(size=n) + distance * y
    fits = [fit_logistic(X, y) for X in (np.ones((n, 1)), np.column_stack([np.ones(n), x]))]
    expected = 1 - np.exp(2 * (fits[0].loglik - fits[1].loglik) / n)
    assert r2_from_auc(0.75, prevalence) == pytest.approx(expected, abs=0.003)


def test_r2_rises_with_the_auc():
    found = [r2_from_auc(auc, 0.2) for auc in (0.51, 0.6, 0.7, 0.8, 0.9, 0.99)]
    assert found == sorted(found)
    assert 0 < found[0] < 0.001


@given(st.floats(0.05, 0.8), st.integers(1, 30))
def test_shrinkage_nears_1_with_people(r2, parameters):
    found = [shrinkage_expected(r2, parameters, n) for n in (100, 1000, 100_000)]
    assert found == sorted(found)
    assert found[-1] > 0.99


def test_power_is_the_level_at_chance_and_certain_far_from_it():
    found = [auc_power(auc, 60, 60) for auc in (0.55, 0.6, 0.7, 0.8)]
    assert found == sorted(found)
    assert auc_power(0.5, 60, 60) == pytest.approx(0.025, abs=0.003)
    assert auc_power(0.9, 100, 100) > 0.999
    assert auc_power(0.6, 600, 600) > auc_power(0.6, 60, 600) > auc_power(0.6, 60, 60)


def test_power_is_the_share_of_studies_that_find_it():
    from igfmood.performance.metrics.discrimination import auc_delong

    rng = np.random.default_rng(2)
    shift = np.sqrt(2) * norm.ppf(0.65)
    y = np.repeat([1, 0], [50, 60])
    found = 0
    for _ in range(600):
        one = auc_delong(y, rng.normal(size=110) + shift * y)
        found += abs(one.auc[0] - 0.5) > 1.96 * one.se[0]
    assert found / 600 == pytest.approx(auc_power(0.65, 50, 60), abs=0.06)


def test_the_smallest_effect_found_has_its_power():
    effect = detectable(0.1)
    assert norm.sf(1.959963984540054 - effect / 0.1) == pytest.approx(0.8)
    assert detectable(0.2) == pytest.approx(2 * effect)
    assert detectable(0.1, power=0.9) > effect


def test_refusals():
    for r2 in (0.0, -0.1, 0.8):
        with pytest.raises(NotEstimable, match="not between 0 and its largest value"):
            required_people(r2, 5, 0.5)
    for auc in (0.5, 0.4, 1.0):
        with pytest.raises(NotEstimable, match="gives no R2"):
            r2_from_auc(auc, 0.3)
    for r2 in (0.0, 1.0):
        with pytest.raises(NotEstimable, match="has no shrinkage"):
            shrinkage_expected(r2, 5, 100)


def test_expit_of_the_intercept_is_the_overall_risk():
    # What the third criterion is about: the share of cases, known to within 0.05.
    found = required_people(0.2, 5, 0.3).intercept
    rng = np.random.default_rng(3)
    off = [abs(expit(np.log(s / (1 - s))) - 0.3) for s in rng.binomial(found, 0.3, 4000) / found]
    assert np.mean(np.array(off) <= 0.05) == pytest.approx(0.95, abs=0.02)
