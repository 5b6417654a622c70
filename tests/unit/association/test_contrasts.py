"""Group differences: the number is Hedges' g, and what cannot be estimated says why."""

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

from builders import POOLED, asked, cohort_data, make_study, people
from igfmood.association.effect_sizes import hedges_g
from igfmood.association.question import add_answers, answer
from igfmood.association.questions import contrasts, question_of
from igfmood.association.sample import Specification
from igfmood.errors import NotEstimable
from igfmood.results import Rows
from igfmood.splines import rcs_basis, rcs_knots

STUDY = make_study()
DEPRESSION = STUDY.tasks[0]
ADJUSTED = ["age_years", "sex", "bmi"]


def contrast(table, task, study, covariates):
    """Return the group difference of a task."""
    study = study.model_copy(update={"tasks": [task]})
    return asked(table, study, "contrast", task.name, "smd", covariates=covariates)


def groups(n=200, effect=-0.5, seed=1):
    return people({"control": n, "mdd": n}, effects={"mdd": effect}, seed=seed)


def found_by_hand(table):
    cases = table.loc[table["diagnosis"] == "mdd", "igf1_sds"]
    controls = table.loc[table["diagnosis"] == "control", "igf1_sds"]
    return hedges_g(
        cases.mean(), cases.std(), len(cases), controls.mean(), controls.std(), len(controls)
    )


def test_without_covariates_it_is_hedges_g_of_cases_minus_controls():
    table = groups()
    found, plain = contrast(table, DEPRESSION, STUDY, []), found_by_hand(table)
    assert found["estimate"] == pytest.approx(plain.g, rel=1e-12)
    # HC3 replaces the pooled variance by each group's own, slightly enlarged.
    assert found["se"] == pytest.approx(plain.se, rel=0.02)
    assert found["se"] != plain.se
    assert found["df"] == 398
    assert (found["n"], found["n_events"]) == (400, 200)
    assert found["ci_low"] < found["estimate"] < found["ci_high"] < 0
    assert "HC3" in found["method"]


def test_hc3_standard_error_of_two_groups_is_the_jackknife_one():
    table = groups(n=30)
    found = contrast(table, DEPRESSION, STUDY, [])
    sds = table.groupby("diagnosis")["igf1_sds"]
    # MacKinnon & White 1985: sum of squares over (n - 1)^2 in each group.
    variance = (sds.var(ddof=1) / (sds.size() - 1)).sum()
    spread = np.sqrt(sds.var(ddof=1).mean())
    g_part = found["estimate"] ** 2 / (2 * 60)
    assert found["se"] ** 2 == pytest.approx(variance / spread**2 + g_part, rel=1e-10)


def test_swapping_cases_and_controls_turns_the_sign():
    table = groups()
    back = DEPRESSION.model_copy(update={"cases": ["control"], "controls": ["mdd"]})
    there, turned = (contrast(table, task, STUDY, ADJUSTED) for task in (DEPRESSION, back))
    assert turned["estimate"] == pytest.approx(-there["estimate"], rel=1e-9)
    assert turned["se"] == pytest.approx(there["se"], rel=1e-9)


def test_adjustment_removes_what_a_covariate_explains():
    table = groups(effect=0)
    table["bmi"] += 6 * (table["diagnosis"] == "mdd")
    table["igf1_sds"] -= 0.2 * (table["bmi"] - 26)
    crude = contrast(table, DEPRESSION, STUDY, [])
    adjusted = contrast(table, DEPRESSION, STUDY, ADJUSTED)
    assert crude["estimate"] < -0.6
    assert abs(adjusted["estimate"]) < 0.25
    assert adjusted["df"] == 400 - 5


def test_order_and_unit_of_a_covariate_change_nothing():
    table = groups()
    before = contrast(table, DEPRESSION, STUDY, ADJUSTED)
    shuffled = table.sample(frac=1, random_state=1).assign(bmi=table["bmi"] * 1000 - 7)
    after = contrast(shuffled, DEPRESSION, STUDY, ADJUSTED[::-1])
    for key in ("estimate", "se", "p", "ci_low"):
        assert after[key] == pytest.approx(before[key], rel=1e-7)


