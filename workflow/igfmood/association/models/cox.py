"""Hazard ratios, for the question whether IGF-1 at the start goes with depression later.

Takes: covariates, follow-up times and events; entry times and strata where there are any.
Gives: log hazard ratios with model or robust covariance, and a test of proportional hazards.
"""

from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np
import numpy.typing as npt
from scipy.special import chdtrc, ndtr, ndtri

from igfmood.association.models.cox_risk_sets import (
    RiskMoments,
    RiskSets,
    information,
    risk_moments,
    risk_sets,
)
from igfmood.association.models.linear import RANK_TOLERANCE, gram_cholesky
from igfmood.errors import NotEstimable

FloatArray = npt.NDArray[np.float64]

#: Newton stops when the squared distance to the maximum, in standard errors, is below this.
TOLERANCE = 1e-10
MAX_STEPS = 50
#: Information at the maximum over information at no effect, in the worst direction; a likelihood
#: that rises for ever leaves about TOLERANCE / events, a finite maximum far more than this.
FLAT = 1e-6


@dataclass(frozen=True)
class LogHazardRatio:
    """One log hazard ratio with normal inference; `p` is two-sided, `level` the coverage."""

    estimate: float
    se: float
    z: float
    p: float
    ci_low: float
    ci_high: float
    level: float


@dataclass(frozen=True, eq=False)
class CoxFit:
    """A maximum partial-likelihood Cox regression.

    Attributes
    ----------
    coef : ndarray, shape (p,)
        Log hazard ratios per unit of the column.
    cov : ndarray, shape (p, p)
        Covariance of `coef`.
    covariance : {"model", "robust"}
        Inverse information, or the sandwich of `robust`.
    loglik, loglik_null : float
        Log partial likelihood at `coef` and at no effect.
    n, n_events, n_iter : int
        Rows, events, Newton steps.
    sets : RiskSets
    moments : RiskMoments
        At `coef`.
    """

    coef: FloatArray
    cov: FloatArray
    covariance: Literal["model", "robust"]
    loglik: float
    loglik_null: float
    n: int
    n_events: int
    n_iter: int
    sets: RiskSets = field(repr=False)
    moments: RiskMoments = field(repr=False)

    @property
    def se(self) -> FloatArray:
        """Standard errors, shape (p,)."""
        return np.sqrt(np.diag(self.cov))

    def contrast(self, index: int, level: float = 0.95) -> LogHazardRatio:
        """Wald inference on the coefficient at position `index` (counted from 0)."""
        estimate, se = float(self.coef[index]), float(self.se[index])
        z = estimate / se
        half_width = float(ndtri(0.5 + level / 2)) * se
        p = 2 * float(ndtr(-abs(z)))
        return LogHazardRatio(
            estimate, se, z, p, estimate - half_width, estimate + half_width, level
        )

    def robust(self, person: npt.ArrayLike) -> "CoxFit":
        """The same fit with the sandwich covariance, clustered by `person`.

        Parameters
        ----------
        person : array_like, shape (n,)
            Label of each row in the order given to `fit_cox`; rows of a person (or of a family,
            or a centre) may depend on each other.

        Raises
        ------
        ValueError
            `person` of another length than the table.
        NotEstimable
            Not more persons than coefficients.

        References
        ----------
        Lin DY, Wei LJ (1989). J Am Stat Assoc 84:1074-1078, equation 2.6.
        """
        labels = np.asarray(person)
        if labels.shape != (self.n,):
            raise ValueError(f"expected {self.n} persons, found shape {labels.shape}")
        names, codes = np.unique(labels, return_inverse=True)
        if names.size <= self.coef.size:
            raise NotEstimable(
                f"robust covariance of {self.coef.size} coefficients needs more persons than "
                f"that, found {names.size}"
            )
        residuals = _score_residuals(self.sets, self.moments)
        owner = codes[self.sets.rows]
        by_person = np.column_stack(
            [np.bincount(owner, weights=column, minlength=names.size) for column in residuals.T]
        )
        bread = _inverse_information(self.sets, self.moments) / self.sets.scale[:, None]
        influence = by_person @ bread.T
        return replace(self, cov=influence.T @ influence, covariance="robust")


