"""Rows of permuted labels: the whole pipeline where there is nothing to find."""

import numpy as np
import pytest

from builders import SOURCE
from igfmood import results
from igfmood.errors import NotEstimable
from igfmood.performance.prepare import fit_score, prepare
from igfmood.performance.rows import permutation
from igfmood.performance.rows.permutation import _permuted, add_permutation
from igfmood.performance.splits import VALIDATION, without_cohort

NEW = "base_analyte"


def row(whole):
    return whole.one(cohort="pooled", analysis="permutation", measure="auc", term="")


def test_what_is_learned_without_a_cohort_is_what_the_others_alone_teach(whole):
    data, study = whole.data("depression"), whole.study
    score = fit_score(data.people, data.bystanders, study)
    for cohort in data.cohorts:
        (split,) = without_cohort(data, cohort, 1)
        found = [prepare(data, split, study, one) for one in (None, score.without(cohort))]
        for part in ("known_train", "known_test"):
            first, second = (getattr(one, part) for one in found)
            assert set(first) == set(second)
            assert all((first[name] == second[name]).all() for name in first)


def test_labels_move_within_their_cohort_and_nothing_else_does(whole):
    data = whole.data("depression")
    before, (after, *_) = data.people, _permuted(data, whole.study)
    moved = 0
    for cohort in data.cohorts:
        own = before.cohort == cohort
        assert sorted(after.y[own]) == sorted(before.y[own])
        moved += (after.y[own] != before.y[own]).sum()
        groups = after.measured["group"][own]
        assert ((groups == "control") == after.measured["reference"][own]).all()
        assert ((groups == "control") == (after.y[own] == 0)).all()
    assert moved > 50
    same = ["value", "age", "female", "batch"]
    assert after.measured[same].equals(before.measured[same])
    assert after.predictors.equals(before.predictors)


def test_labels_as_they_are_give_what_held_out_cohorts_have(whole):
    held_out = [
        whole.one(cohort=cohort, analysis=VALIDATION, measure="auc", adjustment=NEW,
                  model="logistic")["estimate"]
        for cohort in "abc"
    ]  # fmt: skip
    found = row(whole)
    assert f"({np.mean(held_out):.3f})" in found["method"]
    assert found["p"] == pytest.approx(1 / 9)  # none of 8 runs reaches it


def test_without_a_signal_the_auc_is_a_half(whole):
    found = row(whole)
    assert abs(found["estimate"] - 0.5) < 4 * found["se"] / np.sqrt(8) + 0.01
    assert found["ci_low"] < found["ci_high"] < 0.65
    assert found["n"] == 390
    assert found["method"].startswith("mean over held-out cohorts: ")


def test_one_cohort_alone_is_cross_validated(refused):
    found = row(refused)
    assert found["method"].startswith("mean over folds of one cross-validation: ")
    assert abs(found["estimate"] - 0.5) < 0.1 < found["ci_high"]


def test_runs_that_fail_are_counted_and_all_of_them_are_a_reason(whole, monkeypatch):
    measured, calls = permutation._auc, []

    def sometimes(*args):
        calls.append(1)
        if len(calls) % 2 == 0:
            raise NotEstimable("no curve")
        return measured(*args)

    monkeypatch.setattr(permutation, "_auc", sometimes)
    table = add_permutation(SOURCE, whole.data("depression"), whole.study).table()
    assert table["method"].str.contains("4 runs, 4 more failed").all()

    def never(*_):
        raise NotEstimable("no curve")

    monkeypatch.setattr(permutation, "_auc", never)
    table = add_permutation(SOURCE, whole.data("depression"), whole.study).table()
    assert list(table["reason"]) == ["no curve"]


def test_none_are_run_where_none_are_asked_for(whole):
    few = whole.study.resampling.model_copy(update={"permutations": 0})
    study = whole.study.model_copy(update={"resampling": few})
    assert add_permutation(SOURCE, whole.data("depression"), study).rows == []


def test_only_binary_tasks_are_permuted(whole):
    found = results.select(whole.rows, analysis="permutation")
    assert set(found["target"]) == {"depression", "bipolar"}
