"""A frozen model at work: from measurements and covariates to risks.

Takes the steps that the pipeline learns (score, gaps, columns, risk), or a document; gives risks of
anybody by these very steps, so that there is one way to predict.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import expit, softmax

from igfmood.config.study import Task
from igfmood.performance.columns import SCORE, ModelColumns
from igfmood.performance.frozen.coarse import joint_normal
from igfmood.performance.frozen.document import FrozenModel, Recalibration
from igfmood.performance.frozen.score_numbers import learned_score
from igfmood.performance.joint_normal import JointNormal
from igfmood.performance.models.hazard_risk import HazardRisk
from igfmood.performance.models.linear_risk import LinearRisk
from igfmood.performance.models.multinomial import ClassRisk
from igfmood.performance.standard_score import StandardScore
from igfmood.performance.tasks import PredictionTask

FloatArray = npt.NDArray[np.float64]
StrArray = npt.NDArray[np.str_]


@dataclass(frozen=True, eq=False)
class Frozen:
    """The steps of one model, each as the pipeline learned it.

    Parameters
    ----------
    score
        Score of the analyte, None where the model does not use it.
    gaps
        What fills in covariates that are not known: their expectation.
    columns, risk
        Columns of the model, and the model.
    recalibration
        What becomes of the linear predictor.
    """

    score: StandardScore | None
    gaps: JointNormal
    columns: ModelColumns
    risk: LinearRisk | HazardRisk | ClassRisk
    recalibration: Recalibration

    def scores(self, measured: pd.DataFrame) -> FloatArray:
        """Return the score, shape (n,), missing where no curve has one or nothing was measured.

        Parameters
        ----------
        measured
            Column ``cohort``, and those of `normalise.standardise.COLUMNS`.
        """
        found = np.full(len(measured), np.nan)
        if self.score is None or not len(measured):
            return found
        rows = self._covered(measured, self.score)
        if rows.any():
            found[rows] = self.score.transform(measured[rows])[:, 0]
        return found

    def _covered(self, measured: pd.DataFrame, score: StandardScore) -> npt.NDArray[np.bool_]:
        """Return who is within reach of a curve; others may not be asked for a score."""
        cohort = measured["cohort"].to_numpy(str)
        own = np.isin(cohort, [*score.learned_, *score.standardisers])
        plain = measured.assign(batch="")
        found = [np.isfinite(one.transform(plain)) for one in score.learned_.values()]
        return np.asarray(own | np.any(found, axis=0))

    def linear(
        self, predictors: pd.DataFrame, scores: FloatArray, cohort: StrArray
    ) -> FloatArray:  # fmt: skip
        """Return the linear predictor before recalibration, shape (n,) or (n, classes - 1).

        Parameters
        ----------
        predictors
            Covariates as in `task_data.People.predictors`, n rows; gaps are filled in.
        scores
            From `scores`, shape (n,).
        cohort
            Names, shape (n,); who is of none of the training cohorts has the average intercept.
        """
        filled = self.gaps.transform(predictors[self.gaps.columns_])
        known = {name: filled[name].to_numpy(float) for name in self.gaps.columns_}
        X = self.columns.transform({**known, SCORE: scores})
        if isinstance(self.risk, HazardRisk):
            return self.risk.log_hazard(X, cohort)
        return self.risk.log_odds(X, cohort)

    def probability(self, linear: FloatArray) -> FloatArray:
        """Return the risk, shape (n,), or the probability of every class, shape (n, classes)."""
        if isinstance(self.risk, ClassRisk):
            eta = np.column_stack([np.zeros(len(linear)), linear])
            return np.asarray(softmax(eta, axis=1), dtype=np.float64)
        value = self.recalibration.intercept + self.recalibration.slope * linear
        risk = -np.expm1(-np.exp(value)) if isinstance(self.risk, HazardRisk) else expit(value)
        return np.asarray(risk, dtype=np.float64)


def frozen_of(model: FrozenModel) -> Frozen:
    """Return the steps that a document describes."""
    score = None
    if model.score is not None:
        score = StandardScore({})
        score.learned_ = {
            name: learned_score(numbers) for name, numbers in sorted(model.score.cohorts.items())
        }
    gaps = model.gaps
    varies = np.array(gaps.sd, dtype=float) > 0
    correlation = np.array(gaps.correlation, dtype=float).reshape(len(varies), len(varies))
    columns = ModelColumns(tuple(model.predictors), tuple(model.columns.knots))
    columns.knots_, columns.tails_ = dict(model.columns.knots), list(model.columns.tails)
    columns.kept_ = list(next(iter(model.equations.values())).coefficients)
    return Frozen(
        score,
        joint_normal(gaps.columns, gaps.mean, gaps.sd, correlation[np.ix_(varies, varies)]),
        columns,
        _risk(model),
        model.recalibration,
    )


def _risk(model: FrozenModel) -> LinearRisk | HazardRisk | ClassRisk:
    equations = list(model.equations.values())
    coef = np.array([list(one.coefficients.values()) for one in equations], dtype=float)
    if model.kind == "classes":
        intercepts = {
            name: np.array([one.intercepts[name] for one in equations])
            for name in equations[0].intercepts
        }
        return ClassRisk(intercepts, coef.T)
    if model.horizon_years is not None:
        return HazardRisk(equations[0].intercepts, coef[0], model.horizon_years)
    return LinearRisk(equations[0].intercepts, coef[0], model.method)


def task_of(model: FrozenModel) -> PredictionTask:
    """Return the task of a model."""
    groups: Task | None = model.groups
    return PredictionTask(model.task, model.label, model.kind, tuple(model.classes), groups)
