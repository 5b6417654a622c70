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
    ValueError
        As in `meta_regression`; labels that do not match the studies.
    NotEstimable
        As in `meta_regression`; a study without label; one label only.

    Notes
    -----
    The mean of a subgroup is that of its studies with weights ``1 / (vi + tau2)``, where tau2 is
    what is left between studies within subgroups.

    References
    ----------
    Borenstein M, Higgins JPT (2013). Prev Sci 14:134-143 (one variance for all subgroups).
    Knapp G, Hartung J (2003). Stat Med 22:2693-2710, section 3 (inference).
    """
    y, v = checked_studies(yi, vi)
    given = np.asarray(labels, dtype=object)
    if given.shape != y.shape:
        raise ValueError(f"{given.size} labels do not match {y.size} studies")
    if pd.isna(given).any():
        raise NotEstimable(
            f"{int(pd.isna(given).sum())} of {y.size} studies have no label: leave them out"
        )
    names = [str(label) for label in given]
    distinct = sorted(set(names))
    if len(distinct) < 2:
        raise NotEstimable(f"one subgroup only: {distinct[0]}")
    columns = pd.DataFrame({label: [float(x == label) for x in names] for label in distinct[1:]})
    fit = meta_regression(y, v, columns, level, estimator)
    subgroups = []
    for i, label in enumerate(distinct):
        # The first label is the reference: its mean is the intercept.
        weights = np.eye(len(distinct))[i]
        weights[0] = 1.0
        mean = fit.linear_combination(weights, label)
        subgroups.append(
            Subgroup(
                label=label,
                k=names.count(label),
                estimate=mean.estimate,
                se=mean.se,
                df=mean.df,
                p=mean.p,
                ci_low=mean.ci_low,
                ci_high=mean.ci_high,
                tau2=fit.tau2,
                level=level,
            )
        )
    between = BetweenTest(fit.qm, fit.qm_df, float(fit.df), fit.qm_p)
    return SubgroupAnalysis(tuple(subgroups), between)
