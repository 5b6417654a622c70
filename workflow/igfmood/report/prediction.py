"""What is told of each prediction task: where it was answered, by which models, in which words.

Takes the findings and a task; gives settings, places and tiers to show, and the sentences that
open its part of the report.
"""

from collections.abc import Iterator, Mapping

import pandas as pd

from igfmood.config.prediction import ANALYTE
from igfmood.config.study import Study
from igfmood.disclosure import redact
from igfmood.performance.tasks import PredictionTask, prediction_tasks
from igfmood.report import reasons, words
from igfmood.report.counts import Counts
from igfmood.report.load import Findings
from igfmood.report.numbers import NBSP, Number, Text, level
from igfmood.report.small_cells import too_few
from igfmood.report.text import interval, value, with_sign
from igfmood.results import POOLED
from igfmood.synthesis.row_keys import PREDICTION_TERM, companion

#: Settings, the one that counts more first.
VALIDATION, CROSS_VALIDATION = "validation", "cross_validation"
SETTINGS = (VALIDATION, CROSS_VALIDATION)
#: Number that stands for a model's discrimination, by kind of outcome.
MAIN_MEASURE = {"binary": "auc", "time": "c_index", "classes": "hand_till"}
#: What the analyte adds to it, in the same people.
ADDED_MEASURE = {"binary": "delta_auc", "time": "delta_c_index", "classes": "delta_hand_till"}
#: Tier under which acting on everybody is written.
EVERYBODY = "treat_all"


def all_tasks(study: Study) -> list[PredictionTask]:
    """Return every prediction task of a study."""
    return list(prediction_tasks(study))


def main_tiers(study: Study) -> list[str]:
    """Return the tiers that are shown first: without the analyte, with it, and it alone."""
    new, old = study.added_value
    alone = [name for name, given in study.prediction_tiers.items() if given == [ANALYTE]]
    return [old, new, *[name for name in alone if name not in (old, new)][:1]]


def main_row(
    findings: Findings, task: PredictionTask, setting: str, cohort: str, tier: str
) -> pd.Series | None:
    """Return the discrimination of a model in a place, if it was estimated."""
    measure = MAIN_MEASURE[task.kind]
    return findings.ok(setting, task.name, measure, cohort=cohort, adjustment=tier)


def cohorts_of(findings: Findings, task: PredictionTask, setting: str) -> list[str]:
    """Return the cohorts in which a model of the task was judged this way."""
    tiers = main_tiers(findings.study)
    return [
        cohort.name for cohort in findings.study.cohorts
        if any(main_row(findings, task, setting, cohort.name, tier) is not None for tier in tiers)
    ]  # fmt: skip


def setting_of(findings: Findings, task: PredictionTask) -> str:
    """Return the setting that figures show: left-out cohorts where there are any; else empty."""
    return next((one for one in SETTINGS if cohorts_of(findings, task, one)), "")


def place_of(findings: Findings, task: PredictionTask, setting: str) -> str:
    """Return where the task is answered as a whole: pooled, or in the only cohort; else empty."""
    new = findings.study.added_value[0]
    if main_row(findings, task, setting, POOLED, new) is not None:
        return POOLED
    found = cohorts_of(findings, task, setting)
    return found[0] if len(found) == 1 else ""


def why_not(findings: Findings, task: PredictionTask) -> str:
    """Return why no cohort could answer a task."""
    reason = findings.why_not(analysis=list(SETTINGS), target=task.name)
    return reason or "no cohort could be used"


def place_name(findings: Findings, cohort: str) -> str:
    """Return what a cohort, or their synthesis, is called."""
    return "Pooled" if cohort == POOLED else findings.titles().get(cohort, cohort)


def sentences(findings: Findings, counts: Counts, task: PredictionTask) -> list[Text]:
    """Return in plain words what the analyte adds, and what that means."""
    setting = setting_of(findings, task)
    place = place_of(findings, task, setting) if setting else ""
    if not place:
        return [] if setting else [(f"Not answered: {why_not(findings, task)}.",)]
    row = added(findings, task, setting, place)
    if row is None:
        return [_two_models(findings, counts, task, setting, place)]
    lines = [_added(findings, counts, task, row), _meaning(findings, task, row)]
    return [*lines, *(line for line in (_declared(findings, task), _use(findings, row)) if line)]


