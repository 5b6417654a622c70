"""Models that leave the study: one of each task and tier, built from everybody.

Takes the participants of all cohorts; writes a document for each model that can be built, and a
list of those that cannot.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from igfmood import progress
from igfmood.cohort.overlap import read_left_out
from igfmood.config.prediction import ANALYTE_FORMS, ANALYTE_SPLINE
from igfmood.config.study import Study
from igfmood.disclosure import redact
from igfmood.errors import NotEstimable
from igfmood.files import whole
from igfmood.normalise.standardise import Release
from igfmood.performance.columns import SCORE, ModelColumns, uses_analyte
from igfmood.performance.frozen.coarse import (
    age_range,
    coarse_gaps,
    joint_normal,
    steps_of,
    without_rare,
)
from igfmood.performance.frozen.describe import Fitted, document_of
from igfmood.performance.frozen.document import Origin, Recalibration, write_model
from igfmood.performance.frozen.model import FloatArray, Frozen
from igfmood.performance.joint_normal import JointNormal
from igfmood.performance.models.hazard_risk import HazardRisk, fit_hazard_risk
from igfmood.performance.models.linear_risk import LinearRisk, fit_linear_risk
from igfmood.performance.models.multinomial import ClassRisk, fit_multinomial
from igfmood.performance.prepare import fit_score, resolve
from igfmood.performance.standard_score import StandardScore
from igfmood.performance.task_data import TaskData, columns_of, read_cohorts, task_data
from igfmood.performance.tasks import prediction_tasks
from igfmood.provenance import versions

#: List of the models that could not be built.
NOT_BUILT = "not_built.csv"


@dataclass(frozen=True)
class Source:
    """Digests of the code and of the participants."""

    code: str
    inputs: str


def freeze_study(
    study: Study, participants: Mapping[str, Path], overlap: Path, source: Source, folder: Path
) -> None:
    """Build every model of a study and write ``<task>/<tier>.json``.

    Parameters
    ----------
    study
        The study.
    participants
        Cohort: participants table; those of cohorts that failed are left out.
    overlap
        Decision on cohorts that share people.
    source
        Where the models come from.
    folder
        Where they go.
    """
    tables = read_cohorts(participants, study)
    left_out = read_left_out(overlap)
    origin = Origin(
        study=study.study, seed=study.seed, code=source.code, inputs=source.inputs,
        versions=versions(),
    )  # fmt: skip
    not_built = []
    folder.mkdir(parents=True, exist_ok=True)
    tasks = list(prediction_tasks(study))
    with progress.stage("building models", len(tasks) * len(study.prediction_tiers)) as stage:
        for task in tasks:
            data = task_data(tables, task, study, left_out)
            for tier in study.prediction_tiers:
                reason = _freeze(data, tier, study, origin, folder / task.name / f"{tier}.json")
                if reason:
                    not_built.append((task.name, tier, redact(reason, study.disclosure.min_cell)))
                stage.advance()
    columns = ["task", "tier", "reason"]
    with whole(folder / NOT_BUILT) as beside:
        pd.DataFrame(not_built, columns=columns).to_csv(beside, index=False, lineterminator="\n")


def _freeze(data: TaskData, tier: str, study: Study, origin: Origin, path: Path) -> str:
    """Build and write a model; return why there is none, empty if there is."""
    try:
        with threadpool_limits(1):
            model = document_of(fit_frozen(data, tier, study), data, tier, study, origin)
    except NotEstimable as error:
        return error.reason
    path.parent.mkdir(exist_ok=True)
    write_model(model, path)
    return ""


def fit_frozen(data: TaskData, tier: str, study: Study) -> Fitted:
    """Build a model from all people of a task.

    Gaps are filled with their expectation, in the people it is built from as in those it will be
    used for. What is learned is coarse where it would tell of few people: see `frozen.coarse`.

    Raises
    ------
    NotEstimable
        If the model cannot be built, or too few people are behind it.

    References
    ----------
    Sisk R et al (2023). Stat Methods Med Res 32:1461-1477 (the same deterministic imputation where
    a model is built and where it is used).
    """
    if not data.cohorts:
        reasons = "; ".join(f"{name}: {reason}" for name, reason in sorted(data.refused.items()))
        raise NotEstimable(f"no cohort can take part: {reasons}")
    people, min_cell = data.people, study.disclosure.min_cell
    predictors = resolve(data, data.cohorts, tier, study)
    score = _score(data, study) if uses_analyte(predictors) else None
    scores = np.full(len(people), np.nan)
    if score is not None:
        scores = score.transform(people.measured)[:, 0]
    frame, kept = without_rare(people.predictors[_covariates(predictors)], min_cell)
    gaps = _gaps(frame, min_cell)
    filled = gaps.transform(frame)
    known = {name: filled[name].to_numpy(float) for name in gaps.columns_}
    steps = steps_of({**known, **({SCORE: scores} if score is not None else {})})
    columns = ModelColumns(predictors, tuple(study.prediction.spline_covariates), steps)
    columns.fit({**known, SCORE: scores}, people.y)
    if not columns.kept_:
        raise NotEstimable("no predictor varies among the training people")
    X = columns.transform({**known, SCORE: scores})
    frozen = Frozen(score, gaps, columns, _fit(data, X, study), Recalibration())
    linear = frozen.linear(frame, scores, people.cohort)
    return Fitted(frozen, frame, kept, scores, linear)


def _score(data: TaskData, study: Study) -> StandardScore:
    release = {}
    for name in data.cohorts:
        age = np.concatenate([
            part.measured.loc[part.cohort == name, "age"].to_numpy(float)
            for part in (data.people, data.bystanders) if len(part)
        ])  # fmt: skip
        min_cell = study.disclosure.min_cell
        release[name] = Release(age_range(age, min_cell), min_cell)
    return fit_score(data.people, data.bystanders, study, release)


def _covariates(predictors: Sequence[str]) -> list[str]:
    """Columns of a model's covariates; the spline of the analyte is one for each sex."""
    names = [name for name in predictors if name not in ANALYTE_FORMS]
    if ANALYTE_SPLINE in predictors and "sex" not in names:
        names.append("sex")
    return [column for name in names for column in columns_of(name)]


def _gaps(frame: pd.DataFrame, min_cell: int) -> JointNormal:
    if frame.columns.empty:
        return joint_normal([], [], [], np.empty((0, 0)))
    return coarse_gaps(JointNormal().fit(frame), frame, min_cell)


def _fit(data: TaskData, X: FloatArray, study: Study) -> LinearRisk | HazardRisk | ClassRisk:
    people = data.people
    if data.task.kind == "time":
        horizon = study.prediction.horizon_years
        return fit_hazard_risk(X, people.y, people.time, people.cohort, horizon)
    if data.task.kind == "classes":
        return fit_multinomial(X, people.y, people.cohort)
    return fit_linear_risk(X, people.y, people.cohort)
