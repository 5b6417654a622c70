"""Who trains and who is tested."""

from dataclasses import replace

import numpy as np
import pytest

from builders import make_study, people
from igfmood.performance.splits import (
    CROSS_VALIDATION,
    VALIDATION,
    inner_folds,
    within_cohort,
    without_cohort,
)
from igfmood.performance.task_data import task_data
from igfmood.performance.tasks import prediction_tasks

STUDY = make_study("a", "b", resampling={"folds": 3, "repeats": 2})
DEPRESSION = next(prediction_tasks(STUDY))


@pytest.fixture(scope="module")
def two():
    groups = {"control": 61, "mdd": 40}
    return task_data({n: people(groups, seed=i) for i, n in enumerate("ab")}, DEPRESSION, STUDY)


def test_every_person_is_in_one_test_fold_of_each_repeat_and_never_in_its_training(two):
    for name in "ab":
        mine = set(np.flatnonzero(two.people.cohort == name))
        found = list(within_cohort(two, name, STUDY))
        assert [(s.draw, s.fold) for s in found] == [(r, f) for r in range(2) for f in range(3)]
        for split in found:
            assert (split.analysis, split.cohort) == (CROSS_VALIDATION, name)
            assert not set(split.train) & set(split.test)
            assert set(split.train) | set(split.test) == mine
        for repeat in range(2):
            tested = [place for s in found if s.draw == repeat for place in s.test]
            assert sorted(tested) == sorted(mine)


def test_folds_have_every_class_alike(two):
    for split in within_cohort(two, "a", STUDY):
        cases = two.people.y[split.test].sum()
        assert 13 <= cases <= 14
        assert 33 <= len(split.test) <= 34


def test_seed_task_cohort_and_repeat_each_give_other_folds(two):
    def folds(data, study=STUDY, cohort="a"):
        return [split.test.tolist() for split in within_cohort(data, cohort, study)]

    first = folds(two)
    assert first == folds(two)
    assert first[:3] != first[3:]
    assert first != folds(two, STUDY.model_copy(update={"seed": 2}))
    assert first != folds(replace(two, task=replace(two.task, name="other")))
    swapped = {"a": "b", "b": "a"}
    renamed = np.array([swapped[name] for name in two.people.cohort])
    other = replace(two, people=replace(two.people, cohort=renamed))
    assert first != folds(other, cohort="b")


def test_leaving_a_cohort_out_leaves_all_of_it_out(two):
    found = without_cohort(two, "b", 3)
    assert [(s.analysis, s.draw, s.fold) for s in found] == [(VALIDATION, i, 0) for i in range(3)]
    for split in found:
        assert set(two.people.cohort[split.test]) == {"b"}
        assert set(two.people.cohort[split.train]) == {"a"}
        assert len(split.train) + len(split.test) == len(two.people)


def test_streams_belong_to_one_division_and_purpose(two):
    def numbers(split, task="depression", *keys):
        return split.stream(STUDY, task, *keys).random()

    one, *others = within_cohort(two, "a", STUDY)
    assert numbers(one, "depression", "gaps") == numbers(one, "depression", "gaps")
    found = [numbers(split, "depression", "gaps") for split in (one, *others)]
    found += [numbers(one, "depression", "trees"), numbers(one, "other", "gaps")]
    found.append(numbers(replace(one, cohort="b"), "depression", "gaps"))
    assert len(set(found)) == len(found)


def test_inner_folds_have_every_cohort_and_class_alike():
    rng = np.random.default_rng(1)
    y, cohort = rng.integers(0, 2, 203).astype(float), rng.choice(["a", "b"], 203)
    fold = inner_folds(y, cohort, np.random.default_rng(2), 5)
    for name in "ab":
        for code in (0, 1):
            counts = np.bincount(fold[(cohort == name) & (y == code)], minlength=5)
            assert counts.max() - counts.min() <= 1
    np.testing.assert_array_equal(fold, inner_folds(y, cohort, np.random.default_rng(2), 5))
    assert (fold != inner_folds(y, cohort, np.random.default_rng(3), 5)).any()
