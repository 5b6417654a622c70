"""Means and regressions that speak for the population a survey was drawn from.

Takes: an outcome, a design matrix, sampling weights, strata, sampling units, a subpopulation.
Gives: weighted estimates with Taylor-linearised covariance and the design's degrees of freedom.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import expit

from igfmood.association.models.cluster_robust import student_contrast
from igfmood.association.models.linear import Contrast, gram_cholesky
from igfmood.association.models.logistic import fit_logistic
from igfmood.errors import NotEstimable

FloatArray = npt.NDArray[np.float64]

#: The Newton decrement (squared distance to the solution, in standard errors) to stop at.
TOLERANCE = 1e-16
NEWTON_STEPS = 50


class SurveyMean(NamedTuple):
    """A weighted mean, its standard error, and the design's degrees of freedom."""

    estimate: float
    se: float
    df: int


@dataclass(frozen=True, eq=False)
class SurveyFit:
    """A weighted regression with its design-based covariance.

    Attributes
    ----------
    beta : ndarray, shape (p,)
        Coefficients: outcome units (linear) or log odds ratios (logistic) per unit of the column.
    cov : ndarray, shape (p, p)
        Taylor-linearised covariance of `beta`.
    df : int
        Sampling units minus strata, among those with someone of the subpopulation.
    n : int
        Rows of the subpopulation with a positive weight.
    """

    beta: FloatArray
    cov: FloatArray
    df: int
    n: int

    @property
    def se(self) -> FloatArray:
        """Design-based standard errors, shape (p,)."""
        return np.sqrt(np.diag(self.cov))

    def contrast(self, index: int, level: float = 0.95) -> Contrast:
        """Inference on the coefficient at position `index` (from 0), by Student t on `df`."""
        return student_contrast(
            float(self.beta[index]), float(self.cov[index, index]), float(self.df), level
        )


def svy_mean(
    y: npt.ArrayLike,
    weights: npt.ArrayLike,
    strata: npt.ArrayLike | None = None,
    psu: npt.ArrayLike | None = None,
    domain: npt.ArrayLike | None = None,
) -> SurveyMean:
    """Weighted mean of an outcome (a prevalence where it is 0/1) in a subpopulation.

    Parameters
    ----------
    y : array_like, shape (n,)
        Outcome; looked at only within `domain`.
    weights, strata, psu, domain
        The design, as in `svy_linear`.

    Returns
    -------
    SurveyMean

    Raises
    ------
    ValueError, NotEstimable
        As `svy_linear`.

    References
    ----------
    Särndal CE, Swensson B, Wretman J (1992). Model Assisted Survey Sampling, section 5.7.
    """
    outcome = np.asarray(y, dtype=float)
    fit = svy_linear(np.ones((outcome.size, 1)), outcome, weights, strata, psu, domain)
    return SurveyMean(float(fit.beta[0]), float(fit.se[0]), fit.df)


def svy_linear(
    X: npt.ArrayLike,
    y: npt.ArrayLike,
    weights: npt.ArrayLike,
    strata: npt.ArrayLike | None = None,
    psu: npt.ArrayLike | None = None,
    domain: npt.ArrayLike | None = None,
) -> SurveyFit:
    """Weighted least squares with Taylor-linearised covariance.

    Parameters
    ----------
    X : array_like, shape (n, p)
        Design matrix with its intercept column; looked at only within `domain`.
    y : array_like, shape (n,)
        Outcome; looked at only within `domain`.
    weights : array_like, shape (n,)
        Sampling weights; a row of weight 0 is not part of the survey.
    strata : array_like, shape (n,), optional
        Labels of the strata; one stratum if left out.
    psu : array_like, shape (n,), optional
        Labels of the primary sampling units, within strata (units of two strata are two units,
        whatever their labels); each row its own unit if left out.
    domain : array_like of bool, shape (n,), optional
        The subpopulation. The design is that of all rows: who is outside contributes zero, and
        is not deleted.

    Returns
    -------
    SurveyFit

    Raises
    ------
    ValueError
        Shapes that do not match, values that are not finite, a negative weight.
    NotEstimable
        A stratum with one sampling unit; a missing label; a subpopulation within too few units;
        a rank-deficient design; no residual variance.

    Notes
    -----
    Units are taken as drawn with replacement, so that no finite population correction enters.

    References
    ----------
    Binder DA (1983). Int Stat Rev 51:279-292, section 4.
    Korn EL, Graubard BI (1999). Analysis of Health Surveys, sections 2.5 and 5.4 (subpopulations
    and their degrees of freedom).
    """
    design, outcome, rows, weight = _checked(X, y, weights, domain)
    units = _sampling_units(np.asarray(weights, dtype=float), strata, psu, rows)
    root = np.sqrt(weight)
    gram_cholesky((design * weight[:, None]).T @ design)
    q, r = np.linalg.qr(design * root[:, None])
    beta = np.linalg.solve(r, q.T @ (outcome * root))
    residual = outcome - design @ beta
    # Rounding alone leaves about 1e-30 of the outcome's sum of squares.
    if weight @ residual**2 <= 1e-26 * (weight @ outcome**2):
        raise NotEstimable(f"the outcome has no residual variance (n = {len(outcome)})")
    inverse_root = np.linalg.inv(r)
    influence = (q * (root * residual)[:, None]) @ inverse_root.T
    return SurveyFit(beta, units.covariance(influence), units.df, len(outcome))


