"""Tables of prediction: what models are worth, and what the analyte adds to them.

Takes the findings and a task; gives tables.
"""

from collections.abc import Iterator, Sequence

import pandas as pd

from igfmood import results
from igfmood.config.prediction import COMPARED_MODELS, added_pairs
from igfmood.performance.tasks import PredictionTask
from igfmood.report import words
from igfmood.report.counts import Counts
from igfmood.report.load import Findings
from igfmood.report.numbers import NBSP, Number, Text, fixed
from igfmood.report.prediction import (
    ADDED_MEASURE,
    CROSS_VALIDATION,
    MAIN_MEASURE,
    SETTINGS,
    VALIDATION,
    delta,
    main_row,
    main_tiers,
    place_name,
    place_of,
)
from igfmood.report.tables import Cell, Column, Table, cell, limits, without_empty_columns
from igfmood.report.text import estimate_with_interval, value
from igfmood.results import POOLED
from igfmood.synthesis.row_keys import PREDICTION_TERM, companion

#: Measures of a model, by kind of outcome; calibration has a table of its own where it has many.
_SHOWN = {
    ("binary", VALIDATION): ("auc", "delta_auc", "scaled_brier", "brier"),
    ("binary", CROSS_VALIDATION): ("auc", "delta_auc", "scaled_brier", "brier"),
    ("time", VALIDATION): ("c_index", "delta_c_index", "calibration_slope", "log_oe"),
    ("time", CROSS_VALIDATION): ("c_index", "delta_c_index", "calibration_slope", "log_oe"),
    ("classes", VALIDATION): ("hand_till", "delta_hand_till"),
    ("classes", CROSS_VALIDATION): ("hand_till", "delta_hand_till"),
}  # fmt: skip
#: Within its cohort a model has no intercept to speak of.
_CALIBRATION = {
    VALIDATION: ("calibration_slope", "calibration_intercept", "log_oe", "ici"),
    CROSS_VALIDATION: ("calibration_slope", "ici"),
}
_MORE = ("auc_bootstrap", "partial_auc", "average_precision", "e50", "e90")
_ABOUT = (
    "Scaled Brier score: 0 is no better than everybody's mean risk, 1 is perfect. Brier score: the "
    "mean squared distance of prediction and outcome."
)
_WARNING = (
    "Not for judging: NRI and IDI grow for useless markers when a model is miscalibrated, and are "
    "here only for readers who are asked for them."
)


def estimate(row: pd.Series | None, findings: Findings) -> Cell:
    """Return a number with its interval, as far as it has one."""
    if row is None:
        return cell()
    if pd.isna(row["ci_low"]):
        return cell(value(row))
    return cell(*estimate_with_interval(row, findings))


def performance_table(
    findings: Findings, counts: Counts, task: PredictionTask, setting: str
) -> Table:
    """Return the discrimination of the main models, by cohort and pooled."""
    measures = _SHOWN[task.kind, setting]
    columns = (
        Column("Cohort"), Column("Model"),
        *(Column(words.heading(name), True) for name in measures),
        Column(_sizes_title(task).replace(" / ", _OF), True),
    )  # fmt: skip
    rows = [
        (
            *told, *(estimate(number, findings) for number in found),
            cell(*_sizes(counts, task, row)),
        )
        for row, told, found in _measured(findings, task, setting, measures)
    ]  # fmt: skip
    rows += _worst(findings, counts, task, setting, len(measures))
    name, meaning = words.SETTINGS[setting]
    note = _ABOUT if task.kind == "binary" else ""
    table = Table(
        f"{setting}_{task.name}", f"{name} ({meaning})", columns, tuple(rows), note
    )  # fmt: skip
    return without_empty_columns(table)


