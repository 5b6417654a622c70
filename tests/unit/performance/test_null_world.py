"""Where nothing is to be found, nothing is found more often than chance allows."""

from dataclasses import replace

import numpy as np
import pytest

from builders import make_study, people
from igfmood.performance.metrics.auc_difference import delta_auc
from igfmood.performance.metrics.discrimination import (
    auc_delong,
    auc_interval,
    widened_for_folds,
)
from igfmood.performance.predict import cross_validate
from igfmood.performance.task_data import task_data
from igfmood.performance.tasks import prediction_tasks

TIERS = {"base": ["bmi"], "base_analyte": ["bmi", "analyte"], "analyte": ["analyte"]}
STUDY = make_study(
    "a", prediction_tiers=TIERS, prediction={"models": ["logistic"], "outcomes": []},
    resampling={"folds": 4, "repeats": 1},
)  # fmt: skip
DEPRESSION = next(prediction_tasks(STUDY))
RUNS = 200
#: So that 0.91 of the contrast lies within batches.
CASES_IN_FIRST = 0.65


def confounded(seed, share=CASES_IN_FIRST):
    """Two batches that differ by 35 %, one with more cases, the other with more controls."""
    table = people({"control": 100, "mdd": 100}, seed=seed)
    first = np.arange(100) < 100 * share
    batch = np.concatenate([~first, first])
    table["igf1_batch"] = np.where(batch, "P1", "P2")
    for name in ("igf1_value", "igf1_ng_ml", "igf1_harmonised_ng_ml"):
        table[name] *= np.where(batch, 1.35, 1.0)
    return table


def test_batches_that_go_further_with_the_diagnosis_take_no_part():
    assert task_data({"a": confounded(1)}, DEPRESSION, STUDY).refused == {}
    refused = task_data({"a": confounded(1, 0.7)}, DEPRESSION, STUDY).refused
    assert "batch is confounded with the diagnosis" in refused["a"]
    study = STUDY.model_copy(
        update={"gates": STUDY.gates.model_copy(update={"predicted_within_batch": 0.5})}
    )
    assert task_data({"a": confounded(1, 0.7)}, DEPRESSION, study).refused == {}


@pytest.mark.slow
def test_intervals_lie_above_chance_in_one_of_twenty_at_most():
    names = list(TIERS)
    above = dict.fromkeys([*names, "delta"], 0)
    found = []
    for seed in range(RUNS):
        data = task_data({"a": confounded(1000 + seed)}, DEPRESSION, STUDY)
        predicted = cross_validate(data, "a", STUDY)
        scores = np.stack([predicted.p["logistic", tier][0] for tier in names], axis=1)
        plain = auc_delong(predicted.people.y, scores, folds=predicted.fold[0])
        one = replace(plain, cov=plain.cov * widened_for_folds(STUDY.resampling.folds) ** 2)
        for i, tier in enumerate(names):
            above[tier] += auc_interval(one.auc[i], one.se[i])[0] > 0.5
        above["delta"] += delta_auc(one, 1, 0).ci_low > 0
        found.append(one.auc)
    assert max(above.values()) / RUNS <= 0.05, above
    error = np.std(found, axis=0, ddof=1) / np.sqrt(RUNS)
    assert (np.abs(np.mean(found, axis=0) - 0.5) < 0.01 + 2 * error).all()
