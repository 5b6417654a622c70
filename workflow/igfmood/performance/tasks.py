"""What is predicted: contrasts of groups, PHQ-9 of 10 or more, response, illness to come.

Takes the study; gives prediction tasks, and the outcome of each person of a cohort.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from igfmood.config.cohort import Cohort
from igfmood.config.prediction import PHQ2
from igfmood.config.study import Study, Task
from igfmood.errors import NotEstimable

Kind = Literal["binary", "classes", "time"]
#: PHQ-9 total from which depression is likely.
CUTOFF = 10
#: Outcomes in the future: column of the event, and what it is called.
_INCIDENT = {
    "incident_depression": "Depression to come",
    "incident_bipolar": "Bipolar disorder to come",
}


@dataclass(frozen=True)
class PredictionTask:
    """One outcome.

    Parameters
    ----------
    name, label
        Key of the results, and words.
    kind
        ``binary``; ``classes`` of more than two; ``time`` to an event.
    classes
        Names of the classes, the first is 0; of a binary outcome control and case.
    groups
        The contrast of groups, if it is one.
    """

    name: str
    label: str
    kind: Kind
    classes: tuple[str, ...]
    groups: Task | None = None

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
    for task in study.tasks:
        pair = (" or ".join(task.controls), " or ".join(task.cases))
        yield PredictionTask(task.name, task.label, "binary", pair, task)
    asked = study.prediction.outcomes
    if "phq9_10" in asked:
        yield PredictionTask("phq9_10", "PHQ-9 of 10 or more", "binary", ("below 10", "10 or more"))
    if "response" in asked:
        yield PredictionTask(
            "response", "Response to treatment", "binary", ("no response", "response")
        )
    for name, label in _INCIDENT.items():
        if name in asked:
            yield PredictionTask(name, label, "time", ("no event", "event"))
    if "diagnosis" in asked:
        named = {name for task in study.tasks for name in (*task.controls, *task.cases)}
        classes = tuple(name for name in ("control", "mdd", "bipolar", "scz", "other")
                        if name in named)  # fmt: skip
        if len(classes) > 2:
            yield PredictionTask("diagnosis", "Which diagnosis", "classes", classes)


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
