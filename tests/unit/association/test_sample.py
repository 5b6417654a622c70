"""Who answers a question, with which values: first visits, populations, gaps, surveys."""

import numpy as np
import pandas as pd
import pytest

from builders import cohort_data, make_study, people
from igfmood.association.estimate import Estimate, Plain, pooled_columns
from igfmood.association.question import mean_and_sd, standardised
from igfmood.association.sample import Specification
from igfmood.errors import NotEstimable
from igfmood.splines import rcs_knots

TIERS = {"adjusted": ["age_years", "sex", "bmi"], "stressed": ["stress_score", "smoking"]}
M = 20
STUDY = make_study(covariate_tiers=TIERS, imputation={"m": M, "iterations": 2})
#: Score below which a value is below the limit of detection, in tables of `censored`.
LIMIT = -1.0


def drawn(data, tier="adjusted", observed=("phq9_total",), used=(), among=None, **specification):
    found = data.samples(Specification(tier, **specification), observed, used, among)
    return list(found)


def censored(n=200):
    """People of whom some lie below the limit, where something stands for their score."""
    table = people({"control": n}, seed=4)
    below = table["igf1_sds"] < LIMIT
    return table.assign(
        igf1_below_lod=below, igf1_sds_limit=np.where(below, LIMIT, np.nan),
        igf1_sds=table["igf1_sds"].mask(below, LIMIT - 0.3),
    )  # fmt: skip


def test_a_sample_holds_score_and_centred_covariates_of_the_people_in_it():
    table = people({"control": 50})
    (sample,) = drawn(cohort_data(table, STUDY))
    np.testing.assert_array_equal(sample.score, table["igf1_sds"])
    age = table["age_years"] - table["age_years"].mean()
    female = (table["sex"] == "female").astype(float)
    np.testing.assert_allclose(sample.covariates[:, 0], age)
    np.testing.assert_allclose(sample.covariates[:, 1], female - female.mean())
    np.testing.assert_array_equal(sample.design(sample.score)[:, :2].T, [np.ones(50), sample.score])
    assert sample.covariates.shape == (50, 3)
    assert len(sample) == 50


def test_a_category_enters_as_indicators_but_one():
    table = people({"control": 90}).assign(
        smoking=np.tile(["never", "former", "current"], 30), stress_score=np.arange(90.0)
    )
    (sample,) = drawn(cohort_data(table, STUDY), tier="stressed")
    assert sample.covariates.shape == (90, 3)
    assert np.linalg.matrix_rank(sample.design(sample.score)) == 5


def test_a_covariate_that_the_model_holds_already_is_not_put_in_twice():
    table = people({"control": 90}).assign(
        smoking=np.tile(["never", "current"], 45), stress_score=np.arange(90.0)
    )
    data = cohort_data(table, STUDY)
    (apart,) = drawn(data, tier="stressed", used=("stress_score",))
    (outcome,) = drawn(data, tier="stressed", observed=("stress_score",))
    assert apart.covariates.shape == outcome.covariates.shape == (90, 1)


def test_with_gaps_there_is_a_sample_for_every_completed_table_and_without_one():
    table = people({"control": 120})
    table.loc[:29, "bmi"] = np.nan
    data = cohort_data(table, STUDY)
    several = drawn(data)
    assert [len(one) for one in several] == [120] * M
    bmi = np.array([one.covariates[:30, 2] for one in several])
    assert (bmi.std(axis=0) > 0).any()
    (complete,) = drawn(data, missing="complete_cases")
    assert len(complete) == 90
    np.testing.assert_array_equal(complete.rows, np.arange(30, 120))
    assert len(drawn(data, among=np.arange(120) >= 30)) == 1


def test_outcomes_and_the_analyte_are_never_imputed():
    table = people({"control": 120})
    table.loc[:9, "phq9_total"] = np.nan
    table.loc[10:29, ["igf1_sds", "igf1_ng_ml", "igf1_harmonised_ng_ml"]] = np.nan
    data = cohort_data(table, STUDY)
    # They are imputed for what else may need them, and are not in the sample.
    assert {"phq9_total", "igf1_sds"} <= set(data.completed.filled)
    (sample,) = drawn(data)
    np.testing.assert_array_equal(sample.rows, np.arange(30, 120))
    asked_for = drawn(data, observed=(), used=("igf1_sds",))
    assert [len(one) for one in asked_for] == [120] * M


def test_below_the_limit_a_score_is_drawn_below_it_in_every_table():
    table = censored()
    below = table["igf1_below_lod"].to_numpy()
    samples = drawn(cohort_data(table, STUDY))
    assert below.sum() > 20
    assert len(samples) == M
    scores = np.array([one.score for one in samples])
    assert (scores[:, below] < LIMIT).all()
    assert (scores[:, below].std(axis=0) > 0).all()
    np.testing.assert_array_equal(scores[:, ~below], np.tile(table["igf1_sds"][~below], (M, 1)))
    # Complete cases take what stands for a value below the limit, and lose nobody.
    (complete,) = drawn(cohort_data(table, STUDY), missing="complete_cases")
    np.testing.assert_array_equal(complete.score, table["igf1_sds"])


