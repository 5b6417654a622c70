"""Text tables: what is found out, what is refused, and two ways of reading that agree."""

import csv
import gzip
import io

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from igfmood.cohort.read import header, read_head, read_table, stream, text
from igfmood.config.table import TableFormat
from igfmood.errors import DataError


@pytest.fixture
def write(tmp_path):
    def writer(content, name="x.csv"):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return writer


def read(path, **layout):
    return read_table(path, header(path, TableFormat(**layout)), TableFormat(**layout))


NASTY = st.lists(
    st.sampled_from(
        ["1", "a", ",", ",", '"', '""', "\n", "\r", "\r\n", "\n\n", " ", "\t", "é", "x\u2028y", ";"]
    ),
    max_size=30,
).map("".join)


@settings(max_examples=100, deadline=None)
@given(NASTY, st.sampled_from(["", "note\n", '\n"\r', "\r\n,,,\n\n"]), st.integers(1, 3))
@example('1,"2\n3,4\n5', "", 2)
@example('1,"2\n\n3",4\n\n  \n5\n6,7,8\n9,9,9', "", 3)
@example('"a"" ,5\n1,2\n', "", 2)
@example('  \n""\n" "\n1\n', "", 1)
@example("1\r\r2,3\r", "", 2)
def test_reading_by_blocks_finds_what_reading_line_by_line_finds(
    tmp_path_factory, body, above, width
):
    path = tmp_path_factory.getbasetemp() / "nasty.csv"
    names = ["a", "b", "c"][:width]
    path.write_bytes((above + ",".join(names) + "\n" + body).encode())
    header_row = 1 + len(io.StringIO(above, newline="").readlines())
    table = text.Text(path, "utf-8", ",", header_row, names, 1)
    places = list(range(width))
    fast = text.read_blocks(table, places)
    try:
        cells, ragged = text.read_lines(table, places)
    except ValueError:
        assert fast is None
        return
    if fast is not None:
        assert fast[0].to_numpy().tolist() == cells.to_numpy().tolist()
        assert fast[1].tolist() == ragged.tolist()
        assert fast[0].index.equals(cells.index)


def test_reading_by_blocks_is_what_ordinary_files_get(write):
    path = write('a,b\n1,"x\ny"\n\n2\n   \n3,4,5\n6,7')
    cells, ragged = text.read_blocks(text.Text(path, "utf-8", ",", 1, ["a", "b"], 1), [1, 0])
    assert ragged.tolist() == [False, True, True, False]
    assert cells.to_numpy().tolist() == [["x\ny", "1"], ["", ""], ["", ""], ["7", "6"]]


def test_rows_keep_their_numbers_over_many_blocks(write, monkeypatch):
    monkeypatch.setattr(text, "_BLOCK", 1 << 12)
    rows = [f"{i},{'x' * (i % 7)}" if i % 97 else f"{i}" for i in range(1, 5001)]
    path = write("a,b\n" + "\n\n".join(rows))
    cells, ragged = text.read_blocks(text.Text(path, "utf-8", ",", 1, ["a", "b"], 1), [0])
    assert np.flatnonzero(ragged).tolist() == [i - 1 for i in range(1, 5001) if not i % 97]
    assert all(int(cell) == row for row, cell in cells["a"].items() if cell)


@pytest.mark.parametrize("name", ["x.csv", "x.txt", "x.tsv", "x.csv.gz"])
@pytest.mark.parametrize("mark", [",", ";", "\t", "|"])
def test_the_separator_is_found_whatever_the_ending(write, name, mark):
    content = f"id{mark}age{mark}note\n1{mark}40{mark}a b\n2{mark}50{mark}c\n".encode()
    raw = read(write(gzip.compress(content) if name.endswith("gz") else content, name))
    assert raw.cells.to_numpy().tolist() == [["1", "40", "a b"], ["2", "50", "c"]]
    promised = {"x.csv": ",", "x.csv.gz": ","}.get(name, "\t")
    told = [f"{name}: delimiter {mark!r} found"] if mark != promised else []
    assert list(raw.notes) == told


def test_two_separators_that_fit_are_not_chosen_from(write):
    path = write("a;b|c;d\n1;2|3;4\n", "x.csv")
    path = write("a;b|c\n1;2|3\n", "x.csv")
    with pytest.raises(DataError, match=r"declare format\.delimiter"):
        header(path, TableFormat())
    assert header(path, TableFormat(delimiter="|")) == ["a;b", "c"]


def test_text_that_is_not_utf8_is_windows_1252_and_told(write):
    raw = read(write("a,b\nGröße,1\n".encode("cp1252")))
    assert raw["a"].tolist() == ["Größe"]
    assert list(raw.notes) == ["x.csv: encoding windows-1252 (not valid UTF-8)"]


def test_a_late_byte_that_is_not_utf8_changes_the_whole_file(write):
    raw = read(write(b"a,b\n" + b"x,1\n" * 400_000 + "ß,2\n".encode("cp1252")))
    assert raw["a"].iloc[-1] == "ß"
    assert len(raw.cells) == 400_001


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-32"])
def test_a_byte_order_mark_says_the_encoding(write, encoding):
    raw = read(write("a,b\nGröße,1\n".encode(encoding)))
    assert raw.cells.to_numpy().tolist() == [["Größe", "1"]]


