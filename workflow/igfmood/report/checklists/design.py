"""What a run says of the design of a study, its people, measurements and methods.

Takes the findings; gives facts from the configuration, with the rows that were made by it.
"""

from igfmood.config.cohort import Cohort
from igfmood.provenance import versions
from igfmood.report import words
from igfmood.report.checklists.facts import Fact, if_any, rows
from igfmood.report.load import Findings
from igfmood.report.methods import DESIGNS
from igfmood.report.numbers import level

#: Subsets that are named; the others are counted.
_FEW = 4
_COHORTS = "methods-cohorts-and-outcome"
_MEASURED = "methods-measurement-and-standardisation"


def objectives(findings: Findings) -> Fact:
    """Return what was claimed before."""
    n = len(findings.claims)
    label = findings.study.analyte.label
    ids = tuple(one for verdict in findings.verdicts for one in verdict.result_ids)
    text = f"{n} claim{'s' if n != 1 else ''} about {label}, declared with direction and margin."
    return Fact((text,), "verdicts", ids, ("claims", "analyte.label"))


def standing(findings: Findings) -> Fact:
    """Return whether claims were fixed before outcomes were read."""
    # What was changed comes after a colon and a space; the colon of a clock has none.
    text = f"Claims and analysis: {findings.fixed.says.split(': ')[0]}."
    return Fact((text,), "prespecified", keys=("lock",))


def designs(findings: Findings) -> Fact:
    """Return the design of each cohort."""
    named = "; ".join(f"{one.title}: {DESIGNS[one.design]}" for one in findings.study.cohorts)
    return Fact((f"{named}.",), _COHORTS, keys=("cohorts.design",))


def eligibility(findings: Findings) -> Fact | None:
    """Return the rules by which people were taken or left out."""
    titles = findings.titles()
    named = [
        f"{titles.get(name, name)}: {', '.join(item['rule'] for item in flow['excluded'])}"
        for name, flow in findings.flows.items()
        if flow.get("excluded")
    ]
    ids = rows(findings, analysis="flow", stratum="excluded")
    text = f"Rules, in their order. {'; '.join(named)}."
    return if_any(text, "people", ids, ("cohorts.include", "cohorts.exclude"))


def outcomes(findings: Findings) -> Fact:
    """Return what cases are told apart from, and how they were found."""
    tasks = "; ".join(task.label for task in findings.study.tasks)
    found = "; ".join(f"{one.title}: {_diagnosed(one)}" for one in findings.study.cohorts)
    keys = ("tasks", "cohorts.diagnosis", "cohorts.phq9")
    return Fact((f"Comparisons: {tasks}. Diagnoses: {found}.",), _COHORTS, keys=keys)


def _diagnosed(cohort: Cohort) -> str:
    if cohort.phq9_cutoff is not None:
        return f"PHQ-9 of {cohort.phq9_cutoff} or more"
    return "codes of the source" if cohort.diagnosis else "none"


def covariates(findings: Findings) -> Fact:
    """Return what estimates are adjusted for."""
    study = findings.study
    tiers = "; ".join(
        f"{words.tier(name)}: {', '.join(words.variable(one, study) for one in given) or 'nothing'}"
        for name, given in study.covariate_tiers.items()
    )
    place = "methods-differences-and-slopes-within-cohorts"
    return Fact((f"Adjusted for, by tier: {tiers}.",), place, keys=("covariate_tiers",))


def measurement(findings: Findings) -> Fact | None:
    """Return unit and assay of the analyte."""
    analyte = findings.study.analyte
    assays = [
        f"{one.title}: " + ("not named" if one.analyte.assay == "unknown" else one.analyte.assay)
        for one in findings.study.cohorts
        if one.analyte is not None
    ]
    if not assays:
        return None
    text = f"{analyte.label} in {analyte.unit}. Assays: {'; '.join(assays)}."
    return Fact((text,), _MEASURED, keys=("analyte.unit", "cohorts.analyte.assay"))


def matrix(findings: Findings) -> Fact | None:
    """Return what was assayed."""
    found = [
        f"{one.title}: {one.analyte.matrix.replace('_', ' ')}"
        for one in findings.study.cohorts
        if one.analyte is not None
    ]
    text = f"Assayed: {'; '.join(found)}."
    return Fact((text,), _MEASURED, keys=("cohorts.analyte.matrix",)) if found else None


def measured_alike(findings: Findings) -> Fact | None:
    """Return how it was looked at whether all people were measured alike."""
    ids = rows(findings, analysis="quality", measure=["within_batch", "smd_measured"])
    text = (
        "Batches against diagnosis, and people with a measurement against those without, are shown "
        "for every cohort that has them."
    )
    return if_any(text, "quality", ids)


#: Analysis: the source of bias that it looks for.
_BIASES = {
    "quality": "batches and selective measurement",
    "overlap": "the same people in two cohorts",
    "below_limit": "values below the detection limit",
    "e_value": "unmeasured confounding (E-values)",
    "small_studies": "small-study effects",
}


def bias(findings: Findings) -> Fact | None:
    """Return which sources of bias were looked at."""
    found = {one: rows(findings, analysis=one) for one in _BIASES}
    named = [_BIASES[one] for one, ids in found.items() if ids]
    ids = tuple(one for some in found.values() for one in some)
    return if_any(f"Looked at: {', '.join(named)}.", "quality", ids)


def scores(findings: Findings) -> Fact | None:
    """Return how the analyte was made comparable."""
    label = findings.study.analyte.label
    text = (
        f"{label} enters as a standard deviation score by age and sex; raw values of different "
        "assays are never pooled."
    )
    return if_any(text, "reference", rows(findings, analysis="reference_curve"), ("normalise",))


