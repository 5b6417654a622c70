"""A question to one cohort, and its answer under a specification.

Takes a question (outcome, model, what it needs) and a cohort's data; writes the answer, or why
there is none, to the results.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

import numpy as np

from igfmood.association.design import age_and_sex
from igfmood.association.estimate import (
    Answer,
    Estimate,
    Joint,
    Key,
    missing_information,
    pooled_columns,
)
from igfmood.association.sample import COMPLETE, IMPUTED, CohortData, Sample, Specification
from igfmood.association.shifts import Shift
from igfmood.config.analysis import ALL
from igfmood.config.study import Study, Task
from igfmood.errors import NotEstimable
from igfmood.results import Rows

#: Analysis under which the combinations of forks are written.
SPECIFICATION = "specification"


@dataclass(frozen=True)
class Question:
    """What is asked, of whom, and by which model.

    Parameters
    ----------
    analysis, target, model
        Keys of the results.
    keys
        Measure and term of every number of the answer.
    ask
        The model: a sample in, the numbers out; raises `NotEstimable` if there are none.
    observed
        Columns that a person must have as observed: the outcome.
    used
        Further columns of the model, imputed where missing.
    task
        Groups, if the question is about groups.
    in_subsets
        Whether it is asked again in every subset.
    forked
        The number that every combination of forks estimates; None for none.
    only_complete
        Asked of complete cases alone, because the answer cannot be pooled over tables.
    allowed
        Raises `NotEstimable` if the cohort cannot answer, whatever the specification.
    shifts
        Number: along what imputed scores are shifted, to see when its verdict changes.
    exposure
        What the number is about; empty for the score of the analyte.
    groups
        Of as many groups of the smallest size its people must be enough.
    """

    analysis: str
    target: str
    model: str
    keys: tuple[Key, ...]
    ask: Callable[[Sample], Answer]
    observed: tuple[str, ...] = ()
    used: tuple[str, ...] = ()
    task: Task | None = None
    in_subsets: bool = False
    forked: Key | None = None
    only_complete: bool = False
    every_tier: bool = True
    allowed: Callable[[CohortData], None] = field(default=lambda data: None)
    shifts: Mapping[Key, Shift] = field(default_factory=dict)
    exposure: str = ""
    groups: int = 2


def answer(
    question: Question, specification: Specification, data: CohortData
) -> dict[Key, dict[str, object]]:
    """Return the columns of the rows that answer a question.

    Raises
    ------
    NotEstimable
        If the cohort cannot answer.
    """
    return pooled_columns(_answers(question, specification, data), data.study.level)


def _answers(question: Question, specification: Specification, data: CohortData) -> list[Answer]:
    """Return the answer of every completed table, or of the table as given."""
    return ask_each(question, list(samples_of(question, specification, data)))


def samples_of(
    question: Question, specification: Specification, data: CohortData
) -> Iterator[Sample]:
    """Yield the samples that a question is put to.

    Raises
    ------
    NotEstimable
        If a column is not in the cohort.
    """
    among = None
    if question.task is not None:
        groups = [*question.task.cases, *question.task.controls]
        among = data.people["diagnosis"].isin(groups).to_numpy(bool)
    return data.samples(specification, question.observed, question.used, among)


def ask_each(question: Question, samples: Sequence[Sample]) -> list[Answer]:
    """Return the answer of every sample.

    Where the data of some tables separate and those of others do not, all are asked again for
    Firth's estimate: what is pooled should be one estimator.

    Raises
    ------
    NotEstimable
        If there is no answer.
    """
    answers = [question.ask(sample) for sample in samples]
    if len({_numbers_by_firth(one) for one in answers}) > 1:
        answers = [question.ask(replace(sample, firth=True)) for sample in samples]
    return answers


def by_firth(answer: Answer) -> bool:
    """Return whether an answer is Firth's estimate, because the data separate."""
    return any(_numbers_by_firth(answer))


def _numbers_by_firth(answer: Answer) -> tuple[bool, ...]:
    return tuple(isinstance(one, Estimate | Joint) and one.firth for one in answer.values())


def add_answers(rows: Rows, question: Question, data: CohortData) -> None:
    """Write the answers: with every adjustment, among complete cases, and in every subset."""
    study = data.study
    try:
        question.allowed(data)
    except NotEstimable as error:
        question = replace(question, ask=partial(_refuse, error.reason))
    tiers = list(study.covariate_tiers) if question.every_tier else [study.main_tier]
    missing = COMPLETE if question.only_complete or study.imputation.m == 0 else IMPUTED
    for tier in tiers:
        _add(rows, question, Specification(tier, missing=missing), data, ALL)
    if missing == IMPUTED:
        _add(rows, question, Specification(study.main_tier, missing=COMPLETE), data, COMPLETE)
    if question.in_subsets:
        for subset in study.subsets:
            specification = Specification(study.main_tier, subset.name, missing=missing)
            _add(rows, question, specification, data, subset.name)
    if question.forked is not None:
        _add_forks(rows, question, data)


