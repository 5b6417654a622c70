"""What is learned in a training set: curves, gaps and columns that never saw the test people."""

from dataclasses import replace

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold, cross_val_score
from sklearn.pipeline import make_pipeline

from builders import cohort_entry, make_study, people, study_config
from igfmood.config.load import parse_study
from igfmood.config.prediction import ANALYTE
from igfmood.errors import NotEstimable
from igfmood.normalise.curves.choose import fit_reference
from igfmood.normalise.curves.curve import ReferenceSettings
from igfmood.normalise.participants import standardiser
from igfmood.performance.columns import SCORE
from igfmood.performance.models.linear_risk import fit_linear_risk
from igfmood.performance.prepare import fit_score, has_gaps, prepare, resolve
from igfmood.performance.splits import CROSS_VALIDATION, Split
from igfmood.performance.standard_score import StandardScore
from igfmood.performance.task_data import task_data
from igfmood.performance.tasks import prediction_tasks

STUDY = make_study("a", "b", "c")
TASKS = {task.name: task for task in prediction_tasks(STUDY)}
DEPRESSION, BIPOLAR_OR_MDD = TASKS["depression"], TASKS["bipolar_vs_depression"]


@pytest.fixture(scope="module")
def data():
    tables = {
        name: people({"control": 80, "mdd": 60, "bipolar": 40}, effects={"mdd": -0.8}, seed=seed)
        for seed, name in enumerate("abc", 1)
    }
    return task_data(tables, DEPRESSION, STUDY)


AGES = np.linspace(20, 70, 11)


def median(learned):
    """Median of a learned curve of women over age."""
    return learned.curve.centile(0.5, AGES, 1.0)


def fitted(people_, bystanders):
    return fit_score(people_, bystanders, STUDY)


def remeasured(everyone, **columns):
    return replace(everyone, measured=everyone.measured.assign(**columns))


def test_a_curve_is_that_of_the_healthy_training_people_of_its_cohort(data):
    everyone = data.people
    score = fitted(everyone, data.bystanders)
    mine = everyone.measured[(everyone.cohort == "b") & (everyone.y == 0)]
    expected = fit_reference(
        *(mine[name].to_numpy(float) for name in ("value", "age", "female")),
        ReferenceSettings(min_people=30),
    )
    assert score.learned_["b"].curve.n == expected.n == 80
    np.testing.assert_array_equal(median(score.learned_["b"]), expected.centile(0.5, AGES, 1.0))
    assert set(score.learned_) == {"a", "b", "c"}


def test_changing_cases_changes_no_curve(data):
    value = data.people.measured["value"]
    louder = remeasured(data.people, value=np.where(data.people.y == 1, 9 * value, value))
    before = fitted(data.people, data.bystanders).learned_
    after = fitted(louder, data.bystanders).learned_
    for name in before:
        assert median(before[name]).tobytes() == median(after[name]).tobytes()


def test_healthy_bystanders_serve_the_curve_where_the_task_has_no_controls():
    tables = {"a": people({"control": 50, "mdd": 40, "bipolar": 40})}
    data = task_data(tables, BIPOLAR_OR_MDD, STUDY)
    assert set(data.people.y) == {0, 1}
    assert len(data.people) == 80
    assert fitted(data.people, data.bystanders).learned_["a"].curve.n == 50


def test_an_unseen_cohort_gets_the_mean_of_the_scores_that_the_others_would_give(data):
    train = data.people.take(data.people.cohort != "c")
    unseen = data.people.take(data.people.cohort == "c")
    score = fitted(train, data.bystanders)
    parts = [score.learned_[name].transform(unseen.measured) for name in "ab"]
    assert score.transform(unseen.measured)[:, 0] == pytest.approx(np.mean(parts, axis=0))


def test_a_training_cohort_of_women_says_nothing_about_men_of_an_unseen_cohort(data):
    everyone = data.people
    women = everyone.measured["female"].to_numpy() == 1
    unseen = everyone.take(everyone.cohort == "c")
    some = fitted(everyone.take((everyone.cohort == "a") | (women & (everyone.cohort == "b"))),
                  data.bystanders)  # fmt: skip
    men = unseen.measured["female"].to_numpy() == 0
    expected = some.learned_["a"].transform(unseen.measured)
    np.testing.assert_array_equal(some.transform(unseen.measured)[men, 0], expected[men])
    none = fitted(everyone.take(women & (everyone.cohort != "c")), data.bystanders)
    with pytest.raises(NotEstimable, match="no training cohort has a reference"):
        none.transform(unseen.measured)


def test_a_shifted_assay_of_an_unseen_cohort_is_not_corrected_from_its_own_people(data):
    train = data.people.take(data.people.cohort != "c")
    unseen = data.people.take(data.people.cohort == "c")
    score = fitted(train, data.bystanders)
    shifted = remeasured(unseen, value=1.35 * unseen.measured["value"])
    shift = score.transform(shifted.measured) - score.transform(unseen.measured)
    # ln 1.35 is one SD of logs of 0.3; curves of 80 people are a little narrow.
    assert shift.mean() == pytest.approx(1.0, abs=0.3)
    assert (shift > 0.5).all()


