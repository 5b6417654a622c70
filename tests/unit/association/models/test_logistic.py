"""Limits of the logistic kernel: separation, rank, one class."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import expit

from igfmood.association.models.logistic import fit_logistic
from igfmood.errors import NotEstimable


def with_intercept(*columns):
    return np.column_stack([np.ones(len(columns[0])), *columns])


def test_complete_separation():
    x = np.arange(20.0)
    with pytest.raises(NotEstimable, match="the classes are separated"):
        fit_logistic(with_intercept(x), x > 9.5)


def test_quasi_separation_by_a_binary_predictor():
    # No case among the exposed; elsewhere the classes overlap.
    rng = np.random.default_rng(1)
    exposed = np.repeat([1.0, 0.0], [15, 85])
    y = np.where(exposed == 1, 0, rng.integers(0, 2, 100))
    with pytest.raises(NotEstimable, match="separated"):
        fit_logistic(with_intercept(exposed, rng.normal(size=100)), y)


def test_one_overlapping_pair_is_enough():
    x = np.arange(20.0)
    y = (x > 9.5).astype(int)
    y[[9, 10]] = 1, 0
    assert np.isfinite(fit_logistic(with_intercept(x), y).coef).all()


def test_extreme_fitted_risks_are_not_mistaken_for_separation():
    # One remote value: its risk is 1 to 12 digits, yet the maximum exists.
    rng = np.random.default_rng(2)
    x = np.append(rng.normal(size=200), 40.0)
    y = np.append(rng.random(200) < expit(x[:-1]), 1).astype(int)
    fit = fit_logistic(with_intercept(x), y)
    assert 0.5 < fit.coef[1] < 1.8


@given(st.integers(0, 2**32 - 1))
def test_score_is_zero_at_the_maximum(seed):
    rng = np.random.default_rng(seed)
    X = with_intercept(rng.normal(size=120), 1e4 + 1e3 * rng.normal(size=120))
    y = (rng.random(120) < expit(-0.5 + 0.7 * X[:, 1])).astype(float)
    fit = fit_logistic(X, y)
    # Standardised: the score times the standard error.
    assert np.abs(X.T @ (y - expit(X @ fit.coef)) * fit.se).max() < 1e-6


@given(st.integers(0, 2**32 - 1))
def test_swapped_classes_flip_the_signs(seed):
    rng = np.random.default_rng(seed)
    X = with_intercept(rng.normal(size=(90, 2)))
    y = (rng.random(90) < expit(X @ [0.2, 0.5, -0.5])).astype(int)
    there, back = fit_logistic(X, y), fit_logistic(X, 1 - y)
    np.testing.assert_allclose(back.coef, -there.coef, rtol=1e-7, atol=1e-9)
    assert back.loglik == pytest.approx(there.loglik, rel=1e-12)


@pytest.mark.parametrize("y", [np.zeros(10), np.ones(10)])
def test_one_class(y):
    with pytest.raises(NotEstimable, match="one class only"):
        fit_logistic(with_intercept(np.arange(10.0)), y)


def test_dependent_column_is_named():
    x = np.arange(10.0)
    with pytest.raises(NotEstimable, match=r"column 2 .* linear combination"):
        fit_logistic(with_intercept(x, 3 - x), np.tile([0, 1], 5))


def test_steps_are_limited():
    rng = np.random.default_rng(4)
    x = rng.normal(size=100)
    with pytest.raises(NotEstimable, match="did not converge in 1 steps"):
        fit_logistic(with_intercept(x), rng.random(100) < expit(2 * x), max_iter=1)


def test_malformed_input():
    x = np.arange(10.0)
    with pytest.raises(ValueError, match="0 or 1"):
        fit_logistic(with_intercept(x), np.tile([1, 2], 5))
    with pytest.raises(ValueError, match="do not match"):
        fit_logistic(with_intercept(x), np.tile([0, 1], 4))
    with pytest.raises(ValueError, match="missing"):
        fit_logistic(with_intercept(np.where(x == 3, np.nan, x)), np.tile([0, 1], 5))
