"""A model read from its file predicts as the steps of the pipeline did, to the last digits."""

import json

import numpy as np
import pandas as pd
import pytest

from igfmood.performance.columns import SCORE
from igfmood.performance.frozen.document import read_model, write_model
from igfmood.performance.frozen.freeze import fit_frozen
from igfmood.performance.frozen.model import frozen_of
from igfmood.performance.models.linear_risk import fit_linear_risk
from igfmood.performance.predict import validate
from igfmood.performance.prepare import prepare
from igfmood.performance.splits import Split
from unit.performance.frozen.studies import (
    TIERS,
    below_limit,
    data_of,
    few_controls,
    model_of,
    study_of,
    tables_of,
    with_batches,
    with_gaps,
)

LIFE = {"table": "life.csv", "unit": "ng/mL"}
#: Made studies: changes of the people, entry of the reference, settings.
WORLDS = {
    "plain": ((), None, {}),
    "batches": ((with_batches,), None, {}),
    "limit over root 2": ((below_limit,), None, {}),
    "censored": ((with_batches, below_limit), None, {"below_limit": "censored_likelihood"}),
    "published": ((), LIFE, {}),
    "gaps": ((with_gaps,), None, {}),
    "bands": ((few_controls,), None, {}),
}


def made(name, folder, task="depression"):
    changes, reference, settings = WORLDS[name]
    study = study_of(folder, reference=reference, **settings)
    return study, data_of(study, tables_of(*changes), task)


def through_a_file(model, folder):
    write_model(model, folder / "model.json")
    return frozen_of(read_model(folder / "model.json"))


def strangers(people):
    """Return the same people as a cohort that no model has seen."""
    return people.measured.assign(cohort="elsewhere"), np.full(len(people), "elsewhere")


def by_hand(fitted, data, measured, cohort):
    """Predict by the steps of the pipeline, one after the other."""
    frozen = fitted.frozen
    scores = np.full(len(measured), np.nan)
    if frozen.score is not None:
        scores = frozen.score.transform(measured)[:, 0]
    filled = frozen.gaps.transform(data.people.predictors[frozen.gaps.columns_])
    known = {name: filled[name].to_numpy(float) for name in filled}
    return frozen.risk.predict(frozen.columns.transform({**known, SCORE: scores}), cohort)


@pytest.mark.parametrize("task", ["depression", "bipolar_vs_depression", "phq9_10"])
@pytest.mark.parametrize("world", WORLDS)
def test_every_tier_predicts_as_the_pipeline_does(world, task, tmp_path):
    study, data = made(world, tmp_path, task)
    assert data.cohorts == ["first", "second"]
    assert data.people.measured["below"].any() == (below_limit in WORLDS[world][0])
    for tier in TIERS:
        fitted = fit_frozen(data, tier, study)
        there = through_a_file(model_of(study, data, tier), tmp_path)
        predictors = data.people.predictors
        for measured, cohort in (
            (data.people.measured, data.people.cohort), strangers(data.people),
        ):  # fmt: skip
            expected = by_hand(fitted, data, measured, cohort)
            linear = there.linear(predictors, there.scores(measured), cohort)
            np.testing.assert_allclose(there.probability(linear), expected, rtol=0, atol=1e-10)
        assert np.std(expected) > 0.02


@pytest.mark.parametrize("task", ["incident_depression", "diagnosis"])
def test_events_to_come_and_several_classes_too(task, tmp_path):
    study, data = made("gaps", tmp_path, task)
    for tier in ("base", "base_spline", "clinical"):
        fitted = fit_frozen(data, tier, study)
        there = through_a_file(model_of(study, data, tier), tmp_path)
        measured, cohort = strangers(data.people)
        linear = there.linear(data.people.predictors, there.scores(measured), cohort)
        expected = by_hand(fitted, data, measured, cohort)
        np.testing.assert_allclose(there.probability(linear), expected, rtol=0, atol=1e-10)


