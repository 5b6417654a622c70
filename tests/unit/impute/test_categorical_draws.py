"""Logit models of the imputation: maximum, separation, drawn codes."""

import numpy as np
import pytest
import statsmodels.api as sm

from igfmood.impute.methods import categorical
from igfmood.impute.methods.categorical import augmented, draw_codes, logit_posterior


@pytest.fixture(scope="module")
def people():
    rng = np.random.default_rng(0)
    X = np.column_stack([np.ones(400), rng.normal(size=(400, 2))])
    eta = X @ np.array([[0.5, -0.5], [1.0, 0.2], [0.0, -1.0]])
    return X, draw_codes(X, eta[:3] * 0 + [[0.5, -0.5], [1.0, 0.2], [0.0, -1.0]], rng)


def fitted(X, codes):
    start = np.zeros((X.shape[1], int(codes.max())))
    return logit_posterior(X, codes.astype(int), np.ones(len(codes)), start)


def test_multinomial_maximum(people):
    X, codes = people
    expected = sm.MNLogit(codes, X).fit(disp=0, tol=1e-12)
    found = fitted(X, codes)
    np.testing.assert_allclose(found.coef, expected.params, atol=1e-6)
    np.testing.assert_allclose(found.root @ found.root.T, expected.cov_params(), atol=1e-4)


def test_binary_maximum(people):
    X, codes = people
    y = np.minimum(codes, 1)
    expected = sm.Logit(y, X).fit(disp=0, tol=1e-12)
    found = fitted(X, y)
    np.testing.assert_allclose(found.coef[:, 0], expected.params, atol=1e-6)
    np.testing.assert_allclose(found.root @ found.root.T, expected.cov_params(), atol=1e-4)


def test_block_size_changes_nothing(people, monkeypatch):
    whole = fitted(*people)
    monkeypatch.setattr(categorical, "BLOCK_ROWS", 37)
    np.testing.assert_allclose(fitted(*people).coef, whole.coef, atol=1e-9)


def test_perfect_prediction_keeps_finite_coefficients():
    x = np.linspace(-1, 1, 60)
    X, codes = np.column_stack([np.ones(60), x]), (x > 0).astype(float)
    rows, added, weights = augmented(
        X, codes, np.array([1.0, x.mean()]), np.array([0.0, x.std()]), 2
    )
    assert len(rows) == 64
    assert weights[60:].sum() == pytest.approx(2)
    found = logit_posterior(rows, added, weights, np.zeros((2, 1)))
    assert np.isfinite(found.root).all()
    assert 1 < found.coef[1, 0] < 100


def test_codes_follow_their_probabilities():
    coef = np.log([[0.2 / 0.5, 0.3 / 0.5]])
    found = draw_codes(np.ones((100_000, 1)), coef, np.random.default_rng(1))
    np.testing.assert_allclose(np.bincount(found.astype(int)) / 1e5, [0.5, 0.2, 0.3], atol=0.006)


def test_certain_codes_stay_finite():
    found = draw_codes(np.ones((10, 1)), np.array([[-900.0, 900.0]]), np.random.default_rng(2))
    assert (found == 2).all()
