"""Elastic nets of many training sets: the same whatever is worked on at once."""

import numpy as np
import pytest

from igfmood.performance.models import elastic_net as module
from igfmood.performance.models.elastic_net import elastic_net, elastic_net_cv


def designs(n: int = 300) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Two designs of four columns, outcome, who is used, and inner folds."""
    rng = np.random.default_rng(1)
    X = rng.normal(size=(2, n, 4))
    y = (rng.random((2, n)) < 1 / (1 + np.exp(-X[:, :, 0] + 0.4 * X[:, :, 1]))).astype(float)
    return X, y, rng.random((2, n)) < 0.9, rng.integers(0, 5, (2, n))


def test_blocks_of_people_change_nothing(monkeypatch):
    data = designs()
    expected = elastic_net_cv(*data, l1_ratio=0.5, free=1)
    monkeypatch.setattr(module, "_BLOCK", 7)
    found = elastic_net_cv(*data, l1_ratio=0.5, free=1)
    assert found.penalty == pytest.approx(expected.penalty, rel=1e-12)
    assert found.coef == pytest.approx(expected.coef, abs=1e-6)
    assert found.intercept == pytest.approx(expected.intercept, abs=1e-6)


def test_a_design_is_fitted_as_if_it_were_alone():
    X, y, used, folds = designs()
    together = elastic_net_cv(X, y, used, folds, 0.5)
    for i in range(2):
        alone = elastic_net_cv(X[[i]], y[[i]], used[[i]], folds[[i]], 0.5)
        assert alone.penalty == pytest.approx(together.penalty[[i]], rel=1e-12)
        assert alone.coef[0] == pytest.approx(together.coef[i], abs=2e-5)


def test_a_path_leads_where_each_penalty_leads_by_itself():
    X, y, used, _ = designs()
    weights = used[:, None].astype(float)
    penalties = np.repeat(np.geomspace(0.2, 0.002, 12)[None], 2, axis=0)
    path = elastic_net(X, y, weights, penalties, 0.7)
    for place in (0, 3, 11):
        alone = elastic_net(X, y, weights, penalties[:, [place]], 0.7)
        assert path[:, :, place] == pytest.approx(alone[:, :, 0], abs=2e-5)


def test_of_many_people_the_penalty_is_the_same_though_folds_are_one_step_away(monkeypatch):
    X, y, used, folds = designs(4000)
    exact = elastic_net_cv(X, y, used, folds, 0.5, free=1)
    monkeypatch.setattr(module, "_MANY", 1000)
    found = elastic_net_cv(X, y, used, folds, 0.5, free=1)
    assert found.penalty == pytest.approx(exact.penalty, rel=1e-12)
    assert found.coef == pytest.approx(exact.coef, abs=2e-5)


def test_one_step_leads_to_the_fit_without_a_fold():
    X, y, used, folds = designs(4000)
    penalties = np.repeat(np.geomspace(0.1, 0.001, 6)[None], 2, axis=0)
    apart = np.stack([used & (folds != held) for held in range(5)], axis=1).astype(float)
    exact = elastic_net(X, y, apart, penalties, 0.5)
    everybody = elastic_net(X, y, used[:, None].astype(float), penalties, 0.5)[:, 0]
    found = module._one_step(X, y, used, folds, penalties, everybody, 0.5, 0)
    # Without a fold of 720 people coefficients move by 0.02 and more; one step goes nearly there.
    moved = np.abs(exact - everybody[:, None]).max()
    assert moved > 0.02
    assert np.abs(found - exact).max() < 0.05 * moved
