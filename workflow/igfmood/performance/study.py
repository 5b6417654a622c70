"""Validation: does the analyte work as a test, in people not used to build the model.

Takes the participants of all cohorts; gives out-of-fold predictions and the result table of every
task: per cohort, and pooled over cohorts.
"""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pandas as pd

from igfmood import results
from igfmood.cohort.overlap import read_left_out
from igfmood.cohort.schema import has_failed, read_participants
from igfmood.config.study import Study
from igfmood.performance.measures import add_measures, add_refusal
from igfmood.performance.predict import CROSS_VALIDATION, VALIDATION, out_of_fold
from igfmood.performance.task_data import task_data
from igfmood.synthesis.pool import Scale, pool_cohorts, scale_of

#: Measures pooled over cohorts. Within a cohort a model is calibrated by construction, so
#: calibration is pooled for models from other cohorts only.
_POOLED = {
    (CROSS_VALIDATION, "auc"),
    (CROSS_VALIDATION, "delta_auc"),
    (VALIDATION, "auc"),
    (VALIDATION, "delta_auc"),
    (VALIDATION, "calibration_intercept"),
    (VALIDATION, "calibration_slope"),
}


def _scale(analysis: str, measure: str) -> Scale | None:
    return scale_of(measure) if (analysis, measure) in _POOLED else None


def validate_study(
    study: Study,
    participants: Mapping[str, Path],
    overlap: Path,
    source: results.Source,
    output: Path,
    predictions_path: Path,
) -> None:
    """Validate every task and write predictions and results.

    Parameters
    ----------
    study
        The study.
    participants
        Cohort: participants table; those of cohorts that failed are left out.
    overlap
        Decision on cohorts that share people.
    source
        Source of the rows (its cohort is replaced for rows of a cohort).
    output, predictions_path
        Where the result table and the predictions go.
    """
    tables = {
        name: read_participants(path, study.analyte)
        for name, path in participants.items()
        if not has_failed(path)
    }
    left_out = read_left_out(overlap)
    found: list[pd.DataFrame] = []
    stored: list[pd.DataFrame] = []
    for task in study.tasks:
        data = task_data(tables, task, study, left_out)
        predictions, failures = out_of_fold(data, task, study)
        stored.append(predictions)
        by_cohort = [
            _cohort_rows(name, task.name, predictions, data.refused, failures, source, study)
            for name in tables
        ]
        cohorts = results.concatenate([rows.table() for rows in by_cohort])
        found += [cohorts, _pooled_rows(cohorts, source).table()]
    results.write(results.concatenate(found), output)
    columns = pd.concat([part for part in stored if len(part)] or stored[:1], ignore_index=True)
    columns.astype({"y": int, "repeat": int, "fold": int, "p": float}).to_parquet(
        predictions_path, index=False
    )


def _cohort_rows(
    name: str,
    task: str,
    predictions: pd.DataFrame,
    refused: dict[str, str],
    failures: dict[tuple[str, str], str],
    source: results.Source,
    study: Study,
) -> results.Rows:
    rows = results.Rows(replace(source, cohort=name))
    for analysis in (CROSS_VALIDATION, VALIDATION):
        mine = predictions[
            (predictions["analysis"] == analysis) & (predictions["held_out"] == name)
        ]
        if len(mine):
            add_measures(rows, mine, study)
            continue
        reason = (
            refused.get(name)
            or failures.get((analysis, name))
            or "no other cohort can build the model"
        )
        add_refusal(rows, reason, analysis, task, study)
    return rows


def _pooled_rows(cohorts: pd.DataFrame, source: results.Source) -> results.Rows:
    rows = results.Rows(replace(source, cohort=results.POOLED))
    pool_cohorts(rows, cohorts, _scale)
    curves = results.select(cohorts, analysis="roc_curve", status="ok")
    for (target, tier, term), group in curves.groupby(["target", "adjustment", "term"], sort=True):
        rows.add(
            analysis="roc_curve",
            target=target,
            exposure=group["exposure"].iloc[0],
            model="logistic",
            adjustment=tier,
            stratum="all",
            term=term,
            measure="sensitivity",
            estimate=float(group["estimate"].mean()),
            n=int(group["n"].sum()),
            n_events=int(group["n_events"].sum()),
            method="mean over held-out cohorts at this false positive rate",
        )
    return rows
