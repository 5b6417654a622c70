"""The people of one prediction task, as arrays.

Takes the participants of all cohorts; gives outcome, predictors and what the score needs, for the
people who can be used, and why a cohort cannot.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

import numpy as np
import pandas as pd

from igfmood.association.people import people_at_baseline
from igfmood.cohort.quality import require_apart
from igfmood.cohort.schema import has_failed, read_participants
from igfmood.config.prediction import ANALYTE_FORMS
from igfmood.config.study import Study
from igfmood.config.vocabulary import VARIABLES
from igfmood.errors import NotEstimable
from igfmood.normalise.participants import standardiser
from igfmood.normalise.standardise import people_of
from igfmood.performance.tasks import PredictionTask


@dataclass(frozen=True, eq=False)
class People:
    """Arrays of one set of people, one entry a person.

    Parameters
    ----------
    cohort, participant
        Names and keys, shape (n,).
    y
        Class (0, 1 …) or whether the event came, shape (n,).
    time
        Years of follow-up, 0 where the outcome is no event to come, shape (n,).
    measured
        What a standard deviation score is learned from and computed for: column ``cohort`` and
        those of `normalise.standardise.COLUMNS`, n rows.
    predictors
        Covariates as numbers, n rows: a column each, categories as ``name:category``; missing
        where unknown.
    """

    cohort: np.ndarray
    participant: np.ndarray
    y: np.ndarray
    time: np.ndarray
    measured: pd.DataFrame
    predictors: pd.DataFrame

    def take(self, rows: np.ndarray) -> "People":
        """Return the people at these positions (or where a mask is true)."""
        places = np.flatnonzero(rows) if rows.dtype == bool else rows
        return People(
            self.cohort[places], self.participant[places], self.y[places], self.time[places],
            self.measured.iloc[places].reset_index(drop=True),
            self.predictors.iloc[places].reset_index(drop=True),
        )  # fmt: skip

    def __len__(self) -> int:
        return len(self.y)


@dataclass(frozen=True)
class Recruited:
    """How a cohort's people became those of a task; each number is what is left after it."""

    first_visit: int
    with_outcome: int
    used: int


@dataclass(frozen=True, eq=False)
class TaskData:
    """A task's people, healthy people outside the task, and cohorts that cannot take part.

    Parameters
    ----------
    task
        What is predicted.
    people
        Those with outcome, analyte, age and sex.
    bystanders
        Healthy people of the same cohorts who are outside: they serve the reference curve where
        the task itself has no controls.
    available
        Cohort: predictors that it has and that the task allows.
    refused
        Cohort: why it cannot take part.
    recruited
        Cohort: how its people were found.
    """

    task: PredictionTask
    people: People
    bystanders: People
    available: Mapping[str, frozenset[str]]
    refused: Mapping[str, str]
    recruited: Mapping[str, Recruited] = field(default_factory=dict)

    @property
    def cohorts(self) -> list[str]:
        """Names of the cohorts that take part, in alphabetical order."""
        return sorted(self.available)


def read_cohorts(participants: Mapping[str, Path], study: Study) -> dict[str, pd.DataFrame]:
    """Return the participants of all cohorts but those that failed, by name.

    In alphabetical order, so that sums do not depend on that in which cohorts are given.
    """
    return {
        name: read_participants(path, study.analyte)
        for name, path in sorted(participants.items())
        if not has_failed(path)
    }


