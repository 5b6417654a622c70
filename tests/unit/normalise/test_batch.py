"""Batch correction: batches become equal, diagnosis stays, nothing is learned from test data."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from igfmood.errors import DataError, NotEstimable
from igfmood.normalise import batch as module
from igfmood.normalise.batch import fit_batch

DIAGNOSIS = -0.1


def assayed(seed, sizes=(150,) * 6, shift_sd=0.2, scale_sd=0.15, linked=0.0, pivot=True):
    """Values by batch, with age, sex and diagnosis; `linked` ties diagnosis and age to batch.

    With `pivot` a batch stretches whole deviations from its level, without it the noise alone.
    """
    rng = np.random.default_rng(seed)
    k = len(sizes)
    code = np.repeat(np.arange(k), sizes)
    n = code.size
    place = np.linspace(-1, 1, k)[code]
    ill = (rng.random(n) < 1 / (1 + np.exp(-linked * place))).astype(float)
    age = rng.uniform(20, 70, n) + 3 * linked * place
    female = (rng.random(n) < 0.5).astype(float)
    shift, scale = rng.normal(0, shift_sd, k), np.exp(rng.normal(0, scale_sd, k))
    mean = -0.012 * (age - 45) + 0.05 * female + DIAGNOSIS * ill
    noise = 0.25 * rng.standard_normal(n)
    deviation = scale[code] * (mean + noise) if pivot else mean + scale[code] * noise
    protected = np.column_stack([age, age**2, female, ill])
    labels = np.array([f"b{c}" for c in code])
    return np.exp(5 + shift[code] + deviation), labels, protected, shift, scale


def effect(value, protected):
    """Diagnosis effect (log scale) without regard to batch."""
    x = np.column_stack([np.ones(len(value)), protected])
    return np.linalg.lstsq(x, np.log(value), rcond=None)[0][-1]


def between_batches(value, batch, protected):
    """Adjusted batch levels, centred, and residual SDs, by dummy regression."""
    names = np.unique(batch)
    dummies = (batch[:, None] == names).astype(float)
    x = np.column_stack([dummies, protected - protected.mean(axis=0)])
    beta = np.linalg.lstsq(x, np.log(value), rcond=None)[0]
    residual = np.log(value) - x @ beta
    sds = np.array([residual[batch == name].std() for name in names])
    return beta[: names.size] - beta[: names.size].mean(), sds


@pytest.mark.parametrize("linked", [0.0, 1.5])
@pytest.mark.parametrize("pivot", [True, False])
def test_a_planted_diagnosis_effect_survives(linked, pivot):
    raw, corrected = [], []
    for seed in range(40):
        value, batch, protected, *_ = assayed(seed, linked=linked, pivot=pivot)
        model = fit_batch(value, batch, protected)
        raw.append(effect(value, protected) - DIAGNOSIS)
        corrected.append(effect(model.correct(value, batch), protected) - DIAGNOSIS)
    # Monte Carlo error of the mean is 0.003 to 0.004.
    assert np.mean(corrected) == pytest.approx(0, abs=0.01)
    if linked:
        # Batch effects of 20 % are noise in the difference, until they are corrected.
        assert np.std(corrected) < 0.5 * np.std(raw)


def test_an_unprotected_diagnosis_would_be_lost():
    """The test above can fail: left out of the design, part of the effect goes."""
    errors = []
    for seed in range(20):
        value, batch, protected, *_ = assayed(seed, linked=4.0, shift_sd=0.0, scale_sd=0.0)
        model = fit_batch(value, batch, protected[:, :-1])
        errors.append(effect(model.correct(value, batch), protected) - DIAGNOSIS)
    assert np.mean(errors) > 0.02


def test_batch_effects_vanish():
    value, batch, protected, *_ = assayed(1, sizes=(400,) * 5, shift_sd=0.3, scale_sd=0.3)
    before, spread_before = between_batches(value, batch, protected)
    model = fit_batch(value, batch, protected)
    after, spread_after = between_batches(model.correct(value, batch), batch, protected)
    # What shrinkage leaves: under 1 % of the shifts, 3 % of an SD.
    assert np.abs(after).max() < 0.01 * np.abs(before).max()
    assert np.ptp(spread_after) / spread_after.mean() < 0.03
    assert np.ptp(spread_before) / spread_before.mean() > 0.3


def test_shifts_and_scales_are_recovered():
    value, batch, protected, shift, scale = assayed(2, sizes=(4000,) * 6)
    model = fit_batch(value, batch, protected)
    log_scale = np.log(scale) - np.log(scale).mean()
    assert np.log(model.scale) == pytest.approx(log_scale, abs=0.03)
    assert model.shift - model.shift.mean() == pytest.approx(shift - shift.mean(), abs=0.02)
    assert model.n.tolist() == [4000] * 6
    assert model.sigma == pytest.approx(0.25 * np.exp(np.log(scale).mean()), rel=0.02)


@pytest.mark.parametrize("sizes", [(150, 40, 400, 90), (80, 200)])
def test_geometric_mean_of_the_cohort_stays(sizes):
    value, batch, protected, *_ = assayed(3, sizes=sizes)
    corrected = fit_batch(value, batch, protected).correct(value, batch)
    assert np.log(corrected).mean() == pytest.approx(np.log(value).mean(), abs=1e-12)


def test_two_batches_are_made_exactly_equal():
    value, batch, protected, *_ = assayed(4, sizes=(80, 200))
    model = fit_batch(value, batch, protected)
    assert not model.shrunk
    levels, _ = between_batches(model.correct(value, batch), batch, protected)
    assert levels == pytest.approx([0, 0], abs=1e-10)


@pytest.mark.parametrize("sizes", [(150,) * 6, (80, 200)])
def test_correcting_again_changes_nearly_nothing(sizes):
    value, batch, protected, *_ = assayed(5, sizes=sizes)
    once = fit_batch(value, batch, protected).correct(value, batch)
    again = fit_batch(once, batch, protected)
    assert np.abs(again.shift).max() < 0.01
    assert np.abs(np.log(again.scale)).max() < 0.03


@settings(max_examples=8, deadline=None)
@given(st.integers(0, 10**6), st.floats(-6, 6))
def test_order_of_people_unit_and_names_are_immaterial(seed, log_unit):
    value, batch, protected, *_ = assayed(seed, sizes=(30, 50, 40))
    model = fit_batch(value, batch, protected)
    corrected = model.correct(value, batch)
    order = np.random.default_rng(seed).permutation(len(value))
    shuffled = fit_batch(value[order], batch[order], protected[order])
    assert shuffled.correct(value, batch) == pytest.approx(corrected, rel=1e-9)
    renamed = np.char.add("z", np.char.replace(batch, "b0", "c9"))
    assert fit_batch(value, renamed, protected).correct(value, renamed) == pytest.approx(
        corrected, rel=1e-9
    )
    unit = np.exp(log_unit)
    assert fit_batch(unit * value, batch, protected).correct(unit * value, batch) == pytest.approx(
        unit * corrected, rel=1e-9
    )


def test_intercept_and_dependent_columns_change_nothing():
    value, batch, protected, *_ = assayed(6)
    wider = np.column_stack([np.ones(len(value)), protected, protected[:, 2] - protected[:, 3]])
    one, other = fit_batch(value, batch, protected), fit_batch(value, batch, wider)
    assert other.shift == pytest.approx(one.shift, rel=1e-8, abs=1e-12)
    assert other.scale == pytest.approx(one.scale, rel=1e-8)


def test_nothing_is_learned_from_test_data():
    value, batch, protected, *_ = assayed(7)
    train = np.arange(len(value)) % 2 == 0
    model = fit_batch(value[train], batch[train], protected[train])
    drifted = np.where(train, np.nan, 1.35 * value)
    # A batch that was learned gets what was learned: its new shift of 35 % remains.
    ratio = model.correct(drifted[~train], batch[~train]) / model.correct(
        value[~train], batch[~train]
    )
    expected = 1.35 ** (1 / model.scale[np.searchsorted(model.batches, batch[~train])])
    assert ratio == pytest.approx(expected, rel=1e-12)
    # One person alone or among others is corrected alike.
    alone = model.correct(value[:1], batch[:1])
    assert alone == pytest.approx(model.correct(value, batch)[:1], rel=0)


def test_unseen_unknown_and_small_batches_are_the_average_batch_and_counted():
    value, batch, protected, *_ = assayed(8, sizes=(60, 60, 60, 9))
    batch[:3] = ""
    model = fit_batch(value, batch, protected)
    assert model.batches == ("b0", "b1", "b2")
    assert model.n_unused == 12
    new = np.array(["b3", "", "other", "b0", "b", "zzz"])
    assert model.correct(np.full(6, 120.0), new)[[0, 1, 2, 4, 5]].tolist() == [120.0] * 5
    assert model.correct([120.0], ["b0"])[0] != 120
    assert model.unseen(new) == 5
    # A missing name is an unknown batch, not a batch called nan.
    missing = np.array(["b0", None, np.nan, "b1"], dtype=object)
    assert model.unseen(missing) == 2
    loose = batch.astype(object)
    loose[:3] = [None, np.nan, ""]
    assert fit_batch(value, loose, protected).shift == pytest.approx(model.shift, rel=1e-12)
    text = model.describe()
    assert "3 batches (n = 177), with empirical-Bayes shrinkage" in text
    assert "fewer than 10 people" in text
    assert "(12 people of the training data)" in text


def test_missing_values_stay_missing_and_rows_without_covariates_are_not_learned_from():
    value, batch, protected, *_ = assayed(9)
    plain = fit_batch(value, batch, protected)
    value2 = np.concatenate([value, [np.nan, 5000.0]])
    batch2 = np.append(batch, ["b0", "b1"])
    protected2 = np.vstack([protected, protected[0], np.full(4, np.nan)])
    more = fit_batch(value2, batch2, protected2)
    assert more.shift == pytest.approx(plain.shift, rel=1e-12)
    corrected = more.correct(value2, batch2)
    assert np.isnan(corrected[-2])
    assert np.isfinite(corrected[-1])


def test_shrinkage_helps_small_batches_and_does_not_harm_large_shifts(monkeypatch):
    def error(shift_sd, k):
        squares = []
        for seed in range(30):
            sizes = np.random.default_rng(seed).integers(12, 41, k)
            value, batch, protected, shift, _ = assayed(seed, tuple(sizes), shift_sd, 0.05)
            model = fit_batch(value, batch, protected)
            weight = model.n / model.n.sum()
            missed = (model.shift - weight @ model.shift) - (shift - weight @ shift)
            squares.append(weight @ missed**2)
        return np.sqrt(np.mean(squares))

    cases = [(0.02, 3), (0.02, 10), (0.3, 3), (0.3, 10)]
    shrunk = np.array([error(*case) for case in cases])
    monkeypatch.setattr(module, "MIN_BATCHES_TO_SHRINK", 99)
    plain = np.array([error(*case) for case in cases])
    assert np.all((shrunk / plain)[:2] < 0.8)
    assert np.all((shrunk / plain)[2:] < 1.05)


def test_a_batch_with_one_value_for_all_costs_no_other_its_correction():
    value, batch, protected, *_ = assayed(11, sizes=(80, 200, 30))
    names = np.unique(batch)
    stuck = batch == names[2]
    model = fit_batch(np.where(stuck, 150.0, value), batch, protected)
    alone = fit_batch(value[~stuck], batch[~stuck], protected[~stuck])
    assert model.batches == alone.batches == tuple(names[:2])
    assert model.shift == pytest.approx(alone.shift)
    assert (model.correct(np.full(3, 150.0), batch[stuck][:3]) == 150.0).all()
    assert model.n_unused == 30


def test_what_cannot_be_told_apart_is_refused():
    value, batch, protected, *_ = assayed(10, sizes=(60, 60))
    cases_in_b1 = np.column_stack([protected[:, 0], batch == "b1"])
    with pytest.raises(NotEstimable, match=r"confounded .* 1\.00 > 0\.9, batch 'b[01]'"):
        fit_batch(value, batch, cases_in_b1)
    nearly = cases_in_b1.copy()
    nearly[0, 1] = 1
    with pytest.raises(NotEstimable, match="confounded"):
        fit_batch(value, batch, nearly)
    with pytest.raises(NotEstimable, match=r"two batches of at least 10 .* found 1"):
        fit_batch(value, np.where(batch == "b1", "", batch), protected)
    with pytest.raises(NotEstimable, match=r"two batches of at least 100 .* found 0"):
        fit_batch(value, batch, protected, min_size=100)
    with pytest.raises(NotEstimable, match=r"values that differ, found 1"):
        fit_batch(np.where(batch == "b1", 100.0, value), batch, np.ones((120, 1)))
    with pytest.raises(NotEstimable, match=r"too few people \(6\)"):
        fit_batch(value[57:63], batch[57:63], protected[57:63], min_size=3)


def test_broken_input_is_named():
    value, batch, protected, *_ = assayed(11)
    with pytest.raises(ValueError, match="do not match"):
        fit_batch(value, batch, protected[1:])
    with pytest.raises(ValueError, match="batches, found shape"):
        fit_batch(value, batch[1:], protected)
    value[3] = -1
    with pytest.raises(DataError, match=r"row 3 .* concentration -1"):
        fit_batch(value, batch, protected)
