"""Values below a detection limit: what is known of them, and how to fill them in.

Takes: concentrations, the limit of each person, who is below it, and a design matrix.
Gives: a log-normal regression by censored likelihood; expected values, draws or LOD / sqrt(2) for
those below; what a group difference does under each choice.
"""

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from igfmood.errors import DataError, NotEstimable
from igfmood.normalise.tobit import TobitLikelihood, mean_gap

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]

METHODS = ("lod_sqrt2", "censored_likelihood")
MAX_BELOW = 0.8
MIN_QUANTIFIED = 10
N_DRAWS = 20
SENSITIVITY_METHODS = (
    "lod",
    "lod_sqrt2",
    "lod_half",
    "censored_likelihood",
    "multiple_draws",
    "tobit",
    "excluded",
)


@dataclass(frozen=True, eq=False)
class CensoredFit:
    """Left-censored log-normal regression, ``log y = design beta + sigma e``.

    Attributes
    ----------
    beta : ndarray, shape (p,)
        Coefficients on the log scale.
    sigma : float
        Residual SD on the log scale.
    cov : ndarray, shape (p + 1, p + 1)
        Covariance of (`beta`, log `sigma`), inverse of the observed information.
    loglik : float
        Log-likelihood of the logarithms (add ``-sum(log y)`` over quantified values for that of
        the concentrations).
    n, n_censored : int
        People, and those of them below their limit.
    method : str
        How it was fitted, for a methods section.
    """

    beta: FloatArray
    sigma: float
    cov: FloatArray
    loglik: float
    n: int
    n_censored: int
    method: str

    def draw(self, rng: np.random.Generator) -> "CensoredFit":
        """Same fit with (`beta`, log `sigma`) drawn from their large-sample posterior.

        Imputing from such a draw carries the uncertainty of the fit into the imputations
        (Rubin 1987, section 4.4).
        """
        centre = np.append(self.beta, np.log(self.sigma))
        drawn = rng.multivariate_normal(centre, self.cov, method="cholesky")
        return replace(self, beta=drawn[:-1], sigma=float(np.exp(drawn[-1])))


def substitute(lod: npt.ArrayLike) -> FloatArray:
    """LOD / sqrt(2), the customary stand-in for a value below its limit.

    References
    ----------
    Hornung RW, Reed LD (1990). Appl Occup Environ Hyg 5:46-51.
    """
    return np.asarray(lod, dtype=float) / np.sqrt(2)


def fit_censored(
    value: npt.ArrayLike, lod: npt.ArrayLike, below: npt.ArrayLike, design: npt.ArrayLike
) -> CensoredFit:
    """Left-censored log-normal regression by maximum likelihood.

    Parameters
    ----------
    value : array_like, shape (n,)
        Concentrations, > 0; whatever stands there for those below is not read. Missing allowed.
    lod : array_like, shape (n,) or scalar
        Limit of each person, in the unit of `value`; read for those below alone.
    below : array_like of bool, shape (n,)
        Who is below the limit.
    design : array_like, shape (n, p)
        Regressors, intercept included. Rows with a missing regressor or value are left out.

    Returns
    -------
    CensoredFit

    Raises
    ------
    DataError
        Someone below a limit that is unknown or not positive; a quantified value that is not.
    ValueError
        Shapes that do not match.
    NotEstimable
        More than `MAX_BELOW` below the limit, fewer than `MIN_QUANTIFIED` quantified values (or
        than parameters), or a coefficient that only people below the limit speak to.

    Notes
    -----
    In (beta / sigma, 1 / sigma) the log-likelihood is concave (Olsen 1978), so that Newton's
    method with step halving ends at its one maximum.

    References
    ----------
    Tobin J (1958). Econometrica 26:24-36, equation 4.
    Olsen RJ (1978). Econometrica 46:1211-1215.
    """
    y, x, censored = _log_data(value, lod, below, design)
    _refuse_sparse(x, censored)
    likelihood = TobitLikelihood(y, x, censored)
    parameters = likelihood.maximise()
    theta, inverse_sigma = parameters[:-1], float(parameters[-1])
    # (beta, log sigma) = (theta / h, -log h): derivatives of these by (theta, h).
    p = theta.size
    jacobian = np.zeros((p + 1, p + 1))
    jacobian[:p, :p] = np.eye(p) / inverse_sigma
    jacobian[:p, p] = -theta / inverse_sigma**2
    jacobian[p, p] = -1 / inverse_sigma
    information = -likelihood.evaluate(parameters)[2]
    cov = jacobian @ np.linalg.solve(information, jacobian.T)
    return CensoredFit(
        beta=theta / inverse_sigma,
        sigma=1 / inverse_sigma,
        cov=(cov + cov.T) / 2,
        loglik=likelihood.evaluate(parameters)[0],
        n=y.size,
        n_censored=int(censored.sum()),
        method="left-censored log-normal regression (tobit), maximum likelihood",
    )


