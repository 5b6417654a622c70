"""The methods section, written from the configuration and the versions of the run.

Takes the findings; gives headed paragraphs that can go into a paper.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from igfmood.config.analysis import ALL
from igfmood.config.claims import Claim
from igfmood.provenance import versions
from igfmood.report import words
from igfmood.report.load import Findings
from igfmood.report.methods_estimates import (
    association,
    forks,
    literature,
    missing_values,
    questions,
    synthesis,
)
from igfmood.report.methods_operating import error_rates
from igfmood.report.methods_prediction import building, measures
from igfmood.report.numbers import level
from igfmood.report.reference_tables import other_treatment
from igfmood.report.text import margin_text

DESIGNS = {
    "case_control": "case–control study",
    "register": "register extract",
    "population": "population cohort",
    "trial": "trial",
    "clinical": "clinical cohort",
}


@dataclass(frozen=True)
class Paragraph:
    """A paragraph with its heading."""

    heading: str
    text: str

    @property
    def anchor(self) -> str:
        """Name of its place on the page: ``methods-missing-values``."""
        return "methods-" + re.sub("[^a-z]+", "-", self.heading.lower())


def methods(findings: Findings) -> list[Paragraph]:
    """Return the methods section."""
    return [
        Paragraph("Cohorts and outcome", _cohorts(findings)),
        Paragraph("Measurement and standardisation", _measurement(findings)),
        Paragraph("Data quality", _quality(findings)),
        *([Paragraph("Batches", text)] if (text := _batches(findings)) else []),
        *([Paragraph("People in two cohorts", text)] if (text := _overlap(findings)) else []),
        Paragraph("Missing values", missing_values(findings)),
        Paragraph("Differences and slopes within cohorts", association(findings)),
        *([Paragraph("Other questions", text)] if (text := questions(findings)) else []),
        Paragraph("Subsets and choices", forks(findings)),
        Paragraph("Synthesis", synthesis(findings)),
        *([Paragraph("Published studies", text)] if (text := literature(findings)) else []),
        Paragraph("Prediction", building(findings)),
        Paragraph("Performance as a test", measures(findings)),
        Paragraph("Claims and verdicts", _verdicts(findings)),
        *([Paragraph("Error rates", text)] if (text := error_rates(findings)) else []),
        Paragraph("Disclosure control", _disclosure(findings)),
        Paragraph("Software", _software(findings)),
    ]


def limits(findings: Findings) -> list[str]:
    """Return what a reader must bear in mind."""
    study = findings.study
    label = study.analyte.label
    found = [
        f"Associations are observational. Lower or higher {label} in ill people does not show that "
        f"{label} causes illness, nor that changing it would help.",
        "Missing values are imputed as if they depended on what is known of a person alone. Where "
        "they depend on the value itself, estimates are biased; the tipping points say by how much "
        "it would have to be. Models as a test fill gaps without the outcome.",
        "With few cohorts, the interval of a pooled estimate and the prediction interval rest on "
        "few degrees of freedom and on an imprecise estimate of the variance between cohorts.",
        "Standardisation within a cohort removes shifts between assays, but also any real "
        "difference between the reference people of the cohorts.",
        "Antidepressant use and mood state are not adjusted for: estimates among people without an "
        "antidepressant and in each mood state stand in the tables of subsets, where cohorts know "
        "them.",
    ]
    if not study.operating.worlds:
        found.append(
            "How often the verdicts err at this study's size was not simulated "
            "(operating.worlds is 0)."
        )
    if any("ad_use" in given for given in study.prediction_tiers.values()):
        found.append(
            "Medication as a predictor follows the diagnosis: a model that knows it is told who "
            f"has been found ill already. What {label} adds to it is no answer for people not yet "
            "seen."
        )
    if any((findings.table["measure"] == "smd_measured") & (findings.table["status"] == "ok")):
        found.append(
            f"People without {label} are left out. Where they differ from those with it (see Data "
            "quality), what is found holds for people like those who were measured."
        )
    if any((findings.table["analysis"] == "batch") & (findings.table["status"] == "ok")):
        found.append(
            "The correction of batches takes them to hold alike people of each diagnosis, age and "
            "sex; where they do not, it removes real differences. A cohort whose groups were "
            "measured in different batches cannot be mended."
        )
    if len(study.cohorts) > 1:
        found.append(
            "Cohorts that hold some of the same people are found by keys and by identical values; "
            "people whose keys and values differ between cohorts are not."
        )
    if any(flow.get("not_applied") for flow in findings.flows.values()):
        found.append(
            "Not every known exclusion could be applied in every cohort: people whom another "
            "cohort leaves out may be among those analysed (see Data quality)."
        )
    if any(cohort.phq9_cutoff is not None for cohort in study.cohorts):
        found.append(
            "In cohorts without an interview, depression is defined by the PHQ-9: a symptom score, "
            "not a diagnosis. There the PHQ-9 slope and the group difference are not independent."
        )
    everybody = [
        cohort.title
        for cohort in study.cohorts
        if cohort.reference.people == "all" and cohort.reference.table is None
    ]
    if everybody:
        names = _and(everybody)
        found.append(
            f"In {names}, the reference curve was learned from everybody, so that a score of zero "
            "means an average person of that cohort, not a healthy one."
        )
    if any(cohort.columns.get("weight_survey") for cohort in study.cohorts):
        found.append(
            "Survey weights, strata and sampling units enter linear and logistic models; Cox, "
            "negative binomial and cumulative-logit models, and models as a test, describe the "
            "people examined."
        )
    return found


def _cohorts(findings: Findings) -> str:
    study = findings.study
    cohorts = "; ".join(f"{c.title} ({DESIGNS[c.design]})" for c in study.cohorts)
    interview = [c.title for c in study.cohorts if c.diagnosis and c.phq9_cutoff is None]
    by_score = [c for c in study.cohorts if c.phq9_cutoff is not None]
    text = f"Cohorts: {cohorts}. "
    if interview:
        text += f"Diagnoses were taken from the source's own codes in {_and(interview)}. "
    for cutoff in sorted({c.phq9_cutoff for c in by_score if c.phq9_cutoff is not None}):
        names = _and(c.title for c in by_score if c.phq9_cutoff == cutoff)
        text += f"In {names}, depression was defined as a PHQ-9 total of {cutoff} or more. "
    tasks = "; ".join(task.label for task in study.tasks)
    return text + (
        f"Comparisons: {tasks}. Rows with impossible values or repeated keys were set aside and "
        "counted; inclusion and exclusion rules were applied in the order shown in the flow of "
        "rows."
    )


def _measurement(findings: Findings) -> str:
    analyte = findings.study.analyte
    people = findings.study.gates.reference_people
    mass = (
        f" (molar mass {analyte.molar_mass:,g} g/mol where a cohort reports nmol/L)"
        if analyte.molar_mass
        else ""
    )
    settings = findings.study.normalise
    limits = {
        "lod_sqrt2": "were set to the limit divided by √2",
        "censored_likelihood": "were set to their expectation under a censored log-normal "
        "regression on age and sex",
    }
    instead = "".join(
        f" (in {cohort.title}, instead: {why})" for cohort, why in other_treatment(findings)
    )
    batches = (
        "Batches that a cohort names were brought to one level and spread on the log scale, with "
        "age, sex and diagnosis protected. "
        if settings.batch == "location_scale"
        else ""
    )
    return (
        f"{analyte.label} was converted to {analyte.unit}{mass}. Values below the detection limit "
        f"{limits[settings.below_limit]}{instead} and marked; each comparison was repeated with "
        "every treatment in use (limit/√2, limit/2, the limit itself, the censored expectation, "
        "multiple draws, Tobit regression) on the log scale, adjusted for age and sex. Values far "
        "from the "
        f"others that another unit would explain were set aside. {batches}Standard deviation "
        "scores (SDS) come from a reference curve by age and sex: published where a cohort names "
        "one, else learned from its "
        f"reference people at the first visit (at least {people}) by the Box–Cox Cole–Green model "
        "with penalised splines in age, or within bands of age where people are too few for it; "
        "the table of reference curves says which. Whether a curve holds was judged in its own "
        "people by the share below each centile (Wilson intervals) and by worm plots (van Buuren "
        "and Fredriks 2001). Whatever is learned is learned in the training "
        "part where scores are used for prediction. "
        f"Raw {analyte.unit} of different assays were never pooled."
    )


def _quality(findings: Findings) -> str:
    label = findings.study.analyte.label
    return (
        "At the first visit, each cohort was described by the share of missing values of every "
        "variable and group, the share of measurements below the detection limit (Wilson "
        "intervals), preference of terminal digits (share of 0 and 5; chi-square against even "
        "digits), Cronbach's alpha of the nine PHQ-9 items (interval of Feldt), agreement of the "
        "total as given with the sum of the items, and the lag between blood draw and "
        f"questionnaire. People with {label} were compared with those without by standardised "
        "differences (Austin 2009; of categories, Yang and Dalton 2012)."
    )


def _batches(findings: Findings) -> str:
    """Return how batches were looked at; nothing where no cohort names any."""
    table = findings.table
    named = (table["analysis"] == "batch_drift") | (table["measure"] == "within_batch")
    if not named.any():
        return ""
    gates = findings.study.gates
    return (
        "Whether batches of the assay tell the groups apart was judged by the share of the "
        "contrast within batches, 1 − R² of being a case on batch (Cramér's V²). Below "
        f"{level(gates.within_batch)} the contrast is not estimable in that cohort and does not "
        "enter the synthesis. Drift was looked for in a control chart: geometric mean of each "
        "batch, adjusted for age, sex and diagnosis, with limits of 3 standard errors around the "
        "level of all batches."
    )


def _overlap(findings: Findings) -> str:
    """Return how the same people in two cohorts were looked for; nothing for one cohort."""
    if not any(findings.table["analysis"] == "overlap"):
        return ""
    label = findings.study.analyte.label
    return (
        "Every two cohorts were searched for the same people: keys that agree in sex and age, and "
        f"rows that agree in {label}, age and sex, each against what chance gives (Poisson tail "
        "below one in a million). Of cohorts that overlap, the one with more people measured is "
        "kept and the other left out of everything that is done over cohorts."
    )


def _verdicts(findings: Findings) -> str:
    text = (
        "Each claim, its estimand, direction, margin and bound were declared in the configuration. "
        "A claim about an effect is supported if the interval of the pooled estimate lies wholly "
        "beyond the margin in the claimed direction; refuted if it lies wholly on the other side "
        "of zero, or if two one-sided tests at "
        f"{level(findings.study.equivalence_alpha)} place the effect within the margin; "
        "inconclusive otherwise. "
    )
    claims = list(findings.claims.values())
    if any(claim.kind == "diagnostic" for claim in claims):
        text += (
            "A claim that the analyte works as a test is supported if the lower limit of the "
            "pooled AUC in left-out cohorts reaches the bound and the interval of the added AUC "
            "lies beyond the margin, the groups differing in the claimed direction; refuted if "
            "they differ in the opposite direction, if the upper limit of the AUC stays below the "
            "bound, or if the added AUC is shown to be below the margin; inconclusive otherwise. "
        )
    declared = "; ".join(_declared(claim, findings) for claim in claims)
    text += (
        "A claim is not evaluable if its analysis is missing or fewer cohorts than declared have "
        f"an estimate. Margins and bounds: {declared}. "
    )
    if any(claim.estimand.population != ALL for claim in claims):
        text += (
            "A claim about a subset is judged by the estimates among these people alone, and so is "
            "all that stands beside its verdict; numbers of these people are rounded. "
        )
    return text + (
        "For inconclusive claims, the number of people needed assumes that the estimate stays and "
        "the interval narrows with the root of the number of people. Beside each verdict stand p "
        "values against no effect, adjusted by Holm within each declared family of claims and by "
        "Benjamini–Hochberg over the others, E-values, the share of the declared combinations of "
        "choices with the same verdict, and the tipping point of "
        "imputed values. Verdicts rest on intervals and margins, one claim at a time."
    )


def _declared(claim: Claim, findings: Findings) -> str:
    bound = f", AUC bound {claim.bound:.2f}" if claim.bound else ""
    label = words.population(claim.estimand.population, findings.study)
    among = f", among: {label}" if label else ""
    return f"{claim.id} ({claim.direction}, margin {margin_text(claim)}{bound}{among})"


def _disclosure(findings: Findings) -> str:
    n = findings.min_cell
    return (
        f"Counts from 1 to {n - 1} are shown as <{n}. Where a total would give such a count back, "
        f"a larger count beside it is rounded (≈) or given as ≥{n}; medians, means and shares of "
        "groups below the limit are left out. Curves are on a coarse grid; no minimum, maximum or "
        "value of a single person is shown."
    )


def _software(findings: Findings) -> str:
    found = versions()
    libraries = ", ".join(f"{name} {number}" for name, number in found.items() if name != "igfmood")
    return (
        f"igfmood {found['igfmood']} ({libraries}); seed {findings.study.seed}. Digests of the "
        "code and of the inputs behind each result are listed under Provenance."
    )


def _and(names: Iterable[str]) -> str:
    found = list(names)
    return found[0] if len(found) == 1 else f"{', '.join(found[:-1])} and {found[-1]}"
