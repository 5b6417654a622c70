"""Which law a claim's effect is, in the people of a cohort.

Takes a claim and a cohort's people; gives the law by which scores are drawn so that the claim's
estimand has the planted value.
"""

from collections.abc import Callable
from functools import partial

import numpy as np

from igfmood.association.question import Question, samples_of, standardised
from igfmood.association.questions import question_of
from igfmood.association.questions.severity import CUTOFF
from igfmood.association.questions.treatment import on_drug
from igfmood.association.regression import logistic as logistic_fit
from igfmood.association.sample import COMPLETE, Sample, Specification
from igfmood.config.claims import Claim
from igfmood.config.study import Study, Task
from igfmood.errors import NotEstimable
from igfmood.evidence.operating import laws
from igfmood.evidence.operating.ground import Ground
from igfmood.evidence.operating.laws import FloatArray, Law, WithinLaw
from igfmood.evidence.operating.visits import decline_law, within_law
from igfmood.evidence.operating.worlds import NON_SPECIFIC, U_SHAPE

#: A path from the analyte to the hippocampus, SD of volume per SD: what goes through the volume is
#: this times the slope of symptoms on volume.
_PATH = 0.3
#: Diagnoses that say of nobody that they are ill.
NO_ILLNESS = ("control", "other", "unknown", "excluded")

#: Analysis, measure and term of numbers of groups whose value is the planted one.
_GROUP_NUMBERS = {
    ("contrast", "smd", ""), ("validation", "auc", ""), ("tails", "log_or", "low"),
    ("tails", "log_or", "high"),
}  # fmt: skip
#: Analysis, target, measure and term of a number.
Number = tuple[str, str, str, str]


def question_for(claim: Claim, study: Study) -> Question | None:
    """Return the question about people at the first visit that a claim rests on, if it does."""
    estimand = claim.estimand
    return question_of(
        study, estimand.analysis, estimand.target, estimand.measure, estimand.term
    )  # fmt: skip


def task_of(claim: Claim, study: Study) -> Task:
    """Return the contrast of groups that a claim is about.

    Raises
    ------
    NotEstimable
        If it is about another outcome: what an AUC of it means for scores is not known.
    """
    found = [task for task in study.tasks if task.name == claim.estimand.target]
    if not found:
        raise NotEstimable(f"no world is invented for the outcome {claim.estimand.target}")
    return found[0]


def specification_of(claim: Claim) -> Specification:
    """Return how the claim's number is estimated in a world: among complete cases."""
    estimand = claim.estimand
    return Specification(estimand.adjustment, estimand.population, missing=COMPLETE)


def refuse_chosen_by_scores(claim: Claim, study: Study) -> None:
    """Refuse a claim about people who are chosen by the analyte, which worlds draw anew.

    Raises
    ------
    NotEstimable
        If it is: among those left the effect is another one than that by which scores are drawn.
    """
    for subset in study.subsets:
        chosen = subset.within_percentiles is not None or any(
            rule.variable == "analyte" for rule in subset.rules
        )
        if chosen and subset.name == claim.estimand.population:
            raise NotEstimable(
                f"{subset.name} are chosen by the analyte, which worlds draw anew: what is planted "
                "is not what is true of them"
            )


def law_of(claim: Claim, kind: str, ground: Ground) -> Law | WithinLaw:
    """Return the law of a claim's effect in a cohort, in a kind of world that has an effect.

    Raises
    ------
    NotEstimable
        If the cohort cannot answer, or no law is known for such a number.
    """
    if claim.estimand.analysis in ("contrast", "validation", "tails"):
        return _of_groups(claim, kind, ground)
    estimand = claim.estimand
    if (estimand.analysis, estimand.term) == ("cognition", "decline"):
        return decline_law(ground)
    if (estimand.analysis, estimand.term) == ("within_person", ""):
        return within_law(ground)
    number = (estimand.analysis, estimand.target, estimand.measure, estimand.term)
    make = _LAWS.get(number)
    if make is None:
        raise NotEstimable(_no_world(claim))
    question = question_for(claim, ground.study)
    assert question is not None
    question.allowed(ground.data)
    sample = next(iter(samples_of(question, specification_of(claim), ground.data)))
    return make(sample)


def _no_world(claim: Claim) -> str:
    estimand = claim.estimand
    named = " ".join(filter(None, (estimand.analysis, estimand.measure, estimand.term)))
    return f"no world is invented for {named}"