def test_batches_of_another_cohort_with_the_same_name_are_not_its_batches(data):
    plates = np.where(np.arange(len(data.people)) % 2 == 0, "1", "2")
    value = data.people.measured["value"] * np.where(plates == "1", 1.3, 1.0)
    everyone = remeasured(data.people, batch=plates, value=value)
    train = everyone.take(everyone.cohort != "c")
    unseen = everyone.take(everyone.cohort == "c")
    score = fitted(train, data.bystanders)
    assert score.learned_["a"].batch.shift.max() > 0.05
    renamed = remeasured(unseen, batch="x")
    np.testing.assert_array_equal(
        score.transform(unseen.measured), score.transform(renamed.measured)
    )


def test_a_published_curve_is_used_wherever_its_cohort_stands(tmp_path, data):
    rows = [f"{sex},{age},150,0.3,0" for sex in ("male", "female") for age in (18, 90)]
    (tmp_path / "life.csv").write_text("\n".join(["sex,age,mu,sigma,nu", *rows]))
    entries = [cohort_entry(name) for name in "ab"]
    entries.append(cohort_entry("c", reference={"table": "life.csv", "unit": "ng/mL"}))
    study = parse_study(study_config(*entries, data_root=str(tmp_path)))
    unseen = data.people.take(data.people.cohort == "c").measured
    expected = np.log(unseen["value"].to_numpy() / 150) / 0.3
    for names in ("ab", "abc"):
        train = data.people.take(np.isin(data.people.cohort, list(names)))
        score = fit_score(train, data.bystanders, study)
        assert score.transform(unseen)[:, 0] == pytest.approx(expected, abs=1e-9)


def test_the_score_is_a_step_of_a_scikit_learn_pipeline(data):
    everyone = data.people
    names = {c.name: standardiser(STUDY, c) for c in STUDY.cohorts}
    pipeline = make_pipeline(StandardScore(names), LogisticRegression())
    rows = StratifiedKFold(4, shuffle=True, random_state=1).split(everyone.measured, everyone.y)
    found = cross_val_score(
        pipeline, everyone.measured, everyone.y, cv=list(rows), scoring="roc_auc"
    )
    assert 0.6 < found.mean() < 0.85  # 0.8 SD is an AUC of 0.71
    assert clone(pipeline.steps[0][1]).standardisers == names


def split_of(data, test):
    """Division with these places as test people, the others of the same cohorts training."""
    mine = np.isin(data.people.cohort, np.unique(data.people.cohort[test]))
    train = np.setdiff1d(np.flatnonzero(mine), test)
    return Split(CROSS_VALIDATION, str(data.people.cohort[test[0]]), 0, 0, train, test)


@pytest.fixture(scope="module")
def ready(data):
    everyone = np.flatnonzero(data.people.cohort == "a")
    return prepare(data, split_of(data, everyone[::5]), STUDY)


def test_scores_of_both_parts_are_those_of_the_training_part(data, ready):
    score = fitted(ready.train, data.bystanders)
    for part, known in ((ready.train, ready.known_train), (ready.test, ready.known_test)):
        np.testing.assert_array_equal(known[SCORE], score.transform(part.measured)[:, 0])
    assert ready.score.learned_["a"].curve.n == (ready.train.y == 0).sum()
    assert set(ready.train.participant).isdisjoint(ready.test.participant)


def test_the_model_finds_the_planted_direction(ready):
    X, new, maker = ready.columns(["age_years", "sex", "bmi", ANALYTE], STUDY)
    assert X.shape[1] == new.shape[1] == len(maker.get_feature_names_out())
    model = fit_linear_risk(X, ready.train.y, ready.train.cohort)
    assert -1.3 < model.coef[-1] < -0.4


def test_gaps_are_filled_from_training_people_alone(data):
    predictors = data.people.predictors.copy()
    split = split_of(data, np.flatnonzero(data.people.cohort == "a")[::5])
    predictors.loc[split.train[::4], "bmi"] = np.nan
    predictors.loc[split.test[::2], "bmi"] = np.nan
    holed = replace(data, people=replace(data.people, predictors=predictors))
    assert has_gaps(holed, ["a"])
    assert not has_gaps(holed, ["b"])
    found = prepare(holed, split, STUDY)
    changed = predictors.copy()
    changed.loc[split.test[1::2], "bmi"] = 90.0
    other = prepare(replace(data, people=replace(data.people, predictors=changed)), split, STUDY)
    np.testing.assert_array_equal(found.known_train["bmi"], other.known_train["bmi"])
    np.testing.assert_array_equal(found.known_test["bmi"][::2], other.known_test["bmi"][::2])
    assert found.gaps.mean_.tobytes() == other.gaps.mean_.tobytes()
    assert np.isfinite(found.known_test["bmi"]).all()
    # Each repeat fills anew, the same repeat alike.
    again = prepare(holed, split, STUDY)
    np.testing.assert_array_equal(found.known_train["bmi"], again.known_train["bmi"])
    later = prepare(holed, replace(split, draw=1), STUDY)
    assert (later.known_train["bmi"] != found.known_train["bmi"]).sum() == len(split.train[::4])


