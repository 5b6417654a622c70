"""Optimism of a whole procedure by the bootstrap."""

import numpy as np
import pytest

from igfmood.errors import NotEstimable
from igfmood.performance.metrics.discrimination import auc
from igfmood.performance.metrics.optimism import correct_optimism
from igfmood.performance.metrics.resampling import stratified_draws

Y = np.tile([0.0, 1.0], 30)
MEASURES = {
    "auc": lambda rows, p: auc(Y[rows], p),
    "brier": lambda rows, p: float(np.mean((Y[rows] - p) ** 2)),
}
EVERYBODY = np.arange(60)


def draws(n=50, seed=1):
    return [np.concatenate(d) for d in stratified_draws(Y, n, np.random.default_rng(seed))]


def test_a_procedure_that_learns_nothing_has_no_optimism_on_average():
    fixed = np.random.default_rng(1).random(60)
    (found,) = correct_optimism(lambda rows: fixed[None], 60, draws(2000), MEASURES)
    for name, measure in MEASURES.items():
        assert found[name].apparent == measure(EVERYBODY, fixed)
        assert found[name].test == pytest.approx(found[name].apparent)
        assert abs(found[name].optimism) < 4 * found[name].se


def nearest(x):
    """Predict the outcome of the nearest of those learned from: the apparent error is 0."""

    def learn(rows):
        return Y[rows][np.abs(x[:, None] - x[rows]).argmin(axis=1)][None]

    return learn


def test_a_procedure_that_learns_noise_by_heart_is_brought_down():
    x = np.random.default_rng(2).random(60)
    (found,) = correct_optimism(nearest(x), 60, draws(200), MEASURES)
    assert found["auc"].apparent == 1
    # Who is not drawn, 37 %, is predicted by chance.
    assert found["auc"].corrected == pytest.approx(1 - 0.37 * 0.5, abs=0.05)
    assert found["brier"].corrected > found["brier"].apparent == 0
    for one in found.values():
        assert one.optimism == one.training - one.test
        assert one.corrected == one.apparent - one.optimism
        assert one.resamples == 200


def test_numbers_are_those_of_the_samples():
    x, some = np.random.default_rng(3).random(60), draws(3)
    found = correct_optimism(nearest(x), 60, some, MEASURES)[0]["auc"]
    parts = [(auc(Y[r], nearest(x)(r)[0, r]), auc(Y, nearest(x)(r)[0])) for r in some]
    assert (found.training, found.test) == pytest.approx(tuple(np.mean(parts, axis=0)))
    gaps = [first - second for first, second in parts]
    assert found.se == pytest.approx(np.std(gaps, ddof=1) / np.sqrt(3))


def test_samples_without_a_model_are_left_out_and_counted():
    x, some = np.random.default_rng(4).random(60), draws(10)
    learn = nearest(x)

    def sometimes(rows):
        if len(rows) == 60 and any(rows is bad for bad in some[::2]):
            raise NotEstimable("too few")
        return learn(rows)

    (found,) = correct_optimism(sometimes, 60, some, MEASURES)
    (others,) = correct_optimism(learn, 60, some[1::2], MEASURES)
    assert (found["auc"].resamples, found["auc"].failed) == (5, 5)
    assert (others["auc"].resamples, others["auc"].failed) == (5, 0)
    assert found["auc"].test == others["auc"].test


def test_models_of_one_procedure_are_corrected_side_by_side():
    x, z = np.random.default_rng(5).random((2, 60))
    some = draws(20)
    both = correct_optimism(
        lambda rows: np.vstack([nearest(x)(rows), nearest(z)(rows)]), 60, some, MEASURES
    )
    alone = [correct_optimism(nearest(one), 60, some, MEASURES)[0] for one in (x, z)]
    assert both == alone


def test_refusals():
    everybody = np.arange(60)

    def only_all(rows):
        if rows is not everybody and len(set(rows)) < 60:
            raise NotEstimable("a class is absent")
        return np.linspace(0, 1, 60)[None]

    with pytest.raises(NotEstimable, match="no bootstrap model can be built: a class is absent"):
        correct_optimism(only_all, 60, draws(5), MEASURES)
    with pytest.raises(NotEstimable, match="no bootstrap samples"):
        correct_optimism(only_all, 60, [], MEASURES)

    def never(rows):
        raise NotEstimable("nobody")

    with pytest.raises(NotEstimable, match="nobody"):
        correct_optimism(never, 60, draws(5), MEASURES)
