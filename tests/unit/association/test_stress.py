"""Buffering of stress: the interaction, the slopes of stress along the score, by hand."""

import numpy as np
import pytest
import statsmodels.api as sm

from builders import POOLED, asked, cohort_data, make_study, people
from igfmood.association.moderation import Product
from igfmood.association.question import add_answers, answer
from igfmood.association.questions import stress
from igfmood.association.sample import COMPLETE, Specification
from igfmood.errors import NotEstimable
from igfmood.results import Rows

STUDY = make_study(imputation={"m": 0})
IMPUTING = make_study(imputation={"m": 20, "iterations": 3})


def buffered(n=500, interaction=-0.8, seed=4):
    """People whose slope on stress, 1.5 points per SD, changes with the score."""
    table = people({"control": n}, seed=seed)
    rng = np.random.default_rng(seed + 30)
    pressure = rng.normal(size=n)
    total = 11 + 1.5 * pressure + interaction * table["igf1_sds"] * pressure
    return table.assign(
        stress_score=16 + 6 * pressure, phq9_total=(total + rng.normal(0, 2, n)).clip(0, 27)
    )


def ask(table, measure="beta", term="", names=("age_years",), study=STUDY, **more):
    return asked(
        table, study, "stress_buffering", "phq9_total", measure, term, covariates=names, **more
    )


def z_of(values):
    return ((values - values.mean()) / values.std()).to_numpy()


def by_hand(table):
    """Return the fit of standardised symptoms on product, stress, score and age."""
    pressure, score = z_of(table["stress_score"]), table["igf1_sds"].to_numpy()
    design = np.column_stack([np.ones(len(table)), score * pressure, pressure, score])
    design = np.column_stack([design, table["age_years"]])
    return sm.OLS(z_of(table["phq9_total"]), design).fit(cov_type="HC3", use_t=True)


def test_the_interaction_is_that_of_least_squares_in_standard_deviations():
    table = buffered()
    found, expected = ask(table), by_hand(table)
    assert found["estimate"] == pytest.approx(expected.params[1], rel=1e-8)
    assert found["se"] == pytest.approx(expected.bse[1], rel=1e-7)
    assert found["p"] == pytest.approx(expected.pvalues[1], rel=1e-5, abs=1e-14)
    assert found["df"] == 500 - 5
    low, high = expected.conf_int()[1]
    assert (found["ci_low"], found["ci_high"]) == pytest.approx((low, high), rel=1e-7)


def test_the_planted_interaction_is_inside_its_interval():
    table = buffered(n=2000)
    found = ask(table)
    planted = -0.8 / table["phq9_total"].std()
    assert found["ci_low"] < planted < found["ci_high"] < 0
    nothing = ask(buffered(n=2000, interaction=0.0))
    assert nothing["ci_low"] < 0 < nothing["ci_high"]


@pytest.mark.parametrize("z", [-2.5, -1.0, 0.0, 0.25, 2.0])
def test_the_slope_of_stress_along_the_score(z):
    table = buffered()
    expected = by_hand(table)
    weights = np.array([0, z, 1, 0, 0])
    found = ask(table, "simple_slope", f"{z:g}")
    test = expected.t_test(weights)
    assert found["estimate"] == pytest.approx(float(np.squeeze(test.effect)), rel=1e-7)
    assert found["se"] == pytest.approx(float(np.squeeze(test.sd)), rel=1e-7)
    low, high = np.squeeze(test.conf_int())
    assert (found["ci_low"], found["ci_high"]) == pytest.approx((low, high), rel=1e-6)


def test_the_band_crosses_0_where_johnson_and_neyman_say():
    table = buffered()
    fit = by_hand(table)
    order = np.ix_([2, 1], [2, 1])
    bounds = Product(fit.params[2], fit.params[1], fit.cov_params()[order], 495).johnson_neyman()
    edges = [edge for region in bounds for edge in region if np.isfinite(edge)]
    assert edges
    for z in stress.GRID:
        found = ask(table, "simple_slope", f"{z:g}")
        differs = found["ci_low"] > 0 or found["ci_high"] < 0
        assert differs == any(low < z < high for low, high in bounds)


def rows_of(table, study=STUDY):
    """Return the rows of the main answer about where the slope of stress is not 0, by term."""
    rows = Rows(POOLED)
    (question,) = stress.questions(study)
    add_answers(rows, question, cohort_data(table, study))
    found = rows.table()
    found = found[(found["measure"] == "johnson_neyman") & (found["adjustment"] == "adjusted")]
    return found[found["stratum"] == "all"].set_index("term")


