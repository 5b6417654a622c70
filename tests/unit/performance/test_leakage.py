"""A signal on one side of a division alone says nothing on the other, whatever carries it."""

from dataclasses import replace

import numpy as np
import pytest

from builders import make_study, people
from igfmood.performance import predict
from igfmood.performance.metrics.discrimination import auc
from igfmood.performance.predict import cross_validate
from igfmood.performance.splits import CROSS_VALIDATION, Split
from igfmood.performance.task_data import task_data
from igfmood.performance.tasks import prediction_tasks

TIERS = {
    "base": ["age_years", "sex", "bmi", "crp"],
    "base_analyte": ["age_years", "sex", "bmi", "crp", "analyte"],
    "base_spline": ["age_years", "sex", "bmi", "crp", "analyte_spline"],
}
STUDY = make_study(
    "a", prediction_tiers=TIERS, added_value=["base_analyte", "base"],
    gates={"within_batch": 0.0},
)  # fmt: skip
DEPRESSION = next(prediction_tasks(STUDY))
WORLDS = 16
#: A signal that is there is found in each: its mean is far from the limit.
FEW = 4
TEST = 60


def world(seed):
    """Nothing is known of the outcome; gaps in CRP, two batches."""
    table = people({"control": 100, "mdd": 80}, seed=seed)
    rng = np.random.default_rng(seed)
    crp = np.where(rng.random(180) < 0.2, np.nan, rng.gamma(1, 2, 180))
    batch = np.where(rng.random(180) < 0.5, "P1", "P2")
    return task_data({"a": table.assign(crp=crp, igf1_batch=batch)}, DEPRESSION, STUDY)


def predictor(data, rows):
    values = data.people.predictors.copy()
    values.loc[rows, "bmi"] = 20 + 10 * data.people.y[rows]
    return replace(data, people=replace(data.people, predictors=values))


def analyte(data, rows):
    measured = data.people.measured.copy()
    measured.loc[rows, "value"] *= np.exp(1.5 * data.people.y[rows])
    return replace(data, people=replace(data.people, measured=measured))


def batch(data, rows):
    # The batches also differ in level, as they do.
    measured = data.people.measured.copy()
    measured.loc[rows, "batch"] = np.where(data.people.y[rows] == 1, "P1", "P2")
    measured["value"] *= np.where(measured["batch"] == "P1", 1.4, 1.0)
    return replace(data, people=replace(data.people, measured=measured))


def gaps(data, rows):
    values = data.people.predictors.copy()
    values.loc[rows, "crp"] = np.where(data.people.y[rows] == 1, np.nan, 2.0)
    return replace(data, people=replace(data.people, predictors=values))


def group(data, rows):
    # What the diagnosis, and being healthy, is taken for.
    measured = data.people.measured.copy()
    measured.loc[rows, "group"] = np.where(data.people.y[rows] == 1, "x", "y")
    measured.loc[rows, "reference"] = data.people.y[rows] == 0
    return replace(data, people=replace(data.people, measured=measured))


def aucs(monkeypatch, plant, side, worlds=WORLDS):
    """AUC of every model in worlds where the outcome is planted on one side, each turned."""
    found = {}
    for seed in range(worlds):
        data = world(100 + seed)
        order = np.random.default_rng(seed).permutation(len(data.people))
        split = Split(CROSS_VALIDATION, "a", 0, 0, order[TEST:], order[:TEST])
        monkeypatch.setattr(predict, "within_cohort", lambda *_, split=split: iter([split]))
        planted = plant(data, getattr(split, side))
        predicted = cross_validate(planted, "a", STUDY)
        assert predicted.failures == {}
        y = predicted.people.y[split.test]
        for key, p in predicted.p.items():
            found.setdefault(key, []).append(auc(y, p[0, split.test]))
    return found


@pytest.mark.parametrize("side", ["test", "train"])
@pytest.mark.parametrize("plant", [predictor, analyte, batch, gaps, group])
def test_a_signal_on_one_side_is_not_found(monkeypatch, plant, side):
    for key, values in aucs(monkeypatch, plant, side).items():
        # Signs of slopes are a coin toss in each world: single AUCs go far, their mean does not.
        error = max(np.std(values, ddof=1), 0.05) / np.sqrt(WORLDS)
        assert abs(np.mean(values) - 0.5) < 3.5 * error, key


@pytest.mark.parametrize("plant", [predictor, analyte])
def test_the_same_signal_on_both_sides_is_found(monkeypatch, plant):
    both = lambda data, _: plant(data, np.arange(len(data.people)))  # noqa: E731
    found = aucs(monkeypatch, both, "test", FEW)
    tier = "base" if plant is predictor else "base_analyte"
    for model in ("logistic", "elastic_net", "boosting"):
        assert np.mean(found[model, tier]) > 0.9
