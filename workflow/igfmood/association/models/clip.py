"""Interval and p from likelihood profiles, of one table or combined over several.

Takes: a coefficient's profile in every completed table.
Gives: the limits of the interval and a two-sided p.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from scipy.special import ndtr, ndtri

from igfmood.errors import NotEstimable

#: How far from the middle of the estimates a limit is looked for, in standard errors.
FURTHEST = 32.0
#: Below this a tail counts as this: its normal quantile stays finite.
_LEAST = 1e-300


class Profile(Protocol):
    """What a profile tells: where it is highest, its width there, and how it falls."""

    @property
    def estimate(self) -> float:
        """Where the profile is highest."""

    @property
    def se(self) -> float:
        """Standard error by the curvature there."""

    def signed_root(self, value: float) -> float:
        """``sign(value - estimate) sqrt(2 (l_max - l(value)))``."""


@dataclass(frozen=True)
class ProfileInterval:
    """Limits in the coefficient's unit, and the two-sided p against 0."""

    low: float
    high: float
    p: float


def combined_profiles(profiles: Sequence[Profile], level: float = 0.95) -> ProfileInterval:
    """Combine the likelihood profiles of a coefficient over completed tables (CLIP).

    Parameters
    ----------
    profiles
        One for each completed table; one alone where nothing was missing.
    level : float
        Coverage of the interval.

    Returns
    -------
    ProfileInterval

    Raises
    ------
    ValueError
        No profile, or a level outside (0, 1).
    NotEstimable
        There is no limit within `FURTHEST` standard errors, or a profile cannot be found.

    Notes
    -----
    A profile is read as the distribution ``F(b) = Phi(sign(b - b_max) sqrt(2 (l_max - l(b))))``;
    the mean over tables mixes their distributions. The limits are where it is ``(1 - level) / 2``
    and the rest to 1, and p is ``2 min(F(0), 1 - F(0))``. With one table these are the profile
    interval and the p of the likelihood-ratio test.

    References
    ----------
    Heinze G, Ploner M, Beyea J (2013). Stat Med 32:5062-5076, section 2.3.
    """
    if not profiles or not 0 < level < 1:
        raise ValueError(f"expected a profile and 0 < level < 1: {len(profiles)}, {level}")
    at_0 = np.array([one.signed_root(0.0) for one in profiles])
    p = 2 * min(float(ndtr(at_0).mean()), float(ndtr(-at_0).mean()))
    return ProfileInterval(_limit(profiles, -1, level), _limit(profiles, 1, level), min(p, 1.0))


def _limit(profiles: Sequence[Profile], side: int, level: float) -> float:
    """Return where the mean distribution has half of what `level` leaves beyond it."""
    from scipy.optimize import brentq

    # At the median of the estimates neither tail is small, however one table may lie.
    middle = float(np.median([one.estimate for one in profiles]))
    unit = max(one.se for one in profiles)
    bound = float(ndtri((1 - level) / 2))

    def above(reach: float) -> float:
        # As a normal quantile the tail is nearly a line, which the search is quick on.
        value = middle + side * reach * unit
        tail = np.mean([ndtr(-side * one.signed_root(value)) for one in profiles])
        return float(ndtri(max(float(tail), _LEAST))) - bound

    # In short steps: further out than the limit a profile may be hard to find.
    near, far = 0.0, 1.5
    while above(far) > 0:
        near, far = far, 1.5 * far
        if far > FURTHEST:
            raise NotEstimable(
                f"the penalised likelihood has no limit within {FURTHEST:g} standard errors of "
                "the estimate"
            )
    return middle + side * unit * float(brentq(above, near, far, xtol=1e-10, rtol=1e-12))
