"""Who has the analyte, and how they differ from those who have not.

Takes one participants table; gives standardised differences between people with and without the
analyte, as results.
"""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from igfmood.config.study import Study
from igfmood.config.vocabulary import COVARIATES, VARIABLES
from igfmood.errors import NotEstimable
from igfmood.results import Rows

_METHOD = "with the analyte minus without, at the first visit; n_events have it"


def standardised_difference(first: np.ndarray, second: np.ndarray) -> float:
    """Standardised mean difference of two groups, first minus second.

    Parameters
    ----------
    first, second
        Values of the two groups, shapes (n1,) and (n2,), none missing.

    Returns
    -------
    float
        Difference of means over the root of the mean of the two variances (n - 1).

    Raises
    ------
    NotEstimable
        Fewer than 2 in a group, or different means without any variance.

    References
    ----------
    Austin PC (2009). Stat Med 28:3083-3107, section 3.1.
    """
    if min(len(first), len(second)) < 2:
        raise NotEstimable(f"a group has fewer than 2 people: {len(first)}, {len(second)}")
    difference = float(first.mean() - second.mean())
    spread = float(np.sqrt((first.var(ddof=1) + second.var(ddof=1)) / 2))
    if spread > 0:
        return difference / spread
    if difference:
        raise NotEstimable("each group has one value alone, and not the same: no end to the SMD")
    return 0.0


def standardised_difference_of_categories(first: pd.Series, second: pd.Series) -> float:
    """Standardised difference of two groups in a category, without direction.

    Parameters
    ----------
    first, second
        Categories of the two groups, none missing.

    Returns
    -------
    float
        Mahalanobis distance of the vectors of shares under the mean of the two multinomial
        covariance matrices; 0 where both groups have the same shares.

    Raises
    ------
    NotEstimable
        An empty group, or groups that have no category in common: the distance has no end, and a
        generalised inverse of the singular matrix would call it 0.

    References
    ----------
    Yang D, Dalton JE (2012). SAS Global Forum 335: a unified approach to measuring the effect size
    between two groups.
    """
    shares = [group.value_counts(normalize=True) for group in (first, second)]
    if min(len(first), len(second)) == 0:
        raise NotEstimable(f"a group is empty: {len(first)}, {len(second)}")
    if not set(shares[0].index) & set(shares[1].index):
        raise NotEstimable("the groups have no category in common: no end to the difference")
    levels = sorted(set(shares[0].index) | set(shares[1].index))[1:]
    if not levels:
        return 0.0
    p, q = (share.reindex(levels, fill_value=0.0).to_numpy(float) for share in shares)
    covariance = (np.diag(p) - np.outer(p, p) + np.diag(q) - np.outer(q, q)) / 2
    # With a category in common the matrix has full rank: no combination of the other shares is
    # constant in both groups.
    return float(np.sqrt((p - q) @ np.linalg.solve(covariance, p - q)))


def add_measured_against_not(rows: Rows, first: pd.DataFrame, study: Study) -> None:
    """Add who has the analyte, and in what they differ from those who have not."""
    analyte = study.analyte
    measured = (first[analyte.value].notna() | first[analyte.below_lod]).to_numpy(bool)
    rows.add(
        analysis="quality", exposure=analyte.name, stratum="all", term="people",
        measure="measured", estimate=float(measured.mean()), n=len(first),
        n_events=int(measured.sum()), method="share with the analyte at the first visit",
    )  # fmt: skip
    for name, kind in _compared(first):
        keys = {"analysis": "quality", "exposure": analyte.name, "stratum": "all", "term": name,
                "measure": "smd_measured"}  # fmt: skip
        known = first[name].notna().to_numpy(bool)
        with_it, without = first.loc[measured & known, name], first.loc[~measured & known, name]
        try:
            _require_groups(len(with_it), len(without), study)
            estimate, method = _difference(with_it, without, kind)
        except NotEstimable as error:
            rows.add_not_estimable(error.reason, **keys)
            continue
        rows.add(
            **keys, estimate=estimate, n=int(known.sum()), n_events=len(with_it),
            method=f"{method}, {_METHOD}",
        )  # fmt: skip


def _compared(first: pd.DataFrame) -> Iterator[tuple[str, str]]:
    """Yield variables that anybody has, and their kind."""
    candidates = {name: VARIABLES[name].kind for name in COVARIATES}
    candidates |= {"phq9_total": "number", "diagnosis": "category"}
    for name, kind in candidates.items():
        if name in first and first[name].notna().any():
            yield name, str(kind)


def _require_groups(n_with: int, n_without: int, study: Study) -> None:
    smallest = study.gates.group_size
    for which, n in (("with", n_with), ("without", n_without)):
        if n < smallest:
            raise NotEstimable(f"too few people {which} {study.analyte.label}: {n} < {smallest}")


def _difference(with_it: pd.Series, without: pd.Series, kind: str) -> tuple[float, str]:
    match kind:
        case "number":
            numbers = with_it.to_numpy(float), without.to_numpy(float)
            return standardised_difference(*numbers), "standardised mean difference"
        case "flag":
            size = standardised_difference_of_categories(with_it, without)
            more = with_it.astype(float).mean() - without.astype(float).mean()
            return float(np.copysign(size, more)), "standardised difference of shares"
        case _:
            size = standardised_difference_of_categories(with_it, without)
            return size, "standardised difference (Yang & Dalton), without direction"
