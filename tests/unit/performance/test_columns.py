"""Columns of a model: knots and tails are those of the training people."""

import numpy as np
import pandas as pd
import pytest

from igfmood.errors import NotEstimable
from igfmood.performance.columns import SCORE, ModelColumns, uses_analyte
from igfmood.splines import rcs_basis, rcs_knots


def known(n=200, seed=1):
    rng = np.random.default_rng(seed)
    return {
        "age_years": rng.uniform(20, 70, n), "bmi": rng.normal(26, 4, n),
        "sex:male": rng.integers(0, 2, n).astype(float), "crp": rng.gamma(1, 2, n),
        "smoking:former": (rng.random(n) < 0.3).astype(float),
        "smoking:current": (rng.random(n) < 0.2).astype(float), SCORE: rng.normal(size=n),
    }  # fmt: skip


def halves(n, seed=2):
    return np.random.default_rng(seed).permutation(np.arange(n) % 2)


def made(predictors, splines=(), train=None, y=None):
    train = known() if train is None else train
    y = halves(len(train[SCORE])) if y is None else y
    return ModelColumns(predictors, splines).fit(train, y)


def named(maker, X):
    return dict(zip(maker.get_feature_names_out(), maker.transform(X).T, strict=True))


def test_covariates_enter_as_they_are_and_categories_as_their_columns():
    X = known()
    found = named(made(["age_years", "sex", "smoking", "analyte"]), X)
    assert list(found) == ["age_years", "sex:male", "smoking:former", "smoking:current", "analyte"]
    for name, values in found.items():
        np.testing.assert_array_equal(values, X[SCORE if name == "analyte" else name])


def test_knots_are_those_of_training_people_alone():
    train, new = known(), {name: 3 * values + 5 for name, values in known(50, 3).items()}
    maker = made(["age_years", "bmi", "analyte_spline", "sex"], ["age_years"], train)
    knots = rcs_knots(train["age_years"], 3)
    found = maker.transform(new)
    alone = named(maker, new)
    basis = rcs_basis(new["age_years"], knots)
    np.testing.assert_array_equal(
        np.column_stack([alone["age_years'"], alone["age_years'1"]]), basis
    )
    np.testing.assert_array_equal(alone["bmi"], new["bmi"])
    # Other test people change nothing for these.
    more = {name: np.concatenate([values, 100 + values]) for name, values in new.items()}
    np.testing.assert_array_equal(maker.transform(more)[:50], found)


def test_the_spline_of_the_analyte_is_one_for_women_and_another_for_men():
    X = known()
    found = named(made(["analyte_spline"]), X)
    basis = rcs_basis(X[SCORE], rcs_knots(X[SCORE], 4))
    assert basis.shape == (200, 3)
    assert len(found) == 6
    for i in range(3):
        name = f"analyte'{i or ''}"
        np.testing.assert_array_equal(found[name], basis[:, i])
        np.testing.assert_array_equal(found[f"{name} x sex:male"], basis[:, i] * X["sex:male"])


def test_tails_are_those_of_training_controls_alone():
    train = known()
    y = halves(200)
    ill = np.where(y == 1, train[SCORE] * 10 + 3, train[SCORE])
    found = made(["analyte_tails"], train={**train, SCORE: ill}, y=y)
    low, high = np.percentile(train[SCORE][y == 0], [10, 90])
    assert found.tails_ == pytest.approx([low, high])
    new = {**train, SCORE: np.linspace(-4, 4, 200)}
    columns = named(found, new)
    np.testing.assert_array_equal(columns["analyte_low"], new[SCORE] < low)
    np.testing.assert_array_equal(columns["analyte_high"], new[SCORE] > high)


def test_tails_of_classes_and_events_are_those_of_the_first_class():
    train = known()
    y = np.arange(200) % 3
    maker = made(["analyte_tails"], train=train, y=y)
    assert maker.tails_ == pytest.approx(np.percentile(train[SCORE][y == 0], [10, 90]))


def test_what_does_not_vary_in_training_is_left_out_whatever_test_people_are():
    train = {**known(), "sex:male": np.zeros(200)}
    maker = made(["sex", "bmi", "analyte_spline"], train=train)
    assert list(maker.get_feature_names_out()) == ["bmi", "analyte'", "analyte'1", "analyte'2"]
    new = known(30, 4)
    assert maker.transform(new).shape == (30, 4)


def test_nothing_that_varies_gives_no_column():
    train = {**known(), "sex:male": np.zeros(200)}
    maker = made(["sex"], train=train)
    assert maker.transform(known(30, 4)).shape == (30, 0)


def test_a_covariate_with_few_values_is_a_line_and_a_score_with_few_is_refused():
    train = {**known(), "bmi": np.repeat([20.0, 30.0], 100)}
    assert list(made(["bmi"], ["bmi"], train).get_feature_names_out()) == ["bmi"]
    tied = {**known(), SCORE: np.repeat([0.0, 1.0], 100)}
    with pytest.raises(NotEstimable, match="knots"):
        made(["analyte_spline"], train=tied)


def test_outcome_changes_tails_alone():
    X = known()
    names = ["age_years", "bmi", "sex", "analyte", "analyte_spline"]
    one = made(names, ["age_years", "bmi"], X, halves(200, 5)).transform(X)
    other = made(names, ["age_years", "bmi"], X, halves(200, 6)).transform(X)
    assert one.tobytes() == other.tobytes()


def test_a_frame_serves_as_well_as_a_mapping():
    X = known()
    names = ["age_years", "smoking", "analyte_spline"]
    maker = made(names, ["age_years"], X)
    np.testing.assert_array_equal(maker.transform(pd.DataFrame(X)), maker.transform(X))
    other = ModelColumns(names, ["age_years"]).fit(pd.DataFrame(X), halves(200))
    np.testing.assert_array_equal(other.transform(X), maker.transform(X))


def test_which_models_use_the_analyte():
    assert all(uses_analyte(["bmi", form]) for form in
               ("analyte", "analyte_spline", "analyte_tails"))  # fmt: skip
    assert not uses_analyte(["bmi", "crp"])
