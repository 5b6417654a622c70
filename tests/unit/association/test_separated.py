"""Rows of separated data: the profile's interval, and one model in all completed tables."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from builders import POOLED, cohort_data, make_study, people
from igfmood.association.models.clip import combined_profiles
from igfmood.association.models.firth import fit_firth
from igfmood.association.question import Question, add_answers, answer
from igfmood.association.questions import question_of
from igfmood.association.questions.incidence import odds_ratio
from igfmood.association.questions.tails import tails
from igfmood.association.regression import logistic
from igfmood.association.sample import Specification
from igfmood.impute.participants import Completed
from igfmood.results import Rows
from igfmood.splines import rcs_basis, rcs_knots

STUDY = make_study(covariate_tiers={"crude": []}, imputation={"m": 0})
N = 80


def exposed_without_event(table):
    """Nobody of the 20 exposed is high, and every second one of the others is."""
    exposed = np.arange(N) < 20
    high = (np.arange(N) % 2 == 0) & ~exposed
    return table.assign(bmi=exposed.astype(float), phq9_total=np.where(high, 15.0, 2.0))


def completed(*exposed, survey="ignore"):
    """A cohort whose body-mass indices were filled in otherwise in every completed table."""
    data = cohort_data(exposed_without_event(people({"control": N}).assign(
        weight_survey=1.0, stratum_survey="a", psu_survey=[f"{i // 8}" for i in range(N)],
    )), STUDY, survey=survey)  # fmt: skip
    tables = tuple(data.people.assign(bmi=one) for one in exposed)
    filled = {"bmi": np.ones(N, dtype=bool)}
    return replace(data, completed=Completed(tables, filled, None, "", {}))


def of_exposure(sample):
    high = sample.column("phq9_total") >= 10
    fit = logistic(sample, sample.design(sample.column("bmi")), high)
    return {("log_or", ""): fit.coefficient(1, len(sample), int(high.sum()), fit.method)}


ASKED = Question(
    "severity", "phq9_10", "logistic", (("log_or", ""),), of_exposure,
    observed=("phq9_total",), used=("bmi",),
)  # fmt: skip


def asked(data):
    return answer(ASKED, Specification("crude"), data)["log_or", ""]


def separated():
    return (np.arange(N) < 20).astype(float)


def overlapping():
    """Two who are high and two who are not changed places."""
    exposed = separated()
    exposed[[0, 1, 40, 42]] = [0.0, 0.0, 1.0, 1.0]
    return exposed


def firth_of(exposed):
    high = exposed_without_event(people({"control": N}))["phq9_total"].to_numpy() >= 10
    return fit_firth(np.column_stack([np.ones(N), exposed]), high.astype(float))


def test_one_table_has_the_profile_interval_and_the_error_of_the_model():
    found = asked(completed(separated()))
    fit = firth_of(separated())
    assert (found["estimate"], found["se"]) == pytest.approx((fit.coef[1], fit.se[1]), rel=1e-9)
    assert (found["ci_low"], found["ci_high"]) == pytest.approx(fit.profile_interval(1), rel=1e-9)
    assert found["df"] is None
    assert found["n_events"] == 30
    # Its p says what its interval says: at the level 1 - p a limit is 0.
    assert fit.profile_interval(1, 1 - found["p"])[1] == pytest.approx(0, abs=1e-7)
    assert found["method"] == (
        "logistic regression, Firth (the data separate), penalised profile-likelihood interval "
        "and likelihood-ratio p, standard error of the model"
    )


def test_identical_tables_have_the_interval_of_one():
    one, three = asked(completed(separated())), asked(completed(*[separated()] * 3))
    for column in ("estimate", "se", "ci_low", "ci_high", "p"):
        assert three[column] == pytest.approx(one[column], rel=1e-8)
    assert three["method"].endswith(
        "; 3 imputations, Rubin's rules, interval and p by combined likelihood profiles (CLIP)"
    )


def test_where_one_table_separates_all_have_firths_estimate():
    tables = (overlapping(), separated(), overlapping())
    found = asked(completed(*tables))
    fits = [firth_of(one) for one in tables]
    assert found["estimate"] == pytest.approx(np.mean([fit.coef[1] for fit in fits]), rel=1e-9)
    by = combined_profiles([fit.profile([0.0, 1.0]) for fit in fits])
    assert (found["ci_low"], found["ci_high"]) == pytest.approx((by.low, by.high), rel=1e-8)
    assert found["p"] == pytest.approx(by.p, rel=1e-8)
    assert "Firth in all completed tables (the data of some separate)" in found["method"]
    assert "of 3 tables" not in found["method"]


def test_where_no_table_separates_nothing_is_penalised():
    found = asked(completed(overlapping(), overlapping()))
    assert "maximum likelihood, Wald interval" in found["method"]
    half = 1.959963984540054 * found["se"]
    assert found["ci_low"] == pytest.approx(found["estimate"] - half, rel=1e-9)


def test_a_survey_of_which_one_table_separates_is_counted_alike_in_all():
    tables = (overlapping(), separated())
    found = asked(completed(*tables, survey="design"))
    plain = asked(completed(*tables))
    assert found["method"].count("survey weights not used") == 1
    assert found["estimate"] == pytest.approx(plain["estimate"], rel=1e-12)
    assert "weighted logistic" in asked(completed(overlapping(), survey="design"))["method"]


def test_a_joint_test_is_walds_and_its_tables_are_of_one_model():
    """A number of another model beside it does not hide that only some tables separate."""

    def ask(sample):
        high = sample.column("phq9_total") >= 10
        line = logistic(sample, sample.design(sample.score), high)
        fit = logistic(sample, sample.design(sample.column("bmi"), sample.score), high)
        return {
            ("log_or", ""): line.coefficient(1, len(sample), None, line.method),
            ("f", ""): fit.joint(slice(1, 3), len(sample), None, fit.method),
        }

    question = replace(ASKED, keys=(("log_or", ""), ("f", "")), ask=ask)
    data = completed(overlapping(), separated())
    found = answer(question, Specification("crude"), data)
    for key in question.keys:
        assert "Firth in all completed tables (the data of some separate)" in found[key]["method"]
    assert "some separate), Wald test; 2 imputations" in found["f", ""]["method"]
    assert "profile" not in found["f", ""]["method"]


def test_a_curve_of_separated_data_has_profile_intervals():
    """No man is a case: sex separates, and the curve is in the same model."""
    study = make_study(covariate_tiers={"tier": ["sex"]}, imputation={"m": 0})
    table = people({"control": 120, "mdd": 40}, effects={"mdd": -0.6}, seed=5)
    table.loc[table["diagnosis"] == "mdd", "sex"] = "female"
    question = question_of(study, "shape", "depression", "curve", "1")
    specification = Specification("tier", missing="complete_cases")
    found = answer(question, specification, cohort_data(table, study))
    score = table["igf1_sds"].to_numpy()
    knots = rcs_knots(score, study.shape.knots)
    female = (table["sex"] == "female").to_numpy(float)
    design = np.column_stack([np.ones(160), rcs_basis(score, knots), female])
    fit = fit_firth(design, (table["diagnosis"] == "mdd").to_numpy(float))
    weights = np.r_[0, (rcs_basis([1.0], knots) - rcs_basis([0.0], knots))[0], 0]
    expected = combined_profiles([fit.profile(weights)])
    point = found["curve", "1"]
    assert point["estimate"] == pytest.approx(weights @ fit.coef, rel=1e-7)
    limits = (expected.low, expected.high)
    assert (point["ci_low"], point["ci_high"]) == pytest.approx(limits, rel=1e-7)
    assert "profile-likelihood interval" in point["method"]
    assert found["f", "any"]["method"].endswith("Firth (the data separate), Wald test")


def test_the_rows_of_both_tails_have_profiles_and_so_has_their_mean():
    """Every one with a high score is a case: the odds have no finite estimate."""
    table = people({"control": 200, "mdd": 60}, seed=3)
    study = make_study(
        covariate_tiers={"crude": []}, imputation={"m": 0},
        shape={"low_percentile": 10, "high_percentile": 99.5},
    )  # fmt: skip
    case = (table["diagnosis"] == "mdd").to_numpy()
    scores = table["igf1_sds"].to_numpy().copy()
    scores[~case] = np.clip(scores[~case], None, 2)
    scores[np.flatnonzero(case)[:15]] = 4.0
    data = cohort_data(table.assign(igf1_sds=scores), study)
    task = next(one for one in study.tasks if one.name == "depression")
    sample = next(data.samples(Specification("crude", missing="complete_cases"), (), ()))
    found = tails(sample, task)
    high, mean = found["log_or", "high"], found["log_or", "excess"]
    assert "Firth" in mean.method
    by_high, by_mean = (combined_profiles([one.profile]) for one in (high, mean))
    assert high.estimate - by_high.low < by_high.high - high.estimate
    assert by_mean.low < mean.estimate < by_mean.high
    assert mean.profile.estimate == pytest.approx(mean.estimate, rel=1e-12)
    assert mean.profile.se == pytest.approx(mean.se, rel=1e-9)


def test_discrete_time_of_separated_data_has_the_profile_interval():
    """All 12 events come to people with a score above 0."""
    rng = np.random.default_rng(1)
    table = people({"control": 150})
    score = np.where(np.arange(150) < 75, 1.0, -1.0)
    years = rng.integers(1, 4, 150).astype(float)
    event = np.arange(150) < 12
    data = cohort_data(
        table.assign(igf1_sds=score, incident_depression=pd.array(event, dtype="boolean"),
                     followup_years=years), STUDY,
    )  # fmt: skip
    observed = ("incident_depression", "followup_years")
    question = Question(
        "incidence", "depression", "discrete_time", (("log_or", ""),),
        lambda sample: odds_ratio(sample, "incident_depression"), observed=observed,
    )  # fmt: skip
    rows = Rows(POOLED)
    add_answers(rows, question, data)
    row = rows.table().iloc[0]
    assert row["status"] == "ok"
    assert row["estimate"] - row["ci_low"] < row["ci_high"] - row["estimate"]
    # Person-years with the score beside a baseline for each year.
    at = np.repeat(np.arange(150), years.astype(int))
    year = np.concatenate([np.arange(1, k + 1) for k in years.astype(int)])
    y = event[at] & (year == years[at])
    told = np.isin(year, np.unique(year[y]))
    X = np.column_stack([*(year == k for k in np.unique(year[y])), score[at]])[told].astype(float)
    expected = fit_firth(X, y[told].astype(float)).profile_interval(X.shape[1] - 1)
    assert (row["ci_low"], row["ci_high"]) == pytest.approx(expected, rel=1e-8)
    assert "profile-likelihood interval" in row["method"]
