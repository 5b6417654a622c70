"""Logistic regression that stays finite where the data separate.

Takes: a numeric design matrix (intercept included) and a 0/1 outcome.
Gives: coefficients that maximise the likelihood penalised by Jeffreys' prior, with covariance and
profile intervals; and one call that penalises only where plain maximum likelihood has no answer.
"""

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
from scipy.special import expit

from igfmood.association.models.clip import combined_profiles
from igfmood.association.models.linear import gram_cholesky
from igfmood.association.models.logistic import fit_logistic
from igfmood.errors import NotEstimable, Separated

FloatArray = npt.NDArray[np.float64]

#: The values of `LogOdds.model`.
MAXIMUM_LIKELIHOOD = "logistic regression, maximum likelihood"
FIRTH = "logistic regression, Firth (the data separate)"
FIRTH_IN_ALL = "logistic regression, Firth in all completed tables (the data of some separate)"
#: What goes with Firth's estimate, in words.
FIRTH_INTERVAL = (
    "penalised profile-likelihood interval and likelihood-ratio p, standard error of the model"
)

MAX_STEPS = 200
#: Largest change of a coefficient, in standard errors, at which to stop.
TOLERANCE = 1e-10
#: Longest step of a coefficient, log odds per root mean square of its column.
LONGEST = 5.0
#: Smallest curvature, as a share of that with fixed leverages, that a step is divided by; and the
#: step off a saddle, in standard errors.
_FLATTEST, _KICK = 1e-3, 1e-2
#: People whose products of three columns are summed at once.
_ROWS = 4096


@dataclass(frozen=True, eq=False)
class FirthFit:
    """A penalised logistic regression.

    Attributes
    ----------
    coef : ndarray, shape (p,)
        Log odds ratios per unit of the column.
    cov : ndarray, shape (p, p)
        Inverse of the information at `coef`.
    loglik : float
        Penalised log-likelihood, ``l + log det(I) / 2``.
    n, n_events, n_iter : int
        Rows, rows with outcome 1, steps.
    """

    coef: FloatArray
    cov: FloatArray
    loglik: float
    n: int
    n_events: int
    n_iter: int
    _data: "_Data" = field(repr=False)

    @property
    def se(self) -> FloatArray:
        """Wald standard errors, shape (p,)."""
        return np.sqrt(np.diag(self.cov))

    def profile(self, weights: npt.ArrayLike) -> "FirthProfile":
        """Penalised profile likelihood of ``weights @ coef``.

        Parameters
        ----------
        weights : array_like, shape (p,)
            1 at a coefficient and 0 elsewhere for that coefficient alone.

        Returns
        -------
        FirthProfile

        Notes
        -----
        The model is written in other columns, of which one has the combination as its
        coefficient; the penalised likelihood changes by a constant.
        """
        w = np.asarray(weights, dtype=float)
        pivot = int(np.argmax(np.abs(w)))
        back = np.eye(w.size)
        back[pivot] = np.where(np.arange(w.size) == pivot, 1.0, -w) / w[pivot]
        onto = np.eye(w.size)
        onto[pivot] = w
        data = _Data(self._data.x @ back, self._data.y)
        coef = onto @ self.coef
        return FirthProfile(data, coef, onto @ self.cov @ onto.T, pivot, data.penalised(coef))

    def profile_interval(self, index: int, level: float = 0.95) -> tuple[float, float]:
        """Interval of the coefficient at `index` by the penalised profile likelihood.

        Near separation the likelihood is lopsided and a Wald interval is wrong on both sides.

        Parameters
        ----------
        index : int
            Counted from 0.
        level : float
            Coverage.

        Returns
        -------
        low, high : float
            Log odds ratios per unit of the column.

        Raises
        ------
        NotEstimable
            As `combined_profiles`.

        References
        ----------
        Heinze G, Schemper M (2002). Stat Med 21:2409-2419, section 2.
        """
        found = combined_profiles([self.profile(np.eye(self.coef.size)[index])], level)
        return found.low, found.high


