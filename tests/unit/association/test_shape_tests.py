"""Properties of spline tests and curves."""

import numpy as np
import pytest

from igfmood.association.models.linear import ols_hc3
from igfmood.association.shape_tests import SplineEffect
from igfmood.splines import rcs_basis, rcs_knots


def _fitted(truth, n=400, seed=5):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=n)
    knots = rcs_knots(x, 4)
    X = np.column_stack([np.ones(n), rcs_basis(x, knots)])
    fit = ols_hc3(X, truth(x) + rng.normal(size=n))
    return fit, SplineEffect(fit.beta[1:], fit.cov[1:, 1:], fit.df_resid, knots)


def test_line_and_parabola_are_told_apart():
    _, line = _fitted(lambda x: 0.5 * x)
    assert line.joint_test().p < 1e-6
    assert line.nonlinearity_test().p > 0.05
    _, parabola = _fitted(lambda x: 0.5 * x**2)
    assert parabola.nonlinearity_test().p < 1e-6


def test_curve_is_the_difference_of_two_predictions():
    fit, effect = _fitted(np.sin)
    found = effect.curve([-1.5, 0.3, 2.0], reference=0.3, level=0.9)
    at = np.column_stack([np.ones(3), rcs_basis([-1.5, 0.3, 2.0], effect.knots)])
    for position in (0, 2):
        expected = fit.linear_combination(at[position] - at[1], level=0.9)
        point = [getattr(found, name)[position] for name in ("estimate", "se", "ci_low", "ci_high")]
        assert point == pytest.approx(
            [expected.estimate, expected.se, expected.ci_low, expected.ci_high], rel=1e-9
        )
    assert [found.estimate[1], found.se[1], found.ci_low[1], found.ci_high[1]] == [0, 0, 0, 0]


def test_curve_is_a_line_beyond_the_knots():
    _, effect = _fitted(np.sin)
    start = effect.knots[-1]
    found = effect.curve(start + np.arange(4), reference=0.0)
    assert np.diff(found.estimate, 2) == pytest.approx([0, 0], abs=1e-9)


def test_products_with_a_group_say_how_the_groups_differ():
    # A model of both groups with all products is the two separate models, so the difference of
    # the curves is that of the separate curves.
    rng = np.random.default_rng(8)
    x, female = rng.normal(size=300), (np.arange(300) % 2).astype(float)
    y = np.where(female == 1, x**2, x) + rng.normal(size=300)
    knots = rcs_knots(x, 4)
    basis, ones = rcs_basis(x, knots), np.ones(300)
    both = ols_hc3(np.column_stack([ones, basis * female[:, None], basis, female]), y)
    effect = SplineEffect(both.beta[1:4], both.cov[1:4, 1:4], both.df_resid, knots)
    curves = []
    for sex in (1, 0):
        rows = female == sex
        fit = ols_hc3(np.column_stack([ones, basis])[rows], y[rows])
        one = SplineEffect(fit.beta[1:], fit.cov[1:, 1:], fit.df_resid, knots)
        curves.append(one.curve([-1.0, 1.5], 0.0))
    found = effect.curve([-1.0, 1.5], 0.0)
    assert found.estimate == pytest.approx(curves[0].estimate - curves[1].estimate, rel=1e-9)
    assert found.se == pytest.approx(np.hypot(curves[0].se, curves[1].se), rel=1e-9)
    assert effect.joint_test().p < 1e-6


def test_terms_and_knots_must_match():
    with pytest.raises(ValueError, match="4 knots make 3 terms"):
        SplineEffect(np.zeros(2), np.eye(2), 10, np.arange(4.0))
