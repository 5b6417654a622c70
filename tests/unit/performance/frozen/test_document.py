"""The file of a model: nobody is in it, and what is wrong with it is said."""

import json
import re

import numpy as np
import pandas as pd
import pytest

from igfmood.errors import DataError, NotEstimable
from igfmood.performance.frozen.coarse import (
    age_range,
    coarse_gaps,
    distribution,
    nice_step,
    training_counts,
    without_rare,
)
from igfmood.performance.frozen.document import read_model, write_model
from igfmood.performance.frozen.freeze import NOT_BUILT, Source, fit_frozen, freeze_study
from igfmood.performance.joint_normal import JointNormal
from igfmood.performance.tasks import prediction_tasks
from unit.performance.frozen.studies import (
    TIERS,
    below_limit,
    data_of,
    few_controls,
    model_of,
    study_of,
    tables_of,
    with_batches,
    with_gaps,
)


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    folder = tmp_path_factory.mktemp("model")
    study = study_of(folder, below_limit="censored_likelihood")
    data = data_of(study, tables_of(with_gaps, with_batches, below_limit))
    model = model_of(study, data, "clinical")
    write_model(model, folder / "model.json")
    return model, data, (folder / "model.json").read_text(encoding="utf-8")


def numbers(value):
    """Yield every number of a document."""
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        for item in value:
            yield from numbers(item)
    elif isinstance(value, float) and value not in (0.0, 1.0):
        yield value


def test_no_participant_is_in_the_file(written):
    _, data, text = written
    people = data.people
    assert not any(key in text for key in people.participant)
    found = set(numbers(json.loads(text)))
    assert len(found) > 200
    for values in (people.measured["value"], people.measured["age"], people.predictors["bmi"]):
        assert not found & set(values.dropna())


def test_ends_of_ages_are_percentiles_in_steps_of_five_years(written):
    model, data, text = written
    ages = [*model.ages]
    for one in model.score.cohorts.values():
        ages += [one.curve.youngest, one.curve.oldest, *one.censored.age_limits]
    assert all(age % 5 == 0 for age in ages)
    assert f"{data.people.measured['age'].min()}" not in text


def test_bands_hold_as_many_people_as_may_be_shown(tmp_path):
    study = study_of(tmp_path)
    data = data_of(study, tables_of(few_controls))
    model = model_of(study, data, "analyte")
    for name, score in model.score.cohorts.items():
        assert score.curve.kind == "bands"
        controls = ((data.people.cohort == name) & (data.people.y == 0)).sum()
        assert len(score.curve.male.age) <= controls // study.disclosure.min_cell


def test_small_counts_are_suppressed_and_cannot_be_worked_out():
    cohort = np.repeat(["a", "b"], [60, 50])
    y = np.r_[np.repeat([0.0, 1.0], [56, 4]), np.repeat([0.0, 1.0], [30, 20])]
    everybody, by_cohort = training_counts(y, cohort, ("control", "mdd"), 10)
    assert by_cohort["a"].classes["mdd"] == "<10"
    assert by_cohort["b"].classes["mdd"] == "≈ 20"
    # 4 is neither 60 - 56 nor 24 - 20.
    exact = re.compile(r"[\d,]+")
    told = [everybody, *by_cohort.values()]
    assert not [t for one in told for t in (one.n, *one.classes.values()) if exact.fullmatch(t)]


def test_counts_are_rounded_as_in_the_report():
    # Of 265 people in the groups of the report one had no analyte.
    y = np.r_[np.repeat([0.0, 1.0], [190, 142]), np.repeat([0.0, 1.0], [160, 104])]
    cohort = np.repeat(["clinic", "imaging"], [332, 264])
    everybody, by_cohort = training_counts(y, cohort, ("control", "mdd"), 10)
    assert by_cohort["imaging"].n == "≈ 260"
    assert by_cohort["imaging"].classes == {"control": "≈ 160", "mdd": "≈ 100"}
    assert everybody.n == "≈ 600"
    assert everybody.classes == {"control": "≈ 350", "mdd": "≈ 250"}


