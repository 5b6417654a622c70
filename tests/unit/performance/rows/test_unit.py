"""How a measure becomes a row: mean over draws, Rubin's rules, words."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.special import expit, logit
from sklearn.metrics import roc_auc_score

from builders import SOURCE
from igfmood.errors import NotEstimable
from igfmood.performance.metrics.calibration import wald
from igfmood.performance.predict import cross_validate, validate
from igfmood.performance.rows.discrimination import add_discrimination
from igfmood.performance.rows.unit import Unit, combine
from igfmood.performance.splits import CROSS_VALIDATION, VALIDATION
from igfmood.results import Rows, select

NEW = "base_analyte"
Z = 1.959963984540054


def test_draws_of_the_same_people_have_the_mean_of_their_variances():
    found = combine([wald(1.0, 0.3, 0.95), wald(2.0, 0.4, 0.95)], False, 0.95)
    assert (found.estimate, found.se) == pytest.approx((1.5, np.sqrt(0.125)))
    assert found.ci_high == pytest.approx(1.5 + Z * np.sqrt(0.125))


def test_filled_gaps_add_their_own_variance():
    found = combine([wald(1.0, 0.3, 0.95), wald(2.0, 0.4, 0.95)], True, 0.95)
    assert found.se == pytest.approx(np.sqrt(0.125 + 1.5 * 0.5))
    assert combine([wald(1.0, 0.3, 0.95)], True, 0.95).se == pytest.approx(0.3)


@pytest.mark.parametrize("analysis", [CROSS_VALIDATION, VALIDATION])
def test_an_auc_over_completed_tables_is_pooled_on_the_logit_scale(gaps, analysis):
    draws = gaps.draws(analysis=analysis, held_out="a", tier=NEW)
    assert len(draws) == (2 if analysis == CROSS_VALIDATION else 3)
    aucs, variances = [], []
    for draw in draws:
        folds = [draw[draw["fold"] == fold] for fold in sorted(set(draw["fold"]))]
        aucs.append(np.mean([roc_auc_score(one["y"], one["p"]) for one in folds]))
        variance = 0.0
        for one in folds:
            y, p = one["y"].to_numpy(), one["p"].to_numpy()
            wins = (p[y == 1][:, None] > p[y == 0]) + 0.5 * (p[y == 1][:, None] == p[y == 0])
            for axis in (0, 1):
                placed = wins.mean(axis=axis)
                variance += placed.var(ddof=1) / len(placed) / len(folds) ** 2
        # Widened where folds share training people.
        variances.append(variance * (1.5 if analysis == CROSS_VALIDATION else 1))
    m, auc = len(draws), np.mean(aucs)
    within = np.mean(variances) / (auc * (1 - auc)) ** 2
    total = np.sqrt(within + (1 + 1 / m) * np.var(logit(aucs), ddof=1))
    centre = logit(aucs).mean()
    row = gaps.one(cohort="a", analysis=analysis, measure="auc", adjustment=NEW, model="logistic")
    limits = expit([centre - Z * total, centre, centre + Z * total])
    assert (row["ci_low"], row["estimate"], row["ci_high"]) == pytest.approx(tuple(limits))
    assert row["se"] == pytest.approx(total * auc * (1 - auc))
    assert "logit interval" in row["method"]
    assert "Rubin's rules" in row["method"]


def test_the_difference_and_calibration_over_completed_tables_have_both_variances(gaps):
    kept = {"analysis": VALIDATION, "held_out": "b"}
    draws = {tier: gaps.draws(**kept, tier=tier) for tier in (NEW, "base")}
    ratio = [np.log(d["y"].sum() / d["p"].sum()) for d in draws[NEW]]
    y = draws[NEW][0]["y"]
    row = gaps.one(cohort="b", analysis=VALIDATION, measure="log_oe", adjustment=NEW,
                   model="logistic")  # fmt: skip
    assert row["estimate"] == pytest.approx(np.mean(ratio))
    variance = (1 - y.mean()) / y.sum() + (1 + 1 / 3) * np.var(ratio, ddof=1)
    assert row["se"] == pytest.approx(np.sqrt(variance))
    row = gaps.one(cohort="b", analysis=VALIDATION, measure="delta_auc", model="logistic",
                   term="over base")  # fmt: skip
    aucs = {tier: [roc_auc_score(d["y"], d["p"]) for d in one] for tier, one in draws.items()}
    change = np.subtract(aucs[NEW], aucs["base"])
    assert row["estimate"] == pytest.approx(change.mean())
    assert row["se"] ** 2 > (1 + 1 / 3) * np.var(change, ddof=1)


def test_a_model_with_one_draw_claims_no_pooling_over_draws(gaps):
    row = gaps.one(cohort="a", analysis=CROSS_VALIDATION, measure="auc", adjustment="analyte",
                   model="elastic_net")  # fmt: skip
    assert row["status"] == "ok"
    assert "logit" not in row["method"]
    assert "Rubin" not in row["method"]
    assert "mean over" not in row["method"]
    assert row["ci_high"] - row["estimate"] == pytest.approx(Z * row["se"])


def test_without_gaps_nothing_is_said_of_them(whole):
    row = whole.one(cohort="a", analysis=CROSS_VALIDATION, measure="auc", adjustment=NEW,
                    model="logistic")  # fmt: skip
    assert "mean over 2 repeats" in row["method"]
    assert "gaps" not in row["method"]


def test_fits_by_another_method_are_counted(whole):
    data = whole.data("depression")
    found = cross_validate(data, "a", whole.study)
    unit = Unit(Rows(SOURCE), data.task, found, whole.study)
    key = ("logistic", NEW)
    assert unit.method(key, "AUC") == ("AUC; logistic, maximum likelihood; mean over 2 repeats")
    found.methods[key] = {"Firth": 1, "maximum likelihood": 5}
    assert "Firth (1 of 6 fits); maximum likelihood (5 of 6 fits)" in unit.method(key, "AUC")


def test_predictors_that_a_tier_had_to_do_without_are_named(whole):
    data = whole.data("depression")
    found = cross_validate(data, "a", whole.study)
    unit = Unit(Rows(SOURCE), data.task, found, whole.study)
    assert "without" not in unit.method(("logistic", NEW), "AUC")
    found.predictors[NEW] = ("age_years", "sex", "analyte")
    assert "without bmi: not in every cohort" in unit.method(("logistic", NEW), "AUC")


def test_a_measure_that_fails_in_one_draw_is_none(whole):
    data = whole.data("depression")
    unit = Unit(Rows(SOURCE), data.task, cross_validate(data, "a", whole.study), whole.study)
    calls = []

    def second_fails(p):
        calls.append(p)
        if len(calls) == 2:
            raise NotEstimable("not this one")
        return wald(0.0, 1.0, 0.95)

    unit.add_wald(("logistic", NEW), "brier", "words", second_fails)
    row = unit.rows.table().iloc[0]
    assert (row["status"], row["reason"], len(calls)) == ("not_estimable", "not this one", 2)


def test_an_auc_of_one_in_a_completed_table_is_not_pooled(gaps):
    data = gaps.data("depression")
    found = validate(data, "a", gaps.study)
    p = found.p["logistic", NEW].copy()
    p[0] = found.people.y * 0.5 + 0.25
    unit = Unit(Rows(SOURCE), data.task, replace(found, p={("logistic", NEW): p}), gaps.study)
    add_discrimination(unit)
    row = select(unit.rows.table(), measure="auc").iloc[0]
    assert row["status"] == "not_estimable"
    assert "no place on the logit scale" in row["reason"]
