"""What is learned in a training set: curves and models that never saw the test people."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.special import expit, logit

from builders import make_study, people
from igfmood.config.study import ANALYTE
from igfmood.errors import NotEstimable
from igfmood.normalise.reference import fit_reference
from igfmood.performance.model import fit_curves, fit_tier
from igfmood.performance.task_data import task_data

STUDY = make_study("a", "b", "c")
DEPRESSION, _, BIPOLAR_OR_MDD = STUDY.tasks


@pytest.fixture(scope="module")
def data():
    tables = {
        name: people({"control": 80, "mdd": 60, "bipolar": 40}, effects={"mdd": -0.8}, seed=seed)
        for seed, name in enumerate("abc", 1)
    }
    return task_data(tables, DEPRESSION, STUDY)


def test_a_curve_is_that_of_the_healthy_training_people_of_its_cohort(data):
    everyone = data.people
    curves = fit_curves(everyone, data.bystanders, STUDY)
    mine = (everyone.cohort == "b") & (everyone.case == 0)
    expected = fit_reference(
        everyone.value[mine], everyone.age[mine], everyone.female[mine], log=True, min_people=30
    )
    np.testing.assert_array_equal(curves.curves["b"].beta, expected.beta)
    assert set(curves.curves) == {"a", "b", "c"}


def test_changing_cases_changes_no_curve(data):
    louder = np.where(data.people.case == 1, 9 * data.people.value, data.people.value)
    before = fit_curves(data.people, data.bystanders, STUDY).curves
    after = fit_curves(replace(data.people, value=louder), data.bystanders, STUDY).curves
    for name in before:
        assert before[name].beta.tobytes() == after[name].beta.tobytes()
        assert before[name].sigma == after[name].sigma


def test_healthy_bystanders_serve_the_curve_where_the_task_has_no_controls():
    tables = {"a": people({"control": 50, "mdd": 40, "bipolar": 40})}
    data = task_data(tables, BIPOLAR_OR_MDD, STUDY)
    assert set(data.people.case) == {0, 1}
    assert len(data.people) == 80
    curve = fit_curves(data.people, data.bystanders, STUDY).curves["a"]
    assert curve.n == 50


def test_an_unseen_cohort_gets_the_average_curve(data):
    train = data.people.take(data.people.cohort != "c")
    unseen = data.people.take(data.people.cohort == "c")
    curves = fit_curves(train, data.bystanders, STUDY)
    a, b = curves.curves["a"], curves.curves["b"]
    mu = (a.mu(unseen.age, unseen.female) + b.mu(unseen.age, unseen.female)) / 2
    sigma = np.sqrt((a.sigma**2 + b.sigma**2) / 2)
    assert curves.sds(unseen) == pytest.approx((np.log(unseen.value) - mu) / sigma, rel=1e-12)


def test_a_shifted_assay_of_an_unseen_cohort_is_not_corrected_from_its_own_people(data):
    train = data.people.take(data.people.cohort != "c")
    unseen = data.people.take(data.people.cohort == "c")
    curves = fit_curves(train, data.bystanders, STUDY)
    shift = curves.sds(replace(unseen, value=1.35 * unseen.value)) - curves.sds(unseen)
    sigma = np.sqrt(np.mean([curve.sigma**2 for curve in curves.curves.values()]))
    assert shift == pytest.approx(np.full(len(unseen), np.log(1.35) / sigma))


def test_a_known_cohort_keeps_its_intercept_and_an_unseen_one_gets_the_mean(data):
    train = data.people.take(data.people.cohort != "c")
    model = fit_tier(train, np.zeros(len(train)), ["bmi"])
    assert set(model.intercepts) == {"a", "b"}
    zero = {name: np.zeros_like(columns) for name, columns in data.people.covariates.items()}
    flat = replace(data.people, covariates=zero)
    risk = model.predict(flat, np.zeros(len(flat)))
    for name in "ab":
        assert risk[flat.cohort == name] == pytest.approx(expit(model.intercepts[name]))
    mean = (model.intercepts["a"] + model.intercepts["b"]) / 2
    assert logit(risk[flat.cohort == "c"]) == pytest.approx(mean)


def test_the_model_finds_the_planted_direction_and_is_calibrated_in_training(data):
    sds = fit_curves(data.people, data.bystanders, STUDY).sds(data.people)
    model = fit_tier(data.people, sds, ["age_years", "sex", "bmi", ANALYTE])
    assert -1.3 < model.coef[-1] < -0.4
    risk = model.predict(data.people, sds)
    for name in "abc":
        rows = data.people.cohort == name
        assert risk[rows].mean() == pytest.approx(data.people.case[rows].mean(), abs=1e-6)


def test_a_predictor_that_does_not_vary_has_no_effect(data):
    women = data.people.take(data.people.female == 1)
    model = fit_tier(women, np.zeros(len(women)), ["sex", "bmi"])
    assert model.coef[0] == 0
    assert model.coef[1] != 0


def test_separated_classes_are_refused(data):
    with pytest.raises(NotEstimable, match="separat"):
        fit_tier(data.people, np.where(data.people.case == 1, 5.0, -5.0), [ANALYTE])


def test_too_few_healthy_training_people_are_refused(data):
    few = data.people.take(np.flatnonzero(data.people.cohort == "a")[:25])
    with pytest.raises(NotEstimable, match="25 < 30"):
        fit_curves(few, data.bystanders.take(np.zeros(0, dtype=int)), STUDY)
