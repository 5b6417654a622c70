"""The methods section on estimates: missing values, models, choices, syntheses.

Takes the findings; gives the text of each paragraph, for what this study did.
"""

import pandas as pd

from igfmood import results
from igfmood.report import words
from igfmood.report.load import Findings
from igfmood.report.numbers import level, percent


def missing_values(findings: Findings) -> str:
    """Return how missing values were dealt with."""
    settings = findings.study.imputation
    if settings.m == 0:
        return "Each analysis used the people with complete data; nothing was imputed."
    return (
        "Missing covariates and scores were imputed cohort by cohort with chained equations "
        "(predictive mean matching, logistic and multinomial models, and a normal model truncated "
        f"at the limit for scores below the detection limit): {settings.m} tables, "
        f"{settings.iterations} iterations, diagnosis and the variables of the models among the "
        "predictors, and their products, the spline and the cumulative hazard as far as a cohort "
        "has them and people enough. Estimates were pooled by Rubin's rules with Barnard–Rubin "
        "degrees of freedom. "
        "People without the outcome of an analysis, or without the analyte, took part in the "
        f"imputation and not in that analysis. Variables missing in more than "
        f"{percent(settings.max_missing)} of a cohort were not imputed. Complete cases stand "
        "beside every result. Whether a verdict hinges on the imputed scores was asked by shifting "
        "them: those of cases, or of people with the event, by δ SD, for other outcomes by δ SD "
        "for each SD of the outcome; the tipping point is the smallest δ up to "
        f"±{settings.delta:g} with another verdict. Scores below the detection limit were not "
        "shifted."
    )


def association(findings: Findings) -> str:
    """Return how differences between groups and slopes of the PHQ-9 were estimated."""
    study = findings.study
    tiers = "; ".join(words.adjustment(name, study) for name in study.covariate_tiers)
    text = (
        f"Differences in {study.analyte.label} SDS between groups were estimated by linear "
        "regression with heteroscedasticity-consistent (HC3) standard errors and t intervals, and "
        "expressed as Hedges' g: the adjusted difference divided by the pooled standard deviation "
        "within groups, with the correction for small samples. Beside them stand the ratio of "
        "geometric means and the ratio of standard deviations. The PHQ-9 total was regressed on "
        f"SDS in the same way (points per SD), in everyone whatever the diagnosis, and by negative "
        "binomial and cumulative-logit models; a PHQ-9 of 10 or more by logistic regression, with "
        "Firth's penalty where the data separate. The form of each relation was looked at with a "
        f"restricted cubic spline of {study.shape.knots} knots, by tails (below the "
        f"{study.shape.low_percentile:g}th and above the {study.shape.high_percentile:g}th "
        "percentile of the comparison group, against the middle), by two lines with a break that "
        f"the data choose, and in women against men. Models: {tiers}. Groups of at least "
        f"{study.gates.group_size}. Intervals are at {level(study.level)}."
    )
    weighted = [
        cohort.title for cohort in study.cohorts
        if cohort.survey == "design" and cohort.columns.get("weight_survey")
    ]  # fmt: skip
    if weighted:
        text += (
            f" In {', '.join(weighted)}, linear and logistic models were weighted, with "
            "Taylor-linearised errors over strata and sampling units."
        )
    return text


#: Analysis: how it was done.
_QUESTIONS = {
    "stress_buffering": "Buffering of stress is the interaction of SDS and perceived stress on the "
    "PHQ-9, both in SDs of the cohort; the slope of stress is given along SDS (simple slopes, "
    "Johnson–Neyman).",
    "neuroplasticity": "Hippocampal volume was regressed on SDS given intracranial volume; the "
    "indirect effect on the PHQ-9 is the product of the coefficients of two linear models, with a "
    "bootstrap standard error and its sensitivity to confounding of volume and symptoms.",
    "cognition": "Cognition was regressed on SDS at the first visit, and its decline by a growth "
    "model with random intercept and slope where it was measured repeatedly.",
    "incidence": "Incident illness was analysed by Cox regression (Efron ties, late entry where "
    "it is known) with a score test of proportional hazards, and by discrete-time logistic "
    "regression.",
    "treatment": "Response to treatment: log odds per SD at baseline whatever the arm "
    "(prognostic), and what those on a drug have over those in the control arm (predictive). Only "
    "the second tells whom a drug helps.",
    "within_person": "Change within persons: what a change of SDS goes with in the same person, "
    "apart from differences between persons, from what changed for everybody between visits and, "
    "in a trial, for everybody of the same arm, with CR2 errors by person.",
    "mendelian": "Mendelian randomisation: inverse-variance weighted over harmonised variants, "
    "beside MR-Egger, weighted median and mode, and Steiger's test of direction.",
}
_CORRELATED = (
    "Mendelian randomisation: harmonised variants in linkage disequilibrium, weighted by "
    "generalised least squares with their correlations, beside MR-Egger with the same weights."
)


