"""Items of the PHQ-9 that up to two answers are missing of.

Takes the items of everyone; gives a most likely answer from the other items of the same person.
"""

from dataclasses import dataclass

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
    if (n_missing == 0).sum() < MIN_COMPLETE:
        return items
    known = _patterns(items, missing, n_missing <= MAX_MISSING)
    mean, covariance = _em(known)
    result = items.copy()
    for pattern in known:
        if pattern.out.size:
            constant, slopes = _regression(pattern, mean, covariance)
            rows = pattern.rows[:, None]
            expected = (constant + items[rows, pattern.seen] @ slopes.T)[:, pattern.out]
            result[rows, pattern.out] = np.clip(np.floor(expected + 0.5), 0, 3)
    return result


@dataclass(frozen=True)
class _Pattern:
    """People whose same items are missing: who, which items, sums and products of the answers."""

    rows: np.ndarray
    seen: np.ndarray
    out: np.ndarray
    sums: np.ndarray
    products: np.ndarray


def _patterns(items: np.ndarray, missing: np.ndarray, used: np.ndarray) -> list[_Pattern]:
    rows = np.flatnonzero(used)
    codes = missing[rows] @ (1 << np.arange(items.shape[1]))
    found = []
    for code in np.unique(codes):
        these = rows[codes == code]
        holes = missing[these[0]]
        seen, out = np.flatnonzero(~holes), np.flatnonzero(holes)
        answers = items[these[:, None], seen]
        found.append(_Pattern(these, seen, out, answers.sum(axis=0), answers.T @ answers))
    return found


def _em(known: list[_Pattern]) -> tuple[np.ndarray, np.ndarray]:
    """Return the mean (9,) and covariance (9, 9) of the items, started from complete people."""
    n = sum(len(pattern.rows) for pattern in known)
    complete = next(pattern for pattern in known if not pattern.out.size)
    mean = complete.sums / len(complete.rows)
    covariance = complete.products / len(complete.rows) - np.outer(mean, mean)
    for _ in range(_MAX_STEPS):
        first, second = np.zeros_like(mean), np.zeros_like(covariance)
        for pattern in known:
            sums, products = _expected(pattern, mean, covariance)
            first, second = first + sums, second + products
        new = first / n
        moved = second / n - np.outer(new, new)
        change = max(np.abs(new - mean).max(), np.abs(moved - covariance).max())
        mean, covariance = new, moved
        if change < _TOLERANCE:
            break
    return mean, covariance


def _regression(
    pattern: _Pattern, mean: np.ndarray, covariance: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return constant (9,) and slopes (9, n_seen) that give all items from the seen ones."""
    seen, out = pattern.seen, pattern.out
    ridged = covariance + _RIDGE * np.eye(len(mean))
    weights = np.linalg.solve(ridged[np.ix_(seen, seen)], ridged[np.ix_(seen, out)])
    constant, slopes = np.zeros(len(mean)), np.zeros((len(mean), len(seen)))
    slopes[seen, np.arange(len(seen))] = 1
    slopes[out] = weights.T
    constant[out] = mean[out] - mean[seen] @ weights
    return constant, slopes


def _expected(
    pattern: _Pattern, mean: np.ndarray, covariance: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return expected sums (9,) and products (9, 9) of all items of the people of a pattern."""
    n, out, seen = len(pattern.rows), pattern.out, pattern.seen
    constant, slopes = _regression(pattern, mean, covariance)
    part = slopes @ pattern.sums
    cross = np.outer(constant, part)
    products = slopes @ pattern.products @ slopes.T + cross + cross.T
    products += n * np.outer(constant, constant)
    left = covariance[np.ix_(out, out)] - slopes[out] @ covariance[np.ix_(seen, out)]
    products[np.ix_(out, out)] += n * left
    return n * constant + part, products
