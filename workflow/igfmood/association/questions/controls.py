"""Negative controls: outcomes that the analyte is not expected to move, and other analytes.

Takes the study; gives, for each outcome that it names, the slope per SD of the analyte, by the same
models and covariates as the claims; and for each analyte that no outcome is expected to move with,
the slope of the PHQ-9 and of every task. What is found here is bias, or chance.
"""

from collections.abc import Iterator
from functools import partial

import numpy as np
from scipy.special import ndtri
from scipy.stats import rankdata

from igfmood.association.estimate import Answer, Estimate
from igfmood.association.question import Question, require_people, standardised
from igfmood.association.questions.contrasts import cases_of, require_groups
from igfmood.association.regression import linear, logistic
from igfmood.association.sample import Sample
from igfmood.config.study import Study, Task
from igfmood.config.vocabulary import VARIABLES
from igfmood.errors import NotEstimable

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

    for name in study.negative_control_analytes:
        yield Question(
            ANALYSIS, "phq9_total", "linear", (("beta", name),),
            partial(slope, outcome="phq9_total", exposure=name), observed=("phq9_total", name),
            every_tier=False, exposure=name,
        )  # fmt: skip
        for task in study.tasks:
            yield Question(
                ANALYSIS, task.name, "logistic", (("log_or", name),),
                partial(odds_of_cases, task=task, exposure=name), observed=(name,), task=task,
                every_tier=False, allowed=partial(require_groups, task=task), exposure=name,
            )  # fmt: skip


def normal_scores(sample: Sample, name: str) -> np.ndarray:
    """Return the ranks of a column as normal deviates, shape (n,): alike in any unit and assay.

    Raises
    ------
    NotEstimable
        If the column does not vary.

    References
    ----------
    Blom G (1958). Statistical estimates and transformed beta-variables. Wiley: (r - 3/8)/(n + 1/4).
    """
    values = sample.column(name)
    if len(values) == 0 or np.ptp(values) == 0:
        raise NotEstimable(f"{name} does not vary")
    return ndtri((rankdata(values) - 0.375) / (len(values) + 0.25))


def slope(sample: Sample, outcome: str, exposure: str = "") -> Answer:
    """Return SDs of the outcome per SD of the analyte, or of the one that is named."""
    require_people(sample, 2 * sample.study.gates.group_size)
    design = sample.design(normal_scores(sample, exposure) if exposure else sample.score)
    fit = linear(sample, design, standardised(sample, outcome))
    method = f"SD of the outcome per SD of the analyte; {fit.method}"
    return {
        ("beta", exposure): Estimate(fit.beta[1], fit.se[1], len(sample), fit.df, method=method)
    }


def odds(sample: Sample, outcome: str) -> Answer:
    """Return the log odds of the outcome per SD of the analyte."""
    found = sample.column(outcome)
    fit = logistic(sample, sample.design(sample.score), found)
    return {("log_or", ""): fit.coefficient(1, len(sample), int(found.sum()), fit.method)}


def odds_of_cases(sample: Sample, task: Task, exposure: str) -> Answer:
    """Return the log odds of being a case per SD of the named analyte."""
    case = cases_of(sample, task)
    fit = logistic(sample, sample.design(normal_scores(sample, exposure)), case)
    return {("log_or", exposure): fit.coefficient(1, len(sample), int(case.sum()), fit.method)}
