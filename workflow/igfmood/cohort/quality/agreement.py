"""Whether the answers to a questionnaire hang together, and agree with the total as given.

Takes one participants table; gives item-total agreement and Cronbach's alpha, as results.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from igfmood.config.vocabulary import PHQ9_ITEMS
from igfmood.errors import NotEstimable
from igfmood.results import Rows


@dataclass(frozen=True)
class Alpha:
    """Cronbach's alpha with Feldt's interval; `n` people answered every item."""

    alpha: float
    ci_low: float
    ci_high: float
    n: int


def cronbach_alpha(items: np.ndarray, level: float = 0.95) -> Alpha:
    """Internal consistency of a sum of items.

    Parameters
    ----------
    items
        Answers, shape (n people, k items); people with a missing answer are left out.
    level
        Coverage of the interval.

    Returns
    -------
    Alpha
        ``k / (k - 1) * (1 - sum of item variances / variance of the sum)``. Limits are
        ``1 - (1 - alpha) F`` with the quantiles of F on n - 1 and (n - 1)(k - 1) degrees of
        freedom.

    Raises
    ------
    NotEstimable
        Fewer than 2 items or 3 complete people, or a total that does not vary.

    References
    ----------
    Cronbach LJ (1951). Psychometrika 16:297-334. Feldt LS (1965). Psychometrika 30:357-370.
    """
    from scipy.special import fdtri

    complete = items[~np.isnan(items).any(axis=1)]
    n, k = complete.shape
    if k < 2 or n < 3:
        raise NotEstimable(f"too little for Cronbach's alpha: {n} complete people, {k} items")
    variance = complete.sum(axis=1).var(ddof=1)
    if not variance > 0:
        raise NotEstimable(f"the sum of the items is the same for all {n} people")
    alpha = float(k / (k - 1) * (1 - complete.var(axis=0, ddof=1).sum() / variance))
    df = (n - 1, (n - 1) * (k - 1))
    low, high = (1 - (1 - alpha) * float(fdtri(*df, q)) for q in (0.5 + level / 2, 0.5 - level / 2))
    return Alpha(alpha, low, high, n)


def add_questionnaire(rows: Rows, first: pd.DataFrame, smallest: int) -> None:
    """Add item-total agreement and Cronbach's alpha of the PHQ-9 to the results."""
    if not set(PHQ9_ITEMS) <= set(first):
        return
    items = first[list(PHQ9_ITEMS)].to_numpy(float)
    _add_alpha(rows, items, smallest)
    if "phq9_total_given" in first and first["phq9_total_given"].notna().any():
        _add_agreement(rows, items.sum(axis=1), first["phq9_total_given"].to_numpy(float), smallest)


def _add_alpha(rows: Rows, items: np.ndarray, smallest: int) -> None:
    keys = {"analysis": "quality", "stratum": "all", "term": "phq9_items",
            "measure": "cronbach_alpha"}  # fmt: skip
    n = int((~np.isnan(items)).all(axis=1).sum())
    try:
        if n < smallest:
            raise NotEstimable(f"too few people with all nine items: {n} < {smallest}")
        found = cronbach_alpha(items, rows.source.level)
    except NotEstimable as error:
        rows.add_not_estimable(error.reason, **keys)
        return
    rows.add(
        **keys, estimate=found.alpha, ci_low=found.ci_low, ci_high=found.ci_high, n=found.n,
        method="complete items at the first visit, interval of Feldt",
    )  # fmt: skip


def _add_agreement(rows: Rows, summed: np.ndarray, given: np.ndarray, smallest: int) -> None:
    keys = {"analysis": "quality", "stratum": "all", "term": "phq9_total_given"}
    difference = np.abs(given - summed)
    difference = difference[~np.isnan(difference)]
    n = len(difference)
    method = "total as given against the sum of nine items, at the first visit"
    rows.add(**keys, measure="compared", estimate=n, n=n, method=method)
    if n < smallest:
        reason = f"too few people with a total and all nine items: {n} < {smallest}"
        for measure in ("share_equal", "mean_absolute_difference"):
            rows.add_not_estimable(reason, **keys, measure=measure)
        return
    equal = int((difference == 0).sum())
    rows.add(**keys, measure="share_equal", estimate=equal / n, n=n, n_events=equal, method=method)
    rows.add(
        **keys, measure="mean_absolute_difference", estimate=float(difference.mean()), n=n,
        method=method,
    )  # fmt: skip
