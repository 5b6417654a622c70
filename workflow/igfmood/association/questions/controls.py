"""Negative controls: outcomes that the analyte is not expected to move.

Takes the study; gives, for each outcome that it names, the slope per SD of the analyte, by the same
models and covariates as the claims. What is found here is bias, or chance.
"""

from collections.abc import Iterator
from functools import partial

from igfmood.association.estimate import Answer, Estimate
from igfmood.association.question import Question, require_people, standardised
from igfmood.association.regression import linear, logistic
from igfmood.association.sample import Sample
from igfmood.config.study import Study
from igfmood.config.vocabulary import VARIABLES

ANALYSIS = "negative_control"


def questions(study: Study) -> Iterator[Question]:
    """Yield the question about each negative control."""
    for name in study.negative_controls:
        flag = VARIABLES[name].kind == "flag"
        yield Question(
            ANALYSIS, name, "logistic" if flag else "linear",
            (("log_or" if flag else "beta", ""),), partial(odds if flag else slope, outcome=name),
            observed=(name,), every_tier=False,
        )  # fmt: skip


def slope(sample: Sample, outcome: str) -> Answer:
    """Return SDs of the outcome per SD of the analyte."""
    require_people(sample, 2 * sample.study.gates.group_size)
    fit = linear(sample, sample.design(sample.score), standardised(sample, outcome))
    method = f"SD of the negative control per SD; {fit.method}"
    return {("beta", ""): Estimate(fit.beta[1], fit.se[1], len(sample), fit.df, method=method)}


def odds(sample: Sample, outcome: str) -> Answer:
    """Return the log odds of the outcome per SD of the analyte."""
    found = sample.column(outcome)
    fit = logistic(sample, sample.design(sample.score), found)
    return {("log_or", ""): fit.coefficient(1, len(sample), int(found.sum()), fit.method)}
