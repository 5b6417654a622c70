"""The risk at both ends: with too little and with too much.

Takes the study's tasks; gives the log odds of being a case below the low and above the high
percentile of the comparison group, against the middle, and the curvature.
"""

from collections.abc import Iterator
from functools import partial

import numpy as np

from igfmood.association.estimate import Answer, Estimate
from igfmood.association.question import Question
from igfmood.association.questions.contrasts import cases_of, require_groups, shift_of_cases
from igfmood.association.regression import logistic
from igfmood.association.sample import Sample
from igfmood.config.study import Study, Task
from igfmood.errors import NotEstimable

_TAILS = (("log_or", "low"), ("log_or", "high"), ("log_or", "excess"))


def questions(study: Study) -> Iterator[Question]:
    """Yield the questions about each task."""
    for task in study.tasks:
        about = partial(
            Question, "tails", task.name, observed=(study.analyte.sds,), task=task,
            allowed=partial(require_groups, task=task),
        )  # fmt: skip
        cases = shift_of_cases(task)
        yield about(
            model="tails", keys=_TAILS, ask=partial(tails, task=task),
            shifts=dict.fromkeys(_TAILS, cases),
        )  # fmt: skip
        squared = ("log_or", "squared")
        yield about(
            model="quadratic", keys=(squared,), ask=partial(curvature, task=task),
            shifts={squared: cases},
        )  # fmt: skip


def tails(sample: Sample, task: Task) -> Answer:
    """Return the log odds ratios of both tails against the middle, and their mean.

    The percentiles are those of the task's comparison group in the sample (its `controls`, who may
    be patients), so that a shift of the cases does not move what counts as low.
    """
    case = cases_of(sample, task)
    shape = sample.study.shape
    low, high = _percentiles(sample, ~case, [shape.low_percentile, shape.high_percentile])
    below, above = sample.score < low, sample.score > high
    for name, tail in (("low", below), ("high", above)):
        n = int(tail.sum())
        if n < sample.study.gates.group_size:
            raise NotEstimable(
                f"too few people with a {name} score: {n} < {sample.study.gates.group_size}"
            )
    fit = logistic(sample, sample.design(below, above), case)
    whose = "controls" if task.controls == ["control"] else "comparison group"
    method = (
        f"below the {shape.low_percentile:g}th and above the {shape.high_percentile:g}th "
        f"percentile of the {whose}, against between; {fit.method}"
    )
    parts = {"low": (1.0, 0.0), "high": (0.0, 1.0), "excess": (0.5, 0.5)}
    found: dict[tuple[str, str], Estimate] = {}
    for term, part in parts.items():
        weights = np.zeros(len(fit.beta))
        weights[1:3] = part
        found["log_or", term] = fit.combination(weights, len(sample), int(case.sum()), method)
    return found


def _percentiles(sample: Sample, among: np.ndarray, percentiles: list[float]) -> np.ndarray:
    """Return percentiles of the score, those of the population where there are weights."""
    scores = sample.score[among]
    if sample.weights is None:
        return np.percentile(scores, percentiles)
    return np.percentile(scores, percentiles, weights=sample.weights[among], method="inverted_cdf")


def curvature(sample: Sample, task: Task) -> Answer:
    """Return the coefficient of the squared score in the log odds of being a case."""
    case = cases_of(sample, task)
    fit = logistic(sample, sample.design(sample.score**2, sample.score), case)
    method = f"log odds per squared SD, beside the score itself; {fit.method}"
    return {("log_or", "squared"): fit.coefficient(1, len(sample), int(case.sum()), method)}