def test_people_with_a_missing_covariate_or_of_another_group_are_left_out():
    table = pd.concat([groups(), people({"bipolar": 50, "unknown": 20}, seed=2)])
    table.loc[table.index[:30], "bmi"] = np.nan
    found = contrast(table.reset_index(drop=True), DEPRESSION, STUDY, ADJUSTED)
    used = groups().iloc[30:]
    assert found["estimate"] == pytest.approx(
        contrast(used, DEPRESSION, STUDY, ADJUSTED)["estimate"], rel=1e-12
    )
    assert found["n"] == 370


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"igf1_ng_ml": np.nan, "igf1_sds": np.nan}, "IGF-1 was not measured in this cohort"),
        ({"igf1_sds": np.nan}, "no reference curve for IGF-1"),
        ({"bmi": np.nan}, "bmi is not in this cohort"),
        ({"diagnosis": "control"}, "too few people with diagnosis mdd: 0 < 10"),
        ({"igf1_sds": 1.0}, "no residual variance|does not vary"),
    ],
)
def test_what_cannot_be_estimated_says_why(change, reason):
    with pytest.raises(NotEstimable, match=reason):
        contrast(groups().assign(**change), DEPRESSION, STUDY, ADJUSTED)


def test_a_covariate_that_the_cohort_does_not_have_is_named():
    with pytest.raises(NotEstimable, match="smoking is not in this cohort"):
        contrast(groups(), DEPRESSION, STUDY, ["smoking"])


def test_a_group_too_small_after_missing_data_says_so():
    table = groups(n=12)
    table.loc[table.index[-5:], "bmi"] = np.nan
    assert contrast(table, DEPRESSION, STUDY, [])["n"] == 24
    with pytest.raises(NotEstimable, match="mdd with complete data: 7 < 10"):
        contrast(table, DEPRESSION, STUDY, ADJUSTED)


def test_a_covariate_that_is_the_diagnosis_cannot_be_adjusted_for():
    table = groups()
    table["sex"] = np.where(table["diagnosis"] == "mdd", "female", "male")
    with pytest.raises(NotEstimable, match="linear combination"):
        contrast(table, DEPRESSION, STUDY, ["sex"])


def written(table, study=STUDY):
    rows = Rows(POOLED)
    data = cohort_data(table, study)
    for question in contrasts.questions(study):
        add_answers(rows, question, data)
    return rows.table()


def test_every_task_and_tier_has_a_row_estimable_or_not():
    table = written(groups())
    smd = table[(table["measure"] == "smd") & (table["stratum"] == "all")]
    smd = smd[smd["analysis"] == "contrast"]
    assert len(smd) == len(STUDY.tasks) * len(STUDY.covariate_tiers)
    assert set(smd.loc[smd["status"] == "ok", "target"]) == {"depression"}
    undone = smd[smd["status"] == "not_estimable"]
    assert undone["reason"].str.contains("too few people with diagnosis bipolar: 0 < 10").all()
    assert undone["estimate"].isna().all()


def test_subsets_and_forks_have_rows_and_name_what_the_cohort_lacks():
    table = written(groups())
    women = table[(table["stratum"] == "women") & (table["target"] == "depression")]
    assert women["status"].eq("ok").all()
    assert women["n"].iloc[0] < 400
    lacking = table[(table["stratum"] == "ad_free") & (table["target"] == "depression")]
    assert set(lacking["reason"]) == {"ad_use is not in this cohort"}
    forks = table[(table["analysis"] == "specification") & (table["target"] == "depression")]
    # The log concentration is asked only where age and sex are adjusted for.
    assert "all|log|imputed" in set(forks.loc[forks["adjustment"] == "adjusted", "stratum"])
    assert not forks.loc[forks["adjustment"] == "unadjusted", "stratum"].str.contains("log").any()


