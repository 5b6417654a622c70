"""Cognition and the analyte at one time: SDs per SD, against least squares by statsmodels."""

import numpy as np
import pytest
import statsmodels.api as sm

from builders import POOLED, asked, cohort_data, make_study, people
from igfmood.association.question import add_answers
from igfmood.association.questions import cognition
from igfmood.errors import NotEstimable
from igfmood.results import Rows

STUDY = make_study(imputation={"m": 0})
IMPUTING = make_study(imputation={"m": 20, "iterations": 3})
ADJUSTED = ("age_years", "sex", "bmi")


def examined(n=300, slope=3.0, seed=8):
    """People whose score (SD about 10) falls with age and rises with the analyte."""
    table = people({"control": n}, seed=seed)
    rng = np.random.default_rng(seed + 10)
    score = 120 - 0.4 * table["age_years"] + slope * table["igf1_sds"] + rng.normal(0, 8, n)
    return table.assign(cognition_score=score)


def ask(table, names=ADJUSTED, study=STUDY, **more):
    return asked(table, study, "cognition", "cognition_score", "beta", covariates=names, **more)


def by_hand(table, **how):
    female = (table["sex"] == "female").astype(float)
    columns = [table["igf1_sds"], table["age_years"], female, table["bmi"]]
    design = np.column_stack([np.ones(len(table)), *columns])
    score = table["cognition_score"]
    z = ((score - score.mean()) / score.std()).to_numpy()
    return sm.OLS(z, design).fit(**how)


def test_it_is_least_squares_of_the_standardised_score():
    table = examined()
    found, expected = ask(table), by_hand(table, cov_type="HC3", use_t=True)
    assert found["estimate"] == pytest.approx(expected.params[1], rel=1e-8)
    assert found["se"] == pytest.approx(expected.bse[1], rel=1e-8)
    assert found["p"] == pytest.approx(expected.pvalues[1], rel=1e-5)
    assert (found["df"], found["n"]) == (295, 300)
    assert found["method"].startswith("SD of the cognitive score per SD; OLS with HC3")


def test_hc3_and_not_the_classical_error_where_the_spread_grows_with_the_analyte():
    table = examined(n=600)
    noise = np.random.default_rng(1).normal(0, 6, 600)
    table["cognition_score"] += noise * np.abs(table["igf1_sds"]) ** 1.5
    found = ask(table)
    assert found["se"] > 1.3 * by_hand(table).bse[1]


def test_the_planted_slope_is_inside_its_interval():
    table = examined(n=1500)
    found = ask(table)
    assert found["ci_low"] < 3.0 / table["cognition_score"].std() < found["ci_high"]
    assert found["ci_low"] > 0
    nothing = ask(examined(n=1500, slope=0.0))
    assert nothing["ci_low"] < 0 < nothing["ci_high"]


def test_the_scale_of_the_score_does_not_matter():
    table = examined()
    other = table.assign(cognition_score=2 * table["cognition_score"] - 500)
    assert ask(other)["estimate"] == pytest.approx(ask(table)["estimate"], rel=1e-9)


def test_the_outcome_is_no_covariate_of_itself():
    table = examined()
    found = ask(table, ("cognition_score", *ADJUSTED))
    assert found["estimate"] == pytest.approx(ask(table)["estimate"], rel=1e-9)


def test_a_survey_is_weighted_and_so_is_its_standard_deviation():
    table = examined()
    n = len(table)
    weights = np.where(table["age_years"] > 45, 6.0, 1.0)
    table = table.assign(
        weight_survey=weights, stratum_survey=(np.arange(n) % 5).astype(str),
        psu_survey=(np.arange(n) // 5 % 2).astype(str),
    )  # fmt: skip
    score = table["cognition_score"]
    mean = np.average(score, weights=weights)
    sd = np.sqrt(np.average((score - mean) ** 2, weights=weights) * n / (n - 1))
    assert abs(sd / score.std() - 1) > 0.03
    expected = sm.WLS(score / sd, sm.add_constant(table[["igf1_sds"]]), weights).fit()
    found = ask(table, ())
    assert found["estimate"] == pytest.approx(expected.params["igf1_sds"], rel=1e-8)
    assert found["df"] == 5
    assert "Taylor" in found["method"]


def test_imputed_covariates_keep_everybody_who_was_tested():
    table = examined()
    table.loc[:59, "bmi"] = np.nan
    table.loc[60:79, "cognition_score"] = np.nan
    some, everybody = ask(table), ask(table, study=IMPUTING, missing="imputed")
    assert (some["n"], everybody["n"]) == (220, 280)
    assert everybody["se"] < some["se"]
    assert everybody["estimate"] == pytest.approx(ask(examined())["estimate"], abs=some["se"])


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"cognition_score": np.nan}, "cognition_score is not in this cohort"),
        ({"cognition_score": 100.1}, "cognition_score does not vary"),
        ({"bmi": np.nan}, "bmi is not in this cohort"),
        ({"igf1_sds": np.nan, "igf1_ng_ml": np.nan}, "IGF-1 was not measured"),
    ],
)
def test_what_cannot_be_estimated_says_why(change, reason):
    with pytest.raises(NotEstimable, match=reason):
        ask(examined().assign(**change))


def test_too_few_people_say_how_many():
    with pytest.raises(NotEstimable, match="too few people with complete data: 19 < 20"):
        ask(examined(n=19))


def test_every_number_has_its_rows():
    table = examined(n=200)
    table.loc[:20, "bmi"] = np.nan
    rows = Rows(POOLED)
    (question,) = cognition.questions(IMPUTING)
    add_answers(rows, question, cohort_data(table, IMPUTING))
    table = rows.table()
    main = table[(table["analysis"] == "cognition") & (table["measure"] == "beta")]
    subsets = {subset.name for subset in IMPUTING.subsets}
    assert set(zip(main["adjustment"], main["stratum"], strict=True)) == {
        ("unadjusted", "all"), *(("adjusted", one) for one in {"all", "complete_cases", *subsets}),
    }  # fmt: skip
    done = main.set_index(["adjustment", "stratum"])
    assert done.loc[("adjusted", "women"), "status"] == "ok"
    assert done.loc[("adjusted", "all"), "n"] == 200
    assert done.loc[("adjusted", "complete_cases"), "n"] == 179
    assert done.loc[("adjusted", "remitted"), "reason"] == "dx_status is not in this cohort"
    fmi = table[table["measure"] == "fmi"]
    assert fmi["term"].tolist() == ["beta"]
    assert 0 < fmi["estimate"].iloc[0] < 0.3
    assert (table["analysis"] == "specification").sum() == 2 * 4 * (1 + 2)