def tails(findings: Findings) -> Fact:
    """Return the bounds of low and high."""
    shape, label = findings.study.shape, findings.study.analyte.label
    text = (
        f"Low and high {label}: below the {shape.low_percentile:g}th and above the "
        f"{shape.high_percentile:g}th percentile of the comparison group; else it is a number."
    )
    keys = ("shape.low_percentile", "shape.high_percentile")
    return Fact((text,), "shape", rows(findings, analysis="tails"), keys)


#: Analyses within cohorts that are pooled.
ASSOCIATIONS = (
    "contrast", "severity", "shape", "tails", "stress_buffering", "neuroplasticity", "cognition",
    "incidence", "treatment", "within_person",
)  # fmt: skip


def association(findings: Findings) -> Fact | None:
    """Return what was estimated within cohorts."""
    ids = rows(findings, analysis=list(ASSOCIATIONS))
    asked = set(findings.table["analysis"])
    named = ", ".join(words.ANALYSES[one] for one in ASSOCIATIONS if one in asked)
    text = f"Estimated within each cohort that has the columns: {named}."
    return if_any(text, "methods-differences-and-slopes-within-cohorts", ids)


def synthesis(findings: Findings) -> Fact | None:
    """Return how cohorts were pooled."""
    ids = rows(findings, analysis=list(ASSOCIATIONS), measure="tau2")
    text = (
        "Cohorts are pooled by random effects with Knapp–Hartung and normal intervals, with "
        "prediction intervals."
    )
    return if_any(text, "methods-synthesis", ids, ("level",))


def subsets(findings: Findings) -> Fact | None:
    """Return among whom estimates were repeated."""
    found = findings.study.subsets
    ids = rows(findings, stratum=[one.name for one in found])
    more = f" and {len(found) - _FEW} more subsets" if len(found) > _FEW else ""
    text = f"Repeated among: {', '.join(one.label for one in found[:_FEW])}{more}."
    return if_any(text, "methods-subsets-and-choices", ids, ("subsets",))


def medication(findings: Findings) -> Fact | None:
    """Return how antidepressants were dealt with."""
    ids = rows(findings, stratum=["ad_free", "ad_users"])
    text = "Estimates are repeated in people with and without an antidepressant."
    return if_any(text, "methods-subsets-and-choices", ids, ("subsets",))


def interactions(findings: Findings) -> Fact | None:
    """Return which interactions were estimated."""
    sex = rows(findings, analysis="shape", measure="interaction")
    stress = rows(findings, analysis="stress_buffering", measure="beta")
    named = [name for name, ids in (("sex", sex), ("stress", stress)) if ids]
    return if_any(f"Interaction with {' and '.join(named)}.", "shape", (*sex, *stress))


def imputation(findings: Findings) -> Fact:
    """Return what was done about missing values."""
    how = findings.study.imputation
    text = (
        f"{how.m} completed tables by chained equations ({how.iterations} iterations), pooled by "
        "Rubin's rules; complete cases beside them."
        if how.m else "People with a missing value are left out."
    )  # fmt: skip
    ids = rows(findings, analysis="imputation")
    return Fact((text,), "methods-missing-values", ids, ("imputation.m", "imputation.iterations"))


def sampling(findings: Findings) -> Fact | None:
    """Return whose sampling entered the analysis."""
    named = [one.title for one in findings.study.cohorts if one.columns.get("weight_survey")]
    text = (
        f"Weights, strata and sampling units enter linear and logistic models: {', '.join(named)}."
    )
    place = "methods-differences-and-slopes-within-cohorts"
    return Fact((text,), place, keys=("cohorts.columns.weight_survey",)) if named else None


def forks(findings: Findings) -> Fact | None:
    """Return under which choices estimates were repeated."""
    ids = rows(findings, analysis="specification")
    text = "Main numbers are estimated under every combination of the declared choices."
    return if_any(text, "methods-subsets-and-choices", ids, ("forks",))


def tipping(findings: Findings) -> Fact | None:
    """Return how far imputed values were shifted."""
    shift = findings.study.imputation.delta
    text = f"Imputed scores are shifted by up to {shift:g} SD."
    ids = rows(findings, analysis=["tipping", "tipping_point"])
    return if_any(text, "methods-missing-values", ids, ("imputation.delta",))


def below_limit(findings: Findings) -> Fact | None:
    """Return what was done about values below the detection limit."""
    text = "Values below the detection limit are marked; every treatment in use is compared."
    ids = rows(findings, analysis="below_limit")
    return if_any(text, _MEASURED, ids, ("normalise.below_limit",))


def multiplicity(findings: Findings) -> Fact | None:
    """Return how several claims were allowed for."""
    text = (
        "p values adjusted by Holm within declared families, by Benjamini–Hochberg over the rest."
    )
    ids = rows(findings, analysis="multiplicity")
    return if_any(text, "methods-claims-and-verdicts", ids, ("claims",))


def limits(findings: Findings) -> Fact:
    """Return where the limits stand that follow from data and configuration."""
    text = (
        "The report lists the limits that follow from the data and the configuration; intervals "
        f"are at {level(findings.study.level)}."
    )
    return Fact((text,), "limits", keys=("cohorts", "imputation", "level"))


def software(findings: Findings) -> Fact:
    """Return what computed the numbers."""
    text = (
        f"igfmood {versions()['igfmood']}, seed {findings.study.seed}; every row has the digests "
        "of code and inputs."
    )
    return Fact((text,), "provenance", keys=("seed",))