def questions(findings: Findings) -> str:
    """Return how the other questions were asked that at least one cohort could answer."""
    table = findings.table
    answered = set(table.loc[table["status"] == "ok", "analysis"])
    genetics = findings.study.genetics
    texts = _QUESTIONS | ({"mendelian": _CORRELATED} if genetics and genetics.correlation else {})
    return " ".join(text for name, text in texts.items() if name in answered)


def forks(findings: Findings) -> str:
    """Return among whom, and under which other choices, estimates were repeated."""
    study = findings.study
    chosen = study.forks
    populations = [_inside(one.label) for one in study.subsets if one.name in chosen.population]
    names = [_inside(one.label) for one in study.subsets]
    scales = ["SDS" if name == "sds" else "log concentration" for name in chosen.exposure]
    return (
        f"Estimates were repeated among: {'; '.join(names)}. The main numbers were estimated under "
        "every combination of the declared choices of adjustment, population (everybody"
        f"{''.join(f', {name}' for name in populations)}), scale of the analyte "
        f"({', '.join(scales)}) and missing values "
        f"({', '.join(name.replace('_', ' ') for name in chosen.missing)}); the combinations were "
        "fixed in the configuration. A log concentration without age and sex beside it would "
        "compare people of different ages: these combinations are none."
    )


def _inside(label: str) -> str:
    """Return a label as it stands within a sentence: an abbreviation keeps its capitals."""
    first, rest = label[:1], label[1:]
    return label if rest[:1].isupper() else f"{first.lower()}{rest}"


def synthesis(findings: Findings) -> str:
    """Return how cohorts were put together."""
    return (
        "Cohorts were analysed apart and their estimates combined in a random-effects "
        "meta-analysis: between-cohort variance (τ²) by restricted maximum likelihood with a "
        "Q-profile interval, "
        "Knapp–Hartung standard errors without the modification that keeps them from being smaller "
        "than those of the usual method (with it for the performance of models), and t(k − 1) "
        "intervals. The normal interval stands beside "
        "them: few cohorts that happen to agree can make the others too narrow, and verdicts rest "
        "on the wider of the two. The prediction "
        "interval for the true effect in a new cohort uses t(k − 1). Heterogeneity is given as τ², "
        "I² and Cochran's Q. Each synthesis was repeated without each cohort in turn, the "
        "one behind a claim also with other estimators of τ² (DerSimonian–Laird, Paule–Mandel, "
        "maximum likelihood); group differences and the slope of the PHQ-9 also as one model over "
        "the people of all cohorts with CR2 errors by cohort. Meta-regression on mean age and "
        "share of women, and subgroups by assay, were made where cohorts allow, for every number "
        "that a claim is judged by; Egger's test and trim and fill from ten studies on. A number "
        "that one cohort alone could give is that cohort's, and no claim to others."
    )


def literature(findings: Findings) -> str:
    """Return how published studies were used, empty if they were not."""
    found = results.select(findings.table, analysis="published", status="ok")
    studies = found[found["model"].isin(["enters", "apart"])]
    if studies.empty:
        return ""
    entering = pd.unique(studies.loc[studies["model"] == "enters", "stratum"])
    known = len(pd.unique(studies["stratum"]))
    together = (
        "alone, as the cohorts are invented"
        if findings.study.synthetic
        else "alone, and together with the cohorts"
    )
    return (
        f"Published comparisons of cases and controls ({known} with an effect, {len(entering)} "
        "pooled) were turned into standardised differences from what each "
        f"paper prints and pooled in the same way: {together}. Of studies "
        "that may share people one enters; only serum and plasma are pooled; a study of one of "
        "these cohorts gives way to the cohort."
    )
