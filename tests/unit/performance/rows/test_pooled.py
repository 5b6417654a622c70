"""Rows over cohorts follow from the rows of cohorts."""

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit, logit
from scipy.stats import t

from builders import POOLED, SOURCE
from igfmood import results
from igfmood.performance.pooled import pooled_rows
from igfmood.performance.splits import CROSS_VALIDATION, VALIDATION

NEW = "base_analyte"


def knapp_hartung(yi, vi):
    """Mean and interval of a random-effects synthesis by REML, found on a grid of tau2."""
    grid = np.concatenate([[0.0], np.geomspace(1e-6, 10, 60_001)])[:, None]
    w = 1 / (vi + grid)
    mu = (w * yi).sum(axis=1, keepdims=True) / w.sum(axis=1, keepdims=True)
    loglik = (np.log(w).sum(axis=1) - np.log(w.sum(axis=1)) - (w * (yi - mu) ** 2).sum(axis=1)) / 2
    best = int(np.argmax(loglik))
    w, mu = w[best], mu[best, 0]
    k = len(yi)
    # Modified: never below the standard error of the model.
    se = np.sqrt(max((w * (yi - mu) ** 2).sum() / (k - 1), 1) / w.sum())
    half = t.ppf(0.975, k - 1) * se
    return mu, mu - half, mu + half


@pytest.mark.parametrize("analysis", [CROSS_VALIDATION, VALIDATION])
def test_an_auc_is_pooled_on_the_logit_scale(whole, analysis):
    kept = {"analysis": analysis, "measure": "auc", "adjustment": NEW, "model": "logistic"}
    rows = whole.of(cohort=["a", "b", "c"], **kept)
    auc, se = rows["estimate"].to_numpy(), rows["se"].to_numpy()
    found = knapp_hartung(logit(auc), (se / (auc * (1 - auc))) ** 2)
    pooled = whole.one(cohort="pooled", term="", **kept)
    assert (pooled["estimate"], pooled["ci_low"], pooled["ci_high"]) == pytest.approx(
        tuple(expit(found)), abs=1e-4
    )
    assert pooled["n"] == 390


def test_the_added_auc_is_pooled_as_it_is(whole):
    kept = {"analysis": VALIDATION, "measure": "delta_auc", "model": "logistic",
            "term": "over base"}  # fmt: skip
    rows = whole.of(cohort=["a", "b", "c"], **kept)
    found = knapp_hartung(rows["estimate"].to_numpy(), rows["se"].to_numpy() ** 2)
    pooled = whole.one(cohort="pooled", **kept)
    assert (pooled["estimate"], pooled["ci_low"], pooled["ci_high"]) == pytest.approx(
        found, abs=1e-4
    )


def test_calibration_is_pooled_for_models_of_other_cohorts_alone(whole):
    rows = whole.of(cohort="pooled", measure=["log_oe", "calibration_slope", "net_benefit"])
    rows = rows[rows["analysis"] != "optimism"]  # of the model of all cohorts: not pooled
    assert set(rows["analysis"]) == {VALIDATION}
    assert {"log_oe", "calibration_slope", "net_benefit"} == set(rows["measure"])


def test_the_worst_cohort_is_named_with_its_own_interval(whole):
    for target, measure, model in (("depression", "auc", "logistic"),
                                   ("incident_depression", "c_index", "cox")):  # fmt: skip
        kept = {"analysis": VALIDATION, "measure": measure, "adjustment": "analyte",
                "model": model, "target": target}  # fmt: skip
        rows = whole.of(cohort=["a", "b", "c"], **kept)
        lowest = rows.loc[rows["estimate"].idxmin()]
        worst = whole.one(cohort="pooled", term="worst cohort", **kept)
        for name in ("estimate", "ci_low", "ci_high", "n", "n_events"):
            assert worst[name] == lowest[name]
        assert lowest["cohort"] in worst["method"]


def test_one_cohort_has_no_worst(refused):
    assert refused.of(cohort="pooled", term="worst cohort").empty


def test_what_is_exact_in_a_cohort_is_not_pooled_and_says_why(whole):
    keys = {"target": "depression", "exposure": "igf1_sds", "model": "logistic",
            "adjustment": NEW, "stratum": "all", "analysis": VALIDATION}  # fmt: skip
    rows = []
    for name, se in (("a", 0.1), ("b", None), ("c", 0.1)):
        for measure, term in (("net_benefit", "at 0.1"), ("scaled_brier", "")):
            table = results.Rows(results.Source("demo", name, 1, "c0de", "da7a"))
            table.add(**keys, measure=measure, term=term, estimate=0.2, se=se, n=100, n_events=40)
            rows.append(table.table())
    found = pooled_rows(pd.concat(rows), whole.data("depression"), POOLED, whole.study).table()
    row = results.select(found, measure="net_benefit").iloc[0]
    assert row["reason"] == (
        "without variance in b: nobody, or everybody, is at or above the threshold"
    )
    row = results.select(found, measure="scaled_brier").iloc[0]
    assert row["reason"] == "without variance in b"
    assert set(found["cohort"]) == {"pooled"} != {SOURCE.cohort}
