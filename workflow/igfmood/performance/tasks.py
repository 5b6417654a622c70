"""What is predicted: contrasts of groups, PHQ-9 of 10 or more, response, illness to come.

Takes the study; gives prediction tasks, and the outcome of each person of a cohort.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from igfmood.config.cohort import Cohort
from igfmood.config.prediction import PHQ2
from igfmood.config.study import Study
from igfmood.errors import NotEstimable
from igfmood.performance.task_names import TaskName, task_names

#: PHQ-9 total from which depression is likely.
CUTOFF = 10


@dataclass(frozen=True)
class PredictionTask(TaskName):
    """One outcome, with the class of each person and what may not predict it."""

    @property
    def by_phq9(self) -> bool:
        """Whether the PHQ-9 defines the outcome, whatever the cohort."""
        return self.name == "phq9_10"

    def forbids(self, predictor: str, cohort: Cohort) -> str:
        """Return why a predictor may not be used: the PHQ-9 never both defines and predicts."""
        if predictor != PHQ2:
            return ""
        diagnosed = self.groups is not None or self.name == "diagnosis"
        if self.by_phq9 or (
            diagnosed and any(one.source.startswith("phq9") for one in cohort.diagnosis)
        ):
            return "the PHQ-9 defines the cases"
        # Controls with too many points become other people.
        touched = {"control", "other"} & self._diagnoses()
        if touched and cohort.controls != "as_coded":
            return "the PHQ-9 defines the controls"
        return ""

    def _diagnoses(self) -> set[str]:
        """Diagnoses that the outcome tells apart."""
        if self.groups is not None:
            return {*self.groups.cases, *self.groups.controls}
        return set(self.classes) if self.name == "diagnosis" else set()

    def outcome(self, people: pd.DataFrame) -> pd.DataFrame:
        """Return the outcome of people at their first visit.

        Parameters
        ----------
        people
            One row a person, outcomes of later visits included.

        Returns
        -------
        DataFrame, same index
            ``y``: class (0, 1 …), or whether the event came; ``time``: years of follow-up (0
            unless `kind` is ``time``). Missing for who has no part in the task.

        Raises
        ------
        NotEstimable
            If the cohort has no such outcome.
        """
        if self.kind == "time":
            return _event(people, self.name)
        return pd.DataFrame({"y": self._class(people), "time": 0.0}, index=people.index)

    def _class(self, people: pd.DataFrame) -> pd.Series:
        if self.groups is not None:
            case = people["diagnosis"].isin(self.groups.cases)
            control = people["diagnosis"].isin(self.groups.controls)
            return case.astype(float).where(case | control)
        if self.name == "diagnosis":
            return people["diagnosis"].map({name: float(i) for i, name in enumerate(self.classes)})
        column = {"phq9_10": "phq9_total", "response": "response"}[self.name]
        if column not in people or people[column].isna().all():
            raise NotEstimable(f"{column} not in this cohort")
        values = people[column].astype("Float64")
        return (values >= CUTOFF if self.name == "phq9_10" else values).astype("Float64").astype(
            float
        )  # fmt: skip


def prediction_tasks(study: Study) -> Iterator[PredictionTask]:
    """Yield every task of a study, contrasts of groups first."""
    for one in task_names(study):
        yield PredictionTask(one.name, one.label, one.kind, one.classes, one.groups)


def _event(people: pd.DataFrame, column: str) -> pd.DataFrame:
    """Return event and years of follow-up of who is known to have been followed."""
    absent = [name for name in (column, "followup_years") if name not in people]
    if absent or people[column].isna().all():
        raise NotEstimable(f"{' and '.join(absent or [column])} not in this cohort")
    if "entry_years" in people and (people["entry_years"].fillna(0) > 0).any():
        raise NotEstimable(
            "people enter follow-up late: a prediction made at the first visit cannot be judged"
        )
    time = people["followup_years"].astype(float)
    event = people[column].astype("Float64").astype(float).where(time > 0)
    return pd.DataFrame({"y": event, "time": time}, index=people.index).where(
        event.notna() & np.isfinite(time)
    )
