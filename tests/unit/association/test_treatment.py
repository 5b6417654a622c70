"""Response to treatment: who responds, and to which arm, against logistic models by arm."""

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

from builders import POOLED, asked, cohort_data, make_study, people
from igfmood.association.question import add_answers
from igfmood.association.questions import treatment
from igfmood.errors import NotEstimable
from igfmood.results import Rows

STUDY = make_study(imputation={"m": 0})
IMPUTING = make_study(imputation={"m": 20, "iterations": 3})


def trial(n=600, prognostic=-0.5, predictive=0.0, arms=("drug", "placebo"), seed=11):
    """A trial whose log odds of response change by `prognostic` per SD, more so on a drug."""
    table = people({"mdd": n}, seed=seed)
    rng = np.random.default_rng(seed + 5)
    arm = rng.choice(arms, n)
    slope = prognostic + predictive * (arm != "placebo")
    odds = -0.4 + 0.6 * (arm != "placebo") + slope * table["igf1_sds"]
    response = rng.random(n) < 1 / (1 + np.exp(-odds))
    return table.assign(treatment=arm, response=pd.array(response, dtype="boolean"))


def ask(table, term, names=(), study=STUDY, control_arm="placebo", **more):
    return asked(
        table, study, "treatment", "response", "log_or", term, covariates=names,
        control_arm=control_arm, **more,
    )  # fmt: skip


def logit(table, *columns):
    design = np.column_stack([np.ones(len(table)), *columns]).astype(float)
    outcome = table["response"].astype(float).to_numpy()
    return sm.Logit(outcome, design).fit(disp=0, tol=1e-12)


def test_the_predictive_number_is_the_difference_of_the_slopes_in_the_arms():
    """Without covariates the model of all is one model for each arm: exact."""
    table = trial(predictive=0.8)
    drug, placebo = (
        logit(part, part["igf1_sds"])
        for part in (table[table["treatment"] == arm] for arm in ("drug", "placebo"))
    )
    found = ask(table, "predictive")
    assert found["estimate"] == pytest.approx(drug.params[1] - placebo.params[1], rel=1e-6)
    assert found["se"] == pytest.approx(np.hypot(drug.bse[1], placebo.bse[1]), rel=1e-6)
    assert (found["n"], found["n_events"]) == (600, table["response"].sum())
    assert found["method"].startswith("predictive")


def test_the_prognostic_number_is_the_slope_within_arms():
    table = trial(arms=("escitalopram", "placebo", "vortioxetine"))
    second, third = (table["treatment"] == arm for arm in ("placebo", "vortioxetine"))
    expected = logit(table, table["igf1_sds"], second, third, table["bmi"])
    found = ask(table, "prognostic", names=["bmi"])
    assert found["estimate"] == pytest.approx(expected.params[1], rel=1e-6)
    assert found["se"] == pytest.approx(expected.bse[1], rel=1e-6)
    assert found["method"].startswith("prognostic")


def test_who_gets_well_anyway_is_prognostic_and_not_predictive():
    table = trial(n=2000)
    prognostic, predictive = (ask(table, term) for term in ("prognostic", "predictive"))
    assert prognostic["ci_low"] < -0.5 < prognostic["ci_high"] < 0
    assert predictive["ci_low"] < 0 < predictive["ci_high"]


def test_whom_a_drug_helps_is_predictive_though_not_prognostic_on_average():
    table = trial(n=2000, prognostic=-0.4, predictive=0.8)
    prognostic, predictive = (ask(table, term) for term in ("prognostic", "predictive"))
    assert predictive["ci_low"] < 0.8 < predictive["ci_high"]
    assert predictive["ci_low"] > 0
    assert abs(prognostic["estimate"]) < 0.15


def test_an_arm_that_more_often_responds_is_not_taken_for_the_analyte():
    """The drug arm has a higher score here; without arms in the model it would look prognostic."""
    table = trial(n=2000, prognostic=0.0, arms=("drug", "placebo"))
    drug = table["treatment"] == "drug"
    table["igf1_sds"] += 3 * drug
    crude = logit(table, table["igf1_sds"])
    found = ask(table, "prognostic")
    assert crude.params[1] > 3 * crude.bse[1]
    assert found["ci_low"] < 0 < found["ci_high"]


def test_all_drugs_together_stand_against_the_control_arm_however_it_is_spelled():
    three = trial(arms=("escitalopram", "placebo", "vortioxetine"), predictive=0.5)
    two = three.assign(treatment=np.where(three["treatment"] == "placebo", " Placebo", "drug"))
    there, here = ask(three, "predictive"), ask(two, "predictive", control_arm="PLACEBO")
    assert here["estimate"] == pytest.approx(there["estimate"], rel=1e-9)