def svy_logistic(
    X: npt.ArrayLike,
    y: npt.ArrayLike,
    weights: npt.ArrayLike,
    strata: npt.ArrayLike | None = None,
    psu: npt.ArrayLike | None = None,
    domain: npt.ArrayLike | None = None,
) -> SurveyFit:
    """Weighted (pseudo maximum likelihood) logistic regression, Taylor-linearised covariance.

    Parameters
    ----------
    X, weights, strata, psu, domain
        As in `svy_linear`.
    y : array_like, shape (n,)
        Outcome, 0 or 1; looked at only within `domain`.

    Returns
    -------
    SurveyFit
        `beta` in log odds ratios.

    Raises
    ------
    ValueError, NotEstimable
        As `svy_linear`, and as `fit_logistic`: one class only, separated classes, no convergence.

    References
    ----------
    Binder DA (1983). Int Stat Rev 51:279-292, section 5.
    """
    design, outcome, rows, weight = _checked(X, y, weights, domain)
    units = _sampling_units(np.asarray(weights, dtype=float), strata, psu, rows)
    # The unweighted fit is close, and finite exactly when the weighted one is.
    beta = _weighted_newton(design, outcome, weight, fit_logistic(design, outcome).coef)
    fitted = expit(design @ beta)
    bread = _inverse_information(design, weight * fitted * (1 - fitted))
    influence = (design * (weight * (outcome - fitted))[:, None]) @ bread
    return SurveyFit(beta, units.covariance(influence), units.df, len(outcome))


def _checked(
    X: npt.ArrayLike, y: npt.ArrayLike, weights: npt.ArrayLike, domain: npt.ArrayLike | None
) -> tuple[FloatArray, FloatArray, npt.NDArray[np.bool_], FloatArray]:
    """Return design, outcome and weights within the subpopulation, and which rows those are."""
    design, outcome = np.asarray(X, dtype=float), np.asarray(y, dtype=float)
    weight = np.asarray(weights, dtype=float)
    inside = np.ones(weight.shape, bool) if domain is None else np.asarray(domain)
    if design.ndim != 2 or not outcome.shape == weight.shape == inside.shape == design.shape[:1]:
        raise ValueError(
            f"X {design.shape}, y {outcome.shape}, weights {weight.shape}, domain {inside.shape} "
            "do not match"
        )
    if inside.dtype != bool:
        raise ValueError(f"domain must be bool, found {inside.dtype}")
    if not (np.isfinite(weight).all() and (weight >= 0).all()):
        raise ValueError("a weight is missing, infinite or negative")
    rows = inside & (weight > 0)
    design, outcome, weight = design[rows], outcome[rows], weight[rows]
    if not (np.isfinite(design).all() and np.isfinite(outcome).all()):
        raise ValueError("the design or the outcome holds missing or infinite values")
    if len(outcome) <= design.shape[1]:
        raise NotEstimable(f"too few rows for {design.shape[1]} coefficients: n = {len(outcome)}")
    return design, outcome, rows, weight / weight.mean()


def _weighted_newton(
    X: FloatArray, y: FloatArray, weight: FloatArray, beta: FloatArray
) -> FloatArray:
    loglik = _log_likelihood(X, y, weight, beta)
    for _ in range(NEWTON_STEPS):
        fitted = expit(X @ beta)
        score = X.T @ (weight * (y - fitted))
        direction = _inverse_information(X, weight * fitted * (1 - fitted)) @ score
        for halving in range(30):
            proposal = beta + direction / 2**halving
            there = _log_likelihood(X, y, weight, proposal)
            if there >= loglik - 1e-12 * (1 + abs(loglik)):
                break
        beta, loglik = proposal, there
        if score @ direction < TOLERANCE * len(y):
            return beta
    raise NotEstimable(
        f"the weighted logistic model did not converge in {NEWTON_STEPS} steps (n = {len(y)})"
    )


