"""The Box-Cox power exponential distribution: probabilities, quantiles and SDS.

Takes: concentrations and mu (median, same unit), sigma, nu (power) and tau (2 is the BCCG).
Gives: cdf, quantiles and SDS, exact in both tails.

References
----------
Rigby RA, Stasinopoulos DM (2004). Smooth centile curves for skew and kurtotic data modelled using
the Box-Cox power exponential distribution. Stat Med 23:3053-3076, equations 1 to 4.
"""

import numpy as np
from scipy.special import gammaincc, gammainccinv, gammaln, ndtri

from igfmood.normalise.curves.bccg import FloatArray, log_ratio_of, truncation, z_score


def _upper_tail(z: FloatArray, tau: FloatArray) -> FloatArray:
    """Probability beyond z >= 0 of the power exponential with mean 0 and variance 1."""
    with np.errstate(over="ignore"):
        return 0.5 * gammaincc(1 / tau, 0.5 * (z / _scale(tau)) ** tau)


def _scale(tau: FloatArray) -> FloatArray:
    return np.exp(0.5 * (gammaln(1 / tau) - gammaln(3 / tau)) - np.log(2) / tau)


def _tails(
    y: FloatArray, mu: FloatArray, sigma: FloatArray, nu: FloatArray, tau: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Probabilities below and above y, each without cancellation in its own tail."""
    z = z_score(np.log(y) - np.log(mu), sigma, nu)
    outside = _upper_tail(truncation(sigma, nu), tau)
    tail = _upper_tail(np.abs(z), tau)
    lower = np.where(z < 0, tail, 1 - tail) - np.where(nu > 0, outside, 0.0)
    upper = np.where(z < 0, 1 - tail, tail) - np.where(nu < 0, outside, 0.0)
    whole = 1 - outside
    return np.clip(lower / whole, 0, 1), np.clip(upper / whole, 0, 1)


def cdf(
    y: FloatArray, mu: FloatArray, sigma: FloatArray, nu: FloatArray, tau: FloatArray
) -> FloatArray:
    """Probability of a concentration of y or below, broadcast over the arguments."""
    return _tails(y, mu, sigma, nu, tau)[0]


def sds(
    y: FloatArray, mu: FloatArray, sigma: FloatArray, nu: FloatArray, tau: FloatArray
) -> FloatArray:
    """Standard deviation score ``Phi^-1(cdf(y))``, from the nearer tail.

    Infinite where that tail's probability is below the smallest double (about 38 SDS).
    """
    lower, upper = _tails(y, mu, sigma, nu, tau)
    return np.where(lower < upper, ndtri(lower), -ndtri(upper))


def quantile(
    probability: FloatArray,
    mu: FloatArray,
    sigma: FloatArray,
    nu: FloatArray,
    tau: FloatArray,
) -> FloatArray:
    """Concentration at `probability` (0 to 1), in the unit of mu, broadcast over the arguments."""
    p = np.asarray(probability, dtype=float)
    outside = _upper_tail(truncation(sigma, nu), tau)
    whole = 1 - outside
    below = p * whole + np.where(nu > 0, outside, 0.0)
    above = (1 - p) * whole + np.where(nu < 0, outside, 0.0)
    tail = np.minimum(below, above)
    distance = _scale(tau) * (2 * gammainccinv(1 / tau, 2 * tail)) ** (1 / tau)
    z = np.where(below < above, -distance, distance)
    return mu * np.exp(log_ratio_of(z, sigma, nu))
