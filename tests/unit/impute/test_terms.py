"""What predicts a variable with gaps: products, spline, cumulative hazards, and for how many."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from builders import cohort_data, make_study, people
from igfmood.association.question import answer
from igfmood.association.questions import question_of
from igfmood.association.sample import Specification
from igfmood.impute.chained import impute
from igfmood.impute.hazard import nelson_aalen
from igfmood.impute.participants import complete
from igfmood.impute.terms import against_control, score_knots, with_predictors
from igfmood.impute.variables import Variable
from igfmood.splines import rcs_basis

SCORE, N = "igf1_sds", 400
KNOTS = np.array([-1.5, -0.4, 0.4, 1.5])


def variables(*gaps, n=N, **more):
    """Score, diagnosis of three kinds, PHQ-9, sex and BMI; every third value of `gaps` missing."""
    rng = np.random.default_rng(1)
    columns = {
        SCORE: ("censored", rng.normal(size=n)),
        "diagnosis": ("multinomial", np.arange(n) % 3.0),
        "phq9_total": ("pmm", rng.integers(0, 28, n).astype(float)),
        "sex": ("logistic", np.arange(n) % 2.0),
        "bmi": ("pmm", rng.normal(26, 4, n)),
    }
    columns |= more
    for name in gaps:
        columns[name][1][::3] = np.nan
    return [
        Variable(name, kind, values, np.full(n, np.nan) if kind == "censored" else None)
        for name, (kind, values) in columns.items()
    ]


def number(n=N, seed=2):
    return "pmm", np.random.default_rng(seed).uniform(1, 9, n)


def flag(n=N, seed=3):
    return "logistic", (np.random.default_rng(seed).random(n) < 0.4).astype(float)


def arms(n=N):
    return "multinomial", np.arange(n) % 3.0


def predictors(found, name):
    """Predictors beyond the variables themselves."""
    (one,) = (one for one in found if one.name == name)
    return set(one.predictors) - {one.name for one in found}


DRUG = against_control(pd.Series(["a", "b", "Placebo"]), "placebo")


@pytest.mark.parametrize(
    ("gap", "terms"),
    [
        ("bmi", {"x stress_score", "x treatment", "x sex", "spline"}),
        ("stress_score", {"x phq9_total", "x treatment", "x sex", "spline"}),
        ("treatment", {"x response", "x stress_score", "x sex", "spline"}),
        ("response", {"x treatment", "x stress_score", "x sex", "spline"}),
        ("phq9_total", {"x stress_score", "x treatment", "x sex", "spline"}),
        ("sex", {"x phq9_total", "x diagnosis", "x stress_score", "x treatment", "spline"}),
    ],
)
def test_what_is_missing_follows_from_the_terms_of_the_models(gap, terms):
    given = variables(gap, n=900, stress_score=number(900), treatment=arms(900), response=flag(900))
    found, passive = with_predictors(given, SCORE, KNOTS, DRUG)
    assert predictors(found, gap) == {f"{SCORE} {term}" for term in terms}
    assert {one.name for one in passive} == predictors(found, gap)
    assert all(one.predictors is None for one in found if one.name != gap)


def test_a_missing_score_follows_from_the_products_of_what_changes_its_slopes():
    given = variables(SCORE, stress_score=number(), treatment=arms(), response=flag())
    found, passive = with_predictors(given, SCORE, KNOTS, DRUG)
    expected = {
        "stress_score x phq9_total", "treatment x response", "sex x phq9_total", "sex x diagnosis",
    }  # fmt: skip
    assert predictors(found, SCORE) == {one.name for one in passive} == expected


def test_without_control_arm_or_knots_their_terms_are_left_out():
    given = variables("bmi", treatment=arms(), response=flag())
    found, _ = with_predictors(given, SCORE, None, None)
    assert predictors(found, "bmi") == {f"{SCORE} x sex"}


def test_a_treatment_that_is_no_variable_is_in_no_product():
    found, _ = with_predictors(variables("bmi", response=flag()), SCORE, None, DRUG)
    assert predictors(found, "bmi") == {f"{SCORE} x sex"}


@pytest.mark.parametrize(
    ("words", "control"),
    [
        (["a", "b"], None), (["a", "b"], "placebo"), (["placebo"] * 2, "placebo"), ([None], "b"),
    ],
)  # fmt: skip
def test_a_drug_is_told_from_a_control_arm_that_some_are_in(words, control):
    assert against_control(pd.Series(words, dtype="str"), control) is None


def test_columns_are_products_with_indicators_and_the_spline_beyond_its_line():
    given = variables("bmi", SCORE, stress_score=number(), treatment=arms(), response=flag())
    _, passive = with_predictors(given, SCORE, KNOTS, DRUG)
    columns = {one.name: one for one in passive}
    values = {
        SCORE: np.array([-2.0, 0.5, 3.0]), "sex": np.array([1.0, 0.0, 1.0]),
        "diagnosis": np.array([0.0, 1.0, 2.0]), "treatment": np.array([0.0, 2.0, 1.0]),
    }  # fmt: skip
    # Codes go by the sorted words: Placebo, a, b.
    drug = columns[f"{SCORE} x treatment"].evaluate(values)
    np.testing.assert_array_equal(drug, [[0.0], [0.5], [3.0]])
    groups = columns["sex x diagnosis"].evaluate(values)
    np.testing.assert_array_equal(groups, [[0, 0], [0, 0], [0, 1]])
    curve = columns[f"{SCORE} spline"].evaluate(values)
    np.testing.assert_array_equal(curve, rcs_basis(values[SCORE], KNOTS)[:, 1:])


def test_knots_are_those_of_the_models_and_fixed_before_imputation():
    table = people({"control": 200}, seed=3)
    table.loc[::4, ["igf1_sds", "igf1_ng_ml"]] = np.nan
    data = cohort_data(table, make_study())
    np.testing.assert_array_equal(score_knots(data.people, data.study), data.knots)
    few = people({"control": 5}, seed=3)
    assert score_knots(few, data.study) is None


@pytest.mark.parametrize(
    # Plain columns of BMI's model: score, 2 of diagnosis, PHQ-9, sex. Five people for each.
    ("observed", "terms"),
    [(29, set()), (30, {"x sex"}), (39, {"x sex"}), (40, {"x sex", "spline"})],
)
def test_terms_enter_where_there_are_people_for_them(observed, terms):
    given = variables()
    values = given[-1].values.copy()
    values[observed:] = np.nan
    given[-1] = replace(given[-1], values=values)
    found, _ = with_predictors(given, SCORE, KNOTS, None)
    assert predictors(found, "bmi") == {f"{SCORE} {term}" for term in terms}


def test_of_categories_only_people_outside_the_most_frequent_one_count():
    for rare, terms in ((29, set()), (30, {f"{SCORE} x sex"})):
        smoker = np.r_[np.ones(rare), np.zeros(N - rare - 1), np.nan]
        given = [one for one in variables() if one.name != "bmi"]
        given.append(Variable("smoker", "logistic", smoker))
        found, _ = with_predictors(given, SCORE, KNOTS, None)
        assert predictors(found, "smoker") == terms


# Time to event.


def followed(*gaps, entry=None, n=N):
    more = {"incident_depression": flag(n), "followup_years": number(n)}
    given = variables("bmi", *gaps, n=n, **more)
    return given if entry is None else [*given, Variable("entry_years", "normal", entry)]


def test_the_cumulative_hazard_stands_instead_of_time_beside_the_event():
    given = followed()
    known = {one.name: one.values for one in given}
    found, passive = with_predictors(given, SCORE, None, None)
    (bmi,) = (one for one in found if one.name == "bmi")
    assert {"incident_depression", "incident_depression hazard"} <= set(bmi.predictors)
    assert "followup_years" not in bmi.predictors
    expected = nelson_aalen(known["followup_years"], known["incident_depression"] == 1)
    column = next(one for one in passive if one.name == "incident_depression hazard")
    np.testing.assert_array_equal(
        column.evaluate(known)[:, 0], expected.at(known["followup_years"])
    )


def test_each_event_has_a_hazard_of_its_own():
    bipolar = Variable("incident_bipolar", *flag(seed=9))
    found, _ = with_predictors([*followed(), bipolar], SCORE, None, None)
    hazards = {"incident_depression hazard", "incident_bipolar hazard"}
    assert hazards < predictors(found, "bmi")


def test_people_gather_hazard_from_their_entry_on():
    entry = np.where(np.arange(N) % 2, 0.9, 0.0)
    given = followed(entry=entry)
    known = {one.name: one.values for one in given}
    found, passive = with_predictors(given, SCORE, None, None)
    column = next(one for one in passive if one.name == "incident_depression hazard")
    leaves, event = known["followup_years"], known["incident_depression"] == 1
    expected = nelson_aalen(leaves, event, np.where(entry > 0, entry, -1)).between(entry, leaves)
    np.testing.assert_allclose(column.evaluate(known)[:, 0], expected)
    (bmi,) = (one for one in found if one.name == "bmi")
    assert not {"entry_years", "followup_years"} & set(bmi.predictors)


def test_where_somebody_leaves_before_entering_time_stays_as_it_is():
    found, passive = with_predictors(followed(entry=np.full(N, 5.0)), SCORE, None, None)
    (bmi,) = (one for one in found if one.name == "bmi")
    assert "followup_years" in bmi.predictors
    assert "entry_years" not in bmi.predictors
    assert not any("hazard" in one.name for one in passive)


def test_a_hazard_follows_imputed_time_and_is_not_imputed_itself():
    given = followed("followup_years", "incident_depression")
    found, passive = with_predictors(given, SCORE, None, None)
    (time,) = (one for one in found if one.name == "followup_years")
    assert "incident_depression" in time.predictors
    assert "incident_depression hazard" not in time.predictors
    done = impute(found, m=2, iterations=2, seed=1, keys=(), passive=passive)
    assert set(done.imputed) == {"bmi", "followup_years", "incident_depression"}
    one = done.completed(0)
    column = next(column for column in passive if "hazard" in column.name)
    np.testing.assert_array_equal(one[column.name], column.evaluate(one)[:, 0])


def test_entry_of_people_at_the_first_visit_is_no_gap():
    table = people({"control": N}, seed=5)
    _, depressed = flag()
    table["incident_depression"] = pd.array(depressed == 1, dtype="boolean")
    table["followup_years"] = number()[1]
    table["entry_years"] = np.where(np.arange(N) % 2, 0.5, np.nan)
    table.loc[::3, "bmi"] = np.nan
    study = make_study(imputation={"m": 20, "iterations": 1})
    found = cohort_data(table, study).completed
    assert set(found.filled) == {"bmi"}
    assert "incident_depression hazard" in {one.name for one in found.imputations.passive}


# What the terms are for.

STUDY = make_study(covariate_tiers={"tier": []}, imputation={"m": 20, "iterations": 5})
WITH_BMI = make_study(covariate_tiers={"tier": ["bmi"]}, imputation={"m": 20, "iterations": 5})


def estimates(data, *question):
    asked = question_of(data.study, *question)
    return answer(asked, Specification("tier", missing="imputed"), data)


def below_limit(table, limit):
    below = table["igf1_sds"] < limit
    return table.assign(
        igf1_below_lod=below, igf1_sds_limit=np.where(below, limit, np.nan),
        igf1_sds=table["igf1_sds"].mask(below, limit - 0.2),
    )  # fmt: skip


def trial(seed, n=400):
    """Odds of response fall by 1.2 per SD more on the drug than on placebo."""
    rng = np.random.default_rng(seed + 500)
    table = people({"mdd": n}, seed=seed)
    drug = rng.random(n) < 0.5
    odds = -0.2 + 0.4 * drug - 1.2 * drug * table["igf1_sds"]
    response = pd.array(rng.random(n) < 1 / (1 + np.exp(-odds)), dtype="boolean")
    return table.assign(treatment=np.where(drug, "drug", "placebo"), response=response)


def test_an_interaction_with_treatment_is_not_pulled_towards_zero():
    """A third of the scores is below the limit; without the product 10 % of it would be lost."""
    key = ("treatment", "response", "log_or", "predictive")
    found = []
    for seed in range(16):
        table = trial(seed)
        whole = cohort_data(table, STUDY, control_arm="placebo")
        data = cohort_data(below_limit(table, -0.385), STUDY, control_arm="placebo")
        # Where no control arm is named, imputation has no product.
        without = replace(data, completed=complete(data.people, STUDY, STUDY.cohorts[0]))
        found.append([estimates(one, *key)[key[2:]]["estimate"] for one in (whole, without, data)])
    whole, without, product = np.mean(found, axis=0)
    # Of the same people: standard error of product - whole 0.03, of without - product 0.01.
    assert product == pytest.approx(whole, abs=0.08)
    assert without - product > 0.06


def u_shaped(seed, n=500):
    """The PHQ-9 rises by 1.5 points per squared SD, and with BMI, which 40 % lack."""
    rng = np.random.default_rng(seed + 700)
    table = people({"control": n}, seed=seed)
    bmi = rng.normal(26, 3, n)
    total = 8 + 1.5 * table["igf1_sds"] ** 2 + 0.6 * (bmi - 26) + rng.normal(0, 1.5, n)
    return table.assign(bmi=bmi, phq9_total=total.clip(0, 27)), rng.random(n) < 0.4


def ends(data):
    """Curve at -2 and 2, mean of both: points above a score of 0."""
    found = estimates(data, "shape", "phq9_total", "curve", "2")
    return np.mean([found["curve", z]["estimate"] for z in ("-2", "2")])


def line_only(data):
    """The same people, imputed without any terms."""
    imputations = data.completed.imputations
    plain = [replace(one, predictors=None) for one in imputations.variables]
    drawn = impute(plain, m=20, iterations=5, seed=1, keys=())
    tables = tuple(
        data.people.assign(**{name: drawn.completed(i)[name] for name in drawn.imputed})
        for i in range(20)
    )
    return replace(data, completed=replace(data.completed, tables=tables))


def test_a_u_shape_is_not_flattened_where_a_covariate_is_imputed():
    found = []
    for seed in range(4):
        table, gone = u_shaped(seed)
        whole = cohort_data(table, WITH_BMI)
        data = cohort_data(table.assign(bmi=table["bmi"].mask(gone)), WITH_BMI)
        found.append([ends(one) for one in (whole, line_only(data), data)])
    whole, line, curve = np.mean(found, axis=0)
    # Of the same people: standard error of curve - whole 0.12, of curve - line 0.1.
    assert curve == pytest.approx(whole, abs=0.3)
    assert whole - line > 0.3


def test_where_the_score_has_gaps_too_some_of_the_curve_is_kept():
    """A score follows from a straight line; where it is unknown, so does what goes with it."""
    found = []
    for seed in range(6):
        table, gone = u_shaped(seed)
        table.loc[::4, ["igf1_value", "igf1_ng_ml", "igf1_harmonised_ng_ml", "igf1_sds"]] = np.nan
        whole = cohort_data(table, WITH_BMI)
        data = cohort_data(table.assign(bmi=table["bmi"].mask(gone)), WITH_BMI)
        found.append([ends(one) for one in (whole, line_only(data), data)])
    whole, line, curve = np.mean(found, axis=0)
    assert whole > curve > line + 0.2