@pytest.mark.parametrize("task", ["depression", "incident_depression", "diagnosis"])
def test_a_model_is_called_in_its_file_what_the_pipeline_calls_it(task, tmp_path):
    study, data = made("plain", tmp_path, task)
    model = model_of(study, data, "base")
    name = {"binary": "logistic", "time": "cox", "classes": "multinomial"}[data.task.kind]
    assert set(validate(data, "first", study).methods[name, "base"]) == {model.method}


def test_classes_that_separate_keep_their_shares_through_a_file(tmp_path):
    study = study_of(tmp_path)
    tables = tables_of()
    for table in tables.values():
        # Nobody who is ill is male.
        ill = table["diagnosis"] == "mdd"
        table["sex"] = table["sex"].mask(ill, "female").astype(table["sex"].dtype)
    data = data_of(study, tables, "depression")
    model = model_of(study, data, "base")
    assert "Firth with refitted intercepts" in model.method
    there = through_a_file(model, tmp_path)
    cohort = data.people.cohort
    nobody = np.full(len(cohort), np.nan)
    risk = there.probability(there.linear(data.people.predictors, nobody, cohort))
    for name in data.cohorts:
        share = data.people.y[cohort == name].mean()
        assert risk[cohort == name].mean() == pytest.approx(share, abs=1e-9)


def test_what_is_made_coarse_hardly_moves_a_prediction(tmp_path):
    study, data = made("plain", tmp_path)
    everybody = np.arange(len(data.people))
    ready = prepare(data, Split("all", "", 0, 0, everybody, everybody), study)
    for tier in ("base", "analyte", "base_analyte", "base_spline", "clinical"):
        X, _, _ = ready.columns(TIERS[tier], study)
        plain = fit_linear_risk(X, ready.train.y, ready.train.cohort)
        expected = plain.predict(X, ready.train.cohort)
        found = frozen_of(model_of(study, data, tier))
        linear = found.linear(
            data.people.predictors, found.scores(data.people.measured), data.people.cohort
        )
        difference = found.probability(linear) - expected
        assert np.abs(difference).max() < 0.05
        assert np.sqrt(np.mean(difference**2)) < 0.008


def test_the_same_people_give_the_same_bytes(tmp_path):
    study, data = made("gaps", tmp_path)
    for name in ("a.json", "b.json"):
        write_model(model_of(study, data, "clinical"), tmp_path / name)
    assert (tmp_path / "a.json").read_bytes() == (tmp_path / "b.json").read_bytes()


def test_recalibration_moves_the_linear_predictor(tmp_path):
    study, data = made("plain", tmp_path)
    model = model_of(study, data, "base")
    given = json.loads(model.model_dump_json())
    given["recalibration"] = {"intercept": -0.7, "slope": 0.8, "source": "closed test"}
    (tmp_path / "model.json").write_text(json.dumps(given))
    changed, plain = frozen_of(read_model(tmp_path / "model.json")), frozen_of(model)
    nobody = np.full(len(data.people), np.nan)
    linear = plain.linear(data.people.predictors, nobody, data.people.cohort)
    odds = changed.probability(linear) / (1 - changed.probability(linear))
    np.testing.assert_allclose(np.log(odds), -0.7 + 0.8 * linear, atol=1e-12)


def test_who_is_beyond_every_curve_has_no_score(tmp_path):
    study, data = made("published", tmp_path)
    found = frozen_of(model_of(study, data, "analyte"))
    old = data.people.measured.iloc[:2].assign(age=[40.0, 90.0], cohort="first")
    np.testing.assert_array_equal(np.isnan(found.scores(old)), [False, True])
    elsewhere = old.assign(cohort="elsewhere")
    # The other cohort's fitted curve is held at its end.
    assert np.isfinite(found.scores(elsewhere)).all()
    assert np.isnan(found.scores(pd.concat([elsewhere]).assign(value=np.nan))).all()