def task_data(
    cohorts: Mapping[str, pd.DataFrame],
    task: PredictionTask,
    study: Study,
    left_out: Mapping[str, str] = MappingProxyType({}),
) -> TaskData:
    """Collect the people of a task from all cohorts, at their first visit.

    A predictor of the models that a cohort has gaps in is imputed later, within the training part;
    analyte, age and sex are not: nothing is known of a score without them.

    Parameters
    ----------
    cohorts
        Cohort: participants.
    task, study
        What is predicted, from which predictors.
    left_out
        Cohorts that share people with another one, and why.
    """
    used: list[tuple[str, pd.DataFrame]] = []
    outside: list[tuple[str, pd.DataFrame]] = []
    refused: dict[str, str] = {}
    available: dict[str, frozenset[str]] = {}
    recruited: dict[str, Recruited] = {}
    for name, table in cohorts.items():
        first = people_at_baseline(table, study)
        try:
            found = _recruit(name, first, task, study, left_out)
        except NotEstimable as error:
            refused[name] = error.reason
            continue
        bystanders = first[(first["diagnosis"] == "control") & ~first.index.isin(found.index)]
        # A healthy person whose outcome is known is none: the outcome must not enter the curve.
        known = task.outcome(first)["y"].notna()
        used.append((name, found))
        outside.append((name, bystanders[~known[bystanders.index]]))
        available[name] = _available(name, found, task, study)
        recruited[name] = Recruited(len(first), int(known.sum()), len(found))
    return TaskData(
        task, _people(used, task, study), _bystanders(outside, study), available, refused,
        recruited,
    )  # fmt: skip


def _recruit(
    name: str, first: pd.DataFrame, task: PredictionTask, study: Study,
    left_out: Mapping[str, str],
) -> pd.DataFrame:  # fmt: skip
    """Return who can be used; raises `NotEstimable` where the cohort cannot take part."""
    if name in left_out:
        raise NotEstimable(left_out[name])
    if not first[study.analyte.converted].notna().any():
        raise NotEstimable(f"{study.analyte.label} was not measured in this cohort")
    outcome = task.outcome(first)["y"]
    needed = [study.analyte.converted, "age_years", "sex"]
    complete = first[needed].notna().all(axis=1) & _covered(first, name, study)
    _require_classes(outcome, complete, task, study)
    _require_batches_apart(first, outcome, study)
    found = first[outcome.notna() & complete]
    _require_curve(name, found, first[(first["diagnosis"] == "control")], study)
    return found


def _covered(first: pd.DataFrame, name: str, study: Study) -> pd.Series:
    """Return who can have a score, for a curve ends with its ages; without one, everybody."""
    scored = first[study.analyte.sds].notna()
    published = study.cohort(name).reference.table is not None
    return scored if published or scored.any() else pd.Series(True, index=first.index)


def _require_classes(
    outcome: pd.Series, complete: pd.Series, task: PredictionTask, study: Study
) -> None:
    smallest = study.gates.class_size
    for code, label in enumerate(task.classes):
        everyone = int((outcome == code).sum())
        n = int(((outcome == code) & complete).sum())
        if n < smallest:
            having = "" if n == everyone else f" with {study.analyte.label}, age and sex"
            raise NotEstimable(f"too few people{having} ({label}): {n} < {smallest}")


def _require_batches_apart(first: pd.DataFrame, outcome: pd.Series, study: Study) -> None:
    """Refuse an outcome that goes with the assay's batches.

    An error in the shift of a batch is the same in training and test people. Where cases are more
    in one batch, the model learns the difference that it leaves and finds it again: with 100 cases,
    100 controls, two batches and a marker that knows nothing, intervals of 95 % lie above an AUC of
    0.5 in 18 % of studies where half of the contrast lies within batches, in 11 % at 0.64, in 7 %
    at 0.8, in 5 % from 0.9 on (135 to 250 simulations each).
    """
    column = f"{study.analyte.name}_batch"
    if column not in first:
        return
    smallest = max(study.gates.within_batch, study.gates.predicted_within_batch)
    known = outcome.notna() & (first[study.analyte.value].notna() | first[study.analyte.below_lod])
    for code in sorted(set(outcome[known]))[1:]:
        require_apart(first.loc[known, column], outcome[known] == code, smallest)


