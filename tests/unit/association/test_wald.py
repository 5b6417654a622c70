"""Properties and limits of the Wald tests."""

import numpy as np
import pytest
from scipy import stats

from igfmood.association.models.linear import ols_hc3
from igfmood.association.wald import t_quantile, two_sided_p, wald_contrast, wald_test
from igfmood.errors import NotEstimable


def test_contrast_is_the_one_of_the_linear_model():
    rng = np.random.default_rng(3)
    X = np.column_stack([np.ones(40), rng.normal(size=40)])
    fit = ols_hc3(X, X @ [1.0, 0.5] + rng.normal(size=40))
    found = wald_contrast(fit.beta[1], fit.se[1], fit.df_resid, level=0.9)
    expected = fit.contrast(1, level=0.9)
    for name in ("estimate", "se", "t", "df", "p", "ci_low", "ci_high", "level"):
        assert getattr(found, name) == pytest.approx(getattr(expected, name), rel=1e-13)


def test_infinite_df_is_the_normal_distribution():
    found = wald_contrast(1.0, 0.5, np.inf)
    assert (found.ci_low, found.ci_high) == pytest.approx((0.0200180077, 1.9799819923), abs=1e-9)
    assert found.p == pytest.approx(2 * stats.norm.sf(2), rel=1e-13)
    assert t_quantile(np.inf, 0.975) == pytest.approx(t_quantile(1e9, 0.975), rel=1e-8)
    assert two_sided_p([-2.0, 2.0], 12.0) == pytest.approx(2 * stats.t.sf(2, 12), rel=1e-12)


def test_one_coefficient_is_the_squared_t():
    single = wald_contrast(-0.8, 0.3, 17)
    test = wald_test([-0.8], [[0.09]], 17)
    assert test.f == pytest.approx(single.t**2, rel=1e-13)
    assert test.p == pytest.approx(single.p, rel=1e-11)


def test_uncorrelated_coefficients_add_their_chi_squares():
    test = wald_test([1.0, 2.0, -3.0], np.diag([1.0, 4.0, 2.0]), np.inf)
    assert test.chi2 == pytest.approx(1 + 1 + 4.5, rel=1e-13)
    assert test.p == pytest.approx(stats.chi2.sf(6.5, 3), rel=1e-12)
    assert (test.df, test.df_denominator) == (3, np.inf)


def test_joint_test_does_not_depend_on_units():
    cov = np.array([[2.0, 0.7], [0.7, 1.0]])
    scale = np.array([1e-7, 1e6])
    there = wald_test([1.2, -0.4], cov, 30)
    scaled = wald_test([1.2e-7, -0.4e6], cov * np.outer(scale, scale), 30)
    assert scaled.f == pytest.approx(there.f, rel=1e-12)


def test_what_cannot_be_tested_is_said():
    with pytest.raises(NotEstimable, match="no standard error"):
        wald_contrast(1.0, 0.0, 10)
    with pytest.raises(NotEstimable, match="no standard error"):
        wald_contrast(1.0, 0.5, 0)
    with pytest.raises(NotEstimable, match="cannot be told apart"):
        wald_test([1.0, 1.0], [[1.0, 1.0], [1.0, 1.0]], 10)
    with pytest.raises(NotEstimable, match="no variance to test 2"):
        wald_test([1.0, 1.0], [[1.0, 0.0], [0.0, 0.0]], 10)


@pytest.mark.parametrize(
    ("estimates", "cov"),
    [([1.0], [[1.0, 0.0], [0.0, 1.0]]), ([], np.empty((0, 0))), ([np.nan], [[1.0]])],
)
def test_wrong_input_is_refused(estimates, cov):
    with pytest.raises(ValueError, match=r"do not match|missing"):
        wald_test(estimates, cov, 10)


def test_wrong_level_is_refused():
    with pytest.raises(ValueError, match="level"):
        wald_contrast(1.0, 0.5, 10, level=95)
