"""Text to typed values; what cannot be read is told, never guessed."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from igfmood.cohort.values import (
    NO_NUMBER,
    check_range,
    is_missing,
    normal_code,
    normal_codes,
    parse_band,
    parse_category,
    parse_date,
    parse_flag,
    parse_number,
    parse_text,
    recode,
    to_number,
)
from igfmood.config.vocabulary import VARIABLES
from igfmood.errors import DataError


def column(*cells):
    index = pd.RangeIndex(1, len(cells) + 1, name="row")
    return pd.Series(cells, index=index, name="source", dtype=object)


def none_missing(cells):
    return np.zeros(len(cells), dtype=bool)


@given(st.floats(allow_nan=False, allow_infinity=False), st.sampled_from([".", ","]))
def test_a_number_survives_being_written_with_either_decimal_mark(number, mark):
    assert to_number(repr(number).replace(".", mark), mark) == number


@pytest.mark.parametrize("text", ["", "1 2", "1.2.3", "1,2", "abc", "1e999", "nan", "inf", "<3"])
def test_what_is_no_finite_number_is_none(text):
    assert np.isnan(to_number(text))


@pytest.mark.parametrize("text", ["1.5", "1.234,5", "1,2,3"])
def test_with_a_decimal_comma_a_point_is_never_guessed_to_be_one(text):
    assert np.isnan(to_number(text, ","))


@given(st.text())
@example("  01.0 ")
@example("1E5")
@example("ẞ")
def test_normalising_a_code_twice_changes_nothing(text):
    assert normal_code(normal_code(text)) == normal_code(text)


@pytest.mark.parametrize("text", ["1", "1.0", "01", " 1 ", "+1", "1e0"])
def test_codes_are_compared_by_what_they_mean(text):
    assert normal_code(text) == "1"
    assert normal_code("n/A ") == "n/a"
    assert normal_code("1x") == "1x"


def test_missing_cells_are_the_empty_ones_and_those_with_a_declared_code():
    cells = column("", "-9", "-9.0", "9", "N/A")
    assert is_missing(cells, ["-9", "n/a"]).tolist() == [True, True, True, False, True]


def test_numbers_that_cannot_be_read_are_problems_with_row_and_value():
    cells = column("1.5", "x", "", "2")
    parsed = parse_number(cells, is_missing(cells, []))
    assert parsed.values.isna().tolist() == [False, True, True, False]
    assert parsed.problems.to_dict("records") == [
        {"row": 2, "column": "source", "value": "x", "reason": NO_NUMBER}
    ]


def test_impossible_numbers_are_problems_and_the_limits_themselves_are_not():
    cells = column("0", "110", "-0.1", "110.5", "")
    parsed = check_range(parse_number(cells, is_missing(cells, [])), cells, VARIABLES["age_years"])
    assert list(parsed.problems["row"]) == [3, 4]
    assert parsed.values.notna().tolist() == [True, True, False, False, False]
    assert "possible: 0 to 110 years" in parsed.problems["reason"].iloc[0]


def test_bands_are_their_middle_in_completed_years():
    cells = column("35-39", "40 – 49", "35,5", "old")
    parsed = parse_band(cells, none_missing(cells), ",")
    assert parsed.values.tolist()[:3] == [37.5, 45.0, 35.5]
    assert list(parsed.problems["value"]) == ["old"]


def test_categories_are_recoded_and_unknown_words_are_problems():
    cells = column("1", "2.0", "FEMALE", "3", "")
    codes = {"1": "male", "2": "female"}
    parsed = parse_category(cells, codes, is_missing(cells, []), VARIABLES["sex"])
    assert parsed.values.tolist()[:3] == ["male", "female", "female"]
    assert parsed.values.isna().tolist() == [False, False, False, True, True]
    assert list(parsed.problems["row"]) == [4]


def test_a_missing_flag_stays_missing_and_never_becomes_no():
    cells = column("Yes", "0", "", "2", "maybe", "true")
    parsed = parse_flag(cells, {"2": "no"}, is_missing(cells, []), VARIABLES["pregnant"])
    assert parsed.values.dtype == "boolean"
    assert [None if pd.isna(v) else bool(v) for v in parsed.values] == [
        True, False, None, False, None, True,
    ]  # fmt: skip
    assert list(parsed.problems["value"]) == ["maybe"]


def test_text_is_kept_and_a_code_may_stand_for_the_empty_cell():
    cells = column("", "b", "A")
    assert recode(cells, {"": "never", "a": "once"}).tolist() == ["never", "b", "once"]
    parsed = parse_text(cells, {}, is_missing(cells, []))
    assert parsed.values.isna().tolist() == [True, False, False]
    assert parsed.values.iloc[2] == "A"


CODE_LIKE = st.one_of(
    st.text(max_size=4),
    st.from_regex(r"[+-]?[0-9]{0,3}[.,]?[0-9]{0,3}([eE][+-]?[0-9]{1,3})?\s?", fullmatch=True),
    st.sampled_from(
        ["1e999", "-1e999", "inf", "-inf", "nan", "٣", "1\n", " 1", "-0", "ẞ", "SS", "NA"]
    ),
)
CELLS = st.lists(CODE_LIKE, min_size=1, max_size=8)


@settings(max_examples=40)
@given(CELLS, st.sampled_from([".", ","]), st.sampled_from(["str", "object"]))
def test_columns_of_numbers_are_read_as_each_cell_is(cells, decimal, dtype):
    texts = column(*cells).astype(dtype)
    parsed = parse_number(texts, none_missing(texts), decimal)
    expected = [to_number(text, decimal) for text in cells]
    np.testing.assert_array_equal(parsed.values.to_numpy(), expected)
    np.testing.assert_array_equal(np.signbit(parsed.values), np.signbit(expected))
    assert len(parsed.problems) == np.isnan(expected).sum()


@settings(max_examples=40)
@given(CELLS, st.lists(CODE_LIKE, max_size=5), st.sampled_from(["str", "object"]))
def test_columns_of_codes_are_compared_as_each_cell_is(cells, codes, dtype):
    texts = column(*cells).astype(dtype)
    known = {normal_code(code) for code in codes} | {""}
    assert normal_codes(texts).tolist() == [normal_code(text) for text in cells]
    assert is_missing(texts, codes).tolist() == [normal_code(text) in known for text in cells]
    table = {normal_code(code): f"<{code}>" for code in codes}
    expected = [table.get(normal_code(text), text) for text in cells]
    assert recode(texts, {code: f"<{code}>" for code in codes}).tolist() == expected


@settings(max_examples=40)
@given(
    st.lists(st.sampled_from(["Male", "MALE", "male ", "1", "1.0", "yes", "TRUE", "0", "ſ", ""]))
)
def test_categories_and_flags_are_read_as_each_cell_is(cells):
    texts = column(*cells)
    missing = none_missing(texts)
    sexes = parse_category(texts, {"1": "male"}, missing, VARIABLES["sex"]).values
    known = {"Male", "MALE", "male", "1", "1.0"}
    assert sexes.notna().tolist() == [text in known for text in cells]
    flags = parse_flag(texts, {}, missing, VARIABLES["pregnant"]).values
    expected = {"1": True, "1.0": True, "yes": True, "TRUE": True, "0": False}
    assert [None if pd.isna(v) else bool(v) for v in flags] == [expected.get(t) for t in cells]


def test_dates_are_read_as_declared_and_iso_dates_always():
    cells = column("31.12.2020", "2020-12-31", "2020-12-31 10:11:12", "2020-12-31T10:11", "")
    parsed = parse_date(cells, cells == "", "%d.%m.%Y")
    assert parsed.values.dtype == "datetime64[s]"
    assert parsed.values.astype("str").str[:10].tolist()[:4] == ["2020-12-31"] * 4
    assert parsed.values.isna().tolist() == [False] * 4 + [True]
    assert parsed.problems.empty


@pytest.mark.parametrize(
    ("text", "written", "why"),
    [
        ("44197", "%Y-%m-%d", "serial number"),
        ("44197.5", "%d.%m.%Y", "serial number"),
        ("2020011", "%Y%m%d", "serial number"),
        ("2020-02-30", "%Y-%m-%d", "no possible date"),
        ("31.04.2020", "%d.%m.%Y", "no possible date"),
        ("01/02/2020", "%Y-%m-%d", "not guessed: set date_format"),
        ("1/2/20", "%d/%m/%Y", "no possible date"),
        ("soon", "%Y-%m-%d", "not a date written %Y-%m-%d"),
        ("1899-12-31", "%Y-%m-%d", "outside the years 1900 to 2100"),
        ("31.12.2101", "%d.%m.%Y", "outside the years"),
    ],
)
def test_what_is_no_date_is_told_and_never_guessed(text, written, why):
    cells = column("", text)
    parsed = parse_date(cells, cells == "", written)
    assert parsed.values.isna().all()
    assert parsed.problems[["row", "value"]].to_numpy().tolist() == [[2, text]]
    assert why in parsed.problems["reason"].iloc[0]


def test_problems_of_dates_stand_in_the_order_of_rows():
    cells = column("x", "44197", "y", "2020-02-30")
    assert parse_date(cells, none_missing(cells)).problems["row"].tolist() == [1, 2, 3, 4]


def test_a_date_format_that_is_none_is_told():
    with pytest.raises(DataError, match="date_format '%Q'"):
        parse_date(column("1"), none_missing(column("1")), "%Q")
