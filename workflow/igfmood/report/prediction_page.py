"""The report's part on prediction, ready for the template.

Takes the findings; gives, for each task, sentences, figures and tables in the order of the page.
"""

from dataclasses import dataclass, field

from igfmood.performance.tasks import PredictionTask
from igfmood.report import (
    building_tables,
    names,
    people_tables,
    prediction,
    prediction_tables,
    same_people,
    subgroup_tables,
    update_tables,
    use_tables,
)
from igfmood.report.counts import Counts
from igfmood.report.load import Findings
from igfmood.report.numbers import Text
from igfmood.report.panel import Panel, panel_of
from igfmood.report.tables import Table

#: Kind of figure, in the order of the page: what it shows.
CAPTIONS = {
    "added": (
        "AUC that the analyte adds, in the same people, for every pair of tiers that differ in it "
        "alone. Diamonds: pooled by random effects with modified Knapp–Hartung interval. Intervals "
        "beyond 0.6 are cut at the edge."
    ),
    "auc": (
        "How well the main models tell people apart, with intervals. Bottom row: pooled on the "
        "logit scale, modified Knapp–Hartung. Overlapping intervals of two models say nothing of "
        "their difference."
    ),
    "roc": (
        "ROC curves on a grid of 21 points, of the first draw; the number is the AUC of each model "
        "in that cohort. Cross-validated, the curve is across folds, the number the mean within "
        "folds. A curve has a gap where a cell of the two by two table behind it holds fewer "
        "people than may be shown."
    ),
    "calibration": (
        "Observed share of people with the outcome against predicted risk, between the 5th and "
        "95th centile of the prediction, smoothed, with bootstrap bands point by point. On the "
        "dotted line, predictions are right. A curve far off means that the model would have to be "
        "recalibrated there. Few people: fewer than 100 with or without the outcome; bends of "
        "such a curve are mostly chance, and the slope says more."
    ),
    "decision": (
        "Net benefit: true positives per person, less false positives at the odds of the "
        "threshold, the risk at which one would act. A model helps where its line is above those "
        "of acting on everybody, on nobody and without the analyte. Band: interval of the model "
        "with it, at each threshold. A cohort's line has a gap where a cell of the two by two "
        "table behind it holds fewer people than may be shown. The line of acting on everybody is "
        "cut. The pooled panel has no band, and a pooled line ends where in some cohort nobody, or "
        "everybody, is at or above the threshold: such a net benefit has no variance to be pooled "
        "by."
    ),
    "transport": (
        "AUC of a model built in one cohort (row) and used in another (column), with its interval. "
        "Dashed frame: cross-validated within the cohort. Blue: above 0.5, red: below."
    ),
}


@dataclass(frozen=True)
class Prediction:
    """What the page shows of one task.

    Parameters
    ----------
    name, label, headline, lines
        The task; what stands beside its title; sentences.
    answered
        Whether any cohort could tell.
    figures
        Kinds of figure.
    tables
        Kind of figure: tables below it.
    building, appendix
        Tables of the model of all cohorts, and those that few readers need.
    people
        How the people of each cohort became those of the task.
    panel
        What the test would do among 1,000 people, where curves can be shown.
    notes
        Sentences on the smallest effect that would be found, and on permuted labels.
    """

    name: str
    label: str
    headline: Text
    lines: list[Text]
    answered: bool
    figures: list[str] = field(default_factory=list)
    tables: dict[str, list[Table]] = field(default_factory=dict)
    building: list[Table] = field(default_factory=list)
    appendix: list[Table] = field(default_factory=list)
    people: Table | None = None
    panel: Panel | None = None
    notes: list[Text] = field(default_factory=list)


def predictions(findings: Findings, counts: Counts) -> list[Prediction]:
    """Return every prediction task of the study, in order."""
    tasks = prediction.all_tasks(findings.study)
    return [_prediction(findings, counts, task) for task in tasks]


def _prediction(findings: Findings, counts: Counts, task: PredictionTask) -> Prediction:
    headline = prediction.headline(findings, task)
    lines = prediction.sentences(findings, counts, task)
    if not prediction.setting_of(findings, task):
        return Prediction(task.name, task.label, headline, lines, answered=False)
    same = same_people.same_as(findings, task)
    lines += [same] if same else []
    binary = task.kind == "binary"
    return Prediction(
        task.name, task.label, headline, lines, answered=True,
        figures=names.of_prediction(task), tables=_tables(findings, counts, task),
        building=[
            building_tables.optimism_table(findings, task),
            building_tables.building_table(findings, task),
            subgroup_tables.subgroups_table(findings, task),
            subgroup_tables.differences_table(findings, task),
        ] if binary else [],
        appendix=_appendix(findings, counts, task),
        people=people_tables.people_table(findings, counts, task),
        panel=panel_of(findings, task) if binary else None,
        notes=[
            building_tables.power_sentence(findings, task),
            building_tables.permutation_sentence(findings, task),
        ] if binary else [],
    )  # fmt: skip


def _tables(findings: Findings, counts: Counts, task: PredictionTask) -> dict[str, list[Table]]:
    """Return the tables below each figure."""
    performance = [
        prediction_tables.performance_table(findings, counts, task, setting)
        for setting in prediction.SETTINGS
    ]
    empty: dict[str, list[Table]] = {kind: [] for kind in CAPTIONS}
    gained = prediction_tables.added_table(findings, task)
    if task.kind == "classes":
        return empty | {
            "auc": [*performance, gained, prediction_tables.pairs_table(findings, task)]
        }
    decisions = [use_tables.net_benefit_table(findings, task)]
    if task.kind == "time":
        return empty | {"auc": [*performance, gained], "decision": decisions}
    return empty | {
        "added": [
            gained, prediction_tables.more_added_table(findings, task),
        ],
        "auc": performance,
        "calibration": [
            *(prediction_tables.calibration_table(findings, task, setting)
              for setting in prediction.SETTINGS),
            update_tables.update_table(findings, task),
        ],
        "decision": [
            *decisions, use_tables.cuts_table(findings, task),
            use_tables.predictive_table(findings, task),
        ],
        "transport": [
            use_tables.transport_table(findings, task),
            use_tables.carried_cuts_table(findings, task),
        ],
    }  # fmt: skip


def _appendix(findings: Findings, counts: Counts, task: PredictionTask) -> list[Table]:
    found = [prediction_tables.models_table(findings, task)]
    if task.kind == "binary":
        found += [
            *(prediction_tables.more_table(findings, task, setting)
              for setting in prediction.SETTINGS),
            use_tables.avoided_table(findings, task), use_tables.bags_table(findings, task),
            prediction_tables.reclassification_table(findings, task),
        ]  # fmt: skip
    return found
