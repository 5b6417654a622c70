"""The Box-Cox Cole-Green distribution (LMS): density, probabilities, quantiles, scores.

Takes: concentrations and mu (median, same unit), sigma (coefficient of variation), nu (power).
Gives: log density, cdf, quantiles, SDS that stay finite far in both tails, and the score vector.

With ``z = ((y/mu)**nu - 1) / (nu sigma)``, or ``log(y/mu)/sigma`` at nu = 0, z is standard normal
truncated to y > 0, so that the density is divided by ``Phi(1/(sigma |nu|))``.

References
----------
Cole TJ, Green PJ (1992). Smoothing reference centile curves: the LMS method and penalized
likelihood. Stat Med 11:1305-1319. Rigby RA, Stasinopoulos DM, Heller GZ, De Bastiani F (2019).
Distributions for Modeling Location, Scale, and Shape, section 19.3.1 (with the truncation).
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import log_ndtr, ndtr, ndtri, ndtri_exp

FloatArray = npt.NDArray[np.float64]

_LOG_ROOT_2PI = 0.5 * float(np.log(2 * np.pi))
#: Below this, terms in nu**2 are lost to rounding and the log-normal limit is exact.
_TINY_NU = 1e-5
#: Below this the log-normal limit is exact, and quotients by nu would be of subnormal numbers.
_NO_NU = 1e-100


def z_score(log_ratio: FloatArray, sigma: FloatArray, nu: FloatArray) -> FloatArray:
    """Untruncated z of Cole and Green from ``log(y/mu)``; -inf at y = 0."""
    with np.errstate(divide="ignore", invalid="ignore"):
        power = np.expm1(nu * log_ratio) / nu
    return np.where(np.abs(nu) < _NO_NU, log_ratio, power) / sigma


def log_ratio_of(z: FloatArray, sigma: FloatArray, nu: FloatArray) -> FloatArray:
    """``log(y/mu)`` from the untruncated z, the inverse of :func:`z_score`."""
    with np.errstate(divide="ignore", invalid="ignore"):
        power = np.log1p(nu * sigma * z) / nu
    return np.where(np.abs(nu) < _NO_NU, sigma * z, power)


def truncation(sigma: FloatArray, nu: FloatArray) -> FloatArray:
    """Distance ``1/(sigma |nu|)`` of the truncation point from 0; infinite at nu = 0."""
    with np.errstate(divide="ignore", over="ignore"):
        return 1.0 / (sigma * np.abs(nu))


def logpdf(y: FloatArray, mu: FloatArray, sigma: FloatArray, nu: FloatArray) -> FloatArray:
    """Log density per unit of y, broadcast over the arguments; y > 0."""
    log_y = np.log(y)
    return logpdf_log(log_y - np.log(mu), sigma, nu) - log_y


def logpdf_log(log_ratio: FloatArray, sigma: FloatArray, nu: FloatArray) -> FloatArray:
    """Log density of log(y), from ``log(y/mu)``."""
    return log_density(log_ratio, nu, terms(log_ratio, sigma, nu))


def log_density(log_ratio: FloatArray, nu: FloatArray, given: "Terms") -> FloatArray:
    """Log density of log(y) from its terms."""
    z = given.z
    return nu * log_ratio - given.log_sigma - 0.5 * z * z - _LOG_ROOT_2PI - given.log_mass


def sds(y: FloatArray, mu: FloatArray, sigma: FloatArray, nu: FloatArray) -> FloatArray:
    """Standard deviation score ``Phi^-1(cdf(y))``, broadcast over the arguments; y > 0.

    Computed on the log scale from the nearer tail, so that a concentration whose probability
    underflows still has its finite score.
    """
    return sds_log(np.log(y) - np.log(mu), sigma, nu)


def sds_log(log_ratio: FloatArray, sigma: FloatArray, nu: FloatArray) -> FloatArray:
    """SDS from ``log(y/mu)``; see :func:`sds`."""
    z, sigma, nu = np.broadcast_arrays(z_score(log_ratio, sigma, nu), sigma, nu)
    limit = truncation(sigma, nu)
    score = np.array(z, dtype=float)
    # Phi(-9) = 1e-19: beyond it the truncation does not move a double, but for the tail next to it.
    near = (limit < 9) | (np.where(nu > 0, -z, z) > limit - 9)
    near &= nu != 0
    if near.any():
        score[near] = _truncated(z[near], limit[near], nu[near] > 0)
    return score


def _truncated(z: FloatArray, limit: FloatArray, from_below: npt.NDArray[np.bool_]) -> FloatArray:
    """SDS of z given z > -limit (`from_below`) or z < limit; the second mirrors the first."""
    z = np.where(from_below, z, -z)
    whole = log_ndtr(limit)
    upper = log_ndtr(-z) - whole
    with np.errstate(divide="ignore", invalid="ignore"):
        gap = np.minimum(log_ndtr(-limit) - log_ndtr(z), 0.0)
        lower = log_ndtr(z) + np.log(-np.expm1(gap)) - whole
    score = np.where(upper < lower, -ndtri_exp(np.minimum(upper, 0.0)), ndtri_exp(lower))
    return np.where(from_below, score, -score)


def cdf(y: FloatArray, mu: FloatArray, sigma: FloatArray, nu: FloatArray) -> FloatArray:
    """Probability of a concentration of y or below, broadcast over the arguments."""
    return ndtr(sds(y, mu, sigma, nu))


def quantile(
    probability: FloatArray, mu: FloatArray, sigma: FloatArray, nu: FloatArray
) -> FloatArray:
    """Concentration at `probability` (0 to 1), in the unit of mu, broadcast over the arguments."""
    p = np.asarray(probability, dtype=float)
    whole = ndtr(truncation(sigma, nu))
    z = np.where(np.asarray(nu) > 0, -ndtri((1 - p) * whole), ndtri(p * whole))
    return mu * np.exp(log_ratio_of(z, sigma, nu))


@dataclass(frozen=True)
class Terms:
    """What density and derivatives share, at log ratios with sigma and nu.

    Parameters
    ----------
    z, grown, in_nu
        z, ``exp(nu log_ratio)/sigma`` and dz/dnu.
    log_sigma, log_mass, pull, bend
        Of sigma and nu alone: log(sigma), the log probability that is not cut off, and two terms
        of its derivatives.
    """

    z: FloatArray
    grown: FloatArray
    in_nu: FloatArray
    log_sigma: FloatArray
    log_mass: FloatArray
    pull: FloatArray
    bend: FloatArray


def terms(
    log_ratio: FloatArray, sigma: FloatArray, nu: FloatArray,
    place: npt.NDArray[np.intp] | None = None,
) -> Terms:  # fmt: skip
    """Return the terms; with `place`, sigma and nu are of groups, and it is that of each ratio."""
    of_group = np.log(sigma), log_ndtr(truncation(sigma, nu)), *_pull(sigma, nu)
    if place is None:
        return Terms(*_slopes(log_ratio, sigma, nu), *of_group)
    return Terms(*_slopes(log_ratio, sigma[place], nu[place]), *(one[place] for one in of_group))


def _slopes(
    log_ratio: FloatArray, sigma: FloatArray, nu: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """z, ``exp(nu log_ratio)/sigma`` and dz/dnu; series where the quotient would lose digits."""
    grown = np.exp(nu * log_ratio) / sigma
    z = z_score(log_ratio, sigma, nu)
    flat = np.abs(nu) < _TINY_NU
    near_zero = log_ratio**2 * (0.5 + nu * log_ratio / 3) / sigma
    in_nu = np.where(flat, near_zero, (log_ratio * grown - z) / np.where(flat, 1.0, nu))
    return z, grown, in_nu


def _pull(sigma: FloatArray, nu: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return b r and b**2 r (b + r), with b the truncation and r = phi(b)/Phi(b); 0 far from it."""
    b = np.minimum(truncation(sigma, nu), 40.0)
    hazard = np.exp(-0.5 * b * b - _LOG_ROOT_2PI - log_ndtr(b))
    return hazard * b, hazard * b * b * (b + hazard)


