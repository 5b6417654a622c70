"""Cognition and the analyte at one time.

Takes the study; gives SDs of the cognitive score per SD of the analyte. Decline over visits stands
in `visits`.
"""

from collections.abc import Iterator

import numpy as np

from igfmood.association.estimate import Answer, Estimate
from igfmood.association.question import Question, require_people, standardised
from igfmood.association.regression import linear
from igfmood.association.sample import Sample
from igfmood.association.shifts import along_outcome
from igfmood.config.study import Study


def questions(study: Study) -> Iterator[Question]:
    """Yield the question about the level of cognition."""
    yield Question(
        "cognition", "cognition_score", "linear", (("beta", ""),), level,
        observed=("cognition_score",), in_subsets=True, forked=("beta", ""),
        shifts={("beta", ""): along_outcome(_cognition, "the cognitive score")},
    )  # fmt: skip


def _cognition(sample: Sample) -> np.ndarray:
    return sample.column("cognition_score")


def level(sample: Sample) -> Answer:
    """Return SDs of the cognitive score per SD of the analyte."""
    require_people(sample, 2 * sample.study.gates.group_size)
    outcome = standardised(sample, "cognition_score")
    fit = linear(sample, sample.design(sample.score), outcome)
    method = f"SD of the cognitive score per SD; {fit.method}"
    return {("beta", ""): Estimate(fit.beta[1], fit.se[1], len(sample), fit.df, method=method)}
