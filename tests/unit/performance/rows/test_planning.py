"""Rows of planning: sample sizes by Riley's formulas, and what would be found."""

import numpy as np
import pytest
from scipy.stats import norm, t

from igfmood import results
from igfmood.performance.splits import VALIDATION

NEW = "base_analyte"


def test_the_smallest_effect_follows_from_the_error_of_the_synthesis(whole):
    pooled = whole.one(
        cohort="pooled", analysis=VALIDATION, measure="delta_auc", model="logistic",
        adjustment=NEW, term="over base",
    )  # fmt: skip
    row = whole.one(cohort="pooled", analysis="power", measure="detectable_delta_auc")
    expected = (t.ppf(0.975, 2) + t.ppf(0.8, 2)) * pooled["se"]
    assert row["estimate"] == pytest.approx(expected, rel=1e-6)
    assert row["n"] == 390


def test_what_is_not_pooled_has_no_smallest_effect(refused):
    row = refused.one(cohort="pooled", analysis="power", measure="detectable_delta_auc")
    assert row["reason"] == "the added AUC is not estimated over cohorts"


def test_a_model_that_knows_next_to_nothing_has_no_shrinkage_to_expect(whole):
    kept = {"cohort": "pooled", "analysis": "sample_size", "adjustment": "base"}
    assert whole.one(**kept, measure="required_people", term="all criteria")["estimate"] > 3900
    reason = whole.one(**kept, measure="shrinkage")["reason"]
    assert reason == "5 parameters are more than the people carry: no shrinkage to expect"


def test_sample_sizes_are_those_of_riley(whole):
    tier, parameters = NEW, 6
    table = whole.of(cohort="pooled", analysis="sample_size", adjustment=tier)
    found = table.set_index(["measure", "term"])["estimate"]
    method = table["method"].iloc[0]
    assert f"{parameters} parameters" in method  # two intercepts besides the first among them
    corrected = whole.one(cohort="pooled", analysis="optimism", measure="auc", term="corrected",
                          adjustment=tier)["estimate"]  # fmt: skip
    assert f"corrected for optimism {corrected:.3f}" in method
    needed = found["required_people"]
    assert needed["all criteria"] == max(
        needed["shrinkage of at most 10 %"], needed["optimism in R2 of at most 0.05"],
        needed["overall risk to within 0.05"],
    )  # fmt: skip
    share = 165 / 390
    assert needed["overall risk to within 0.05"] == np.ceil(
        (norm.ppf(0.975) / 0.05) ** 2 * share * (1 - share)
    )
    # Riley 2019, equation 11, solved for the R2 that the rows stand on.
    n = needed["shrinkage of at most 10 %"]
    r2 = 0.9 * (1 - np.exp(-parameters / (0.1 * n)))
    expected = 1 + parameters / (390 * np.log(1 - r2))
    assert found["shrinkage", ""] == pytest.approx(expected, rel=0.02)


def test_only_binary_tasks_are_planned(whole):
    rows = results.select(whole.rows, analysis=["sample_size", "power"])
    assert set(rows["target"]) == {"depression", "bipolar"}
