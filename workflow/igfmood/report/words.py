"""What things are called in text, tables and figures.

Takes names of tiers, groups, variables and measures; gives words. The one place for them.
"""

from igfmood.config.analysis import ALL
from igfmood.config.cohort import Cohort
from igfmood.config.prediction import ANALYTE, ANALYTE_SPLINE, ANALYTE_TAILS
from igfmood.config.study import Study, Task
from igfmood.results import READING

#: Verdict: icon, word, what it means.
VERDICTS = {
    "SUPPORTED": (
        "✓",
        "Supported",
        "the interval lies beyond the margin, in the claimed direction",
    ),
    "REFUTED": ("✕", "Refuted", "the opposite is the case, or the effect is too small to matter"),
    "INCONCLUSIVE": ("?", "Inconclusive", "the interval is too wide to tell"),
    "NOT_EVALUABLE": ("–", "Not evaluable", "a condition for judging the claim is not met"),
}

#: Prediction setting: short name, and what it means.
SETTINGS = {
    "cross_validation": ("Cross-validated", "model built in other people of the same cohort"),
    "validation": ("Leave one cohort out", "model built in the other cohorts"),
}

#: Kind of prediction model: what it is called.
MODELS = {
    "logistic": "Logistic", "elastic_net": "Elastic net", "boosting": "Boosting", "cox": "Cox",
    "multinomial": "Multinomial",
}  # fmt: skip

#: Gate: icon, word, look of the badge.
GATES = {
    "PASS": ("✓", "PASS", "supported"),
    "FAIL": ("✕", "FAIL", "refuted"),
    "NOT_EVALUATED": ("–", "NOT EVALUATED", "not-evaluable"),
}

#: Treatment of values below the detection limit: what it is called.
LIMIT_TREATMENTS = {
    "lod_sqrt2": "limit / √2",
    "lod_half": "limit / 2",
    "lod": "the limit itself",
    "censored_likelihood": "censored expectation",
    "multiple_draws": "multiple draws",
    "tobit": "Tobit regression",
    "excluded": "people below left out",
}

#: How a reference curve was made: what it is called in tables.
CURVES = {
    "bccg": "Box–Cox Cole–Green",
    "bands": "age bands",
    "published": "published table",
}

_VARIABLES = {
    ANALYTE: "",
    "age_years": "age",
    "bmi": "BMI",
    "phq9_total": "PHQ-9",
    "phq2_total": "PHQ-2",
    "phq9_10": "PHQ-9 of 10 or more",
    "dx_status": "status of diagnosis",
    "ad_use": "antidepressant",
    "oc_use": "contraceptive",
    "hrt_route": "oestrogen therapy",
    "gh_axis_drug": "drug on GH axis",
    "gh_disorder": "GH disorder",
    "alcohol_g_day": "alcohol",
    "height_cm": "height",
    "fasting_h": "hours fasted",
    "crp": "CRP",
    "hba1c": "HbA1c",
    "egfr": "eGFR",
    "alt": "ALT",
    "followup_years": "follow-up",
    "weight_survey": "survey weight",
    "stratum_survey": "survey stratum",
    "psu_survey": "sampling unit",
    "dose_mg": "dose",
    "response": "response to treatment",
    "analyte_date": "day of blood draw",
    "phq9_date": "day of PHQ-9",
    "incident_depression": "depression to come",
    "incident_bipolar": "bipolar disorder to come",
    "lag_days": "days from blood draw to PHQ-9",
}

_GROUPS = {
    "control": "Controls",
    "mdd": "Depression",
    "bipolar": "Bipolar disorder",
    "scz": "Schizophrenia",
    "other": "Other diagnosis",
    "unknown": "Diagnosis unknown",
}

#: Analysis: what it is called in a sentence.
ANALYSES = {
    "contrast": "group difference",
    "severity": "PHQ-9 slope",
    "cross_validation": "cross-validation within the cohort",
    "validation": "validation in a left-out cohort",
    "roc_curve": "ROC curve",
    "calibration_curve": "calibration curve",
    "reference_curve": "reference curve",
    "equivalence": "equivalence test",
    "n_to_settle": "people needed to settle the claim",
    "table1": "description",
    "flow": "flow of rows",
    "reference_coverage": "coverage of the reference curve",
    "reference_worm": "worm plot of the reference curve",
    "batch": "correction of batches",
    "batch_drift": "drift of batches",
    "below_limit": "treatments of values below the limit",
    "molar_ratio": "molar ratio",
    "quality": "data quality",
    "overlap": "people in two cohorts",
    "shape": "form of the relation",
    "tails": "low and high levels",
    "stress_buffering": "interaction with stress",
    "neuroplasticity": "hippocampal volume",
    "cognition": "cognition",
    "incidence": "incident illness",
    "treatment": "response to treatment",
    "within_person": "change within persons",
    "mendelian": "Mendelian randomisation",
    "prevalence": "PHQ-9 of 10 or more",
    "imputation": "imputation",
    "tipping": "shifts of imputed scores",
    "specification": "combinations of forks",
    "multiplicity": "adjustment for several claims",
    "e_value": "E-value",
    "fork_agreement": "agreement of forks",
    "tipping_point": "tipping point",
    "tau2_estimator": "synthesis with another estimator",
    "influence": "influence of single cohorts",
    "meta_regression": "meta-regression",
    "subgroup": "subgroups of cohorts",
    "small_studies": "small-study effects",
    READING: "reading the cohort",
    "association": "estimates of the cohort",
    "published": "published studies",
    "added_value": "added value of the analyte",
    "reclassification": "reclassification",
    "transport": "transport from cohort to cohort",
    "optimism": "optimism of the model",
    "instability": "instability of predictions",
    "sample_size": "people that a model needs",
    "power": "smallest effect that would be found",
    "prediction_people": "people of a prediction task",
    "recalibration": "closed test",
    "permutation": "permuted labels",
    "detectable": "smallest effect of a claim that would be found",
    "new_cohort": "AUC of a new cohort",
    "operating": "worlds of known truth",
    "negative_control": "negative controls",
}

