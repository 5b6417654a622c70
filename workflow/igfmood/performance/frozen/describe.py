"""A fitted model as a document.

Takes a model, the people behind it and where it comes from; gives the document, in which counts
and ranges are such as may be shown.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from igfmood.config.prediction import ANALYTE_FORMS, PHQ2
from igfmood.config.study import Study
from igfmood.config.vocabulary import VARIABLES, Variable
from igfmood.disclosure import suppressed
from igfmood.performance.frozen.coarse import age_range, distribution, training_counts
from igfmood.performance.frozen.document import (
    FORMAT,
    Columns,
    Equation,
    FrozenModel,
    Gaps,
    Input,
    Origin,
    Recalibration,
    Score,
    Training,
)
from igfmood.performance.frozen.model import FloatArray, Frozen
from igfmood.performance.frozen.score_numbers import score_numbers
from igfmood.performance.joint_normal import JointNormal
from igfmood.performance.models.hazard_risk import HazardRisk
from igfmood.performance.models.multinomial import ClassRisk
from igfmood.performance.task_data import TaskData, columns_of

_PHQ2 = Variable(PHQ2, "number", "first two items of the PHQ-9", "points", 0, 6)


@dataclass(frozen=True, eq=False)
class Fitted:
    """A model and the people it was built from.

    Parameters
    ----------
    frozen
        The model.
    predictors
        Covariates of the n people before gaps were filled; rare categories count as unknown.
    kept
        Categorical covariate: columns of the categories that are not rare (``""``: the first).
    scores
        Their scores, shape (n,).
    linear
        Their linear predictors, shape (n,) or (n, classes - 1).
    """

    frozen: Frozen
    predictors: pd.DataFrame
    kept: Mapping[str, list[str]]
    scores: FloatArray
    linear: FloatArray


def document_of(
    fitted: Fitted, data: TaskData, tier: str, study: Study, origin: Origin
) -> FrozenModel:
    """Return the document of a model.

    Parameters
    ----------
    fitted
        The model.
    data, tier, study
        What it is of.
    origin
        Where it comes from.
    """
    people, min_cell = data.people, study.disclosure.min_cell
    frozen, task = fitted.frozen, data.task
    everybody, by_cohort = training_counts(people.y, people.cohort, task.classes, min_cell)
    time = isinstance(frozen.risk, HazardRisk)
    return FrozenModel(
        format=FORMAT,
        version=1,
        task=task.name,
        label=task.label,
        kind=task.kind,
        classes=list(task.classes),
        groups=task.groups,
        tier=tier,
        method=frozen.risk.method,
        horizon_years=float(study.prediction.horizon_years) if time else None,
        analyte=study.analyte,
        predictors=list(frozen.columns.predictors),
        ages=age_range(people.measured["age"].to_numpy(float), min_cell),
        inputs=_inputs(fitted, min_cell),
        score=_score(fitted, min_cell),
        gaps=_gaps(frozen.gaps),
        columns=Columns(knots=frozen.columns.knots_, tails=frozen.columns.tails_),
        equations=_equations(fitted, task.classes, min_cell),
        recalibration=Recalibration(),
        closed_test=[],
        training=Training(everybody=everybody, cohorts=by_cohort, min_cell=min_cell),
        origin=origin,
    )


def _inputs(fitted: Fitted, min_cell: int) -> list[Input]:
    names = [name for name in fitted.frozen.columns.predictors if name not in ANALYTE_FORMS]
    return [_input(name, fitted, min_cell) for name in names]


def _input(name: str, fitted: Fitted, min_cell: int) -> Input:
    variable = _PHQ2 if name == PHQ2 else VARIABLES[name]
    columns = columns_of(name)
    values = fitted.predictors[columns]
    unknown = int(values.isna().any(axis=1).sum())
    share = None if suppressed(unknown, min_cell) else round(unknown / len(values), 2)
    categories: list[str] = []
    kind = "number"
    if variable.kind != "number":
        kind = "flag" if variable.kind == "flag" else "category"
        first, other = ("no", ["yes"]) if kind == "flag" else (variable.categories[0], [])
        names = dict(zip(["", *columns], [first, *(other or variable.categories[1:])], strict=True))
        categories = [names[column] for column in fitted.kept[name]]
    return Input.model_validate({
        "name": name, "meaning": variable.meaning, "kind": kind, "unit": variable.unit,
        "categories": categories, "missing": share,
        "columns": {
            column: distribution(values[column].to_numpy(float), min_cell) for column in columns
        },
    })  # fmt: skip


def _score(fitted: Fitted, min_cell: int) -> Score | None:
    if fitted.frozen.score is None:
        return None
    return Score(
        cohorts={
            name: score_numbers(learned) for name, learned in fitted.frozen.score.learned_.items()
        },
        distribution=distribution(fitted.scores, min_cell),
    )


def _gaps(gaps: JointNormal) -> Gaps:
    correlation = np.eye(len(gaps.columns_))
    correlation[np.ix_(gaps.varies_, gaps.varies_)] = gaps.cov_
    return Gaps(
        columns=gaps.columns_, mean=gaps.center_.tolist(), sd=gaps.scale_.tolist(),
        correlation=correlation.tolist(),
    )  # fmt: skip


def _equations(fitted: Fitted, classes: Sequence[str], min_cell: int) -> dict[str, Equation]:
    risk = fitted.frozen.risk
    if isinstance(risk, ClassRisk):
        return {
            name: _equation(
                fitted, risk.coef[:, i],
                {cohort: float(values[i]) for cohort, values in risk.intercepts.items()},
                fitted.linear[:, i], min_cell,
            )
            for i, name in enumerate(classes[1:])
        }  # fmt: skip
    intercepts = risk.baseline if isinstance(risk, HazardRisk) else risk.intercepts
    return {classes[-1]: _equation(fitted, risk.coef, intercepts, fitted.linear, min_cell)}


def _equation(
    fitted: Fitted, coef: FloatArray, intercepts: Mapping[str, float], linear: FloatArray,
    min_cell: int,
) -> Equation:  # fmt: skip
    names = fitted.frozen.columns.kept_
    return Equation(
        coefficients={name: float(b) for name, b in zip(names, coef, strict=True)},
        intercepts=dict(intercepts),
        average_intercept=float(np.mean(list(intercepts.values()))),
        training=distribution(linear, min_cell),
    )