def test_the_bounds_are_rows():
    table = buffered()
    found = rows_of(table)
    pressure, score = z_of(table["stress_score"]), table["igf1_sds"].to_numpy()
    female = (table["sex"] == "female").to_numpy(float)
    design = np.column_stack([
        np.ones(500), score * pressure, pressure, score, table["age_years"], female, table["bmi"]
    ])  # fmt: skip
    fit = sm.OLS(z_of(table["phq9_total"]), design).fit(cov_type="HC3", use_t=True)
    assert list(found.index) == ["below", "above"]
    for term, inner in (("below", -1e-3), ("above", 1e-3)):
        bound = found.loc[term, "estimate"]
        at, beside = (
            float(np.squeeze(fit.t_test([0, z, 1, 0, 0, 0, 0]).pvalue))
            for z in (bound, bound + inner)
        )
        assert at == pytest.approx(0.05, rel=1e-5)
        assert beside < 0.05
        assert found.loc[term, "method"].startswith(
            f"Johnson-Neyman: the slope of stress differs from 0 {term} this score (pointwise 95 % "
            "interval)"
        )
    assert found.loc["below", "n"] == 500


def test_bounds_beyond_the_scores_are_extrapolated_and_say_so():
    found = rows_of(buffered())
    assert (found.loc["above", "estimate"] > buffered()["igf1_sds"].max()) == (
        "extrapolated" in found.loc["above", "method"]
    )
    # A weak interaction, a strong slope: the far bound lies where nobody is.
    far = rows_of(buffered(interaction=-0.25))
    beyond = far["method"].str.contains("beyond the observed scores: extrapolated")
    outside = (far["estimate"] < buffered()["igf1_sds"].min()) | (
        far["estimate"] > buffered()["igf1_sds"].max()
    )
    assert outside.any()
    assert (beyond == outside).all()


def test_a_slope_that_is_nowhere_clear_has_one_row_that_says_so():
    table = buffered()
    rng = np.random.default_rng(8)
    found = rows_of(table.assign(phq9_total=rng.permutation(table["phq9_total"])))
    assert list(found.index) == [""]
    assert found.loc["", "status"] == "not_estimable"
    assert found.loc["", "reason"] == "the slope of stress differs from 0 at no score"


def test_bounds_over_imputed_tables_are_where_the_pooled_band_crosses_0():
    table = buffered(n=400)
    table.loc[np.random.default_rng(6).random(400) < 0.3, "stress_score"] = np.nan
    study = make_study(imputation={"m": 20, "iterations": 3}, covariate_tiers={"adjusted": []})
    found = rows_of(table, study)
    assert "20 imputations, Rubin's rules" in found.loc["below", "method"]
    rows = Rows(POOLED)
    (question,) = stress.questions(study)
    add_answers(rows, question, cohort_data(table, study))
    slopes = rows.table().query(
        "measure == 'simple_slope' and stratum == 'all' and adjustment == 'adjusted'"
    )
    z = slopes["term"].astype(float)
    differs = (slopes["ci_low"] > 0) | (slopes["ci_high"] < 0)
    inside = (z < found.loc["below", "estimate"]) | (z > found.loc["above", "estimate"])
    assert differs.any()
    assert not differs.all()
    assert (differs == inside).all()


def test_neither_unit_nor_origin_of_stress_matters():
    table = buffered()
    other = table.assign(stress_score=100 - 0.1 * table["stress_score"])
    assert ask(other)["estimate"] == pytest.approx(-ask(table)["estimate"], rel=1e-8)


def test_a_tier_with_stress_in_it_is_the_same_model():
    table = buffered()
    with_it = ask(table, names=["stress_score", "age_years"])
    for key in ("estimate", "se", "df"):
        assert with_it[key] == pytest.approx(ask(table)[key], rel=1e-9)


