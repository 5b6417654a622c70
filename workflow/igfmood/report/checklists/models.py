"""What a run says of its prediction models.

Takes the findings; gives facts from configuration and results, none where no model was judged.
"""

from igfmood.performance.tasks import prediction_tasks
from igfmood.report import prediction, words
from igfmood.report.checklists.facts import Fact, if_any, rows
from igfmood.report.load import Findings
from igfmood.report.numbers import Part
from igfmood.report.subgroup_tables import GROUPS
from igfmood.results import POOLED

_BUILT, _JUDGED = "methods-prediction", "methods-performance-as-a-test"
_SETTINGS = list(prediction.SETTINGS)
#: How well a model tells people apart, by kind of task.
_TOLD_APART = list(prediction.MAIN_MEASURE.values())


def _judged(findings: Findings) -> tuple[str, ...]:
    """Return the results by which models were judged."""
    return rows(findings, analysis=_SETTINGS, measure=_TOLD_APART, stratum="all")


def both(findings: Findings) -> Fact | None:
    """Return that models are built and judged."""
    labels = "; ".join(task.label for task in prediction_tasks(findings.study))
    text = f"Models are developed and evaluated. Outcomes: {labels}."
    return if_any(text, "test", _judged(findings), ("tasks", "prediction.outcomes"))


def data_use(findings: Findings) -> Fact | None:
    """Return which people served for what."""
    how = findings.study.resampling
    left_out = rows(findings, analysis="validation", measure=_TOLD_APART, stratum="all")
    text = f"Within cohorts {how.folds}-fold cross-validation, repeated {how.repeats} times" + (
        "; between cohorts, each is left out in turn." if left_out else "."
    )
    return if_any(text, _BUILT, _judged(findings), ("resampling.folds", "resampling.repeats"))


def leakage(findings: Findings) -> Fact | None:
    """Return where learning took place."""
    text = (
        "Reference curves, batch correction, knots, filling of gaps, penalties and cuts are "
        "learned in the training part of each resample alone; test people are never in it."
    )
    return if_any(text, _BUILT, _judged(findings), ("resampling",))


def predictors(findings: Findings) -> Fact | None:
    """Return what models predict from."""
    study = findings.study
    tiers = "; ".join(words.prediction_tier(name, study) for name in study.prediction_tiers)
    text = f"Tiers fixed in the configuration, no selection by the data. {words.capital(tiers)}."
    return if_any(text, _BUILT, _judged(findings), ("prediction_tiers",))


def forms(findings: Findings) -> Fact | None:
    """Return how numbers enter the models."""
    study = findings.study
    curved = ", ".join(words.variable(one, study) for one in study.prediction.spline_covariates)
    text = (
        f"Splines of three knots: {curved or 'none'}; no number is cut into categories but tails."
    )
    return if_any(text, _BUILT, _judged(findings), ("prediction.spline_covariates",))


def models(findings: Findings) -> Fact | None:
    """Return which kinds of model were fitted."""
    named = ", ".join(one.replace("_", " ") for one in findings.study.prediction.models)
    text = f"Models: {named}. Penalties are chosen in inner folds."
    return if_any(text, _BUILT, _judged(findings), ("prediction.models",))


def imbalance(findings: Findings) -> Fact | None:
    """Return that classes were left as they are."""
    text = "No method against class imbalance is used: classes are neither weighted nor resampled."
    return if_any(text, _BUILT, _judged(findings), ("prediction.models",))


def filled(findings: Findings) -> Fact | None:
    """Return what was done about gaps of predictors."""
    m = findings.study.resampling.imputations
    text = (
        "Gaps of predictors are filled by a normal model learned in the training part, without the "
        f"outcome ({m} draws); the outcome is not imputed."
    )
    return if_any(text, _BUILT, _judged(findings), ("resampling.imputations",))


def horizon(findings: Findings) -> Fact | None:
    """Return the time within which events are predicted."""
    tasks = [task for task in prediction_tasks(findings.study) if task.kind == "time"]
    years = findings.study.prediction.horizon_years
    text = (
        f"Risk within {years:g} years by Cox regression, people who leave earlier being censored: "
        f"{'; '.join(task.label for task in tasks)}."
    )
    ids = rows(findings, analysis=_SETTINGS, target=[task.name for task in tasks])
    return if_any(text, _BUILT, ids, ("prediction.horizon_years",))


def cuts(findings: Findings) -> Fact | None:
    """Return by which rules cuts were chosen."""
    named = ", ".join(
        f"{cut.rule} {cut.value:g}" if cut.value else cut.rule
        for cut in findings.study.prediction.cut_points
    )
    text = f"Cuts of the risk, chosen in the training people by rules declared beforehand: {named}."
    ids = rows(findings, analysis=_SETTINGS, measure="threshold")
    return if_any(text, _JUDGED, ids, ("prediction.cut_points",))


