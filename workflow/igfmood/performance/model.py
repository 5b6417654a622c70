"""What is learned in a training set, and nowhere else.

Takes training people; gives the reference curves of their cohorts and one logistic model per
tier, and applies them to people who were not there.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import expit

from igfmood.config.study import ANALYTE, Study
from igfmood.normalise.reference import ReferenceCurve, fit_reference
from igfmood.performance.logistic import fit_logistic
from igfmood.performance.task_data import People


@dataclass(frozen=True)
class CohortCurves:
    """Reference curves by cohort.

    A cohort that was not in the training set gets the average of the training cohorts' curves:
    nothing of its own people is used, so a shift of its assay shows as miscalibration.
    """

    curves: dict[str, ReferenceCurve]
    log: bool

    def sds(self, people: People) -> np.ndarray:
        """Return standard deviation scores, shape (n,)."""
        y = np.log(people.value) if self.log else people.value
        scores = np.empty(len(people))
        for name in np.unique(people.cohort):
            rows = people.cohort == name
            known = [self.curves[name]] if name in self.curves else list(self.curves.values())
            mu = np.mean(
                [curve.mu(people.age[rows], people.female[rows]) for curve in known], axis=0
            )
            sigma = np.sqrt(np.mean([curve.sigma**2 for curve in known]))
            scores[rows] = (y[rows] - mu) / sigma
        return scores


def fit_curves(train: People, bystanders: People, study: Study) -> CohortCurves:
    """Fit each training cohort's reference curve on its healthy training people.

    Raises
    ------
    NotEstimable
        If a cohort has too few of them.
    """
    log = study.analyte.transformation == "log"
    curves = {}
    for name in np.unique(train.cohort):
        parts = [train.take((train.cohort == name) & train.healthy)]
        parts += [bystanders.take(bystanders.cohort == name)] if len(bystanders) else []
        value, age, female = (
            np.concatenate([getattr(part, field) for part in parts])
            for field in ("value", "age", "female")
        )
        curves[str(name)] = fit_reference(
            value, age, female, log=log, min_people=study.gates.reference_people
        )
    return CohortCurves(curves, log)


@dataclass(frozen=True)
class TierModel:
    """A logistic model of one tier, with an intercept for each training cohort.

    The risk of a person from another cohort uses the mean of these intercepts (Debray et al.
    2013, Stat Med 32:3158, average intercept).
    """

    predictors: tuple[str, ...]
    intercepts: dict[str, float]
    coef: np.ndarray

    def predict(self, people: People, sds: np.ndarray) -> np.ndarray:
        """Return the risk of being a case, shape (n,)."""
        mean = float(np.mean(list(self.intercepts.values())))
        base = np.array([self.intercepts.get(str(name), mean) for name in people.cohort])
        return expit(base + _predictors(people, sds, self.predictors) @ self.coef)


def fit_tier(train: People, sds: np.ndarray, predictors: Sequence[str]) -> TierModel:
    """Fit one tier by maximum likelihood.

    Raises
    ------
    NotEstimable
        If the classes are separated, or the predictors are not independent.
    """
    names = np.unique(train.cohort)
    strata = (train.cohort[:, None] == names[None, :]).astype(float)
    columns = _predictors(train, sds, predictors)
    varies = np.ptp(columns, axis=0) > 0
    fit = fit_logistic(np.hstack([strata, columns[:, varies]]), train.case)
    coef = np.zeros(columns.shape[1])
    coef[varies] = fit.coef[len(names) :]
    intercepts = {str(name): float(value) for name, value in zip(names, fit.coef, strict=False)}
    return TierModel(tuple(predictors), intercepts, coef)


def _predictors(people: People, sds: np.ndarray, names: Sequence[str]) -> np.ndarray:
    return np.hstack(
        [sds[:, None] if name == ANALYTE else people.covariates[name] for name in names]
    )
