"""Response to treatment: who responds, and to which treatment.

Takes the study; gives the prognostic odds ratio (the analyte and response, whatever the arm) and
the predictive one (how much the analyte's odds ratio differs between drug and control arm).
"""

from collections.abc import Iterator

import numpy as np

from igfmood.association.estimate import Answer
from igfmood.association.question import Question, for_product
from igfmood.association.regression import logistic
from igfmood.association.sample import CohortData, Sample
from igfmood.association.shifts import of_group
from igfmood.cohort.values import normal_code
from igfmood.config.study import Study
from igfmood.errors import NotEstimable


def questions(study: Study) -> Iterator[Question]:
    """Yield the questions about response."""
    observed = ("response", "treatment")
    yield Question(
        "treatment", "response", "prognostic", (("log_or", "prognostic"),), prognostic,
        observed=observed, in_subsets=True,
        shifts={("log_or", "prognostic"): of_group(_responded, "responders")},
    )  # fmt: skip
    yield Question(
        "treatment", "response", "predictive", (("log_or", "predictive"),), predictive,
        observed=observed, forked=("log_or", "predictive"), allowed=_require_control_arm,
        shifts={("log_or", "predictive"): of_group(_responded_on_drug, "responders on a drug")},
    )  # fmt: skip


def _responded(sample: Sample) -> np.ndarray:
    return sample.column("response").astype(bool)


def on_drug(sample: Sample) -> np.ndarray:
    """Return who is on a drug and not in the control arm (bool, shape (n,))."""
    control = normal_code(sample.cohort.control_arm or "")
    return np.array([normal_code(arm) != control for arm in sample.column("treatment")])


def _responded_on_drug(sample: Sample) -> np.ndarray:
    return _responded(sample) & on_drug(sample)


def _require_control_arm(data: CohortData) -> None:
    if "treatment" in data.people and data.cohort.control_arm is None:
        raise NotEstimable(
            "no control arm is named (control_arm): without one, whom a drug helps cannot be told "
            "from who gets well anyway"
        )


def prognostic(sample: Sample) -> Answer:
    """Return the log odds of response per SD of the analyte, within arms."""
    response = _responded(sample)
    arms = sorted(set(sample.column("treatment")))[1:]
    in_arm = [(sample.column("treatment") == arm).astype(float) for arm in arms]
    fit = logistic(sample, sample.design(sample.score, *in_arm), response)
    method = f"prognostic: log odds per SD within arms, says nothing of any drug; {fit.method}"
    return {("log_or", "prognostic"): fit.coefficient(1, len(sample), int(response.sum()), method)}


def predictive(sample: Sample) -> Answer:
    """Return the log odds ratio per SD on a drug minus that in the control arm."""
    response, drug = _responded(sample), on_drug(sample).astype(float)
    smallest = sample.study.gates.group_size
    if min(drug.sum(), len(drug) - drug.sum()) < smallest:
        raise NotEstimable(f"the drug arms or the control arm have fewer than {smallest} people")
    fit = logistic(sample, sample.design(for_product(sample) * drug, sample.score, drug), response)
    method = (
        "predictive: log odds per SD on a drug minus that in the control arm (interaction); "
        f"{fit.method}"
    )
    return {("log_or", "predictive"): fit.coefficient(1, len(sample), int(response.sum()), method)}
