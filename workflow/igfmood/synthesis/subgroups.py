"""The synthesis by kind of study, and whether the kinds differ.

Takes: study estimates, sampling variances, and a label per study (assay, phase, medication).
Gives: the mean effect of each subgroup and the test between them, with one between-study variance
for all.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from igfmood.errors import NotEstimable
from igfmood.synthesis.meta_regression import meta_regression
from igfmood.synthesis.random_effects import checked_studies
from igfmood.synthesis.tau2 import Tau2Estimator


@dataclass(frozen=True)
class Subgroup:
    """Mean effect of the studies with one label: Knapp-Hartung `se`, t on `df`, two-sided `p`."""

    label: str
    k: int
    estimate: float
    se: float
    df: float
    p: float
    ci_low: float
    ci_high: float
    tau2: float
    level: float


@dataclass(frozen=True)
class BetweenTest:
    """Test that subgroups share one mean effect: F on (`df1`, `df2`)."""

    stat: float
    df1: int
    df2: float
    p: float


@dataclass(frozen=True)
class SubgroupAnalysis:
    """Subgroups in order of their labels, and the test that compares them."""

    subgroups: tuple[Subgroup, ...]
    between: BetweenTest


def subgroups_common_tau2(
    yi: npt.ArrayLike,
    vi: npt.ArrayLike,
    labels: Sequence[str],
    level: float = 0.95,
    estimator: Tau2Estimator = "REML",
) -> SubgroupAnalysis:
    """Means of subgroups from one model with one between-study variance.

    With few studies in a subgroup its own variance cannot be known; this borrows from the rest,
    and gives a mean to a subgroup of one study.

    Parameters
    ----------
    yi, vi : array_like, shape (k,)
        Estimates and sampling variances.
    labels : sequence of str, length k
        Subgroup of each study.
    level : float
        Coverage of intervals.
    estimator : {"REML", "ML", "PM", "DL"}
        Of the between-study variance.

    Returns
    -------
    SubgroupAnalysis
        Knapp-Hartung inference on k less the number of subgroups; the test is the F test of the
        meta-regression.

    Raises
    ------
    ValueError, NotEstimable
        As in `meta_regression`; one label only.

    References
    ----------
    Borenstein M, Higgins JPT (2013). Prev Sci 14:134-143.
    """
    y, v, names = _checked(yi, vi, labels)
    distinct = sorted(set(names))
    if len(distinct) < 2:
        raise NotEstimable(f"one subgroup only: {distinct[0]}")
    columns = pd.DataFrame({label: (names == label).astype(float) for label in distinct[1:]})
    fit = meta_regression(y, v, columns, level, estimator)
    subgroups = []
    for i, label in enumerate(distinct):
        weights = np.eye(len(distinct))[i]
        weights[0] = 1.0
        mean = fit.linear_combination(weights, label)
        subgroups.append(
            Subgroup(
                label,
                int(np.sum(names == label)),
                mean.estimate,
                mean.se,
                mean.df,
                mean.p,
                mean.ci_low,
                mean.ci_high,
                fit.tau2,
                level,
            )
        )
    between = BetweenTest(fit.qm, fit.qm_df, float(fit.df), fit.qm_p)
    return SubgroupAnalysis(tuple(subgroups), between)


def _checked(
    yi: npt.ArrayLike, vi: npt.ArrayLike, labels: Sequence[str]
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64], npt.NDArray[np.object_]]:
    y, v = checked_studies(yi, vi)
    names = np.array([str(label) for label in labels], dtype=object)
    if names.shape != y.shape:
        raise ValueError(f"{names.size} labels do not match {y.size} studies")
    return y, v, names
