"""Out-of-fold predictions: nothing of a test person reaches the model that predicts them."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from builders import make_study, people
from igfmood.performance import predict
from igfmood.performance.metrics.discrimination import auc_delong
from igfmood.performance.predict import CROSS_VALIDATION, VALIDATION, out_of_fold, splits
from igfmood.performance.task_data import task_data

STUDY = make_study("a", "b", "c", resampling={"folds": 3, "repeats": 2})
DEPRESSION = STUDY.tasks[0]


def data_of(*names, effect=-0.8, seed=1, groups=None):
    groups = groups or {"control": 60, "mdd": 40}
    tables = {
        name: people(groups, effects={"mdd": effect}, seed=seed + "abc".index(name))
        for name in names
    }
    return task_data(tables, DEPRESSION, STUDY)


@pytest.fixture(scope="module")
def two():
    return data_of("a", "b")


@pytest.fixture(scope="module")
def predicted(two):
    table, failures = out_of_fold(two, DEPRESSION, STUDY)
    assert not failures
    return table


def auc(table):
    return float(auc_delong(table["y"].to_numpy(), table["p"].to_numpy()[:, None]).auc[0])


def test_every_person_is_in_one_test_fold_of_each_repeat_and_never_in_its_training(two):
    found = list(splits(two, DEPRESSION, STUDY))
    for split in found:
        assert not set(split.train) & set(split.test)
    for name in "ab":
        mine = set(np.flatnonzero(two.people.cohort == name))
        for repeat in range(2):
            folds = [
                split for split in found
                if (split.analysis, split.cohort, split.repeat) == (CROSS_VALIDATION, name, repeat)
            ]  # fmt: skip
            assert sorted(place for fold in folds for place in fold.test) == sorted(mine)
            assert all(set(fold.train) | set(fold.test) == mine for fold in folds)
        (out,) = [s for s in found if (s.analysis, s.cohort) == (VALIDATION, name)]
        assert set(out.test) == mine
        assert len(out.train) + len(out.test) == len(two.people)


def test_every_tier_predicts_the_same_people(predicted):
    keys = ["analysis", "repeat", "fold", "held_out", "participant"]
    by_tier = [
        set(map(tuple, part[keys].to_numpy())) for _, part in predicted.groupby("tier", sort=True)
    ]
    assert len(by_tier) == 3
    assert by_tier[0] == by_tier[1] == by_tier[2]
    assert not predicted.duplicated([*keys, "tier"]).any()
    assert predicted["p"].between(0, 1).all()


def one_split(monkeypatch, data, n_test=40):
    """Let the only division be a fixed one of cohort a; return its training and test people."""
    order = np.random.default_rng(7).permutation(np.flatnonzero(data.people.cohort == "a"))
    split = predict.Split(CROSS_VALIDATION, "a", 0, 0, order[n_test:], order[:n_test])
    monkeypatch.setattr(predict, "splits", lambda *_: iter([split]))
    return split


def test_outcomes_of_test_people_change_no_prediction(monkeypatch, two):
    split = one_split(monkeypatch, two)
    before, _ = out_of_fold(two, DEPRESSION, STUDY)
    case = two.people.case.copy()
    case[split.test] = 1 - case[split.test]
    reference = two.people.measured["reference"].to_numpy(copy=True)
    group = two.people.measured["group"].to_numpy(copy=True)
    reference[split.test], group[split.test] = ~reference[split.test], "other"
    measured = two.people.measured.assign(reference=reference, group=group)
    flipped = replace(two, people=replace(two.people, case=case, measured=measured))
    after, _ = out_of_fold(flipped, DEPRESSION, STUDY)
    assert before["p"].to_numpy().tobytes() == after["p"].to_numpy().tobytes()
    assert (before["y"] == 1 - after["y"]).all()


def test_values_of_test_people_change_no_curve_and_no_model_of_the_fold(monkeypatch, two):
    split = one_split(monkeypatch, two)
    learned = []
    fitted = predict.fit_score
    monkeypatch.setattr(
        predict, "fit_score", lambda *given: learned.append(fitted(*given)) or learned[-1]
    )
    coef = []
    tier = predict.fit_tier
    monkeypatch.setattr(predict, "fit_tier", lambda *given: coef.append(tier(*given)) or coef[-1])
    measured = two.people.measured.copy()
    places = measured.index[split.test]
    measured.loc[places, "value"] *= np.linspace(0.2, 5, len(split.test))
    measured.loc[places, "age"] += 11
    measured.loc[places, "batch"] = "unseen"
    perturbed = replace(two, people=replace(two.people, measured=measured))
    for data in (two, perturbed):
        out_of_fold(data, DEPRESSION, STUDY)
    before, after = (one.learned_["a"].curve for one in learned)
    ages = np.linspace(15, 90, 40)
    for probability in (0.1, 0.5, 0.9):
        there, here = (one.centile(probability, ages, 1.0) for one in (before, after))
        assert there.tobytes() == here.tobytes()
    assert before.n == (two.people.case[split.train] == 0).sum()
    for there, here in zip(coef[:3], coef[3:], strict=True):
        assert there.coef.tobytes() == here.coef.tobytes()


def test_a_signal_that_only_test_people_have_is_not_found(monkeypatch):
    found = []
    for seed in range(40):
        data = data_of("a", effect=0.0, seed=10 + seed, groups={"control": 90, "mdd": 30})
        split = one_split(monkeypatch, data, 30)
        measured = data.people.measured.copy()
        places = measured.index[split.test]
        measured.loc[places, "value"] *= np.exp(2.0 * data.people.case[split.test])
        table, _ = out_of_fold(
            replace(data, people=replace(data.people, measured=measured)), DEPRESSION, STUDY
        )
        found.append(auc(table[table["tier"] == "analyte"]))
    # The sign of the slope is a coin toss in each: near 0 or 1 alone, one half on average.
    assert 0.25 < np.mean(found) < 0.75


def test_permuted_labels_give_an_auc_near_one_half():
    found = []
    for seed in range(12):
        data = data_of("a", seed=100 + seed)
        case = np.random.default_rng(seed).permutation(data.people.case)
        # Who is healthy stays: only the question of the task loses its answer.
        people_ = replace(data.people, case=case)
        table, _ = out_of_fold(replace(data, people=people_), DEPRESSION, STUDY)
        best = table[table["tier"] == "base_analyte"]
        found += [auc(part) for _, part in best.groupby(["repeat", "fold"])]
    # 72 folds of 33 people: standard error about 0.015, and a leak would show as more than 0.6.
    assert 0.42 < np.mean(found) < 0.55


def test_a_planted_signal_is_found_within_and_across_cohorts(predicted):
    for analysis in (CROSS_VALIDATION, VALIDATION):
        mine = predicted[(predicted["analysis"] == analysis) & (predicted["tier"] == "analyte")]
        assert 0.6 < auc(mine) < 0.85


def test_predictions_of_a_cohort_do_not_depend_on_which_others_take_part(two, predicted):
    alone, _ = out_of_fold(data_of("b"), DEPRESSION, STUDY)
    assert set(alone["analysis"]) == {CROSS_VALIDATION}
    turned, _ = out_of_fold(data_of("b", "a"), DEPRESSION, STUDY)
    for other in (alone, turned):
        mine, theirs = (
            table[(table["analysis"] == CROSS_VALIDATION) & (table["held_out"] == "b")]
            for table in (predicted, other)
        )
        pd.testing.assert_frame_equal(
            mine.reset_index(drop=True), theirs.reset_index(drop=True), check_exact=True
        )


def test_seed_task_and_repeat_each_give_other_folds(two):
    def folds(study, task=DEPRESSION):
        return [tuple(split.test) for split in splits(two, task, study)][:6]

    first = folds(STUDY)
    assert first == folds(STUDY)
    assert first[:3] != first[3:]
    assert first != folds(STUDY.model_copy(update={"seed": 2}))
    assert first != folds(STUDY, DEPRESSION.model_copy(update={"name": "other"}))


def test_where_one_fold_fails_the_cohort_has_no_predictions_and_a_reason():
    # 36 controls are enough for a curve, 24 of them in a training set are not.
    few = people({"control": 36, "mdd": 40}, effects={"mdd": -0.8}, seed=5)
    enough = people({"control": 60, "mdd": 40}, effects={"mdd": -0.8}, seed=6)
    data = task_data({"a": few, "b": enough}, DEPRESSION, STUDY)
    table, failures = out_of_fold(data, DEPRESSION, STUDY)
    assert set(failures) == {(CROSS_VALIDATION, "a")}
    assert "24 < 30" in failures[CROSS_VALIDATION, "a"]
    found = set(map(tuple, table[["analysis", "held_out"]].to_numpy()))
    assert found == {(CROSS_VALIDATION, "b"), (VALIDATION, "a"), (VALIDATION, "b")}


def test_nobody_to_predict_gives_an_empty_table_with_the_columns():
    table, failures = out_of_fold(task_data({}, DEPRESSION, STUDY), DEPRESSION, STUDY)
    assert table.empty
    assert list(table)[-2:] == ["y", "p"]
    assert failures == {}
