"""The latent-Gaussian model behind ordinal PHQ-9 items.

Takes: published item marginals and Pearson item correlations.
Gives: thresholds, one-factor loadings and the residual's Cholesky factor that reproduce them.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from scipy.special import ndtr, ndtri

from igfmood.simulate.calibration import calibration

_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(24)


@dataclass(frozen=True)
class ItemModel:
    """Latent item i = loading[i] * severity + residual[i]; its score counts thresholds below.

    Attributes
    ----------
    loadings : ndarray [9]
    residual_factor : ndarray [9, 9]
        Lower Cholesky factor of the residual covariance.
    thresholds : dict of ndarray [9, 3]
        Under the keys ``male`` and ``female``.
    """

    loadings: np.ndarray
    residual_factor: np.ndarray
    thresholds: dict[str, np.ndarray]


@lru_cache(maxsize=1)
def item_model() -> ItemModel:
    """Model calibrated to the package's constants.

    Returns
    -------
    ItemModel
    """
    constants = calibration()
    cuts = {who: thresholds(shares) for who, shares in constants.marginals.items()}
    correlation = latent_correlation(cuts["all"], constants.correlation)
    loadings = one_factor_loadings(correlation)
    factor = np.linalg.cholesky(correlation - np.outer(loadings, loadings))
    return ItemModel(loadings, factor, {sex: cuts[sex] for sex in ("male", "female")})


def thresholds(shares: np.ndarray) -> np.ndarray:
    """Standard normal cut points of ordinal answers.

    Parameters
    ----------
    shares : ndarray [items, 4]
        Share of each answer; rows are rescaled to sum to 1.

    Returns
    -------
    ndarray [items, 3]
    """
    cumulative = np.cumsum(shares / shares.sum(axis=1, keepdims=True), axis=1)
    return ndtri(cumulative[:, :3])


def latent_correlation(cuts: np.ndarray, pearson: np.ndarray) -> np.ndarray:
    """Latent correlations whose cut scores have the given Pearson correlations, by bisection.

    Parameters
    ----------
    cuts : ndarray [items, 3]
    pearson : ndarray [items, items]

    Returns
    -------
    ndarray [items, items]
    """
    first, second = np.triu_indices(len(cuts), 1)
    target = pearson[first, second]
    low, high = np.zeros(len(target)), np.full(len(target), 0.99)
    for _ in range(50):
        middle = (low + high) / 2
        below = score_correlation(cuts[first], cuts[second], middle) < target
        low, high = np.where(below, middle, low), np.where(below, high, middle)
    latent = np.eye(len(cuts))
    latent[first, second] = latent[second, first] = (low + high) / 2
    return latent


def score_correlation(cuts_a: np.ndarray, cuts_b: np.ndarray, rho: np.ndarray) -> np.ndarray:
    """Pearson correlation of two scores cut from latent variables with correlation `rho`.

    Parameters
    ----------
    cuts_a, cuts_b : ndarray [pairs, 3]
    rho : ndarray [pairs]

    Returns
    -------
    ndarray [pairs]

    Notes
    -----
    For scores 0..3, E[AB] is the sum over cut pairs of P(latent a > h, latent b > k).
    """
    joint = _joint_exceedance(cuts_a[:, :, None], cuts_b[:, None, :], rho[:, None, None]).sum(
        axis=(1, 2)
    )
    mean_a, variance_a = _score_moments(cuts_a)
    mean_b, variance_b = _score_moments(cuts_b)
    return (joint - mean_a * mean_b) / np.sqrt(variance_a * variance_b)


def _score_moments(cuts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean and variance of scores 0..3 from their cut points."""
    above = ndtr(-cuts)
    mean = above.sum(axis=1)
    return mean, (above * np.array([1.0, 3.0, 5.0])).sum(axis=1) - mean**2


def _joint_exceedance(h: np.ndarray, k: np.ndarray, rho: np.ndarray) -> np.ndarray:
    """P(X > h, Y > k) for a standard bivariate normal: its density integrated over rho from 0."""
    r = rho[..., None] * (_NODES + 1) / 2
    h_, k_ = h[..., None], k[..., None]
    density = np.exp(-(h_**2 - 2 * r * h_ * k_ + k_**2) / (2 * (1 - r**2))) / (
        2 * np.pi * np.sqrt(1 - r**2)
    )
    return ndtr(-h) * ndtr(-k) + rho / 2 * (density * _WEIGHTS).sum(axis=-1)


def one_factor_loadings(correlation: np.ndarray) -> np.ndarray:
    """Loadings of one common factor by principal-axis iteration.

    Parameters
    ----------
    correlation : ndarray [items, items]

    Returns
    -------
    ndarray [items]
        Positive loadings.
    """
    communality = np.full(len(correlation), 0.5)
    loadings = np.sqrt(communality)
    for _ in range(200):
        reduced = correlation.copy()
        np.fill_diagonal(reduced, communality)
        values, vectors = np.linalg.eigh(reduced)
        loadings = np.abs(vectors[:, -1]) * np.sqrt(values[-1])
        communality = loadings**2
    return loadings
