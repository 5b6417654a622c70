"""What each claim has, and lacks, in each cohort.

Takes participants and claims; gives, by the gates that a run goes through, the numbers that a claim
could use in a cohort or the first thing that is missing. Claims about genes are asked of the
study's summary tables instead. Estimates are not looked at.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from igfmood.association.people import people_at_baseline
from igfmood.association.question import answer
from igfmood.association.questions import question_of
from igfmood.association.sample import COMPLETE, CohortData, Specification
from igfmood.association.visits import change_within, decline
from igfmood.config.claims import Claim
from igfmood.config.study import Study
from igfmood.errors import NotEstimable
from igfmood.impute.participants import Completed
from igfmood.performance.task_data import TaskData, task_data
from igfmood.performance.tasks import prediction_tasks
from igfmood.synthesis.genetic_tables import Fit, frequencies_compared

#: Stands where a cohort would, for claims about genes; no cohort can be called so.
GENETICS = "<genetics>"


@dataclass(frozen=True)
class Need:
    """Whether a cohort can take part in a claim, and with what or why not."""

    met: bool
    text: str


def needs(
    study: Study, claims: Sequence[Claim], tables: Mapping[str, pd.DataFrame],
    fits: Mapping[str, Fit],
) -> dict[str, dict[str, Need]]:  # fmt: skip
    """Return claim: cohort: need; nothing where no cohort could be read.

    Parameters
    ----------
    study, claims
        What is asked.
    tables
        Cohort: participants.
    fits
        Genetic outcome: how its table fits the exposure's; none of tables with errors.
    """
    asked = prediction_tasks(study) if tables else ()
    data = {task.name: task_data(tables, task, study) for task in asked}
    people = {name: _as_given(study, name, table) for name, table in tables.items()}
    return {
        claim.id: (
            {GENETICS: _genetic(claim, study, fits)}
            if tables and claim.estimand.analysis == "mendelian"
            else {name: _need(claim, name, tables[name], people[name], data) for name in tables}
        )
        for claim in claims
    }  # fmt: skip


def _genetic(claim: Claim, study: Study, fits: Mapping[str, Fit]) -> Need:
    """Return whether there are summary tables that a claim about genes can be asked of."""
    target = claim.estimand.target
    if study.genetics is None:
        return Need(False, "no genetic summary tables are given (key genetics)")
    if target not in [outcome.name for outcome in study.genetics.outcomes]:
        return Need(False, f"no genetic summary table of {target} (key genetics)")
    fit = fits.get(target)
    if fit is None:
        return Need(False, "the genetic summary tables have errors")
    if fit.reason:
        return Need(False, fit.reason)
    return Need(
        True,
        f"{fit.used:,} of {fit.listed:,} variants can be used; {fit.compared:,} "
        f"{frequencies_compared(fit)}",
    )


def _as_given(study: Study, name: str, table: pd.DataFrame) -> CohortData:
    """Return a cohort's people with nothing imputed: what is counted is what is there."""
    people = people_at_baseline(table, study)
    return CohortData(people, Completed((), {}, None, "", {}), study, study.cohort(name))


def _need(
    claim: Claim, name: str, table: pd.DataFrame, people: CohortData, data: Mapping[str, TaskData]
) -> Need:
    estimand = claim.estimand
    try:
        if estimand.analysis == "validation":
            return _validation(data[estimand.target], name)
        if estimand.analysis == "within_person":
            return Need(True, f"{change_within(table, people.study)[''][1]:,} people who changed")
        if estimand.term in ("decline", "level_over_visits"):
            return Need(True, f"{decline(table, people.study)['decline'][1]:,} people over visits")
        return _at_baseline(claim, people)
    except NotEstimable as error:
        return Need(False, error.reason)
    except KeyError:
        return Need(False, "the claim names no task or tier of this study")


def _at_baseline(claim: Claim, people: CohortData) -> Need:
    estimand = claim.estimand
    question = question_of(
        people.study, estimand.analysis, estimand.target, estimand.measure, estimand.term
    )
    if question is None:
        return Need(False, "the claim names no number that is estimated")
    question.allowed(people)
    specification = Specification(estimand.adjustment, estimand.population, missing=COMPLETE)
    found: dict[str, Any] = answer(question, specification, people)[estimand.measure, estimand.term]
    events = found.get("n_events")
    if events is not None and question.task is not None:
        return _groups(int(events), int(found["n"]))
    more = f", {events:,} events" if events is not None else ""
    return Need(True, f"{found['n']:,} people{more}")


def _groups(cases: int, everyone: int) -> Need:
    return Need(True, f"{cases:,} against {everyone - cases:,}")


def _validation(data: TaskData, name: str) -> Need:
    if name in data.refused:
        return Need(False, data.refused[name])
    case = data.people.y[data.people.cohort == name]
    return _groups(int(case.sum()), len(case))