def delta(
    findings: Findings, task: str, setting: str, cohort: str, measure: str
) -> pd.Series | None:
    """Return by how much the larger main tier changes a measure, if it was estimated."""
    new, old = findings.study.added_value
    return findings.ok(
        setting, task, measure, cohort=cohort, adjustment=new, term=f"over {old}"
    )  # fmt: skip


def added(
    findings: Findings, task: PredictionTask, setting: str, cohort: str
) -> pd.Series | None:  # fmt: skip
    """Return what the analyte adds to the discrimination of a task, if it was estimated."""
    return delta(findings, task.name, setting, cohort, ADDED_MEASURE[task.kind])


def headline(findings: Findings, task: PredictionTask) -> Text:
    """Return what stands beside the title of a task while it is folded up."""
    setting = setting_of(findings, task)
    place = place_of(findings, task, setting) if setting else ""
    if not setting:
        return ("not answered",)
    where = words.SETTINGS[setting][0].lower()
    row = added(findings, task, setting, place) if place else None
    if row is not None:
        name = words.MEASURES[row["measure"]]
        return (f"{name} ", with_sign(row), " (", *interval(row), f"; {where})")
    new, old = findings.study.added_value
    found = [main_row(findings, task, setting, place, tier) for tier in (old, new)] if place else []
    if len(found) == 2 and found[0] is not None and found[1] is not None:
        name = words.MEASURES[MAIN_MEASURE[task.kind]]
        return (f"{name} ", value(found[0]), " without, ", value(found[1]),
                f" with {findings.study.analyte.label} ({where})")  # fmt: skip
    return (f"not pooled ({where})",)


_WHO = {
    VALIDATION: "In people of cohorts that had no part in building the model",
    CROSS_VALIDATION: "In people of the same cohort who had no part in building the model",
}


def _added(findings: Findings, counts: Counts, task: PredictionTask, row: pd.Series) -> Text:
    study = findings.study
    _, old = study.added_value
    of = f"the {words.MEASURES[MAIN_MEASURE[task.kind]]} of {words.prediction_tier(old, study)}"
    does = (f"changes {of} by ", "") if row["estimate"] < 0 else ("adds ", f" to {of}")
    return (
        f"{_WHO[row['analysis']]}, {study.analyte.label} {does[0]}", with_sign(row),
        f"{does[1]} (", *interval(row), *_behind(findings, row), ", ",
        counts.people(row), " people)", *_from_to(findings, task, row), ".",
    )  # fmt: skip


def _from_to(findings: Findings, task: PredictionTask, row: pd.Series) -> Text:
    found = [
        main_row(findings, task, row["analysis"], row["cohort"], tier)
        for tier in reversed(findings.study.added_value)
    ]
    if found[0] is None or found[1] is None:
        return ()
    together = ", each pooled by itself" if row["cohort"] == POOLED else ""
    return (": ", value(found[0]), " without it, ", value(found[1]), f" with it{together}")


def _behind(findings: Findings, row: pd.Series) -> Text:
    if row["cohort"] != POOLED:
        return (f", {place_name(findings, row['cohort'])}",)
    k = findings.ok(
        row["analysis"], row["target"], "k", adjustment=row["adjustment"],
        term=f"{row['measure']} {row['term']}".strip(),
    )  # fmt: skip
    return () if k is None else (f", k{NBSP}={NBSP}", value(k), " cohorts")


#: Kind of outcome: what a larger measure means, in words.
_ORDER = {
    "binary": "cases are ranked above controls more often",
    "time": "who falls ill sooner has the higher risk more often",
    "classes": "people of two diagnoses are told apart more often",
}


def _meaning(findings: Findings, task: PredictionTask, row: pd.Series) -> Text:
    label = findings.study.analyte.label
    if row["ci_high"] < 0:
        return (f"The model with {label} is the worse one there: what it learned of {label} does "
                "not carry over.",)  # fmt: skip
    if row["ci_low"] <= 0:
        return ("The interval holds 0: it may add nothing, or up to ", value(row, "ci_high"), ".")
    text: Text = (f"More than chance: {_ORDER[task.kind]} once {label} is known.",)
    predicted = findings.ok(
        row["analysis"], row["target"], row["measure"], adjustment=row["adjustment"],
        term=companion(row["term"], PREDICTION_TERM),
    ) if row["cohort"] == POOLED else None  # fmt: skip
    if predicted is not None and predicted["ci_low"] <= 0:
        text = (*text, " In a new cohort it may still add nothing (", value(predicted, "ci_low"),
                " to ", value(predicted, "ci_high"),
                f", {level(predicted['level'])} prediction interval).")  # fmt: skip
    return text


