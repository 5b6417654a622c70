"""Taylor linearisation against R survey 4.1.1 (survey_ps.json).

Tolerance 1e-9 relative for closed forms and 1e-6 for logistic coefficients. Standard errors of the
logistic model 1e-5: glm stops at 1e-8 of the deviance and keeps the information of the step before.
"""

import numpy as np
import pytest
from scipy.stats import f as f_distribution
from scipy.stats import t as t_distribution

from igfmood.association.models.survey import svy_linear, svy_logistic, svy_mean
from oracle_files import load_oracle

pytestmark = [pytest.mark.shared, pytest.mark.usefixtures("shared")]
CLOSED, ITERATED, STOPPED = 1e-9, 1e-6, 1e-5


@pytest.fixture(scope="module")
def oracle(shared):
    return load_oracle("survey_ps.json")


@pytest.fixture(scope="module")
def nhanes(shared):
    table = load_oracle("svy_nhanes.csv")
    design = table.WTMEC2YR, table.SDMVSTRA, table.SDMVPSU
    return table, [x.to_numpy() for x in design]


def test_mean_with_missing_outcomes(oracle, nhanes):
    table, design = nhanes
    found = svy_mean(table.HI_CHOL, *design, domain=table.HI_CHOL.notna())
    expected = oracle["nhanes"]
    assert found.estimate == pytest.approx(expected["mean"], rel=CLOSED)
    assert found.se == pytest.approx(expected["se"][0][0], rel=CLOSED)
    assert found.df == expected["glm"]["df"]


@pytest.mark.parametrize("sex", [1, 2])
def test_mean_in_a_subpopulation(oracle, nhanes, sex):
    table, design = nhanes
    inside = table.HI_CHOL.notna() & table.RIAGENDR.eq(sex)
    found = svy_mean(table.HI_CHOL, *design, domain=inside)
    expected = oracle["nhanes"]["by"]
    assert found.estimate == pytest.approx(expected["HI"][sex - 1], rel=CLOSED)
    assert found.se == pytest.approx(expected["se"][sex - 1], rel=CLOSED)


@pytest.fixture(scope="module")
def logistic(nhanes):
    table, design = nhanes
    columns = [np.ones(len(table)), table.RIAGENDR == 2]
    columns += [table.agecat == band for band in ("(19,39]", "(39,59]", "(59,Inf]")]
    inside = table.HI_CHOL.notna()
    return svy_logistic(np.column_stack(columns), table.HI_CHOL, *design, domain=inside)


def test_logistic_model(oracle, logistic):
    expected = oracle["nhanes"]["glm"]
    assert logistic.beta == pytest.approx(list(expected["coef"].values()), rel=ITERATED)
    assert logistic.se == pytest.approx(list(expected["se"].values()), rel=STOPPED)
    assert logistic.df == expected["df"]
    # summary.svyglm takes one degree of freedom more for each slope; we keep the design's.
    p = 2 * t_distribution.sf(np.abs(logistic.beta / logistic.se), 16 - 4)
    assert p == pytest.approx(list(expected["p"].values()), rel=1e-5)


def test_wald_test_of_several_terms(oracle, logistic):
    expected = oracle["nhanes"]["regTermTest_agecat"]
    beta, cov = logistic.beta[2:], logistic.cov[2:, 2:]
    f = beta @ np.linalg.solve(cov, beta) / 3
    assert f == pytest.approx(expected["F"], rel=STOPPED)
    assert f_distribution.sf(f, 3, expected["ddf"]) == pytest.approx(expected["p"], rel=1e-5)


@pytest.fixture(scope="module")
def clusters(shared):
    # One stage of 15 of 757 districts: the reference holds a finite population correction,
    # which with one stratum is a factor on every variance.
    return load_oracle("svy_apiclus1.csv"), np.sqrt(1 - 15 / 757)


def test_cluster_sample(oracle, clusters):
    table, correction = clusters
    found = svy_mean(table.api00, table.pw, psu=table.dnum)
    expected = oracle["api"]["clus1_mean"]
    assert (found.estimate, found.se * correction) == pytest.approx(expected, rel=CLOSED)
    assert found.df == 14


def test_linear_model_in_a_cluster_sample(oracle, clusters):
    table, correction = clusters
    X = np.column_stack([np.ones(len(table)), table.ell, table.meals])
    found = svy_linear(X, table.api00, table.pw, psu=table.dnum)
    expected = oracle["api"]["clus_lm"]
    assert found.beta == pytest.approx(list(expected["coef"].values()), rel=CLOSED)
    assert found.se * correction == pytest.approx(list(expected["se"].values()), rel=CLOSED)


def test_linear_model_in_a_stratified_sample(oracle, shared):
    table = load_oracle("svy_apistrat.csv")
    X = np.column_stack([np.ones(len(table)), table.ell, table.meals, table.mobility])
    found = svy_linear(X, table.api00, table.pw, strata=table.stype)
    expected = oracle["api"]["strat_lm"]
    assert found.beta == pytest.approx(list(expected["coef"].values()), rel=CLOSED)
    assert found.df - 3 == expected["df"]
    # Three strata, three corrections: 0.977, 0.934 and 0.951 of the variance bound the ratio.
    ratio = (np.array(list(expected["se"].values())) / found.se) ** 2
    assert (ratio > 1 - 50 / 755).all()
    assert (ratio < 1 - 100 / 4421).all()
