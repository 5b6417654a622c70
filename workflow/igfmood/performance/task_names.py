"""What prediction tasks there are: names, words and kinds, before any table is read.

Takes the study; gives its tasks. Imports nothing that reads tables, so that every process of a
workflow can list its figures cheaply.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from igfmood.config.study import Study, Task

Kind = Literal["binary", "classes", "time"]
#: Outcomes in the future: column of the event, and what it is called.
_INCIDENT = {
    "incident_depression": "Depression to come",
    "incident_bipolar": "Bipolar disorder to come",
}


@dataclass(frozen=True)
class TaskName:
    """One outcome, by name.

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


def task_names(study: Study) -> Iterator[TaskName]:
    """Yield every task of a study, contrasts of groups first."""
    for task in study.tasks:
        pair = (" or ".join(task.controls), " or ".join(task.cases))
        yield TaskName(task.name, task.label, "binary", pair, task)
    asked = study.prediction.outcomes
    if "phq9_10" in asked:
        yield TaskName("phq9_10", "PHQ-9 of 10 or more", "binary", ("below 10", "10 or more"))
    if "response" in asked:
        yield TaskName("response", "Response to treatment", "binary", ("no response", "response"))
    for name, label in _INCIDENT.items():
        if name in asked:
            yield TaskName(name, label, "time", ("no event", "event"))
    if "diagnosis" in asked:
        named = {name for task in study.tasks for name in (*task.controls, *task.cases)}
        classes = tuple(name for name in ("control", "mdd", "bipolar", "scz", "other")
                        if name in named)  # fmt: skip
        if len(classes) > 2:
            yield TaskName("diagnosis", "Which diagnosis", "classes", classes)
