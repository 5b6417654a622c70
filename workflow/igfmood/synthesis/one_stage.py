"""One model over the people of all cohorts, beside the synthesis of the cohorts' estimates.

Takes the participants of the cohorts that count; writes group differences and the PHQ-9 slope from
one least-squares fit with an intercept for every cohort and errors that are robust within cohorts.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from igfmood import results
from igfmood.association.design import centred
from igfmood.association.effect_sizes import adjusted_hedges_g
from igfmood.association.models.cluster_robust import cluster_robust
from igfmood.association.models.linear import Contrast
from igfmood.association.people import people_at_baseline
from igfmood.association.question import require_people
from igfmood.association.questions.contrasts import cases_of
from igfmood.association.sample import COMPLETE, CohortData, Sample, Specification
from igfmood.config.study import Study, Task
from igfmood.errors import NotEstimable
from igfmood.impute.participants import Completed
from igfmood.results import Rows
from igfmood.tables import read_table

#: `stratum` of these rows.
ONE_STAGE = "one_stage"
_METHOD = (
    "one stage: least squares over the people of {} cohorts, an intercept for each, complete "
    "cases, survey weights not used; CR2 errors by cohort, t on Satterthwaite df"
)


def add_one_stage(
    rows: Rows, cohorts: pd.DataFrame, participants: Mapping[str, Path], study: Study
) -> None:
    """Write the one-stage estimate of every group difference and of the PHQ-9 slope.

    Parameters
    ----------
    rows
        Where results go.
    cohorts
        Result rows of the cohorts that count: a cohort takes part where its own number is ok.
    participants
        Cohort: its participants table.
    study
        Tasks and main adjustment.
    """
    people: dict[str, CohortData] = {}

    def data(name: str) -> CohortData:
        if name not in people:
            table = people_at_baseline(read_table(participants[name]), study)
            nothing = Completed((), {}, None, "", {})
            people[name] = CohortData(table, nothing, study, study.cohort(name))
        return people[name]

    for task, keys in one_stage_numbers(study):
        ready = results.select(cohorts, **keys, stratum="all", term="", status="ok")["cohort"]
        shared = {**keys, "exposure": study.analyte.sds, "stratum": ONE_STAGE}
        samples, without = [], {}
        for name in sorted(map(str, ready)):
            try:
                samples.append(_sample(data(name), task))
            except NotEstimable as error:
                without[name] = error.reason
        try:
            _add(rows, shared, samples, without, task, study)
        except NotEstimable as error:
            rows.add_not_estimable(error.reason, **shared)


def one_stage_numbers(study: Study) -> Iterator[tuple[Task | None, dict[str, str]]]:
    """Yield each number that is estimated in one stage: its task, None for the PHQ-9; its keys."""
    for task in [*study.tasks, None]:
        yield task, {
            "analysis": "severity" if task is None else "contrast",
            "target": "phq9_total" if task is None else task.name,
            "adjustment": study.main_tier, "measure": "beta" if task is None else "smd",
            "model": "linear",
        }  # fmt: skip


def _sample(data: CohortData, task: Task | None) -> Sample:
    """Return the complete cases of one cohort: both groups of a task, or all with a PHQ-9.

    Refuses a cohort that has too few of them, though enough where missing values are imputed.
    """
    specification = Specification(data.study.main_tier, missing=COMPLETE)
    if task is None:
        sample = next(data.samples(specification, ("phq9_total",), ()))
        require_people(sample, 2 * data.study.gates.group_size)
        return sample
    groups = data.people["diagnosis"].isin([*task.cases, *task.controls]).to_numpy(bool)
    sample = next(data.samples(specification, (data.study.analyte.sds,), (), groups))
    cases_of(sample, task)
    return sample


def _add(
    rows: Rows, keys: Mapping[str, str], samples: list[Sample], without: Mapping[str, str],
    task: Task | None, study: Study,
) -> None:  # fmt: skip
    if len(samples) < 2:
        reasons = "".join(f"; {name}: {reason}" for name, reason in without.items())
        raise NotEstimable(f"too few cohorts: k = {len(samples)} < 2{reasons}")
    cohort = np.repeat(np.arange(len(samples)), [len(sample) for sample in samples])
    score = np.concatenate([sample.score for sample in samples])
    if task is None:
        outcome, exposure = np.concatenate([s.column("phq9_total") for s in samples]), score
    else:
        cases = [cases_of(sample, task) for sample in samples]
        outcome, exposure = score, np.concatenate(cases).astype(float)
    found = _fit(samples, exposure, outcome, cohort)
    # Not the reasons themselves: they hold counts, which a method is not searched for.
    left_out = f"; without {', '.join(without)}: too few complete cases" if without else ""
    method = _METHOD.format(len(samples)) + left_out
    if task is None:
        rows.add(
            **keys, estimate=found.estimate, se=found.se, ci_low=found.ci_low,
            ci_high=found.ci_high, p=found.p, df=found.df, n=len(score), method=method,
        )  # fmt: skip
        return
    case, n_cases = exposure.astype(bool), int(exposure.sum())
    effect = adjusted_hedges_g(
        found.estimate, found.se, _spread(score, case, cohort), n_cases, len(case) - n_cases,
        found.df, study.level,
    )  # fmt: skip
    rows.add(
        **keys, estimate=effect.g, se=effect.se, ci_low=effect.ci_low, ci_high=effect.ci_high,
        p=effect.p, df=found.df, n=len(case), n_events=n_cases,
        method=f"{method}; over the pooled SD within groups and cohorts (Hedges g)",
    )  # fmt: skip


def _fit(
    samples: list[Sample], exposure: np.ndarray, outcome: np.ndarray, cohort: np.ndarray
) -> Contrast:
    """Return the coefficient of the exposure, with errors by cohort."""
    intercepts = (cohort[:, None] == np.arange(len(samples))).astype(float)
    covariates = centred(np.vstack([_within(sample) for sample in samples]))
    design = np.column_stack([exposure, intercepts, covariates])
    return cluster_robust(design, outcome, cohort).contrast(0, samples[0].study.level)


def _within(sample: Sample) -> np.ndarray:
    """Return the covariates about their means in the cohort, 0 where they do not vary in it.

    Every cohort has the same columns: `sample.covariates` lacks those that do not vary there, such
    as the sex in a cohort of women.
    """
    names = sample.study.covariate_tiers[sample.study.main_tier]
    none = np.empty((len(sample), 0))
    columns = np.hstack([none, *(sample.values.coded(name)[sample.rows] for name in names)])
    return np.where(np.ptp(columns, axis=0) > 0, columns - columns.mean(axis=0), 0.0)


def _spread(score: np.ndarray, case: np.ndarray, cohort: np.ndarray) -> float:
    """Return the SD within groups and cohorts, pooled."""
    cells = pd.Series(score).groupby([case, cohort])
    squares = float((cells.var(ddof=1) * (cells.size() - 1)).sum())
    return float(np.sqrt(squares / float((cells.size() - 1).sum())))
