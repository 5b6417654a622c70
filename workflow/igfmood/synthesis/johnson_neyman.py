"""Where a pooled slope differs from 0 along a moderator.

Takes the cohorts' slopes at values of the moderator; gives the bounds between which the pooled
interval leaves 0 out.
"""

from collections.abc import Callable, Mapping
from itertools import pairwise

import numpy as np
import pandas as pd

from igfmood import results
from igfmood.errors import NotEstimable
from igfmood.results import Rows
from igfmood.synthesis.pool import METHOD, why_none
from igfmood.synthesis.random_effects import random_effects
from igfmood.synthesis.row_keys import SHARED_KEYS

#: The rows read, and the rows written.
SLOPE, BOUND = "simple_slope", "johnson_neyman"
_KEYS = [key for key in SHARED_KEYS if key not in ("term", "measure")]


def add_johnson_neyman(rows: Rows, cohorts: pd.DataFrame, analysis: str) -> None:
    """Write the bounds of where the pooled slope differs from 0.

    Parameters
    ----------
    rows
        Where results go; its source should be that of pooled results.
    cohorts
        Result rows of cohorts: slopes at values of the moderator, and own bounds.
    analysis
        Analysis that they belong to.
    """
    found = results.select(cohorts, analysis=analysis, measure=[SLOPE, BOUND])
    for values, group in found.groupby(_KEYS, sort=True):
        keys = dict(zip(_KEYS, (str(value) for value in values), strict=True)) | {"measure": BOUND}
        slopes = group[(group["measure"] == SLOPE) & (group["status"] == "ok")]
        names = sorted(set(slopes["cohort"]))
        own = group[group["measure"] == BOUND]
        if not names:
            rows.add_not_estimable(why_none(own), **keys)
        elif len(names) == 1:
            _carry(rows, own[own["cohort"] == names[0]], keys)
        else:
            _add_bounds(rows, slopes, keys)


def _carry(rows: Rows, own: pd.DataFrame, keys: Mapping[str, str]) -> None:
    """Write the bounds of the only cohort that has slopes, as they stand."""
    for _, row in own.iterrows():
        if row["status"] != "ok":
            reason = f"one cohort only ({row['cohort']}): {row['reason']}"
            rows.add_not_estimable(reason, **keys, term=str(row["term"]))
            continue
        rows.add(
            **keys, term=str(row["term"]), estimate=row["estimate"], n=row["n"],
            method=f"one cohort only ({row['cohort']}), no claim to any other: {row['method']}",
        )  # fmt: skip


def _add_bounds(rows: Rows, slopes: pd.DataFrame, keys: Mapping[str, str]) -> None:
    grid = np.sort(slopes["term"].astype(float).unique())
    span = f"from {grid[0]:g} to {grid[-1]:g}"
    try:
        regions = regions_over(pooled_distance(slopes, rows.source.level), grid)
    except NotEstimable as error:
        rows.add_not_estimable(error.reason, **keys)
        return
    if not regions:
        rows.add_not_estimable(f"the pooled slope differs from 0 at no score {span}", **keys)
        return
    if regions == [(-np.inf, np.inf)]:
        reason = f"the pooled slope differs from 0 at every score {span}: there is no bound"
        rows.add_not_estimable(reason, **keys)
        return
    people = int(slopes.groupby("cohort")["n"].first().sum())
    for term, words, bound in _named(regions):
        rows.add(
            **keys, term=term, estimate=bound, n=people,
            method=f"Johnson-Neyman: the pooled slope differs from 0 {words}, of scores {span}; "
            f"slopes of the cohorts pooled at each score ({METHOD}, pointwise)",
        )  # fmt: skip


def _named(regions: list[tuple[float, float]]) -> list[tuple[str, str, float]]:
    """Return term, words and value of every bound; of a further range the terms have a number."""
    found, inner = [], 0
    for low, high in regions:
        if np.isinf(low):
            found.append(("below", "below this score", high))
        elif np.isinf(high):
            found.append(("above", "above this score", low))
        else:
            inner += 1
            number = f" {inner}" if inner > 1 else ""
            found.append((f"from{number}", "from this score on", low))
            found.append((f"to{number}", "up to this score", high))
    return found


def pooled_distance(slopes: pd.DataFrame, level: float) -> Callable[[float], float]:
    """Return how far the pooled interval stays clear of 0, as a function of the moderator.

    Parameters
    ----------
    slopes : DataFrame
        Rows of the cohorts: `cohort`, `term` (value of the moderator), `estimate`, `se`.
    level : float
        Coverage of the pointwise interval.

    Returns
    -------
    callable
        Above 0 where the interval leaves 0 out; in the slopes' unit.

    Notes
    -----
    A cohort's slope is linear along the moderator and its variance, also one by Rubin's rules, a
    quadratic form of it: from a few values both are known at every value, exactly.

    References
    ----------
    Knapp G, Hartung J (2003). Stat Med 22:2693-2710 (the interval).
    """
    lines, parabolas = [], []
    for _, own in slopes.groupby("cohort", sort=True):
        at = own["term"].astype(float)
        lines.append(np.polyfit(at, own["estimate"], 1))
        parabolas.append(np.polyfit(at, own["se"] ** 2, 2))

    def clear(value: float) -> float:
        yi = [float(np.polyval(line, value)) for line in lines]
        vi = [float(np.polyval(parabola, value)) for parabola in parabolas]
        pooled = random_effects(yi, vi, level)
        return max(pooled.ci_low, -pooled.ci_high)

    return clear


def regions_over(clear: Callable[[float], float], grid: np.ndarray) -> list[tuple[float, float]]:
    """Return the ranges in which a function is above 0; those that reach an end are open there.

    Parameters
    ----------
    clear : callable
        Continuous.
    grid : ndarray, shape (k,)
        Values in order; between two of them at most one bound is looked for.

    Returns
    -------
    list of (low, high)
        In order; -inf and inf where a range reaches the first or last value.
    """
    from scipy.optimize import brentq

    above = [clear(value) > 0 for value in grid]
    edges = [-np.inf] if above[0] else []
    for (low, was), (high, now) in pairwise(zip(grid, above, strict=True)):
        if was != now:
            edges.append(float(brentq(clear, low, high, xtol=1e-10)))
    if above[-1]:
        edges.append(np.inf)
    return list(zip(edges[::2], edges[1::2], strict=True))
