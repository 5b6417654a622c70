"""The form of a relation: a line, a U, or different in women and men.

Takes the study; gives, for the PHQ-9 and for each task, a restricted cubic spline of the score
with its tests, the curve on a grid, the interaction with sex, and the two-lines test.
"""

from collections.abc import Callable, Iterator
from functools import partial

import numpy as np

from igfmood.association.estimate import Answer, Estimate, Joint, Plain
from igfmood.association.question import Question, require_people
from igfmood.association.questions.contrasts import cases_of, require_groups
from igfmood.association.regression import Fit, linear, logistic
from igfmood.association.sample import Sample
from igfmood.association.shape_tests import SplineEffect
from igfmood.association.two_lines import two_lines
from igfmood.config.study import Study, Task
from igfmood.errors import NotEstimable
from igfmood.splines import rcs_basis

#: Scores at which the curve is given, relative to a score of 0.
GRID = tuple(float(z) for z in np.round(np.arange(-2, 2.01, 0.25), 2))
_AWAY = tuple(z for z in GRID if z != 0)
_CURVE = tuple(("curve", f"{z:g}") for z in _AWAY)
_TESTS = (("f", "any"), ("f", "nonlinear"))
_SEX = (("interaction", "sex"), ("f", "sex"))


def questions(study: Study) -> Iterator[Question]:
    """Yield the questions about the form of the relation."""
    keys = (*_TESTS, *_CURVE)
    total = "phq9_total"
    outcome = partial(_numbers, name=total)
    yield Question(
        "shape", total, "spline", keys, partial(spline, fit=linear, outcome=outcome),
        observed=(total,), every_tier=False,
    )  # fmt: skip
    yield Question(
        "shape", total, "sex_interaction", _SEX, partial(by_sex, fit=linear, outcome=outcome),
        observed=(total,), used=("sex",), every_tier=False,
    )  # fmt: skip
    yield Question(
        "shape", total, "two_lines", (("slope", "low"), ("slope", "high"), ("breakpoint", "")),
        lines, observed=(total,), only_complete=True, every_tier=False,
    )  # fmt: skip
    for task in study.tasks:
        outcome = partial(_cases, task=task)
        allowed = partial(require_groups, task=task)
        yield Question(
            "shape", task.name, "spline", keys, partial(spline, fit=logistic, outcome=outcome),
            observed=(study.analyte.sds,), task=task, every_tier=False, allowed=allowed,
        )  # fmt: skip
        yield Question(
            "shape", task.name, "sex_interaction", _SEX,
            partial(by_sex, fit=logistic, outcome=outcome), observed=(study.analyte.sds,),
            used=("sex",), task=task, every_tier=False, allowed=allowed,
        )  # fmt: skip


Fitter = Callable[[Sample, np.ndarray, np.ndarray], Fit]
Outcome = Callable[[Sample], np.ndarray]


def _numbers(sample: Sample, name: str) -> np.ndarray:
    require_people(sample, 5 * sample.study.gates.group_size)
    return sample.column(name)


def _cases(sample: Sample, task: Task) -> np.ndarray:
    return cases_of(sample, task)


def _knots(sample: Sample) -> np.ndarray:
    if sample.knots is None:
        raise NotEstimable("too few scores to place the knots of a spline")
    return sample.knots


def spline(sample: Sample, fit: Fitter, outcome: Outcome) -> Answer:
    """Return the tests of the spline and its curve relative to a score of 0."""
    y = outcome(sample)
    knots = _knots(sample)
    basis = rcs_basis(sample.score, knots)
    k = basis.shape[1]
    found = fit(sample, sample.design(basis), y)
    events = int(y.sum()) if y.dtype == bool else None
    words = f"restricted cubic spline of {k + 1} knots; {found.method}"
    answer: dict[tuple[str, str], Estimate | Joint | Plain] = {
        ("f", "any"): found.joint(
            slice(1, k + 1), len(sample), events, f"all terms of the score; {words}"
        ),
        ("f", "nonlinear"): found.joint(
            slice(2, k + 1), len(sample), events, f"terms beyond the line; {words}"
        ),
    }
    effect = SplineEffect(found.beta[1 : k + 1], found.cov[1 : k + 1, 1 : k + 1], found.df, knots)
    for z, terms in zip(_AWAY, effect.weights(_AWAY, 0.0), strict=True):
        weights = np.zeros(len(found.beta))
        weights[1 : k + 1] = terms
        answer["curve", f"{z:g}"] = found.combination(
            weights, len(sample), events, f"relative to a score of 0; {words}"
        )
    return answer


def by_sex(sample: Sample, fit: Fitter, outcome: Outcome) -> Answer:
    """Return how the slope differs in women from men, and whether the spline does."""
    y = outcome(sample)
    female = (sample.column("sex") == "female").astype(float)
    if min(female.sum(), len(sample) - female.sum()) < sample.study.gates.group_size:
        raise NotEstimable("too few women or too few men")
    basis = rcs_basis(sample.score, _knots(sample))
    events = int(y.sum()) if y.dtype == bool else None
    ones = np.ones(len(sample))
    line = fit(sample, np.column_stack(
        [ones, sample.score * female, sample.score, female, sample.covariates]), y)  # fmt: skip
    k = basis.shape[1]
    curve = fit(sample, np.column_stack(
        [ones, basis * female[:, None], basis, female, sample.covariates]), y)  # fmt: skip
    return {
        ("interaction", "sex"): line.coefficient(
            1, len(sample), events, f"slope in women minus slope in men; {line.method}"
        ),
        ("f", "sex"): curve.joint(
            slice(1, k + 1), len(sample), events, f"spline in women against men; {curve.method}"
        ),
    }  # fmt: skip


def lines(sample: Sample) -> Answer:
    """Return the slopes below and above the breakpoint of the two-lines test."""
    y = _numbers(sample, "phq9_total")
    found = two_lines(sample.score, y, sample.covariates)
    method = (
        f"two-lines test (Simonsohn), breakpoint {found.breakpoint:.2f} SD by the Robin Hood rule"
        f"{sample.unweighted}"
    )
    return {
        ("slope", "low"): Estimate(found.low.estimate, found.low.se, len(sample), found.low.df,
                                   method=method),
        ("slope", "high"): Estimate(found.high.estimate, found.high.se, len(sample), found.high.df,
                                    method=method),
        ("breakpoint", ""): Plain(found.breakpoint, len(sample), method=method),
    }  # fmt: skip
