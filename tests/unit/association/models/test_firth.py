"""Firth's regression: known answers, bias, profile intervals, and when it is called."""

import numpy as np
import pytest

from igfmood.association.models.firth import fit_firth, log_odds, profile_interval
from igfmood.association.models.logistic import fit_logistic
from igfmood.errors import NotEstimable

SEPARATED = (np.column_stack([np.ones(20), np.arange(20) >= 10]), np.arange(20) >= 10)


def test_an_intercept_alone_adds_half_an_event_on_each_side():
    y = np.array([1.0] * 3 + [0.0] * 7)
    assert fit_firth(np.ones((10, 1)), y).coef[0] == pytest.approx(np.log(3.5 / 7.5), rel=1e-9)


def test_a_two_by_two_table_adds_half_to_every_cell():
    found = fit_firth(*SEPARATED)
    assert found.coef[1] == pytest.approx(2 * np.log(10.5 / 0.5), rel=1e-8)


def test_it_is_called_only_where_the_data_separate():
    assert "Firth" in log_odds(*SEPARATED).model
    rng = np.random.default_rng(1)
    x = np.column_stack([np.ones(200), rng.normal(size=200)])
    y = rng.uniform(size=200) < 0.3
    found = log_odds(x, y)
    assert "maximum likelihood" in found.model
    assert found.coef == pytest.approx(fit_logistic(x, y).coef)


def test_the_profile_interval_falls_by_half_the_chi_squared():
    rng = np.random.default_rng(2)
    x = np.column_stack([np.ones(5000), rng.normal(size=5000)])
    y = rng.uniform(size=5000) < 1 / (1 + np.exp(-0.3 * x[:, 1]))
    fit = fit_firth(x, y)
    low, high = profile_interval(x, y, 1)
    wald = 1.959964 * fit.se[1]
    assert (fit.coef[1] - low, high - fit.coef[1]) == pytest.approx((wald, wald), rel=0.02)


def test_the_profile_interval_of_separated_data_is_skewed_and_finite():
    low, high = profile_interval(*SEPARATED, 1)
    estimate = fit_firth(*SEPARATED).coef[1]
    assert 0 < low < estimate < high < np.inf
    assert high - estimate > estimate - low


def test_refusals():
    with pytest.raises(NotEstimable, match="one class"):
        fit_firth(np.ones((10, 1)), np.ones(10))
    with pytest.raises(NotEstimable, match="combination"):
        log_odds(np.ones((10, 2)), np.arange(10) % 2)