#: Measure: its name in tables.
MEASURES = {
    "rate_supported": "share of worlds judged SUPPORTED",
    "rate_refuted": "share of worlds judged REFUTED",
    "rate_inconclusive": "share of worlds judged INCONCLUSIVE",
    "rate_not_evaluable": "share of worlds judged NOT EVALUABLE",
    "interval_coverage": "share of intervals that hold the truth",
    "mean_estimate": "mean estimate over worlds",
    "share_significant": "share of negative controls that differ from 0",
    "z_rms": "root mean square of z",
    "smd": "difference (Hedges g, SD)",
    "beta": "slope",
    "auc": "AUC",
    "auc_bootstrap": "AUC, bootstrap interval",
    "delta_auc": "added AUC",
    "brier": "Brier score",
    "calibration_intercept": "calibration intercept",
    "calibration_slope": "calibration slope",
    "log_oe": "log observed / expected",
    "p_update": "p of a change against a new model",
    "update_intercept": "intercept of the change",
    "update_slope": "slope of the change",
    "scaled_brier": "scaled Brier score",
    "delta_scaled_brier": "added scaled Brier score",
    "c_index": "C-index",
    "delta_c_index": "added C-index",
    "hand_till": "Hand–Till M",
    "delta_hand_till": "added Hand–Till M",
    "pair_auc": "AUC of two classes",
    "partial_auc": "partial AUC",
    "average_precision": "average precision",
    "ici": "ICI",
    "e50": "E50",
    "e90": "E90",
    "net_benefit": "net benefit",
    "delta_net_benefit": "added net benefit",
    "interventions_avoided": "interventions avoided",
    "threshold": "cut of the risk",
    "smallest_cell": "smallest cell of the two by two table",
    "sensitivity": "sensitivity",
    "specificity": "specificity",
    "lr_positive": "LR+",
    "lr_negative": "LR−",
    "ppv": "PPV",
    "npv": "NPV",
    "adequacy": "adequacy",
    "chi2": "χ²",
    "nri": "NRI",
    "nri_events": "NRI, cases",
    "nri_nonevents": "NRI, controls",
    "idi": "IDI",
    "mape": "mean change of a prediction",
    "range_95": "width of 95 % of the predictions for a person",
    "log_or": "log odds ratio",
    "log_hr": "log hazard ratio",
    "log_rr": "log rate ratio",
    "log_rom": "log ratio of geometric means",
    "log_vr": "log ratio of SDs",
    "indirect": "indirect effect",
    "direct": "direct effect",
    "total": "total effect",
    "curve": "curve",
    "simple_slope": "slope of stress",
    "johnson_neyman": "bound of where the slope of stress is not 0",
    "missing": "share missing",
    "measured": "share measured",
    "below_limit": "share below the limit",
    "smd_measured": "standardised difference, measured against not",
    "within_batch": "share of the contrast within batches",
    "within_batch_gate": "gate of batches",
    "cronbach_alpha": "Cronbach's alpha",
    "share_equal": "share of equal totals",
    "coverage": "share below the centile",
    "ratio": "level of the batch",
    "log_ratio": "difference in log concentration",
    "count": "number of people",
    "effect": "smallest effect found",
    "probability": "probability",
    "required_people": "people needed",
    "shrinkage": "shrinkage",
    "detectable_delta_auc": "smallest added AUC found",
}

#: Change that the closed test chose: what it means for who wants to use the model there.
CHANGES = {
    "none": "None: use it as it is",
    "intercept": "A new intercept",
    "intercept and slope": "A new intercept and slope",
}

#: Step by which people of a cohort become those of a prediction task.
RECRUITED = {
    "first visit": "At the first visit",
    "with outcome": "Outcome known",
    "used": "Used",
}