def test_the_other_scale_is_the_log_concentration_in_sds_of_one_age_and_sex_and_has_no_knots():
    """The builder's log is 0.3 SDS beside age and sex: a log score of 1 is one SDS."""
    table = people({"control": 1500, "mdd": 500}, effects={"mdd": -2.0})
    (sample,) = drawn(cohort_data(table, STUDY), exposure="log")
    logs = np.log(table["igf1_harmonised_ng_ml"]).to_numpy()
    unit = (logs - logs.mean()) / sample.score
    np.testing.assert_allclose(unit, unit[0], rtol=1e-9)
    assert unit[0] == pytest.approx(0.3, rel=0.03)
    assert logs.std() > 1.2 * unit[0]
    assert sample.knots is None
    assert sample.exposure == "log"


def test_people_without_an_age_do_not_spoil_the_log_scale():
    table = people({"control": 200})
    before = cohort_data(table, STUDY).people["igf1_log"]
    table.loc[:9, "age_years"] = np.nan
    after = cohort_data(table, STUDY).people["igf1_log"]
    assert after.notna().all()
    np.testing.assert_allclose(after, before, rtol=0.1)


def test_concentrations_that_are_all_alike_have_no_log_scale():
    table = people({"control": 60}).assign(igf1_harmonised_ng_ml=150.0)
    assert cohort_data(table, STUDY).people["igf1_log"].isna().all()


def test_knots_are_of_the_cohort_whatever_the_sample():
    table = people({"control": 200})
    data = cohort_data(table, STUDY)
    expected = rcs_knots(table["igf1_sds"].to_numpy(), 4)
    for among in (None, np.arange(200) < 60):
        (sample,) = drawn(data, among=among)
        np.testing.assert_array_equal(sample.knots, expected)


def test_scores_that_hardly_differ_have_no_knots():
    table = people({"control": 60}).assign(igf1_sds=np.tile([0.0, 1.0], 30))
    assert cohort_data(table, STUDY).knots is None


@pytest.mark.parametrize(
    ("population", "expected"),
    [
        ("women", lambda t: t["sex"] == "female"),
        ("older", lambda t: t["age_years"] >= 50),
        ("ad_free", lambda t: t["ad_use"].eq(False).fillna(False)),
        ("ad_users", lambda t: t["ad_use"].eq(True).fillna(False) | (t["diagnosis"] == "control")),
        ("usual_bmi", lambda t: t["bmi"].between(18.5, 35, inclusive="left")),
        ("no_extremes", lambda t: t["igf1_sds"].between(*np.percentile(t["igf1_sds"], [1, 99]))),
    ],
)
def test_populations_are_as_their_rules_say(population, expected):
    table = people({"control": 150, "mdd": 150})
    use = np.random.default_rng(2).choice([True, False, None], 300)
    table["ad_use"] = pd.array(use, dtype="boolean")
    data = cohort_data(table, STUDY)
    wanted = expected(table).to_numpy(bool)
    np.testing.assert_array_equal(data.members(population), wanted)
    assert 0 < wanted.sum() < 300
    (sample,) = drawn(data, population=population)
    np.testing.assert_array_equal(sample.rows, np.flatnonzero(wanted))


def test_a_population_that_the_cohort_cannot_tell_is_named():
    with pytest.raises(NotEstimable, match="ad_use is not in this cohort"):
        cohort_data(people({"control": 30}), STUDY).members("ad_free")


def test_a_column_that_is_absent_or_empty_is_named():
    table = people({"control": 30}).assign(stress_score=np.nan)
    for name in ("stress_score", "cognition_score"):
        with pytest.raises(NotEstimable, match=f"{name} is not in this cohort"):
            drawn(cohort_data(table, STUDY), observed=(name,))


def weighted():
    table = people({"control": 100})
    rng = np.random.default_rng(3)
    weights = np.where(np.arange(100) < 10, 0.0, rng.uniform(1, 9, 100))
    weights[10:15] = np.nan
    return table.assign(
        weight_survey=weights, stratum_survey=np.repeat(["s1", "s2"], 50),
        psu_survey=np.tile(np.repeat(["a", "b"], 25), 2),
    )  # fmt: skip


def test_who_has_no_weight_is_no_part_of_a_survey():
    data = cohort_data(weighted(), STUDY)
    (sample,) = drawn(data, among=np.arange(100) < 60)
    np.testing.assert_array_equal(sample.rows, np.arange(15, 60))
    np.testing.assert_array_equal(sample.weights, weighted()["weight_survey"][15:60])
    # The design is that of everybody with a weight: who is outside contributes zero.
    assert (sample.survey.weights > 0).sum() == 85
    assert sample.survey.rows.sum() == 45
    assert sample.unweighted == "; survey weights not used"