@dataclass(frozen=True, eq=False)
class FirthProfile:
    """Penalised likelihood along one coefficient, all others at their best.

    Made by `FirthFit.profile`; nothing is computed until it is asked for.
    """

    _data: "_Data" = field(repr=False)
    _coef: FloatArray
    _cov: FloatArray
    _index: int
    _loglik: float

    @property
    def estimate(self) -> float:
        """Where the profile is highest."""
        return float(self._coef[self._index])

    @property
    def se(self) -> float:
        """Wald standard error."""
        return float(np.sqrt(self._cov[self._index, self._index]))

    def signed_root(self, value: float) -> float:
        """Signed root of the penalised likelihood ratio at a value of the coefficient.

        Raises
        ------
        NotEstimable
            The other coefficients have no best value there; or the penalised likelihood is higher
            there than at the estimate, which is then no estimate.
        """
        away = value - self.estimate
        start = self._coef + away * self._cov[self._index] / self._cov[self._index, self._index]
        start[self._index] = value
        _, height, _ = _maximise(self._data, start, self._index)
        if height > self._loglik + 1e-6:
            raise NotEstimable(
                "the penalised likelihood has several maxima: the data separate almost completely"
            )
        return float(np.copysign(np.sqrt(2 * max(self._loglik - height, 0.0)), away))


@dataclass(frozen=True, eq=False)
class LogOdds:
    """Coefficients and covariance, and the name of the model that gave them.

    `firth` is the penalised fit where that is the model, for its profiles.
    """

    coef: FloatArray
    cov: FloatArray
    model: str
    firth: FirthFit | None = None


def log_odds(X: npt.ArrayLike, y: npt.ArrayLike) -> LogOdds:
    """Logistic regression by maximum likelihood, or Firth's where the classes separate.

    Parameters
    ----------
    X : array_like, shape (n, p)
        Design with its intercept.
    y : array_like, shape (n,)
        0 or 1.

    Raises
    ------
    NotEstimable
        A rank-deficient design, an outcome of one class only, or no convergence.
    """
    try:
        fit = fit_logistic(X, y)
    except Separated:
        found = fit_firth(X, y)
        return LogOdds(found.coef, found.cov, FIRTH, found)
    return LogOdds(fit.coef, fit.cov, MAXIMUM_LIKELIHOOD)


def firth_log_odds(X: npt.ArrayLike, y: npt.ArrayLike) -> LogOdds:
    """Firth's logistic regression whether or not the classes separate.

    For a completed table beside others that separate: what is combined over tables should be one
    estimator.

    Parameters
    ----------
    X, y
        As in `log_odds`.

    Raises
    ------
    NotEstimable
        As `fit_firth`.
    """
    found = fit_firth(X, y)
    return LogOdds(found.coef, found.cov, FIRTH_IN_ALL, found)


def fit_firth(X: npt.ArrayLike, y: npt.ArrayLike) -> FirthFit:
    """Logistic regression with Firth's reduction of bias.

    Parameters
    ----------
    X : array_like, shape (n, p)
        Design with its intercept column, no missing values.
    y : array_like, shape (n,)
        0 or 1.

    Returns
    -------
    FirthFit

    Raises
    ------
    ValueError
        Shapes that do not match, or values that are not finite or not 0 and 1.
    NotEstimable
        A rank-deficient design, one class only, or no convergence.

    Notes
    -----
    The score is ``X' (y - p + h (1/2 - p))`` with the leverages h of the weighted design; steps
    are Newton's, halved where the penalised likelihood would fall, and away from saddles. (Steps by
    the information ``X' W X`` overshoot twofold for a person of leverage 1, whom a column of its
    own describes, and never settle.)

    References
    ----------
    Firth D (1993). Biometrika 80:27-38, section 3.3.
    Heinze G, Schemper M (2002). Stat Med 21:2409-2419, equation 2.
    """
    design, outcome = np.asarray(X, dtype=float), np.asarray(y, dtype=float)
    if design.ndim != 2 or outcome.shape != design.shape[:1]:
        raise ValueError(f"X {design.shape} and y {outcome.shape} do not match")
    if not np.isfinite(design).all() or not np.isin(outcome, (0, 1)).all():
        raise ValueError("X must be finite and y 0 or 1")
    gram_cholesky(design.T @ design)
    events = int(outcome.sum())
    if events in (0, outcome.size):
        raise NotEstimable(f"one class only: {events} events in {outcome.size} rows")
    data = _Data(design, outcome)
    coef, loglik, steps = _maximise(data, np.zeros(design.shape[1]), None)
    cov = np.linalg.inv(data.information(coef))
    return FirthFit(coef, (cov + cov.T) / 2, loglik, outcome.size, events, steps, data)


