"""Items of the PHQ-9 that up to two answers are missing of.

Takes the items of everyone; gives a most likely answer from the other items of the same person.
"""

import numpy as np

#: Missing items that proration and imputation allow (NHS Talking Therapies manual).
MAX_MISSING = 2
#: With fewer complete questionnaires the covariance of nine items is not learned.
MIN_COMPLETE = 50
_MAX_STEPS = 500
_TOLERANCE = 1e-6
#: Keeps the covariance invertible where two items go together perfectly (points squared).
_RIDGE = 1e-6


def fill_items(items: np.ndarray) -> np.ndarray:
    """Put in missing items where at most two are missing.

    The items of all who answered seven or more are taken as multivariate normal; mean and
    covariance are the EM estimates under values missing at random, and a missing item is its
    conditional mean given the others, rounded half up into 0-3. One value is put in, not a draw:
    totals from it understate uncertainty, and what is missing in models is left to multiple
    imputation.

    Parameters
    ----------
    items
        Answers 0-3, NaN where missing, shape (n_people, 9).

    Returns
    -------
    ndarray
        The same with items put in; unchanged with fewer than 50 complete questionnaires.

    Notes
    -----
    EM for the multivariate normal: Little and Rubin, Statistical Analysis with Missing Data,
    section 11.2.
    """
    missing = np.isnan(items)
    n_missing = missing.sum(axis=1)
    incomplete = (n_missing > 0) & (n_missing <= MAX_MISSING)
    if (n_missing == 0).sum() < MIN_COMPLETE or not incomplete.any():
        return items
    complete = items[n_missing == 0]
    partial, holes = items[incomplete], missing[incomplete]
    mean, covariance = _em(complete, partial, holes)
    filled, _ = _expect(partial, holes, mean, covariance)
    answers = np.clip(np.floor(filled + 0.5), 0, 3)
    result = items.copy()
    result[incomplete] = np.where(holes, answers, partial)
    return result


def _em(
    complete: np.ndarray, partial: np.ndarray, holes: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return the mean (9,) and covariance (9, 9) of the items."""
    n = len(complete) + len(partial)
    first, second = complete.sum(axis=0), complete.T @ complete
    mean = complete.mean(axis=0)
    covariance = np.cov(complete.T, bias=True)
    for _ in range(_MAX_STEPS):
        filled, spread = _expect(partial, holes, mean, covariance)
        new = (first + filled.sum(axis=0)) / n
        moved = (second + filled.T @ filled + spread) / n - np.outer(new, new)
        change = max(np.abs(new - mean).max(), np.abs(moved - covariance).max())
        mean, covariance = new, moved
        if change < _TOLERANCE:
            break
    return mean, covariance


def _expect(
    partial: np.ndarray, holes: np.ndarray, mean: np.ndarray, covariance: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return items with holes at their conditional means, and the summed covariance of these."""
    filled = np.where(holes, 0.0, partial)
    spread = np.zeros_like(covariance)
    ridged = covariance + _RIDGE * np.eye(len(covariance))
    for pattern, rows in _patterns(holes):
        out, seen = np.flatnonzero(pattern), np.flatnonzero(~pattern)
        weights = np.linalg.solve(ridged[np.ix_(seen, seen)], ridged[np.ix_(seen, out)])
        filled[np.ix_(rows, out)] = mean[out] + (partial[np.ix_(rows, seen)] - mean[seen]) @ weights
        left = ridged[np.ix_(out, out)] - ridged[np.ix_(out, seen)] @ weights
        spread[np.ix_(out, out)] += len(rows) * left
    return filled, spread


def _patterns(holes: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
    """Return each pattern of holes with the rows that have it."""
    patterns, which = np.unique(holes, axis=0, return_inverse=True)
    return [(pattern, np.flatnonzero(which == k)) for k, pattern in enumerate(patterns)]