def test_a_survey_that_is_ignored_counts_everybody_alike():
    (sample,) = drawn(cohort_data(weighted(), STUDY, survey="ignore"))
    assert len(sample) == 100
    assert sample.weights is None
    assert sample.unweighted == ""


def test_standard_deviations_are_those_of_the_population():
    (sample,) = drawn(cohort_data(weighted(), STUDY))
    # Whole weights: as if everybody stood in the table as often as the weight says.
    values, weights = np.array([1.0, 2.0, 4.0, 7.0]), np.array([4.0, 3.0, 2.0, 1.0])
    repeated = np.repeat(values, weights.astype(int))
    mean, sd = mean_and_sd(values, weights)
    assert mean == pytest.approx(repeated.mean(), rel=1e-12)
    assert sd == pytest.approx(repeated.std() * np.sqrt(4 / 3), rel=1e-12)
    assert mean_and_sd(values, None) == pytest.approx((values.mean(), values.std(ddof=1)))
    z = standardised(sample, "bmi")
    assert np.average(z, weights=sample.weights) == pytest.approx(0, abs=1e-12)
    assert np.average(z**2, weights=sample.weights) == pytest.approx(84 / 85, rel=1e-12)


def test_what_does_not_vary_cannot_be_standardised():
    (sample,) = drawn(cohort_data(people({"control": 40}).assign(stress_score=0.1), STUDY))
    with pytest.raises(NotEstimable, match="stress_score does not vary"):
        standardised(sample, "stress_score")


def visits(first, second, third):
    """Forty people at three visits, with these values of their columns."""
    table = people({"control": 40}).drop(columns=["visit", "is_baseline"])
    return pd.concat(
        [
            table.assign(visit=str(i), is_baseline=i == 0, **values)
            for i, values in enumerate((first, second, third))
        ],
        ignore_index=True,
    )


def flags(*ill):
    return pd.array([i in ill for i in range(40)], dtype="boolean")


def test_an_event_of_any_visit_has_come_about_and_follow_up_lasts_to_the_last():
    unknown = pd.array([pd.NA] * 40, dtype="boolean")
    for at_first in (unknown, flags()):
        table = visits(
            {"incident_depression": at_first, "followup_years": 0.0},
            {"incident_depression": flags(3, 4), "followup_years": 2.0},
            {"incident_depression": flags(5), "followup_years": 4.0},
        )
        people_now = cohort_data(table, STUDY).people
        assert list(np.flatnonzero(people_now["incident_depression"])) == [3, 4, 5]
        assert (people_now["followup_years"] == 4).all()
        assert len(people_now) == 40


def test_response_is_that_of_the_last_visit_that_has_it():
    unknown = pd.array([pd.NA] * 40, dtype="boolean")
    table = visits({"response": unknown}, {"response": flags(1, 2)}, {"response": flags(2, 3)})
    table.loc[(table["visit"] == "2") & (table.index % 40 == 1), "response"] = pd.NA
    response = cohort_data(table, STUDY).people["response"]
    # The first is missing at the last visit and keeps that of the one before.
    assert list(np.flatnonzero(response)) == [1, 2, 3]


def test_a_number_of_several_tables_is_pooled_and_one_without_error_is_averaged():
    answers = [
        {("beta", ""): Estimate(b, 0.5, 100, 98, method="OLS"), ("rho", ""): Plain(r, 100)}
        for b, r in ((1.0, 0.1), (2.0, 0.3), (3.0, 0.2))
    ]
    found = pooled_columns(answers, 0.95)
    beta, rho = found["beta", ""], found["rho", ""]
    assert beta["estimate"] == 2
    # Rubin: 0.25 within and 1 between, times 1 + 1/3.
    assert beta["se"] == pytest.approx(np.sqrt(0.25 + 4 / 3))
    assert beta["method"] == "OLS; 3 imputations, Rubin's rules"
    assert rho["estimate"] == pytest.approx(0.2)
    assert rho["method"] == "; mean over 3 imputations"


def test_men_stay_where_a_subset_is_about_women():
    table = people({"control": 60}).assign(oc_use=pd.NA)
    women = np.flatnonzero(table["sex"] == "female")
    table["oc_use"] = table["oc_use"].astype("boolean")
    table.loc[women[::2], "oc_use"] = True
    table.loc[women[1::2], "oc_use"] = False
    data = cohort_data(table, make_study())
    keep = data.members("no_oral_contraceptive")
    assert keep[table["sex"] == "male"].all()
    np.testing.assert_array_equal(keep[women], ~table["oc_use"].iloc[women].to_numpy(bool))
