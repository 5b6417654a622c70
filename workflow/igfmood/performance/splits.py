"""Who trains and who is tested.

Takes a task's people; gives the divisions of repeated cross-validation within a cohort, and of
leaving a cohort out.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from sklearn.model_selection import StratifiedKFold

from igfmood.config.study import Study
from igfmood.performance.cohorts import members
from igfmood.performance.task_data import TaskData
from igfmood.results import PREDICTIONS
from igfmood.seeds import stream

IntArray = npt.NDArray[np.int64]

#: How the prediction came about: model built in other people of the cohort, or in other cohorts.
CROSS_VALIDATION, VALIDATION = PREDICTIONS


@dataclass(frozen=True, eq=False)
class Split:
    """One division into training and test people (positions in the task's people).

    `draw` counts repeats of cross-validation, or completed tables of a validation.
    """

    analysis: str
    cohort: str
    draw: int
    fold: int
    train: IntArray
    test: IntArray

    def stream(self, study: Study, task: str, *keys: str | int) -> np.random.Generator:
        """Random numbers that belong to this division."""
        return stream(
            study.seed, "performance", self.analysis, self.cohort, task, self.draw, self.fold,
            *keys,
        )  # fmt: skip


def within_cohort(data: TaskData, cohort: str, study: Study) -> Iterator[Split]:
    """Yield repeated folds of one cohort, each with the same share of every class.

    A participant has one row, so that nobody is on both sides.
    """
    rows = np.flatnonzero(data.people.cohort == cohort)
    for repeat in range(study.resampling.repeats):
        random = stream(study.seed, "performance", cohort, data.task.name, repeat)
        folds = StratifiedKFold(
            study.resampling.folds, shuffle=True, random_state=int(random.integers(2**31))
        )
        for fold, (train, test) in enumerate(folds.split(rows, data.people.y[rows])):
            yield Split(CROSS_VALIDATION, cohort, repeat, fold, rows[train], rows[test])


def without_cohort(data: TaskData, cohort: str, tables: int) -> list[Split]:
    """Return the division that leaves one cohort out, once for each completed table."""
    out = data.people.cohort == cohort
    train, test = np.flatnonzero(~out), np.flatnonzero(out)
    return [Split(VALIDATION, cohort, draw, 0, train, test) for draw in range(tables)]


def inner_folds(y: np.ndarray, cohort: np.ndarray, rng: np.random.Generator, k: int) -> IntArray:
    """Return a fold for each training person, stratified by cohort and class, shape (n,)."""
    found = np.empty(len(y), dtype=np.int64)
    for group in members(cohort, y):
        rows = rng.permutation(group)
        found[rows] = (np.arange(len(rows)) + rng.integers(k)) % k
    return found