def test_no_percentile_tells_how_many_people_are_behind_it():
    # 150 people, five of them without a value: the levels are the same.
    values = np.random.default_rng(2).normal(26, 4, 150)
    assert distribution(values, 10).level == distribution(values[5:], 10).level == 0.1
    values = np.random.default_rng(2).normal(26, 4, 891)
    assert distribution(values, 10).level == distribution(values[40:], 10).level == 0.02


def test_a_rare_category_is_no_part_of_the_model(tmp_path):
    study = study_of(tmp_path)
    tables = tables_of()
    for table in tables.values():
        rare = table.index[table["smoking"] == "current"][4:]
        table.loc[rare, "smoking"] = "never"
        table["lithium"] = pd.array([True] * 4 + [False] * (len(table) - 4), dtype="boolean")
    model = model_of(study, data_of(study, tables), "clinical")
    categories = {one.name: one.categories for one in model.inputs}
    assert categories["smoking"] == ["never", "former"]
    assert categories["lithium"] == ["no"]
    terms = model.equations["mdd"].coefficients
    assert "smoking:former" in terms
    assert not {"smoking:current", "lithium"} & set(terms)
    unknown = {one.name: one.missing for one in model.inputs}
    assert unknown["smoking"] is None
    assert unknown["bmi"] == 0


def test_a_correlation_that_tells_of_few_is_left_out():
    rng = np.random.default_rng(3)
    a, b = np.zeros(400), np.zeros(400)
    a[:60], b[55:140] = 1, 1  # 5 people have both
    frame = pd.DataFrame({"a": a, "b": b, "x": rng.normal(26, 4, 400) + a})
    plain = JointNormal().fit(frame)
    found = coarse_gaps(plain, frame, 10)
    assert plain.cov_[0, 1] < -0.05
    assert found.cov_[0, 1] == 0
    assert found.cov_[0, 2] == pytest.approx(plain.cov_[0, 2], abs=1e-3)
    assert coarse_gaps(plain, frame, 5).cov_[0, 1] != 0


def test_a_joint_distribution_stays_one_when_correlations_are_left_out():
    rng = np.random.default_rng(4)
    base = rng.random(300) < 0.5
    frame = pd.DataFrame({
        name: np.where(rng.random(300) < 0.02, ~base, base).astype(float) for name in "abcd"
    })  # fmt: skip
    frame["x"] = base + rng.normal(0, 0.05, 300)
    found = coarse_gaps(JointNormal().fit(frame), frame, 10)
    assert np.linalg.eigvalsh(found.cov_).min() > 0
    holes = frame.mask(rng.random(frame.shape) < 0.2)
    assert np.isfinite(found.transform(holes)).all(axis=None)


def test_percentiles_have_as_many_people_beyond_as_may_be_shown():
    values = np.random.default_rng(2).normal(26, 4, 100)
    found = distribution(values, 10)
    assert found.level == 0.1
    assert (found.low, found.high) == pytest.approx(np.quantile(values, [0.1, 0.9]), abs=0.25)
    assert distribution(np.tile(values, 30), 10).level == 0.01
    assert distribution(np.tile([0.0, 1.0], 30), 10).low is None
    assert age_range(np.linspace(18, 77, 1000), 10) == (15.0, 80.0)
    with pytest.raises(NotEstimable, match="19 < 21"):
        distribution(values[:19], 10)


@pytest.mark.parametrize(("sd", "step"), [(1.0, 0.1), (4.9, 0.2), (55.0, 5.0), (0.0, 1.0)])
def test_steps_are_a_tenth_of_an_sd_or_less(sd, step):
    assert nice_step(sd) == pytest.approx(step)


def test_predictors_of_numbers_are_never_rare():
    frame = pd.DataFrame({"bmi": [20.0, 30.0, np.nan], "smoking:former": [1.0, 0.0, 0.0]})
    found, kept = without_rare(frame, 2)
    assert kept == {"smoking": [""]}
    assert found["bmi"].equals(frame["bmi"])
    assert np.isnan(found["smoking:former"][0])


