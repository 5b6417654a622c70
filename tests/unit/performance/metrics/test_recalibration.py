"""How much of a model must change: the closed test."""

import numpy as np
import pytest
from scipy.special import expit
from scipy.stats import chi2

from igfmood.association.models.logistic import fit_logistic
from igfmood.errors import NotEstimable
from igfmood.performance.metrics.recalibration import closed_test


def new_people(seed, shift=0.0, stretch=1.0, turn=0.0, n=600):
    """People for whom the model (0.8, -0.5) is right but for what is asked."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, 2))
    old = X @ [0.8, -0.5] - 0.4
    truth = shift + stretch * old + turn * (X @ [0.5, 0.8])
    return X, old, (rng.random(n) < expit(truth)).astype(float)


@pytest.mark.parametrize(
    ("change", "wrong"),
    [
        ("none", {}),
        ("intercept", {"shift": 0.8}),
        ("intercept and slope", {"shift": 0.5, "stretch": 0.3}),
        ("all coefficients", {"turn": 1.0}),
    ],
)
def test_what_is_wrong_is_found(change, wrong):
    found = [closed_test(*new_people(seed, **wrong)).change for seed in range(60)]
    # The level of the whole is 5 %.
    assert found.count(change) >= 50


def test_nothing_is_changed_that_is_right_but_in_one_of_twenty():
    found = [closed_test(*new_people(seed, n=200)).change for seed in range(400)]
    assert 0.02 < 1 - found.count("none") / 400 < 0.09


def test_chosen_numbers_are_those_of_the_logistic_models():
    X, old, y = new_people(3, shift=0.8)
    found = closed_test(X, old, y)
    assert found.change == "intercept"
    ones = np.ones((len(y), 1))
    shift = fit_logistic(ones, y, offset=old)
    new = fit_logistic(np.hstack([ones, X]), y)
    assert (found.intercept, found.slope) == (shift.coef[0], 1.0)
    assert list(found.p) == ["none", "intercept"]
    assert found.p["none"] < 0.05 <= found.p["intercept"]
    # Three coefficients against one.
    assert found.p["intercept"] == pytest.approx(chi2.sf(2 * (new.loglik - shift.loglik), 2))
    plain = y @ old - np.logaddexp(0, old).sum()
    assert found.p["none"] == pytest.approx(chi2.sf(2 * (new.loglik - plain), 3))


def test_a_looser_level_changes_no_less():
    order = ["none", "intercept", "intercept and slope", "all coefficients"]
    for seed in range(20):
        data = new_people(seed, shift=0.2, stretch=0.8, n=200)
        strict, loose = (order.index(closed_test(*data, alpha).change) for alpha in (0.01, 0.3))
        assert strict <= loose


def test_with_one_predictor_its_coefficient_is_the_slope():
    rng = np.random.default_rng(4)
    x = rng.normal(size=500)
    y = (rng.random(500) < expit(0.2 * x)).astype(float)
    found = closed_test(x[:, None], 2 * x, y)
    assert found.change == "intercept and slope"
    expected = fit_logistic(np.column_stack([np.ones(500), x]), y).coef
    assert (found.intercept, 2 * found.slope) == pytest.approx(tuple(expected))
    assert "intercept and slope" not in found.p


def test_new_coefficients_have_no_slope():
    found = closed_test(*new_people(5, turn=1.5))
    assert found.change == "all coefficients"
    assert np.isnan(found.intercept)
    assert np.isnan(found.slope)
    assert max(found.p.values()) < 0.05


def test_refusals():
    X, old, y = new_people(6)
    with pytest.raises(NotEstimable, match="one class"):
        closed_test(X, old, np.ones(len(y)))
    with pytest.raises(NotEstimable, match="separat"):
        closed_test(np.column_stack([X[:, 0], y]), old, y)