def test_without_a_control_arm_nothing_is_predictive():
    for term, status in (("prognostic", "ok"), ("predictive", "no control arm")):
        if status == "ok":
            assert ask(trial(), term, control_arm=None)["n"] == 600
        else:
            with pytest.raises(NotEstimable, match=status):
                ask(trial(), term, control_arm=None)


@pytest.mark.parametrize("arms", [("drug",), ("placebo",)])
def test_one_arm_alone_is_no_comparison(arms):
    table = trial(arms=arms)
    with pytest.raises(NotEstimable, match="the drug arms or the control arm have fewer than 10"):
        ask(table, "predictive")
    expected = logit(table, table["igf1_sds"])
    assert ask(table, "prognostic")["estimate"] == pytest.approx(expected.params[1], rel=1e-6)


def test_an_arm_in_which_everybody_responds_is_estimated_by_firth():
    table = trial(n=120)
    table.loc[table["treatment"] == "drug", "response"] = True
    found = ask(table, "prognostic")
    assert "Firth" in found["method"]
    # The arm says nothing of the slope, and does not carry it away either.
    placebo = table[table["treatment"] == "placebo"]
    expected = logit(placebo, placebo["igf1_sds"])
    assert found["estimate"] == pytest.approx(expected.params[1], abs=0.5 * expected.bse[1])


def test_imputed_covariates_keep_everybody_who_was_treated():
    table = trial()
    table.loc[:99, "bmi"] = np.nan
    table.loc[100:129, "treatment"] = np.nan
    table.loc[130:139, "response"] = pd.NA
    some = ask(table, "predictive", ["bmi"])
    everybody = ask(table, "predictive", ["bmi"], IMPUTING, missing="imputed")
    assert (some["n"], everybody["n"]) == (460, 560)
    assert everybody["se"] < some["se"]
    assert "20 imputations" in everybody["method"]


def test_response_of_a_later_visit_is_told_by_the_score_at_the_first():
    table = trial()
    first = table.assign(response=pd.array([pd.NA] * 600, dtype="boolean"))
    later = table.assign(visit="week 8", is_baseline=False, igf1_sds=table["igf1_sds"] + 5)
    both = pd.concat([first, later], ignore_index=True)
    assert ask(both, "predictive")["estimate"] == ask(table, "predictive")["estimate"]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"treatment": np.nan}, "treatment is not in this cohort"),
        ({"response": pd.array([pd.NA] * 600, dtype="boolean")}, "response is not in this cohort"),
        ({"response": pd.array([True] * 9 + [False] * 591, dtype="boolean")}, "events: 9 < 10"),
        ({"igf1_sds": np.nan}, "no reference curve"),
    ],
)
def test_what_cannot_be_estimated_says_why(change, reason):
    for term in ("prognostic", "predictive"):
        with pytest.raises(NotEstimable, match=reason):
            ask(trial().assign(**change), term)


def test_a_cohort_that_is_no_trial_says_so_rather_than_asking_for_its_control_arm():
    table = trial().drop(columns=["treatment", "response"])
    with pytest.raises(NotEstimable, match="response is not in this cohort"):
        ask(table, "predictive", control_arm=None)


def written(table, **cohort):
    rows = Rows(POOLED)
    data = cohort_data(table, IMPUTING, **cohort)
    for question in treatment.questions(IMPUTING):
        add_answers(rows, question, data)
    return rows.table()


def test_every_number_has_its_rows():
    table = trial()
    table.loc[:40, "bmi"] = np.nan
    found = written(table, control_arm="placebo")
    subsets = {subset.name for subset in IMPUTING.subsets}
    strata = {("unadjusted", "all"), ("adjusted", "all"), ("adjusted", "complete_cases")}
    main = found[(found["analysis"] == "treatment") & (found["measure"] == "log_or")]
    for term, expected in (
        ("prognostic", strata | {("adjusted", one) for one in subsets}), ("predictive", strata),
    ):  # fmt: skip
        part = main[main["term"] == term]
        assert set(zip(part["adjustment"], part["stratum"], strict=True)) == expected
        assert len(part) == len(expected)
    assert (main.loc[main["term"] == "predictive", "status"] == "ok").all()
    forks = found[found["analysis"] == "specification"]
    assert set(forks["term"]) == {"treatment predictive"}
    assert len(forks) == 2 * 4 * (1 + 2)


def test_without_a_control_arm_every_row_is_there_with_the_reason():
    found = written(trial(), control_arm=None)
    part = found[found["model"] == "predictive"]
    assert set(part["status"]) == {"not_estimable"}
    # A population that the cohort cannot tell has its own reason.
    whole = part[~part["stratum"].str.startswith("ad_free")]
    assert whole["reason"].str.startswith("no control arm is named (control_arm)").all()
    assert len(whole) == 3 + 3 * 6
    prognostic = found[(found["model"] == "prognostic") & (found["stratum"] == "all")]
    assert (prognostic["status"] == "ok").all()
