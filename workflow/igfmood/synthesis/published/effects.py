"""The effect of each published study, whichever way the paper reports it.

Takes: published studies, and how mean and SD are estimated from medians.
Gives: one standardised difference per study, or the reason why there is none.
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal

import numpy as np

from igfmood.errors import NotEstimable
from igfmood.synthesis.published.convert import (
    StandardisedDifference,
    se_from_ci,
    smd_adjusted,
    smd_from_auc,
    smd_from_d,
    smd_from_means,
    smd_from_odds_ratio,
    smd_from_p,
    smd_from_quantiles,
    smd_from_t,
)
from igfmood.synthesis.published.medians import MEDIANS, Quantiles
from igfmood.synthesis.published.studies import Given, PublishedStudy

Medians = Literal["luo", "wan", "mcgrath"]


@dataclass(frozen=True)
class PublishedEffect:
    """The effect of a study, or why there is none (`reason`, then `smd` is None)."""

    study: PublishedStudy
    smd: StandardisedDifference | None
    reason: str


def effects(
    studies: Collection[PublishedStudy], medians: Medians = "luo"
) -> tuple[PublishedEffect, ...]:
    """Return the effect of every study: one standardised difference, or the reason for none.

    Parameters
    ----------
    studies : collection of PublishedStudy
    medians : {"luo", "wan", "mcgrath"}
        How mean and SD are estimated from medians; see `medians.MEDIANS`.

    Returns
    -------
    tuple of PublishedEffect
        One per study, in their order.
    """
    return tuple(_effect(study, medians) for study in studies)


def _effect(study: PublishedStudy, medians: Medians) -> PublishedEffect:
    if study.reason:
        return PublishedEffect(study, None, study.reason)
    try:
        return PublishedEffect(study, standardised_difference(study, medians), "")
    except NotEstimable as error:
        return PublishedEffect(study, None, error.reason)


def standardised_difference(study: PublishedStudy, medians: Medians) -> StandardisedDifference:
    """Return the standardised difference of a study, by the way in which it reports its effect.

    Parameters
    ----------
    study : PublishedStudy
        One with all that its `given` needs, see `read.NEEDED`.
    medians : {"luo", "wan", "mcgrath"}
        How mean and SD are estimated from medians; see `medians.MEDIANS`.

    Raises
    ------
    ValueError
        Numbers that no effect fits.
    NotEstimable
        Numbers that give no effect, such as an AUC of 1.
    """
    s, n1, n2 = study, study.n_case or 0, study.n_control or 0
    value = np.nan if s.value is None else s.value
    if s.given == "mean_sd":
        return smd_from_means(
            _known(s.mean_case), _known(s.sd_case), n1,
            _known(s.mean_control), _known(s.sd_control), n2,
        )  # fmt: skip
    if s.given in ("median_quartiles", "median_range"):
        groups = (
            _quantiles(s.given, n1, s.median_case, s.low_case, s.high_case),
            _quantiles(s.given, n2, s.median_control, s.low_control, s.high_control),
        )
        return smd_from_quantiles(*groups, MEDIANS[medians])
    if s.given == "p":
        return smd_from_p(value, "lower" if s.direction == "lower" else "higher", n1, n2)
    if s.given == "auc":
        has_spread = s.se is not None or s.ci_low is not None
        return smd_from_auc(value, n1, n2, _spread(s) if has_spread else None)
    if s.given == "odds_ratio":
        return smd_from_odds_ratio(value, _spread(s))
    if s.given == "adjusted":
        return smd_adjusted(value, _spread(s))
    return {"d": smd_from_d, "t": smd_from_t}[s.given](value, n1, n2)


def _known(number: float | None) -> float:
    return np.nan if number is None else number


def _quantiles(
    given: Given, n: int, median: float | None, low: float | None, high: float | None
) -> Quantiles:
    if given == "median_quartiles":
        return Quantiles(n, _known(median), q1=low, q3=high)
    return Quantiles(n, _known(median), minimum=low, maximum=high)


def _spread(study: PublishedStudy) -> float:
    """Return the standard error: as given, or from the limits (logarithms for an odds ratio)."""
    if study.se is not None:
        return study.se
    values = np.array([_known(x) for x in (study.value, study.ci_low, study.ci_high)])
    if study.given == "odds_ratio":
        if not (values > 0).all():
            raise ValueError(f"the limits of an odds ratio are above 0: {values[1:].tolist()}")
        values = np.log(values)
    return se_from_ci(*values.tolist())
