"""How many people each claim has, and the smallest effect that they could show.

Takes the claims and the people of every cohort; counts, by the gates of a run, whom each claim can
be asked of, and gives the smallest effect that would be found, by formulas of the counts alone. No
model is fitted, and outcomes are used for nothing but the counts.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from scipy.optimize import brentq

from igfmood.association.foreseen import as_imputed
from igfmood.association.question import Question, require_people, samples_of
from igfmood.association.questions import question_of
from igfmood.association.questions.contrasts import cases_of
from igfmood.association.questions.incidence import OUTCOMES
from igfmood.association.questions.severity import CUTOFF
from igfmood.association.questions.treatment import on_drug
from igfmood.association.sample import CohortData, Sample, Specification
from igfmood.association.visits import visits_of
from igfmood.config.analysis import Shape
from igfmood.config.claims import Claim
from igfmood.config.study import Study
from igfmood.errors import NotEstimable
from igfmood.performance.metrics.sample_size import ALPHA, POWER, detectable
from igfmood.performance.task_data import TaskData, task_data
from igfmood.performance.tasks import prediction_tasks
from igfmood.results import Rows

#: Analysis under which these rows stand.
SIZES = "sizes"
#: Numbers of all people with an outcome that is a number: a slope in its SDs.
_SLOPES = ("cognition", "neuroplasticity", "stress_buffering", "severity")


#: The formula of the variance of an AUC is taken up to here.
_HIGHEST_AUC = 0.99
#: Why a claim about genes has no people.
_SUMMARIES = "it rests on published summaries, and is asked of no cohort"


@dataclass(frozen=True)
class Data:
    """What people are counted in.

    Parameters
    ----------
    first, tables
        Cohort: its people at the first visit, and at all visits.
    asked
        Task of prediction: its people.
    left_out
        Cohorts that hold the people of another one, and why.
    """

    first: Mapping[str, CohortData]
    tables: Mapping[str, pd.DataFrame]
    asked: Mapping[str, TaskData]
    left_out: Mapping[str, str]


@dataclass(frozen=True)
class Size:
    """People of one cohort behind a number, and the standard error that the counts foresee.

    `arms` are people and events of each group that is estimated apart.
    """

    n: int
    n_events: int | None = None
    arms: tuple[tuple[int, int], ...] = ()

    @cached_property
    def per_event(self) -> float:
        """Variance of a log odds ratio per SD: the sum over arms of 1 / (n p (1 - p))."""
        return sum(n / (events * (n - events)) for n, events in self.arms)


def add_sizes(
    rows: Rows, study: Study, claims: Sequence[Claim], tables: Mapping[str, pd.DataFrame],
    left_out: Mapping[str, str],
) -> None:  # fmt: skip
    """Write the people of every claim and cohort, and the smallest effect of every claim.

    Parameters
    ----------
    rows
        Receives the results, of the pooled source.
    study, claims
        What is asked.
    tables
        Cohort: participants.
    left_out
        Cohorts that hold the people of another one, and why.
    """
    data = {name: as_imputed(study, name, table) for name, table in tables.items()}
    asked = {
        task.name: task_data(tables, task, study, left_out)
        for task in prediction_tasks(study)
        if any(_is_diagnostic(claim, task.name) for claim in claims)
    }
    for claim in claims:
        for term in claim.estimand.terms:
            found = _add_cohorts(rows, claim, term, Data(data, tables, asked, left_out))
            keys = {"analysis": SIZES, "claim": claim.id, "target": claim.id, "term": term}
            try:
                _add_smallest(rows, study, claim, term, found, keys)
            except NotEstimable as error:
                rows.add_not_estimable(error.reason, **keys, measure="smallest_effect")


def _is_diagnostic(claim: Claim, task: str) -> bool:
    return claim.estimand.analysis == "validation" and claim.estimand.target == task


def _add_cohorts(rows: Rows, claim: Claim, term: str, data: Data) -> list[Size]:
    """Write the people of each cohort; return those of the cohorts that can be used."""
    found = []
    for name in data.first:
        keys = {
            "cohort": name, "analysis": SIZES, "claim": claim.id, "target": claim.id, "term": term,
            "measure": "people",
        }  # fmt: skip
        try:
            if name in data.left_out:
                raise NotEstimable(data.left_out[name])
            size = _size(claim, term, name, data)
        except NotEstimable as error:
            rows.add_not_estimable(error.reason, **keys)
            continue
        found.append(size)
        rows.add(
            **keys, estimate=size.n, n=size.n, n_events=size.n_events,
            method="people whom the claim is asked of; n_events are cases or events",
        )  # fmt: skip
    return found


def _size(claim: Claim, term: str, name: str, data: Data) -> Size:
    """Count the people of a cohort whom a claim can be asked of.

    Raises
    ------
    NotEstimable
        By the gates of a run.
    """
    estimand, people = claim.estimand, data.first[name]
    if estimand.analysis == "validation":
        task = data.asked[estimand.target]
        if name in task.refused:
            raise NotEstimable(task.refused[name])
        return _of_events(task.people.y[task.people.cohort == name] == 1)
    if estimand.analysis == "within_person" or term in ("decline", "level_over_visits"):
        return _over_visits(claim, data.tables[name], people.study)
    question = question_of(people.study, estimand.analysis, estimand.target, estimand.measure, term)
    if question is None:
        raise NotEstimable(_SUMMARIES)
    question.allowed(people)
    specification = Specification(estimand.adjustment, estimand.population)
    return _of_sample(claim, question, next(samples_of(question, specification, people)))


def _over_visits(claim: Claim, table: pd.DataFrame, study: Study) -> Size:
    """Count the people with the outcome, and what else is asked of a visit, at two or more."""
    score = study.analyte.sds
    known = visits_of(table, claim.estimand.target)
    if claim.estimand.analysis == "within_person":
        known = known[known[score].notna()]
    else:
        first = table[table["is_baseline"] & table[score].notna()]
        known = known[known["participant_id"].isin(first["participant_id"])]
    n, smallest = (
        int((known.groupby("participant_id").size() > 1).sum()),
        2 * study.gates.group_size,
    )
    if n < smallest:
        raise NotEstimable(f"too few people with two visits: {n} < {smallest}")
    return Size(n)


def _of_sample(claim: Claim, question: Question, sample: Sample) -> Size:
    """Count the people of a sample, and those with the event where there is one."""
    analysis, smallest = claim.estimand.analysis, sample.study.gates.group_size
    if question.task is not None:
        return _of_events(cases_of(sample, question.task))
    if analysis == "treatment":
        drug, response = on_drug(sample), sample.column("response") > 0
        apart = [drug, ~drug] if claim.estimand.term == "predictive" else [np.ones(len(drug), bool)]
        arms = tuple((int(arm.sum()), int(response[arm].sum())) for arm in apart)
        if min(min(events, n - events) for n, events in arms) < smallest:
            raise NotEstimable(
                f"an arm has fewer than {smallest} people with, or without, response"
            )
        return Size(len(sample), int(response.sum()), arms)
    if analysis == "incidence":
        return _enough(_of_events(sample.column(OUTCOMES[claim.estimand.target]) > 0), smallest)
    if claim.estimand.target == "phq9_10":
        return _enough(_of_events(sample.column("phq9_total") >= CUTOFF), smallest)
    require_people(sample, question.groups * smallest)
    return Size(len(sample))


def _of_events(event: np.ndarray) -> Size:
    n, events = len(event), int(event.sum())
    return Size(n, events, ((n, events),))


def _enough(size: Size, smallest: int) -> Size:
    assert size.n_events is not None
    fewer = min(size.n_events, size.n - size.n_events)
    if fewer < smallest:
        raise NotEstimable(f"too few people with, or without, the event: {fewer} < {smallest}")
    return size


def _add_smallest(
    rows: Rows, study: Study, claim: Claim, term: str, found: Sequence[Size],
    keys: Mapping[str, str],
) -> None:  # fmt: skip
    """Write the smallest effect of all cohorts together.

    Raises
    ------
    NotEstimable
        If there are too few cohorts, or no formula gives the standard error from counts.
    """
    if claim.estimand.analysis == "mendelian":
        raise NotEstimable(_SUMMARIES)
    if len(found) < claim.min_cohorts:
        raise NotEstimable(f"too few cohorts: k = {len(found)} < {claim.min_cohorts}")
    df = float(len(found) - 1) if len(found) > 1 else float("inf")
    events = [size.n_events for size in found if size.n_events is not None]
    if claim.bound is not None:
        effect, how = smallest_auc(found, claim.bound, df), "Hanley & McNeil (1982)"
    else:
        foreseen = [_variance(claim, term, size, study.shape) for size in found]
        effect, how = detectable(_pooled([one for one, _ in foreseen]), df), foreseen[0][1]
    rows.add(
        **keys, measure="smallest_effect", estimate=effect,
        n=sum(size.n for size in found), n_events=sum(events) if events else None,
        df=None if np.isinf(df) else df,
        method=f"found with a power of {POWER:.0%} at a two-sided level of {ALPHA:.0%}, from the "
        f"counts alone: {how}; cohorts alike, without covariates",
    )  # fmt: skip


def _pooled(variances: Sequence[float]) -> float:
    """Return the standard error of a mean that is weighted by the inverse of variances."""
    return float(1 / np.sqrt(sum(1 / variance for variance in variances)))


def _variance(claim: Claim, term: str, size: Size, shape: Shape) -> tuple[float, str]:
    """Return the variance that a size foresees where there is no effect, and by which formula.

    Raises
    ------
    NotEstimable
        If the number of people does not tell it.

    References
    ----------
    Hedges LV, Olkin I (1985). Statistical Methods for Meta-Analysis, chapter 5.
    Nakagawa S et al (2015). Methods Ecol Evol 6:143-152 (ratio of SDs).
    Hsieh FY, Lavori PW (2000). Control Clin Trials 21:552-560 (hazard ratio of a number).
    Hsieh FY et al (1998). Stat Med 17:1623-1634 (odds ratio of a number, slope).
    Woolf B (1955). Ann Hum Genet 19:251-253 (odds ratio of two groups).
    """
    estimand = claim.estimand
    key = (estimand.analysis, estimand.measure)
    n, cases = size.n, size.n_events or 0
    if key == ("contrast", "smd"):
        return n / (cases * (n - cases)), "n / (cases × controls)"
    if key == ("contrast", "log_vr"):
        return 1 / (2 * cases - 2) + 1 / (2 * (n - cases) - 2), "1 / 2(n − 1), summed over groups"
    if estimand.analysis == "tails" and term in ("low", "high"):
        share, middle = _shares(shape, term)
        of_groups = (1 / share + 1 / middle) * (1 / cases + 1 / (n - cases))
        return of_groups, "Woolf, by the shares that the percentiles say"
    if estimand.analysis == "incidence":
        return 1 / cases, "1 / events"
    if estimand.analysis == "treatment" or (key[1] == "log_or" and estimand.target == "phq9_10"):
        return size.per_event, "1 / n p (1 − p), summed over arms"
    over_visits = term in ("decline", "level_over_visits")
    if estimand.analysis in _SLOPES and key[1] in ("beta", "total") and not over_visits:
        return 1 / n, "1 / n, in SDs of the outcome"
    raise NotEstimable("the number of people alone does not tell its standard error")


def _shares(shape: Shape, term: str) -> tuple[float, float]:
    """Return the shares of people in a tail and between both tails."""
    low, high = shape.low_percentile / 100, 1 - shape.high_percentile / 100
    return low if term == "low" else high, 1 - low - high


def smallest_auc(sizes: Sequence[Size], bound: float, df: float) -> float:
    """Return the smallest AUC whose lower limit would reach the bound.

    Parameters
    ----------
    sizes
        Cases and others of each cohort.
    bound
        What the lower limit must reach.
    df
        Degrees of freedom of the interval.

    Raises
    ------
    NotEstimable
        If none up to 0.99 would; nearer to 1 the formula knows no variance.

    References
    ----------
    Hanley JA, McNeil BJ (1982). Radiology 143:29-36 (variance of an AUC).
    """

    def short(auc: float) -> float:
        variances = [auc_variance(auc, size.n_events or 0, size.n) for size in sizes]
        return auc - bound - detectable(_pooled(variances), df)

    if short(_HIGHEST_AUC) < 0:
        raise NotEstimable(
            f"too few people: an AUC of {_HIGHEST_AUC:g} would have a lower limit below {bound:g}"
        )
    return float(brentq(short, bound, _HIGHEST_AUC))


def auc_variance(auc: float, cases: int, n: int) -> float:
    """Variance of an AUC by Hanley and McNeil's exponential approximation."""
    controls = n - cases
    q1, q2 = auc / (2 - auc), 2 * auc**2 / (1 + auc)
    spread = (cases - 1) * (q1 - auc**2) + (controls - 1) * (q2 - auc**2)
    return (auc * (1 - auc) + spread) / (cases * controls)