def expected_below(fit: CensoredFit, lod: npt.ArrayLike, design: npt.ArrayLike) -> FloatArray:
    """Concentration with the expected logarithm of a value known to be below its limit.

    ``exp(E[log y | y < LOD, x])``: one deterministic value a person, which keeps means of
    logarithms and loses their spread.

    Parameters
    ----------
    fit : CensoredFit
    lod : array_like, shape (n,) or scalar
        Limits, > 0.
    design : array_like, shape (n, p)
        Regressors, as in the fit.

    Returns
    -------
    ndarray, shape (n,)
        In the unit of `lod`, below it.
    """
    log_lod, alpha = _standardised_limit(fit, lod, design)
    return np.exp(log_lod - fit.sigma * mean_gap(alpha))


def draw_below(
    fit: CensoredFit, lod: npt.ArrayLike, design: npt.ArrayLike, rng: np.random.Generator
) -> FloatArray:
    """Random values below the limit, from the fitted log-normal cut off there.

    Parameters
    ----------
    fit : CensoredFit
        For multiple imputation, one drawn by `CensoredFit.draw`.
    lod : array_like, shape (n,) or scalar
        Limits, > 0.
    design : array_like, shape (n, p)
        Regressors, as in the fit.
    rng : numpy.random.Generator

    Returns
    -------
    ndarray, shape (n,)
        In the unit of `lod`, not above it.
    """
    from scipy.special import log_ndtr, ndtri_exp

    log_lod, alpha = _standardised_limit(fit, lod, design)
    # Inverse distribution function in logarithms, which holds where Phi(alpha) underflows;
    # 1 - u is never 0.
    log_u = np.log(1 - rng.random(alpha.size))
    z = ndtri_exp(log_u + log_ndtr(alpha))
    return np.exp(log_lod - fit.sigma * np.maximum(alpha - z, 0.0))


def sensitivity(
    value: npt.ArrayLike,
    lod: npt.ArrayLike,
    below: npt.ArrayLike,
    design: npt.ArrayLike,
    group: npt.ArrayLike,
    rng: np.random.Generator,
) -> pd.DataFrame:
    """A group difference in log concentration under each treatment of values below the limit.

    Parameters
    ----------
    value, lod, below
        As in `fit_censored`.
    design : array_like, shape (n, p)
        What the difference is adjusted for, intercept included, the group left out.
    group : array_like, shape (n,)
        1 and 0 (missing allowed: the person is left out).
    rng : numpy.random.Generator
        For the multiple draws.

    Returns
    -------
    DataFrame
        One row for each of `SENSITIVITY_METHODS`: method, estimate (log scale, 1 minus 0), se, n,
        n_censored. Standard errors are HC3, except for ``tobit`` (observed information);
        ``multiple_draws`` pools `N_DRAWS` imputations by Rubin's rules. Single values
        (``lod`` to ``censored_likelihood``) take the filled-in as measured, so their standard
        errors are too small. ``excluded`` leaves the people below the limit out: biased where they
        are low, it shows how much a few of them decide.

    Raises
    ------
    DataError, ValueError, NotEstimable
        As `fit_censored`.

    References
    ----------
    Lubin JH et al (2004). Environ Health Perspect 112:1691-1696 (multiple imputation).
    Rubin DB (1987). Multiple Imputation for Nonresponse in Surveys, equations 3.1.2 to 3.1.5.
    """
    x = np.column_stack([np.asarray(design, dtype=float), np.asarray(group, dtype=float)])
    fit = fit_censored(value, lod, below, x)
    y, x, censored = _log_data(value, lod, below, x)
    limits, rows = np.exp(y[censored]), x[censored]
    fills = {
        "lod": limits,
        "lod_sqrt2": substitute(limits),
        "lod_half": limits / 2,
        "censored_likelihood": expected_below(fit, limits, rows),
    }
    found = {name: _last_coefficient(x, _filled(y, censored, fill)) for name, fill in fills.items()}
    draws = [draw_below(fit.draw(rng), limits, rows, rng) for _ in range(N_DRAWS)]
    pairs = np.array([_last_coefficient(x, _filled(y, censored, draw)) for draw in draws])
    between = float(np.var(pairs[:, 0], ddof=1))
    pooled_se = np.sqrt(np.mean(pairs[:, 1] ** 2) + (1 + 1 / N_DRAWS) * between)
    found["multiple_draws"] = (float(pairs[:, 0].mean()), float(pooled_se))
    found["tobit"] = (float(fit.beta[-1]), float(np.sqrt(fit.cov[-2, -2])))
    rows_out = [(name, *pair, fit.n, fit.n_censored) for name, pair in found.items()]
    left = _last_coefficient(x[~censored], y[~censored])
    rows_out.append(("excluded", *left, fit.n - fit.n_censored, 0))
    return pd.DataFrame(rows_out, columns=["method", "estimate", "se", "n", "n_censored"])