@dataclass(frozen=True, eq=False)
class _Data:
    """Design (n, p) and outcome (n,)."""

    x: FloatArray
    y: FloatArray

    def information(self, coef: FloatArray) -> FloatArray:
        p = expit(self.x @ coef)
        return np.asarray((self.x * (p * (1 - p))[:, None]).T @ self.x, dtype=np.float64)

    def penalised(self, coef: FloatArray) -> float:
        """Penalised log-likelihood; minus infinity where the information has vanished."""
        eta = self.x @ coef
        sign, logdet = np.linalg.slogdet(self.information(coef))
        likelihood = float(self.y @ eta - np.logaddexp(0, eta).sum())
        return likelihood + float(logdet) / 2 if sign > 0 else -np.inf

    def score(
        self, coef: FloatArray, inverse: FloatArray
    ) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Penalised score for the inverse information at `coef`.

        With it minus its slope where the leverages are fixed, and what their change adds to the
        slope: ``X' D (dh / d coef) / 2`` with D = 1 - 2 p, and
        ``dh_i = h_i D_i d eta_i - sum_j w_i w_j D_j (x_i' I^-1 x_j)^2 d eta_j``.
        """
        p = expit(self.x @ coef)
        weight, twist = p * (1 - p), 1 - 2 * p
        leverage = weight * ((self.x @ inverse) * self.x).sum(axis=1)
        score = self.x.T @ (self.y - p + leverage * (0.5 - p))
        fixed = (self.x * (weight * (1 + leverage))[:, None]).T @ self.x
        cubes = self._cubes(weight * twist)
        between = np.tensordot(cubes, inverse @ cubes @ inverse, ([1, 2], [1, 2]))
        within = (self.x * (leverage * twist**2)[:, None]).T @ self.x
        return score, fixed, (within - between) / 2

    def _cubes(self, weight: FloatArray) -> FloatArray:
        """``sum_i weight_i x_ia x_ib x_ic``, shape (p, p, p)."""
        p = self.x.shape[1]
        found = np.zeros((p, p * p))
        for start in range(0, len(self.x), _ROWS):
            x, w = self.x[start : start + _ROWS], weight[start : start + _ROWS]
            found += (x * w[:, None]).T @ (x[:, :, None] * x[:, None, :]).reshape(len(x), p * p)
        return found.reshape(p, p, p)


def _maximise(data: _Data, start: FloatArray, held: int | None) -> tuple[FloatArray, float, int]:
    """Newton's method for the penalised likelihood, with one coefficient held if asked."""
    coef = start.copy()
    free = np.array([j for j in range(coef.size) if j != held], dtype=int)
    size = np.sqrt((data.x**2).mean(axis=0))
    here = data.penalised(coef)
    for step in range(1, MAX_STEPS + 1):
        try:
            inverse = np.asarray(np.linalg.inv(data.information(coef)), dtype=np.float64)
            score, fixed, change = data.score(coef, inverse)
            move = np.zeros_like(coef)
            move[free], hill = _direction(
                score[free], fixed[np.ix_(free, free)], change[np.ix_(free, free)]
            )
        except np.linalg.LinAlgError:
            raise NotEstimable("the information of the penalised model is singular") from None
        move *= min(1.0, LONGEST / max(float(np.abs(move * size).max()), 1e-300))
        last = hill and float(np.abs(move / np.sqrt(np.diag(inverse))).max()) < TOLERANCE
        for _ in range(30):
            there = data.penalised(coef + move)
            if there >= here - 1e-12 * (1 + abs(here)):
                break
            move = move / 2
        else:
            break
        coef, here = coef + move, there
        if last:
            return coef, here, step
    raise NotEstimable(f"the penalised logistic regression did not converge in {step} steps")


def _direction(score: FloatArray, fixed: FloatArray, change: FloatArray) -> tuple[FloatArray, bool]:
    """Newton step up the penalised likelihood, and whether it bends down on all sides here.

    Where it bends up the step goes uphill all the same, and never stays on a saddle.
    """
    root = np.linalg.cholesky(fixed)
    turned = np.linalg.solve(root, np.linalg.solve(root, change).T)
    bend, axes = np.linalg.eigh(np.eye(len(score)) - (turned + turned.T) / 2)
    along = axes.T @ np.linalg.solve(root, score)
    step = along / np.maximum(np.abs(bend), _FLATTEST)
    hill = bool(bend[0] > 0)
    if not hill:
        step[0] += np.copysign(_KICK, along[0])
    return np.linalg.solve(root.T, axes @ step), hill
