"""The two regressions: as statsmodels and the textbook of surveys have them, and what they say."""

import numpy as np
import pytest
import statsmodels.api as sm

from builders import cohort_data, make_study, people
from igfmood.association.models.firth import fit_firth
from igfmood.association.regression import Fit, linear, logistic
from igfmood.association.sample import Specification
from igfmood.association.wald import wald_test
from igfmood.errors import NotEstimable

STUDY = make_study(covariate_tiers={"adjusted": ["age_years", "sex"]}, imputation={"m": 0})
STRATA, PER_UNIT = 6, 20


def surveyed(seed=1):
    """Six strata of two units of twenty people; units differ, and so do weights."""
    n = STRATA * 2 * PER_UNIT
    rng = np.random.default_rng(seed)
    stratum = np.repeat(np.arange(STRATA), 2 * PER_UNIT)
    unit = np.tile(np.repeat(["a", "b"], PER_UNIT), STRATA)
    table = people({"control": n}, seed=seed)
    shared = rng.normal(0, 1.5, 2 * STRATA)[2 * stratum + (unit == "b")]
    total = 10 - 1.5 * table["igf1_sds"] + shared + rng.normal(0, 2, n)
    return table.assign(
        weight_survey=rng.uniform(1, 5, n), stratum_survey=[f"s{one}" for one in stratum],
        psu_survey=unit, phq9_total=total.clip(0, 27),
    )  # fmt: skip


def sample_of(table, observed=("phq9_total",), **cohort):
    data = cohort_data(table, STUDY, **cohort)
    return next(data.samples(Specification("adjusted", missing="complete_cases"), observed, ()))


def taylor(influence, strata, units):
    """Return the covariance of weighted estimating equations, units drawn with replacement."""
    cov = np.zeros((influence.shape[1],) * 2)
    for stratum in np.unique(strata):
        names = np.unique(units[strata == stratum])
        totals = np.array(
            [influence[(strata == stratum) & (units == name)].sum(axis=0) for name in names]
        )
        about = totals - totals.mean(axis=0)
        cov += len(names) / (len(names) - 1) * about.T @ about
    return cov


def test_a_cohort_without_weights_has_least_squares_with_hc3():
    sample = sample_of(people({"control": 60}))
    design, total = sample.design(sample.score), sample.column("phq9_total")
    found = linear(sample, design, total)
    expected = sm.OLS(total, design).fit(cov_type="HC3", use_t=True)
    # Two exact solutions of one small problem: they differ by rounding.
    np.testing.assert_allclose(found.beta, expected.params, rtol=1e-9)
    np.testing.assert_allclose(found.cov, expected.cov_params(), rtol=1e-8)
    assert found.df == expected.df_resid == 60 - 4
    assert found.method == "OLS with HC3 standard errors, t interval"


def test_a_survey_is_weighted_and_its_units_make_the_error():
    table = surveyed()
    sample = sample_of(table)
    design, total = sample.design(sample.score), sample.column("phq9_total")
    found = linear(sample, design, total)
    weights = table["weight_survey"].to_numpy()
    expected = sm.WLS(total, design, weights).fit()
    np.testing.assert_allclose(found.beta, expected.params, rtol=1e-9)
    bread = np.linalg.inv((design * weights[:, None]).T @ design)
    influence = (design * (weights * expected.resid)[:, None]) @ bread
    strata, units = (table[name].to_numpy(str) for name in ("stratum_survey", "psu_survey"))
    by_hand = taylor(influence, strata, units)
    np.testing.assert_allclose(found.cov, by_hand, rtol=1e-8)
    assert found.df == STRATA
    assert "Taylor" in found.method


def test_a_unit_without_anybody_of_the_sample_still_counts_in_its_stratum():
    table = surveyed()
    gone = (table["stratum_survey"] == "s2") & (table["psu_survey"] == "a")
    table.loc[gone, "phq9_total"] = np.nan
    sample = sample_of(table)
    design, total = sample.design(sample.score), sample.column("phq9_total")
    found = linear(sample, design, total)
    weights = table["weight_survey"].to_numpy() * ~gone.to_numpy()
    inside = ~gone.to_numpy()
    spread = np.zeros((len(table), design.shape[1]))
    bread = np.linalg.inv((design * weights[inside][:, None]).T @ design)
    spread[inside] = (design * (weights[inside] * (total - design @ found.beta))[:, None]) @ bread
    strata, units = (table[name].to_numpy(str) for name in ("stratum_survey", "psu_survey"))
    np.testing.assert_allclose(found.cov, taylor(spread, strata, units), rtol=1e-8)
    # 11 units with somebody, in 6 strata.
    assert found.df == 5


def test_a_cohort_that_ignores_its_survey_is_not_weighted():
    sample = sample_of(surveyed(), survey="ignore")
    assert sample.survey is None
    found = linear(sample, sample.design(sample.score), sample.column("phq9_total"))
    assert "HC3" in found.method