def _of_groups(claim: Claim, kind: str, ground: Ground) -> Law:
    task, estimand = task_of(claim, ground.study), claim.estimand
    if (estimand.analysis, estimand.measure, estimand.term) not in _GROUP_NUMBERS:
        raise NotEstimable(_no_world(claim))
    rows = np.flatnonzero(ground.data.members(estimand.population))
    diagnosis = ground.data.people["diagnosis"].to_numpy(object)[rows]
    case = np.isin(diagnosis, task.cases)
    if kind == NON_SPECIFIC:
        case = ~np.isin(diagnosis, NO_ILLNESS)
    shape = ground.study.shape
    if kind == U_SHAPE or claim.estimand.analysis == "tails":
        return Law(rows, laws.both_tails(case, shape.low_percentile, shape.high_percentile))
    return Law(rows, laws.shifted(case))


def _line(outcome: Callable[[Sample], FloatArray], sample: Sample, *others: str) -> Law:
    """Return the law of a slope; `others` are in the model beside the covariates."""
    columns = [standardised(sample, name) for name in others]
    return Law(sample.rows, laws.linear(outcome(sample), sample.design(*columns)))


def _points(name: str) -> Callable[[Sample], FloatArray]:
    return lambda sample: sample.column(name)


def _in_sds(name: str) -> Callable[[Sample], FloatArray]:
    return lambda sample: standardised(sample, name)


def _ten_or_more(sample: Sample) -> Law:
    outcome = (sample.column("phq9_total") >= CUTOFF).astype(float)
    design = sample.design()
    known = design @ logistic_fit(sample, design, outcome).beta
    return Law(sample.rows, laws.logistic(outcome, known))


def _buffering(sample: Sample) -> Law:
    stress = standardised(sample, "stress_score")
    outcome = standardised(sample, "phq9_total")
    return Law(sample.rows, laws.linear(outcome, sample.design(stress), stress))


def _through_volume(sample: Sample) -> Law:
    """Return the law of a path to the volume, with symptoms that follow the volume as planted."""
    volume = standardised(sample, "hippocampal_volume")
    others = sample.design(standardised(sample, "intracranial_volume"))
    symptoms = sample.column("phq9_total")
    found = np.linalg.lstsq(np.column_stack([volume, others]), symptoms, rcond=None)[0][0]

    def outcome(effect: float) -> FloatArray:
        return np.asarray(symptoms + (effect / _PATH - found) * volume)

    path = laws.linear(volume, others)
    return Law(sample.rows, lambda effect: path(_PATH), ("phq9_total", outcome))


def _response(sample: Sample, predictive: bool) -> Law:
    """Return the law in which the odds ratio differs between arms, or is the same in each."""
    outcome, drug = sample.column("response").astype(float), on_drug(sample).astype(float)
    design = sample.design(drug)
    known = design @ logistic_fit(sample, design, outcome).beta
    part = drug - 0.5 if predictive else None
    return Law(sample.rows, laws.logistic(outcome, known, part))


def _illness(sample: Sample, column: str) -> Law:
    event, time = sample.column(column).astype(float), sample.column("followup_years")
    entry = np.nan_to_num(sample.column("entry_years")) if sample.has("entry_years") else None
    return Law(sample.rows, laws.hazard(event, laws.nelson_aalen(time, event, entry)))


_LAWS: dict[Number, Callable[[Sample], Law]] = {
    ("severity", "phq9_total", "beta", ""): partial(_line, _points("phq9_total")),
    ("severity", "phq9_cognitive", "beta", ""): partial(_line, _points("phq9_cognitive")),
    ("severity", "phq9_10", "log_or", ""): _ten_or_more,
    ("cognition", "cognition_score", "beta", ""): partial(_line, _in_sds("cognition_score")),
    ("neuroplasticity", "hippocampal_volume", "beta", ""): lambda sample: _line(
        _in_sds("hippocampal_volume"), sample, "intracranial_volume"
    ),
    ("neuroplasticity", "phq9_total", "indirect", ""): _through_volume,
    ("stress_buffering", "phq9_total", "beta", ""): _buffering,
    ("incidence", "depression", "log_hr", ""): partial(_illness, column="incident_depression"),
    ("incidence", "bipolar", "log_hr", ""): partial(_illness, column="incident_bipolar"),
    ("treatment", "response", "log_or", "predictive"): partial(_response, predictive=True),
    ("treatment", "response", "log_or", "prognostic"): partial(_response, predictive=False),
}  # fmt: skip
