"""Pooling and chained equations against mice 3.15.0 and mitml (mi.json).

Pooling, and the posterior of one linear model, have closed forms: 1e-9 relative. Imputations are
random in both programs: within 4 Monte-Carlo standard errors of the difference of two runs.
"""

import numpy as np
import pytest
from scipy.special import expit, logit

from igfmood.impute.chained import impute
from igfmood.impute.joint_tests import chi_squares_d2, likelihood_ratio_d3, wald_d1
from igfmood.impute.methods.linear import linear_posterior
from igfmood.impute.pooling import pool, pool_vector
from igfmood.impute.variables import Variable
from oracle_files import load_oracle

pytestmark = [pytest.mark.shared, pytest.mark.usefixtures("shared")]
TOLERANCE = 1e-9
FIELDS = {
    "estimate": "estimate",
    "ubar": "within",
    "b": "between",
    "dfcom": "df_complete",
    "df": "df",
    "riv": "riv",
    "lambda": "share_missing",
    "fmi": "fmi",
    "se": "se",
    "stat": "t",
    "p": "p",
    "lo": "ci_low",
    "hi": "ci_high",
}


def least_squares(X, y):
    inverse = np.linalg.inv(X.T @ X)
    coef = inverse @ X.T @ y
    return coef, inverse * ((y - X @ coef) @ (y - X @ coef) / (len(y) - X.shape[1]))


def glm_binomial(X, y):
    """Logistic regression that starts and stops where R's glm does."""
    fitted, before = (y + 0.5) / 2, np.inf
    eta = logit(fitted)
    while True:
        weight = fitted * (1 - fitted)
        information = (X.T * weight) @ X
        coef = np.linalg.solve(information, X.T @ (weight * eta + y - fitted))
        eta = X @ coef
        fitted = expit(eta)
        deviance = -2 * np.log(np.where(y == 1, fitted, 1 - fitted)).sum()
        if abs(deviance - before) / (abs(deviance) + 0.1) < 1e-8:
            return coef, np.linalg.inv(information)
        before = deviance


def pooled(tables, fit, df_complete):
    fits = [fit(X, y) for X, y in tables]
    return pool_vector([c for c, _ in fits], [v for _, v in fits], df_complete)


def assert_agrees(found, expected):
    for index in range(found.coef.size):
        one = found.coefficient(index)
        for theirs, ours in FIELDS.items():
            value = getattr(one, ours)
            assert value == pytest.approx(expected[theirs][index], rel=TOLERANCE), (index, theirs)


@pytest.fixture(scope="module")
def oracle(shared):
    return load_oracle("mi.json")


@pytest.fixture(scope="module")
def nhanes2(shared):
    """Design of `chl ~ age + bmi` and outcome, for every completed table."""
    return [
        (
            np.column_stack([np.ones(len(g)), g.age == "40-59", g.age == "60-99", g.bmi]),
            g.chl.to_numpy(float),
        )
        for _, g in load_oracle("mi_nhanes2_completed.csv").groupby(".imp")
    ]


@pytest.fixture(scope="module")
def boys(shared):
    return [g for _, g in load_oracle("mi_boys_completed.csv").groupby(".imp")]


def test_linear_model_small_sample(oracle, nhanes2):
    assert_agrees(pooled(nhanes2, least_squares, 21), oracle["nhanes2_lm"])


def test_linear_model_without_complete_data_df(oracle, nhanes2):
    expected = oracle["nhanes2_lm_dfInf"]
    assert_agrees(pooled(nhanes2, least_squares, 99999), expected)
    # mice writes 99999 for infinity.
    infinite = pooled(nhanes2, least_squares, np.inf).coefficient(3)
    assert infinite.df == pytest.approx(expected["df"][3], rel=0.01)


def test_linear_model_large_sample(oracle, boys):
    tables = [
        (
            np.column_stack(
                [np.ones(len(g)), g.age, g.hgt, g.wgt]
                + [g.reg == name for name in ("east", "west", "south", "city")]
            ),
            g.hc.to_numpy(float),
        )
        for g in boys
    ]
    found = pooled(tables, least_squares, 740)
    assert_agrees(found, oracle["boys_lm"])
    names = ("estimate", "se", "t", "df", None, "riv", "fmi")
    for index, row in enumerate(oracle["boys_mitml"]["values"]):
        for name, value in zip(names, row, strict=True):
            if name:
                assert getattr(found.coefficient(index), name) == pytest.approx(value, rel=1e-9)


