"""The participants contract: what breaks it is caught at the border."""

import pandas as pd
import pytest

from builders import make_study, people
from igfmood.cohort.schema import check_participants, has_failed, read_participants

ANALYTE = make_study().analyte


@pytest.fixture(scope="module")
def table():
    return people({"control": 4, "mdd": 4})


def test_a_table_that_keeps_the_contract_passes_unchanged(table, tmp_path):
    pd.testing.assert_frame_equal(check_participants(table, ANALYTE, "here"), table)
    table.to_parquet(tmp_path / "p.parquet")
    pd.testing.assert_frame_equal(read_participants(tmp_path / "p.parquet", ANALYTE), table)


@pytest.mark.parametrize(
    "change",
    [
        {"age_years": 140.0},
        {"sex": "f"},
        {"diagnosis": "sad"},
        {"phq9_total": 28.0},
        {"phq9_source": "guessed"},
        {"participant_id": "short"},
        {"igf1_ng_ml": 0.0},
        {"igf1_lod": -1.0},
        {"phq5": 4.0},
        {"bmi": 3.0},
        {"shoe_size": 42.0},
        {"igf1_below_lod": "no"},
        {"visit": None},
    ],
)
def test_each_violation_is_caught_and_named(table, change):
    with pytest.raises(AssertionError, match="cohort x breaks the participants contract") as caught:
        check_participants(table.assign(**change), ANALYTE, "cohort x")
    assert next(iter(change)) in str(caught.value)


def test_a_lost_column_and_a_person_twice_are_caught(table):
    with pytest.raises(AssertionError, match="igf1_sds"):
        check_participants(table.drop(columns="igf1_sds"), ANALYTE, "here")
    twice = pd.concat([table, table.iloc[:1]], ignore_index=True)
    with pytest.raises(AssertionError, match="participant_id"):
        check_participants(twice, ANALYTE, "here")


def test_every_violation_is_told_at_once(table):
    with pytest.raises(AssertionError) as caught:
        check_participants(table.assign(sex="f", diagnosis="sad"), ANALYTE, "here")
    assert "sex" in str(caught.value)
    assert "diagnosis" in str(caught.value)


def test_the_table_of_a_failed_cohort_is_known_by_having_no_columns(table, tmp_path):
    table.to_parquet(tmp_path / "good.parquet")
    pd.DataFrame().to_parquet(tmp_path / "failed.parquet")
    assert has_failed(tmp_path / "failed.parquet")
    assert not has_failed(tmp_path / "good.parquet")