def _filled(y: FloatArray, censored: BoolArray, fill: FloatArray) -> FloatArray:
    complete = y.copy()
    complete[censored] = np.log(fill)
    return complete


def _last_coefficient(x: FloatArray, y: FloatArray) -> tuple[float, float]:
    """Least-squares coefficient of the last column, with its HC3 standard error."""
    q, r = np.linalg.qr(x)
    beta = np.linalg.solve(r, q.T @ y)
    scores = q * ((y - x @ beta) / (1 - np.sum(q**2, axis=1)))[:, None]
    # Last row of (X'X)^-1 X' is that of Q' over the last pivot.
    return float(beta[-1]), float(np.linalg.norm(scores[:, -1]) / abs(r[-1, -1]))


def _log_data(
    value: npt.ArrayLike, lod: npt.ArrayLike, below: npt.ArrayLike, design: npt.ArrayLike
) -> tuple[FloatArray, FloatArray, BoolArray]:
    """Complete rows: logarithm of value or limit, design, and who is below."""
    values, x = np.asarray(value, dtype=float), np.asarray(design, dtype=float)
    censored = np.asarray(below, dtype=bool)
    limits = np.asarray(lod, dtype=float)
    shapes = {values.shape, censored.shape, x.shape[:1], limits.shape or values.shape}
    if x.ndim != 2 or values.ndim != 1 or len(shapes) > 1:
        raise ValueError(
            f"shapes do not match: value {values.shape}, lod {limits.shape}, "
            f"below {censored.shape}, design {x.shape}"
        )
    limits = np.broadcast_to(limits, values.shape)
    known = np.where(censored, limits, values)
    wrong = (known <= 0) | np.isinf(known) | (censored & np.isnan(limits))
    if wrong.any():
        row = int(np.argmax(wrong))
        what = "below a limit of" if censored[row] else "with a concentration of"
        raise DataError(
            f"row {row} (counted from 0): {what} {known[row]:g}; expected a positive number: "
            "give the limit of everybody below it, and mark who is below rather than enter 0"
        )
    complete = np.isfinite(known) & np.isfinite(x).all(axis=1)
    return np.log(known[complete]), x[complete], censored[complete]


def _refuse_sparse(x: FloatArray, censored: BoolArray) -> None:
    n, p = x.shape
    quantified = n - int(censored.sum())
    needed = max(MIN_QUANTIFIED, p + 2)
    if quantified < needed:
        raise NotEstimable(f"too few values above the detection limit: {quantified} < {needed}")
    if 1 - quantified / n > MAX_BELOW:
        raise NotEstimable(
            f"too many values below the detection limit: {n - quantified} of {n} "
            f"({1 - quantified / n:.0%} > {MAX_BELOW:.0%})"
        )
    if np.linalg.matrix_rank(x) < p:
        raise NotEstimable(f"singular design: {p} columns of rank {np.linalg.matrix_rank(x)}")
    if np.linalg.matrix_rank(x[~censored]) < p:
        raise NotEstimable(
            "everybody in some part of the design (a group, say) is below the detection limit: "
            "its level has no lower bound"
        )


def _standardised_limit(
    fit: CensoredFit, lod: npt.ArrayLike, design: npt.ArrayLike
) -> tuple[FloatArray, FloatArray]:
    mean = np.asarray(design, dtype=float) @ fit.beta
    log_lod = np.broadcast_to(np.log(np.asarray(lod, dtype=float)), mean.shape)
    return log_lod, (log_lod - mean) / fit.sigma
