"""The truth behind every claim of the study.

Takes: the planted effects.
Gives: one mapping per claim: estimand, unit, true value, direction relative to the article.
"""

from typing import Any

from scipy.special import ndtr

from igfmood.simulate.effects import TRUTH


def _claim(
    estimand: str, unit: str, value: float, direction: str, cohorts: list[str], **more: Any
) -> dict[str, Any]:
    """One claim's mapping, in reading order."""
    return {
        "estimand": estimand,
        "unit": unit,
        "true_value": value,
        "relative_to_article": direction,
        "cohorts": cohorts,
        **more,
    }


def claim_truths() -> dict[str, dict[str, Any]]:
    """True values by claim identifier.

    Returns
    -------
    dict of dict
    """
    auc = round(float(ndtr(abs(TRUTH.depression) / 2**0.5)), 4)
    article_bipolar_auc = round(float(ndtr(-TRUTH.bipolar / 2**0.5)), 4)
    return {
        "depression_lower": _claim(
            "mean true IGF-1 SDS of depressed people minus controls of the same age and sex; "
            "in population a case is PHQ-9 >= 10 at visit 1",
            "SD of controls (SMD)",
            TRUTH.depression,
            "same direction",
            ["clinic", "register", "population", "imaging"],
            antidepressant_users_minus_non_users=TRUTH.antidepressant,
        ),
        "bipolar_deficiency": _claim(
            "mean true IGF-1 SDS of bipolar patients minus controls of the same age and "
            "sex, in either mood state",
            "SD of controls (SMD)",
            TRUTH.bipolar,
            "opposite direction",
            ["clinic", "register", "imaging"],
        ),
        "diagnostic_depression": _claim(
            "AUC of low true IGF-1 SDS, the marker alone, for depression against controls: "
            "Phi(0.6 / sqrt 2)",
            "AUC",
            auc,
            "same direction",
            ["clinic", "register", "population", "imaging"],
            implied_auc_marker_alone=auc,
        ),
        "diagnostic_bipolar": _claim(
            "AUC of low true IGF-1 SDS, the marker alone, for bipolar disorder against "
            "controls: Phi(-0.6 / sqrt 2)",
            "AUC",
            article_bipolar_auc,
            "opposite direction",
            ["clinic", "register", "imaging"],
            implied_auc_marker_alone=auc,
            marker_alone_note="high IGF-1 taken as the marker",
        ),
        "both_tails": _claim(
            "coefficient of squared true SDS in the logit of depression (equal-variance normal "
            "groups: exactly linear)",
            "log odds per squared SDS",
            TRUTH.curvature,
            "no U-shape",
            ["clinic", "register", "population", "imaging"],
            linear_log_odds_per_sds=TRUTH.depression,
            tail_excess_log_odds=TRUTH.tail_excess,
        ),
        **_outcome_truths(),
    }


def _outcome_truths() -> dict[str, dict[str, Any]]:
    """Claims about outcomes other than diagnosis."""
    return {
        "cognition": _claim(
            "slope of cognition_z on true SDS, with or without diagnosis, age and sex as "
            "covariates",
            "SD of score per SDS",
            TRUTH.cognition,
            "same direction",
            ["imaging"],
        ),
        "stress_buffering": _claim(
            "interaction of perceived stress (per SD) with true SDS on PHQ-9 total, "
            "with or without diagnosis as covariate",
            "SD of the cohort's PHQ-9 total per SD of stress and SDS",
            TRUTH.stress_by_igf1,
            "same direction",
            ["imaging"],
            stress_slope_at_sds_0=TRUTH.stress,
        ),
        "hippocampal_volume": _claim(
            "slope of hippocampal volume on true SDS given intracranial volume, age and sex",
            "SD of volume (400 mm3) per SDS",
            TRUTH.hippocampus,
            "same direction",
            ["imaging"],
            mm3_per_sds=TRUTH.hippocampus * 400.0,
        ),
        "treatment_response": _claim(
            "log odds of response (PHQ-9 down by 50 % or more at week 8) per baseline SDS, "
            "in every arm",
            "log odds per SDS",
            TRUTH.response,
            "no effect",
            ["trial"],
            log_odds_per_sds_of_change=TRUTH.response,
        ),
    }


def other_truths() -> dict[str, float]:
    """Planted effects that are no claim of their own.

    Returns
    -------
    dict of float
    """
    return {
        "incident_depression_log_hazard_per_sds": TRUTH.incidence,
        "schizophrenia_smd": TRUTH.schizophrenia,
        "oral_contraceptive_sds": TRUTH.contraceptive,
        "antidepressant_sds_in_depressed_users": TRUTH.antidepressant,
        "lithium_sds": 0.0,
        "smoking_sds": 0.0,
        "pregnancy_sds": 0.0,
        "phq9_within_group_sds": 0.0,
    }
