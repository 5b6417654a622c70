"""Chained equations: what must never change, what must follow, what is refused."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from igfmood.errors import NotEstimable
from igfmood.impute.chained import impute
from igfmood.impute.pooling import pool
from igfmood.impute.variables import Passive, Variable

CALL = {"m": 4, "iterations": 3, "seed": 1, "keys": ("test",)}


def table(n=300, seed=0):
    """A numeric, a 0/1, a three-category and a censored variable that depend on each other."""
    rng = np.random.default_rng(seed)
    age = rng.normal(50, 10, n)
    sex = (rng.random(n) < 0.5).astype(float)
    site = rng.integers(0, 3, n).astype(float)
    igf = 5 - 0.02 * age + 0.2 * sex + 0.3 * rng.normal(size=n)
    phq = np.round(np.clip(6 - igf + rng.normal(size=n), 0, 27))
    limit = np.where(igf < 3.7, 3.7, np.nan)
    igf[~np.isnan(limit)] = np.nan
    gaps = {}
    for name, values in {"sex": sex, "site": site, "igf": igf, "phq": phq}.items():
        lost = rng.random(n) < 0.15
        values[lost] = np.nan
        gaps[name] = lost
    limit[gaps["igf"]] = np.nan
    return [
        Variable("age", "normal", age),
        Variable("sex", "logistic", sex),
        Variable("site", "multinomial", site),
        Variable("igf", "censored", igf, upper_limit=limit),
        Variable("phq", "pmm", phq),
    ]


def interaction():
    return Passive(
        "igf_by_sex",
        ("igf", "sex"),
        lambda c: np.column_stack([c["igf"] * c["sex"], c["igf"] ** 2]),
    )


@pytest.fixture(scope="module")
def imputations():
    return impute(table(), passive=[interaction()], **CALL)


def test_every_gap_is_filled_with_an_admissible_value(imputations):
    for index in range(4):
        c = imputations.completed(index)
        assert all(np.isfinite(values).all() for values in c.values())
        assert set(c["sex"]) == {0, 1}
        assert set(c["site"]) == {0, 1, 2}
        # Matching gives values of observed people only.
        assert set(c["phq"]) <= set(imputations.variable("phq").observed)


def test_limits_are_respected(imputations):
    limit = imputations.variable("igf").upper_limit
    below = ~np.isnan(limit)
    for index in range(4):
        assert (imputations.completed(index)["igf"][below] <= limit[below]).all()


def test_passive_columns_follow_their_inputs(imputations):
    c = imputations.completed(2)
    np.testing.assert_array_equal(c["igf_by_sex"][:, 0], c["igf"] * c["sex"])
    np.testing.assert_array_equal(c["igf_by_sex"][:, 1], c["igf"] ** 2)


def test_workers_and_number_of_tables_change_nothing(imputations):
    other = impute(table(), passive=[interaction()], workers=2, **{**CALL, "m": 2})
    for name, values in other.imputed.items():
        assert values.tobytes() == imputations.imputed[name][:, :2].T.copy().T.tobytes()
        np.testing.assert_array_equal(other.trace_mean[name], imputations.trace_mean[name][:, :2])


def test_seed_and_keys_change_the_draws(imputations):
    for change in ({"seed": 2}, {"keys": ("other",)}):
        other = impute(table(), passive=[interaction()], **{**CALL, **change})
        assert (other.imputed["igf"] != imputations.imputed["igf"]).mean() > 0.9


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**31), st.floats(0.05, 0.6), st.sampled_from(["normal", "pmm"]))
def test_observed_values_never_change(seed, share, kind):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(60, 3)) @ rng.normal(size=(3, 3))
    X[rng.random(X.shape) < share] = np.nan
    variables = [Variable(str(j), kind, X[:, j]) for j in range(3)]
    found = impute(variables, m=2, iterations=2, seed=seed, keys=())
    for index in range(2):
        for j, values in enumerate(found.completed(index).values()):
            known = ~np.isnan(X[:, j])
            np.testing.assert_array_equal(values[known], X[known, j])
            assert np.isfinite(values).all()


def test_nothing_missing_leaves_the_table_as_it_is():
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=20), rng.integers(0, 2, 20).astype(float)
    variables = [Variable("a", "normal", a), Variable("b", "logistic", b)]
    found = impute(
        variables, passive=[Passive("ab", ("a", "b"), lambda c: c["a"] * c["b"])], **CALL
    )
    assert not found.imputed
    for index in range(4):
        completed = found.completed(index)
        np.testing.assert_array_equal(completed["a"], a)
        np.testing.assert_array_equal(completed["b"], b)
        np.testing.assert_array_equal(completed["ab"], a * b)


def test_traces_show_the_imputed_values(imputations):
    for name, values in imputations.imputed.items():
        assert imputations.trace_mean[name].shape == (3, 4)
        np.testing.assert_allclose(imputations.trace_mean[name][-1], values.mean(axis=0))
        np.testing.assert_allclose(imputations.trace_sd[name][-1], values.std(axis=0))


def test_cross_products_stay_those_of_the_table():
    from igfmood.impute.chained import _Chain
    from igfmood.impute.design import build_design

    chain = _Chain(build_design(table(), [interaction()]), np.random.default_rng(0))
    for _ in range(5):
        chain.iterate()
    np.testing.assert_allclose(chain.gram, chain.table.T @ chain.table, atol=1e-8)
    for index, passive in enumerate([interaction()]):
        fresh = passive.evaluate(chain.inputs)
        place = chain.design.slices[passive.name]
        np.testing.assert_allclose(
            chain.table[:, place], chain.design.coded(passive.name, fresh), err_msg=str(index)
        )


def test_units_do_not_matter():
    variables = table()
    plain = impute(variables, **CALL)
    age = variables[0]
    scaled = [Variable("age", "normal", 1e6 + 1e3 * age.values), *variables[1:]]
    found = impute(scaled, **CALL)
    np.testing.assert_allclose(found.imputed["igf"], plain.imputed["igf"], rtol=1e-6)


def test_dependent_predictors_are_left_out_and_reported():
    rng = np.random.default_rng(1)
    x = rng.normal(size=100)
    y = x + rng.normal(size=100)
    y[:20] = np.nan
    variables = [
        Variable("x", "normal", x),
        Variable("double", "normal", 2 * x),
        Variable("same", "normal", np.full(100, 3.0)),
        Variable("y", "normal", y),
    ]
    found = impute(variables, **CALL)
    assert [(d.variable, d.predictor, d.share) for d in found.dropped] == [
        ("y", "double", 1.0),
        ("y", "same", 1.0),
    ]
    without = impute([variables[0], variables[3]], **CALL)
    np.testing.assert_allclose(found.imputed["y"], without.imputed["y"], rtol=1e-9)


def test_only_chosen_predictors_are_used():
    variables = table()
    alone = [*variables[:4], Variable("phq", "pmm", variables[4].values, predictors=("age",))]
    found = impute(alone, **CALL)
    pair = impute([variables[0], alone[4]], **CALL)
    assert found.imputed["phq"].shape == pair.imputed["phq"].shape
    assert not any(d.variable == "phq" for d in found.dropped)


def test_perfect_prediction_of_a_category():
    rng = np.random.default_rng(2)
    x = rng.normal(size=200)
    y = (x > 0).astype(float)
    lost = rng.random(200) < 0.3
    variables = [Variable("x", "normal", x), Variable("y", "logistic", np.where(lost, np.nan, y))]
    found = impute(variables, **CALL)
    agree = found.imputed["y"] == y[lost][:, None]
    assert 0.85 < agree.mean() < 1


def refused(match, *variables, **call):
    with pytest.raises(NotEstimable, match=match):
        impute(variables, **{**CALL, **call})


def test_what_cannot_be_imputed():
    x = Variable("x", "normal", np.arange(10.0))
    refused("igf cannot be imputed: nobody", x, Variable("igf", "pmm", np.full(10, np.nan)))
    same = np.where(np.arange(10) < 6, 4.0, np.nan)
    refused("all 6 observed values are 4", x, Variable("igf", "pmm", same))
    few = np.where(np.arange(10) < 3, np.arange(10.0), np.nan)
    refused("3 people have a value .* needs 4", x, Variable("igf", "normal", few))
    odd = np.array([0, 2.0] * 4 + [np.nan] * 2)
    refused("nobody is observed in category 1", x, Variable("site", "multinomial", odd))


def malformed(match, *variables, **call):
    with pytest.raises(ValueError, match=match):
        impute(variables, **{**CALL, **call})


def test_malformed_input():
    x = Variable("x", "normal", np.arange(10.0))
    gap = np.where(np.arange(10) < 6, np.arange(10.0), np.nan)
    malformed("different names", x, x)
    malformed("different numbers of rows", x, Variable("y", "normal", gap[:5]))
    malformed("must be 1 or more", x, m=0)
    malformed("unknown or computed", x, Variable("y", "normal", gap, predictors=("z",)))
    own = Passive("y2", ("y",), lambda c: c["y"] ** 2)
    malformed("computed", x, Variable("y", "normal", gap, predictors=("y2",)), passive=[own])
    bad = Passive("bad", ("x",), lambda c: c["x"][:3])
    malformed("expected 10 rows", x, passive=[bad])
    malformed("unknown inputs", x, passive=[Passive("q", ("z",), lambda c: c["z"])])


@pytest.mark.parametrize(
    ("match", "kind", "values", "limit"),
    [
        ("unknown kind", "ordinal", [0.0, 1.0], None),
        ("infinite", "normal", [0.0, np.inf], None),
        ("coded 0 and 1", "logistic", [0.0, 2.0], None),
        ("codes must be", "multinomial", [0.5, 1.0], None),
        ("limits belong", "normal", [0.0, np.nan], [np.nan, 1.0]),
        ("limits belong", "censored", [0.0, np.nan], None),
        ("whose value is NaN", "censored", [0.0, np.nan], [1.0, np.nan]),
        ("limit is infinite", "censored", [0.0, np.nan], [np.nan, np.inf]),
    ],
)
def test_malformed_variables(match, kind, values, limit):
    with pytest.raises(ValueError, match=match):
        Variable("x", kind, np.array(values), None if limit is None else np.array(limit))


def test_intervals_cover_where_complete_cases_are_biased():
    """Mean of y when y is missing more often for high x: 60 cohorts of 150 people."""
    covered, error = 0, []
    for cohort in range(60):
        rng = np.random.default_rng(cohort)
        x = rng.normal(size=150)
        y = x + rng.normal(size=150)
        y[rng.random(150) < 1 / (1 + np.exp(-1.5 * x))] = np.nan
        variables = [Variable("x", "normal", x), Variable("y", "normal", y)]
        found = impute(variables, m=20, iterations=1, seed=cohort, keys=())
        tables = [found.completed(index)["y"] for index in range(20)]
        mean = pool([t.mean() for t in tables], [t.var(ddof=1) / 150 for t in tables], 149)
        covered += mean.ci_low < 0 < mean.ci_high
        error.append(mean.estimate)
    assert covered >= 52
    assert abs(np.mean(error)) < 3 * np.std(error) / np.sqrt(60)


def test_censored_variable_recovers_its_mean():
    rng = np.random.default_rng(5)
    x = rng.normal(size=2000)
    y = 1 + x + rng.normal(size=2000)
    limit = np.where(y < 0.5, 0.5, np.nan)
    variables = [
        Variable("x", "normal", x),
        Variable("y", "censored", np.where(y < 0.5, np.nan, y), upper_limit=limit),
    ]
    found = impute(variables, m=10, iterations=15, seed=5, keys=())
    completed = [found.completed(index) for index in range(10)]
    slopes = [np.polyfit(c["x"], c["y"], 1) for c in completed]
    np.testing.assert_allclose(np.mean(slopes, axis=0), np.polyfit(x, y, 1), atol=0.07)
    assert np.mean([c["y"].std() for c in completed]) == pytest.approx(y.std(), rel=0.05)
