"""Columns of text between Arrow and pandas."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from igfmood.cohort.read.cells import as_text
from igfmood.cohort.texts import TEXT, is_close, repeated, to_arrow, to_pandas, without_empty

CELLS = st.lists(st.text(alphabet='a1,"~! \t\u00a0\u3000\x7f\x00ä', max_size=4), max_size=8)


@given(CELLS, st.integers(0, 3))
def test_text_is_stripped_as_python_does(cells, start):
    # A slice, whose bytes begin within its buffer.
    text = pa.array(cells, TEXT)[start:]
    assert as_text(text).tolist() == [cell.strip() for cell in cells[start:]]
    assert as_text(pa.chunked_array([text, text])).tolist() == [*as_text(text), *as_text(text)]


def test_missing_cells_are_empty_ones():
    assert as_text(pa.array(["a", None, " b"], TEXT)).tolist() == ["a", "", "b"]


@pytest.mark.parametrize("cell", [" a", "a ", "a b", "a\t", "\u00a0a", "ä", "\x7f", "\x1f"])
def test_only_visible_ascii_is_close(cell):
    assert is_close(pa.array(["", "~!x"], TEXT))
    assert not is_close(pa.array(["", "~!x", cell], TEXT))


@given(CELLS)
def test_there_and_back_nothing_changes(cells):
    column = pd.Series(to_pandas(pa.array(cells, TEXT)))
    assert column.dtype == "str"
    assert to_arrow(column).to_pylist() == cells
    assert without_empty(column).isna().tolist() == [cell == "" for cell in cells]


def test_a_word_for_every_row():
    assert repeated("baseline", 3).tolist() == ["baseline"] * 3
    assert len(repeated("", 0)) == 0
    assert np.all(repeated("", 2) == "")
