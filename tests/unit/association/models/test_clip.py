"""Likelihood profiles combined over tables: closed forms, numerical profiles, and mixtures."""

from dataclasses import dataclass

import numpy as np
import pytest
from scipy.optimize import brentq, minimize
from scipy.special import expit
from scipy.stats import chi2, norm

from builders import people
from igfmood.association.models.clip import combined_profiles
from igfmood.association.models.firth import fit_firth
from igfmood.errors import NotEstimable
from igfmood.splines import rcs_basis, rcs_knots


@dataclass(frozen=True)
class Quadratic:
    """The profile of a normal likelihood."""

    estimate: float
    se: float

    def signed_root(self, value):
        return (value - self.estimate) / self.se


def empty_cell(covariate_seed=None):
    """Nobody of the 12 exposed has the event; perhaps a covariate beside it."""
    x, y = np.repeat([0.0, 1.0], [30, 12]), np.repeat([0.0, 1.0, 0.0], [20, 10, 12])
    columns = [np.ones(42), x]
    if covariate_seed is not None:
        columns.append(np.random.default_rng(covariate_seed).normal(size=42))
    return np.column_stack(columns), y


def height(X, y, index, value):
    """Penalised log-likelihood at a value of one coefficient, the others by a general search."""
    others = [j for j in range(X.shape[1]) if j != index]

    def penalised(rest):
        coef = np.zeros(X.shape[1])
        coef[index], coef[others] = value, rest
        p = expit(X @ coef)
        likelihood = np.sum(y * np.log(p) + (1 - y) * np.log1p(-p))
        return -likelihood - np.linalg.slogdet(X.T @ (X * (p * (1 - p))[:, None]))[1] / 2

    found = minimize(penalised, np.zeros(len(others)), method="Nelder-Mead",
                     options={"xatol": 1e-9, "fatol": 1e-12, "maxiter": 10_000})  # fmt: skip
    return -found.fun


def test_a_normal_likelihood_has_the_wald_interval_and_p():
    found = combined_profiles([Quadratic(1.2, 0.5)], 0.9)
    half = norm.ppf(0.95) * 0.5
    assert (found.low, found.high) == pytest.approx((1.2 - half, 1.2 + half), abs=1e-9)
    assert found.p == pytest.approx(2 * norm.sf(2.4), rel=1e-12)


def test_several_tables_mix_their_distributions():
    """The limits are quantiles of a mixture of normal distributions, p is twice its tail at 0."""
    tables = [Quadratic(0.4, 0.3), Quadratic(0.9, 0.4), Quadratic(1.1, 0.2)]
    found = combined_profiles(tables)

    def mixture(b):
        return np.mean([norm.cdf(b, one.estimate, one.se) for one in tables])

    assert mixture(found.low) == pytest.approx(0.025, abs=1e-9)
    assert mixture(found.high) == pytest.approx(0.975, abs=1e-9)
    assert found.p == pytest.approx(2 * mixture(0.0), rel=1e-12)
    # Wider than the mean of the three intervals: the tables disagree.
    assert found.high - found.low > 2 * norm.ppf(0.975) * 0.3


def test_identical_tables_give_the_interval_of_one():
    profile = fit_firth(*empty_cell()).profile([0.0, 1.0])
    one, five = combined_profiles([profile]), combined_profiles([profile] * 5)
    assert (five.low, five.high, five.p) == pytest.approx((one.low, one.high, one.p), rel=1e-8)


@pytest.mark.parametrize("seed", [None, 4])
def test_an_empty_cell_has_the_interval_and_p_of_the_profile_found_numerically(seed):
    X, y = empty_cell(seed)
    fit = fit_firth(X, y)
    found = combined_profiles([fit.profile(np.eye(X.shape[1])[1])])
    top = height(X, y, 1, fit.coef[1])
    assert top == pytest.approx(fit.loglik, abs=1e-9)

    def beyond(value):
        return 2 * (top - height(X, y, 1, value)) - chi2.ppf(0.95, 1)

    low, high = brentq(beyond, -15, fit.coef[1]), brentq(beyond, fit.coef[1], 5)
    # Nelder-Mead leaves about 1e-9 of the likelihood.
    assert (found.low, found.high) == pytest.approx((low, high), abs=1e-6)
    ratio = 2 * (top - height(X, y, 1, 0.0))
    assert found.p == pytest.approx(chi2.sf(ratio, 1), rel=1e-6)
    # Lopsided: far longer on the side where the likelihood has no end.
    assert fit.coef[1] - found.low > 1.5 * (found.high - fit.coef[1])


def test_a_combination_has_the_profile_of_the_column_that_carries_it():
    """Half the sum of two coefficients, by the design in sum and difference of their columns."""
    X, y = empty_cell(4)
    by_weights = combined_profiles([fit_firth(X, y).profile([0.0, 0.5, 0.5])])
    turned = np.column_stack([X[:, 0], X[:, 1] + X[:, 2], X[:, 1] - X[:, 2]])
    by_column = combined_profiles([fit_firth(turned, y).profile([0.0, 1.0, 0.0])])
    assert by_weights.low == pytest.approx(by_column.low, rel=1e-7)
    assert by_weights.high == pytest.approx(by_column.high, rel=1e-7)
    assert by_weights.p == pytest.approx(by_column.p, rel=1e-7)


def test_tables_that_lie_far_apart_still_have_an_interval():
    tables = [*(Quadratic(x, 0.1) for x in np.linspace(-0.05, 0.05, 39)), Quadratic(3.0, 0.1)]
    found = combined_profiles(tables)
    # One table in 40 is the upper 2.5 % by itself: the limit lies between it and the rest.
    assert 0.2 < found.high < 2.8


def test_refusals():
    @dataclass(frozen=True)
    class Flat(Quadratic):
        def signed_root(self, value):
            return np.sign(value - self.estimate) * 0.5

    with pytest.raises(NotEstimable, match="no limit within 32 standard errors"):
        combined_profiles([Flat(0.0, 1.0)])
    with pytest.raises(ValueError, match="expected a profile"):
        combined_profiles([])
    with pytest.raises(ValueError, match="expected a profile"):
        combined_profiles([Quadratic(0.0, 1.0)], 1.0)


def test_an_estimate_that_is_not_the_highest_has_no_interval():
    """Cases above 1.2, nearly all controls below, and a bent curve: Jeffreys' prior is not enough.

    The profile of the curve at -2 rises beyond the estimate.
    """
    table = people({"control": 120, "mdd": 40}, seed=5)
    case = (table["diagnosis"] == "mdd").to_numpy(float)
    score = np.where(case == 1, np.abs(table["igf1_sds"]) + 1.2, table["igf1_sds"] - 0.5)
    score = score.clip(-3, 3)
    knots = rcs_knots(score, 4)
    fit = fit_firth(np.column_stack([np.ones(160), rcs_basis(score, knots)]), case)
    weights = np.r_[0, (rcs_basis([-2.0], knots) - rcs_basis([0.0], knots))[0]]
    with pytest.raises(NotEstimable, match="several maxima"):
        combined_profiles([fit.profile(weights)])
