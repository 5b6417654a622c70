"""Whether the people suffice: for building a model, and for seeing what the analyte adds.

Takes pooled rows of a task, and its people; writes Riley's sample sizes and the smallest effects
that this study finds.
"""

import numpy as np
import pandas as pd

from igfmood import results
from igfmood.config.study import Study
from igfmood.errors import NotEstimable
from igfmood.performance.metrics.sample_size import (
    ALPHA,
    POWER,
    detectable,
    r2_from_auc,
    required_people,
    shrinkage_expected,
)
from igfmood.performance.prepare import prepare, resolve
from igfmood.performance.rows.optimism import OPTIMISM
from igfmood.performance.splits import VALIDATION, Split
from igfmood.performance.task_data import TaskData

SAMPLE_SIZE, SMALLEST = "sample_size", "power"
_RILEY = "Riley 2020 (BMJ 368:m441)"


def add_planning(
    rows: results.Rows, pooled: pd.DataFrame, cohorts: pd.DataFrame, data: TaskData, study: Study
) -> None:
    """Write sample sizes of both main tiers and the smallest added AUC that would be found.

    Parameters
    ----------
    rows
        Where results go; its source is that of pooled results.
    pooled
        Pooled rows of the task.
    cohorts
        Its other rows, with the optimism of the model of all cohorts.
    data
        Its people.
    study
        Tiers and power.
    """
    for tier in study.added_value:
        _add_required(rows, tier, cohorts, data, study)
    new, old = study.added_value
    keys = {
        "analysis": SMALLEST, "target": data.task.name, "exposure": study.analyte.sds,
        "model": "logistic", "adjustment": new, "stratum": "all", "term": f"over {old}",
        "measure": "detectable_delta_auc",
    }  # fmt: skip
    found = results.select(
        pooled, analysis=VALIDATION, measure="delta_auc", model="logistic", adjustment=new,
        term=f"over {old}", stratum="all", status="ok",
    )  # fmt: skip
    if found.empty:
        rows.add_not_estimable("the added AUC is not estimated over cohorts", **keys)
        return
    row = found.iloc[0]
    rows.add(
        **keys, estimate=detectable(float(row["se"]), float(row["df"])), n=int(row["n"]),
        method=f"smallest added AUC found with a power of {POWER:.0%} at a two-sided level of "
        f"{ALPHA:.0%}, t({row['df']:g}), by the standard error of the synthesis",
    )  # fmt: skip


def _add_required(
    rows: results.Rows, tier: str, cohorts: pd.DataFrame, data: TaskData, study: Study
) -> None:
    keys = {
        "analysis": SAMPLE_SIZE, "target": data.task.name, "exposure": study.analyte.sds,
        "model": "logistic", "adjustment": tier, "stratum": "all",
    }  # fmt: skip
    n, events = len(data.people), int(data.people.y.sum())
    share = events / n
    try:
        parameters = _parameters(tier, data, study)
        auc = _corrected(tier, cohorts, data)
        r2 = r2_from_auc(auc, share)
        needed = required_people(r2, parameters, share)
    except NotEstimable as error:
        for measure in ("required_people", "shrinkage"):
            rows.add_not_estimable(error.reason, **keys, measure=measure)
        return
    counts = {"n": n, "n_events": events}
    words = (
        f"{parameters} parameters, AUC within cohorts corrected for optimism {auc:.3f}, "
        f"{share:.0%} cases; {_RILEY}"
    )
    for term, value in (
        ("all criteria", needed.n), ("shrinkage of at most 10 %", needed.shrinkage),
        ("optimism in R2 of at most 0.05", needed.optimism),
        ("overall risk to within 0.05", needed.intercept),
    ):  # fmt: skip
        rows.add(
            **keys, **counts, measure="required_people", term=term, estimate=value,
            method=f"people that a new model needs: {words}",
        )  # fmt: skip
    shrinkage = shrinkage_expected(r2, parameters, n)
    if shrinkage <= 0:
        reason = f"{parameters} parameters are more than the people carry: no shrinkage to expect"
        rows.add_not_estimable(reason, **keys, measure="shrinkage")
        return
    rows.add(
        **keys, **counts, measure="shrinkage", estimate=shrinkage,
        method=f"shrinkage to expect with the people at hand: {words}",
    )  # fmt: skip


def _parameters(tier: str, data: TaskData, study: Study) -> int:
    """Number of coefficients besides one intercept: columns, and the other cohorts' intercepts."""
    everybody = np.arange(len(data.people))
    ready = prepare(data, Split(SAMPLE_SIZE, "all", 0, 0, everybody, everybody), study)
    _, _, maker = ready.columns(resolve(data, data.cohorts, tier, study), study)
    return len(maker.kept_) + len(data.cohorts) - 1


def _corrected(tier: str, cohorts: pd.DataFrame, data: TaskData) -> float:
    """AUC of the model of all cohorts, without its optimism: what a new model would have."""
    found = results.select(
        cohorts, analysis=OPTIMISM, target=data.task.name, adjustment=tier, measure="auc",
        term="corrected", status="ok",
    )  # fmt: skip
    if found.empty:
        raise NotEstimable("the optimism of the model of all cohorts is not known")
    return float(found["estimate"].iloc[0])
