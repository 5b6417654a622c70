"""Risks from a linear predictor, with an intercept for each cohort."""

import numpy as np
import pytest
from scipy.special import expit, logit

from igfmood.association.models.firth import fit_firth
from igfmood.association.models.logistic import fit_logistic
from igfmood.errors import NotEstimable
from igfmood.performance.models.linear_risk import (
    FIRTH,
    LOGISTIC,
    LinearRisk,
    fit_linear_risk,
    strata,
)

NEW = np.array([[0.3, -1.0], [0.0, 0.0], [2.0, 0.5]])


def cohorts(n=300, seed=1, names=("b", "a", "c")):
    rng = np.random.default_rng(seed)
    X, cohort = rng.normal(size=(n, 2)), rng.choice(names, n)
    shift = np.array([{"a": -1.0, "b": 0.5, "c": 0.0}[name] for name in cohort])
    y = (rng.random(n) < expit(shift + X @ [0.8, -0.4])).astype(float)
    return X, y, cohort


def test_it_is_maximum_likelihood_with_a_column_for_each_cohort():
    X, y, cohort = cohorts()
    found = fit_linear_risk(X, y, cohort)
    indicators = np.column_stack([cohort == name for name in "abc"]).astype(float)
    expected = fit_logistic(np.hstack([indicators, X]), y).coef
    assert found.method == LOGISTIC
    assert list(found.intercepts) == ["a", "b", "c"]
    assert list(found.intercepts.values()) == pytest.approx(expected[:3], rel=1e-12)
    assert found.coef == pytest.approx(expected[3:], rel=1e-12)


def test_it_is_calibrated_in_each_training_cohort():
    X, y, cohort = cohorts()
    risk = fit_linear_risk(X, y, cohort).predict(X, cohort)
    for name in "abc":
        assert risk[cohort == name].mean() == pytest.approx(y[cohort == name].mean(), abs=1e-9)


def test_an_unseen_cohort_gets_the_mean_of_the_intercepts_and_a_known_one_its_own():
    found = fit_linear_risk(*cohorts())
    mean = np.mean(list(found.intercepts.values()))
    unseen = found.predict(NEW, np.array(["x", "y", "x"]))
    assert logit(unseen) == pytest.approx(mean + NEW @ found.coef)
    known = found.predict(NEW, np.array(["a", "b", "c"]))
    assert logit(known) == pytest.approx(list(found.intercepts.values()) + NEW @ found.coef)


def test_classes_that_separate_are_fitted_by_firth_and_say_so():
    X = np.column_stack([np.arange(20.0), np.tile([0.0, 1.0], 10)])
    y = (X[:, 0] > 9.5).astype(float)
    found = fit_linear_risk(X, y, np.full(20, "a"))
    expected = fit_firth(np.column_stack([np.ones(20), X]), y).coef
    assert found.method == FIRTH
    assert found.coef == pytest.approx(expected[1:], rel=1e-9)
    assert ((found.predict(X, np.full(20, "a")) > 0.5) == y).all()


def test_firth_does_not_draw_the_risk_of_a_cohort_to_one_half():
    rng = np.random.default_rng(3)
    cohort = np.repeat(["a", "b"], [150, 60])
    y = np.concatenate([np.repeat([1.0, 0.0], [6, 144]), np.repeat([1.0, 0.0], [15, 45])])
    rare = (y == 1) & (np.arange(210) % 3 == 0)  # in cases only
    X = np.column_stack([rng.normal(40, 9, 210) + 4 * y, rare])
    found = fit_linear_risk(X, y, cohort)
    assert found.method == FIRTH
    risk = found.predict(X, cohort)
    indicators = np.column_stack([cohort == name for name in "ab"]).astype(float)
    firth = fit_firth(np.hstack([indicators, X]), y).coef
    assert expit(np.hstack([indicators, X]) @ firth)[:150].mean() > 0.042  # the share is 0.04
    for name in "ab":
        assert risk[cohort == name].mean() == pytest.approx(y[cohort == name].mean(), abs=1e-9)


def test_a_model_without_columns_gives_each_cohort_its_share():
    _, y, cohort = cohorts()
    risk = fit_linear_risk(np.empty((300, 0)), y, cohort).predict(
        np.empty((3, 0)), np.array([*"abc"])
    )
    assert risk == pytest.approx([y[cohort == name].mean() for name in "abc"])


def test_refusals():
    X, y, cohort = cohorts()
    y[cohort == "b"] = 1
    with pytest.raises(NotEstimable, match="one class only among the training people of b"):
        fit_linear_risk(X, y, cohort)
    X, y, cohort = cohorts()
    with pytest.raises(NotEstimable, match="linear combination"):
        fit_linear_risk(np.column_stack([X, X.sum(axis=1)]), y, cohort)


def test_strata_name_cohorts_in_order():
    names, indicators = strata(np.array(["b", "a", "b"]))
    assert names == ["a", "b"]
    np.testing.assert_array_equal(indicators, [[0, 1], [1, 0], [0, 1]])


def test_certain_risks_stay_within_zero_and_one():
    model = LinearRisk({"a": 800.0}, np.array([1.0]), LOGISTIC)
    assert model.predict(np.array([[0.0], [-1600.0]]), np.array(["a", "a"])).tolist() == [1.0, 0.0]
