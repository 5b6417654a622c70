"""Predictions for people who were not used to make them.

Takes a task's people; gives out-of-fold predictions by repeated cross-validation within each
cohort, and by leaving one cohort out, for every tier on the same people.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
from sklearn.model_selection import StratifiedKFold

from igfmood.config.study import Study, Task
from igfmood.errors import NotEstimable
from igfmood.performance.model import fit_score, fit_tier
from igfmood.performance.task_data import TaskData
from igfmood.seeds import stream

#: How the prediction came about: model built in other people of the cohort, or in other cohorts.
CROSS_VALIDATION = "cross_validation"
VALIDATION = "validation"


@dataclass(frozen=True)
class Split:
    """One division into training and test people (positions in the task's people)."""

    analysis: str
    cohort: str
    repeat: int
    fold: int
    train: np.ndarray
    test: np.ndarray


def splits(data: TaskData, task: Task, study: Study) -> Iterator[Split]:
    """Yield the divisions of a task: repeated stratified folds by cohort, then each cohort out."""
    names = np.unique(data.people.cohort)
    everyone = np.arange(len(data.people))
    for name in names:
        rows = everyone[data.people.cohort == name]
        for repeat in range(study.resampling.repeats):
            random = stream(study.seed, "performance", str(name), task.name, repeat)
            folds = StratifiedKFold(
                study.resampling.folds, shuffle=True, random_state=int(random.integers(2**31))
            )
            for fold, (train, test) in enumerate(folds.split(rows, data.people.case[rows])):
                yield Split(CROSS_VALIDATION, str(name), repeat, fold, rows[train], rows[test])
    if len(names) > 1:
        for name in names:
            out = data.people.cohort == name
            yield Split(VALIDATION, str(name), 0, 0, everyone[~out], everyone[out])


def out_of_fold(
    data: TaskData, task: Task, study: Study
) -> tuple[pd.DataFrame, dict[tuple[str, str], str]]:
    """Predict everyone with models that never saw them.

    Returns
    -------
    predictions : DataFrame
        analysis, task, model, tier, repeat, fold, held_out (cohort), participant, y, p.
    failures : dict
        (analysis, cohort) for which a model could not be fitted, and why.
    """
    parts: list[pd.DataFrame] = []
    failures: dict[tuple[str, str], str] = {}
    for split in splits(data, task, study):
        if (split.analysis, split.cohort) in failures:
            continue
        try:
            parts += _predict(data, split, task, study)
        except NotEstimable as error:
            failures[split.analysis, split.cohort] = error.reason
    columns = [
        "analysis",
        "task",
        "model",
        "tier",
        "repeat",
        "fold",
        "held_out",
        "participant",
        "y",
        "p",
    ]
    table = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=columns)
    failed = [key in failures for key in zip(table["analysis"], table["held_out"], strict=True)]
    return table[~np.array(failed, dtype=bool)].reset_index(drop=True), failures


def _predict(data: TaskData, split: Split, task: Task, study: Study) -> list[pd.DataFrame]:
    train, test = data.people.take(split.train), data.people.take(split.test)
    score = fit_score(train, data.bystanders, study)
    train_sds, test_sds = (score.transform(part.measured)[:, 0] for part in (train, test))
    return [
        pd.DataFrame(
            {
                "analysis": split.analysis, "task": task.name, "model": "logistic", "tier": tier,
                "repeat": split.repeat, "fold": split.fold, "held_out": split.cohort,
                "participant": test.participant, "y": test.case.astype(int),
                "p": fit_tier(train, train_sds, predictors).predict(test, test_sds),
            }
        )
        for tier, predictors in study.prediction_tiers.items()
    ]  # fmt: skip
