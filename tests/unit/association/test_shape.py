"""The form of a relation: splines, curves, sex, two lines, against models fitted by statsmodels."""

import numpy as np
import pytest
import statsmodels.api as sm

from builders import POOLED, asked, cohort_data, make_study, people
from igfmood.association.question import add_answers
from igfmood.association.questions import shape
from igfmood.association.two_lines import two_lines
from igfmood.errors import NotEstimable
from igfmood.results import Rows

STUDY = make_study(imputation={"m": 0})
IMPUTING = make_study(imputation={"m": 20, "iterations": 3})
AGE_SEX = ["age_years", "sex"]
#: Harrell's places of four knots.
CENTILES = (0.05, 0.35, 0.65, 0.95)


def basis(x, knots):
    """Harrell's restricted cubic spline, written out."""
    *inner, before, last = knots
    columns = [x]
    for knot in inner:
        cube = [np.maximum(x - one, 0) ** 3 for one in (knot, before, last)]
        gap = last - before
        columns.append(cube[0] - cube[1] * (last - knot) / gap + cube[2] * (before - knot) / gap)
    return np.column_stack(columns)


def knots_of(table):
    return np.quantile(table["igf1_sds"], CENTILES)


def covariates(table):
    return np.column_stack([table["age_years"], table["sex"] == "female"]).astype(float)


def curved(n=400, square=1.0, women=0.0, seed=2):
    """People whose PHQ-9 is a parabola of the score, with another slope in women."""
    table = people({"control": n}, seed=seed)
    rng = np.random.default_rng(seed + 40)
    z, female = table["igf1_sds"], table["sex"] == "female"
    total = 9 + square * z**2 + women * z * female + rng.normal(0, 2, n)
    return table.assign(phq9_total=total.clip(0, 27))


def u_shaped(n=1500, seed=3):
    """Cases who are more often low or high in the score."""
    table = people({"control": n}, seed=seed)
    rng = np.random.default_rng(seed + 40)
    odds = -1.2 + 0.6 * table["igf1_sds"] ** 2
    case = rng.random(n) < 1 / (1 + np.exp(-odds))
    return table.assign(diagnosis=np.where(case, "mdd", "control"))


def ask(table, target, measure, term, names=AGE_SEX, study=STUDY, **more):
    return asked(table, study, "shape", target, measure, term, covariates=names, **more)


def fitted(table, target):
    """Return the fit by statsmodels of intercept, spline and covariates."""
    spline = basis(table["igf1_sds"].to_numpy(), knots_of(table))
    design = np.column_stack([np.ones(len(table)), spline, covariates(table)])
    if target == "phq9_total":
        return sm.OLS(table["phq9_total"], design).fit(cov_type="HC3", use_t=True)
    return sm.Logit((table["diagnosis"] == "mdd").astype(float), design).fit(disp=0, tol=1e-12)


@pytest.mark.parametrize("target", ["phq9_total", "depression"])
def test_the_tests_of_the_spline_are_wald_tests_of_its_terms(target):
    table = curved() if target == "phq9_total" else u_shaped()
    expected = fitted(table, target)
    for term, tested in (("any", slice(1, 4)), ("nonlinear", slice(2, 4))):
        found = ask(table, target, "f", term)
        test = expected.wald_test(np.eye(6)[tested], use_f=target == "phq9_total", scalar=True)
        k = tested.stop - tested.start
        statistic = float(test.statistic) / (1 if target == "phq9_total" else k)
        # Cubes of the score condition the design badly: six digits of the test are left.
        assert found["estimate"] == pytest.approx(statistic, rel=1e-5)
        assert found["p"] == pytest.approx(float(test.pvalue), rel=1e-3, abs=1e-12)
        assert found["df"] == k
        assert found["n"] == len(table)
        assert "restricted cubic spline of 4 knots" in found["method"]


@pytest.mark.parametrize("target", ["phq9_total", "depression"])
def test_the_curve_is_relative_to_a_score_of_0(target):
    table = curved() if target == "phq9_total" else u_shaped()
    expected = fitted(table, target)
    for z in (-2, -0.5, 1.75):
        found = ask(table, target, "curve", f"{z:g}")
        weights = np.zeros(6)
        weights[1:4] = (basis(np.array([z, 0.0]), knots_of(table)) * [[1], [-1]]).sum(axis=0)
        assert found["estimate"] == pytest.approx(weights @ expected.params, rel=1e-5)
        variance = weights @ expected.cov_params() @ weights
        assert found["se"] == pytest.approx(np.sqrt(variance), rel=1e-5)