def fit_cox(
    X: npt.ArrayLike,
    time: npt.ArrayLike,
    event: npt.ArrayLike,
    entry: npt.ArrayLike | None = None,
    strata: npt.ArrayLike | None = None,
) -> CoxFit:
    """Cox regression with Efron's treatment of ties, by Newton's method with step-halving.

    Parameters
    ----------
    X : array_like, shape (n, p)
        Covariates, no intercept, no missing values.
    time : array_like, shape (n,)
        Time of event or censoring. Only equal numbers are ties: round times to the day first.
    event : array_like, shape (n,)
        1 for an event at `time`, 0 for censoring.
    entry : array_like, shape (n,), optional
        Time from which the row is under observation (left truncation, age as the time scale).
    strata : array_like, shape (n,), optional
        Labels of groups with a baseline hazard each.

    Returns
    -------
    CoxFit

    Raises
    ------
    ValueError
        Shapes that do not match, values that are not finite, an event other than 0/1.
    DataError
        A row that leaves observation before or when it enters.
    NotEstimable
        Not more events than coefficients; a column that does not vary where events happen, or is
        a combination of others; a hazard ratio without a finite estimate (names the column); no
        convergence.

    References
    ----------
    Therneau TM, Grambsch PM (2000). Modeling Survival Data, sections 3.1-3.3 (likelihood, Efron
    ties) and 3.7 (left truncation).
    """
    sets = risk_sets(X, time, event, entry, strata)
    p, events = sets.x.shape[1], sets.died.size
    if events <= p:
        raise NotEstimable(f"too few events for {p} coefficients: {events}")
    ones = np.ones(events)
    coef = np.zeros(p)
    moments = start = risk_moments(sets, coef)
    null_information = information(sets, start, ones)
    _refuse_no_variation(null_information, events)
    # Collinear columns are named here, before any step is taken.
    gram_cholesky(null_information)
    info = null_information
    for n_iter in range(1, MAX_STEPS + 1):
        score = (sets.x[sets.died] - moments.mean).sum(axis=0)
        direction = np.linalg.solve(info, score)
        step = _halved_step(sets, coef, direction, moments.loglik)
        if step is None:
            break
        coef, moments = step
        info = information(sets, moments, ones)
        _refuse_monotone(info, null_information, sets, coef)
        if float(score @ direction) < TOLERANCE:
            cov = np.linalg.inv(info) / np.outer(sets.scale, sets.scale)
            return CoxFit(
                coef=coef / sets.scale,
                cov=(cov + cov.T) / 2,
                covariance="model",
                loglik=moments.loglik,
                loglik_null=start.loglik,
                n=sets.n,
                n_events=events,
                n_iter=n_iter,
                sets=sets,
                moments=moments,
            )
    raise NotEstimable(f"the Cox model did not converge in {n_iter} steps ({events} events)")


def _refuse_no_variation(null_information: FloatArray, events: int) -> None:
    """Columns have SD 1 over all rows: little is left only if risk sets are alike inside."""
    flat = np.diag(null_information) < RANK_TOLERANCE**2 * events
    if flat.any():
        raise NotEstimable(
            f"column {int(np.argmax(flat))} (counted from 0) does not vary among those at risk "
            f"when the {events} events happen, so it has no hazard ratio"
        )


def _halved_step(
    sets: RiskSets, coef: FloatArray, direction: FloatArray, loglik: float
) -> tuple[FloatArray, RiskMoments] | None:
    """Take the longest of 1, 1/2, 1/4 ... of a step that does not lower the likelihood."""
    for halving in range(30):
        proposal = coef + direction / 2**halving
        moments = risk_moments(sets, proposal)
        if moments.loglik >= loglik - 1e-12 * (1 + abs(loglik)):
            return proposal, moments
    return None


def _refuse_monotone(
    info: FloatArray, null_information: FloatArray, sets: RiskSets, coef: FloatArray
) -> None:
    """Raise once the information has vanished along some direction: the estimate runs away.

    References
    ----------
    Heinze G, Schemper M (2001). Biometrics 57:114-119, section 1 (monotone likelihood).
    """
    root = np.linalg.inv(gram_cholesky(null_information))
    values, vectors = np.linalg.eigh(root @ info @ root.T)
    if values[0] > FLAT:
        return
    direction = root.T @ vectors[:, 0]
    column = int(np.argmax(np.abs(direction)))
    side = "highest" if coef[column] > 0 else "lowest"
    raise NotEstimable(
        f"the hazard ratio of column {column} (counted from 0) has no finite estimate: at each of "
        f"the {sets.died.size} events it happened to the {side} value of that column among those "
        "then at risk (or of a combination of columns led by it)"
    )


