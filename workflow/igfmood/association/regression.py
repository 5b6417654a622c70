"""The two regressions that most questions are answered by, with the cohort's survey design.

Takes a sample, a design matrix and an outcome; gives coefficients with standard errors, degrees
of freedom and the name of the method.
"""

from dataclasses import dataclass

import numpy as np

from igfmood.association.estimate import Estimate, Joint
from igfmood.association.models.firth import (
    FIRTH_INTERVAL,
    FirthFit,
    firth_log_odds,
    log_odds,
)
from igfmood.association.models.linear import ols_hc3
from igfmood.association.models.survey import svy_linear, svy_logistic
from igfmood.association.sample import Sample, SurveyDesign
from igfmood.errors import NotEstimable, Separated


@dataclass(frozen=True, eq=False)
class Fit:
    """Coefficients `beta` (p,), covariance `cov` (p, p), degrees of freedom, method in words.

    `by_design` says whether covariance and degrees of freedom are those of a survey's design;
    `firth` is the penalised fit where the model is Firth's.
    """

    beta: np.ndarray
    cov: np.ndarray
    df: float
    method: str
    by_design: bool = False
    firth: FirthFit | None = None

    @property
    def se(self) -> np.ndarray:
        """Standard errors, shape (p,)."""
        return np.sqrt(np.diag(self.cov))

    def coefficient(self, index: int, n: int, n_events: int | None, method: str) -> Estimate:
        """Return the coefficient at a position, with its profile where the model is Firth's."""
        return self.combination(np.eye(len(self.beta))[index], n, n_events, method)

    def combination(
        self, weights: np.ndarray, n: int, n_events: int | None, method: str
    ) -> Estimate:  # fmt: skip
        """Return ``weights @ beta``, with its profile where the model is Firth's."""
        se = float(np.sqrt(weights @ self.cov @ weights))
        profile = None
        if self.firth is not None:
            profile, method = self.firth.profile(weights), f"{method}, {FIRTH_INTERVAL}"
        return Estimate(float(weights @ self.beta), se, n, self.df, n_events, method, profile)

    def joint(self, terms: slice, n: int, n_events: int | None, method: str) -> Joint:
        """Return some coefficients, of which is asked whether all are 0.

        The covariance of a survey rests on d degrees of freedom itself: of k coefficients
        ``(d - k + 1) / (d k) b' V^-1 b`` is F on k and d - k + 1 (Korn & Graubard 1990, Am Stat
        44:270-276).

        Raises
        ------
        NotEstimable
            If the design has fewer degrees of freedom than there are coefficients.
        """
        coef, cov, df = self.beta[terms], self.cov[terms, terms], self.df
        if self.by_design:
            df = self.df - len(coef) + 1
            if df < 1:
                raise NotEstimable(
                    f"too few sampling units to test {len(coef)} coefficients at once: "
                    f"{self.df:g} degrees of freedom"
                )
            cov = cov * self.df / df
        if self.firth is not None:
            method = f"{method}, Wald test"
        return Joint(coef, cov, n, df, n_events, method, self.firth is not None)


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
    return Fit(found.beta, found.cov, float(found.df), method, by_design=True)


def logistic(sample: Sample, design: np.ndarray, outcome: np.ndarray) -> Fit:
    """Logistic regression: maximum likelihood, Firth where the data separate, or survey-weighted.

    Firth's likelihood takes no survey weights: where the people of a survey separate, they are
    counted alike, and the method says so. In a sample marked `firth` it is Firth's in any case.

    Raises
    ------
    NotEstimable
        If there are too few events or non-events, or the model cannot be fitted.
    """
    smallest = sample.study.gates.group_size
    rarer = int(min(outcome.sum(), (~outcome.astype(bool)).sum()))
    if rarer < smallest:
        raise NotEstimable(f"too few events or non-events: {rarer} < {smallest}")
    if sample.survey is not None and not sample.firth:
        try:
            return _survey_logistic(sample.survey, design, outcome)
        except Separated:
            pass
    fit = (firth_log_odds if sample.firth else log_odds)(design, outcome.astype(float))
    interval = ", Wald interval" if fit.firth is None else ""
    method = f"{fit.model}{interval}{sample.unweighted}"
    return Fit(fit.coef, fit.cov, np.inf, method, firth=fit.firth)


def _survey_logistic(survey: SurveyDesign, design: np.ndarray, outcome: np.ndarray) -> Fit:
    found = svy_logistic(
        _spread(design, survey.rows), _spread(outcome.astype(float), survey.rows), survey.weights,
        survey.strata, survey.psu, domain=survey.rows,
    )  # fmt: skip
    method = "weighted logistic, Taylor linearisation over strata and sampling units"
    return Fit(found.beta, found.cov, float(found.df), method, by_design=True)


def _spread(values: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Put the sample's values back among all people of the cohort, zero elsewhere."""
    full = np.zeros((len(rows), *values.shape[1:]))
    full[rows] = values
    return full
