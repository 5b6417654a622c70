"""The share of a cohort with a PHQ-9 of 10 or more.

Takes a cohort's people; gives the share with its interval, weighted where the cohort is a survey.
"""

import numpy as np
from scipy.special import ndtri, stdtrit

from igfmood.association.models.survey import svy_mean
from igfmood.association.questions.severity import CUTOFF
from igfmood.association.sample import CohortData
from igfmood.errors import NotEstimable
from igfmood.results import Rows


def add_prevalence(rows: Rows, data: CohortData) -> None:
    """Write the share of people with a PHQ-9 of 10 or more, among those who answered it."""
    keys = {
        "analysis": "prevalence", "target": "phq9_10", "model": "proportion", "stratum": "all",
        "measure": "proportion",
    }  # fmt: skip
    try:
        rows.add(**keys, **share(data))
    except NotEstimable as error:
        rows.add_not_estimable(error.reason, **keys)


def share(data: CohortData) -> dict[str, object]:
    """Return the columns of the row.

    Raises
    ------
    NotEstimable
        If the PHQ-9 is not in the cohort, or was answered by too few.
    """
    people, level = data.people, data.study.level
    known = people["phq9_total"].notna().to_numpy(bool)
    smallest = data.study.gates.group_size
    if known.sum() < smallest:
        raise NotEstimable(f"too few people with a PHQ-9: {known.sum()} < {smallest}")
    high = (people["phq9_total"] >= CUTOFF).to_numpy(float)
    counts = {"n": int(known.sum()), "n_events": int(high[known].sum())}
    survey = data.survey_design(known)
    if survey is None:
        estimate = float(high[known].mean())
        low, upper = _wilson(int(high[known].sum()), int(known.sum()), level)
        return {**counts, "estimate": estimate, "ci_low": low, "ci_high": upper,
                "method": "unweighted, Wilson interval"}  # fmt: skip
    found = svy_mean(high, survey.weights, survey.strata, survey.psu, domain=survey.rows)
    half = float(stdtrit(found.df, 0.5 + level / 2)) * float(found.se)
    return {
        **counts, "estimate": float(found.estimate), "se": float(found.se), "df": float(found.df),
        "ci_low": float(found.estimate) - half, "ci_high": float(found.estimate) + half,
        "method": "weighted, Taylor linearisation over strata and sampling units, t interval",
    }  # fmt: skip


def _wilson(events: int, n: int, level: float) -> tuple[float, float]:
    """Return the score interval of a share (Wilson 1927)."""
    z = float(ndtri(0.5 + level / 2))
    share, extra = events / n, z**2 / n
    middle = (share + extra / 2) / (1 + extra)
    half = z * np.sqrt(share * (1 - share) / n + extra / (4 * n)) / (1 + extra)
    return max(0.0, middle - float(half)), min(1.0, middle + float(half))
