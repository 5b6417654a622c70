"""Numbers that claims are judged by, under shifts of the scores that were not measured.

Takes a cohort's people with completed tables, and the estimands of claims; writes each number at
every shift, or why there is nothing to shift.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from igfmood.association.estimate import Answer, Estimate, Key, pooled_columns
from igfmood.association.question import Question, ask_each, by_firth, samples_of
from igfmood.association.questions import question_of
from igfmood.association.sample import IMPUTED, CohortData, Specification
from igfmood.association.shifts import Shift, movement, not_measured, shifted
from igfmood.config.analysis import within
from igfmood.config.claims import Estimand
from igfmood.errors import NotEstimable
from igfmood.results import Rows

TIPPING = "tipping"
#: Number: columns of its row.
Columns = dict[Key, dict[str, Any]]


@dataclass(frozen=True)
class Shifted:
    """Numbers that one fit gives, and along what scores are shifted under it.

    Parameters
    ----------
    question
        What is asked.
    adjustment, population
        Covariate tier, and among whom.
    shift
        Along what.
    keys
        Numbers that are wanted.
    """

    question: Question
    adjustment: str
    population: str
    shift: Shift
    keys: Sequence[Key]


def add_shifts(rows: Rows, data: CohortData, estimands: Collection[Estimand]) -> None:
    """Write every estimand that a question declares shifts for, at each shift.

    The shift stands in `stratum` (after the population, where that is a subset), the analysis in
    `model`. Everybody with the outcome counts here, measured or not: at a shift of 0 the gaps are
    as chained equations fill them.
    """
    for asked in _groups(data, estimands):
        question, keys = asked.question, asked.keys
        shared = [
            {
                "analysis": TIPPING, "target": question.target, "model": question.analysis,
                "exposure": data.study.analyte.sds, "adjustment": asked.adjustment,
                "measure": measure, "term": term,
            }
            for measure, term in keys
        ]  # fmt: skip
        try:
            found = list(shifted_numbers(asked, data))
        except NotEstimable as error:
            for one in shared:
                rows.add_not_estimable(error.reason, **one, stratum=within(asked.population, "0"))
            continue
        for delta, columns in found:
            stratum = within(asked.population, f"{delta:g}")
            for one, key in zip(shared, keys, strict=True):
                if isinstance(columns, str):
                    rows.add_not_estimable(columns, **one, stratum=stratum)
                    continue
                method = f"{asked.shift.text}; {columns[key]['method']}"
                rows.add(**one, stratum=stratum, **{**columns[key], "method": method})


def _groups(data: CohortData, estimands: Collection[Estimand]) -> Iterator[Shifted]:
    """Yield the numbers that one fit gives under a shift, together."""
    groups: dict[tuple[str, ...], tuple[Question, Shift, dict[Key, None]]] = {}
    for estimand in estimands:
        for term in estimand.terms:
            key = (estimand.measure, term)
            question = question_of(data.study, estimand.analysis, estimand.target, *key)
            if question is None or key not in question.shifts:
                continue
            shift = question.shifts[key]
            name = (
                estimand.adjustment,
                estimand.population,
                question.analysis,
                question.target,
                question.model,
                shift.text,
            )
            groups.setdefault(name, (question, shift, {}))[2][key] = None
    for (adjustment, population, *_), (question, shift, keys) in groups.items():
        yield Shifted(question, adjustment, population, shift, list(keys))


def shifted_numbers(
    asked: Shifted, data: CohortData
) -> Iterator[tuple[float, Columns | str]]:  # fmt: skip
    """Yield each shift with the columns of the numbers, or with the reason for none.

    Parameters
    ----------
    asked
        The numbers.
    data
        The cohort.

    Raises
    ------
    NotEstimable
        If the cohort cannot answer, or nobody whose score would move lacks it.
    """
    question, keys, shift = asked.question, asked.keys, asked.shift
    question.allowed(data)
    unmeasured = not_measured(data)
    score = data.study.analyte.sds
    everybody = replace(
        question, used=(*question.used, score),
        observed=tuple(name for name in question.observed if name != score),
    )  # fmt: skip
    specification = Specification(asked.adjustment, asked.population, missing=IMPUTED)
    samples = list(samples_of(everybody, specification, data))
    moves = [movement(sample, shift, unmeasured) for sample in samples]
    if not any(one.any() for one in moves):
        raise NotEstimable("nobody whose score would be shifted lacks it: nothing to shift")
    at_none = ask_each(question, samples)
    firth = by_firth(at_none[0])
    still = _columns(at_none, keys, data.study.level)
    for delta in _grid(data.study.imputation.delta, shift.steps):
        if delta == 0:
            yield delta, still
            continue
        moved = [
            replace(shifted(sample, one, delta), firth=firth)
            for sample, one in zip(samples, moves, strict=True)
        ]
        try:
            answers = [_by_errors(answer) for answer in ask_each(question, moved)]
            found = _columns(answers, keys, data.study.level)
        except NotEstimable as error:
            yield delta, error.reason
            continue
        yield (
            delta,
            {
                key: _with_limits_of(still[key], columns) if firth else columns
                for key, columns in found.items()
            },
        )


def _grid(largest: float, steps: int) -> list[float]:
    return [round(float(x), 10) for x in np.linspace(-largest, largest, 2 * steps + 1)]


def _columns(answers: Sequence[Answer], keys: Sequence[Key], level: float) -> Columns:
    return pooled_columns([{key: answer[key] for key in keys} for answer in answers], level)


def _by_errors(answer: Answer) -> Answer:
    """Return an answer with the intervals of its standard errors."""
    return {
        key: replace(one, profile=None) if isinstance(one, Estimate) else one
        for key, one in answer.items()
    }


def _with_limits_of(still: Mapping[str, Any], columns: Mapping[str, Any]) -> dict[str, Any]:
    """Return columns with the limits of the likelihood profile at no shift, moved and scaled.

    Profiles of all tables at every shift would cost more than all else.
    """
    scale = columns["se"] / still["se"]
    limits = {
        name: columns["estimate"] + scale * (still[name] - still["estimate"])
        for name in ("ci_low", "ci_high")
    }
    method = f"{columns['method']}; limits of no shift, scaled with the standard error"
    return {**columns, **limits, "p": None, "method": method}
