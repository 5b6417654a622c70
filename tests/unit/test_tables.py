"""A table of an earlier job that is cut off is told as such, and is no failure of a cohort."""

import pandas as pd
import pytest

from igfmood.errors import BrokenFile
from igfmood.jobs import or_record
from igfmood.tables import columns_of, read_table


@pytest.fixture
def table(tmp_path):
    path = tmp_path / "participants.parquet"
    pd.DataFrame({"a": range(1000), "b": 0.5}).to_parquet(path)
    return path


def test_a_whole_table_is_read(table):
    assert columns_of(table) == ["a", "b"]
    assert list(read_table(table, ["b"])) == ["b"]


@pytest.mark.parametrize("read", [read_table, columns_of])
@pytest.mark.parametrize("kept", [0.0, 0.5, 0.99])
def test_a_table_that_is_cut_off_is_told_with_what_makes_it_again(table, read, kept):
    whole = table.read_bytes()
    table.write_bytes(whole[: int(len(whole) * kept)])
    with pytest.raises(BrokenFile, match=r"participants\.parquet cannot be read .*--forcerun"):
        read(table)


def test_it_ends_the_job_and_is_not_recorded_as_a_failure_of_the_cohort(table):
    table.write_bytes(b"")
    recorded = []
    with pytest.raises(BrokenFile):
        or_record(lambda: read_table(table), recorded.append)
    assert not recorded


def test_a_table_that_is_not_there_is_not_cut_off(tmp_path):
    with pytest.raises(FileNotFoundError):
        read_table(tmp_path / "none.parquet")