def test_nothing_that_varies_is_no_model(data):
    women = data.people.take(data.people.measured["female"].to_numpy() == 1)
    only = replace(data, people=women)
    ready = prepare(only, split_of(only, np.flatnonzero(women.cohort == "a")[::5]), STUDY)
    with pytest.raises(NotEstimable, match="no predictor varies"):
        ready.columns(["sex"], STUDY)
    assert ready.columns(["sex", "bmi"], STUDY)[0].shape[1] == 2  # BMI as a spline


def offering(data, **available):
    return replace(data, available={name: frozenset(names) for name, names in available.items()})


def test_a_tier_uses_what_every_cohort_has(data):
    base = {"age_years", "sex", "bmi", "analyte", "analyte_spline", "analyte_tails"}
    some = offering(data, a=base | {"crp", "smoking"}, b=base | {"crp"}, c=base)
    assert resolve(some, ["a"], "clinical", STUDY) == ("age_years", "sex", "bmi", "smoking", "crp")
    assert resolve(some, ["a", "b"], "clinical_analyte", STUDY) == (
        "age_years", "sex", "bmi", "crp", "analyte")  # fmt: skip
    assert resolve(some, ["a", "b", "c"], "base_analyte", STUDY) == (
        "age_years", "sex", "bmi", "analyte")  # fmt: skip


def test_a_tier_that_would_be_no_more_than_the_base_is_refused(data):
    base = {"age_years", "sex", "bmi", "analyte"}
    some = offering(data, a=base | {"crp"}, b=base, c=base - {"bmi"} | {"crp"})
    with pytest.raises(NotEstimable, match="smoking, alcohol_g_day, crp, ad_use not in a or b"):
        resolve(some, ["a", "b"], "clinical", STUDY)
    knows = offering(data, a=base | {"crp"})
    for tier, same in (("phq2", "clinical"), ("phq2_analyte", "clinical_analyte")):
        with pytest.raises(NotEstimable, match=f"the model would be that of {same}"):
            resolve(knows, ["a"], tier, STUDY)
    # What the added value is about cannot be absent, though the tier knows more.
    with pytest.raises(NotEstimable, match="bmi not in c, or not allowed there"):
        resolve(some, ["a", "c"], "clinical", STUDY)
    with pytest.raises(NotEstimable, match="bmi not in c"):
        resolve(some, ["c"], "base", STUDY)
    with pytest.raises(NotEstimable, match="analyte_spline not in a"):
        resolve(some, ["a"], "base_spline", STUDY)


def test_too_few_healthy_training_people_are_refused(data):
    few = data.people.take(np.flatnonzero(data.people.cohort == "a")[:25])
    with pytest.raises(NotEstimable, match="25 < 30"):
        fitted(few, data.bystanders.take(np.zeros(0, dtype=int)))


def test_training_people_of_a_sex_with_a_handful_of_references_fail_the_fit(data):
    measured = data.people.measured[data.people.cohort == "a"].reset_index(drop=True)
    controls = np.flatnonzero(measured["reference"])
    few = measured.assign(female=1.0)
    few.loc[controls[:4], "female"] = 0.0
    score = StandardScore({"a": standardiser(STUDY, STUDY.cohorts[0])})
    with pytest.raises(NotEstimable, match="too few reference people of the sex of somebody"):
        score.fit(few)
    score.fit(few.assign(female=1.0))


def test_the_score_has_a_name_in_a_frame(data):
    measured = data.people.measured
    names = {cohort.name: standardiser(STUDY, cohort) for cohort in STUDY.cohorts}
    score = StandardScore(names).set_output(transform="pandas").fit(measured)
    assert list(score.transform(measured).columns) == ["sds"]


def test_a_cohort_without_a_standardiser_is_named_in_training_and_gets_the_mean_afterwards(data):
    measured = data.people.measured
    names = {name: standardiser(STUDY, STUDY.cohort(name)) for name in "ab"}
    with pytest.raises(ValueError, match=r"training cohorts \['c'\]"):
        StandardScore(names).fit(measured)
    score = StandardScore(names).fit(measured[measured["cohort"] != "c"])
    unseen = measured[measured["cohort"] == "c"]
    one = [score.learned_[name].transform(unseen.assign(batch="")) for name in "ab"]
    assert score.transform(unseen)[:, 0] == pytest.approx(np.mean(one, axis=0))
