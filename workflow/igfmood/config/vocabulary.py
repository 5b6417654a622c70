"""The words that every cohort is translated into.

Takes nothing; gives the canonical variables (kind, unit, possible range) and the diagnoses, which
the configuration is checked against and the cohort stage maps to.
"""

from dataclasses import dataclass
from typing import Literal

Kind = Literal["text", "number", "flag", "category", "date"]


@dataclass(frozen=True)
class Variable:
    """One canonical variable.

    Parameters
    ----------
    name, kind, meaning
        Column name, how its values are read, and what it says.
    unit
        Unit of a number, empty otherwise.
    low, high
        Limits outside which a number is impossible (the row is quarantined).
    categories
        The only values that a category may have.
    """

    name: str
    kind: Kind
    meaning: str
    unit: str = ""
    low: float | None = None
    high: float | None = None
    categories: tuple[str, ...] = ()


_VARIABLES = (
    Variable("participant_id", "text", "key of the person within the cohort"),
    Variable("visit", "text", "which visit the row belongs to"),
    Variable("age_years", "number", "age at the visit", "years", 0, 110),
    Variable("sex", "category", "sex", categories=("female", "male")),
    Variable("bmi", "number", "body mass index", "kg/m2", 8, 150),
    Variable("smoking", "category", "smoking", categories=("never", "former", "current")),
    Variable("alcohol_g_day", "number", "alcohol", "g/day", 0, 1000),
    Variable("height_cm", "number", "height", "cm", 50, 260),
    Variable("fasting_h", "number", "hours since the last meal", "h", 0, 200),
    Variable("crp", "number", "C-reactive protein", "mg/L", 0, 700),
    Variable("hba1c", "number", "glycated haemoglobin", "%", 2, 25),
    Variable("egfr", "number", "glomerular filtration rate", "mL/min/1.73 m2", 0, 250),
    Variable("alt", "number", "alanine aminotransferase", "U/L", 0, 20_000),
    Variable("cortisol", "number", "cortisol", "nmol/L", 0, 5_000),
    Variable("insulin", "number", "insulin", "mU/L", 0, 2_000),
    Variable("ethnicity", "text", "ethnicity as the source codes it"),
    Variable("site", "text", "study centre"),
    Variable("country", "text", "country"),
    Variable(
        "dx_status",
        "category",
        "status of the diagnosis",
        categories=("current", "remitted", "lifetime"),
    ),
    Variable(
        "mood_state",
        "category",
        "mood state at the visit",
        categories=("euthymic", "depressed", "manic", "mixed"),
    ),
    Variable("ad_use", "flag", "takes an antidepressant"),
    Variable("lithium", "flag", "takes lithium"),
    Variable("valproate", "flag", "takes valproate"),
    Variable("antipsychotic", "flag", "takes an antipsychotic"),
    Variable("oc_use", "flag", "takes a hormonal contraceptive"),
    Variable(
        "hrt_route",
        "category",
        "oestrogen therapy by route",
        categories=("none", "oral", "transdermal", "other"),
    ),
    Variable("glucocorticoid", "flag", "takes a systemic glucocorticoid"),
    Variable("gh_axis_drug", "flag", "takes a drug that acts on the GH axis"),
    Variable("pregnant", "flag", "pregnant at the visit"),
    Variable("gh_disorder", "flag", "acromegaly, GH deficiency or another disorder of the GH axis"),
    Variable("hypercortisolism", "flag", "Cushing syndrome"),
    Variable("cirrhosis", "flag", "cirrhosis or liver failure"),
    Variable("renal_failure", "flag", "dialysis or kidney failure"),
    Variable("active_cancer", "flag", "active cancer"),
    Variable("malnutrition", "flag", "malnutrition"),
    Variable("eating_disorder", "flag", "anorexia nervosa or another eating disorder"),
    Variable("dementia", "flag", "dementia"),
    Variable("analyte_date", "date", "day of the blood draw"),
    Variable("phq9_date", "date", "day of the questionnaire"),
    Variable(
        "lag_days", "number", "days from blood draw to questionnaire", "days", -40_000, 40_000
    ),
    Variable("stress_score", "number", "perceived stress", "points"),
    Variable("cognition_score", "number", "cognitive score", "points"),
    Variable("hippocampal_volume", "number", "hippocampal volume", "mm3", 0, 20_000),
    Variable("intracranial_volume", "number", "intracranial volume", "mm3", 0, 3_000_000),
    Variable("treatment", "text", "drug or trial arm"),
    Variable("dose_mg", "number", "dose", "mg/day", 0, 10_000),
    Variable("response", "flag", "responded to treatment"),
    Variable("incident_depression", "flag", "depressed during follow-up, not before"),
    Variable("incident_bipolar", "flag", "bipolar disorder during follow-up, not before"),
    Variable(
        "entry_years",
        "number",
        "when follow-up begins, on the scale of followup_years (0: at the first visit)",
        "years",
        0,
        110,
    ),
    Variable("followup_years", "number", "length of follow-up", "years", 0, 110),
    Variable("weight_survey", "number", "survey weight", "", 0, None),
    Variable("stratum_survey", "text", "stratum of the survey design"),
    Variable("psu_survey", "text", "primary sampling unit of the survey design"),
)
VARIABLES: dict[str, Variable] = {variable.name: variable for variable in _VARIABLES}

