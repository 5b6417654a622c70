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
    detectable,
    r2_from_auc,
    required_people,
    shrinkage_expected,
)
from igfmood.performance.metrics.stratified import auc_within
from igfmood.performance.models.linear_risk import fit_linear_risk
from igfmood.performance.prepare import prepare, resolve
from igfmood.performance.splits import VALIDATION, Split
from igfmood.performance.task_data import TaskData

SAMPLE_SIZE, POWER = "sample_size", "power"
_RILEY = "Riley 2020 (BMJ 368:m441)"


def add_planning(rows: results.Rows, pooled: pd.DataFrame, data: TaskData, study: Study) -> None:
    """Write sample sizes of both main tiers and the smallest added AUC that would be found.

    Parameters
    ----------
    rows
        Where results go; its source is that of pooled results.
    pooled
        Pooled rows of the task.
    data
        Its people.
    study
        Tiers and power.
    """
    for tier in study.added_value:
        _add_required(rows, tier, data, study)
    new, old = study.added_value
    keys = {
        "analysis": POWER, "target": data.task.name, "exposure": study.analyte.sds,
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
    rows.add(
        **keys, estimate=detectable(float(found["se"].iloc[0])), n=len(data.people),
        method="smallest added AUC found with a power of 80 % at a two-sided level of 5 %, by the "
        "standard error of the synthesis",
    )  # fmt: skip


def _add_required(rows: results.Rows, tier: str, data: TaskData, study: Study) -> None:
    keys = {
        "analysis": SAMPLE_SIZE, "target": data.task.name, "exposure": study.analyte.sds,
        "model": "logistic", "adjustment": tier, "stratum": "all",
    }  # fmt: skip
    n, events = len(data.people), int(data.people.y.sum())
    share = events / n
    try:
        parameters, apparent = _fitted(tier, data, study)
        r2 = r2_from_auc(apparent, share)
        needed = required_people(r2, parameters, share)
    except NotEstimable as error:
        rows.add_not_estimable(error.reason, **keys, measure="required_people")
        return
    counts = {"n": n, "n_events": events}
    words = (
        f"{parameters} parameters, apparent AUC within cohorts {apparent:.3f}, {share:.0%} cases; "
        f"{_RILEY}"
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
    rows.add(
        **keys, **counts, measure="shrinkage", estimate=shrinkage_expected(r2, parameters, n),
        method=f"shrinkage to expect with the people at hand: {words}",
    )  # fmt: skip


def _fitted(tier: str, data: TaskData, study: Study) -> tuple[int, float]:
    """Number of parameters, and apparent AUC within cohorts, of the model of everybody."""
    everybody = np.arange(len(data.people))
    ready = prepare(data, Split(SAMPLE_SIZE, "all", 0, 0, everybody, everybody), study)
    X, _, maker = ready.columns(resolve(data, data.cohorts, tier, study), study)
    model = fit_linear_risk(X, ready.train.y, ready.train.cohort)
    p = model.predict(X, ready.train.cohort)
    return len(maker.kept_), auc_within(ready.train.y, p, ready.train.cohort)
