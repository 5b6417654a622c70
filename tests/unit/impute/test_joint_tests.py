"""Pooled tests of several coefficients where their formulas end."""

import numpy as np
import pytest
from scipy.stats import f as f_distribution

from igfmood.errors import NotEstimable
from igfmood.impute.joint_tests import chi_squares_d2, likelihood_ratio_d3, wald_d1
from igfmood.impute.pooling import pool_vector


def vector(m, df, spread=0.5, p=3):
    rng = np.random.default_rng(3)
    return pool_vector(1 + spread * rng.normal(size=(m, p)), np.tile(np.eye(p), (m, 1, 1)), df)


def test_one_restriction_is_the_pooled_t():
    pooled = vector(10, 40)
    found, one = wald_d1(pooled, [1, 0, -1]), pooled.linear_combination([1, 0, -1])
    assert found.f == pytest.approx(one.t**2)
    assert (found.p, found.df_denominator) == (one.p, one.df)
    assert found.p == pytest.approx(f_distribution.sf(found.f, 1, one.df))


def test_nothing_missing_is_the_complete_test():
    found = wald_d1(vector(5, 40, spread=0.0), np.eye(3))
    assert (found.f, found.df_denominator, found.riv) == (1.0, 40, 0.0)
    assert found.p == pytest.approx(f_distribution.sf(1.0, 3, 40))


def test_reiter_tends_to_li_for_many_people():
    few, many, infinite = (wald_d1(vector(10, df), np.eye(3)) for df in (60, 1e8, np.inf))
    assert few.df_denominator < 60
    # The two approximations share their leading terms only.
    assert many.df_denominator == pytest.approx(infinite.df_denominator, rel=0.15)
    assert few.f == many.f == infinite.f


def test_chi_squares_that_agree_are_the_chi_square():
    found = chi_squares_d2([6.0] * 5, 2)
    assert (found.f, found.riv, found.df_denominator) == (3.0, 0.0, np.inf)
    assert found.p == pytest.approx(np.exp(-3))


def test_chi_squares_that_vary_much_show_nothing():
    assert chi_squares_d2([0.0, 25.0, 0.0], 1).p == 1.0


def test_likelihood_ratios_that_agree():
    found = likelihood_ratio_d3([6.0] * 5, [6.0] * 5, 2)
    assert (found.f, found.riv, found.p) == (3.0, 0.0, pytest.approx(np.exp(-3)))


def test_refusals():
    with pytest.raises(NotEstimable, match="depend on each other"):
        wald_d1(vector(10, 40), [[1, 0, 0], [2, 0, 0]])
    with pytest.raises(NotEstimable, match="3 imputations are too few to test 2"):
        wald_d1(vector(3, 40), np.eye(3)[:2])
    with pytest.raises(NotEstimable, match="too few for what is missing"):
        wald_d1(vector(10, 9, spread=3.0), np.eye(3))
    with pytest.raises(NotEstimable, match="at least 2"):
        chi_squares_d2([3.0], 1)
    with pytest.raises(ValueError, match="columns of restrictions"):
        wald_d1(vector(10, 40), np.eye(2))
    with pytest.raises(ValueError, match="chi-squares"):
        chi_squares_d2([-1.0, 2.0], 1)
    with pytest.raises(ValueError, match="do not match"):
        likelihood_ratio_d3([1.0, 2.0], [1.0], 1)
