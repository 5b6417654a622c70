"""Limits of Rubin's rules: nothing missing, everything missing, nonsense."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from igfmood.errors import NotEstimable
from igfmood.impute.pooling import pool, pool_vector


@pytest.mark.parametrize("m", [1, 20])
@pytest.mark.parametrize("df", [7.0, 740.0, np.inf])
def test_nothing_missing_is_the_complete_analysis(m, df):
    found = pool(np.full(m, 0.1), np.full(m, 0.3), df)
    assert (found.estimate, found.df, found.between, found.fmi) == (0.1, df, 0.0, 0.0)
    assert found.se == pytest.approx(np.sqrt(0.3), rel=1e-15)


@given(st.lists(st.floats(-5, 5), min_size=2, max_size=30), st.floats(1, 1e6))
def test_missing_values_cost_information(estimates, df):
    found = pool(estimates, np.ones(len(estimates)), df)
    assert found.se >= 1
    assert 0 < found.df <= df
    assert 0 <= found.share_missing < 1
    assert found.ci_low < found.estimate < found.ci_high


def test_degrees_of_freedom_by_hand():
    # U = 1, B = 1, m = 5: lambda = 1.2 / 2.2.
    spread = np.array([-2, -1, 0, 1, 2]) / np.sqrt(2.5)
    share = 1.2 / 2.2
    old, observed = 4 / share**2, 11 / 13 * 10 * (1 - share)
    assert pool(spread, np.ones(5), 10).df == pytest.approx(1 / (1 / old + 1 / observed))
    assert pool(spread, np.ones(5)).df == pytest.approx(old)


def test_level():
    wide, narrow = (pool([0.0, 1.0], [1.0, 1.0], 50, level) for level in (0.99, 0.9))
    assert wide.ci_low < narrow.ci_low < narrow.ci_high < wide.ci_high
    assert wide.p == narrow.p


def test_vector_agrees_with_scalars():
    rng = np.random.default_rng(0)
    roots = rng.normal(size=(6, 3, 3))
    estimates, covariances = rng.normal(size=(6, 3)), roots @ roots.transpose(0, 2, 1)
    found = pool_vector(estimates, covariances, 30)
    weights = np.array([1.0, -2.0, 0.5])
    one = found.linear_combination(weights)
    assert one.estimate == pytest.approx(weights @ found.coef)
    assert one.se**2 == pytest.approx(weights @ found.cov @ weights)
    assert found.coefficient(2) == pool(estimates[:, 2], covariances[:, 2, 2], 30)
    assert found.se[1] == pytest.approx(found.coefficient(1).se)


def test_one_table_has_no_between_variance():
    found = pool_vector([[0.1, 0.7]], [np.eye(2)], 12)
    np.testing.assert_array_equal(found.cov, np.eye(2))
    assert found.coefficient(1).df == 12


def test_refusals():
    with pytest.raises(NotEstimable, match="completed table 2 gives the variance 0"):
        pool([1.0, 2.0], [1.0, 0.0])
    with pytest.raises(ValueError, match="do not match"):
        pool([1.0, 2.0], [1.0])
    with pytest.raises(ValueError, match="finite"):
        pool([1.0, np.nan], [1.0, 1.0])
    with pytest.raises(ValueError, match="df_complete 0"):
        pool([1.0], [1.0], 0)
    with pytest.raises(ValueError, match="do not match"):
        pool_vector(np.ones((3, 2)), np.ones((3, 3, 2)))
    with pytest.raises(ValueError, match="expected 2 weights"):
        pool_vector(np.ones((3, 2)), np.ones((3, 2, 2))).linear_combination([1.0])
