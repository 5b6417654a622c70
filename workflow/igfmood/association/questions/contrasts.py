"""Differences between groups: by how much, by what factor, and in their spread.

Takes the study's tasks; gives, per task, the adjusted difference in SDS as Hedges' g, the ratio
of geometric means and the variance ratio.
"""

from collections.abc import Iterator
from functools import partial

import numpy as np
import pandas as pd

from igfmood.association.design import age_and_sex
from igfmood.association.effect_sizes import adjusted_hedges_g, pooled_sd
from igfmood.association.estimate import Answer, Estimate
from igfmood.association.question import Question, mean_and_sd
from igfmood.association.ratios import log_variance_ratio
from igfmood.association.regression import linear
from igfmood.association.sample import CohortData, Sample
from igfmood.association.shifts import Shift, of_group
from igfmood.cohort.quality import require_batches_apart
from igfmood.config.study import Study, Task
from igfmood.errors import NotEstimable


def questions(study: Study) -> Iterator[Question]:
    """Yield the questions about each task."""
    analyte = study.analyte
    for task in study.tasks:
        allowed = partial(require_groups, task=task)
        yield Question(
            "contrast", task.name, "linear", (("smd", ""),), partial(difference, task=task),
            observed=(analyte.sds,), task=task, in_subsets=True, forked=("smd", ""),
            allowed=allowed, shifts={("smd", ""): shift_of_cases(task)},
        )  # fmt: skip
        yield Question(
            "contrast", task.name, "log_linear", (("log_rom", ""),), partial(ratio, task=task),
            observed=(analyte.sds, analyte.harmonised), task=task, allowed=allowed,
        )  # fmt: skip
        yield Question(
            "contrast", task.name, "variance", (("log_vr", ""),), partial(spread, task=task),
            observed=(analyte.sds,), task=task, allowed=allowed,
        )  # fmt: skip


def shift_of_cases(task: Task) -> Shift:
    """Return the shift of the scores of a task's cases."""
    return of_group(partial(_is_case, task=task), "cases")


def _is_case(sample: Sample, task: Task) -> np.ndarray:
    return sample.is_any("diagnosis", task.cases)


def cases_of(sample: Sample, task: Task) -> np.ndarray:
    """Return who is a case (bool, shape (n,)); refuses groups that are too small."""
    case = sample.is_any("diagnosis", task.cases)
    check_groups(pd.Series(case), task, sample.study.gates.group_size, " with complete data")
    return case


def require_groups(data: CohortData, task: Task) -> None:
    """Refuse a task whose groups are absent, or confounded with the assay's batches."""
    from igfmood.association.design import require_analyte

    require_analyte(data.people, data.study)
    groups = data.people["diagnosis"]
    groups = groups[groups.isin([*task.cases, *task.controls])]
    check_groups(groups.isin(task.cases), task, data.study.gates.group_size)
    require_batches_apart(data.people, task, data.study)


def check_groups(case: pd.Series, task: Task, smallest: int, which: str = "") -> None:
    """Refuse a comparison in which a group is absent or too small."""
    for name, n in (
        (" or ".join(task.cases), int(case.sum())),
        (" or ".join(task.controls), int((~case).sum())),
    ):
        if n < smallest:
            raise NotEstimable(f"too few people with diagnosis {name}{which}: {n} < {smallest}")


def difference(sample: Sample, task: Task) -> Answer:
    """Return cases minus controls in SDS, over the pooled SD within groups (Hedges' g).

    Log scores are measured by their SD given age and sex, as SDS are by theirs.
    """
    case = cases_of(sample, task)
    fit = linear(sample, sample.design(case), sample.score)
    n1, n2 = int(case.sum()), int((~case).sum())
    weights = np.ones(len(sample)) if sample.weights is None else sample.weights
    ruler, without = sample.score, ""
    if sample.exposure == "log":
        ruler, without = _without_age_and_sex(sample, case), " given age and sex"
    spread = pooled_sd(
        mean_and_sd(ruler[case], weights[case])[1], n1,
        mean_and_sd(ruler[~case], weights[~case])[1], n2,
    )  # fmt: skip
    effect = adjusted_hedges_g(fit.beta[1], fit.se[1], spread, n1, n2, fit.df, sample.study.level)
    method = f"{fit.method}; difference over the pooled within-group SD{without} (Hedges g)"
    return {("smd", ""): Estimate(effect.g, effect.se, len(sample), fit.df, n1, method)}


def _without_age_and_sex(sample: Sample, case: np.ndarray) -> np.ndarray:
    """Return the scores less what age and sex explain within groups, with the SD that is left.

    They are enlarged for the degrees of freedom that age and sex take.
    """
    columns = age_and_sex(sample.column("age_years"), sample.column("sex"))
    if not np.isfinite(columns).all():
        raise NotEstimable("log concentrations need everybody's age: it is their ruler's")
    design = np.column_stack([np.ones(len(sample)), case, columns])
    root = np.ones(len(sample)) if sample.weights is None else np.sqrt(sample.weights)
    beta, _, rank, _ = np.linalg.lstsq(root[:, None] * design, root * sample.score, rcond=None)
    left = len(sample) - int(rank)
    if left < 1:
        raise NotEstimable(f"too few people for age and sex: {len(sample)} < {rank + 1}")
    return np.asarray((sample.score - columns @ beta[2:]) * np.sqrt((len(sample) - 2) / left))


def ratio(sample: Sample, task: Task) -> Answer:
    """Return the log ratio of geometric means, cases over controls."""
    case = cases_of(sample, task)
    values = sample.column(sample.study.analyte.harmonised)
    if not (values > 0).all():
        raise NotEstimable(f"{int((values <= 0).sum())} concentrations of 0 or less have no log")
    logs = np.log(values)
    fit = linear(sample, sample.design(case), logs)
    method = f"log concentration by {fit.method}"
    return {
        ("log_rom", ""): Estimate(
            fit.beta[1], fit.se[1], len(sample), fit.df, int(case.sum()), method
        )
    }


def _residual_sd(sample: Sample, group: np.ndarray) -> tuple[float, int]:
    """Return the SD of a group's scores given its covariates, and its degrees of freedom plus 1.

    Each group has a regression of its own: one for both would bend to the group with less spread.
    """
    design, score = sample.design()[group], sample.score[group]
    beta, _, rank, _ = np.linalg.lstsq(design, score, rcond=None)
    df = len(score) - int(rank)
    if df < 2:
        raise NotEstimable(f"too few people for their covariates: {len(score)} < {rank + 2}")
    left = score - design @ beta
    return float(np.sqrt(left @ left / df)), df + 1


def spread(sample: Sample, task: Task) -> Answer:
    """Return the log ratio of the SDs of the score, given the covariates."""
    case = cases_of(sample, task)
    (sd1, n1), (sd2, n2) = (_residual_sd(sample, group) for group in (case, ~case))
    found = log_variance_ratio(sd1, n1, sd2, n2)
    method = f"log ratio of the SDs of SDS, covariates taken out by group (lnVR){sample.unweighted}"
    return {
        ("log_vr", ""): Estimate(
            found.estimate, found.se, len(sample), n_events=int(case.sum()), method=method
        )
    }