def _refuse(reason: str, sample: Sample) -> Answer:
    raise NotEstimable(reason)


def _add(
    rows: Rows, question: Question, specification: Specification, data: CohortData, stratum: str
) -> None:
    shared = {
        "analysis": question.analysis, "target": question.target, "model": question.model,
        "exposure": question.exposure or data.study.analyte.sds,
        "adjustment": specification.adjustment, "stratum": stratum,
    }  # fmt: skip
    try:
        answers = _answers(question, specification, data)
        found = pooled_columns(answers, data.study.level)
    except NotEstimable as error:
        for measure, term in question.keys:
            rows.add_not_estimable(error.reason, **shared, measure=measure, term=term)
        return
    complete = specification.missing == COMPLETE and data.study.imputation.m > 0
    for (measure, term), columns in found.items():
        if "reason" in columns:
            rows.add_not_estimable(columns["reason"], **shared, measure=measure, term=term)
            continue
        if complete:
            columns["method"] = f"{columns['method']}; complete cases"
        rows.add(**shared, measure=measure, term=term, **columns)
    main = specification == Specification(data.study.main_tier)
    if main and question.forked is not None and len(answers) > 1:
        measure, term = question.forked
        rows.add(
            **shared, measure="fmi", term=f"{measure} {term}".strip(),
            estimate=missing_information(answers, question.forked),
            method=f"fraction of missing information, {len(answers)} imputations",
        )  # fmt: skip


def _add_forks(rows: Rows, question: Question, data: CohortData) -> None:
    """Write the number under every combination of forks; the fork stands in the stratum."""
    study = data.study
    assert question.forked is not None
    measure, term = question.forked
    for fork in combinations(study):
        keys = {
            "analysis": SPECIFICATION, "target": question.target,
            "model": question.model, "exposure": f"{study.analyte.name}_{fork.exposure}",
            "adjustment": fork.adjustment, "stratum": fork_name(fork),
            "measure": measure, "term": f"{question.analysis} {term}".strip(),
        }  # fmt: skip
        try:
            columns = answer(question, fork, data)[question.forked]
        except NotEstimable as error:
            rows.add_not_estimable(error.reason, **keys)
        else:
            rows.add(**keys, **columns)


def combinations(study: Study) -> list[Specification]:
    """Return every combination of forks that the study declares.

    A log concentration without age and sex beside it compares people of different ages, which no
    reader would accept: these combinations are left out.
    """
    forks = study.forks
    missing = forks.missing if study.imputation.m else [COMPLETE]
    return [
        Specification(tier, population, exposure, how)
        for tier in forks.adjustment or list(study.covariate_tiers)
        for population in forks.population
        for exposure in forks.exposure
        for how in dict.fromkeys(missing)
        if exposure == "sds" or {"age_years", "sex"} <= set(study.covariate_tiers[tier])
    ]


def fork_name(fork: Specification) -> str:
    """Return how a combination is written in `stratum`."""
    return f"{fork.population}|{fork.exposure}|{fork.missing}"


def require_people(sample: Sample, smallest: int) -> None:
    """Refuse a sample that is too small."""
    if len(sample) < smallest:
        raise NotEstimable(f"too few people with complete data: {len(sample)} < {smallest}")


def for_product(sample: Sample) -> np.ndarray:
    """Return the score as it enters a product with a moderator, shape (n,).

    A log concentration holds age and sex, which its own slope is adjusted for and a product is
    not: they are taken out of it first. An SDS holds neither.

    Raises
    ------
    NotEstimable
        If somebody's age is not known.
    """
    if sample.exposure != "log":
        return sample.score
    columns = age_and_sex(sample.column("age_years"), sample.column("sex"))
    if not np.isfinite(columns).all():
        raise NotEstimable("log concentrations need everybody's age: it is taken out of them")
    design = np.column_stack([np.ones(len(sample)), columns])
    root = np.ones(len(sample)) if sample.weights is None else np.sqrt(sample.weights)
    beta = np.linalg.lstsq(root[:, None] * design, root * sample.score, rcond=None)[0]
    return np.asarray(sample.score - design @ beta)


def standardised(sample: Sample, name: str) -> np.ndarray:
    """Return a column in SDs from its mean, those of the population where there are weights.

    Raises
    ------
    NotEstimable
        If it does not vary.
    """
    values = sample.column(name)
    mean, spread = mean_and_sd(values, sample.weights)
    # The rounding of the mean must not make equal values differ.
    if not spread > 1e-12 * float(np.abs(values).max(initial=0.0)):
        raise NotEstimable(f"{name} does not vary")
    return (values - mean) / spread


def mean_and_sd(values: np.ndarray, weights: np.ndarray | None) -> tuple[float, float]:
    """Return mean and SD (divisor n - 1), weighted where there are weights."""
    n = len(values)
    if n < 2:
        return float("nan"), 0.0
    mean = float(np.average(values, weights=weights))
    variance = float(np.average((values - mean) ** 2, weights=weights))
    return mean, float(np.sqrt(variance * n / (n - 1)))
