"""Finding tables and reading their first line."""

import gzip
from pathlib import Path

import pandas as pd
import pytest

from builders import make_cohort, write_table
from igfmood.cohort.inputs import header, input_problems, table_path
from igfmood.cohort.read import read_table
from igfmood.config.table import TableFormat
from igfmood.errors import DataError

LAYOUT = TableFormat()


@pytest.mark.parametrize("table", ["../secret.csv", "a/../../b.csv", "/etc/passwd.csv"])
def test_a_path_that_leaves_the_data_folder_is_refused(tmp_path, table):
    with pytest.raises(DataError, match="must lie below data_root"):
        table_path(tmp_path, table)
    assert "cohort 'clinic': table" in input_problems(make_cohort(table=table), tmp_path)[0]


@pytest.mark.parametrize(
    "table", ["data.xls", "data.ods", "data.rds", "data", "data.gz", "data.csv.zip", ""]
)
def test_an_unknown_kind_of_file_is_refused(tmp_path, table):
    with pytest.raises(DataError, match=r"allowed: \.csv"):
        table_path(tmp_path, table)


def test_a_link_that_leaves_the_data_folder_is_refused(tmp_path):
    root = tmp_path / "data"
    root.mkdir()
    write_table(root, name="own.csv")
    (root / "inside.csv").symlink_to(root / "own.csv")
    (root / "outside.csv").symlink_to(write_table(tmp_path))
    assert table_path(root, "inside.csv") == root / "inside.csv"
    with pytest.raises(DataError, match="must lie below data_root, and is a link to"):
        table_path(root, "outside.csv")


@pytest.mark.parametrize(
    ("name", "remedy"),
    [("x.xls", r"save it as \.xlsx"), ("x.rds", "write it from R"), ("x.csv.zip", "unpack it")],
)
def test_a_kind_that_is_not_read_comes_with_a_remedy(name, remedy):
    with pytest.raises(DataError, match=remedy):
        table_path(".", name)


def test_endings_are_read_whatever_their_case():
    assert table_path(".", "sub/DATA.TSV.GZ") == Path("sub/DATA.TSV.GZ")


@pytest.mark.parametrize("twice", ["id,age,id\n", "id,age,age\n"])
def test_a_column_that_is_needed_and_there_twice_is_refused(tmp_path, twice):
    with pytest.raises(DataError, match="more than once"):
        read_table(write_table(tmp_path, twice), twice.strip().split(",")[-1:], LAYOUT)


def test_headers_of_parquet_gzip_and_plain_files(tmp_path):
    table = pd.DataFrame({"id": [7, 3, 9], "age": [1.5, None, 2.5]})
    table.set_index("id").to_parquet(tmp_path / "x.parquet")
    assert sorted(header(tmp_path / "x.parquet", LAYOUT)) == ["age", "id"]
    (tmp_path / "x.csv.gz").write_bytes(gzip.compress(b"\xef\xbb\xbfid,age\n", mtime=0))
    assert header(tmp_path / "x.csv.gz", LAYOUT) == ["id", "age"]
    (tmp_path / "y.csv").write_bytes('"a\nb";Größe\r\n1;2\r\n'.encode("latin-1"))
    layout = TableFormat(delimiter=";", encoding="latin-1")
    assert header(tmp_path / "y.csv", layout) == ["a\nb", "Größe"]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("empty.csv", b""),
        ("blank.csv", b"\n1,2\n"),
        ("not.parquet", b"id,age\n"),
        ("not.csv.gz", b"id,age\n"),
        ("broken.csv.gz", gzip.compress(b"id,age\n" * 50, mtime=0)[:10] + b"\xff" * 40),
        ("latin.csv", b"Gr\x81\n"),
    ],
)
def test_a_file_that_is_not_what_its_name_says_is_told(tmp_path, name, content):
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(DataError, match="cannot be read"):
        header(path, LAYOUT)


def test_an_encoding_that_does_not_exist_is_told(tmp_path):
    with pytest.raises(DataError, match="unknown encoding"):
        header(write_table(tmp_path), TableFormat(encoding="utf-99"))


def test_every_missing_column_and_the_cohort_are_named(tmp_path):
    write_table(tmp_path, "id,age\n")
    problems = input_problems(make_cohort(), tmp_path)
    assert [text.split("'")[3] for text in problems] == ["sex", "igf1", "dx"]
    assert all(text.startswith("cohort 'clinic': column") for text in problems)
    write_table(tmp_path)
    assert input_problems(make_cohort(), tmp_path) == []
    batch = {"column": "igf1", "unit": "ng/mL", "batch": "plate"}
    assert "'plate'" in input_problems(make_cohort(analyte=batch), tmp_path)[0]


def test_a_folder_is_no_table(tmp_path):
    (tmp_path / "clinic.csv").mkdir()
    assert "is not there" in input_problems(make_cohort(), tmp_path)[0]