def _declared(findings: Findings, task: PredictionTask) -> Text:
    """Return how much was declared to be worth having, by a claim about this test."""
    margins = [
        claim.margin for claim in findings.claims.values()
        if claim.kind == "diagnostic" and claim.estimand.target == task.name
    ]  # fmt: skip
    return (f"Declared beforehand as worth having: more than {margins[0]:g}.",) if margins else ()


def _use(findings: Findings, row: pd.Series) -> Text:
    """Return at which thresholds acting on the larger model is better, if at any."""
    known = [one for _, one in by_threshold(findings, row, "delta_net_benefit")]
    found = [one for one in known if not too_few(findings, one)]
    if not found:
        return ()
    better = [one for one in found if one["ci_low"] > 0]
    worse = [one for one in found if one["ci_high"] < 0]
    parts: Text = ()
    for group, word in ((better, "more"), (worse, "less")):
        if group:
            parts = (
                *parts, *((" ",) if parts else ()),
                f"Acting on it has {word} net benefit than acting without it at a threshold of ",
                *_list(group), ".",
            )  # fmt: skip
    which = (
        "declared thresholds" if len(found) == len(known) else "thresholds at which it may be shown"
    )
    return parts or (
        f"At none of the {which} does the interval of the added net benefit leave 0 out.",
    )


def by_threshold(
    findings: Findings, row: Mapping[str, str] | pd.Series, measure: str
) -> Iterator[tuple[float, pd.Series]]:
    """Yield each declared threshold with its row, where there is one."""
    for threshold in findings.study.prediction.thresholds:
        found = findings.ok(
            row["analysis"], row["target"], measure, cohort=row["cohort"],
            adjustment=row["adjustment"], term=f"at {threshold:g}",
        )  # fmt: skip
        if found is not None:
            yield threshold, found


def _list(rows: list[pd.Series]) -> Text:
    parts: list[str | Number] = []
    for place, row in enumerate(rows):
        if place:
            parts.append(" and " if place == len(rows) - 1 else ", ")
        parts.append(Number(str(row["term"]).removeprefix("at "), row["result_id"]))
    return tuple(parts)


def _two_models(
    findings: Findings, counts: Counts, task: PredictionTask, setting: str, place: str
) -> Text:
    """Return the discrimination of both main models, where no difference was estimated."""
    study = findings.study
    new, old = study.added_value
    name = words.MEASURES[MAIN_MEASURE[task.kind]]
    found = {tier: main_row(findings, task, setting, place, tier) for tier in (old, new)}
    parts: Text = (f"{_WHO[setting]} ({place_name(findings, place)}): ",)
    for tier, row in found.items():
        told = words.prediction_tier(tier, study)
        if row is None:
            parts = (*parts, f"no {name} of {told}; ")
        else:
            parts = (*parts, f"{name} of {told} ", value(row), " (", *interval(row), "); ")
    known = next((row for row in found.values() if row is not None), None)
    people: Text = () if known is None else (counts.people(known), " people. ")
    return (*parts, *people, _why_no_difference(findings, task, setting, place))


def _told(row: pd.Series, findings: Findings) -> str:
    return redact(reasons.without_keys(row["reason"], findings.study), findings.min_cell)


def _why_no_difference(
    findings: Findings, task: PredictionTask, setting: str, place: str
) -> str:  # fmt: skip
    """Return why nothing can be said of the difference of both main models."""
    new, old = findings.study.added_value
    row = findings.find(
        setting, task.name, ADDED_MEASURE[task.kind], cohort=place, adjustment=new,
        term=f"over {old}",
    )  # fmt: skip
    why = f": {_told(row, findings)}" if row is not None else ""
    return f"Their difference could not be estimated{why}."