#: Variables that are substances in blood, and may be the analyte of a study.
SUBSTANCES = ("crp", "cortisol", "insulin")

#: Variables that may be adjusted for or predict: known before the outcome, and no part of it.
COVARIATES = (
    "age_years", "sex", "bmi", "smoking", "alcohol_g_day", "height_cm", "fasting_h", "crp", "hba1c",
    "egfr", "alt", "pregnant", "ad_use", "lithium", "valproate", "antipsychotic", "oc_use",
    "hrt_route", "glucocorticoid", "stress_score", "cognition_score", "hippocampal_volume",
    "intracranial_volume",
)  # fmt: skip

#: What a diagnosis may be after mapping. ``unknown`` is kept, and belongs to no group.
DIAGNOSES = ("control", "mdd", "bipolar", "scz", "other", "unknown")
#: Labels that carry a subtype beside the diagnosis.
SUBTYPES = {"bipolar_1": "bipolar", "bipolar_2": "bipolar"}

#: Of several diagnoses of one person the first of these counts: bipolar wins over unipolar.
HIERARCHY = ("bipolar", "scz", "mdd", "other", "control", "unknown")
DX_STATUSES = ("current", "remitted", "lifetime")
ASCERTAINMENTS = (
    "interview", "register", "self_report", "algorithm", "medication", "unknown",
)  # fmt: skip
#: Flags read from ATC codes or drug names, and from codes of diseases.
DRUG_VARIABLES = (
    "ad_use", "lithium", "valproate", "antipsychotic", "oc_use", "hrt_route", "glucocorticoid",
    "gh_axis_drug",
)  # fmt: skip
CONDITION_VARIABLES = (
    "pregnant", "gh_disorder", "hypercortisolism", "cirrhosis", "renal_failure", "active_cancer",
    "malnutrition", "eating_disorder", "dementia",
)  # fmt: skip

#: Other depression scales: highest possible total.
SCALES = {"cesd": 60, "bdi2": 63, "hamd": 52, "madrs": 60}

#: Where a PHQ-9 total may come from.
PHQ9_SOURCES = (
    "", "complete", "prorated", "imputed", "given", *(f"converted:{scale}" for scale in SCALES),
)  # fmt: skip
#: Severity bands of the PHQ-9: name and lowest total.
PHQ9_BANDS = {"none": 0, "mild": 5, "moderate": 10, "moderately_severe": 15, "severe": 20}
PHQ9_SEVERITIES = tuple(PHQ9_BANDS)

#: Names of the PHQ-9 items, in the order of the questionnaire.
PHQ9_ITEMS = tuple(f"phq{item}" for item in range(1, 10))
