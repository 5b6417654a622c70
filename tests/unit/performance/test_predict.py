"""Out-of-fold predictions: nobody is predicted by a model that knew of them."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit

from builders import make_study, people
from igfmood.errors import NotEstimable
from igfmood.performance import predict
from igfmood.performance.metrics.discrimination import auc
from igfmood.performance.models.boosting import METHOD as BOOSTED
from igfmood.performance.predict import cross_validate, model_keys, validate
from igfmood.performance.splits import CROSS_VALIDATION, VALIDATION, Split
from igfmood.performance.task_data import task_data
from igfmood.performance.tasks import prediction_tasks

FEW = {"folds": 3, "repeats": 3, "comparison_repeats": 2, "imputations": 2}
TIERS = {"base": ["age_years", "sex", "bmi"], "analyte": ["analyte"],
         "base_analyte": ["age_years", "sex", "bmi", "analyte"],
         "base_tails": ["age_years", "sex", "bmi", "analyte_tails"],
         "more": ["age_years", "sex", "bmi", "crp", "analyte"]}  # fmt: skip
STUDY = make_study("a", "b", "c", resampling=FEW, prediction_tiers=TIERS)
TASKS = {task.name: task for task in prediction_tasks(STUDY)}
MODELS = ("logistic", "elastic_net", "boosting")


def table(groups=None, effect=-0.8, seed=1):
    """People with gaps in CRP, and with follow-up."""
    groups = groups or {"control": 60, "mdd": 40}
    found = people(groups, effects={"mdd": effect, "bipolar": -effect}, seed=seed)
    rng = np.random.default_rng(seed)
    crp = pd.Series(rng.gamma(1, 2, len(found))).mask(rng.random(len(found)) < 0.2)
    end = rng.uniform(1, 9, len(found))
    event = rng.exponential(12 * np.exp(0.5 * found["igf1_sds"]))
    return found.assign(
        crp=crp, incident_depression=(event <= end).astype(float),
        followup_years=np.minimum(event, end),
    )  # fmt: skip


def data_of(*names, task="depression", study=STUDY, **changes):
    tables = {name: table(seed=1 + "abc".index(name), **changes) for name in names}
    return task_data(tables, TASKS[task], study)


@pytest.fixture(scope="module")
def two():
    return data_of("a", "b")


@pytest.fixture(scope="module")
def within(two):
    return cross_validate(two, "a", STUDY)


@pytest.fixture(scope="module")
def across(two):
    return validate(two, "a", STUDY)


def one_split(monkeypatch, data, n_test=40):
    """Let the only division be a fixed one of cohort a; return it."""
    order = np.random.default_rng(7).permutation(np.flatnonzero(data.people.cohort == "a"))
    split = Split(CROSS_VALIDATION, "a", 0, 0, order[n_test:], order[:n_test])
    monkeypatch.setattr(predict, "within_cohort", lambda *_: iter([split]))
    return split


def same(one, other):
    """Whether all predictions are equal to the bit."""
    assert one.p.keys() == other.p.keys()
    assert len(one.p) > 0
    return all(one.p[key].tobytes() == other.p[key].tobytes() for key in one.p)


def test_every_model_predicts_every_person_of_the_cohort_in_every_draw(two, within, across):
    for found, analysis in ((within, CROSS_VALIDATION), (across, VALIDATION)):
        assert found.failures == {}
        assert set(found.p) == set(model_keys(two.task, STUDY)) == set(found.methods)
        assert (found.analysis, found.cohort) == (analysis, "a")
        assert list(found.people.participant) == list(two.people.participant[:100])
        for p in found.p.values():
            assert p.shape[1] == 100
            assert ((p > 0) & (p < 1)).all()


def test_trees_are_not_given_shapes_and_every_other_pair_is_there(two):
    keys = set(model_keys(two.task, STUDY))
    assert keys == {(model, tier) for model in MODELS for tier in TIERS} - {
        ("boosting", "base_tails")
    }
    three = data_of("a", task="diagnosis", groups={"control": 60, "mdd": 40, "bipolar": 30})
    assert {model for model, _ in model_keys(three.task, STUDY)} == {"multinomial"}


def test_comparisons_take_part_in_the_first_repeats_and_fits_are_counted(within, across):
    for tier in TIERS:
        assert len(within.p["logistic", tier]) == 3
        assert len(within.p["elastic_net", tier]) == 2
        assert sum(within.methods["logistic", tier].values()) == 9
        assert sum(within.methods["elastic_net", tier].values()) == 6
    assert within.methods["boosting", "base"] == {BOOSTED: 6}
    # Gaps are filled in as many tables as were asked for.
    assert within.imputed
    assert across.imputed
    assert len(across.p["logistic", "more"]) == 2
    assert (across.fold == 0).all()
    assert sorted(np.unique(within.fold)) == [0, 1, 2]


def test_what_is_filled_in_differs_between_draws_and_touches_no_complete_tier(across):
    assert (across.p["logistic", "base"][0] == across.p["logistic", "base"][1]).all()
    assert (across.p["logistic", "more"][0] != across.p["logistic", "more"][1]).all()


def test_without_gaps_a_validation_is_one_table():
    tiers = {name: tier for name, tier in TIERS.items() if name != "more"}
    study = STUDY.model_copy(update={"prediction_tiers": tiers})
    found = validate(data_of("a", "b", study=study), "a", study)
    assert not found.imputed
    assert len(found.p["logistic", "base"]) == 1


def test_predictions_are_those_of_the_model_that_was_fitted(two, within, monkeypatch):
    # The first fold of the first repeat, by hand.
    split = next(predict.within_cohort(two, "a", STUDY))
    ready = predict.prepare(two, split, STUDY)
    X, new, _ = ready.columns(TIERS["base_analyte"], STUDY)
    model = predict.fit_linear_risk(X, ready.train.y, ready.train.cohort)
    np.testing.assert_array_equal(
        within.p["logistic", "base_analyte"][0, split.test],
        expit(model.intercepts["a"] + new @ model.coef),
    )
    cut = within.cuts[("logistic", "base_analyte"), "youden"][0, split.test]
    assert len(set(cut)) == 1
    training = model.predict(X, ready.train.cohort)
    assert cut[0] in training


def flipped(data, test):
    """Test people with the other outcome, and all that goes with it."""
    y, measured = data.people.y.copy(), data.people.measured.copy()
    y[test] = 1 - y[test]
    measured.loc[test, "reference"] = ~measured["reference"].to_numpy()[test]
    measured.loc[test, "group"] = "other"
    return replace(data, people=replace(data.people, y=y, measured=measured))


def test_outcomes_of_test_people_change_no_prediction_of_any_model(monkeypatch, two):
    split = one_split(monkeypatch, two)
    before, after = (cross_validate(d, "a", STUDY) for d in (two, flipped(two, split.test)))
    assert {model for model, _ in before.p} == set(MODELS)
    assert same(before, after)
    mine = split.test  # of cohort a, the first
    assert (before.people.y[mine] == 1 - after.people.y[mine]).all()
    for place, cut in before.cuts.items():
        assert cut.tobytes() == after.cuts[place].tobytes()


def perturbed(data, places):
    """Test people with other values of everything."""
    measured, predictors = data.people.measured.copy(), data.people.predictors.copy()
    measured.loc[places, "value"] *= np.linspace(0.2, 5, len(places))
    measured.loc[places, "age"] += 11
    measured.loc[places, "batch"] = "unseen"
    predictors.loc[places] = predictors.loc[places] * 3 + 7
    predictors.loc[places[::3], "crp"] = np.nan
    return replace(data, people=replace(data.people, measured=measured, predictors=predictors))


def keeping(monkeypatch, name):
    """Let a step of the pipeline be kept, each time it is done."""
    real, kept = getattr(predict, name), []

    def step(*given):
        kept.append(real(*given))
        return kept[-1]

    monkeypatch.setattr(predict, name, step)
    return kept


def test_values_of_test_people_change_no_curve_and_no_model(monkeypatch, two):
    split = one_split(monkeypatch, two)
    prepared, models, nets = (
        keeping(monkeypatch, name) for name in ("prepare", "fit_linear_risk", "fit_nets")
    )
    for data in (two, perturbed(two, split.test)):
        cross_validate(data, "a", STUDY)
    ages, curves = np.linspace(15, 90, 40), []
    for one in prepared:
        curve = one.score.learned_["a"].curve
        curves.append([curve.centile(p, ages, s).tobytes() for p in (0.1, 0.9) for s in (0.0, 1.0)])
        assert curve.n == (two.people.y[split.train] == 0).sum()
    assert curves[0] == curves[1]
    found = [model.coef.tobytes() for model in models]
    found += [net.coef.tobytes() for (net,) in nets]
    assert len(found) == 20
    assert found[:5] == found[5:10]
    assert found[10:15] == found[15:]


def test_values_of_other_test_people_change_no_prediction(monkeypatch, two):
    split = one_split(monkeypatch, two)
    before = cross_validate(two, "a", STUDY)
    after = cross_validate(perturbed(two, split.test[20:]), "a", STUDY)
    for key, p in before.p.items():
        if key[1] != "more":  # the random numbers of its gaps are drawn for all
            assert p[0, split.test[:20]].tobytes() == after.p[key][0, split.test[:20]].tobytes()
        if key[0] == "logistic":
            assert (p[0, split.test[20:]] != after.p[key][0, split.test[20:]]).any()


def test_a_planted_signal_is_found_within_and_across_cohorts(within, across):
    for found in (within, across):
        for model in MODELS:
            best = np.mean([auc(found.people.y, p) for p in found.p[model, "base_analyte"]])
            assert 0.58 < best < 0.85
            useless = np.mean([auc(found.people.y, p) for p in found.p[model, "base"]])
            assert useless < best


def test_predictions_of_a_cohort_do_not_depend_on_which_others_take_part(within):
    assert same(within, cross_validate(data_of("a"), "a", STUDY))
    assert same(within, cross_validate(data_of("b", "a"), "a", STUDY))


def test_two_runs_give_the_same_bytes(two, across):
    assert same(across, validate(two, "a", STUDY))


def test_order_of_people_in_the_table_matters_to_folds_and_to_nothing_else(two, across):
    # A validation has no folds.
    order = np.random.default_rng(3).permutation(len(two.people))
    data = replace(two, people=two.people.take(order))
    found = validate(data, "a", STUDY)
    back = np.argsort(order[two.people.cohort[order] == "a"])
    for tier in ("base", "analyte", "base_analyte"):
        again = found.p["logistic", tier][:, back]
        assert again == pytest.approx(across.p["logistic", tier], abs=1e-8)


def test_a_cohort_that_stands_alone_has_no_validation():
    with pytest.raises(NotEstimable, match="no other cohort can build the model"):
        validate(data_of("a"), "a", STUDY)


def test_a_training_part_without_a_curve_fails_the_cohort_with_its_reason():
    # 36 controls are enough for a curve, 24 of them in a training set are not.
    data = data_of("a", groups={"control": 36, "mdd": 40})
    with pytest.raises(NotEstimable, match="24 < 30"):
        cross_validate(data, "a", STUDY)


def test_a_tier_that_cannot_be_built_fails_for_every_model_and_the_others_stay():
    tables = {"a": table().drop(columns="crp"), "b": table(seed=2)}
    data = task_data(tables, TASKS["depression"], STUDY)
    found = validate(data, "b", STUDY)
    assert set(found.failures) == {(model, "more") for model in MODELS}
    assert all("crp not in a" in reason for reason in found.failures.values())
    assert "more" not in found.predictors
    assert {tier for _, tier in found.p} == set(TIERS) - {"more"}
    assert cross_validate(data, "b", STUDY).failures == {}


def test_a_model_that_fails_in_one_division_leaves_nothing_behind(two, monkeypatch):
    real = predict.fit_linear_risk
    calls = []

    def fails_late(X, *given):
        calls.append(1)
        if X.shape[1] == 1 and len(calls) > 20:
            raise NotEstimable("in the fifth fold")
        return real(X, *given)

    monkeypatch.setattr(predict, "fit_linear_risk", fails_late)
    found = cross_validate(two, "a", STUDY)
    key = ("logistic", "analyte")
    assert found.failures == {key: "in the fifth fold"}
    assert key not in found.p
    assert key not in found.methods
    assert key not in {place for place, _ in found.cuts}


def test_an_elastic_net_that_cannot_be_fitted_is_a_failure_of_its_tier(two, monkeypatch):
    real = predict.fit_nets

    def fails_for_one(nets, l1_ratio):
        if nets[0].X.shape[1] == 1:
            raise NotEstimable("no convergence")
        return real(nets, l1_ratio)

    monkeypatch.setattr(predict, "fit_nets", fails_for_one)
    found = cross_validate(two, "a", STUDY)
    assert found.failures == {("elastic_net", "analyte"): "no convergence"}
    assert ("elastic_net", "analyte") not in found.p
    assert ("elastic_net", "base") in found.p


def test_classes_have_a_probability_each():
    groups = {"control": 60, "mdd": 40, "bipolar": 40}
    data = data_of("a", "b", task="diagnosis", groups=groups)
    for found in (cross_validate(data, "a", STUDY), validate(data, "a", STUDY)):
        p = found.p["multinomial", "base_analyte"]
        assert p.shape[1:] == (140, 3)
        assert p.sum(axis=2) == pytest.approx(1)
        # Depression is low, bipolar disorder high.
        assert 0.65 < auc((found.people.y[40:] == 2)[20:], (p[0, 60:, 2] - p[0, 60:, 1])) < 1


def test_an_event_to_come_has_a_risk_within_the_horizon():
    data = data_of("a", task="incident_depression", groups={"control": 220})
    found = cross_validate(data, "a", STUDY)
    # Too few events in a tail for its hazard ratio.
    assert {key: why[:16] for key, why in found.failures.items()} == {
        ("cox", "base_tails"): "the hazard ratio"
    }
    assert set(found.p) == {("cox", tier) for tier in TIERS if tier != "base_tails"}
    risk = found.p["cox", "analyte"].mean(axis=0)
    assert auc(found.people.y, risk) > 0.6
    assert np.corrcoef(risk, data.people.measured["value"])[0, 1] < -0.3