def test_a_survey_is_weighted_and_so_are_its_standard_deviations():
    table = buffered()
    n = len(table)
    weights = np.where(table["stress_score"] > 16, 5.0, 1.0)
    table = table.assign(
        weight_survey=weights, stratum_survey=(np.arange(n) % 6).astype(str),
        psu_survey=(np.arange(n) // 6 % 2).astype(str),
    )  # fmt: skip

    def standard(values):
        mean = np.average(values, weights=weights)
        variance = np.average((values - mean) ** 2, weights=weights) * n / (n - 1)
        return ((values - mean) / np.sqrt(variance)).to_numpy()

    pressure, score = standard(table["stress_score"]), table["igf1_sds"].to_numpy()
    design = np.column_stack([np.ones(n), score * pressure, pressure, score, table["age_years"]])
    expected = sm.WLS(standard(table["phq9_total"]), design, weights).fit()
    found = ask(table)
    assert found["estimate"] == pytest.approx(expected.params[1], rel=1e-8)
    assert found["df"] == 6
    assert "Taylor" in found["method"]


def test_imputed_stress_keeps_everybody_and_the_interaction():
    table = buffered(n=1000)
    whole = ask(table)
    rng = np.random.default_rng(6)
    table.loc[rng.random(1000) < 0.15, "stress_score"] = np.nan
    some, everybody = ask(table), ask(table, study=IMPUTING, missing="imputed")
    assert some["n"] < 900 < everybody["n"] == 1000
    assert "20 imputations" in everybody["method"]
    # Donors matched in the mean lose a little of it: 15 % imputed, a third of their part at most.
    assert everybody["estimate"] == pytest.approx(whole["estimate"], rel=0.1)
    assert everybody["se"] > whole["se"]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"stress_score": np.nan}, "stress_score is not in this cohort"),
        ({"stress_score": 16.0}, "stress_score does not vary"),
        ({"phq9_total": 5.0}, "phq9_total does not vary"),
        ({"phq9_total": np.nan}, "phq9_total is not in this cohort"),
        ({"igf1_sds": np.nan}, "no reference curve"),
    ],
)
def test_what_cannot_be_estimated_says_why(change, reason):
    with pytest.raises(NotEstimable, match=reason):
        ask(buffered().assign(**change))


def test_too_few_people_say_how_many():
    with pytest.raises(NotEstimable, match="49 < 50"):
        ask(buffered(n=49))


def test_every_number_has_its_rows_in_tiers_subsets_and_forks():
    table = buffered(n=400)
    table.loc[:40, "bmi"] = np.nan
    rows = Rows(POOLED)
    data = cohort_data(table, IMPUTING)
    (question,) = stress.questions(IMPUTING)
    add_answers(rows, question, data)
    table = rows.table()
    subsets = {subset.name for subset in IMPUTING.subsets}
    slopes = {f"{z:g}" for z in np.arange(-2.5, 2.51, 0.25)}
    main = table[table["analysis"] == "stress_buffering"]
    for adjustment, strata in (
        ("unadjusted", {"all"}), ("adjusted", {"all", "complete_cases", *subsets}),
    ):  # fmt: skip
        part = main[main["adjustment"] == adjustment]
        assert set(part["stratum"]) == strata
        for stratum in strata:
            there = part[part["stratum"] == stratum]
            assert set(there.loc[there["measure"] == "simple_slope", "term"]) == slopes
            assert (there["measure"] == "beta").sum() == 1
            bounds = there.loc[there["measure"] == "johnson_neyman", "term"]
            assert set(bounds) in ({"below", "above"}, {"from", "to"}, {""})
    assert (main["measure"] == "fmi").sum() == 1
    reasons = main.set_index(["stratum", "measure"])["reason"]
    assert reasons["ad_free", "beta"] == "ad_use is not in this cohort"
    forks = table[table["analysis"] == "specification"]
    # Two ways of missing values, four populations; the log only where age and sex stand beside it.
    assert len(forks) == 2 * 4 * (1 + 2)
    assert set(forks["term"]) == {"stress_buffering"}
    log = forks[forks["exposure"] == "igf1_log"]
    assert set(log["adjustment"]) == {"adjusted"}
    assert (log.loc[log["stratum"].str.startswith("all"), "status"] == "ok").all()


def test_on_the_log_scale_the_product_holds_no_age_and_sex():
    # Stress that goes with age: a product with the raw log would be one of age and stress too.
    table = buffered(n=3000)
    pressure = z_of(table["stress_score"]) + 0.05 * (table["age_years"] - 50)
    table = table.assign(stress_score=16 + 6 * pressure)
    tiers = {"tier": ["age_years", "sex"]}
    data = cohort_data(table, STUDY.model_copy(update={"covariate_tiers": tiers}))
    question = next(iter(stress.questions(STUDY)))
    found = {
        scale: answer(question, Specification("tier", exposure=scale, missing=COMPLETE), data)[
            "beta", ""
        ]["estimate"]
        for scale in ("sds", "log")
    }
    # The score that is simulated is the log less age and sex, so both scales are the same.
    assert found["log"] == pytest.approx(found["sds"], rel=0.03)
