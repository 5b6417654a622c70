"""Which of several classes."""

import numpy as np
import pytest
import statsmodels.api as sm
from scipy.special import softmax

from igfmood.association.models.logistic import fit_logistic
from igfmood.errors import NotEstimable
from igfmood.performance.models.multinomial import ClassRisk, fit_multinomial

BETA = np.array([[0.8, -0.5], [-0.2, 0.9]])


def classes(n=600, seed=1, scale=1.0, cohorts="ab"):
    rng = np.random.default_rng(seed)
    X, cohort = rng.normal(size=(n, 2)), rng.choice([*cohorts], n)
    shift = np.where(cohort[:, None] == "a", [[-0.5, 0.2]], [[0.4, -0.3]])
    p = softmax(np.column_stack([np.zeros(n), shift + X @ BETA]), axis=1)
    y = (rng.random(n)[:, None] > p.cumsum(axis=1)).sum(axis=1).astype(float)
    return X * scale, y, cohort


@pytest.mark.parametrize("scale", [1.0, 1e4, 1e-4])
def test_it_is_that_of_statsmodels(scale):
    X, y, cohort = classes(scale=scale)
    found = fit_multinomial(X, y, cohort)
    design = np.column_stack([cohort == "a", cohort == "b", X / scale]).astype(float)
    expected = sm.MNLogit(y, design).fit(disp=0, method="newton", tol=1e-12).params
    own = np.vstack([found.intercepts["a"], found.intercepts["b"], found.coef * scale])
    assert own == pytest.approx(expected, rel=1e-8, abs=1e-8)


def test_two_classes_are_logistic_regression():
    X, y, cohort = classes()
    keep = y < 2
    found = fit_multinomial(X[keep], y[keep], cohort[keep])
    design = np.column_stack([cohort == "a", cohort == "b", X]).astype(float)[keep]
    expected = fit_logistic(design, y[keep]).coef
    own = [*found.intercepts["a"], *found.intercepts["b"], *found.coef[:, 0]]
    assert own == pytest.approx(expected, rel=1e-8)


def test_probabilities_are_shares_and_calibrated_in_training():
    X, y, cohort = classes()
    p = fit_multinomial(X, y, cohort).predict(X, cohort)
    assert p.sum(axis=1) == pytest.approx(1)
    for name in "ab":
        own = cohort == name
        shares = [np.mean(y[own] == k) for k in range(3)]
        assert p[own].mean(axis=0) == pytest.approx(shares, abs=1e-8)


def test_the_truth_is_found():
    found = fit_multinomial(*classes(20_000))
    assert found.coef == pytest.approx(BETA, abs=0.06)


def test_an_unseen_cohort_gets_the_mean_intercept():
    model = ClassRisk({"a": np.array([1.0, 0.0]), "b": np.array([0.0, 2.0])}, np.zeros((1, 2)))
    found = model.predict(np.zeros((1, 1)), np.array(["x"]))
    assert found[0] == pytest.approx(softmax([0, 0.5, 1.0]))


def test_names_of_classes_may_turn():
    X, y, cohort = classes()
    p = fit_multinomial(X, y, cohort).predict(X, cohort)
    turned = fit_multinomial(X, 2 - y, cohort).predict(X, cohort)
    assert turned[:, ::-1] == pytest.approx(p, abs=1e-8)


def test_classes_that_separate_have_no_maximum():
    X = np.linspace(-1, 1, 90)[:, None]
    y = np.repeat([0.0, 1.0, 2.0], 30)
    with pytest.raises(NotEstimable, match="no finite maximum"):
        fit_multinomial(X, y, np.full(90, "a"))


def test_one_class_that_separates_from_the_others_has_no_maximum():
    rng = np.random.default_rng(5)
    y = np.repeat([0.0, 1.0, 2.0], 30)
    X = np.column_stack([(y == 2).astype(float), rng.normal(size=90)])
    with pytest.raises(NotEstimable, match="no finite maximum"):
        fit_multinomial(X, y, np.full(90, "a"))


def test_columns_that_depend_on_each_other_are_refused():
    X, y, cohort = classes()
    with pytest.raises(NotEstimable):
        fit_multinomial(np.column_stack([X, X.sum(axis=1)]), y, cohort)


def test_a_cohort_without_a_class_is_named():
    X, y, cohort = classes()
    y[(cohort == "b") & (y == 2)] = 1
    with pytest.raises(NotEstimable, match="a class is absent among the training people of b"):
        fit_multinomial(X, y, cohort)