def calibration_table(findings: Findings, task: PredictionTask, setting: str) -> Table:
    """Return how right the risks of the main models of a binary task are."""
    measures = _CALIBRATION[setting]
    columns = (
        Column("Cohort"), Column("Model"),
        *(Column(words.heading(name), True) for name in measures),
    )  # fmt: skip
    note = (
        "Slope 1, intercept 0 and log of observed over expected cases 0 are ideal. ICI: the mean "
        "distance of prediction and smooth curve."
    )
    title = f"Calibration: {words.SETTINGS[setting][0].lower()}"
    lines = _measured(findings, task, setting, measures)
    rows = tuple((*told, *(estimate(one, findings) for one in found)) for _, told, found in lines)
    name = f"calibration_{setting}_{task.name}"
    return without_empty_columns(Table(name, title, columns, rows, note))


def _measured(
    findings: Findings, task: PredictionTask, setting: str, measures: Sequence[str]
) -> Iterator[tuple[pd.Series, tuple[Cell, Cell], list[pd.Series | None]]]:
    """Yield each main model of which a measure is known: its main row, names, and the measures."""
    for cohort in (POOLED, *findings.titles()):
        for tier in main_tiers(findings.study):
            row = main_row(findings, task, setting, cohort, tier)
            found = [] if row is None else [_of_model(findings, row, name) for name in measures]
            if row is not None and any(one is not None for one in found):
                model = words.prediction_tier(tier, findings.study)
                yield row, (cell(place_name(findings, cohort)), cell(model)), found


def more_table(findings: Findings, task: PredictionTask, setting: str) -> Table:
    """Return what else is known of the main models of a binary task."""
    columns = (
        Column("Cohort"), Column("Model"), Column("AUC, DeLong interval", True),
        *(Column(words.heading(name), True) for name in _MORE),
    )  # fmt: skip
    rows = [
        (*told, *(estimate(number, findings) for number in (row, *found)))
        for row, told, found in _measured(findings, task, setting, _MORE)
    ]
    folds = "; over all folds at once, where the other is a mean within folds"
    note = (
        "Bootstrap interval: percentiles, of the first draw"
        f"{folds if setting == CROSS_VALIDATION else ''}. "
        "Partial AUC: specificities of 0.9 and more, scaled so that 0.5 is chance. Average "
        "precision: chance is the share of cases. E50, E90: median and 90th centile of the "
        "distance of prediction and smooth curve."
    )
    title = f"More measures: {words.SETTINGS[setting][0].lower()}"
    return Table(f"more_{setting}_{task.name}", title, columns, tuple(rows), note)


def _sizes_title(task: PredictionTask) -> str:
    return {"binary": "Cases / others", "time": "Events / people", "classes": "People"}[task.kind]


#: Between two counts that stay on one line.
_OF = f"{NBSP}/{NBSP}"


def _sizes(counts: Counts, task: PredictionTask, row: pd.Series) -> Text:
    if task.kind == "binary":
        return (counts.cases(row), _OF, counts.controls(row))
    if task.kind == "time":
        return (counts.cases(row), _OF, counts.people(row))
    return (counts.people(row),)


def _of_model(findings: Findings, row: pd.Series, measure: str) -> pd.Series | None:
    """Return another measure of the model that a row is about."""
    if measure in ADDED_MEASURE.values():
        if row["adjustment"] != findings.study.added_value[0]:
            return None
        return delta(findings, row["target"], row["analysis"], row["cohort"], measure)
    return findings.ok(
        row["analysis"], row["target"], measure, cohort=row["cohort"],
        adjustment=row["adjustment"],
    )  # fmt: skip


def _worst(
    findings: Findings, counts: Counts, task: PredictionTask, setting: str, measures: int
) -> list[tuple[Cell, ...]]:
    """Return the worst cohort of each main model."""
    rows = []
    for tier in main_tiers(findings.study):
        row = findings.ok(
            setting, task.name, MAIN_MEASURE[task.kind], adjustment=tier, term="worst cohort"
        )
        if row is not None:
            rows.append((
                cell("Worst cohort"), cell(words.prediction_tier(tier, findings.study)),
                estimate(row, findings), *(cell() for _ in range(measures)),
            ))  # fmt: skip
    return rows


