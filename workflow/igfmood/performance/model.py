"""What is learned in a training set, and nowhere else.

Takes training people; gives the score of their cohorts and one logistic model per tier, and
applies them to people who were not there.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import expit

from igfmood.association.models.logistic import fit_logistic
from igfmood.config.study import Study
from igfmood.config.tiers import ANALYTE
from igfmood.normalise.participants import standardiser
from igfmood.performance.standard_score import StandardScore
from igfmood.performance.task_data import People


def fit_score(train: People, bystanders: People, study: Study) -> StandardScore:
    """Learn the analyte's score of each training cohort from its training people.

    Raises
    ------
    NotEstimable
        If a cohort has too few reference people.
    """
    names = np.unique(train.cohort)
    parts = [train.measured]
    if len(bystanders):
        parts.append(bystanders.measured[bystanders.measured["cohort"].isin(names)])
    score = StandardScore({c.name: standardiser(study, c) for c in study.cohorts})
    return score.fit(pd.concat(parts, ignore_index=True))


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
