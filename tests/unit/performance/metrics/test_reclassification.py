"""Reclassification: NRI and IDI."""

import numpy as np
import pytest
from hypothesis import assume, given

from igfmood.errors import NotEstimable
from igfmood.performance.metrics.reclassification import categorical_nri, continuous_nri, idi
from strategies import coverage, predictions

CUTS = [0.2, 0.5]


def two_models(data):
    y, new = data
    old = new[::-1].copy()
    assume((new != old).any())
    return y, new, old


@given(predictions())
def test_nri_counts_rises_and_falls(data):
    y, new, old = two_models(data)
    found = continuous_nri(y, new, old)
    up, down = new > old, new < old
    events = up[y == 1].mean() - down[y == 1].mean()
    nonevents = down[y == 0].mean() - up[y == 0].mean()
    assert found.events.estimate == pytest.approx(events)
    assert found.nonevents.estimate == pytest.approx(nonevents)
    assert found.total.estimate == pytest.approx(events + nonevents)
    assert found.total.se == pytest.approx(np.hypot(found.events.se, found.nonevents.se))


@given(predictions())
def test_models_that_change_places_change_the_sign(data):
    y, new, old = two_models(data)
    there, back = continuous_nri(y, new, old), continuous_nri(y, old, new)
    assert back.total.estimate == pytest.approx(-there.total.estimate)
    assert back.total.se == pytest.approx(there.total.se)
    assert idi(y, old, new).estimate == pytest.approx(-idi(y, new, old).estimate)


@given(predictions())
def test_turned_classes_and_risks_are_the_same_question(data):
    y, new, old = two_models(data)
    one, other = continuous_nri(y, new, old), continuous_nri(1 - y, 1 - new, 1 - old)
    assert other.events.estimate == pytest.approx(one.nonevents.estimate)
    assert idi(1 - y, 1 - new, 1 - old).estimate == pytest.approx(idi(y, new, old).estimate)


@given(predictions())
def test_idi_is_the_growth_of_the_difference_of_means(data):
    y, new, old = two_models(data)
    gap = [risk[y == 1].mean() - risk[y == 0].mean() for risk in (new, old)]
    assert idi(y, new, old).estimate == pytest.approx(gap[0] - gap[1])


def test_a_cut_belongs_to_the_upper_category_and_moves_within_one_count_for_nothing():
    y = np.array([1, 1, 0, 0])
    old, new = np.array([0.19, 0.30, 0.50, 0.60]), np.array([0.20, 0.40, 0.49, 0.70])
    found = categorical_nri(y, new, old, CUTS)
    assert (found.events.estimate, found.nonevents.estimate) == (0.5, 0.5)
    # A step over two categories counts as one.
    far = categorical_nri(y, [0.9, 0.40, 0.49, 0.70], old, CUTS)
    assert far.total.estimate == found.total.estimate


def test_intervals_cover_where_the_new_model_is_right():
    def people(rng, n):
        x, z = rng.normal(size=(2, n))
        new = 1 / (1 + np.exp(-x - z))
        return (rng.random(n) < new).astype(int), new, 1 / (1 + np.exp(-x))

    for measure in (lambda *d: continuous_nri(*d).total, idi):
        truth = measure(*people(np.random.default_rng(99), 500_000)).estimate

        def interval(rng, measure=measure):
            found = measure(*people(rng, 200))
            return found.ci_low, found.ci_high

        assert 0.92 < coverage(truth, interval, 500) < 0.98


@pytest.mark.parametrize("measure", [continuous_nri, idi])
def test_refusals(measure):
    with pytest.raises(NotEstimable, match="same risk"):
        measure([1, 1, 0, 0], [0.1] * 4, [0.1] * 4)
    with pytest.raises(NotEstimable, match="1 cases in 4 people"):
        measure([1, 0, 0, 0], [0.1, 0.2, 0.3, 0.4], [0.1] * 4)
    with pytest.raises(ValueError, match="do not match"):
        measure([1, 1, 0, 0], [0.1, 0.2, 0.3], [0.1] * 3)
