"""The two regressions that most questions are answered by, with the cohort's survey design.

Takes a sample, a design matrix and an outcome; gives coefficients with standard errors, degrees
of freedom and the name of the method.
"""

from dataclasses import dataclass

import numpy as np

from igfmood.association.models.firth import log_odds
from igfmood.association.models.linear import ols_hc3
from igfmood.association.models.survey import svy_linear, svy_logistic
from igfmood.association.sample import Sample, SurveyDesign
from igfmood.errors import NotEstimable, Separated


@dataclass(frozen=True, eq=False)
class Fit:
    """Coefficients `beta` (p,), covariance `cov` (p, p), degrees of freedom, method in words."""

    beta: np.ndarray
    cov: np.ndarray
    df: float
    method: str

    @property
    def se(self) -> np.ndarray:
        """Standard errors, shape (p,)."""
        return np.sqrt(np.diag(self.cov))


def linear(sample: Sample, design: np.ndarray, outcome: np.ndarray) -> Fit:
    """Least squares: HC3, or weighted with Taylor linearisation where the cohort is a survey.

    Raises
    ------
    NotEstimable
        If the model cannot be fitted.
    """
    if sample.survey is None:
        fit = ols_hc3(design, outcome)
        return Fit(fit.beta, fit.cov, fit.df_resid, "OLS with HC3 standard errors, t interval")
    survey = sample.survey
    found = svy_linear(
        _spread(design, survey.rows), _spread(outcome, survey.rows), survey.weights, survey.strata,
        survey.psu, domain=survey.rows,
    )  # fmt: skip
    method = "weighted least squares, Taylor linearisation over strata and sampling units"
    return Fit(found.beta, found.cov, float(found.df), method)


def logistic(sample: Sample, design: np.ndarray, outcome: np.ndarray) -> Fit:
    """Logistic regression: maximum likelihood, Firth where the data separate, or survey-weighted.

    Firth's likelihood takes no survey weights: where the people of a survey separate, they are
    counted alike, and the method says so.

    Raises
    ------
    NotEstimable
        If there are too few events or non-events, or the model cannot be fitted.
    """
    smallest = sample.study.gates.group_size
    rarer = int(min(outcome.sum(), (~outcome.astype(bool)).sum()))
    if rarer < smallest:
        raise NotEstimable(f"too few events or non-events: {rarer} < {smallest}")
    unweighted = ""
    if sample.survey is not None:
        try:
            return _survey_logistic(sample.survey, design, outcome)
        except Separated:
            unweighted = "; survey weights not used"
    fit = log_odds(design, outcome.astype(float))
    return Fit(fit.coef, fit.cov, np.inf, f"{fit.model}, Wald interval{unweighted}")


def _survey_logistic(survey: SurveyDesign, design: np.ndarray, outcome: np.ndarray) -> Fit:
    found = svy_logistic(
        _spread(design, survey.rows), _spread(outcome.astype(float), survey.rows), survey.weights,
        survey.strata, survey.psu, domain=survey.rows,
    )  # fmt: skip
    method = "weighted logistic, Taylor linearisation over strata and sampling units"
    return Fit(found.beta, found.cov, float(found.df), method)


def _spread(values: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Put the sample's values back among all people of the cohort, zero elsewhere."""
    full = np.zeros((len(rows), *values.shape[1:]))
    full[rows] = values
    return full
