"""How the people of each cohort became those of a prediction task.

Takes the findings and a task; gives a table. A count that would give back a small one is rounded.
"""

from igfmood.performance.tasks import PredictionTask
from igfmood.report import words
from igfmood.report.counts import Counts
from igfmood.report.load import Findings
from igfmood.report.recruited import recruited
from igfmood.report.tables import Column, Table, cell


def people_table(findings: Findings, counts: Counts, task: PredictionTask) -> Table:
    """Return the people at the first visit, those with an outcome, and those used, by cohort."""
    columns = (Column("Cohort"), *(Column(title, True) for title in words.RECRUITED.values()))
    rows = []
    for cohort, title in findings.titles().items():
        found = recruited(findings, counts, task, cohort)
        if found:
            rows.append((cell(title), *(cell(found[step]) for step in words.RECRUITED)))
    label = findings.study.analyte.label
    note = (
        f"Used: of those whose outcome is known, those with {label}, age and sex. Other gaps are "
        "filled. ≈ and ≥ keep small counts from being worked out."
    )
    return Table(f"people_{task.name}", "Who could be used", columns, tuple(rows), note)
