"""Risks from a linear predictor, with an intercept for each cohort that the model was built in.

Takes columns, outcomes and cohorts of training people; gives a model that predicts anybody: by
maximum likelihood (Firth where the classes separate), or by the elastic net.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import expit, logit

from igfmood.association.models.firth import fit_firth
from igfmood.association.models.logistic import fit_logistic
from igfmood.errors import NotEstimable, Separated
from igfmood.performance.cohorts import names_of

FloatArray = npt.NDArray[np.float64]

LOGISTIC = "logistic, maximum likelihood"
FIRTH = "logistic, Firth with refitted intercepts (the classes separate)"


@dataclass(frozen=True, eq=False)
class LinearRisk:
    """A logistic model.

    The risk of a person from another cohort uses the mean of the intercepts (Debray et al. 2013,
    Stat Med 32:3158, average intercept).

    Parameters
    ----------
    intercepts
        Cohort: log odds where all columns are 0.
    coef
        Log odds per unit of each column, shape (p,).
    method
        How it was fitted.
    """

    intercepts: Mapping[str, float]
    coef: FloatArray
    method: str

    def log_odds(self, X: FloatArray, cohort: npt.NDArray[np.str_]) -> FloatArray:
        """Linear predictor of people with these columns, shape (n,)."""
        base = np.full(len(cohort), float(np.mean(list(self.intercepts.values()))))
        for name, intercept in self.intercepts.items():
            base[cohort == name] = intercept
        return np.asarray(base + X @ self.coef, dtype=np.float64)

    def predict(self, X: FloatArray, cohort: npt.NDArray[np.str_]) -> FloatArray:
        """Risk of being a case, shape (n,)."""
        return np.asarray(expit(self.log_odds(X, cohort)), dtype=np.float64)


def strata(cohort: npt.NDArray[np.str_]) -> tuple[list[str], FloatArray]:
    """Names of the cohorts, and an indicator column for each, shape (n, k)."""
    names = names_of(cohort)
    return names, np.column_stack([cohort == name for name in names]).astype(float)


def fit_linear_risk(X: FloatArray, y: FloatArray, cohort: npt.NDArray[np.str_]) -> LinearRisk:
    """Fit by maximum likelihood, or by Firth's where the classes separate.

    Parameters
    ----------
    X : ndarray, shape (n, p)
        Columns, none constant.
    y : ndarray, shape (n,)
        1 for cases, 0 for controls.
    cohort : ndarray of str, shape (n,)

    Raises
    ------
    NotEstimable
        If the columns are not independent, or a cohort has one class only.

    Notes
    -----
    Firth's penalty draws the mean risk to one half. The intercept of each cohort is therefore
    fitted again by maximum likelihood, the columns' part held as it is (FLIC): the mean risk of a
    cohort is its share of cases.

    References
    ----------
    Puhr R et al (2017). Stat Med 36:2302-2317, section 2.3.
    """
    names, indicators = strata(cohort)
    shares = y @ indicators / indicators.sum(axis=0)
    for name, share in zip(names, shares, strict=True):
        if share in (0, 1):
            raise NotEstimable(f"one class only among the training people of {name}")
    design = np.hstack([indicators, X])
    k = len(names)
    # Where the columns say nothing, which is near the maximum: half the steps are saved.
    start = np.r_[logit(shares), np.zeros(X.shape[1])]
    try:
        coef, method = fit_logistic(design, y, start=start).coef, LOGISTIC
    except Separated:
        coef, method = fit_firth(design, y).coef, FIRTH
        offset = X @ coef[k:]
        coef[:k] = fit_logistic(indicators, y, offset=offset, start=coef[:k]).coef
    intercepts = {name: float(value) for name, value in zip(names, coef[:k], strict=True)}
    return LinearRisk(intercepts, coef[k:], method)