#: Term of a number: what it is called in front of it.
TERMS = {
    "low": "Low levels",
    "high": "High levels",
    "excess": "Both tails",
    "squared": "Curvature",
    "decline": "Over time",
    "predictive": "Drug against control arm",
    "prognostic": "Whatever the arm",
}


def variable(name: str, study: Study) -> str:
    """Return what a variable is called: ``age_years`` is age, ``analyte`` the analyte."""
    analyte = study.analyte
    if name in (ANALYTE, analyte.name, analyte.value, analyte.converted):
        return analyte.label
    if name == analyte.sds:
        return f"{analyte.label} SDS"
    if name == f"{analyte.name}_batch":
        return "batch"
    return _VARIABLES.get(name, name.replace("_", " "))


#: Predictors that are named one by one where space is short.
_FEW_LETTERS = 16
#: Form of the analyte in a model: what is said of it behind its name.
_FORMS = {ANALYTE: "", ANALYTE_SPLINE: " (spline by sex)", ANALYTE_TAILS: " (tails)"}


def prediction_tier(name: str, study: Study) -> str:
    """Return what a model predicts from: ``age, sex, BMI + IGF-1``."""
    predictors = study.prediction_tiers[name]
    others = ", ".join(variable(item, study) for item in predictors if item not in _FORMS)
    forms = " + ".join(
        study.analyte.label + _FORMS[item] for item in predictors if item in _FORMS
    )  # fmt: skip
    if not forms:
        return others
    return f"{others} + {forms}" if others else f"{forms} alone"


def added_pair(new: str, old: str, study: Study) -> str:
    """Return what is compared, in few words: ``IGF-1 (tails) over age, sex, BMI``.

    A long list of predictors is called by the name of its tier.
    """
    added = [item for item in study.prediction_tiers[new] if item in _FORMS]
    forms = " + ".join(study.analyte.label + _FORMS[item] for item in added)
    base = prediction_tier(old, study)
    return f"{forms} over {base if len(base) <= _FEW_LETTERS else tier(old)}"


def tier(name: str) -> str:
    """Return the name of a tier as it is written: ``phq2_analyte`` is PHQ-2 analyte."""
    return name.replace("phq2", "PHQ-2").replace("_", " ")


def heading(measure: str) -> str:
    """Return the name of a measure as the heading of a column."""
    name = MEASURES[measure]
    return name[0].upper() + name[1:]


def class_pair(pair: str) -> str:
    """Return two classes of a task in words: ``control vs mdd`` is controls against depression."""
    return " vs ".join(_GROUPS.get(name, name) for name in pair.split(" vs "))


def adjustment(name: str, study: Study, population: str = ALL) -> str:
    """Return what an estimate is adjusted for: nothing that all of its people share."""
    if name in study.prediction_tiers and name not in study.covariate_tiers:
        return prediction_tier(name, study)
    covariates = study.covariate_tiers.get(name)
    if covariates is None:
        return name
    fixed = next((one.fixed for one in study.subsets if one.name == population), set())
    differing = [item for item in covariates if item not in fixed]
    if not differing:
        return "unadjusted"
    return "adjusted for " + ", ".join(variable(item, study) for item in differing)


def group(name: str, cohort: Cohort) -> str:
    """Return what a group of a cohort is called; PHQ-9 groups are named by their cut-off.

    In a cohort without diagnoses there is one group, which is everybody.
    """
    if not cohort.diagnosis:
        return "Everybody"
    cutoff = cohort.phq9_cutoff
    if cutoff is not None:
        phq9 = {
            "mdd": f"PHQ-9 ≥ {cutoff}",
            "control": f"PHQ-9 < {cutoff}",
            "unknown": "PHQ-9 incomplete",
        }
        return phq9.get(name, _GROUPS.get(name, name))
    return _GROUPS.get(name, name)


def target(name: str, study: Study) -> str:
    """Return what a result is about: a task's label, or an outcome."""
    tasks: dict[str, Task] = {task.name: task for task in study.tasks}
    return tasks[name].label if name in tasks else variable(name, study)


def compared_with(name: str, study: Study) -> str:
    """Return what the people are called whom the cases of a task are told apart from."""
    task = next((task for task in study.tasks if task.name == name), None)
    return "controls" if task is None or "control" in task.controls else "comparison group"


def population(name: str, study: Study) -> str:
    """Return what the people of a subset are called, nothing of everybody."""
    return next((one.label for one in study.subsets if one.name == name), "")


def known_exclusion(name: str) -> str:
    """Return what a known exclusion is called: ``gh_axis_drug`` is a drug on the GH axis."""
    return _VARIABLES.get(name, name.replace("_", " "))


def capital(text: str) -> str:
    """Return a text that begins with a capital."""
    return text[:1].upper() + text[1:]


def sentence(text: str) -> str:
    """Return a text that begins with a capital and ends with a full stop."""
    text = text.strip()
    if not text:
        return ""
    return text[0].upper() + text[1:] + ("" if text[-1] in ".!?" else ".")