def test_models_that_cannot_be_built_are_listed_with_their_reason(tmp_path):
    study = study_of(tmp_path)
    tables = tables_of(groups={"control": 120, "mdd": 70, "bipolar": 4})
    paths = {}
    for name, table in tables.items():
        paths[name] = tmp_path / f"{name}.parquet"
        table.to_parquet(paths[name], index=False)
    (tmp_path / "overlap.json").write_text('{"left_out": {}, "pairs": []}')
    folder = tmp_path / "models"
    freeze_study(study, paths, tmp_path / "overlap.json", Source("c0de", "da7a"), folder)
    built = {path.relative_to(folder).as_posix() for path in folder.rglob("*.json")}
    assert {f"depression/{tier}.json" for tier in TIERS} <= built
    reasons = pd.read_csv(folder / NOT_BUILT)
    assert set(reasons.loc[reasons["task"] == "bipolar", "tier"]) == set(TIERS)
    tasks = [task.name for task in prediction_tasks(study)]
    assert len(built) + len(reasons) == len(TIERS) * len(tasks)
    # The order in which cohorts are given moves no byte.
    turned = tmp_path / "turned"
    backwards = dict(reversed(paths.items()))
    freeze_study(study, backwards, tmp_path / "overlap.json", Source("c0de", "da7a"), turned)
    for name in built:
        assert (turned / name).read_bytes() == (folder / name).read_bytes(), name
    # Four people are fewer than may be told.
    assert "too few people (bipolar): <10, needs 20" in reasons["reason"][0]
    assert read_model(folder / "depression" / "base.json").origin.inputs == "da7a"


def test_too_few_people_for_what_may_be_shown_make_no_model(tmp_path):
    study = study_of(tmp_path)
    data = data_of(study, tables_of())
    strict = study.model_copy(
        update={"disclosure": study.disclosure.model_copy(update={"min_cell": 300})}
    )
    with pytest.raises(NotEstimable, match="may leave the study"):
        fit_frozen(data, "analyte", strict)


def _changed(text, change):
    given = json.loads(text)
    change(given)
    return json.dumps(given)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda d: d.update(version=2), "format version 2, and this igfmood reads 1"),
        (lambda d: d.update(format="other"), "no frozen model"),
        (lambda d: d.update(weights=1), "weights: this key is not known"),
        (lambda d: d.pop("gaps"), "gaps: this key is needed"),
        (
            lambda d: d["equations"]["mdd"]["coefficients"].update(analyte="-0.5"),
            "equations.mdd.coefficients.analyte: .*number.*'-0.5'",
        ),
        (
            lambda d: d["equations"]["mdd"].update(average_intercept=9.0),
            "is not the mean of the intercepts",
        ),
        (lambda d: d["columns"]["knots"].update(bmi=[30.0, 20.0, 25.0]), "values must rise"),
        (lambda d: d["gaps"]["mean"].pop(), "must be of"),
        (lambda d: d["training"]["cohorts"].pop("first"), "of the same cohorts"),
        (lambda d: d["score"]["cohorts"]["first"]["curve"]["male"]["nu"].pop(), "23 items"),
        (lambda d: d["score"]["cohorts"]["first"].update(censored=None), "goes with below_limit"),
        (lambda d: d["equations"].update(other=d["equations"].pop("mdd")), "must be of"),
        (lambda d: d.update(horizon_years=5.0), "goes with kind: time"),
        (lambda d: d["recalibration"].update(slope=float("nan")), "finite"),
        (lambda d: d["columns"].update(tails=[1.0]), "tails are two"),
    ],
)
def test_what_is_wrong_with_a_file_is_said(written, tmp_path, change, words):
    path = tmp_path / "model.json"
    path.write_text(_changed(written[2], change))
    with pytest.raises(DataError, match=words):
        read_model(path)


@pytest.mark.parametrize("cut", [0, 10, 5000])
def test_a_file_that_was_cut_off_is_told(written, tmp_path, cut):
    path = tmp_path / "model.json"
    path.write_text(written[2][:cut])
    with pytest.raises(DataError, match="not JSON, or was cut off"):
        read_model(path)


def test_what_is_no_object_is_no_model(tmp_path):
    path = tmp_path / "model.json"
    path.write_bytes(b"[1, 2]")
    with pytest.raises(DataError, match="no frozen model"):
        read_model(path)
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(DataError, match="not JSON"):
        read_model(path)
