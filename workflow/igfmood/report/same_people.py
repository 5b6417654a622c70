"""Whether a prediction task asks the same of the same people as an earlier one.

Takes the findings and a task; gives a sentence.
"""

from igfmood.performance.tasks import CUTOFF, PredictionTask
from igfmood.report.load import Findings
from igfmood.report.numbers import Text
from igfmood.report.prediction import SETTINGS, all_tasks, main_row

#: Setting and cohort: people and cases.
_Used = dict[tuple[str, str], tuple[int, int]]


def same_as(findings: Findings, task: PredictionTask) -> Text:
    """Return which earlier task has the same people and outcome, nothing if none has.

    Where the PHQ-9 alone makes the diagnosis, a contrast of diagnoses is the task of the PHQ-9.
    """
    used = _used(findings, task)
    if not used or not _by_phq9(findings, used):
        return ()
    tasks = all_tasks(findings.study)
    for other in tasks[: [one.name for one in tasks].index(task.name)]:
        pair = (task, other)
        about = any(one.by_phq9 for one in pair) and any(one.groups is not None for one in pair)
        if about and _used(findings, other) == used:
            return (
                f"The same people and outcome as {other.label}: numbers differ only by how gaps "
                "were filled and by the draw of folds and samples.",
            )
    return ()


def _used(findings: Findings, task: PredictionTask) -> _Used:
    """Return the people and cases of the larger main model in every cohort."""
    new = findings.study.added_value[0]
    rows = {
        (setting, cohort): main_row(findings, task, setting, cohort, new)
        for setting in SETTINGS if task.kind == "binary"
        for cohort in findings.titles()
    }  # fmt: skip
    return {
        key: (int(row["n"]), int(row["n_events"])) for key, row in rows.items() if row is not None
    }


def _by_phq9(findings: Findings, used: _Used) -> bool:
    """Return whether the PHQ-9, cut as in its own task, makes the diagnosis of every cohort."""
    return all(findings.study.cohort(name).phq9_cutoff == CUTOFF for _, name in used)