def score(
    log_ratio: FloatArray, sigma: FloatArray, nu: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Derivatives of the log density in log(mu), log(sigma) and nu, each of shape (n,)."""
    return score_of(log_ratio, nu, terms(log_ratio, sigma, nu))


def score_of(
    log_ratio: FloatArray, nu: FloatArray, given: Terms
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Derivatives from the terms; see :func:`score`."""
    z = given.z
    by_nu = np.where(np.abs(nu) < _TINY_NU, 1.0, nu)
    in_nu = log_ratio - z * given.in_nu + given.pull / by_nu
    return z * given.grown - nu, z * z - 1 + given.pull, in_nu


def observed_information(
    log_ratio: FloatArray, sigma: FloatArray, nu: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray, FloatArray, FloatArray]:
    """Minus the second derivatives of the log density, ordered as :func:`information`."""
    return observed_of(log_ratio, sigma, nu, terms(log_ratio, sigma, nu))


def observed_of(
    log_ratio: FloatArray, sigma: FloatArray, nu: FloatArray, given: Terms
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray, FloatArray, FloatArray]:
    """Minus the second derivatives from the terms; see :func:`observed_information`."""
    z, grown, z_nu = given.z, given.grown, given.in_nu
    pull, bend = given.pull, given.bend
    flat = np.abs(nu) < _TINY_NU
    by_nu = np.where(flat, 1.0, nu)
    z_nu_nu = np.where(flat, log_ratio**3 / (3 * sigma), (log_ratio**2 * grown - 2 * z_nu) / by_nu)
    return (
        grown * grown + z * nu * grown,
        2 * z * z + pull - bend,
        z_nu * z_nu + z * z_nu_nu + (2 * pull - bend) / by_nu**2,
        2 * z * grown,
        1 - grown * (z_nu + z * log_ratio),
        -2 * z * z_nu + (pull - bend) / by_nu,
    )


def information(
    sigma: FloatArray, nu: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray, FloatArray, FloatArray]:
    """Expected information in (log mu, log sigma, nu): the 3 variances and the 3 cross terms.

    Returns ``(mu mu, sigma sigma, nu nu, mu sigma, mu nu, sigma nu)``, to first order in the
    truncation (Cole and Green 1992, appendix; Rigby et al. 2019, section 19.3.1). The
    approximation stops being positive definite at ``sigma |nu| = 0.83``; it only steers the
    ascent, so that the product is held at 0.7.
    """
    held = nu * np.minimum(1.0, 0.7 / np.maximum(sigma * np.abs(nu), 1e-300))
    variance = sigma * sigma
    one = np.ones_like(variance)
    return (
        1 / variance + 2 * held * held,
        2 * one,
        1.75 * variance,
        2 * held,
        -0.5 * one,
        variance * held,
    )
