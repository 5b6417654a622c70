"""The methods section on prediction.

Takes the findings; gives paragraphs on how models were built, validated and judged, from the
configuration and from what was done.
"""

from igfmood import results
from igfmood.config.prediction import Cut, Prevalence
from igfmood.performance.tasks import prediction_tasks
from igfmood.report import words
from igfmood.report.load import Findings
from igfmood.report.numbers import NBSP
from igfmood.report.prediction import SETTINGS

_MODELS = {
    "logistic": "logistic regression without penalty; where the data separate with Firth's "
    "penalty, intercepts then fitted again",
    "elastic_net": "elastic net, its penalty chosen in inner folds",
    "boosting": "histogram-based gradient boosting",
}
_RULES = {
    "youden": "largest Youden index",
    "sensitivity": "largest specificity at a sensitivity of at least {:g}",
    "specificity": "largest sensitivity at a specificity of at least {:g}",
    "cost": "lowest cost, a missed case being worth {:g} false alarms",
}


def building(findings: Findings) -> str:
    """Return what was predicted, from what, by which models, and how these were validated."""
    study = findings.study
    tasks = "; ".join(task.label for task in prediction_tasks(study))
    tiers = "; ".join(words.prediction_tier(name, study) for name in study.prediction_tiers)
    models = "; ".join(_MODELS[name] for name in study.prediction.models)
    curved = ", ".join(words.variable(name, study) for name in study.prediction.spline_covariates)
    how = study.resampling
    compared = (
        f" (elastic net and boosting in {how.comparison_repeats} of them)"
        if len(study.prediction.models) > 1 and how.comparison_repeats < how.repeats else ""
    )  # fmt: skip
    return (
        f"Outcomes: {tasks}; each where a cohort has at least {study.gates.class_size} people of "
        f"each class. Predictors: {tiers}. A predictor that a cohort lacks is left out of the tier "
        "there, and the PHQ-9 never both defines and predicts an outcome. "
        f"Models: {models}; Cox regression for time to an event (risk at "
        f"{study.prediction.horizon_years:g} years) and multinomial regression for more than two "
        f"classes. Splines of three knots: {curved}. Classes were neither weighted nor resampled. "
        f"Within cohorts, models were validated by {how.folds}-fold cross-validation, stratified "
        f"by outcome and repeated {how.repeats} times{compared}; between cohorts, by leaving each "
        "out. Everything learned from data (reference curves, the correction of batches, ranges, "
        "knots, tails, filling of gaps, penalties, cuts) was learned in the training part alone. "
        f"Gaps of predictors were filled by a joint normal model without the outcome, "
        f"{how.imputations} times where people of a left-out cohort had gaps. People of a left-out "
        "cohort get the mean score of the other cohorts' reference curves and the average of the "
        "other cohorts' intercepts: nothing of their own is used, so that a shift of its assay or "
        "of its share of cases shows as miscalibration. Out-of-fold predictions were stored, and "
        "every number was computed from them."
    )


def measures(findings: Findings) -> str:
    """Return how predictions were judged."""
    study = findings.study
    new, old = (words.prediction_tier(name, study) for name in study.added_value)
    smoother = _smoother(findings)
    cuts = "; ".join(_rule(cut) for cut in study.prediction.cut_points)
    thresholds = ", ".join(f"{t:g}" for t in study.prediction.thresholds)
    prevalences = ", ".join(_prevalence(one) for one in study.prediction.prevalences)
    how = study.resampling
    return (
        "AUCs have DeLong intervals, and bootstrap intervals beside them; cross-validated ones are "
        "means within folds (LeDell, Petersen and van der Laan 2015), their variance widened as "
        "folds share training people (Nadeau and Bengio 2003). Intervals of an AUC are made "
        "on the logit scale where gaps were "
        f"filled more than once. The added AUC ({new} against {old}, and every other pair of tiers "
        "that differ in the analyte alone) is a paired difference in the same people; so are the "
        "added C-index and the added M of Hand and Till, of the main pair. Beside it "
        "stand the added scaled Brier score, the likelihood-ratio test and adequacy index in all "
        "people of a cohort and, with a warning, NRI and IDI. Partial AUC and average precision "
        f"have intervals from {how.intervals:,} bootstrap samples. Calibration: intercept with the "
        "slope fixed at 1, slope, log of observed over expected cases, a smooth curve"
        f"{smoother} with a bootstrap band, and the distances from it (ICI, E50, E90); for time to "
        "an event, observed risks are Kaplan–Meier estimates at the horizon. Which change a model "
        "needs in a left-out cohort was found by the closed test procedure (Vergouwe et al. 2017; "
        f"5{NBSP}% level, predictions of the first draw). Net benefit "
        "(Vickers and Elkin) with normal intervals at thresholds of "
        f"{thresholds}. Cuts of the risk were chosen in the training people by: {cuts}; "
        "sensitivity and specificity have exact intervals, predictive values (at a prevalence of "
        f"{prevalences}) logit intervals (Mercaldo 2007) that include the uncertainty of the "
        "prevalence where it is declared. What choosing a cut in the same people flatters it by "
        "was found by bootstrap. The whole pipeline was repeated in "
        f"{how.bootstrap} bootstrap samples for the optimism and the instability of single "
        f"predictions (Riley and Collins 2023){_permuted(how.permutations)}. Models of "
        "single cohorts were used in each other cohort as they are. Subgroups below the class "
        "size count as too small to judge; AUCs of "
        "women and men, with and without an antidepressant, were compared as unpaired ones. "
        "Discrimination was pooled on the logit scale, all else as it is, by random effects with "
        "modified Knapp–Hartung intervals (the factor at least 1, so that none is narrower than "
        "the normal one); calibration of models from other cohorts only. People that a model "
        "needs: Riley et al. 2020, from the AUC within cohorts less its optimism. The sign of the "
        "analyte is learned by each model, so that an AUC does not tell it: "
        "the direction of a claim is judged by the group difference."
    )


def _permuted(runs: int) -> str:
    """Return how often and where labels were permuted, if they were."""
    if not runs:
        return ""
    return (
        f", and with labels permuted within cohorts ({runs:,} times, each cohort left out in turn; "
        "one cohort alone cross-validated), for the AUC of the model with the analyte"
    )


def _smoother(findings: Findings) -> str:
    """Return how the curve was smoothed, as the rows have it."""
    found = results.select(
        findings.table, analysis="calibration_curve", measure="observed", status="ok",
        stratum=list(SETTINGS),
    )  # fmt: skip
    return f" ({str(found['method'].iloc[0]).split(';')[0]})" if len(found) else ""


def _rule(cut: Cut) -> str:
    return _RULES[cut.rule].format(cut.value)


def _prevalence(one: Prevalence) -> str:
    limits = "" if one.low is None or one.high is None else f" ({one.low:g} to {one.high:g})"
    return f"{one.value:g}{limits}"
