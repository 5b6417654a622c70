"""Reading a table: every row arrives, and a row of the wrong length is marked."""

import gzip

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from igfmood.cohort.read import read_table
from igfmood.config.table import TableFormat
from igfmood.errors import DataError

ABC = ("a", "b", "c")


@pytest.fixture
def read(tmp_path):
    def reader(content, columns=ABC, name="x.csv", **layout):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        raw = read_table(path, columns, TableFormat(**layout))
        return raw.cells.to_numpy().tolist(), raw.ragged.tolist()

    return reader


@pytest.mark.parametrize(
    ("row", "place"),
    [("1,2", 0), ("1,2,3,4", 0), ("1,2,3,", 0), ("1,2", 1), ("1,2,3,4", 1), ("1", 2), (",,,", 2)],
)
def test_a_row_of_the_wrong_length_is_marked_wherever_it_stands(read, row, place):
    rows = ["7,8,9"] * 3
    rows[place] = row
    cells, ragged = read("a,b,c\n" + "\n".join(rows) + "\n")
    assert ragged == [order == place for order in range(3)]
    assert cells[place] == ["", "", ""]
    assert cells[place - 1] == ["7", "8", "9"]


def test_a_short_row_is_marked_even_if_the_columns_wanted_are_there(read):
    assert read("a,b,c\n1,2\n3,4,5\n", ("b", "a")) == ([["", ""], ["4", "3"]], [True, False])


def test_every_row_too_long_is_no_reason_to_drop_a_column(read):
    assert read("a,b,c\n1,2,3,4\n5,6,7,8\n")[1] == [True, True]


def test_byte_order_mark_and_line_ends_are_no_part_of_the_data(read):
    expected = ([["1", "2", "3"], ["4", "5", "6"]], [False, False])
    assert read(b"\xef\xbb\xbfa,b,c\r\n1,2,3\r\n4,5,6") == expected
    assert read("a,b,c\r1,2,3\r4,5,6\r") == expected
    assert read("a\tb\tc\n1\t2\t3\n4\t5\t6\n", name="x.tsv") == expected


def test_empty_lines_are_no_rows_and_rows_of_empty_cells_are(read):
    assert read("a,b,c\n\n1,2,3\n   \n,,\n") == ([["1", "2", "3"], ["", "", ""]], [False, False])


def test_quoted_newlines_separators_and_quotes_stay_in_their_cell(read):
    cells, ragged = read('a,b,c\n1,"x\ny, ""z""",3\n4,5,6\n')
    assert cells == [["1", 'x\ny, "z"', "3"], ["4", "5", "6"]]
    assert ragged == [False, False]


def test_words_that_look_like_missing_values_stay_words(read):
    assert read("a,b,c\nNA, nan ,NULL\n")[0] == [["NA", "nan", "NULL"]]


def test_rows_are_numbered_from_one_in_the_order_of_the_file(tmp_path):
    (tmp_path / "x.csv").write_text("a,b,c\n1,2,3\n4,5,6\n")
    raw = read_table(tmp_path / "x.csv", ("c", "a"), TableFormat())
    assert list(raw.index) == [1, 2]
    assert list(raw.ragged.index) == [1, 2]
    assert list(raw.cells.columns) == ["c", "a"]


ANY_TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=8)


@given(st.lists(st.tuples(ANY_TEXT, ANY_TEXT, ANY_TEXT), min_size=1))
def test_any_text_written_by_a_csv_writer_is_read_back(rows):
    import csv
    import tempfile
    from pathlib import Path

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "x.csv"
        with open(path, "w", newline="", encoding="utf-8") as stream:
            csv.writer(stream, quoting=csv.QUOTE_ALL).writerows([ABC, *rows])
        raw = read_table(path, ABC, TableFormat(delimiter=","))
    assert not raw.ragged.any()
    assert raw.cells.to_numpy().tolist() == [[cell.strip() for cell in row] for row in rows]


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("x.csv", b"", "first line is empty"),
        ("x.csv", b"a,b,c\n", "a header and no rows"),
        ("x.csv", b"a,b,c\n\n\n", "a header and no rows"),
        ("x.csv", b"a,b,c\n1,\x81,3\n", "not text in utf-8 or cp1252"),
        ("x.csv", b'a,b,c\n1,2,3\n4,"5,6\n7,8,9\n', "opened in row 2 is never closed"),
        ("x.csv.gz", b"a,b,c\n1,2,3\n", "cannot be read"),
        ("x.parquet", b"PAR1 not really", "cannot be read"),
    ],
)
def test_a_file_that_cannot_be_read_says_why(read, name, content, told):
    with pytest.raises(DataError, match=told):
        read(content, name=name)


@pytest.mark.parametrize("damage", ["truncated", "overwritten", "late"])
def test_a_damaged_gzip_file_is_never_half_a_cohort(read, damage):
    rows = np.random.default_rng(1).integers(10**6, size=(4000, 3))
    whole = gzip.compress(("a,b,c\n" + "\n".join(",".join(map(str, r)) for r in rows)).encode())
    assert len(read(whole, name="x.csv.gz")[0]) == 4000
    broken = {
        "truncated": whole[: len(whole) // 2],
        "overwritten": whole[:20] + b"\xff" * 40 + whole[60:],
        "late": whole[:-4] + b"\0\0\0\0",
    }[damage]
    with pytest.raises(DataError, match="cannot be read"):
        read(broken, name="x.csv.gz")


def test_encoding_and_delimiter_follow_the_declaration(read):
    content = "a;b;c\nGröße;1,5;x\n".encode("latin-1")
    assert read(content, delimiter=";", encoding="latin-1")[0] == [["Größe", "1,5", "x"]]


def test_typed_parquet_cells_are_written_as_a_person_would(tmp_path):
    table = pd.DataFrame(
        {
            "whole": pd.array([2**60 + 1, None], dtype="Int64"),
            "float": [3.0, np.nan],
            "single": np.array([0.1, 2], dtype="float32"),
            "flag": pd.array([True, None], dtype="boolean"),
            "text": ["  x ", None],
            "category": pd.Categorical(["m", None]),
            "day": pd.to_datetime(["2020-01-02", None]),
        }
    )
    table.to_parquet(tmp_path / "x.parquet")
    raw = read_table(tmp_path / "x.parquet", list(table), TableFormat())
    cells = raw.cells
    assert cells.iloc[0].tolist()[:2] == ["1152921504606846977", "3"]
    assert cells.iloc[0].tolist()[3:] == ["True", "x", "m", "2020-01-02"]
    assert float(cells["single"].iloc[0]) == pytest.approx(0.1)
    assert cells.iloc[1].tolist() == ["", "", "2", "", "", "", ""]
    assert not raw.ragged.any()


def test_a_parquet_column_that_pandas_made_an_index_is_still_a_column(tmp_path):
    table = pd.DataFrame({"a": [7, 3, 9], "b": [1, 2, 3]}).set_index("a")
    table.to_parquet(tmp_path / "x.parquet")
    raw = read_table(tmp_path / "x.parquet", ("b", "a"), TableFormat())
    assert raw["a"].tolist() == ["7", "3", "9"]
