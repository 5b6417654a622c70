"""The people of one prediction task, as arrays.

Takes the participants of all cohorts; gives outcome, predictors and what the score
needs, for the people who can be used, and why a cohort cannot.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
import pandas as pd

from igfmood.cohort.quality import require_batches_apart
from igfmood.config.study import Study, Task
from igfmood.config.tiers import ANALYTE
from igfmood.config.vocabulary import VARIABLES
from igfmood.errors import NotEstimable
from igfmood.normalise.participants import standardiser
from igfmood.normalise.standardise import people_of


@dataclass(frozen=True)
class People:
    """Arrays of one set of people, one entry a person.

    Parameters
    ----------
    cohort, participant
        Names and keys, shape (n,).
    case
        1 for cases, 0 for controls of the task, shape (n,).
    measured
        What a standard deviation score is learned from and computed for: column ``cohort`` and
        those of `normalise.standardise.COLUMNS`, n rows.
    covariates
        Columns by predictor name, each shape (n, k).
    """

    cohort: np.ndarray
    participant: np.ndarray
    case: np.ndarray
    measured: pd.DataFrame
    covariates: Mapping[str, np.ndarray]

    def take(self, rows: np.ndarray) -> "People":
        """Return the people at these positions (or where a mask is true)."""
        return People(
            self.cohort[rows], self.participant[rows], self.case[rows],
            self.measured.iloc[np.flatnonzero(rows) if rows.dtype == bool else rows],
            {name: columns[rows] for name, columns in self.covariates.items()},
        )  # fmt: skip

    def __len__(self) -> int:
        return len(self.case)


@dataclass(frozen=True)
class TaskData:
    """A task's people, healthy people outside the task, and cohorts that cannot take part.

    Parameters
    ----------
    people
        Cases and controls with every predictor known.
    bystanders
        Healthy people of the same cohorts who are neither: they serve the reference curve where
        the task itself has no controls.
    refused
        Cohort: why it cannot take part.
    """

    people: People
    bystanders: People
    refused: dict[str, str]


def task_data(
    cohorts: Mapping[str, pd.DataFrame],
    task: Task,
    study: Study,
    left_out: Mapping[str, str] = MappingProxyType({}),
) -> TaskData:
    """Collect the people of a task from all cohorts, at their first visit.

    Cohorts that share people with another one are left out: `left_out` says which, and why.
    """
    used: list[tuple[str, pd.DataFrame]] = []
    outside: list[tuple[str, pd.DataFrame]] = []
    refused: dict[str, str] = {}
    needed = _needed(study)
    for name, table in cohorts.items():
        first = table[table["is_baseline"]]
        groups = first[first["diagnosis"].isin([*task.cases, *task.controls])]
        known = [column for column in needed if column in groups]
        complete = (
            groups[groups[known].notna().all(axis=1) & _covered(groups, name, study)]
            if len(known) == len(needed)
            else groups.iloc[:0]
        )
        bystanders = first[(first["diagnosis"] == "control") & ~first.index.isin(groups.index)]
        absent = [column for column in needed if column not in known]
        reason = (
            left_out.get(name, "")
            or _not_measured(first, study)
            or _refusal(groups, complete, absent, task, study)
            or _confounded(first, task, study)
            or _no_curve(name, complete, bystanders, study)
        )
        if reason:
            refused[name] = reason
            continue
        used.append((name, complete))
        outside.append((name, bystanders))
    return TaskData(_people(used, task, study), _people(outside, task, study), refused)


def _needed(study: Study) -> list[str]:
    """Return every column that some tier, or the reference curve, needs."""
    predictors = [name for tier in study.prediction_tiers.values() for name in tier]
    names = [
        "age_years",
        "sex",
        *(study.analyte.converted if n == ANALYTE else n for n in predictors),
    ]
    return list(dict.fromkeys(names))


def _covered(groups: pd.DataFrame, name: str, study: Study) -> pd.Series:
    """Return who can have a score, for a curve ends with its ages; without one, everybody."""
    scored = groups[study.analyte.sds].notna()
    published = study.cohort(name).reference.table is not None
    return scored if published or scored.any() else pd.Series(True, index=groups.index)


def _not_measured(first: pd.DataFrame, study: Study) -> str:
    measured = first[study.analyte.converted].notna().any()
    return "" if measured else f"{study.analyte.label} was not measured in this cohort"


def _refusal(
    groups: pd.DataFrame, complete: pd.DataFrame, absent: Sequence[str], task: Task, study: Study
) -> str:
    if absent:
        return f"{', '.join(absent)} not in this cohort"
    for label, members in (("cases", task.cases), ("controls", task.controls)):
        everyone = int(groups["diagnosis"].isin(members).sum())
        n = int(complete["diagnosis"].isin(members).sum())
        if n < study.gates.class_size:
            with_all = "" if n == everyone else " with all predictors"
            who = f"{label}{with_all} ({' or '.join(members)})"
            return f"too few {who}: {n} < {study.gates.class_size}"
    return ""


def _confounded(first: pd.DataFrame, task: Task, study: Study) -> str:
    try:
        require_batches_apart(first, task, study)
    except NotEstimable as error:
        return error.reason
    return ""


def _no_curve(name: str, complete: pd.DataFrame, bystanders: pd.DataFrame, study: Study) -> str:
    """Return why a cohort can have no reference curve: it would fail every model it is part of."""
    everyone = pd.concat([complete, bystanders])
    people = people_of(everyone, study.analyte, _reference(name, everyone, study))
    learned = standardiser(study, study.cohort(name)).fit(people)
    if learned.curve is None:
        return learned.curve_failure
    unscored = np.isnan(learned.transform(people)[: len(complete)])
    sexes = sorted(set(complete["sex"][unscored].dropna()))
    return f"no reference people of this sex: {', '.join(sexes)}" if sexes else ""


def _reference(name: str, table: pd.DataFrame, study: Study) -> np.ndarray:
    """Return who may be behind the reference curve, bool, shape (n,)."""
    if study.cohort(name).reference.people == "all":
        return np.ones(len(table), dtype=bool)
    return (table["diagnosis"] == "control").to_numpy(bool)


def _people(tables: Sequence[tuple[str, pd.DataFrame]], task: Task, study: Study) -> People:
    if not tables:
        nothing = np.empty(0)
        return People(nothing, nothing, nothing, pd.DataFrame(), {})
    everyone = pd.concat([table.assign(cohort=name) for name, table in tables], ignore_index=True)
    predictors = sorted({n for tier in study.prediction_tiers.values() for n in tier} - {ANALYTE})
    measured = [
        people_of(table, study.analyte, _reference(name, table, study)).assign(cohort=name)
        for name, table in tables
    ]
    return People(
        everyone["cohort"].to_numpy(str), everyone["participant_id"].to_numpy(str),
        everyone["diagnosis"].isin(task.cases).to_numpy(float),
        pd.concat(measured, ignore_index=True),
        {name: _columns(everyone, name) for name in predictors},
    )  # fmt: skip


def _columns(table: pd.DataFrame, name: str) -> np.ndarray:
    """Return a predictor as numeric columns; categories by the vocabulary, the first left out."""
    variable = VARIABLES[name]
    if variable.kind == "category":
        return np.column_stack(
            [(table[name] == value).to_numpy(float) for value in variable.categories[1:]]
        )
    return table[name].astype(float).to_numpy(na_value=np.nan)[:, None]