def _inverse_information(sets: RiskSets, moments: RiskMoments) -> FloatArray:
    """Inverse information, per standard deviation of each column."""
    inverse = np.linalg.inv(information(sets, moments, np.ones(sets.died.size)))
    return np.asarray(inverse, dtype=np.float64)


def _score_residuals(sets: RiskSets, moments: RiskMoments) -> FloatArray:
    """Each row's part in the score, shape (m, p): its event less what its hazard led to expect."""
    share = 1 / moments.total[:, None]
    lived = sets.sum_over_own_steps(share)
    mean_lived = sets.sum_over_own_steps(moments.mean * share)
    residuals = -moments.risk[:, None] * (sets.x * lived - mean_lived)
    residuals[sets.died] += sets.x[sets.died] - sets.mean_over_ties(moments.mean)
    return residuals


@dataclass(frozen=True)
class ScoreTest:
    """A chi-squared score test."""

    chi2: float
    df: int
    p: float


@dataclass(frozen=True)
class ProportionalHazards:
    """Does the hazard ratio change over time? One test per column and one for all.

    `transform` is the scale of time on which a change is looked for.
    """

    columns: tuple[ScoreTest, ...]
    overall: ScoreTest
    transform: str


def proportional_hazards(
    fit: CoxFit, transform: Literal["km", "identity", "log"] = "km"
) -> ProportionalHazards:
    """Score test of proportional hazards against coefficients that drift with time.

    Parameters
    ----------
    fit : CoxFit
        Model covariance is used whatever `fit.covariance` is.
    transform : {"km", "identity", "log"}
        Drift with 1 - Kaplan-Meier just before the event (all strata together), with time, or
        with log time.

    Returns
    -------
    ProportionalHazards

    Raises
    ------
    ValueError
        An unknown transform.
    NotEstimable
        Log of a time that is not positive; fewer than two event times.

    Notes
    -----
    The test of adding ``x g(t)`` to the model, at the fitted coefficients: score
    ``sum g (x - mean)`` and the information of the doubled model. Not the older approximation
    that takes the covariance among those at risk as constant over time.

    References
    ----------
    Grambsch PM, Therneau TM (1994). Biometrika 81:515-526, section 3 (the model and its score).
    """
    sets, moments = fit.sets, fit.moments
    drift = _time_scale(sets, transform)[sets.at]
    drift = drift - drift.mean()
    p = fit.coef.size
    schoenfeld = sets.x[sets.died] - sets.mean_over_ties(moments.mean)
    score = np.append(np.zeros(p), drift @ schoenfeld)
    crossed = information(sets, moments, drift)
    doubled = np.block(
        [
            [information(sets, moments, np.ones(drift.size)), crossed],
            [crossed, information(sets, moments, drift**2)],
        ]
    )

    def test(tested: list[int]) -> ScoreTest:
        kept = [*range(p), *tested]
        part = score[kept]
        gram = doubled[np.ix_(kept, kept)]
        chi2 = float(part @ np.linalg.solve(gram, part))
        return ScoreTest(chi2, len(tested), float(chdtrc(len(tested), chi2)))

    columns = tuple(test([p + j]) for j in range(p))
    return ProportionalHazards(columns, test(list(range(p, 2 * p))), transform)


def _time_scale(sets: RiskSets, transform: str) -> FloatArray:
    """Value of the transform at each event time, shape (K,)."""
    if np.ptp(sets.time) == 0:
        raise NotEstimable("proportional hazards need events at two times or more")
    if transform == "identity":
        return sets.time
    if transform == "log":
        if sets.time.min() <= 0:
            raise NotEstimable(f"no logarithm of the event time {sets.time.min():g}")
        return np.log(sets.time)
    if transform != "km":
        raise ValueError(f"transform must be km, identity or log, found {transform!r}")
    return 1 - sets.survival
