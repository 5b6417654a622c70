"""Elastic net against glmnet 4.1.6 on Pima (prediction.json).

Both minimise the same strictly convex function; glmnet ran with thresh = 1e-16, ours with 1e-14:
1e-6 absolute on coefficients of the size of 1 is what two optimisers leave. The deviance in the
folds is compared at 1e-3: cv.glmnet fits each fold on a path of its own and reads it by straight
lines, ours is fitted at the penalty itself.
"""

import numpy as np
import pytest

from igfmood.errors import NotEstimable
from igfmood.performance.models.elastic_net import elastic_net, elastic_net_cv
from oracle_files import load_oracle

COLUMNS = ["npreg", "glu", "bp", "skin", "bmi", "ped", "age"]


def pima():
    table = load_oracle("pred_pima.csv")
    train = table[table["split"] == "train"]
    X = train[COLUMNS].to_numpy(float)
    X = (X - X.mean(axis=0)) / X.std(axis=0, ddof=1)
    return X, train["y"].to_numpy(float)


@pytest.mark.shared
@pytest.mark.usefixtures("shared")
@pytest.mark.parametrize("alpha", [0, 0.5, 1])
def test_coefficients(alpha):
    X, y = pima()
    expected = load_oracle("prediction.json")["pima_glmnet"][f"alpha{alpha}"]
    lambdas = np.array(expected["lambda"])[None]
    found = elastic_net(X[None], y[None], np.ones((1, 1, len(y))), lambdas, alpha, tol=1e-14)
    np.testing.assert_allclose(found[0, 0].T, np.array(expected["coef"], dtype=float), atol=1e-6)
    assert ((found[0, 0].T == 0) == (np.array(expected["coef"], dtype=float) == 0)).all()


@pytest.mark.shared
@pytest.mark.usefixtures("shared")
def test_deviance_of_the_folds():
    X, y = pima()
    expected = load_oracle("prediction.json")["pima_cvglmnet"]
    lambdas = np.array(expected["lambda"])
    fold = np.arange(len(y)) % 10
    weights = np.stack([fold != held for held in range(10)])[None].astype(float)
    coef = elastic_net(X[None], y[None], weights, lambdas[None], 0.5, tol=1e-14)[0]
    deviance = np.empty((10, len(lambdas)))
    for held in range(10):
        rows = fold == held
        eta = coef[held, :, :1] + coef[held, :, 1:] @ X[rows].T
        deviance[held] = 2 * np.logaddexp(0, np.where(y[rows] == 1, -eta, eta)).mean(axis=1)
    np.testing.assert_allclose(deviance.mean(axis=0), expected["cvm"], rtol=1e-3)
    assert lambdas[deviance.mean(axis=0).argmin()] == pytest.approx(expected["lambda.min"])


def world(g=4, n=150, p=5):
    rng = np.random.default_rng(1)
    X = rng.normal(size=(g, n, p)) * [1, 10, 0.1, 1, 1] + 3
    y = (rng.random(n) < 0.4).astype(float)
    X[:, :, 0] += y
    used = rng.random((g, n)) < 0.8
    return X, y, used, rng.integers(0, 5, (g, n))


def test_designs_are_fitted_apart_though_at_once():
    X, y, used, folds = world()
    together = elastic_net_cv(X, y, used, folds, 0.5, tol=1e-12)
    for i in range(len(X)):
        alone = elastic_net_cv(X[i : i + 1], y, used[i : i + 1], folds[i : i + 1], 0.5, tol=1e-12)
        np.testing.assert_allclose(alone.coef[0], together.coef[i], atol=1e-6)
        assert alone.penalty[0] == pytest.approx(together.penalty[i])


def test_who_is_not_used_changes_nothing():
    X, y, used, folds = world()
    found = elastic_net_cv(X, y, used, folds, 0.5)
    changed = np.where(used[:, :, None], X, 1e6)
    other = elastic_net_cv(changed, np.where(used, y, 1 - y), used, folds, 0.5)
    np.testing.assert_allclose(found.coef, other.coef, rtol=1e-9, atol=1e-12)


def test_units_of_a_column_change_its_coefficient_alone():
    X, y, used, folds = world()
    found = elastic_net_cv(X, y, used, folds, 0.5, tol=1e-12)
    scaled = elastic_net_cv(X * [1, 1, 1000, 1, 1], y, used, folds, 0.5, tol=1e-12)
    np.testing.assert_allclose(found.coef[:, 2], 1000 * scaled.coef[:, 2], rtol=1e-4, atol=1e-9)
    np.testing.assert_allclose(found.coef[:, 0], scaled.coef[:, 0], rtol=1e-4)


def test_one_class_is_refused():
    X, _, used, folds = world()
    with pytest.raises(NotEstimable, match="one class"):
        elastic_net_cv(X, np.ones(150), used, folds, 0.5)


def test_free_columns_are_not_penalised():
    X, y, used, folds = world(p=5)
    group = (X[:, :, 1:2] > 3).astype(float)
    design = np.concatenate([group, X], axis=2)
    found = elastic_net_cv(design, y, used, folds, 0.5, free=1)
    assert (found.coef[:, 0] != 0).all()
    padded = np.concatenate([design, np.zeros_like(group)], axis=2)
    wider = elastic_net_cv(padded, y, used, folds, 0.5, free=1)
    np.testing.assert_allclose(wider.coef[:, :-1], found.coef, atol=1e-9)
    assert (wider.coef[:, -1] == 0).all()
