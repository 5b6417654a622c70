"""Performance over cohorts: synthesis, the worst cohort, and what a new cohort has to expect.

Takes the rows of cohorts of one task; writes the pooled ones.
"""

from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from igfmood import results
from igfmood.config.study import Study
from igfmood.performance.rows.planning import add_planning
from igfmood.performance.splits import CROSS_VALIDATION, VALIDATION
from igfmood.performance.task_data import TaskData
from igfmood.results import Rows
from igfmood.synthesis.pool import IDENTITY, LOGIT, Scale, pool_cohorts
from igfmood.synthesis.row_keys import SHARED_KEYS

#: Measures that are pooled, and the scale on which. Within a cohort a model is calibrated by
#: construction, so calibration is pooled for models from other cohorts only.
SCALES = {
    "auc": LOGIT, "c_index": LOGIT, "hand_till": LOGIT, "delta_auc": IDENTITY,
    "delta_c_index": IDENTITY, "delta_hand_till": IDENTITY,
    "scaled_brier": IDENTITY, "delta_scaled_brier": IDENTITY,
}  # fmt: skip
_OF_OTHERS = {
    "calibration_intercept": IDENTITY, "calibration_slope": IDENTITY, "log_oe": IDENTITY,
    "net_benefit": IDENTITY, "delta_net_benefit": IDENTITY,
}  # fmt: skip


def pooled_rows(
    cohorts: pd.DataFrame, data: TaskData, source: results.Source, study: Study
) -> Rows:
    """Return the pooled rows of one task.

    Parameters
    ----------
    cohorts
        Rows of its cohorts.
    data
        Its people.
    source
        Source of pooled rows.
    study
        Tiers.
    """
    rows = Rows(replace(source, cohort=results.POOLED))
    single = cohorts[(cohorts["cohort"] != results.POOLED) & _asked(cohorts)]
    pooled_estimates(rows, single)
    _add_worst(rows, single)
    if data.task.kind == "binary" and data.cohorts:
        add_planning(rows, rows.table(), cohorts, data, study)
    return rows


def pooled_estimates(rows: Rows, cohorts: pd.DataFrame) -> None:
    """Write the synthesis of what is pooled over cohorts.

    Parameters
    ----------
    rows
        Receives the pooled rows.
    cohorts
        Rows of the cohorts that are pooled.
    """
    pool_cohorts(rows, _with_variance(rows, cohorts), _scale, modified=True)


def _with_variance(rows: Rows, cohorts: pd.DataFrame) -> pd.DataFrame:
    """Return what can be pooled; a number that is exact in some cohort cannot, and a row says so.

    Net benefit is where nobody, or everybody, is at or above the threshold.
    """
    exact = (cohorts["status"] == "ok") & ~(cohorts["se"] > 0)
    for key, group in cohorts[exact].groupby(list(SHARED_KEYS), sort=True):
        names = ", ".join(sorted(group["cohort"]))
        shared = dict(zip(SHARED_KEYS, map(str, key), strict=True))
        why = (
            ": nobody, or everybody, is at or above the threshold"
            if shared["measure"].endswith("net_benefit") else ""
        )  # fmt: skip
        rows.add_not_estimable(f"without variance in {names}{why}", **shared)
    keys = pd.MultiIndex.from_frame(cohorts[list(SHARED_KEYS)])
    return cohorts[~keys.isin(keys[exact])]


def _asked(cohorts: pd.DataFrame) -> npt.NDArray[np.bool_]:
    """Return which rows are of something that is pooled, shape (n,)."""
    pairs = zip(cohorts["analysis"], cohorts["measure"], strict=True)
    return np.array([_scale(*pair) is not None for pair in pairs], dtype=bool)


def _scale(analysis: str, measure: str) -> Scale | None:
    if analysis == VALIDATION:
        return (SCALES | _OF_OTHERS).get(measure)
    return SCALES.get(measure) if analysis == CROSS_VALIDATION else None


def _add_worst(rows: Rows, cohorts: pd.DataFrame) -> None:
    """Write the smallest AUC that a held-out cohort had, of every model."""
    found = results.select(
        cohorts, analysis=VALIDATION, measure=["auc", "c_index"], stratum="all", status="ok"
    )
    keys = ["analysis", "target", "exposure", "model", "adjustment", "stratum", "measure"]
    for values, group in found.groupby(keys, sort=True):
        if len(group) < 2:
            continue
        worst = group.sort_values(["estimate", "cohort"], kind="stable").iloc[0]
        rows.add(
            **dict(zip(keys, (str(value) for value in values), strict=True)), term="worst cohort",
            estimate=float(worst["estimate"]), ci_low=float(worst["ci_low"]),
            ci_high=float(worst["ci_high"]), n=int(worst["n"]), n_events=int(worst["n_events"]),
            method=f"smallest of {len(group)} held-out cohorts: {worst['cohort']}, own interval",
        )  # fmt: skip
