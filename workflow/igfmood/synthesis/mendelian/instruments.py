"""Whether the variants can carry a Mendelian randomisation: strength and direction.

Takes: `Associations`, and for the direction the sizes of both studies.
Gives: F statistics, I2_GX, and Steiger's test of which way the effect runs.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import ndtr

from igfmood.synthesis.mendelian.estimators import Associations

#: Genome-wide significance of the association with the exposure.
GENOME_WIDE = 5e-8


@dataclass(frozen=True)
class Strength:
    """Strength of the instruments.

    Attributes
    ----------
    f_mean, f_min : float
        First-stage F statistics, ``(beta / se)^2`` of each variant; below 10 is weak.
    i2_gx : float
        Share, 0 to 1, of the spread of the exposure's associations that is no noise; MR-Egger
        is diluted towards 0 by about this factor.
    """

    f_mean: float
    f_min: float
    i2_gx: float


@dataclass(frozen=True)
class Direction:
    """Steiger's test.

    Attributes
    ----------
    r2_exposure, r2_outcome : float
        Variance that the variants explain, 0 to 1.
    exposure_first : bool
        The exposure is explained better, as it must be if it comes first.
    p : float
        Two-sided, of the difference.
    """

    r2_exposure: float
    r2_outcome: float
    exposure_first: bool
    p: float


def strength(data: Associations) -> Strength:
    """F statistics and I2_GX.

    References
    ----------
    Bowden J et al (2016). Int J Epidemiol 45:1961-1974 (I2_GX, on the weighted scale).
    """
    f = (data.beta_exposure / data.se_exposure) ** 2
    weight = (data.se_outcome / data.se_exposure) ** 2
    scaled = np.abs(data.beta_exposure) / data.se_outcome
    q = float(weight @ (scaled - (weight @ scaled) / weight.sum()) ** 2)
    i2_gx = max(0.0, (q - (len(data) - 1)) / q) if q > 0 else 0.0
    return Strength(float(f.mean()), float(f.min()), i2_gx)


def steiger(data: Associations, n_exposure: npt.ArrayLike, n_outcome: npt.ArrayLike) -> Direction:
    """Test whether the variants explain more of the exposure than of the outcome.

    A variant explains ``F / (F + n - 2)``; variants are independent, so that these add up. For a
    disease it is variance on the observed 0/1 scale.

    Parameters
    ----------
    data : Associations
    n_exposure, n_outcome : array_like, shape (n,)
        People behind each association.

    Raises
    ------
    ValueError
        A number of people that is missing or 3 or less.

    References
    ----------
    Hemani G, Tilling K, Davey Smith G (2017). PLoS Genet 13:e1007081.
    Steiger JH (1980). Psychol Bull 87:245-251 (independent correlations, by Fisher's z).
    """
    people = [np.broadcast_to(np.asarray(n, float), len(data)) for n in (n_exposure, n_outcome)]
    if not all((n > 3).all() for n in people):
        raise ValueError("a sample size is missing, or not above 3")
    z2 = ((data.beta_exposure / data.se_exposure) ** 2, (data.beta_outcome / data.se_outcome) ** 2)
    r2 = [float((f / (f + n - 2)).sum()) for f, n in zip(z2, people, strict=True)]
    # The approximation can pass 1 only with variants that explain everything between them.
    fisher = [np.arctanh(min(np.sqrt(r), 1 - 1e-12)) for r in r2]
    se = np.sqrt(sum(1 / (n.mean() - 3) for n in people))
    p = 2 * float(ndtr(-abs(fisher[0] - fisher[1]) / se))
    return Direction(r2[0], r2[1], r2[0] > r2[1], p)
