"""Every figure of a report by name, with its place in Snakemake's report.

Takes a study and its claims; gives the names, before anything is drawn.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from igfmood.config.analysis import ALL
from igfmood.config.claims import Claim
from igfmood.config.study import Study
from igfmood.performance.task_names import TaskName, task_names

#: Analysis, measure and term of the numbers that every combination of forks estimates.
FORKED = {
    ("contrast", "smd", ""), ("severity", "beta", ""), ("stress_buffering", "beta", ""),
    ("neuroplasticity", "beta", ""), ("cognition", "beta", ""), ("incidence", "log_hr", ""),
    ("treatment", "log_or", "predictive"),
}  # fmt: skip
#: Analyses whose forest plots of everybody belong to a task or to the PHQ-9, or that have none.
_ELSEWHERE = ("contrast", "severity", "validation", "mendelian")
#: Figures of prediction, and what they are called; of outcomes that are not binary only some.
_PREDICTION = {
    "added": "Added value", "auc": "Discrimination", "roc": "ROC curves",
    "calibration": "Calibration curves", "decision": "Decision curves",
    "transport": "Transport between cohorts",
}  # fmt: skip
_OF_OTHER_KINDS = {"time": ("auc", "decision"), "classes": ("auc",)}
#: Figures of the blind report, in the order of its page.
BLIND = ("flow", "missing", "measured", "reference", "worm")
#: What the names of figures begin with that hold estimates and their intervals alone. Only these
#: are given as vectors too: from the coordinates of others, counts of few people could be read.
_OF_ESTIMATES = (
    "added", "auc", "forest", "funnel", "published", "shape", "slopes", "specification",
    "transport",
)  # fmt: skip
#: Tasks that published studies are about.
_PUBLISHED = ("depression", "bipolar")


@dataclass(frozen=True)
class FigureName:
    """A figure: its file's name without .png, caption file, and place in Snakemake's report."""

    name: str
    caption: str
    category: str
    kind: str
    about: str


def is_vector(name: str) -> bool:
    """Return whether a figure is given as a vector too, in ``release/figures``."""
    return name.split("_", 1)[0] in _OF_ESTIMATES


def figure_names(study: Study, claims: Iterable[Claim]) -> list[FigureName]:
    """Return every figure that a report of this study has."""
    return [*_of_cohorts(), *_of_estimates(study, list(claims)), *_of_tasks(study)]


def _of_cohorts() -> Iterator[FigureName]:
    everyone = "all cohorts"
    yield FigureName("flow", "flow", "Cohorts", "Flow", everyone)
    yield FigureName("missing", "missing", "Data quality", "Missing values", everyone)
    yield FigureName("imputation", "imputation", "Data quality", "Imputed values", everyone)
    name = "imputation_trace"
    yield FigureName(name, name, "Data quality", "Traces of the chains", everyone)
    yield FigureName("measured", "measured", "Data quality", "Measured against not", everyone)
    yield FigureName("reference", "reference", "Reference curves", "Centile curves", everyone)
    yield FigureName("worm", "worm", "Reference curves", "Worm plots", everyone)
    yield FigureName("batches", "batches", "Data quality", "Batches", everyone)


def _of_estimates(study: Study, claims: list[Claim]) -> Iterator[FigureName]:
    name = "forest_severity"
    yield FigureName(name, name, "Estimates", "Forest plot", "PHQ-9 slope")
    for claim in with_forest(claims):
        for place in terms(claim):
            name = forest_name(claim, place)
            yield FigureName(name, "forest_claim", "Estimates", "Forest plot", name)
    yield FigureName("slopes_stress", "slopes_stress", "Estimates", "Simple slopes", "stress")
    for claim in with_forks(claims):
        name = f"specification_{claim.id}"
        yield FigureName(name, "specification", "Estimates", "Specification curve", claim.id)
    for target in shaped(study):
        yield FigureName(f"shape_{target}", "shape", "Estimates", "Spline", target)
    for target in published(study):
        name = f"published_{target}"
        yield FigureName(name, "published", "Published studies", "Forest plot", target)
        yield FigureName(f"funnel_{target}", "funnel", "Published studies", "Funnel plot", target)


def _of_tasks(study: Study) -> Iterator[FigureName]:
    for task in study.tasks:
        name = f"forest_{task.name}"
        yield FigureName(name, "forest", "Estimates", "Forest plot", task.label)
    for kind, what in _PREDICTION.items():
        for one in task_names(study):
            if kind in of_prediction(one):
                yield FigureName(f"{kind}_{one.name}", kind, "Performance", what, one.label)


def of_prediction(task: TaskName) -> list[str]:
    """Return the kinds of figure that a prediction task has."""
    return [
        kind for kind in _PREDICTION
        if task.kind == "binary" or kind in _OF_OTHER_KINDS[task.kind]
    ]  # fmt: skip


def with_forks(claims: Iterable[Claim]) -> list[Claim]:
    """Return the claims whose number is estimated under every combination of forks."""
    return [
        claim for claim in claims
        if (claim.estimand.analysis, claim.estimand.measure, claim.estimand.term) in FORKED
    ]  # fmt: skip


def with_forest(claims: Iterable[Claim]) -> list[Claim]:
    """Return the claims that have forest plots of their own."""
    return [
        claim for claim in claims
        if claim.estimand.analysis not in _ELSEWHERE or claim.estimand.population != ALL
    ]  # fmt: skip


def terms(claim: Claim) -> list[str]:
    """Return the terms of a claim that has two, and of any other an empty one."""
    return [claim.estimand.term, claim.estimand.also] if claim.estimand.also else [""]


def forest_name(claim: Claim, term: str = "") -> str:
    """Return the name of a claim's own forest plot."""
    return f"forest_claim_{claim.id}_{term}" if term else f"forest_claim_{claim.id}"


def shaped(study: Study) -> list[str]:
    """Return the outcomes whose relation to the analyte has a curve."""
    return ["phq9_total", *(task.name for task in study.tasks)]


def published(study: Study) -> list[str]:
    """Return the tasks that published studies are about, if the study names any studies."""
    named = [task.name for task in study.tasks if task.name in _PUBLISHED]
    return named if study.published_evidence else []
