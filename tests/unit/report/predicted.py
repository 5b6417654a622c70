"""Rows about prediction, made by hand, as the performance stage writes them.

Gives: the small study with every kind of row of its prediction tasks, and ways to leave some out.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from igfmood import results
from igfmood.performance.tasks import PredictionTask, prediction_tasks
from igfmood.report.load import Findings
from igfmood.report.numbers import plain
from igfmood.report.tables import Table
from igfmood.results import Rows, Source

NEW, OLD = "base_analyte", "base"
COHORTS = ("clinic", "register")
THRESHOLDS = (0.05, 0.1, 0.2, 0.3)
RULES = ("youden", "sensitivity 0.9", "specificity 0.9", "cost 5")
CURVES = ("roc_curve", "calibration_curve")


def source(cohort: str) -> Source:
    return Source("small", cohort, 7, "c0de", "da7a")


def without_prediction(findings: Findings) -> Findings:
    """Return the small study without any row of prediction."""
    gone = {"validation", "cross_validation", *CURVES}
    return replace(findings, table=findings.table[~findings.table["analysis"].isin(gone)])


def predict(
    findings: Findings, cohorts: Sequence[str] = COHORTS, sensitivity: float = 0.8,
    settings: Sequence[str] = ("validation", "cross_validation"),
) -> Findings:  # fmt: skip
    """Return the study with prediction of depression, the time to it, and the diagnosis."""
    base = without_prediction(findings)
    tables = [base.table]
    for name in cohorts:
        rows = Rows(source(name))
        for setting in settings:
            add_models(rows, setting)
            add_use(rows, setting, sensitivity)
            add_curves(rows, setting)
        add_beside(rows)
        add_update(rows)
        add_people(rows)
        for other in cohorts:
            if other != name:
                add_transport(rows, other)
        add_other_kinds(rows)
        tables.append(rows.table())
    pooled = Rows(source(results.POOLED))
    if len(cohorts) > 1:
        for setting in settings:
            add_models(pooled, setting)
            add_net_benefit(pooled, setting)
        pooled.add(**keys("validation", NEW), term="worst cohort", measure="auc", estimate=0.6,
                   ci_low=0.5, ci_high=0.7, n=160, n_events=55)  # fmt: skip
    add_building(pooled)
    add_permutation(pooled)
    return replace(base, table=results.concatenate([*tables, pooled.table()]))


def keys(analysis: str, tier: str, **more: str) -> dict[str, Any]:
    return {"analysis": analysis, "target": "depression", "exposure": "igf1_sds",
            "model": "logistic", "adjustment": tier, "stratum": "all", **more}  # fmt: skip


def interval(value: float, half: float = 0.05) -> dict[str, float]:
    return {"estimate": value, "se": half / 2, "ci_low": value - half, "ci_high": value + half}


COUNTS = {"n": 160, "n_events": 55}


def add_models(rows: Rows, setting: str) -> None:
    for place, tier in enumerate((OLD, "analyte", NEW, "clinical")):
        for model in ("logistic", "elastic_net", "boosting"):
            where = keys(setting, tier, model=model)
            shift = 0.01 * ("logistic", "elastic_net", "boosting").index(model)
            rows.add(**where, **COUNTS, measure="auc", **interval(0.6 + 0.04 * place + shift))
            for measure, value in (
                ("scaled_brier", 0.05), ("calibration_slope", 0.9),
                ("calibration_intercept", 0.1), ("log_oe", -0.1), ("brier", 0.2),
            ):  # fmt: skip
                rows.add(**where, **COUNTS, measure=measure, **interval(value))
    for tier in (OLD, NEW):
        for measure, value in (("ici", 0.03), ("e50", 0.02), ("e90", 0.06),
                               ("auc_bootstrap", 0.61), ("partial_auc", 0.55),
                               ("average_precision", 0.5)):  # fmt: skip
            rows.add(**keys(setting, tier), **COUNTS, measure=measure, **interval(value, 0.01))
    term = f"over {OLD}"
    rows.add(**keys(setting, NEW), **COUNTS, term=term, measure="delta_auc",
             **interval(0.08), p=0.01)  # fmt: skip
    rows.add(**keys(setting, NEW), **COUNTS, term=term, measure="delta_scaled_brier",
             **interval(0.03, 0.02))  # fmt: skip
    if rows.source.cohort == results.POOLED:
        rows.add(**keys(setting, NEW), term=f"delta_auc {term}", measure="k", estimate=2)
        rows.add(**keys(setting, NEW), **COUNTS, term=f"{term}: prediction_interval",
                 measure="delta_auc", estimate=0.08, ci_low=-0.1, ci_high=0.26)  # fmt: skip


def add_net_benefit(rows: Rows, setting: str) -> None:
    for place, threshold in enumerate(THRESHOLDS):
        term = f"at {threshold:g}"
        for tier, value in ((NEW, 0.3), (OLD, 0.28), ("treat_all", 0.25)):
            limits = interval(value - 0.08 * place) if place else {"estimate": value}
            rows.add(**keys(setting, tier), **COUNTS, term=term, measure="net_benefit", **limits)
        rows.add(**keys(setting, NEW), **COUNTS, term=term, measure="delta_net_benefit",
                 **interval(0.02 * place, 0.03))  # fmt: skip


def add_cells(rows: Rows, setting: str) -> None:
    """Add the smallest cell at each threshold, large enough."""
    for threshold in THRESHOLDS:
        for tier in (NEW, OLD):
            rows.add(**keys(setting, tier, term=f"at {threshold:g}"), **COUNTS,
                     measure="smallest_cell", estimate=12)  # fmt: skip


def add_use(rows: Rows, setting: str, sensitivity: float) -> None:
    add_net_benefit(rows, setting)
    add_cells(rows, setting)
    for threshold in THRESHOLDS:
        rows.add(**keys(setting, NEW), **COUNTS, term=f"at {threshold:g}",
                 measure="interventions_avoided", **interval(0.1))  # fmt: skip
    for rule in RULES:
        where = keys(setting, NEW, term=rule)
        rows.add(**where, **COUNTS, measure="threshold", estimate=0.31)
        for measure, value in (("sensitivity", sensitivity), ("specificity", 0.7),
                               ("lr_positive", 2.7), ("lr_negative", 0.28)):  # fmt: skip
            rows.add(**where, **COUNTS, measure=measure, **interval(value))
        for share in (0.024, 0.1, 0.4):
            for measure in ("ppv", "npv"):
                rows.add(**keys(setting, NEW, term=f"{rule}, prevalence {share:g}"), **COUNTS,
                         measure=measure, **interval(0.6))  # fmt: skip
        for term in ("apparent", "in bag", "out of bag"):
            rows.add(**keys(setting, NEW, term=f"{rule}: {term}"), **COUNTS, measure="cut_gain",
                     estimate=0.33)  # fmt: skip
        for measure, value in (("sensitivity", 0.77), ("specificity", 0.66)):
            rows.add(**keys(setting, NEW, term=f"{rule}: out of bag"), **COUNTS, measure=measure,
                     estimate=value)  # fmt: skip
        rows.add(**keys(setting, NEW, term=f"{rule}: bootstrap"), **COUNTS, measure="threshold",
                 **interval(0.29))  # fmt: skip
    rows.add(**keys(setting, NEW, stratum="women"), **COUNTS, measure="auc", **interval(0.7))
    rows.add(**keys(setting, NEW, stratum="women"), **COUNTS, measure="log_oe", **interval(0.1))
    add_difference(rows, setting)
    rows.add_not_estimable("too small to judge: 7 of the rarer class < 20",
                           **keys(setting, NEW, stratum="men"), measure="auc")  # fmt: skip


def add_difference(rows: Rows, setting: str, half: float = 0.1) -> None:
    rows.add(**keys(setting, NEW, stratum="women minus men"), **COUNTS, measure="delta_auc",
             **interval(-0.03, half), p=0.5)  # fmt: skip


def add_update(rows: Rows) -> None:
    """Add the closed test: one model needs a new intercept, the other has to be built again."""
    where = keys("recalibration", OLD)
    for change, p in (("none", 0.0004), ("intercept", 0.31)):
        rows.add(**where, **COUNTS, term=change, measure="p_update", estimate=p, p=p)
    for measure, value in (("update_intercept", -0.42), ("update_slope", 1.0)):
        rows.add(**where, **COUNTS, term="intercept", measure=measure, estimate=value)
    where = keys("recalibration", NEW)
    for change, p in (("none", 0.0001), ("intercept", 0.002), ("intercept and slope", 0.012)):
        rows.add(**where, **COUNTS, term=change, measure="p_update", estimate=p, p=p)
    for measure in ("update_intercept", "update_slope"):
        rows.add_not_estimable("all coefficients have to be estimated again", **where,
                               measure=measure)  # fmt: skip


def add_people(
    rows: Rows, task: str = "depression", n: tuple[int, int, int] = (180, 174, 160)
) -> None:
    for term, value in zip(("first visit", "with outcome", "used"), n, strict=True):
        rows.add(analysis="prediction_people", target=task, term=term, measure="count",
                 estimate=value, n=value)  # fmt: skip


def add_gain(rows: Rows, target: str, **values: float) -> None:
    """Add what the analyte adds to a C-index, or to M."""
    analysis, model, measure = {
        "incident_depression": ("cross_validation", "cox", "delta_c_index"),
        "diagnosis": ("validation", "multinomial", "delta_hand_till"),
    }[target]
    rows.add(**keys(analysis, NEW, model=model, target=target), n=160, term=f"over {OLD}",
             measure=measure, **interval(0.08), **values)  # fmt: skip


def add_permutation(rows: Rows) -> None:
    rows.add(**keys("permutation", NEW), measure="auc", p=0.0526, **interval(0.5, 0.04),
             method="mean over held-out cohorts: labels permuted within cohorts; 18 runs, 2 more "
             "failed; p: share of runs")  # fmt: skip


def add_curves(rows: Rows, setting: str) -> None:
    for tier in (OLD, NEW):
        for x in np.linspace(0, 1, 21):
            rows.add(**keys("roc_curve", tier, stratum=setting, term=f"{x:.2f}"), **COUNTS,
                     measure="sensitivity", estimate=float(np.sqrt(x)))  # fmt: skip
        for order, x in enumerate(np.linspace(0.2, 0.6, 10)):
            where = keys("calibration_curve", tier, stratum=setting, term=f"{order:02d}")
            rows.add(**where, **COUNTS, measure="predicted", estimate=float(x))
            rows.add(**where, **COUNTS, measure="observed", **interval(float(x)),
                     method="loess, span 0.75; bootstrap")  # fmt: skip


def add_beside(rows: Rows) -> None:
    where = keys("added_value", NEW, stratum="all people", term=f"over {OLD}")
    rows.add(**where, **COUNTS, measure="chi2", estimate=12.34, df=1, p=0.0004)
    rows.add(**where, **COUNTS, measure="adequacy", estimate=0.41)
    for measure in ("nri", "nri_events", "nri_nonevents", "idi"):
        where = keys("reclassification", NEW, stratum="validation", term=f"over {OLD}")
        rows.add(**where, **COUNTS, measure=measure, **interval(0.2))


def add_transport(rows: Rows, built: str) -> None:
    where = keys("transport", NEW, stratum=f"from {built}")
    for measure, value in (("auc", 0.66), ("calibration_intercept", 0.4),
                           ("calibration_slope", 0.8)):  # fmt: skip
        rows.add(**where, **COUNTS, measure=measure, **interval(value))
    for rule in RULES:
        for measure, value in (("sensitivity", 0.9), ("specificity", 0.6)):
            rows.add(**where, **COUNTS, term=rule, measure=measure, **interval(value))


def add_other_kinds(rows: Rows) -> None:
    """Add a C-index of time to an event, and one of more than two classes."""
    for tier in (OLD, NEW):
        where = keys("cross_validation", tier, model="cox", target="incident_depression")
        rows.add(**where, **COUNTS, measure="c_index", **interval(0.6))
        for threshold in THRESHOLDS:
            rows.add(**where, **COUNTS, term=f"at {threshold:g}", measure="net_benefit",
                     estimate=0.02)  # fmt: skip
        where = keys("validation", tier, model="multinomial", target="diagnosis")
        rows.add(**where, n=160, measure="hand_till", **interval(0.62))
        for pair in ("control vs mdd", "mdd vs bipolar"):
            rows.add(**where, n=160, term=pair, measure="pair_auc", estimate=0.6)


def add_building(rows: Rows) -> None:
    for tier in (OLD, NEW):
        for measure in ("auc", "scaled_brier", "calibration_slope"):
            for term, value in (("apparent", 0.7), ("optimism", 0.0123), ("corrected", 0.6877)):
                rows.add(**keys("optimism", tier, term=term), measure=measure, estimate=value)
        for measure in ("mape", "range_95"):
            rows.add(**keys("instability", tier), measure=measure, estimate=0.1)
        rows.add(**keys("sample_size", tier, term="all criteria"), measure="required_people",
                 estimate=1234)  # fmt: skip
        rows.add(**keys("sample_size", tier), measure="shrinkage", estimate=0.93)
    rows.add(**keys("power", NEW, term=f"over {OLD}"), measure="detectable_delta_auc",
             estimate=0.045)  # fmt: skip


def task_of(findings: Findings, name: str = "depression") -> PredictionTask:
    """Return a prediction task of the study."""
    return next(task for task in prediction_tasks(findings.study) if task.name == name)


def texts(table: Table) -> dict[str, list[str]]:
    """Return the title of each column, and its cells as plain text."""
    return {
        column.title: [plain(row[place].text) for row in table.rows]
        for place, column in enumerate(table.columns)
    }