def models_table(findings: Findings, task: PredictionTask) -> Table:
    """Return discrimination of every tier by every kind of model, pooled or of the one cohort."""
    found = results.select(
        findings.table, target=task.name, measure=MAIN_MEASURE[task.kind], stratum="all", term="",
        status="ok", analysis=list(SETTINGS),
    )  # fmt: skip
    keys = ["analysis", "cohort", "model", "adjustment"]
    rows = {tuple(row[keys]): row for _, row in found.iterrows()}
    models = [name for name in dict.fromkeys(found["model"]) if name not in COMPARED_MODELS]
    models += [name for name in COMPARED_MODELS if (found["model"] == name).any()]
    shown = [
        (setting, place, model) for setting in SETTINGS
        if (place := place_of(findings, task, setting)) for model in models
    ]  # fmt: skip
    columns = (
        Column("Tier"), Column("Predictors"),
        *(Column(f"{words.MODELS.get(model, model)}, {words.SETTINGS[setting][0].lower()}", True)
          for setting, _, model in shown),
    )  # fmt: skip
    lines = tuple(
        (
            cell(words.tier(tier)), cell(words.prediction_tier(tier, findings.study)),
            *(estimate(rows.get((setting, place, model, tier)), findings)
              for setting, place, model in shown),
        )
        for tier in findings.study.prediction_tiers
        if any((setting, place, model, tier) in rows for setting, place, model in shown)
    )  # fmt: skip
    note = (
        "A predictor that a cohort lacks, or that may not be used there (the PHQ-2 where the PHQ-9 "
        "defines cases or controls), is left out of the tier. A tier that would then be the same "
        "as a smaller one is not estimated there."
    )
    title = f"Every tier and kind of model: {words.MEASURES[MAIN_MEASURE[task.kind]]}"
    return without_empty_columns(Table(f"models_{task.name}", title, columns, lines, note))


def pairs_table(findings: Findings, task: PredictionTask) -> Table:
    """Return the AUC between each two classes of a task with more than two."""
    found = results.select(
        findings.table, target=task.name, measure="pair_auc", stratum="all", status="ok",
        adjustment=main_tiers(findings.study),
    )  # fmt: skip
    rows = {
        (row["analysis"], row["cohort"], row["adjustment"], row["term"]): row
        for _, row in found.iterrows() if row["model"] not in COMPARED_MODELS
    }  # fmt: skip
    pairs = list(dict.fromkeys(term for *_, term in rows))
    columns = (
        Column("Cohort"), Column("Setting"), Column("Model"),
        *(Column(words.class_pair(pair), True) for pair in pairs),
    )  # fmt: skip
    lines = tuple(
        (
            cell(title), cell(words.SETTINGS[setting][0]),
            cell(words.prediction_tier(tier, findings.study)),
            *(estimate(rows.get((setting, cohort, tier, pair)), findings) for pair in pairs),
        )
        for setting in SETTINGS
        for cohort, title in findings.titles().items()
        for tier in main_tiers(findings.study)
        if any((setting, cohort, tier, pair) in rows for pair in pairs)
    )  # fmt: skip
    note = "Mean AUC of the two scores; the rows carry no interval."
    return Table(f"pairs_{task.name}", "AUC between each two classes", columns, lines, note)


def added_table(findings: Findings, task: PredictionTask) -> Table:
    """Return what every pair of tiers adds to discrimination, pooled or of the one cohort."""
    measure = ADDED_MEASURE[task.kind]
    places = [(one, place) for one in SETTINGS if (place := place_of(findings, task, one))]
    columns = [Column("What is added, to what")]
    for setting, place in places:
        name = words.SETTINGS[setting][0].lower()
        columns += [Column(f"{words.heading(measure)}, {name}", True), Column("p", True)]
        if place == POOLED:
            columns.append(Column("Prediction interval", True))
    rows = []
    for new, old in added_pairs(findings.study.prediction_tiers):
        cells: list[Cell] = []
        for setting, place in places:
            row = findings.ok(
                setting, task.name, measure, cohort=place, adjustment=new, term=f"over {old}"
            )
            p = None if row is None or pd.isna(row["p"]) else value(row, "p")
            cells += [estimate(row, findings), cell(p)]
            if place == POOLED:
                cells.append(cell(*_prediction(findings, row)))
        if any(one.text != cell().text for one in cells):
            rows.append((cell(words.added_pair(new, old, findings.study)), *cells))
    title = f"What it adds to the {words.MEASURES[MAIN_MEASURE[task.kind]]}"
    return Table(f"added_{task.name}", title, tuple(columns), tuple(rows))


