"""Scores drawn by a law have the effect that was planted, found again by the models themselves."""

import numpy as np
import pytest
from scipy import stats

from igfmood.association.models.cox import fit_cox
from igfmood.association.models.logistic import fit_logistic
from igfmood.evidence.operating import laws
from igfmood.evidence.operating.laws import GRID

N = 4000
EFFECT = 0.4


@pytest.fixture
def rng():
    return np.random.default_rng(20260101)


def drawn(tilt, rng, effect=EFFECT):
    return laws.draw(tilt(effect) - GRID**2 / 2, rng)


def test_without_an_effect_scores_are_standard_normal(rng):
    found = drawn(laws.shifted(np.ones(20_000, dtype=bool)), rng, 0.0)
    assert stats.kstest(found, "norm").pvalue > 0.001
    assert found.std() == pytest.approx(1, abs=0.02)


def test_cases_lie_about_the_effect_and_nobody_else_does(rng):
    case = np.arange(20_000) % 2 == 0
    found = drawn(laws.shifted(case), rng, -0.6)
    assert stats.kstest(found[case] + 0.6, "norm").pvalue > 0.001
    assert stats.kstest(found[~case], "norm").pvalue > 0.001


def test_the_odds_of_both_tails_are_raised_alike(rng):
    case = np.arange(80_000) % 2 == 0
    found = drawn(laws.both_tails(case, 10, 90), rng)
    low, high = stats.norm.ppf([0.1, 0.9])
    for tail in (found < low, found > high):
        middle = (found >= low) & (found <= high)
        odds = [
            np.sum(tail & who) / np.sum(middle & who) for who in (case, ~case)
        ]  # fmt: skip
        assert np.log(odds[0] / odds[1]) == pytest.approx(EFFECT, abs=0.07)
    assert laws.smd_of(laws.both_tails(np.array([True]), 10, 90), EFFECT) == pytest.approx(0)


def test_a_slope_is_found_again(rng):
    x = rng.standard_normal(N)
    y = 3 + 0.5 * x + 2 * rng.standard_normal(N)
    z = drawn(laws.linear(y, np.column_stack([np.ones(N), x])), rng)
    design = np.column_stack([np.ones(N), z, x])
    beta = np.linalg.lstsq(design, y, rcond=None)[0]
    assert beta[1] == pytest.approx(EFFECT, abs=4 * 2 / np.sqrt(N))
    assert z.std() == pytest.approx(1, abs=0.05)


def test_an_interaction_is_found_again_and_no_main_effect(rng):
    m = rng.standard_normal(N)
    y = 0.4 * m + rng.standard_normal(N)
    z = drawn(laws.linear(y, np.column_stack([np.ones(N), m]), m), rng)
    design = np.column_stack([np.ones(N), z * m, z, m])
    beta = np.linalg.lstsq(design, y, rcond=None)[0]
    assert beta[1] == pytest.approx(EFFECT, abs=4 / np.sqrt(N))
    assert beta[2] == pytest.approx(0, abs=4 / np.sqrt(N))


def test_log_odds_are_found_again(rng):
    x = rng.standard_normal(N)
    eta = -0.5 + 0.7 * x
    y = (rng.random(N) < 1 / (1 + np.exp(-eta))).astype(float)
    z = drawn(laws.logistic(y, eta), rng)
    fit = fit_logistic(np.column_stack([np.ones(N), z, x]), y)
    assert fit.coef[1] == pytest.approx(EFFECT, abs=4 * fit.se[1])


def test_odds_that_differ_between_arms_are_found_again(rng):
    drug = (np.arange(N) % 2).astype(float)
    y = (rng.random(N) < 0.4).astype(float)
    z = drawn(laws.logistic(y, np.full(N, np.log(0.4 / 0.6)), drug - 0.5), rng)
    fit = fit_logistic(np.column_stack([np.ones(N), z * drug, z, drug]), y)
    assert fit.coef[1] == pytest.approx(EFFECT, abs=4 * fit.se[1])


def test_a_hazard_ratio_is_found_again(rng):
    time = rng.exponential(10, N)
    event = (time < 6).astype(float)
    time = np.minimum(time, 6)
    z = drawn(laws.hazard(event, laws.nelson_aalen(time, event, None)), rng)
    fit = fit_cox(z[:, None], time, event.astype(bool))
    # Among those whose hazard is known only on average, the ratio is a little nearer to 1.
    assert fit.coef[0] == pytest.approx(EFFECT, abs=0.02 + 3 * fit.se[0])


def test_cumulative_hazards_start_at_entry():
    time, event = np.array([1.0, 2.0, 3.0]), np.array([1.0, 0.0, 1.0])
    assert laws.nelson_aalen(time, event, None) == pytest.approx([1 / 3, 1 / 3, 4 / 3])
    late = np.array([0.0, 1.5, 0.0])
    assert laws.nelson_aalen(time, event, late) == pytest.approx([1 / 2, 0, 3 / 2])
