"""The risk of an event within some years, from a Cox model.

Takes columns, follow-up, events and cohorts of training people; gives a model of anybody.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from igfmood.association.models.cox import fit_cox
from igfmood.errors import NotEstimable

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class HazardRisk:
    """A Cox model and what it takes to predict.

    Parameters
    ----------
    baseline
        Cohort: log of the cumulative hazard at the horizon where all columns are 0. A person of
        another cohort has the mean.
    coef
        Log hazard ratio per unit of each column, shape (p,).
    horizon
        Years.
    method
        How it was fitted.
    """

    baseline: Mapping[str, float]
    coef: FloatArray
    horizon: float
    method: ClassVar[str] = "Cox, Efron ties, baseline hazard by cohort (Breslow)"

    def log_hazard(self, X: FloatArray, cohort: npt.NDArray[np.str_]) -> FloatArray:
        """Log cumulative hazard at the horizon, shape (n,)."""
        mean = float(np.mean(list(self.baseline.values())))
        base = np.array([self.baseline.get(str(name), mean) for name in cohort])
        return np.asarray(base + X @ self.coef, dtype=np.float64)

    def predict(self, X: FloatArray, cohort: npt.NDArray[np.str_]) -> FloatArray:
        """Risk of the event within the horizon, shape (n,)."""
        return np.asarray(-np.expm1(-np.exp(self.log_hazard(X, cohort))), dtype=np.float64)


def fit_hazard_risk(
    X: FloatArray, event: FloatArray, time: FloatArray, cohort: npt.NDArray[np.str_],
    horizon: float,
) -> HazardRisk:  # fmt: skip
    """Fit a Cox model stratified by cohort, with each cohort's baseline hazard.

    Parameters
    ----------
    X : ndarray, shape (n, p)
        Columns, none constant.
    event, time : ndarray, shape (n,)
        Whether follow-up ended with the event, and when (years).
    cohort : ndarray of str, shape (n,)
    horizon : float
        Years within which the event is predicted.

    Raises
    ------
    NotEstimable
        If the model cannot be fitted, or a cohort has no event within the horizon.

    References
    ----------
    Breslow N (1974). Biometrics 30:89-99 (cumulative hazard).
    """
    coef = fit_cox(X, time, event.astype(bool), strata=cohort).coef
    relative = np.exp(X @ coef)
    baseline = {}
    for name in np.unique(cohort):
        own = cohort == name
        hazard = _cumulative_hazard(time[own], event[own] == 1, relative[own], horizon)
        if not hazard > 0:
            raise NotEstimable(f"no event within {horizon:g} years among {name}")
        baseline[str(name)] = float(np.log(hazard))
    return HazardRisk(baseline, coef, horizon)


def _cumulative_hazard(
    time: FloatArray, event: npt.NDArray[np.bool_], relative: FloatArray, horizon: float
) -> float:
    order = np.argsort(-time, kind="stable")
    at_risk = np.cumsum(relative[order])
    times = time[order]
    # Everybody with an equal time is at risk at it.
    last = np.searchsorted(-times, -times, side="right") - 1
    counted = event[order] & (times <= horizon)
    return float((1 / at_risk[last])[counted].sum())