def test_logistic_model(oracle, boys):
    tables = [
        (np.column_stack([np.ones(len(g)), g.age, g.hc]), (g.bmi > 18).to_numpy(float))
        for g in boys
    ]
    assert_agrees(pooled(tables, glm_binomial, 745), oracle["boys_logit"])


def test_scalar(oracle):
    each, expected = oracle["nhanes2_per_imputation"], oracle["pool_scalar_bmi"]
    found = pool(np.array(each["coef"])[:, 3], np.array(each["var"])[:, 3], 21)
    pairs = {"qbar": "estimate", "ubar": "within", "b": "between", "df": "df", "r": "riv"}
    for theirs, ours in pairs.items():
        assert getattr(found, ours) == pytest.approx(expected[theirs], rel=TOLERANCE)
    assert found.se**2 == pytest.approx(expected["t"], rel=TOLERANCE)
    assert found.fmi == pytest.approx(expected["fmi"], rel=TOLERANCE)


def assert_joint(found, expected):
    values = (found.f, found.df, found.df_denominator, found.p, found.riv)
    assert values == pytest.approx(expected["result"], rel=TOLERANCE)


def test_d1(oracle, nhanes2):
    found = wald_d1(pooled(nhanes2, least_squares, 21), np.eye(4)[1:3])
    assert_joint(found, oracle["nhanes2_D1_age"])


def test_d2(oracle, nhanes2):
    statistics = []
    for X, y in nhanes2:
        coef, cov = least_squares(X, y)
        statistics.append(coef[1:3] @ np.linalg.solve(cov[1:3, 1:3], coef[1:3]))
    assert_joint(chi_squares_d2(statistics, 2), oracle["nhanes2_D2_age"])


def test_d3(oracle, nhanes2):
    def deviance(X, y, coef):
        residual = y - X @ coef
        # mice fits the intercept again when it holds the coefficients at their means.
        return len(y) * np.log(((residual - residual.mean()) ** 2).sum())

    def ratio(X, y, full, null):
        return deviance(X[:, [0, 3]], y, null) - deviance(X, y, full)

    full = [least_squares(X, y)[0] for X, y in nhanes2]
    null = [least_squares(X[:, [0, 3]], y)[0] for X, y in nhanes2]
    own = [ratio(X, y, f, n) for (X, y), f, n in zip(nhanes2, full, null, strict=True)]
    means = np.mean(full, axis=0), np.mean(null, axis=0)
    at_pooled = [ratio(X, y, *means) for X, y in nhanes2]
    assert_joint(likelihood_ratio_d3(own, at_pooled, 2), oracle["nhanes2_D3_age"])


def test_posterior_of_one_linear_model(oracle):
    table = load_oracle("mi_norm_draw_input.csv")
    X = np.column_stack([np.ones(len(table)), table.x1, table.x2])
    known, y = (table.observed == 1).to_numpy(), table.y.to_numpy(float)
    A, b = X[known], y[known]
    found, expected = (
        linear_posterior(A.T @ A, A.T @ b, b @ b, len(b)),
        oracle["norm_draw_lsq_ridge1e_5"],
    )
    np.testing.assert_allclose(found.coef, expected["coef"], rtol=TOLERANCE)
    np.testing.assert_allclose(found.root @ found.root.T, expected["v"], rtol=TOLERANCE)
    assert found.df == expected["df"]
    np.testing.assert_allclose(X[~known] @ found.coef, oracle["norm_predict"], rtol=TOLERANCE)


@pytest.mark.parametrize(("kind", "theirs"), [("normal", "norm"), ("pmm", "pmm")])
def test_what_many_imputations_agree_on(oracle, kind, theirs):
    m = 400
    table, expected = load_oracle("mi_synth_mar.csv"), oracle["mc_target"][theirs]
    variables = [Variable(name, kind, table[name].to_numpy(float)) for name in table]
    imputations = impute(variables, m=m, iterations=5, seed=4, keys=("mice", kind))
    tables = []
    for index in range(m):
        c = imputations.completed(index)
        tables.append((np.column_stack([np.ones(1000), c["igf"], c["age"], c["bmi"]]), c["phq"]))
    found = pooled(tables, least_squares, 996)
    mcse = np.hypot(expected["mcse_estimate"], np.sqrt(np.diag(found.between) / m))
    assert (np.abs(found.coef - expected["estimate"]) < 4 * mcse).all()
    np.testing.assert_allclose(np.diag(found.within), expected["ubar"], rtol=0.01)
    # The variance of 400 values has a relative standard error of 7 %, here twice.
    np.testing.assert_allclose(np.diag(found.between), expected["b"], rtol=0.25)
    np.testing.assert_allclose(found.se, expected["se"], rtol=0.08)