def cuts_found(findings: Findings) -> Fact | None:
    """Return where the results at the cuts stand."""
    text = (
        "Sensitivity and specificity at every cut, with intervals; for 1,000 people in four groups."
    )
    ids = rows(findings, analysis=_SETTINGS, measure=["sensitivity", "specificity"])
    return if_any(text, "test", ids)


def output(findings: Findings) -> Fact | None:
    """Return what a model gives."""
    thresholds = ", ".join(f"{one:g}" for one in findings.study.prediction.thresholds)
    text = f"A risk; net benefit is shown at thresholds of {thresholds}."
    return if_any(text, _JUDGED, _judged(findings), ("prediction.thresholds",))


#: Measure: what it tells.
_MEASURES = {
    "auc": "AUC",
    "delta_auc": "added AUC",
    "c_index": "C-index",
    "hand_till": "M of Hand and Till",
    "scaled_brier": "scaled Brier score",
    "calibration_intercept": "calibration intercept",
    "calibration_slope": "calibration slope",
    "log_oe": "observed over expected",
    "net_benefit": "net benefit",
    "sensitivity": "sensitivity",
    "specificity": "specificity",
    "ppv": "predictive values",
}


def measures(findings: Findings) -> Fact | None:
    """Return by which measures models were judged."""
    found = {one: rows(findings, analysis=_SETTINGS, measure=one) for one in _MEASURES}
    named = ", ".join(_MEASURES[one] for one, ids in found.items() if ids)
    ids = tuple(one for some in found.values() for one in some)
    return if_any(f"{named}; ROC, calibration and decision curves.", _JUDGED, ids)


def accuracy(findings: Findings) -> Fact | None:
    """Return how well each outcome could be told."""
    text: list[Part] = []
    for task in prediction.all_tasks(findings.study):
        if prediction.setting_of(findings, task):
            lead = "; " if text else ""
            text += [f"{lead}{task.label}: ", *prediction.headline(findings, task)]
    ids = _judged(findings)
    return Fact((*text, "."), "test", ids) if text and ids else None


def added(findings: Findings) -> Fact | None:
    """Return where the value over other predictors stands."""
    ids = rows(findings, analysis=_SETTINGS, measure=list(prediction.ADDED_MEASURE.values()))
    ids += rows(findings, analysis="added_value")
    text = "What the analyte adds to other predictors, in the same people."
    return if_any(text, "test", ids, ("added_value",))


def subgroups(findings: Findings) -> Fact | None:
    """Return in which subgroups models were judged."""
    found = {one: rows(findings, analysis=_SETTINGS, stratum=one) for one in GROUPS}
    ids = tuple(one for some in found.values() for one in some)
    text = f"Models are judged again in: {', '.join(one for one, some in found.items() if some)}."
    return if_any(text, "test", ids)


def between_cohorts(findings: Findings) -> Fact | None:
    """Return how performance differs between cohorts."""
    ids = rows(findings, analysis=_SETTINGS, cohort=POOLED, measure=["tau2", "i2"])
    ids += rows(findings, analysis="transport")
    text = "Heterogeneity of performance between cohorts, and models of one cohort used in another."
    return if_any(text, "test", ids)


def updating(findings: Findings) -> Fact | None:
    """Return what models need where they are used."""
    text = (
        "A closed test says what a model needs in each left-out cohort, from nothing to a new one."
    )
    return if_any(text, "test", rows(findings, analysis="recalibration"))


def required(findings: Findings) -> Fact | None:
    """Return how many people a model needs."""
    text = "People that a model needs (Riley et al. 2020), and the smallest added AUC to be found."
    return if_any(text, "test", rows(findings, analysis=["sample_size", "power"]))


def predicted_people(findings: Findings) -> Fact | None:
    """Return where the people of each outcome are counted."""
    text = "People of each outcome, from the first visit to those used, with and without it."
    return if_any(text, "test", rows(findings, analysis="prediction_people"))


def optimism(findings: Findings) -> Fact | None:
    """Return how optimism was found."""
    runs = findings.study.resampling.bootstrap
    text = f"Apparent, optimism and corrected performance from {runs} runs of the whole pipeline."
    return if_any(text, "test", rows(findings, analysis="optimism"), ("resampling.bootstrap",))


def frozen(findings: Findings) -> Fact | None:
    """Return where the models are, so that others can use them."""
    text = (
        "Every model is written as numbers (release/models); igfmood apply computes its risks for "
        "new tables and refuses people it was not built for."
    )
    return if_any(text, _BUILT, _judged(findings), ("prediction_tiers", "prediction.models"))
