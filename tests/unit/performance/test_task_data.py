"""Who takes part in a prediction task, and why a cohort cannot."""

import numpy as np
import pandas as pd
import pytest

from builders import cohort_entry, make_study, people, study_config
from igfmood.config.load import parse_study
from igfmood.performance.task_data import columns_of, task_data, wanted
from igfmood.performance.tasks import prediction_tasks

STUDY = make_study("a", "b")
TASKS = {task.name: task for task in prediction_tasks(STUDY)}
DEPRESSION, BIPOLAR_OR_MDD = TASKS["depression"], TASKS["bipolar_vs_depression"]
FEW = "too few reference people with analyte, age and sex: {} < 30"
GROUPS = {"control": 40, "mdd": 30, "bipolar": 25, "other": 10}


def test_people_of_the_task_at_their_first_visit():
    table = people(GROUPS)
    later = table.assign(visit="2", is_baseline=False)
    data = task_data({"a": pd.concat([table, later], ignore_index=True)}, DEPRESSION, STUDY)
    assert len(data.people) == 70
    assert data.people.y.sum() == 30
    assert (data.people.time == 0).all()
    assert (data.people.measured["reference"] == (data.people.y == 0)).all()
    assert not len(data.bystanders)
    found = data.recruited["a"]
    assert (found.first_visit, found.with_outcome, found.used) == (105, 70, 70)


def test_a_gap_of_a_predictor_stays_and_one_of_analyte_age_or_sex_leaves_the_person_out():
    table = people(GROUPS)
    table.loc[0, "bmi"] = np.nan
    table.loc[1, "igf1_ng_ml"] = np.nan
    table.loc[2, "age_years"] = np.nan
    table.loc[3, "sex"] = None
    data = task_data({"a": table}, DEPRESSION, STUDY)
    names = list(data.people.participant)
    assert np.isnan(data.people.predictors["bmi"][names.index(table["participant_id"][0])])
    assert data.people.predictors["bmi"].isna().sum() == 1
    assert not set(table["participant_id"][1:4]) & set(names)
    assert data.recruited["a"].with_outcome - data.recruited["a"].used == 3


def test_categories_are_columns_of_zeros_and_ones_with_gaps():
    table = people(GROUPS).assign(smoking=["never", "former", "current", None, "never"] * 21)
    found = task_data({"a": table}, DEPRESSION, STUDY).people.predictors
    assert columns_of("smoking") == ["smoking:former", "smoking:current"]
    former, current = (found[name].to_numpy() for name in columns_of("smoking"))
    known = table["smoking"][:70].notna().to_numpy()
    assert (np.isnan(former) == ~known).all()
    assert (np.isnan(current) == ~known).all()
    assert (former[known] == (table["smoking"][:70] == "former")[known]).all()
    assert (found["sex:male"] == (table["sex"] == "male")[:70]).all()


def test_a_predictor_counts_where_most_people_have_it():
    table = people(GROUPS).assign(crp=1.0, alcohol_g_day=2.0)
    table.loc[table.index % 5 < 3, "crp"] = np.nan
    table.loc[table.index % 10 == 0, "alcohol_g_day"] = np.nan
    assert 0.1 < STUDY.imputation.max_missing < 0.6
    available = task_data({"a": table}, DEPRESSION, STUDY).available["a"]
    assert {"age_years", "sex", "bmi", "alcohol_g_day", "analyte"} <= available
    assert not {"crp", "smoking", "ad_use"} & available
    assert set(wanted(STUDY)) >= available - {"analyte", "analyte_spline", "analyte_tails"}


def test_bystanders_are_the_healthy_people_outside_the_task():
    data = task_data({"a": people(GROUPS)}, BIPOLAR_OR_MDD, STUDY)
    assert len(data.bystanders) == 40
    assert np.isnan(data.bystanders.y).all()
    assert data.bystanders.measured["reference"].all()
    assert not data.people.measured["reference"].any()
    assert not set(data.bystanders.participant) & set(data.people.participant)


def test_a_healthy_person_whose_outcome_is_known_is_no_bystander():
    table = people(GROUPS).assign(response=np.nan)
    table["response"] = np.where(table["diagnosis"] == "mdd", np.arange(105) % 2, np.nan)
    table.loc[:24, "response"] = np.arange(25) % 2
    table.loc[0, "age_years"] = np.nan
    study = make_study("a", gates={"class_size": 10})
    task = next(task for task in prediction_tasks(study) if task.name == "response")
    data = task_data({"a": table}, task, study)
    known = set(table["participant_id"][table["response"].notna()])
    assert table["participant_id"][0] not in {*data.people.participant}
    assert not known & set(data.bystanders.participant)
    assert len(data.bystanders) == 15


@pytest.mark.parametrize(
    ("table", "reason"),
    [
        (people({"control": 40, "mdd": 19}), "too few people (mdd): 19 < 20"),
        (people({"control": 19, "mdd": 40}), "too few people (control): 19 < 20"),
        (people({"control": 29, "mdd": 40}), FEW.format(29)),
        (people(GROUPS).assign(igf1_ng_ml=np.nan), "IGF-1 was not measured in this cohort"),
        (
            people(GROUPS).assign(sex=lambda t: t["sex"].where(t["diagnosis"] != "mdd")),
            "too few people with IGF-1, age and sex (mdd): 0 < 20",
        ),
    ],
)  # fmt: skip
def test_a_cohort_that_cannot_take_part_says_why_and_the_other_goes_on(table, reason):
    data = task_data({"a": table, "b": people(GROUPS, seed=2)}, DEPRESSION, STUDY)
    assert data.refused == {"a": reason}
    assert data.cohorts == ["b"]
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
        ({"sex": "female"}, "no reference people of this sex: male"),
    ],
)
def test_a_curve_that_cannot_be_fitted_refuses_its_own_cohort_only(change, reason):
    table = people(GROUPS)
    healthy = table["diagnosis"] == "control"
    table.loc[healthy, list(change)] = list(change.values())
    data = task_data({"a": table, "b": people(GROUPS, seed=2)}, DEPRESSION, STUDY)
    assert reason in data.refused["a"]
    assert set(data.people.cohort) == {"b"}


def test_a_cohort_whose_reference_is_everyone_needs_no_controls():
    study = parse_study(study_config(cohort_entry("a", reference="all"), cohort_entry("b")))
    data = task_data({"a": people({"bipolar": 40, "mdd": 40})}, BIPOLAR_OR_MDD, study)
    assert data.refused == {}
    assert data.people.measured["reference"].all()


def test_with_no_cohort_there_is_nobody():
    data = task_data({"a": people({"control": 5})}, DEPRESSION, STUDY)
    assert len(data.people) == len(data.bystanders) == 0
    assert data.cohorts == []


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


def test_taking_people_takes_everything_of_them():
    data = task_data({"a": people(GROUPS), "b": people(GROUPS, seed=2)}, DEPRESSION, STUDY)
    rows = np.array([90, 3, 3])
    part = data.people.take(rows)
    assert list(part.participant) == list(data.people.participant[rows])
    assert part.predictors["bmi"].tolist() == data.people.predictors["bmi"].iloc[rows].tolist()
    assert part.measured["value"].tolist() == data.people.measured["value"].iloc[rows].tolist()
    assert list(part.y) == list(data.people.y[rows])
    assert list(part.cohort) == ["b", "a", "a"]
    mask = np.arange(len(data.people)) == 5
    assert data.people.take(mask).participant == data.people.participant[5]