@pytest.mark.parametrize("content", ["a,b\nß,1\n".encode("utf-16-le"), b"a,b\n1,\0\n"])
def test_zero_bytes_are_no_text(write, content):
    with pytest.raises(DataError, match="holds zero bytes"):
        read(write(content))


def test_a_sparse_file_is_refused_without_reading_it(tmp_path):
    path = tmp_path / "x.csv"
    with open(path, "wb") as file:
        file.write(b"a,b\n1,2\n")
        file.truncate(10 * 10**9)
    with pytest.raises(DataError, match="holds zero bytes"):
        read_table(path, ["a"], TableFormat())


def test_an_archive_that_unpacks_beyond_measure_is_refused(write, monkeypatch):
    monkeypatch.setattr(stream, "PACKED_FROM", 10**6)
    bomb = gzip.compress(b"a,b\n" + b"1,2\n" * 10**6, 9)
    monkeypatch.setattr(stream, "MOST_PACKED", 100)
    with pytest.raises(DataError, match="unpacked it is larger"):
        read(write(bomb, "x.csv.gz"))
    monkeypatch.setattr(stream, "LONGEST_LINE", 10**6)
    with pytest.raises(DataError, match="a line longer than"):
        read(write(b"a,b\n" + b"1" * 3 * 10**6))


@pytest.mark.parametrize(
    ("body", "mark"),
    [
        ("7,5;1\n8,25;2", ","),
        ("7.5;1\n8.25;2", "."),
        ("7;1\n8;2", "."),
        ("1.234,5;1\n7,5;2", ","),
        ("1.234,5;1\n8;2", "."),
        ("1,234;1\n7,5;2", ","),
        ("7,5;F32.1\n8,5;F33.2", ","),
    ],
)
def test_the_decimal_mark_is_found(write, body, mark):
    raw = read(write("a;b\n" + body))
    assert raw.decimal("a") == raw.decimal("b") == mark
    assert ("x.csv: decimal comma found" in raw.notes) == (mark == ",")


@pytest.mark.parametrize("body", ["7,5;1.5\n8;2", "7,5;1\n7.5;2", "1,234;1\n2,345;2"])
def test_a_decimal_mark_that_could_be_either_is_asked_for(write, body):
    path = write("a;b\n" + body)
    with pytest.raises(DataError, match=r"declare format\.decimal"):
        read(path)
    assert read(path, decimal=",").decimal("a") == ","
    assert read(path, decimal=".").decimal("a") == "."


def test_in_a_comma_separated_file_a_comma_is_no_decimal_mark(write):
    assert read(write('a,b\n"7,5",1\n')).decimal("a") == "."


def test_lines_above_the_header_are_skipped(write):
    path = write('Study X; 2020\n"a note, with a comma"\na,b\n1,2\n\n3\n')
    raw = read(path, header_row=3)
    assert raw.cells.to_numpy().tolist() == [["1", "2"], ["", ""]]
    assert raw.ragged.tolist() == [False, True]


def test_a_header_over_two_lines_is_one_header(write):
    raw = read(write('"a\nb",c\n1,2\n3,4\n'))
    assert raw.cells.to_numpy().tolist() == [["1", "2"], ["3", "4"]]


UNITS = "id,age,igf1\n{}\n1,40,100\n2,50,120\n3,60,NA\n4,61,99\n5,33,87\n"


@pytest.mark.parametrize("second", [",years,ng/mL", "number,years,ng/mL", "ID,Age,IGF-1"])
def test_a_line_of_units_is_no_participant(write, second):
    with pytest.raises(DataError, match="line 2 is no participant"):
        read(write(UNITS.format(second)))


@pytest.mark.parametrize("first", ["9,NA,NA", ",NA,n/a", "9,old,high", ",NA,", "9,40,bad"])
def test_a_first_participant_with_gaps_is_one(write, first):
    assert len(read(write(UNITS.format(first))).cells) == 6


def test_the_head_of_a_table_has_every_column_with_a_name(write):
    path = write("a,b,,a\n" + "1,2,3,4\n" * 5000)
    head = read_head(path, TableFormat(), rows=10)
    assert head.cells.shape == (10, 2)
    assert "2 columns without a name" in head.notes[0]
    assert len(read_head(path, TableFormat()).cells) == 2000


def test_a_field_beyond_all_measure_names_its_row(write):
    with pytest.raises(DataError, match="row 2 cannot be told apart"):
        read(write('a,b\n1,2\n3,"4\n' + "5,6\n" * 50_000))


@given(st.lists(st.tuples(st.text(max_size=6), st.text(max_size=6)), min_size=1, max_size=5))
@settings(max_examples=50, deadline=None)
def test_both_ways_read_back_what_a_writer_wrote(tmp_path_factory, rows):
    path = tmp_path_factory.getbasetemp() / "written.csv"
    rows = [[cell.replace("\0", "") for cell in row] for row in rows]
    buffer = io.StringIO()
    csv.writer(buffer).writerows([["a", "b"], *rows])
    path.write_bytes(buffer.getvalue().encode("utf-8", "replace"))
    expected = [[cell.encode("utf-8", "replace").decode().strip() for cell in row] for row in rows]
    table = text.Text(path, "utf-8", ",", 1, ["a", "b"], 1)
    for found in (text.read_blocks(table, [0, 1]), text.read_lines(table, [0, 1])):
        assert found is not None
        assert found[0].to_numpy().tolist() == expected