def test_logistic_is_maximum_likelihood():
    sample = sample_of(people({"control": 150}))
    high = sample.column("phq9_total") >= 7
    found = logistic(sample, sample.design(sample.score), high)
    expected = sm.Logit(high.astype(float), sample.design(sample.score)).fit(disp=0, tol=1e-12)
    # Both stop when the score is next to 0: what is left is of the order of 1e-8.
    np.testing.assert_allclose(found.beta, expected.params, rtol=1e-6, atol=1e-9)
    np.testing.assert_allclose(found.cov, expected.cov_params(), rtol=1e-6)
    assert found.df == np.inf
    assert found.method == "logistic regression, maximum likelihood, Wald interval"


def test_a_survey_has_weighted_logistic_regression():
    table = surveyed()
    sample = sample_of(table)
    high = sample.column("phq9_total") >= 10
    design = sample.design(sample.score)
    found = logistic(sample, design, high)
    weights = table["weight_survey"].to_numpy()
    expected = sm.GLM(
        high.astype(float), design, family=sm.families.Binomial(), freq_weights=weights
    ).fit(tol=1e-12)
    np.testing.assert_allclose(found.beta, expected.params, rtol=1e-6)
    fitted = expected.predict(design)
    bread = np.linalg.inv((design * (weights * fitted * (1 - fitted))[:, None]).T @ design)
    influence = (design * (weights * (high - fitted))[:, None]) @ bread
    strata, units = (table[name].to_numpy(str) for name in ("stratum_survey", "psu_survey"))
    by_hand = taylor(influence, strata, units)
    np.testing.assert_allclose(found.cov, by_hand, rtol=1e-5)
    assert found.df == STRATA
    assert found.method.startswith("weighted logistic")


def test_too_few_events_or_non_events_say_how_many():
    sample = sample_of(people({"control": 60}))
    for high in (np.arange(60) < 9, np.arange(60) >= 9):
        with pytest.raises(NotEstimable, match="too few events or non-events: 9 < 10"):
            logistic(sample, sample.design(sample.score), high)


@pytest.mark.parametrize("survey", ["design", "ignore"])
def test_where_the_data_separate_firth_answers_and_says_that_weights_are_not_used(survey):
    sample = sample_of(surveyed(), survey=survey)
    high = sample.score > 0.5
    design = sample.design(sample.score)[:, :2]
    found = logistic(sample, design, high)
    expected = fit_firth(design, high.astype(float))
    np.testing.assert_allclose(found.beta, expected.coef, rtol=1e-9)
    assert np.isfinite(found.se).all()
    assert "Firth" in found.method
    assert found.method.endswith("; survey weights not used") == (survey == "design")
    assert not found.by_design


def test_several_coefficients_of_least_squares_are_tested_by_f():
    sample = sample_of(people({"control": 80}))
    design, total = sample.design(sample.score), sample.column("phq9_total")
    found = linear(sample, design, total).joint(slice(1, 4), 80, None, "all three")
    expected = sm.OLS(total, design).fit(cov_type="HC3", use_t=True)
    test = expected.f_test(np.eye(4)[1:])
    f = found.coef @ np.linalg.solve(found.cov, found.coef) / 3
    assert f == pytest.approx(float(test.fvalue), rel=1e-8)
    assert (found.df, found.n, found.method) == (76, 80, "all three")


def test_several_coefficients_of_a_survey_have_fewer_degrees_of_freedom_than_one():
    sample = sample_of(surveyed())
    fit = linear(sample, sample.design(sample.score), sample.column("phq9_total"))
    found = fit.joint(slice(1, 4), len(sample), None, "")
    wald = fit.beta[1:] @ np.linalg.solve(fit.cov[1:, 1:], fit.beta[1:])
    # Stata's adjusted Wald test: (d - k + 1) / (d k) W is F(k, d - k + 1); d = 6, k = 3.
    f = found.coef @ np.linalg.solve(found.cov, found.coef) / 3
    assert f == pytest.approx(4 / 18 * wald, rel=1e-9)
    assert found.df == 4
    one = fit.joint(slice(1, 2), len(sample), None, "")
    assert (one.df, one.cov[0, 0]) == (6, fit.cov[1, 1])


def test_the_joint_test_of_a_survey_keeps_its_level():
    """Under no effect p falls below 0.05 in 5 %; by F on k and d alone it would in 14 %."""
    rng = np.random.default_rng(7)
    d, k, draws = 6, 3, 2000
    p, without = np.empty(draws), np.empty(draws)
    for i in range(draws):
        root = rng.normal(size=(d, k))
        fit = Fit(rng.normal(size=k), root.T @ root / d, float(d), "", by_design=True)
        joint = fit.joint(slice(0, k), 100, None, "")
        p[i] = wald_test(joint.coef, joint.cov, joint.df).p
        without[i] = wald_test(fit.beta, fit.cov, fit.df).p
    # The standard error of a share of 0.05 in 2000 is 0.005.
    assert (p < 0.05).mean() == pytest.approx(0.05, abs=0.015)
    assert (without < 0.05).mean() > 0.1


def test_a_design_with_too_few_units_for_the_terms_says_so():
    sample = sample_of(surveyed())
    fit = linear(sample, sample.design(sample.score), sample.column("phq9_total"))
    few = Fit(fit.beta, fit.cov, 2.0, fit.method, by_design=True)
    with pytest.raises(NotEstimable, match="too few sampling units to test 3 coefficients"):
        few.joint(slice(1, 4), len(sample), None, "")