def _log_likelihood(X: FloatArray, y: FloatArray, weight: FloatArray, beta: FloatArray) -> float:
    eta = X @ beta
    return -float(weight @ np.logaddexp(0.0, np.where(y == 1, -eta, eta)))


def _inverse_information(X: FloatArray, weight: FloatArray) -> FloatArray:
    """Invert ``X' diag(weight) X``, columns brought to one scale first."""
    information = (X * weight[:, None]).T @ X
    scale = np.sqrt(np.diag(information))
    try:
        inverse = np.linalg.inv(information / np.outer(scale, scale))
    except np.linalg.LinAlgError:
        raise NotEstimable("the information of the weighted logistic model is singular") from None
    return np.asarray(inverse / np.outer(scale, scale), dtype=np.float64)


@dataclass(frozen=True, eq=False)
class _SamplingUnits:
    """Sampling unit of each row of the subpopulation, and stratum of each unit of the survey."""

    unit: npt.NDArray[np.intp]
    stratum: npt.NDArray[np.intp]
    df: int

    def covariance(self, influence: FloatArray) -> FloatArray:
        """Covariance of a sum over rows: between-unit covariance of totals within strata.

        Särndal et al. (1992), equation 4.6.2 (units with replacement), summed over strata.
        """
        sizes = np.bincount(self.stratum)
        totals = _sums(influence, self.unit, len(self.stratum))
        centres = _sums(totals, self.stratum, len(sizes)) / sizes[:, None]
        deviation = totals - centres[self.stratum]
        cov = (deviation * (sizes / (sizes - 1))[self.stratum, None]).T @ deviation
        return np.asarray((cov + cov.T) / 2, dtype=np.float64)


def _sums(values: FloatArray, group: npt.NDArray[np.intp], n_groups: int) -> FloatArray:
    return np.column_stack([np.bincount(group, column, n_groups) for column in values.T])


def _sampling_units(
    weights: FloatArray,
    strata: npt.ArrayLike | None,
    psu: npt.ArrayLike | None,
    rows: npt.NDArray[np.bool_],
) -> _SamplingUnits:
    """Number strata and units over all rows with a weight; `rows` marks the subpopulation."""
    surveyed = weights > 0
    stratum, names = _numbered(strata, surveyed, "stratum", np.zeros(surveyed.sum(), np.intp))
    within, _ = _numbered(psu, surveyed, "sampling unit", np.arange(surveyed.sum()))
    unit, pairs = pd.factorize(stratum * (within.max() + 1) + within)
    stratum_of_unit = pairs // (within.max() + 1)
    lonely = names[np.bincount(stratum_of_unit) == 1]
    if len(lonely):
        raise NotEstimable(
            f"{len(lonely)} strata of the survey have one sampling unit only, so their variance "
            f"is unknown: {', '.join(map(str, lonely[:5]))}; give each the label of a "
            "neighbouring stratum, as the survey's documentation advises"
        )
    unit = unit[rows[surveyed]]
    used = np.unique(unit)
    df = len(used) - len(np.unique(stratum_of_unit[used]))
    if df < 1:
        raise NotEstimable(
            f"the subpopulation lies in {len(used)} sampling units of as many strata: "
            "none is left to estimate the variance from"
        )
    return _SamplingUnits(unit, stratum_of_unit, df)


def _numbered(
    labels: npt.ArrayLike | None,
    surveyed: npt.NDArray[np.bool_],
    what: str,
    default: npt.NDArray[np.intp],
) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.object_]]:
    """Number the labels of the surveyed rows from 0, and name them; a blank one is refused."""
    if labels is None:
        return default, np.array(["(all)"], dtype=object)
    given = np.asarray(labels)
    if given.shape != surveyed.shape:
        raise ValueError(f"{surveyed.size} weights, but {given.shape} labels of the {what}")
    numbers, names = pd.factorize(given[surveyed])
    blank = (numbers < 0) | np.array([str(name).strip() == "" for name in names])[numbers]
    if blank.any():
        raise NotEstimable(
            f"{int(blank.sum())} people have a survey weight but no {what}: complete the column, "
            "or set their weight to 0"
        )
    return numbers.astype(np.intp), np.asarray(names, dtype=object)
