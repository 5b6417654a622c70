"""What holds for any table: cells come back as written, rows are counted, numbers never change."""

import csv
import gzip
import io
import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from builders import as_raw
from igfmood.cohort.questionnaires import score_phq9
from igfmood.cohort.read import read_table
from igfmood.cohort.values import normal_code, parse_number, recode, to_number, to_numbers
from igfmood.config.questionnaire import Phq9
from igfmood.config.table import TableFormat
from igfmood.config.vocabulary import PHQ9_ITEMS
from igfmood.errors import DataError

FEW = settings(max_examples=100, deadline=None)
# Python quotes no lone carriage return, which then ends a line: only `QUOTE_ALL` writes it safely.
TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0\r"), max_size=6)
CELLS = st.one_of(TEXT, st.sampled_from(["", "1", "7,5", "7.5", '"', "a;b", " x ", "\n", "NA"]))
NAMES = ["id", "age", "note", "dx"]


@st.composite
def tables(draw):
    width = draw(st.integers(2, 4))
    lengths = st.one_of(st.just(width), st.just(width), st.integers(2, 5))
    return width, [
        draw(st.lists(CELLS, min_size=n, max_size=n)) for n in draw(st.lists(lengths, min_size=1))
    ]


@FEW
@given(
    tables(),
    st.sampled_from(",;\t|"),
    st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
    st.booleans(),
    st.sampled_from(["\n", "\r\n"]),
)
@example((2, [["a\rb", "c\r\nd"]]), ",", csv.QUOTE_ALL, "utf-8", False, "\n")
@example((2, [["\ue000end\ue000", ""], ["x", "y"]]), ",", csv.QUOTE_MINIMAL, "utf-8", False, "\n")
def test_cells_come_back_as_they_were_written(
    tmp_path_factory, table, delimiter, quoting, encoding, packed, end
):
    width, rows = table
    stream = io.StringIO()
    writer = csv.writer(stream, delimiter=delimiter, quoting=quoting, lineterminator=end)
    writer.writerows([NAMES[:width], *rows])
    content = stream.getvalue().encode(encoding)
    path = tmp_path_factory.getbasetemp() / ("any.csv.gz" if packed else "any.csv")
    path.write_bytes(gzip.compress(content) if packed else content)
    layout = TableFormat(delimiter=delimiter, encoding=encoding, decimal=".")
    try:
        raw = read_table(path, NAMES[:width], layout)
    except DataError as error:
        assume("is no participant but a second line" not in str(error))
        raise
    assert len(raw.cells) == len(rows)
    assert raw.ragged.tolist() == [len(row) != width for row in rows]
    expected = [row if len(row) == width else [""] * width for row in rows]
    assert raw.cells.to_numpy().tolist() == [[trimmed(cell) for cell in row] for row in expected]


def trimmed(cell: str) -> str:
    """Return a cell as the reader leaves it: blanks at its ends are no part of it."""
    column = pd.Series([cell]).str
    return column.strip()[0]


@FEW
@given(st.floats(-1e15, 1e15), st.sampled_from([".", ","]))
def test_a_number_is_read_as_it_was_written(number, mark):
    for text in (repr(number), f"{number:.3f}", f"{number:e}", f"{number:+.1f}"):
        written = text.replace(".", mark)
        assert to_number(written, mark) == float(text)
        assert to_numbers([written], mark)[0] == float(text)


@FEW
@given(st.floats(1000, 1e12), st.sampled_from([".", ","]))
def test_a_number_with_thousands_marks_is_never_another_number(number, mark):
    english = f"{number:,.2f}"
    german = english.translate(str.maketrans(",.", ".,"))
    for text in (english, german, f"{number:,.0f}", f"{number:_.2f}"):
        found = to_number(text, mark)
        # 1,234 with a decimal comma declared is what the study says it is.
        assert math.isnan(found) or text.replace(",", ".") == text.replace(mark, ".")
        assert math.isnan(found) or text.count(mark) == 1


@FEW
@given(st.lists(TEXT | st.sampled_from(["1", "1,5", "1.5", "inf", "1e400", "-.5", "٤", "1_0"])))
@pytest.mark.parametrize("mark", [".", ","])
def test_many_numbers_are_read_as_one_is(mark, texts):
    one = [to_number(text, mark) for text in texts]
    np.testing.assert_array_equal(to_numbers(texts, mark), np.array(one, float))
    assert not np.isinf(one).any()
    column = pd.Series(texts, dtype="str")
    parsed = parse_number(column, column == "", mark)
    np.testing.assert_array_equal(parsed.values, np.array(one, float))
    assert len(parsed.problems) == sum(
        math.isnan(number) and text != "" for number, text in zip(one, texts, strict=True)
    )


@FEW
@given(st.lists(CELLS, max_size=8), st.dictionaries(CELLS, CELLS, max_size=4))
def test_recoding_changes_the_codes_that_it_names_and_no_other(cells, codes):
    assume(len({normal_code(code) for code in codes}) == len(codes))
    known = {normal_code(code): meaning for code, meaning in codes.items()}
    found = recode(pd.Series(cells, dtype="str"), codes).tolist()
    assert found == [known.get(normal_code(cell), cell) for cell in cells]


@FEW
@given(TEXT | st.from_regex(r"[+-]?0*\d{1,6}(\.0{0,3})?", fullmatch=True))
def test_a_code_is_one_code_however_it_is_written(code):
    once = normal_code(code)
    assert normal_code(once) == once
    assert normal_code(f" {code} ") == once
    if math.isfinite(to_number(code)):
        assert normal_code(f"0{code}" if code[:1].isdigit() else code) == once


ANSWERS = st.sampled_from(["0", "1", "2", "3", "", "9", "3.0", " 2", "4", "-1", "1.5", "often"])
_VALID = {"0": 0, "1": 1, "2": 2, "3": 3, "3.0": 3, " 2": 2}


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.lists(ANSWERS, min_size=9, max_size=9), min_size=1, max_size=5),
    st.sampled_from(["complete", "prorate", "impute"]),
)
def test_a_score_is_possible_or_missing_and_a_bad_answer_is_a_problem(answers, rule):
    cells = pd.DataFrame(answers, columns=list(PHQ9_ITEMS), index=range(1, len(answers) + 1))
    entry = Phq9(items=list(PHQ9_ITEMS), missing=["9"], rule=rule)
    scored, parsed = score_phq9(as_raw(cells.map(str.strip)), entry, [])
    bad = {(row, column) for p in parsed for row, column in p.problems[["row", "column"]].values}
    for row, given_answers in enumerate(answers, 1):
        points = [_VALID.get(answer) for answer in given_answers]
        wrong = [a not in _VALID and a not in ("", "9") for a in given_answers]
        assert {c for r, c in bad if r == row} == {
            name for name, is_wrong in zip(PHQ9_ITEMS, wrong, strict=True) if is_wrong
        }
        total = scored.loc[row, "phq9_total"]
        known = [p for p in points if p is not None]
        if len(known) == 9:
            assert total == sum(known)
        elif rule == "complete" or len(known) < 7:
            assert math.isnan(total)
        elif not math.isnan(total):
            assert sum(known) <= total <= sum(known) + 3 * (9 - len(known))
        for name, highest in (("phq2_total", 6), ("phq8_total", 24), ("phq9_somatic", 9)):
            score = scored.loc[row, name]
            assert math.isnan(score) or 0 <= score <= highest