def test_only_the_first_visit_counts():
    table = groups()
    later = table.assign(visit="later", is_baseline=False, igf1_sds=9.0)
    both = written(pd.concat([table, later], ignore_index=True))
    pd.testing.assert_frame_equal(both, written(table))


def test_the_ratio_of_geometric_means_and_the_variance_ratio():
    table = groups(n=2000)
    logs = np.log(table["igf1_harmonised_ng_ml"]).groupby(table["diagnosis"])
    ratio = asked(table, STUDY, "contrast", "depression", "log_rom")
    assert ratio["estimate"] == pytest.approx(logs.mean()["mdd"] - logs.mean()["control"])
    spread = asked(table, STUDY, "contrast", "depression", "log_vr")
    by_hand = np.log(table.groupby("diagnosis")["igf1_sds"].std())
    assert spread["estimate"] == pytest.approx(by_hand["mdd"] - by_hand["control"], abs=1e-3)


def test_imputed_covariates_keep_everybody_and_the_estimate():
    rng = np.random.default_rng(5)
    table = groups(n=400)
    whole = contrast(table, DEPRESSION, STUDY, ADJUSTED)
    table.loc[rng.random(800) < 0.2, "bmi"] = np.nan
    some = asked(table, STUDY, "contrast", "depression", "smd", covariates=ADJUSTED)
    all_of_them = asked(
        table, STUDY, "contrast", "depression", "smd", covariates=ADJUSTED, missing="imputed"
    )
    assert some["n"] < 700 < all_of_them["n"] == 800
    assert "20 imputations" in all_of_them["method"]
    assert all_of_them["estimate"] == pytest.approx(whole["estimate"], abs=0.02)
    assert 0.99 * whole["se"] < all_of_them["se"] < some["se"]


def test_where_nothing_in_use_is_missing_one_table_is_enough():
    table = groups()
    table.loc[:20, "phq9_total"] = np.nan
    found = asked(table, STUDY, "contrast", "depression", "smd", missing="imputed")
    assert "imputations" not in found["method"]


def test_on_the_log_scale_the_ruler_is_the_sd_given_age_and_sex():
    """Log IGF-1 is 0.3 SDS beside age and sex: g is that of SDS, though the raw SD is larger."""
    table = people({"control": 900, "mdd": 600}, effects={"mdd": -0.5}, seed=6)
    study = make_study(imputation={"m": 0})
    data = cohort_data(table, study)
    question = question_of(study, "contrast", "depression", "smd", "")
    found = {
        scale: answer(question, Specification("adjusted", exposure=scale), data)["smd", ""]
        for scale in ("sds", "log")
    }
    assert found["log"]["estimate"] == pytest.approx(found["sds"]["estimate"], rel=0.03)
    assert found["log"]["se"] == pytest.approx(found["sds"]["se"], rel=0.03)
    assert "SD given age and sex (Hedges g)" in found["log"]["method"]
    assert "given age and sex" not in found["sds"]["method"]
    # By hand: residuals within groups of a regression on the spline of age and on sex.
    case, score = (table["diagnosis"] == "mdd").to_numpy(), data.people["igf1_log"].to_numpy()
    age, female = table["age_years"].to_numpy(), (table["sex"] == "female").to_numpy(float)
    columns = [np.ones(len(age)), case, female, *rcs_basis(age, rcs_knots(age, 4)).T]
    fit = sm.OLS(score, np.column_stack(columns).astype(float)).fit()
    adjusted = sm.OLS(
        score, np.column_stack([np.ones(len(age)), case, age, female, table["bmi"]]).astype(float)
    ).fit()
    expected = adjusted.params[1] / np.sqrt(fit.ssr / fit.df_resid)
    assert found["log"]["estimate"] == pytest.approx(expected, rel=2e-3)