def _prediction(findings: Findings, row: pd.Series | None) -> Text:
    if row is None:
        return ()
    return limits(findings.ok(
        row["analysis"], row["target"], row["measure"], adjustment=row["adjustment"],
        term=companion(row["term"], PREDICTION_TERM),
    ))  # fmt: skip


def more_added_table(findings: Findings, task: PredictionTask) -> Table:
    """Return added scaled Brier score, likelihood-ratio test and adequacy of the main pair."""
    new, old = findings.study.added_value
    columns = (
        Column("Cohort"),
        *(Column(f"Added scaled Brier, {words.SETTINGS[name][0].lower()}", True)
          for name in SETTINGS),
        Column("Likelihood-ratio χ² (df)", True), Column("p", True), Column("Adequacy", True),
    )  # fmt: skip
    rows = []
    for cohort in (POOLED, *findings.titles()):
        brier = [delta(findings, task.name, one, cohort, "delta_scaled_brier") for one in SETTINGS]
        tests = [
            findings.ok(
                "added_value", task.name, measure, cohort=cohort, adjustment=new,
                stratum="all people", term=f"over {old}",
            )
            for measure in ("chi2", "adequacy")
        ]  # fmt: skip
        if any(one is not None for one in (*brier, *tests)):
            rows.append((
                cell(place_name(findings, cohort)), *(estimate(one, findings) for one in brier),
                *_test(tests[0]), estimate(tests[1], findings),
            ))  # fmt: skip
    title = f"Other measures of what it adds: {words.added_pair(new, old, findings.study)}"
    note = (
        "The likelihood-ratio test is made in all people of a cohort, gaps of predictors filled "
        "once: its p does not hold what comes from filling. Adequacy: the share of the "
        "larger model's χ² that the smaller one reaches; near 1, nothing is added."
    )
    table = Table(f"more_added_{task.name}", title, columns, tuple(rows), note)
    return without_empty_columns(table)


def _test(row: pd.Series | None) -> tuple[Cell, Cell]:
    if row is None:
        return cell(), cell()
    df = Number(fixed(float(row["df"]), 0), row["result_id"], float(row["df"]))
    return cell(value(row), " (", df, ")"), cell(value(row, "p"))


def reclassification_table(findings: Findings, task: PredictionTask) -> Table:
    """Return NRI and IDI of the main pair, with the warning."""
    new, old = findings.study.added_value
    measures = ("nri", "nri_events", "nri_nonevents", "idi")
    columns = (
        Column("Cohort"), Column("Setting"),
        *(Column(words.MEASURES[one], True) for one in measures),
    )  # fmt: skip
    rows = []
    for setting in SETTINGS:
        for cohort, title in findings.titles().items():
            found = [
                findings.ok(
                    "reclassification", task.name, measure, cohort=cohort, adjustment=new,
                    stratum=setting, term=f"over {old}",
                )
                for measure in measures
            ]  # fmt: skip
            if any(one is not None for one in found):
                rows.append((
                    cell(title), cell(words.SETTINGS[setting][0]),
                    *(estimate(one, findings) for one in found),
                ))  # fmt: skip
    title = f"Reclassification: {words.added_pair(new, old, findings.study)}"
    return Table(f"reclassification_{task.name}", title, columns, tuple(rows), _WARNING)
