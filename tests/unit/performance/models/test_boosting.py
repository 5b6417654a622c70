"""Gradient boosting: what it finds, and that it finds the same anywhere."""

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score
from threadpoolctl import threadpool_limits

from igfmood.errors import NotEstimable
from igfmood.performance.models.boosting import predict_boosted


@pytest.fixture(autouse=True)
def one_thread():
    """As in the pipeline."""
    with threadpool_limits(1):
        yield


def shaped(n, seed, gaps=0.0):
    """A U-shape, which no line can follow."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, 3))
    y = (rng.random(n) < 1 / (1 + np.exp(2 - 2 * X[:, 0] ** 2))).astype(float)
    X[rng.random(X.shape) < gaps] = np.nan
    return X, y


def predicted(seed=1, gaps=0.0):
    X, y = shaped(400, 1, gaps)
    return predict_boosted(X, y, shaped(300, 2, gaps)[0], np.random.default_rng(seed))


def test_shapes_are_found_without_being_given():
    y = shaped(300, 2)[1]
    assert roc_auc_score(y, predicted()) > 0.75


def test_gaps_are_no_obstacle():
    risk = predicted(gaps=0.2)
    assert np.isfinite(risk).all()
    assert roc_auc_score(shaped(300, 2, 0.2)[1], risk) > 0.65


def test_the_same_seed_gives_the_same_bytes_on_any_number_of_threads():
    found = []
    for threads in (1, 1, 2):
        with threadpool_limits(threads):
            found.append(predicted(3).tobytes())
    assert found[0] == found[1] == found[2]


def test_another_seed_gives_other_trees():
    assert (predicted(3) != predicted(4)).any()


def test_a_useless_predictor_gives_everybody_about_the_share_of_cases():
    rng = np.random.default_rng(6)
    X, y = rng.normal(size=(500, 2)), (rng.random(500) < 0.3).astype(float)
    risk = predict_boosted(X, y, rng.normal(size=(500, 2)), np.random.default_rng(1))
    assert risk.mean() == pytest.approx(0.3, abs=0.06)
    assert risk.std() < 0.12


def test_too_few_people_and_no_predictor_are_refused():
    X, y = shaped(200, 1)
    few = np.where(np.cumsum(y) > 9, 0.0, y)
    for rows, outcome in ((X, few), (X, 1 - few), (X[:, :0], y)):
        with pytest.raises(NotEstimable, match="too few people of a class"):
            predict_boosted(rows, outcome, rows, np.random.default_rng(1))
