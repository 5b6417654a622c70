"""Firth's logistic regression: closed forms, the switch to it, and its limits."""

import numpy as np
import pytest

from igfmood.association.models.firth import fit_firth, log_odds
from igfmood.association.models.logistic import fit_logistic
from igfmood.errors import NotEstimable


def with_intercept(*columns):
    return np.column_stack([np.ones(len(columns[0])), *columns])


def test_one_sample_adds_half_an_event_and_half_a_non_event():
    # Firth (1993), section 3.3: the log odds are log((r + 1/2) / (n - r + 1/2)).
    y = np.repeat([1, 0], [3, 17])
    fit = fit_firth(np.ones((20, 1)), y)
    assert fit.coef[0] == pytest.approx(np.log(3.5 / 17.5), abs=1e-10)


def test_two_by_two_table_with_an_empty_cell():
    # Saturated: half a person more in each cell (Haldane-Anscombe).
    x, y = np.repeat([0.0, 1.0], [30, 12]), np.repeat([0, 1, 0], [20, 10, 12])
    fit = fit_firth(with_intercept(x), y)
    assert fit.coef[1] == pytest.approx(np.log(0.5 / 12.5) - np.log(10.5 / 20.5), abs=1e-9)


def test_maximum_likelihood_where_it_exists():
    rng = np.random.default_rng(3)
    x = rng.normal(size=300)
    X, y = with_intercept(x), rng.random(300) < 1 / (1 + np.exp(-x))
    found = log_odds(X, y)
    assert found.model == "logistic regression, maximum likelihood"
    np.testing.assert_array_equal(found.coef, fit_logistic(X, y).coef)


def test_complete_separation_is_finite():
    x = np.arange(20.0)
    found = log_odds(with_intercept(x), x > 9.5)
    assert found.model == "logistic regression, Firth (the data separate)"
    assert 0 < found.coef[1] < 5


@pytest.mark.parametrize("case", [0, 1])
def test_a_person_with_a_column_of_one_has_odds_of_three_and_touches_nobody_else(case):
    # Leverage 1: y - p + (1/2 - p) = 0, and the information is that of the others times p (1 - p).
    rng = np.random.default_rng(8)
    x, y = rng.normal(size=60), rng.integers(0, 2, 60)
    alone = np.zeros(60)
    alone[5], y[5] = 1.0, case
    found = fit_firth(with_intercept(x, alone), y)
    others = np.arange(60) != 5
    apart = fit_firth(with_intercept(x[others]), y[others])
    assert found.coef[:2] == pytest.approx(apart.coef, abs=1e-9)
    log_odds_of_5 = found.coef @ [1, x[5], 1]
    assert log_odds_of_5 == pytest.approx(np.log(3) * (1 if case else -1), abs=1e-9)


def test_many_columns_that_separate_have_a_maximum():
    rng = np.random.default_rng(4)
    for _ in range(30):
        x = rng.normal(size=(9, 70))
        X = with_intercept(*x * 10.0 ** rng.integers(-3, 3, (9, 1)), np.arange(70) == 3)
        fit = fit_firth(X, x[0] > 0.3 * rng.normal(size=70))
        for unit in np.diag(1 / np.sqrt((X**2).mean(axis=0))):
            around = [fit._data.penalised(fit.coef + h * unit) for h in (-1e-2, 1e-2)]
            assert max(around) < fit.loglik


def test_estimate_follows_the_unit_of_the_column():
    rng = np.random.default_rng(5)
    x, y = rng.normal(size=60), rng.integers(0, 2, 60)
    plain, large = fit_firth(with_intercept(x), y), fit_firth(with_intercept(1e4 * x + 3), y)
    assert large.coef[1] * 1e4 == pytest.approx(plain.coef[1], rel=1e-8)
    low, high = large.profile_interval(1)
    assert (low * 1e4, high * 1e4) == pytest.approx(plain.profile_interval(1), rel=1e-7)


def test_interval_is_where_the_likelihood_ratio_reaches_its_quantile():
    # Symmetric data: the interval is too; wider with the level.
    x, y = np.repeat([-1.0, 1.0], 20), np.r_[np.repeat([1, 0], [6, 14]), np.repeat([0, 1], [6, 14])]
    fit = fit_firth(with_intercept(x), y)
    low, high = fit.profile_interval(0)
    assert low == pytest.approx(-high, abs=1e-8)
    assert fit.profile_interval(0, 0.99)[1] > high


@pytest.mark.parametrize("fit", [fit_firth, log_odds])
def test_refusals(fit):
    x = np.arange(10.0)
    with pytest.raises(NotEstimable, match="one class only: 0 events"):
        fit(with_intercept(x), np.zeros(10))
    with pytest.raises(NotEstimable, match=r"column 2 .* linear combination"):
        fit(with_intercept(x, 2 * x), x > 4)
    with pytest.raises(ValueError, match="do not match"):
        fit(with_intercept(x), np.zeros(9))
    with pytest.raises(ValueError, match="0 or 1"):
        fit_firth(with_intercept(x), x)
