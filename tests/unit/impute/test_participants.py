"""The completed tables of a cohort: what is filled, with what, and what is left alone."""

import numpy as np
import pandas as pd
import pytest

from builders import make_study, people
from igfmood.association.people import people_at_baseline
from igfmood.config.vocabulary import VARIABLES
from igfmood.impute import participants
from igfmood.impute.participants import complete

M = 20
QUICK = {"m": M, "iterations": 3}
TIERS = {"adjusted": ["age_years", "sex", "bmi", "smoking"]}
STUDY = make_study(covariate_tiers=TIERS, imputation=QUICK)
(CLINIC,) = STUDY.cohorts


def at_baseline(table, study=STUDY):
    return people_at_baseline(table.reset_index(drop=True), study)


def gappy(n=300, seed=1):
    """People whose BMI follows from age and is missing in the older ones more often."""
    table = people({"control": n // 2, "mdd": n // 2}, seed=seed)
    rng = np.random.default_rng(seed)
    table["bmi"] = 20 + 0.1 * table["age_years"] + rng.normal(0, 2, n)
    table["smoking"] = rng.choice(["never", "former", "current"], n)
    table["ad_use"] = pd.array(rng.random(n) < 0.4, dtype="boolean")
    whole = table.copy()
    gone = rng.random(n) < np.where(table["age_years"] > 45, 0.5, 0.1)
    table.loc[gone, "bmi"] = np.nan
    table.loc[rng.random(n) < 0.1, "smoking"] = np.nan
    table.loc[rng.random(n) < 0.1, "ad_use"] = pd.NA
    return whole, table


def test_gaps_are_filled_and_nothing_else_is_touched():
    _, table = gappy()
    before = at_baseline(table)
    found = complete(before, STUDY, CLINIC)
    assert len(found.tables) == M
    assert set(found.filled) == {"bmi", "smoking", "ad_use"}
    for one in found.tables:
        for name, rows in found.filled.items():
            np.testing.assert_array_equal(rows, before[name].isna())
            assert one[name].notna().all()
            assert one[name].dtype == before[name].dtype
        rest = before.columns.difference(list(found.filled))
        pd.testing.assert_frame_equal(one[rest], before[rest])
        for name, rows in found.filled.items():
            pd.testing.assert_series_equal(one[name][~rows], before[name][~rows])
    assert found.note == ""


def test_imputed_values_are_values_that_occur():
    _, table = gappy()
    before = at_baseline(table)
    for one in complete(before, STUDY, CLINIC).tables:
        assert set(one["bmi"]) <= set(before["bmi"].dropna())
        assert set(one["smoking"]) == {"never", "former", "current"}


def test_what_a_covariate_follows_from_is_kept():
    """The observed are younger and lighter; imputed values must be those of older people."""
    whole, table = gappy(n=1200)
    found = complete(at_baseline(table), STUDY, CLINIC)
    gone = found.filled["bmi"]
    truth, seen = whole["bmi"].mean(), table["bmi"].mean()
    imputed = np.mean([one["bmi"].mean() for one in found.tables])
    # 1200 people of SD 2.5, 380 of them imputed 20 times: standard error of the mean about 0.06.
    assert truth - seen > 0.3
    assert imputed == pytest.approx(truth, abs=0.2)
    slope = np.mean(
        [np.polyfit(one["age_years"][gone], one["bmi"][gone], 1)[0] for one in found.tables]
    )
    assert slope == pytest.approx(0.1, abs=0.02)


def test_the_same_seed_and_cohort_give_the_same_tables_and_others_do_not():
    _, table = gappy()
    before = at_baseline(table)
    first, again = (complete(before, STUDY, CLINIC) for _ in range(2))
    pd.testing.assert_frame_equal(first.tables[0], again.tables[0])
    other = complete(before, STUDY, CLINIC.model_copy(update={"name": "elsewhere"}))
    reseeded = complete(before, STUDY.model_copy(update={"seed": 2}), CLINIC)
    for different in (other, reseeded):
        assert not first.tables[0]["bmi"].equals(different.tables[0]["bmi"])
    assert not first.tables[0]["bmi"].equals(first.tables[1]["bmi"])


@pytest.mark.parametrize(
    ("settings", "change", "note"),
    [
        ({"m": 0}, {}, "imputation is switched off"),
        (QUICK, {"bmi": 25.5, "smoking": "never", "ad_use": pd.NA}, "nothing that can be imputed"),
    ],
)
def test_where_nothing_is_imputed_a_note_says_why(settings, change, note):
    _, table = gappy()
    study = make_study(covariate_tiers=TIERS, imputation=settings)
    found = complete(at_baseline(table.assign(**change), study), study, CLINIC)
    assert (found.tables, found.filled, found.imputations) == ((), {}, None)
    assert note in found.note


def test_what_is_mostly_missing_or_too_rare_is_left_with_the_reason():
    _, table = gappy()
    table.loc[:179, "bmi"] = np.nan
    table["smoking"] = table["smoking"].mask(table["smoking"] == "current", "never")
    table.loc[[1, 2], "smoking"] = "current"
    found = complete(at_baseline(table), STUDY, CLINIC)
    share = table["bmi"].isna().mean()
    assert share > 0.5
    assert found.left == {
        "bmi": f"missing in {share:.0%} of the people",
        "smoking": "too many categories, or too few people in one",
    }
    assert not {"bmi", "smoking"} & set(found.filled)


def test_a_variable_that_nobody_has_is_no_gap():
    _, table = gappy()
    table["stress_score"] = np.nan
    found = complete(at_baseline(table), STUDY, CLINIC)
    assert "stress_score" not in found.filled
    assert "stress_score" not in found.left


LIMIT = -0.8


def censored(n=400):
    """People with scores below a limit, and some who were not measured."""
    table = people({"control": n}, seed=6)
    below = table["igf1_sds"] < LIMIT
    unmeasured = ~below & (np.arange(n) % 10 == 0)
    measured = ["igf1_value", "igf1_ng_ml", "igf1_harmonised_ng_ml", "igf1_sds"]
    truth = table["igf1_sds"].copy()
    table["igf1_below_lod"] = below
    table["igf1_sds_limit"] = np.where(below, LIMIT, np.nan)
    table.loc[below, "igf1_sds"] = LIMIT - 0.2
    table.loc[unmeasured, measured] = np.nan
    return table, truth, below.to_numpy(), unmeasured.to_numpy()


def test_scores_below_the_limit_are_drawn_below_it_in_every_table():
    table, truth, below, unmeasured = censored()
    found = complete(at_baseline(table), STUDY, CLINIC)
    np.testing.assert_array_equal(found.filled["igf1_sds"], below | unmeasured)
    scores = np.array([one["igf1_sds"] for one in found.tables])
    assert (scores[:, below] < LIMIT).all()
    assert (scores[:, unmeasured] > LIMIT).any()
    # Below -0.8 a standard normal has mean -1.37; 85 people of SD 0.5: standard error 0.05.
    assert scores[:, below].mean() == pytest.approx(truth[below].mean(), abs=0.2)
    assert not np.ptp(scores[:, ~below & ~unmeasured], axis=0).any()


def test_the_log_score_follows_from_an_imputed_score_and_keeps_what_was_measured():
    table, _, below, unmeasured = censored(n=800)
    no_score = np.arange(800) % 10 == 5
    table.loc[no_score, "igf1_sds"] = np.nan
    before = at_baseline(table)
    found = complete(before, STUDY, CLINIC)
    filled = found.filled["igf1_log"]
    np.testing.assert_array_equal(filled, below | unmeasured)
    one = found.tables[0]
    pd.testing.assert_series_equal(one["igf1_log"][~filled], before["igf1_log"][~filled])
    # `people` builds log IGF-1 as 5.5 - 0.012 age - 0.05 female + 0.3 SDS, without error.
    logs = 5.5 - 0.012 * one["age_years"] - 0.05 * (one["sex"] == "female") + 0.3 * one["igf1_sds"]
    known = np.log(before["igf1_harmonised_ng_ml"])
    expected = (logs - known.mean()) * (before["igf1_log"] / (known - known.mean())).median()
    np.testing.assert_allclose(one["igf1_log"][filled], expected[filled], atol=1e-6)


def test_small_groups_of_diagnosis_predict_together():
    _, table = gappy()
    table.loc[:3, "diagnosis"] = "scz"
    table.loc[4:8, "diagnosis"] = "other"
    found = complete(at_baseline(table), STUDY, CLINIC)
    codes = found.imputations.variable("diagnosis").values
    small = table["diagnosis"].isin(["scz", "other"]).to_numpy()
    assert len(set(codes[small])) == 1
    assert len(set(codes)) == 3
    assert not set(codes[small]) & set(codes[~small])


def test_outcomes_of_follow_up_and_survey_weights_predict():
    _, table = gappy()
    table["weight_survey"] = np.linspace(1, 9, len(table))
    table["followup_years"] = np.linspace(2, 3, len(table))
    found = complete(at_baseline(table), STUDY, CLINIC)
    assert {"weight_survey", "followup_years", "phq9_total", "diagnosis", "igf1_sds"} <= {
        one.name for one in found.imputations.variables
    }


def test_weights_that_go_with_a_covariate_reach_its_imputed_values():
    """Heavier people were sampled less: without the weight the imputed would be like the rest."""
    rng = np.random.default_rng(8)
    table = people({"control": 800}, seed=8).assign(smoking="never")
    table["weight_survey"] = rng.uniform(1, 9, 800)
    table["bmi"] = 18 + table["weight_survey"] + rng.normal(0, 1, 800)
    truth = table["bmi"].copy()
    table.loc[table["weight_survey"] > np.where(np.arange(800) % 2, 5, 99), "bmi"] = np.nan
    found = complete(at_baseline(table), STUDY, CLINIC)
    gone = found.filled["bmi"]
    imputed = np.mean([one["bmi"][gone].mean() for one in found.tables])
    assert truth[gone].mean() > truth[~gone].mean() + 2
    assert imputed == pytest.approx(truth[gone].mean(), abs=0.3)


def stressed(n, seed):
    """People whose slope of the PHQ-9 on stress falls by 1 point per SD of the analyte."""
    rng = np.random.default_rng(seed + 100)
    table = people({"control": n}, seed=seed).assign(smoking="never")
    stress = rng.normal(size=n)
    total = 12 + 1.5 * stress - table["igf1_sds"] * stress + rng.normal(0, 3, n)
    return table.assign(stress_score=stress, phq9_total=total.clip(0, 27)), rng.random(n) < 0.4


def test_an_interaction_is_not_flattened_where_stress_is_imputed():
    """Among imputed people alone; with score times stress as only product it would be -0.3."""
    n = 4000
    table, gone = stressed(n, seed=9)
    table.loc[gone, "stress_score"] = np.nan
    found = complete(at_baseline(table), STUDY, CLINIC)
    slopes = []
    for one in found.tables:
        x, s = one["stress_score"][gone], one["igf1_sds"][gone]
        design = np.column_stack([np.ones(gone.sum()), s * x, s, x])
        slopes.append(np.linalg.lstsq(design, one["phq9_total"][gone], rcond=None)[0][1])
    # Standard error 3 / sqrt(1600) = 0.075. Donors that match in the mean still lose some.
    assert -1 < np.mean(slopes) < -0.5


def test_every_name_that_always_predicts_is_a_variable():
    assert set(participants._ALWAYS) <= {*VARIABLES, "phq9_total"}
