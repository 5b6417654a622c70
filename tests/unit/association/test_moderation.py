"""Simple slopes against refitted models, and Johnson-Neyman bounds against their definition."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from igfmood.association.models.linear import ols_hc3
from igfmood.association.moderation import Product, pooled_johnson_neyman
from igfmood.errors import NotEstimable
from igfmood.impute.pooling import pool_vector


def _product(b_x, b_xm, v_x=0.04, v_xm=0.01, r=0.3, df=100.0):
    between = r * np.sqrt(v_x * v_xm)
    return Product(b_x, b_xm, np.array([[v_x, between], [between, v_xm]]), df)


@pytest.fixture(scope="module")
def stress():
    rng = np.random.default_rng(6)
    x, m = rng.normal(size=(2, 150))
    y = 0.4 * x - 0.3 * x * m + 0.2 * m + rng.normal(size=150) * np.exp(0.2 * x)
    return x, m, y


def _fit(x, m, y):
    fit = ols_hc3(np.column_stack([np.ones(x.size), x, x * m, m]), y)
    return fit, Product(fit.beta[1], fit.beta[2], fit.cov[1:3, 1:3], fit.df_resid)


@pytest.mark.parametrize("value", [-1.5, 0.0, 2.0])
def test_slope_is_that_of_the_model_centred_there(stress, value):
    x, m, y = stress
    found = _fit(x, m, y)[1].simple_slopes([value], level=0.9)
    expected = _fit(x, m - value, y)[0].contrast(1, level=0.9)
    numbers = [getattr(found, k)[0] for k in ("estimate", "se", "ci_low", "ci_high", "p")]
    assert numbers == pytest.approx(
        [expected.estimate, expected.se, expected.ci_low, expected.ci_high, expected.p], rel=1e-8
    )
    assert (found.df, found.level) == (146, 0.9)


def test_bounds_move_with_the_origin_of_the_moderator(stress):
    x, m, y = stress
    ((_, low), (high, _)) = _fit(x, m, y)[1].johnson_neyman()
    ((_, low_moved), (high_moved, _)) = _fit(x, m + 5, y)[1].johnson_neyman()
    assert (low_moved - 5, high_moved - 5) == pytest.approx((low, high), rel=1e-8)


def test_by_hand():
    # Uncorrelated, unit variances, t = 1.96: (m b)^2 = t^2 (1 + m^2) at b = 2 t gives m^2 = 1/3.
    t = 1.959963984540054
    found = Product(0.0, 2 * t, np.eye(2), np.inf).johnson_neyman()
    bound = np.sqrt(1 / 3)
    assert found[0] == pytest.approx((-np.inf, -bound), rel=1e-12)
    assert found[1] == pytest.approx((bound, np.inf), rel=1e-12)
    # Without interaction: b_x = 2 t, (2 t)^2 = t^2 (1 + m^2) gives m^2 = 3, between the bounds.
    assert Product(2 * t, 0.0, np.eye(2), np.inf).johnson_neyman() == (
        pytest.approx((-np.sqrt(3), np.sqrt(3)), rel=1e-12),
    )
    assert Product(0.0, 0.0, np.eye(2), np.inf).johnson_neyman() == ()


@given(
    st.floats(-2, 2),
    st.floats(-1, 1),
    st.floats(-0.95, 0.95),
    st.floats(3, 500),
    st.sampled_from([0.9, 0.95, 0.99]),
)
def test_p_crosses_alpha_at_the_bounds_and_only_there(b_x, b_xm, r, df, level):
    product = _product(b_x, b_xm, r=r, df=df)
    regions = product.johnson_neyman(level)
    bounds = sorted(b for region in regions for b in region if np.isfinite(b))
    assume(all(abs(b) < 1e4 for b in bounds))
    assert len(bounds) in (0, 2)
    if bounds:
        p = product.simple_slopes(bounds, level).p
        assert p == pytest.approx([1 - level] * 2, rel=1e-4)
    grid = np.linspace(-20, 20, 401)
    # Away from the bounds by 1e-6, significance is membership of a region.
    apart = np.array([all(abs(m - b) > 1e-6 for b in bounds) for m in grid])
    inside = np.array([any(low < m < high for low, high in regions) for m in grid])
    significant = product.simple_slopes(grid, level).p < 1 - level
    assert (significant == inside)[apart].all()


def test_two_half_lines_just_where_the_interaction_differs_from_zero():
    assert len(_product(0.5, 0.3).johnson_neyman()) == 2
    assert len(_product(0.5, 0.1).johnson_neyman()) == 1
    assert _product(0.1, 0.1).johnson_neyman() == ()


def completed(seed, m=10, interaction=0.3, spread=0.1, df=80.0):
    """Coefficients of m completed tables that differ by `spread`, pooled."""
    rng = np.random.default_rng(seed)
    coef = np.array([0.5, interaction]) + rng.normal(0, spread, (m, 2))
    cov = np.array([[0.04, 0.006], [0.006, 0.01]]) * rng.uniform(0.8, 1.2, (m, 1, 1))
    return pool_vector(coef, cov, df)


def test_of_one_table_the_pooled_bounds_are_its_own():
    product = _product(0.5, 0.3)
    pooled = pool_vector([[0.5, 0.3]], [product.cov], product.df)
    for found, expected in zip(
        pooled_johnson_neyman(pooled), product.johnson_neyman(), strict=True
    ):
        assert found == pytest.approx(expected, rel=1e-10)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize(("interaction", "regions"), [(0.6, 2), (0.05, 1)])
def test_p_of_the_pooled_slope_crosses_alpha_at_the_bounds_and_only_there(
    seed, interaction, regions
):
    pooled = completed(seed, interaction=interaction, spread=0.05)
    found = pooled_johnson_neyman(pooled)
    assert len(found) == regions
    bounds = [bound for region in found for bound in region if np.isfinite(bound)]
    for bound in bounds:
        assert pooled.linear_combination([1, bound]).p == pytest.approx(0.05, rel=1e-8)
    for m in np.linspace(-8, 8, 161):
        if min(abs(m - bound) for bound in bounds) > 1e-6:
            inside = any(low < m < high for low, high in found)
            assert (pooled.linear_combination([1, m]).p < 0.05) == inside


def test_bounds_of_pooled_coefficients_are_not_the_mean_of_bounds():
    pooled = completed(1, interaction=0.6, spread=0.15)
    (_, low), (high, _) = pooled_johnson_neyman(pooled)
    own = [
        Product(*coef, cov, 80.0).johnson_neyman()
        for coef, cov in zip(pooled.estimates, pooled.covariances, strict=True)
    ]
    mean = np.mean([[one[0][1], one[1][0]] for one in own], axis=0)
    # What is missing widens the middle, where the slope may be 0.
    assert high - low > 1.2 * (mean[1] - mean[0])


def test_a_pooled_slope_that_is_nowhere_clear_has_no_region():
    rng = np.random.default_rng(3)
    cov = np.array([[0.04, 0.006], [0.006, 0.01]])
    assert pooled_johnson_neyman(pool_vector(rng.normal(0, 0.05, (10, 2)), [cov] * 10, 80)) == ()


def test_what_cannot_be_tested_is_said():
    with pytest.raises(NotEstimable, match="no covariance to test with"):
        Product(1.0, 0.5, np.ones((2, 2)), 10)
    with pytest.raises(NotEstimable, match="df = 0"):
        Product(1.0, 0.5, np.eye(2), 0)


def test_wrong_input_is_refused():
    with pytest.raises(ValueError, match=r"shape \(2, 2\)"):
        Product(1.0, 0.5, np.eye(3), 10)
    with pytest.raises(ValueError, match="missing"):
        Product(np.nan, 0.5, np.eye(2), 10)
    with pytest.raises(ValueError, match="finite values of the moderator"):
        _product(1, 0.5).simple_slopes([np.inf])
