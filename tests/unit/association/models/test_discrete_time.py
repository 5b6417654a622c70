"""Discrete-time hazards: the table of person-intervals, special cases, speed and limits."""

import time

import numpy as np
import pytest

from igfmood.association.models.discrete_time import fit_discrete_time
from igfmood.association.models.firth import FIRTH, MAXIMUM_LIKELIHOOD
from igfmood.association.models.logistic import fit_logistic
from igfmood.errors import NotEstimable


def followed(n, seed=1, hazard=-2.0, effect=0.5, columns=1, intervals=6):
    """People with a constant hazard, seen for 1 to `intervals` intervals."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, columns))
    risk = 1 / (1 + np.exp(-hazard - effect * X[:, 0]))
    comes, leaves = rng.geometric(risk), rng.integers(1, intervals + 1, n)
    return X, np.minimum(comes, leaves), comes <= leaves


def test_one_interval_is_a_logistic_regression():
    X, _, event = followed(300)
    fit = fit_discrete_time(X, np.ones(300), event)
    design = np.column_stack([np.ones(300), X])
    logistic = fit_logistic(design, event)
    assert fit.coef == pytest.approx(logistic.coef[1:], rel=1e-10)
    # One row a person: the sandwich by person is White's.
    residual = event - 1 / (1 + np.exp(-design @ logistic.coef))
    white = logistic.cov @ (design.T * residual**2) @ design @ logistic.cov
    np.testing.assert_allclose(fit.cov, white[1:, 1:], rtol=1e-8)


def test_the_same_as_the_table_written_out():
    X, interval, event = followed(120)
    entry = np.where(interval > 2, 1, 0)
    rows = [
        (i, t, event[i] and t == interval[i])
        for i in range(120)
        for t in range(entry[i] + 1, interval[i] + 1)
    ]
    person, at, died = map(np.array, zip(*rows, strict=True))
    kept = np.isin(at, np.unique(at[died]))
    person, at, died = person[kept], at[kept], died[kept]
    baseline = (at[:, None] == np.unique(at)).astype(float)
    expected = fit_logistic(np.column_stack([baseline, X[person]]), died)
    fit = fit_discrete_time(X, interval, event, entry=entry)
    assert fit.coef[0] == pytest.approx(expected.coef[-1], rel=1e-9)
    assert (fit.n_rows, fit.n_rows + fit.dropped) == (len(at), len(rows))


def test_intervals_that_say_nothing_are_left_out():
    X, interval, event = followed(200)
    fit = fit_discrete_time(X, interval, event)
    # Three more people are seen through three more intervals; at the end all of them have it.
    late = fit_discrete_time(
        np.vstack([X, np.zeros((3, 1))]), np.append(interval, [9] * 3), np.append(event, [True] * 3)
    )
    assert late.model == MAXIMUM_LIKELIHOOD
    assert (late.n_intervals, late.dropped - fit.dropped) == (fit.n_intervals, 9)
    assert late.n_events == fit.n_events + 3


def test_intervals_need_not_be_of_equal_number():
    # Renaming the intervals in order changes nothing but the empty ones in between.
    X, interval, event = followed(200)
    fit, spread = fit_discrete_time(X, interval, event), fit_discrete_time(X, 2 * interval, event)
    assert spread.coef == pytest.approx(fit.coef, rel=1e-9)
    assert spread.se == pytest.approx(fit.se, rel=1e-9)
    assert spread.dropped > fit.dropped


def test_separated_data_are_fitted_with_firths_penalty():
    _, interval, event = followed(200)
    exposed = np.where(event, 0.0, np.arange(200) % 3 == 0)
    fit = fit_discrete_time(exposed[:, None], interval, event)
    assert fit.model == FIRTH
    assert np.isfinite(fit.coef[0])
    assert fit.coef[0] < -2
    # No event among the exposed: no more certain than half an event would be.
    assert fit.se[0] > 1


def test_intervals_cover_the_truth():
    covered = 0
    for seed in range(200):
        fit = fit_discrete_time(*followed(300, seed=seed))
        covered += abs(fit.coef[0] - 0.5) < 1.96 * fit.se[0]
    # 99.9% of binomial(200, 0.95) lies above 179.
    assert covered > 179


def test_many_people_are_fast():
    people = followed(50_000, columns=8)
    start = time.process_time()
    fit = fit_discrete_time(*people)
    elapsed = time.process_time() - start
    assert abs(fit.coef[0] - 0.5) < 4 * fit.se[0]
    assert elapsed < 2


def test_refusals():
    X, interval, event = followed(60)
    with pytest.raises(NotEstimable, match="no events in 60 people"):
        fit_discrete_time(X, interval, np.zeros(60))
    with pytest.raises(NotEstimable, match="60 people leave observation"):
        fit_discrete_time(X, interval, event, entry=interval)
    with pytest.raises(NotEstimable, match="in no interval"):
        fit_discrete_time(X, np.ones(60), np.ones(60))
    with pytest.raises(NotEstimable, match="need more people"):
        fit_discrete_time(np.eye(3), [1, 1, 2], [1, 0, 1])
    with pytest.raises(ValueError, match="do not match"):
        fit_discrete_time(X, interval[1:], event)
    for bad in (0, 1.5, np.nan):
        with pytest.raises(ValueError, match="whole numbers"):
            fit_discrete_time(X, np.append(interval[1:], bad), event)
