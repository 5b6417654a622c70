"""Does a reference curve hold: centile coverage and worm plot.

Takes: the SDS and ages of the people a curve is judged on.
Gives: tables and arrays for the report, with no row that stands for one person.

References
----------
van Buuren S, Fredriks M (2001). Worm plot: a simple diagnostic device for modelling growth
reference curves. Stat Med 20:1259-1277.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import ndtr, ndtri

from igfmood.normalise.curves.bccg import FloatArray

#: Centiles whose coverage is reported.
CENTILES = (3.0, 10.0, 50.0, 90.0, 97.0)
_Z95 = 1.959963984540054
#: Points of a worm: coarse, so that none of them is a person.
_WORM_POINTS = 21


def centile_coverage(sds: FloatArray, age: FloatArray) -> pd.DataFrame:
    """Share of people below each centile, for all and by thirds of age.

    Parameters
    ----------
    sds, age
        SDS and years, shape (n,); people with a missing one are left out.

    Returns
    -------
    DataFrame
        Columns group (``all``, ``age third 1`` to ``3``), age_from and age_to (cut-points between
        thirds, years; missing at the open ends), centile (%), n, below, share, ci_low, ci_high
        (Wilson 95 %).
    """
    known = np.isfinite(age) & ~np.isnan(sds)
    z, years = sds[known], age[known]
    cuts = np.quantile(years, [1 / 3, 2 / 3]) if len(years) else np.full(2, np.nan)
    third = np.searchsorted(cuts, years, side="left")
    groups = [("all", np.nan, np.nan, np.ones(len(z), dtype=bool))]
    limits = [np.nan, *cuts, np.nan]
    for k in range(3):
        groups.append((f"age third {k + 1}", limits[k], limits[k + 1], third == k))
    rows = []
    for name, low, high, members in groups:
        n = int(members.sum())
        for centile in CENTILES:
            below = int(np.sum(z[members] < ndtri(centile / 100)))
            share, ci_low, ci_high = _wilson(below, n)
            rows.append((name, low, high, centile, n, below, share, ci_low, ci_high))
    names = ["group", "age_from", "age_to", "centile", "n", "below", "share", "ci_low", "ci_high"]
    return pd.DataFrame(rows, columns=names)


def _wilson(count: int, n: int) -> tuple[float, float, float]:
    """Share with Wilson's 95 % interval; missing where n is 0."""
    if n == 0:
        return float("nan"), float("nan"), float("nan")
    share, z2 = count / n, _Z95**2
    middle = (share + z2 / (2 * n)) / (1 + z2 / n)
    half = _Z95 / (1 + z2 / n) * np.sqrt(share * (1 - share) / n + z2 / (4 * n * n))
    low = 0.0 if count == 0 else middle - half
    high = 1.0 if count == n else middle + half
    return share, float(low), float(high)


@dataclass(frozen=True)
class Worm:
    """A detrended normal quantile plot on a coarse grid, each of shape (21,).

    Parameters
    ----------
    theoretical
        Normal quantiles.
    deviation
        Empirical minus theoretical quantile, interpolated between people.
    half_width
        Half width of the pointwise 95 % band around 0.
    n
        People.
    """

    theoretical: FloatArray
    deviation: FloatArray
    half_width: FloatArray
    n: int

    @property
    def outside(self) -> float:
        """Share of the grid outside the band; about 0.05 where the curve holds."""
        return float(np.mean(np.abs(self.deviation) > self.half_width))


def worm(sds: FloatArray) -> Worm:
    """Worm plot of the SDS, shape (n,); missing ones are left out.

    The grid ends where five people lie beyond (or at 2.5), so that no person's value shows.
    The half width is ``1.96 sqrt(p (1 - p) / n) / phi(z)`` (van Buuren and Fredriks 2001).
    """
    z = np.sort(sds[~np.isnan(sds)])
    n = len(z)
    end = min(2.5, float(-ndtri(min(5 / n, 0.4)))) if n else 2.5
    grid = np.linspace(-end, end, _WORM_POINTS)
    p = ndtr(grid)
    density = np.exp(-0.5 * grid**2) / np.sqrt(2 * np.pi)
    if n == 0:
        missing = np.full(_WORM_POINTS, np.nan)
        return Worm(grid, missing, missing, 0)
    empirical = np.interp(p, (np.arange(1, n + 1) - 0.5) / n, z)
    return Worm(grid, empirical - grid, _Z95 * np.sqrt(p * (1 - p) / n) / density, n)
