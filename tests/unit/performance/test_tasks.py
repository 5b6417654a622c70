"""What is predicted, and the outcome of each person."""

import numpy as np
import pandas as pd
import pytest

from builders import make_cohort, make_study, people
from igfmood.config.prediction import OUTCOMES, PHQ2
from igfmood.errors import NotEstimable
from igfmood.performance.tasks import prediction_tasks

STUDY = make_study("a")
TASKS = {task.name: task for task in prediction_tasks(STUDY)}


def outcome(name, **columns):
    return TASKS[name].outcome(people({"control": 3, "mdd": 2, "bipolar": 1}).assign(**columns))


def test_every_contrast_and_every_outcome_is_a_task_once():
    names = [task.name for task in prediction_tasks(STUDY)]
    assert names == [*(task.name for task in STUDY.tasks), "phq9_10", "response",
                     "incident_depression", "incident_bipolar", "diagnosis"]  # fmt: skip
    assert set(names) >= set(OUTCOMES)


def test_outcomes_that_are_not_asked_for_are_no_tasks():
    study = make_study("a", prediction={"outcomes": ["response"]})
    names = [task.name for task in prediction_tasks(study)]
    assert names == [*(task.name for task in STUDY.tasks), "response"]


def test_a_contrast_has_its_cases_and_controls_and_nobody_else():
    y = outcome("depression")["y"]
    assert y.tolist()[:5] == [0, 0, 0, 1, 1]
    assert np.isnan(y[5])
    assert outcome("bipolar_vs_depression")["y"].tolist()[3:] == [0, 0, 1]
    assert TASKS["depression"].classes == ("control", "mdd")


def test_which_diagnosis_counts_classes_in_a_fixed_order_whatever_the_table():
    task = TASKS["diagnosis"]
    assert task.kind == "classes"
    assert task.classes == ("control", "mdd", "bipolar")
    assert outcome("diagnosis")["y"].tolist() == [0, 0, 0, 1, 1, 2]
    assert np.isnan(outcome("diagnosis", diagnosis="other")["y"]).all()


def test_two_groups_alone_are_no_question_of_which_diagnosis():
    study = STUDY.model_copy(update={"tasks": STUDY.tasks[:1]})
    assert "diagnosis" not in [task.name for task in prediction_tasks(study)]


@pytest.mark.parametrize(("points", "case"), [(9, 0), (10, 1), (27, 1), (0, 0)])
def test_ten_points_are_a_case(points, case):
    assert outcome("phq9_10", phq9_total=points)["y"].tolist() == [case] * 6


def test_unknown_points_and_responses_are_unknown_outcomes():
    points = pd.array([12, None, 3, 10, 9, None], dtype="Int64")
    y = outcome("phq9_10", phq9_total=points)["y"]
    assert y.isna().tolist() == [False, True, False, False, False, True]
    assert y.dropna().tolist() == [1, 0, 1, 0]
    response = pd.array([True, None, False, True, None, False], dtype="boolean")
    assert outcome("response", response=response)["y"].dropna().tolist() == [1, 0, 1, 0]


@pytest.mark.parametrize(
    ("name", "columns", "reason"),
    [
        ("response", {}, "response not in this cohort"),
        ("response", {"response": np.nan}, "response not in this cohort"),
        ("phq9_10", {"phq9_total": np.nan}, "phq9_total not in this cohort"),
        ("incident_bipolar", {}, "incident_bipolar and followup_years not in this cohort"),
        ("incident_bipolar", {"incident_bipolar": 1.0}, "followup_years not in this cohort"),
        (
            "incident_depression",
            {"incident_depression": np.nan, "followup_years": 2.0},
            "incident_depression not in this cohort",
        ),
        (
            "incident_depression",
            {"incident_depression": 1.0, "followup_years": 5.0, "entry_years": 1.0},
            "people enter follow-up late",
        ),
    ],
)
def test_a_cohort_without_the_outcome_says_so(name, columns, reason):
    with pytest.raises(NotEstimable, match=reason):
        outcome(name, **columns)


def test_an_event_to_come_needs_follow_up():
    found = outcome(
        "incident_depression",
        incident_depression=pd.array([1, 0, 1, None, 0, 1], dtype="Int64"),
        followup_years=[2.0, 5.0, 0.0, 3.0, np.nan, 1.5],
        entry_years=[0.0, np.nan, 0.0, 0.0, 0.0, 0.0],
    )
    assert found["y"].tolist()[:2] == [1, 0]
    assert found["y"][5] == 1
    assert found["time"].tolist()[:2] == [2.0, 5.0]
    assert found["time"][5] == 1.5
    # Nobody at risk, no outcome, no length.
    assert found.loc[[2, 3, 4]].isna().all(axis=None)


@pytest.mark.parametrize("source", ["phq9", "phq9_algorithm"])
def test_the_phq9_never_both_defines_and_predicts(source):
    items = [f"q{i}" for i in range(1, 10)]
    interview = make_cohort()
    by_phq9 = make_cohort(diagnosis={"source": source}, phq9={"items": items})
    for name, task in TASKS.items():
        assert (task.forbids(PHQ2, interview) != "") == (name == "phq9_10")
        forbidden = name in ("phq9_10", "diagnosis") or task.groups is not None
        assert (task.forbids(PHQ2, by_phq9) != "") == forbidden
        assert task.forbids("bmi", by_phq9) == ""


@pytest.mark.parametrize("controls", ["lenient", "strict"])
def test_controls_by_the_phq9_are_not_told_from_cases_by_the_phq9(controls):
    cohort = make_cohort(controls=controls, phq9={"total": "phq"})
    forbidden = {name for name, task in TASKS.items() if task.forbids(PHQ2, cohort)}
    with_controls = {t.name for t in STUDY.tasks if {"control", "other"} & {*t.controls, *t.cases}}
    assert forbidden == {"phq9_10", "diagnosis", *with_controls}
    assert "bipolar_vs_depression" not in forbidden