def _require_curve(name: str, found: pd.DataFrame, healthy: pd.DataFrame, study: Study) -> None:
    """Refuse a cohort without a reference curve: it would fail every model it is part of."""
    everyone = pd.concat([found, healthy[~healthy.index.isin(found.index)]])
    people = people_of(everyone, study.analyte, _reference(name, everyone, study))
    learned = standardiser(study, study.cohort(name)).fit(people)
    if learned.curve is None:
        raise NotEstimable(learned.curve_failure)
    unscored = np.isnan(learned.transform(people)[: len(found)])
    sexes = sorted(set(found["sex"][unscored].dropna()))
    if sexes:
        raise NotEstimable(f"no reference people of this sex: {', '.join(sexes)}")


def _reference(name: str, table: pd.DataFrame, study: Study) -> np.ndarray:
    """Return who may be behind the reference curve, bool, shape (n,)."""
    if study.cohort(name).reference.people == "all":
        return np.ones(len(table), dtype=bool)
    return (table["diagnosis"] == "control").to_numpy(bool)


def _available(
    name: str, found: pd.DataFrame, task: PredictionTask, study: Study
) -> frozenset[str]:
    """Return which predictors a cohort can offer: known in most people, and allowed."""
    offered = set(ANALYTE_FORMS)
    for predictor in wanted(study):
        known = predictor in found and found[predictor].notna().mean()
        enough = known and known >= 1 - study.imputation.max_missing
        if enough and not task.forbids(predictor, study.cohort(name)):
            offered.add(predictor)
    return frozenset(offered)


def wanted(study: Study) -> list[str]:
    """Return every covariate that some tier uses."""
    names = dict.fromkeys(name for tier in study.prediction_tiers.values() for name in tier)
    return [name for name in names if name not in ANALYTE_FORMS]


def columns_of(predictor: str) -> list[str]:
    """Return the columns in `People.predictors` of a covariate."""
    variable = VARIABLES.get(predictor)
    if variable is not None and variable.kind == "category":
        return [f"{predictor}:{category}" for category in variable.categories[1:]]
    return [predictor]


def _people(
    tables: Sequence[tuple[str, pd.DataFrame]], task: PredictionTask, study: Study
) -> People:
    outcomes = [task.outcome(table) for _, table in tables]
    return _arrays(tables, pd.concat(outcomes) if outcomes else None, study)


def _bystanders(tables: Sequence[tuple[str, pd.DataFrame]], study: Study) -> People:
    """Return people whose outcome is not known, or no matter."""
    n = sum(len(table) for _, table in tables)
    return _arrays(tables, pd.DataFrame({"y": np.full(n, np.nan), "time": 0.0}), study)


def _arrays(
    tables: Sequence[tuple[str, pd.DataFrame]], outcome: pd.DataFrame | None, study: Study
) -> People:
    if outcome is None or outcome.empty:
        nothing = np.empty(0)
        return People(nothing, nothing, nothing, nothing, pd.DataFrame(), pd.DataFrame())
    names = np.concatenate([np.full(len(table), name) for name, table in tables])
    measured = [
        people_of(table, study.analyte, _reference(name, table, study)).assign(cohort=name)
        for name, table in tables
    ]
    participants = np.concatenate([table["participant_id"].to_numpy(str) for _, table in tables])
    return People(
        names, participants, outcome["y"].to_numpy(float), outcome["time"].to_numpy(float),
        pd.concat(measured, ignore_index=True),
        pd.concat(
            [predictors_of(table, wanted(study)) for _, table in tables], ignore_index=True
        ),
    )  # fmt: skip


def predictors_of(table: pd.DataFrame, names: Sequence[str]) -> pd.DataFrame:
    """Return covariates as numbers; missing where unknown, or not in the cohort."""
    found: dict[str, np.ndarray] = {}
    for predictor in names:
        columns = columns_of(predictor)
        if predictor not in table:
            found |= {column: np.full(len(table), np.nan) for column in columns}
        elif columns == [predictor]:
            found[predictor] = table[predictor].astype("Float64").to_numpy(float, na_value=np.nan)
        else:
            values = table[predictor]
            for column in columns:
                is_it = (values == column.split(":", 1)[1]).astype(float)
                found[column] = is_it.where(values.notna()).to_numpy(float)
    return pd.DataFrame(found)
