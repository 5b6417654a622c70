"""Who takes part in a prediction task, and why a cohort cannot."""

import numpy as np
import pandas as pd
import pytest

from builders import cohort_entry, make_study, people, study_config
from igfmood.config.load import parse_study
from igfmood.performance.task_data import task_data

STUDY = make_study("a", "b")
DEPRESSION, _, BIPOLAR_OR_MDD = STUDY.tasks
FEW = "too few reference people with analyte, age and sex: {} < 30"
GROUPS = {"control": 40, "mdd": 30, "bipolar": 25, "other": 10}


def test_people_of_the_task_at_their_first_visit_with_every_predictor():
    table = people(GROUPS)
    table.loc[0, "bmi"] = np.nan
    later = table.assign(visit="2", is_baseline=False)
    data = task_data({"a": pd.concat([table, later], ignore_index=True)}, DEPRESSION, STUDY)
    assert len(data.people) == 69
    assert data.people.case.sum() == 30
    assert table["participant_id"][0] not in data.people.participant
    assert (data.people.measured["reference"] == (data.people.case == 0)).all()
    assert not len(data.bystanders)
    assert data.people.covariates["bmi"].shape == (69, 1)


def test_bystanders_are_the_healthy_people_outside_the_task():
    data = task_data({"a": people(GROUPS)}, BIPOLAR_OR_MDD, STUDY)
    assert len(data.bystanders) == 40
    assert not data.people.measured["reference"].any()
    assert not set(data.bystanders.participant) & set(data.people.participant)


@pytest.mark.parametrize(
    ("table", "reason"),
    [
        (people({"control": 40, "mdd": 19}), "too few cases (mdd): 19 < 20"),
        (people({"control": 19, "mdd": 40}), "too few controls (control): 19 < 20"),
        (
            people({"control": 29, "mdd": 40}),
            "too few reference people with analyte, age and sex: 29 < 30",
        ),
        (people(GROUPS).assign(igf1_ng_ml=np.nan), "IGF-1 was not measured in this cohort"),
        (people(GROUPS).assign(bmi=np.nan), "too few cases with all predictors (mdd): 0 < 20"),
        (people(GROUPS).drop(columns="bmi"), "bmi not in this cohort"),
    ],
)
def test_a_cohort_that_cannot_take_part_says_why_and_the_other_goes_on(table, reason):
    data = task_data({"a": table, "b": people(GROUPS, seed=2)}, DEPRESSION, STUDY)
    assert data.refused == {"a": reason}
    assert set(data.people.cohort) == {"b"}


def test_a_cohort_without_healthy_people_cannot_stop_the_others():
    tables = {"a": people({"bipolar": 40, "mdd": 40}), "b": people(GROUPS, seed=2)}
    data = task_data(tables, BIPOLAR_OR_MDD, STUDY)
    assert data.refused == {"a": FEW.format(0)}
    assert len(data.people) == 55


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"igf1_ng_ml": 150.0}, "do not differ"),
        ({"sex": "female"}, None),
    ],
)
def test_a_curve_that_cannot_be_fitted_refuses_its_own_cohort_only(change, reason):
    table = people(GROUPS)
    healthy = table["diagnosis"] == "control"
    table.loc[healthy, list(change)] = list(change.values())
    data = task_data({"a": table, "b": people(GROUPS, seed=2)}, DEPRESSION, STUDY)
    expected = reason or "no reference people of this sex: male"
    assert expected in data.refused["a"]
    assert set(data.people.cohort) == {"b"}


def test_a_cohort_whose_reference_is_everyone_needs_no_controls():
    study = parse_study(study_config(cohort_entry("a", reference="all"), cohort_entry("b")))
    data = task_data({"a": people({"bipolar": 40, "mdd": 40})}, BIPOLAR_OR_MDD, study)
    assert data.refused == {}
    assert data.people.measured["reference"].all()


def test_with_no_cohort_there_is_nobody():
    data = task_data({"a": people({"control": 5})}, DEPRESSION, STUDY)
    assert len(data.people) == len(data.bystanders) == 0


def test_a_cohort_that_shares_people_with_another_takes_no_part():
    tables = {"a": people(GROUPS), "b": people(GROUPS, seed=2)}
    data = task_data(tables, DEPRESSION, STUDY, {"b": "shares people with a"})
    assert data.refused == {"b": "shares people with a"}
    assert set(data.people.cohort) == {"a"}


def test_a_cohort_whose_batches_are_its_groups_takes_no_part():
    table = people(GROUPS)
    table["igf1_batch"] = np.where(table["diagnosis"] == "mdd", "P1", "P2")
    data = task_data({"a": table, "b": people(GROUPS, seed=2)}, DEPRESSION, STUDY)
    assert "batch is confounded with the diagnosis" in data.refused["a"]


def test_people_beyond_the_ages_of_a_published_curve_are_left_out_and_the_cohort_stays(tmp_path):
    rows = [f"{sex},{age},150,0.3,0" for sex in ("male", "female") for age in (18, 69)]
    (tmp_path / "life.csv").write_text("\n".join(["sex,age,mu,sigma,nu", *rows]))
    entry = cohort_entry("a", reference={"table": "life.csv", "unit": "ng/mL"})
    study = parse_study(study_config(entry, data_root=str(tmp_path)))
    table = people(GROUPS)
    table["age_years"] = table["age_years"].clip(upper=69)
    table.loc[[0, 45], ["age_years", "igf1_sds"]] = [81.0, np.nan]
    data = task_data({"a": table}, DEPRESSION, study)
    assert data.refused == {}
    assert len(data.people) == 68
