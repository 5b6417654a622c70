"""Cuts by a declared rule."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from igfmood.errors import NotEstimable
from igfmood.performance.metrics.cut_points import CutRule, cut_point, gain_at, validate_cut
from igfmood.performance.metrics.resampling import stratified_draws
from strategies import predictions, simulated

YOUDEN = CutRule("youden")
RULES = [YOUDEN, CutRule("sensitivity", 0.6), CutRule("specificity", 0.6), CutRule("cost", 2, 0.3)]


def found(y, p, rule):
    try:
        return cut_point(y, p, rule)
    except NotEstimable:
        assume(False)


def at(y, p, cut):
    return (p[y == 1] >= cut).mean(), (p[y == 0] < cut).mean()


@given(predictions(), st.sampled_from(RULES))
def test_the_cut_is_what_it_says_and_no_other_score_is_better(data, rule):
    y, p = data
    cut = found(y, p, rule)
    assert (cut.sensitivity, cut.specificity) == pytest.approx(at(y, p, cut.threshold))
    assert (cut.sensitivity, cut.specificity) == pytest.approx(at(y, p, cut.midpoint))
    assert gain_at(y, p, cut.threshold, rule) == pytest.approx(cut.gain)
    for other in np.unique(p):
        sensitivity, specificity = at(y, p, other)
        held = {"sensitivity": sensitivity, "specificity": specificity}.get(rule.name, 1.0)
        if held >= rule.value - 1e-12 or rule.name in ("youden", "cost"):
            assert gain_at(y, p, other, rule) <= cut.gain + 1e-12


@given(predictions(), st.sampled_from(RULES))
def test_a_monotone_transform_moves_the_cut_and_nothing_else(data, rule):
    y, p = data
    cut, moved = found(y, p, rule), found(y, 5 * p**3 - 2, rule)
    assert moved.threshold == pytest.approx(5 * cut.threshold**3 - 2)
    assert (moved.sensitivity, moved.specificity, moved.gain) == (
        cut.sensitivity, cut.specificity, cut.gain)  # fmt: skip


@given(predictions())
def test_a_share_that_is_held_is_held(data):
    y, p = data
    assert found(y, p, CutRule("sensitivity", 0.8)).sensitivity >= 0.8 - 1e-12
    assert found(y, p, CutRule("specificity", 0.8)).specificity >= 0.8 - 1e-12


def test_equal_costs_at_the_share_of_cases_minimise_errors():
    y, p = simulated(np.random.default_rng(1), 300, 2.0)
    cut = cut_point(y, p, CutRule("cost", 1.0, float(y.mean())))
    errors = [((p >= t) != y).mean() for t in np.unique(p)]
    assert -cut.gain == pytest.approx(min(errors))


def test_a_dearer_miss_lowers_the_cut():
    y, p = simulated(np.random.default_rng(1), 300, 2.0)
    cuts = [cut_point(y, p, CutRule("cost", value, 0.3)).threshold for value in (0.5, 1, 3, 9)]
    assert cuts == sorted(cuts, reverse=True)
    assert cuts[0] > cuts[-1]


def test_of_equally_good_cuts_the_fewest_are_positive():
    y, p = np.array([1, 0, 1, 0]), np.array([0.4, 0.3, 0.2, 0.1])
    assert cut_point(y, p, YOUDEN).threshold == 0.4


@pytest.mark.parametrize(
    ("y", "rule", "message"),
    [
        ([0, 0, 1, 1], YOUDEN, "nobody would be positive"),  # cases have the low scores
        ([1, 1, 0, 0], CutRule("cost", 1e-6, 0.5), None),
        ([0, 0, 1, 1], CutRule("sensitivity", 0.9), "everybody would be positive"),
        ([1, 1, 1, 1], YOUDEN, "no ROC curve"),
    ],
)
def test_cuts_that_are_none(y, rule, message):
    p = [0.4, 0.3, 0.2, 0.1]
    if message is None:
        assert cut_point(y, p, rule).threshold == 0.3
        return
    with pytest.raises(NotEstimable, match=message):
        cut_point(y, p, rule)


def test_a_cut_needs_both_classes_where_it_is_tried():
    with pytest.raises(NotEstimable, match="2 cases in 2 people"):
        gain_at([1, 1], [0.1, 0.2], 0.15, YOUDEN)


def test_validation_is_that_of_who_was_not_drawn():
    y, p = simulated(np.random.default_rng(1), 80)
    one = validate_cut(y, p, YOUDEN, 5, np.random.default_rng(2))
    for i, drawn in enumerate(stratified_draws(y, 5, np.random.default_rng(2))):
        rows = np.concatenate(drawn)
        left = np.setdiff1d(np.arange(80), rows)
        cut = cut_point(y[rows], p[rows], YOUDEN)
        assert one.threshold[i] == cut.threshold
        assert one.in_bag[i] == cut.gain
        assert one.out_of_bag[i] == gain_at(y[left], p[left], cut.threshold, YOUDEN)
        assert (one.sensitivity[i], one.specificity[i]) == pytest.approx(
            at(y[left], p[left], cut.threshold)
        )


def test_a_chosen_cut_of_noise_is_worth_something_where_chosen_and_nothing_elsewhere():
    found = []
    for seed in range(40):
        rng = np.random.default_rng(seed)
        one = validate_cut(rng.integers(0, 2, 60), rng.random(60), YOUDEN, 20, rng)
        found.append([np.nanmean(one.in_bag), np.nanmean(one.out_of_bag)])
    inside, outside = np.mean(found, axis=0)
    assert inside > 0.15
    assert abs(outside) < 0.06


def test_samples_without_a_cut_are_missing_and_not_zero():
    y = np.repeat([0, 1], 5)
    one = validate_cut(y, 1.0 - y, YOUDEN, 10, np.random.default_rng(1))
    assert np.isnan(one.threshold).all()
    assert np.isnan([one.out_of_bag, one.sensitivity, one.specificity]).all()


def by_loop(y, p, rule):
    """Best gain and its cut among all scores, by counting; the highest cut of equal ones."""
    best = (-np.inf, np.nan)
    for cut in np.unique(p)[::-1]:
        sensitivity, specificity = at(y, p, cut)
        gain = {
            "youden": sensitivity + specificity - 1,
            "sensitivity": specificity if sensitivity >= rule.value - 1e-12 else -np.inf,
            "specificity": sensitivity if specificity >= rule.value - 1e-12 else -np.inf,
            "cost": -(rule.prevalence * rule.value * (1 - sensitivity)
                      + (1 - rule.prevalence) * (1 - specificity)),
        }[rule.name]  # fmt: skip
        if gain > best[0] + 1e-12:
            best = (gain, cut)
    return best


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
@pytest.mark.parametrize("digits", [1, 12])  # with ties, and without
def test_every_bootstrap_sample_has_the_cut_that_a_loop_finds(rule, digits):
    y, p = simulated(np.random.default_rng(5), 90)
    p = np.round(p, digits)
    one = validate_cut(y, p, rule, 15, np.random.default_rng(6))
    whole = cut_point(y, p, rule)
    assert (whole.gain, whole.threshold) == pytest.approx(by_loop(y, p, rule))
    for i, drawn in enumerate(stratified_draws(y, 15, np.random.default_rng(6))):
        rows = np.concatenate(drawn)
        gain, cut = by_loop(y[rows], p[rows], rule)
        assert (one.in_bag[i], one.threshold[i]) == pytest.approx((gain, cut))