def test_a_planted_u_is_seen_by_both_sides_of_the_curve_and_not_by_a_line():
    table = u_shaped()
    assert ask(table, "depression", "f", "nonlinear")["p"] < 1e-6
    for z in ("-1.5", "1.5"):
        found = ask(table, "depression", "curve", z)
        # 0.6 times 1.5 squared.
        assert found["ci_low"] < 1.35 < found["ci_high"]
        assert found["ci_low"] > 0


def test_a_line_is_not_called_a_curve():
    table = curved(square=0.0)
    table["phq9_total"] -= 1.0 * table["igf1_sds"]
    assert ask(table, "phq9_total", "f", "any")["p"] < 1e-6
    assert ask(table, "phq9_total", "f", "nonlinear")["p"] > 0.05


@pytest.mark.parametrize("target", ["phq9_total", "depression"])
def test_the_interaction_with_sex_is_the_difference_of_the_slopes_apart(target):
    """Without covariates the model of both is the two models: exact."""
    table = curved(women=-1.0) if target == "phq9_total" else u_shaped()
    slopes, variances = [], []
    for sex in ("female", "male"):
        part = table[table["sex"] == sex]
        design = sm.add_constant(part["igf1_sds"].to_numpy())
        if target == "phq9_total":
            fit = sm.OLS(part["phq9_total"], design).fit(cov_type="HC3")
        else:
            fit = sm.Logit((part["diagnosis"] == "mdd").astype(float), design).fit(disp=0)
        slopes.append(np.asarray(fit.params)[1])
        variances.append(np.asarray(fit.cov_params())[1, 1])
    found = ask(table, target, "interaction", "sex", names=[])
    assert found["estimate"] == pytest.approx(slopes[0] - slopes[1], rel=1e-5)
    assert found["se"] == pytest.approx(np.sqrt(sum(variances)), rel=1e-5)
    assert found["method"].startswith("slope in women minus slope in men")


@pytest.mark.parametrize("target", ["phq9_total", "depression"])
def test_a_tier_that_has_sex_already_changes_nothing(target):
    table = curved(women=-1.0) if target == "phq9_total" else u_shaped()
    for measure, term in (("interaction", "sex"), ("f", "sex")):
        without = ask(table, target, measure, term, names=["age_years"])
        with_sex = ask(table, target, measure, term, names=["sex", "age_years"])
        assert with_sex["estimate"] == pytest.approx(without["estimate"], rel=1e-7)
        assert with_sex["p"] == pytest.approx(without["p"], rel=1e-7)


def test_a_curve_of_another_form_in_women_is_found():
    table = curved(square=0.0)
    table.loc[table["sex"] == "female", "phq9_total"] += table["igf1_sds"] ** 2
    assert ask(table, "phq9_total", "f", "sex")["p"] < 1e-4
    assert ask(curved(square=0.0), "phq9_total", "f", "sex")["p"] > 0.05


def test_too_few_of_a_sex_are_no_comparison():
    table = curved(n=100)
    table["sex"] = np.where(np.arange(100) < 9, "female", "male")
    with pytest.raises(NotEstimable, match="too few women or too few men"):
        ask(table, "phq9_total", "interaction", "sex")


def test_two_lines_are_those_of_the_two_lines_test():
    table = curved(square=1.5)
    expected = two_lines(table["igf1_sds"], table["phq9_total"], covariates(table))
    for term, line in (("low", expected.low), ("high", expected.high)):
        found = ask(table, "phq9_total", "slope", term)
        # Centred covariates: the same model, other rounding.
        assert found["estimate"] == pytest.approx(line.estimate, rel=1e-6)
        assert found["se"] == pytest.approx(line.se, rel=1e-6)
        assert found["df"] == line.df
        assert f"breakpoint {expected.breakpoint:.2f}" in found["method"]
    assert ask(table, "phq9_total", "slope", "low")["ci_high"] < 0
    assert ask(table, "phq9_total", "slope", "high")["ci_low"] > 0
    found = ask(table, "phq9_total", "breakpoint", "")
    assert found["estimate"] == pytest.approx(expected.breakpoint, abs=1e-6)
    assert abs(found["estimate"]) < 0.5


