"""`truth.yaml`, what an analysis of the invented cohorts should find.

Takes: the seed and the finished cohorts.
Gives: one mapping: effects by claim, then each cohort's counts, assay, realised differences and bad
rows.
"""

from typing import Any

import numpy as np
import pandas as pd

from igfmood.simulate.claims import claim_truths, other_truths
from igfmood.simulate.cohort import RawCohort
from igfmood.simulate.effects import MEAN_SDS

TYPICAL_LOG_SD = 0.25


def truth_document(seed: int, cohorts: list[RawCohort]) -> dict[str, Any]:
    """Everything that is known about the invented cohorts.

    Parameters
    ----------
    seed : int
    cohorts : list of RawCohort

    Returns
    -------
    dict
    """
    return {
        "seed": seed,
        "claims": claim_truths(),
        "other_effects": other_truths(),
        "cohorts": {cohort.plan.name: cohort_truth(cohort) for cohort in cohorts},
    }


def cohort_truth(cohort: RawCohort) -> dict[str, Any]:
    """Counts, assay, realised differences and bad rows of one cohort.

    Parameters
    ----------
    cohort : RawCohort

    Returns
    -------
    dict
    """
    good = cohort.truth[cohort.good()]
    first = good[good["counted"]]
    assay = cohort.plan.assay
    return {
        "file": cohort.plan.file,
        "people_planned": dict(cohort.plan.sizes),
        "rows": len(cohort.table),
        "bad_rows": len(cohort.bad),
        "good_rows": len(good),
        "good_rows_by_group": _counts(first["group"]),
        "good_rows_note": "by group: rows of the first visit without a planted fault; "
        "missing cells not considered",
        "assay": {
            "scale": assay.scale,
            "unit": assay.unit,
            "reporting_limit": assay.limit,
            "batch_log_shift": assay.batches,
            "cv": assay.cv,
            "below_limit_good_rows": int((first["igf1"] < assay.limit).sum()),
        },
        "measured_over_true_smd": round(_attenuation(cohort), 3),
        "realised_smd_of_true_sds": realised_differences(first),
        **realised_response(first),
        "bad": [
            dict(zip(cohort.bad.columns, row, strict=True))
            for row in cohort.bad.itertuples(index=False)
        ],
    }


def _counts(labels: pd.Series) -> dict[str, int]:
    """Number of rows by label, in the order of the planted groups."""
    counts = labels.value_counts()
    return {name: int(counts[name]) for name in MEAN_SDS if name in counts}


def _attenuation(cohort: RawCohort) -> float:
    """Factor by which batch shifts and assay error shrink a difference, at a log SD of 0.25."""
    assay = cohort.plan.assay
    noise = assay.cv**2 + float(np.var(list(assay.batches.values())))
    return TYPICAL_LOG_SD / float(np.sqrt(TYPICAL_LOG_SD**2 + noise))


def realised_differences(first: pd.DataFrame) -> dict[str, dict[str, float]]:
    """Standardised mean differences of the true SDS between each patient group and the controls.

    Parameters
    ----------
    first : DataFrame
        Columns `group` and `sds`.

    Returns
    -------
    dict of dict
        Under each group: smd (pooled SD), se, planted value.
    """
    control = first.loc[first["group"] == "control", "sds"]
    if control.empty:
        return {}
    return {
        name: standardised_difference(first.loc[first["group"] == name, "sds"], control)
        | {"planted": MEAN_SDS[name]}
        for name in MEAN_SDS
        if name != "control" and (first["group"] == name).any()
    }


def realised_response(first: pd.DataFrame) -> dict[str, dict[str, dict[str, float]]]:
    """What response owed to IGF-1 in this draw, by chance: log odds per true SDS.

    Parameters
    ----------
    first : DataFrame
        Columns `arm`, `response` and `sds`, if the cohort is a trial.

    Returns
    -------
    dict of dict of dict
        Empty, or one entry: on a drug, on placebo and their difference.
    """
    if "response" not in first:
        return {}
    placebo = first["arm"] == "placebo"
    drug, none = _log_odds(first[~placebo]), _log_odds(first[placebo])
    difference = {
        "log_odds": round(drug["log_odds"] - none["log_odds"], 4),
        "se": round(float(np.hypot(drug["se"], none["se"])), 4),
    }
    return {
        "realised_response_per_true_sds": {
            "drug": drug, "placebo": none, "difference": difference,
        }
    }  # fmt: skip


def _log_odds(people: pd.DataFrame) -> dict[str, float]:
    """Log odds of response per SDS from the means of two normal groups of the same spread."""
    answered = people["response"].astype(bool)
    yes, no = people.loc[answered, "sds"], people.loc[~answered, "sds"]
    n1, n0 = len(yes), len(no)
    variance = ((n1 - 1) * yes.var() + (n0 - 1) * no.var()) / (n1 + n0 - 2)
    slope, se = (yes.mean() - no.mean()) / variance, np.sqrt((1 / n1 + 1 / n0) / variance)
    return {"log_odds": round(float(slope), 4), "se": round(float(se), 4)}


def standardised_difference(cases: pd.Series, controls: pd.Series) -> dict[str, float]:
    """Difference of means over the pooled SD, with its large-sample standard error.

    Parameters
    ----------
    cases, controls : Series

    Returns
    -------
    dict of float
        smd and se.
    """
    n1, n0 = len(cases), len(controls)
    pooled = np.sqrt(((n1 - 1) * cases.var() + (n0 - 1) * controls.var()) / (n1 + n0 - 2))
    smd = float((cases.mean() - controls.mean()) / pooled)
    se = float(np.sqrt(1 / n1 + 1 / n0 + smd**2 / (2 * (n1 + n0))))
    return {"smd": round(smd, 4), "se": round(se, 4)}
