"""The share of a cohort with a PHQ-9 of 10 or more.

Takes a cohort's people; gives the share with its interval, weighted where the cohort is a survey.
"""

import numpy as np
from scipy.special import expit, logit, ndtri, stdtrit

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
    survey = data.survey_design(known)
    if survey is not None:
        known = survey.rows  # who has no weight is no part of the survey
    smallest = data.study.gates.group_size
    if known.sum() < smallest:
        raise NotEstimable(f"too few people with a PHQ-9: {known.sum()} < {smallest}")
    high = (people["phq9_total"] >= CUTOFF).to_numpy(float)
    counts = {"n": int(known.sum()), "n_events": int(high[known].sum())}
    if survey is None:
        estimate = float(high[known].mean())
        low, upper = _wilson(int(high[known].sum()), int(known.sum()), level)
        return {**counts, "estimate": estimate, "ci_low": low, "ci_high": upper,
                "method": "unweighted, Wilson interval"}  # fmt: skip
    found = svy_mean(high, survey.weights, survey.strata, survey.psu, domain=survey.rows)
    # Symmetrical in log odds, an interval cannot leave 0 to 1 where few have a high total.
    estimate, se = float(found.estimate), float(found.se)
    half = float(stdtrit(found.df, 0.5 + level / 2)) * se / (estimate * (1 - estimate))
    low, upper = expit(logit(estimate) + np.array([-half, half]))
    return {
        **counts, "estimate": estimate, "se": se, "df": float(found.df),
        "ci_low": float(low), "ci_high": float(upper),
        "method": "weighted, Taylor linearisation over strata and sampling units, t interval of "
        "the log odds",
    }  # fmt: skip


def _wilson(events: int, n: int, level: float) -> tuple[float, float]:
    """Return the score interval of a share (Wilson 1927)."""
    z = float(ndtri(0.5 + level / 2))
    share, extra = events / n, z**2 / n
    middle = (share + extra / 2) / (1 + extra)
    half = z * np.sqrt(share * (1 - share) / n + extra / (4 * n)) / (1 + extra)
    return max(0.0, middle - float(half)), min(1.0, middle + float(half))
