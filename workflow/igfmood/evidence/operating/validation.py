"""What the analyte adds as a test in a world.

Takes the participants of a world; gives the AUC in cohorts that did not help to build the model
and what the analyte adds to it, of each cohort and pooled, by the models that claims rest on.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from igfmood import results
from igfmood.config.claims import Claim
from igfmood.config.study import Study
from igfmood.errors import NotEstimable
from igfmood.evidence.operating.pooling import source_of, with_pooled
from igfmood.performance.pooled import pooled_estimates
from igfmood.performance.predict import LOGISTIC, validate
from igfmood.performance.prepare import fit_score
from igfmood.performance.rows.calibration import add_levels
from igfmood.performance.rows.discrimination import add_auc, add_deltas
from igfmood.performance.rows.unit import Unit
from igfmood.performance.splits import VALIDATION
from igfmood.performance.standard_score import StandardScore
from igfmood.performance.task_data import TaskData, task_data
from igfmood.performance.tasks import PredictionTask, prediction_tasks


def models_of(claim: Claim, study: Study) -> Study:
    """Return the study with the models alone that a diagnostic claim is judged by.

    Gaps of predictors are filled once.
    """
    new, old = study.added_value
    tiers = {
        name: study.prediction_tiers[name]
        for name in dict.fromkeys((claim.estimand.adjustment, new, old))
    }
    prediction = study.prediction.model_copy(
        update={"models": [LOGISTIC], "outcomes": [], "cut_points": []}
    )
    resampling = study.resampling.model_copy(update={"imputations": 1})
    return study.model_copy(
        update={"prediction_tiers": tiers, "prediction": prediction, "resampling": resampling}
    )


def added_for(claim: Claim, tables: Mapping[str, pd.DataFrame], study: Study) -> pd.DataFrame:
    """Return AUC and added AUC of a claim's task, of every cohort and pooled."""
    reduced = models_of(claim, study)
    task = task_named(claim.estimand.target, reduced)
    data = task_data(dict(sorted(tables.items())), task, reduced)
    score = _score(data, reduced)
    found: list[Mapping[str, Any]] = []
    for name in tables:
        rows = results.Rows(source_of(study, name))
        keys = {
            "analysis": VALIDATION, "target": task.name, "exposure": study.analyte.sds,
            "model": LOGISTIC, "stratum": "all",
        }  # fmt: skip
        try:
            if name in data.refused:
                raise NotEstimable(data.refused[name])
            held_out = None if score is None else score.without(name)
            unit = Unit(rows, task, validate(data, name, reduced, held_out), reduced)
        except NotEstimable as error:
            new, old = study.added_value
            rows.add_not_estimable(
                error.reason, **keys, adjustment=claim.estimand.adjustment, measure="auc"
            )
            rows.add_not_estimable(
                error.reason, **keys, adjustment=new, measure="delta_auc", term=f"over {old}"
            )
        else:
            for key in unit.found.p:
                add_auc(unit, key)
            add_deltas(unit)
            if claim.gates.calibration_slope is not None:
                add_levels(unit, (LOGISTIC, claim.estimand.adjustment))
        found += rows.rows
    return with_pooled(found, study, pooled_estimates)


def _score(data: TaskData, study: Study) -> StandardScore | None:
    """Return what each cohort teaches of the score: the same, whichever of the others is left out.

    None where a cohort teaches nothing, so that every validation says why.
    """
    try:
        return fit_score(data.people, data.bystanders, study) if data.cohorts else None
    except NotEstimable:
        return None


def base_auc(claim: Claim, tables: Mapping[str, pd.DataFrame], study: Study) -> float:
    """Return the AUC that the model without the analyte has in cohorts that did not build it.

    One half where there is none.
    """
    rows = added_for(claim, tables, study)
    found = results.select(
        rows, measure="auc", adjustment=study.added_value[1], status="ok", term=""
    )
    found = found[found["cohort"] != results.POOLED]
    return float(np.mean(found["estimate"])) if len(found) else 0.5


def task_named(name: str, study: Study) -> PredictionTask:
    """Return the prediction task of that name."""
    return next(task for task in prediction_tasks(study) if task.name == name)
