"""What each claim has, and lacks, in each cohort.

Takes participants and claims; gives, by the gates that a run goes through, the numbers that a claim
could use in a cohort or the first thing that is missing. Estimates are not looked at.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from igfmood.association.contrasts import check_groups, contrast
from igfmood.association.design import require_analyte
from igfmood.association.severity import phq9_slope
from igfmood.config.claims import Claim
from igfmood.config.study import Study, Task
from igfmood.errors import NotEstimable
from igfmood.performance.task_data import TaskData, task_data

#: Columns that an analysis needs beside the analyte.
_COLUMNS = {
    "cognition": ("cognition_score",),
    "stress_buffering": ("stress_score", "phq9_total"),
    "neuroplasticity": ("hippocampal_volume",),
    "treatment": ("response",),
}


@dataclass(frozen=True)
class Need:
    """Whether a cohort can take part in a claim, and with what or why not."""

    met: bool
    text: str


def needs(
    study: Study, claims: Sequence[Claim], tables: Mapping[str, pd.DataFrame]
) -> dict[str, dict[str, Need]]:
    """Return claim: cohort: need."""
    data = {task.name: task_data(tables, task, study) for task in study.tasks} if tables else {}
    return {
        claim.id: {name: _need(study, claim, name, table, data) for name, table in tables.items()}
        for claim in claims
    }


def _need(
    study: Study, claim: Claim, name: str, table: pd.DataFrame, data: Mapping[str, TaskData]
) -> Need:
    estimand = claim.estimand
    first = table[table["is_baseline"]]
    try:
        match estimand.analysis:
            case "contrast":
                task = _task(study, estimand.target)
                found = contrast(first, task, study, study.covariate_tiers[estimand.adjustment])
                return _groups(int(found["n_events"]), int(found["n"]))
            case "severity":
                slope = phq9_slope(first, study, study.covariate_tiers[estimand.adjustment])
                return Need(True, f"{slope['n']:,} people")
            case "validation":
                return _validation(data[estimand.target], name)
            case "tails":
                return _tails(first, _task(study, estimand.target), study)
            case _:
                return _columns(_COLUMNS.get(estimand.analysis, ()), table, study)
    except NotEstimable as error:
        return Need(False, error.reason)
    except (KeyError, StopIteration):
        return Need(False, "the claim names no task or tier of this study")


def _task(study: Study, name: str) -> Task:
    return next(task for task in study.tasks if task.name == name)


def _groups(cases: int, everyone: int) -> Need:
    return Need(True, f"{cases:,} against {everyone - cases:,}")


def _validation(data: TaskData, name: str) -> Need:
    if name in data.refused:
        return Need(False, data.refused[name])
    case = data.people.case[data.people.cohort == name]
    return _groups(int(case.sum()), len(case))


def _columns(columns: Sequence[str], table: pd.DataFrame, study: Study) -> Need:
    """Return how many people have the analyte at the first visit and every column at some visit."""
    first = table[table["is_baseline"]]
    require_analyte(first, study)
    people = set(first.loc[first[study.analyte.converted].notna(), "participant_id"])
    for name in columns:
        if name not in table:
            return Need(False, f"no {name}")
        people &= set(table.loc[table[name].notna(), "participant_id"])
    n = len(people)
    return Need(n > 0, f"{n:,} people" if n else f"nobody has {' and '.join(columns)}")


def _tails(first: pd.DataFrame, task: Task, study: Study) -> Need:
    """Return how many cases and controls have the analyte."""
    require_analyte(first, study)
    measured = first[first[study.analyte.converted].notna()]
    groups = measured["diagnosis"][measured["diagnosis"].isin([*task.cases, *task.controls])]
    case = groups.isin(task.cases)
    check_groups(case, task, study.gates.group_size)
    return _groups(int(case.sum()), len(case))
