"""Limits of the least-squares kernel: rank, leverage, variance, blocks."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from igfmood.association.models import linear
from igfmood.association.models.linear import ols_hc3
from igfmood.errors import NotEstimable


@pytest.fixture
def data():
    rng = np.random.default_rng(1)
    X = np.column_stack([np.ones(300), rng.normal(size=(300, 3))])
    return X, X @ [1, 2, 0, -1] + rng.normal(size=300)


def textbook_hc3(X, y):
    bread = np.linalg.inv(X.T @ X)
    beta = bread @ X.T @ y
    h = np.einsum("ij,jk,ik->i", X, bread, X)
    return beta, bread @ (X.T * ((y - X @ beta) / (1 - h)) ** 2) @ X @ bread


def test_formula(data):
    beta, cov = textbook_hc3(*data)
    fit = ols_hc3(*data)
    np.testing.assert_allclose(fit.beta, beta, rtol=1e-11)
    np.testing.assert_allclose(fit.cov, cov, rtol=1e-10, atol=1e-17)


@pytest.mark.parametrize("rows", [1, 7, 299, 300, 301])
def test_block_size_changes_nothing(data, monkeypatch, rows):
    whole = ols_hc3(*data)
    monkeypatch.setattr(linear, "BLOCK_ROWS", rows)
    blocked = ols_hc3(*data)
    # The order of summation differs.
    np.testing.assert_allclose(blocked.cov, whole.cov, rtol=1e-11, atol=1e-17)


@given(st.sampled_from([1e-6, 0.1, 7.0, 1e6]), st.integers(1, 3))
def test_units_of_a_column_carry_over(factor, column):
    rng = np.random.default_rng(2)
    X = np.column_stack([np.ones(60), rng.normal(size=(60, 3))])
    y = rng.normal(size=60)
    scaled = X.copy()
    scaled[:, column] *= factor
    plain, found = ols_hc3(X, y).contrast(column), ols_hc3(scaled, y).contrast(column)
    assert found.estimate * factor == pytest.approx(plain.estimate, rel=1e-10)
    assert found.se * factor == pytest.approx(plain.se, rel=1e-10)
    assert found.p == pytest.approx(plain.p, rel=1e-10)


def test_nearly_collinear_design_keeps_its_digits():
    # A raw calendar year: condition number about 1e6 of the Gram matrix and more.
    rng = np.random.default_rng(3)
    year = rng.uniform(2007.0, 2009.0, 500)
    y = 3 + 0.5 * (year - 2008) + rng.normal(size=500)
    raw = ols_hc3(np.column_stack([np.ones(500), year]), y).contrast(1)
    centred = ols_hc3(np.column_stack([np.ones(500), year - 2008]), y).contrast(1)
    assert raw.estimate == pytest.approx(centred.estimate, rel=1e-9)
    assert raw.se == pytest.approx(centred.se, rel=1e-9)


def test_contrast_of_one_column_is_a_linear_combination(data):
    fit = ols_hc3(*data)
    assert fit.contrast(1) == fit.linear_combination([0, 1, 0, 0])
    assert fit.contrast(-1) == fit.contrast(3)
    with pytest.raises(ValueError, match="expected 4 weights"):
        fit.linear_combination([1, 0])
    with pytest.raises(NotEstimable, match="no variance"):
        fit.linear_combination([0, 0, 0, 0])


def test_dependent_column_is_named(data):
    X, y = data
    with pytest.raises(NotEstimable, match=r"column 4 \(counted from 0\) is a linear combination"):
        ols_hc3(np.column_stack([X, X[:, 1] - 2 * X[:, 2]]), y)
    with pytest.raises(NotEstimable, match=r"column 2 .* linear combination"):
        ols_hc3(np.column_stack([X[:, :2], np.full(300, 3.0), X[:, 2:]]), y)
    with pytest.raises(NotEstimable, match=r"column 1 .* all zeros"):
        ols_hc3(np.column_stack([X[:, 0], np.zeros(300), X[:, 1:]]), y)


def test_row_that_alone_determines_a_coefficient(data):
    X, y = data
    only = np.zeros(300)
    only[17] = 1
    with pytest.raises(NotEstimable, match=r"row 17 .*leverage 1"):
        ols_hc3(np.column_stack([X, only]), y)


def test_no_residual_variance(data):
    X, _ = data
    with pytest.raises(NotEstimable, match="no residual variance"):
        ols_hc3(X, np.full(300, 120.0))
    with pytest.raises(NotEstimable, match="no residual variance"):
        ols_hc3(X, X @ [1.0, 2, 3, 4])


def test_too_few_rows():
    with pytest.raises(NotEstimable, match="n = 3"):
        ols_hc3(np.eye(3), np.arange(3))


def test_malformed_input(data):
    X, y = data
    with pytest.raises(ValueError, match="do not match"):
        ols_hc3(X, y[:-1])
    for bad in (np.nan, np.inf):
        broken = X.copy()
        broken[5, 2] = bad
        with pytest.raises(ValueError, match="missing"):
            ols_hc3(broken, y)
        with pytest.raises(ValueError, match="outcome holds missing"):
            ols_hc3(X, np.where(np.arange(300) == 4, bad, y))