def surveyed(table):
    n = len(table)
    return table.assign(
        weight_survey=np.random.default_rng(1).uniform(1, 5, n),
        stratum_survey=(np.arange(n) % 8).astype(str),
        psu_survey=(np.arange(n) // 8 % 2).astype(str),
    )


def test_a_survey_is_weighted_and_tested_by_the_degrees_of_freedom_of_its_design():
    table = surveyed(curved())
    found = ask(table, "phq9_total", "f", "any")
    assert "Taylor" in found["method"]
    spline = basis(table["igf1_sds"].to_numpy(), knots_of(table))
    design = np.column_stack([np.ones(len(table)), spline, covariates(table)])
    weights = table["weight_survey"].to_numpy()
    fit = sm.WLS(table["phq9_total"], design, weights).fit()
    pull = design * (weights * np.asarray(fit.resid))[:, None]
    unit = table.groupby(["stratum_survey", "psu_survey"]).ngroup()
    totals = np.array([pull[unit == one].sum(axis=0) for one in range(16)])
    apart = totals[::2] - totals[1::2]
    bread = np.linalg.inv((design * weights[:, None]).T @ design)
    cov = (bread @ apart.T @ apart @ bread)[1:4, 1:4]
    b = np.asarray(fit.params)[1:4]
    # 16 units in 8 strata: (8 - 3 + 1) / (8 * 3).
    assert found["estimate"] == pytest.approx(b @ np.linalg.solve(cov, b) * 6 / 24, rel=1e-4)
    assert "survey weights not used" in ask(table, "phq9_total", "slope", "low")["method"]
    assert "survey weights not used" not in ask(curved(), "phq9_total", "slope", "low")["method"]


def test_a_covariate_with_gaps_is_imputed_and_the_test_pooled():
    table = curved()
    table.loc[:79, "bmi"] = np.nan
    names = [*AGE_SEX, "bmi"]
    some = ask(table, "phq9_total", "f", "nonlinear", names)
    everybody = ask(table, "phq9_total", "f", "nonlinear", names, IMPUTING, missing="imputed")
    assert (some["n"], everybody["n"]) == (320, 400)
    assert everybody["method"].endswith("20 imputations, Rubin's rules")
    assert everybody["p"] < some["p"] < 1e-4


@pytest.mark.parametrize(
    ("change", "target", "measure", "term", "reason"),
    [
        ({"phq9_total": np.nan}, "phq9_total", "f", "any", "phq9_total is not in this cohort"),
        ({"igf1_sds": np.nan}, "phq9_total", "f", "any", "no reference curve"),
        ({"igf1_sds": 1.0}, "phq9_total", "f", "any", "too few scores to place the knots"),
        ({"age_years": np.nan}, "depression", "f", "any", "age_years is not in this cohort"),
        ({"diagnosis": "control"}, "depression", "curve", "1", "diagnosis mdd: 0 < 10"),
    ],
)
def test_what_cannot_be_estimated_says_why(change, target, measure, term, reason):
    with pytest.raises(NotEstimable, match=reason):
        ask(u_shaped(n=300).assign(**change), target, measure, term)


def test_too_few_people_for_a_curve_say_how_many():
    with pytest.raises(NotEstimable, match="49 < 50"):
        ask(curved(n=49), "phq9_total", "curve", "1")


def test_every_number_has_its_rows():
    rows = Rows(POOLED)
    data = cohort_data(u_shaped(n=400), IMPUTING)
    for question in shape.questions(IMPUTING):
        add_answers(rows, question, data)
    table = rows.table()
    assert set(table["adjustment"]) == {"adjusted"}
    grid = {f"{z:g}" for z in np.arange(-2, 2.01, 0.25) if z}
    spline = {("f", "any"), ("f", "nonlinear"), *(("curve", z) for z in grid)}
    sex = {("interaction", "sex"), ("f", "sex")}
    lines = {("slope", "low"), ("slope", "high"), ("breakpoint", "")}
    for target in ("phq9_total", "depression", "bipolar", "bipolar_vs_depression"):
        for model, keys in (("spline", spline), ("sex_interaction", sex)):
            part = table[(table["target"] == target) & (table["model"] == model)]
            for stratum in ("all", "complete_cases"):
                there = part[part["stratum"] == stratum]
                assert set(zip(there["measure"], there["term"], strict=True)) == keys
                assert len(there) == len(keys)
            wanted = "ok" if target in ("phq9_total", "depression") else "not_estimable"
            assert set(part["status"]) == {wanted}
    part = table[table["model"] == "two_lines"]
    # A breakpoint cannot be pooled: of complete cases alone.
    assert set(zip(part["measure"], part["term"], strict=True)) == lines
    assert set(part["stratum"]) == {"all"}
