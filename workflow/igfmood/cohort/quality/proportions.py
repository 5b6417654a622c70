"""Shares, and how sure they are.

Takes counts; gives the score interval of a share.
"""

from igfmood.errors import NotEstimable


def wilson_interval(events: int, n: int, level: float = 0.95) -> tuple[float, float]:
    """Score interval of a share, without continuity correction.

    Parameters
    ----------
    events, n
        Events among n people.
    level
        Coverage.

    Returns
    -------
    tuple of float
        Lower and upper limit, within [0, 1].

    Raises
    ------
    NotEstimable
        Without people.

    References
    ----------
    Wilson EB (1927). J Am Stat Assoc 22:209-212. Newcombe RG (1998). Stat Med 17:857-872, method 3.
    """
    from scipy.special import ndtri

    if n < 1:
        raise NotEstimable("a share of nobody: n = 0")
    z2 = float(ndtri(0.5 + level / 2)) ** 2
    centre = (events + z2 / 2) / (n + z2)
    half_width = (z2 * events * (n - events) / n + z2**2 / 4) ** 0.5 / (n + z2)
    # At 0 and n the limit is exact; rounding must not leave the range.
    low = 0.0 if events == 0 else centre - half_width
    high = 1.0 if events == n else centre + half_width
    return low, high
