"""The results contract: one place for each number, nothing lost, nothing made up."""

import hashlib
import math

import numpy as np
import pandas as pd
import pytest

from builders import POOLED, SOURCE
from igfmood import results
from igfmood.errors import DataError
from igfmood.results import Rows, as_table, concatenate, result_id, select

CONTRACT = [
    "result_id", "study", "cohort", "analysis", "claim", "target", "exposure", "model",
    "adjustment", "stratum", "term", "measure", "estimate", "se", "ci_low", "ci_high", "level",
    "p", "df", "n", "n_events", "method", "status", "reason", "seed", "code", "inputs",
]  # fmt: skip


def rows_of(*entries, source=SOURCE):
    rows = Rows(source)
    for entry in entries:
        rows.add(**entry)
    return rows


def test_the_columns_are_those_of_the_contract_with_their_types():
    table = rows_of({"analysis": "contrast", "measure": "smd", "estimate": -0.4, "n": 80}).table()
    assert list(table) == CONTRACT
    assert table["n"].dtype == table["seed"].dtype == "Int64"
    assert table["estimate"].dtype == float
    row = table.iloc[0]
    assert (row["study"], row["cohort"], row["seed"]) == ("demo", "clinic", 1)
    assert (row["code"], row["inputs"], row["level"]) == ("c0de", "da7a", 0.95)
    assert row["term"] == ""
    assert row["status"] == "ok"


def test_the_id_is_the_hash_of_the_keys_and_of_nothing_else():
    keys = ["demo", "clinic", "contrast", *[""] * 6, "smd"]
    expected = hashlib.sha256("\x1f".join(keys).encode()).hexdigest()[:12]
    assert result_id(keys) == expected
    first = rows_of({"analysis": "contrast", "measure": "smd", "estimate": -0.4}).table()
    second = rows_of({"analysis": "contrast", "measure": "smd", "estimate": 9, "n": 1}).table()
    assert first["result_id"].tolist() == second["result_id"].tolist() == [expected]
    other = rows_of({"analysis": "contrast", "measure": "smd", "estimate": 1}, source=POOLED)
    assert other.table()["result_id"][0] != expected


def test_keys_cannot_run_into_each_other():
    assert result_id(["a", "bc"]) != result_id(["ab", "c"])


@pytest.mark.parametrize("estimate", [None, math.nan, math.inf, -math.inf, np.nan])
def test_an_estimate_that_is_no_number_is_refused(estimate):
    with pytest.raises(ValueError, match="finite estimate"):
        Rows(SOURCE).add(analysis="contrast", estimate=estimate)


def test_a_column_outside_the_contract_is_refused():
    with pytest.raises(ValueError, match="colour"):
        Rows(SOURCE).add(analysis="contrast", estimate=1, colour="red")
    with pytest.raises(ValueError, match="colour"):
        Rows(SOURCE).add_not_estimable("why", colour="red")


def test_what_is_not_estimable_has_a_reason_and_no_number():
    rows = Rows(SOURCE)
    rows.add_not_estimable("too few events: 4 < 10", analysis="contrast", measure="smd")
    rows.add_failure("association", "no variance")
    table = rows.table()
    assert table["status"].tolist() == ["not_estimable", "failed"]
    assert table["reason"].tolist() == ["too few events: 4 < 10", "no variance"]
    assert table[["estimate", "se", "p", "n"]].isna().all(axis=None)


def test_a_number_has_one_place():
    with pytest.raises(ValueError, match="same keys"):
        rows_of(
            {"analysis": "contrast", "measure": "smd", "estimate": 1},
            {"analysis": "contrast", "measure": "smd", "estimate": 2},
        ).table()


def test_an_empty_table_keeps_columns_and_types(tmp_path):
    empty = as_table([])
    assert list(empty) == CONTRACT
    results.write(empty, tmp_path / "r.parquet")
    pd.testing.assert_frame_equal(results.read(tmp_path / "r.parquet"), empty)


def test_the_order_of_tables_changes_no_byte(tmp_path):
    first = rows_of({"analysis": "b", "estimate": 1}, {"analysis": "a", "estimate": 2, "n": 3})
    second = rows_of({"analysis": "a", "estimate": 5, "p": 0.5}, source=POOLED)
    tables = [first.table(), second.table()]
    for name, order in (("x", tables), ("y", tables[::-1])):
        results.write(concatenate(order), tmp_path / name)
    assert (tmp_path / "x").read_bytes() == (tmp_path / "y").read_bytes()
    assert len(results.read(tmp_path / "x")) == 3


def test_a_table_survives_writing_reading_and_joining(tmp_path):
    rows = rows_of({"analysis": "a", "measure": "m", "estimate": 0.1, "n": 5, "method": "µ ≥ 1"})
    rows.add_not_estimable("why", analysis="a", measure="other")
    table = concatenate([rows.table()])
    results.write(table, tmp_path / "deep" / "r.parquet")
    found = results.read(tmp_path / "deep" / "r.parquet")
    pd.testing.assert_frame_equal(found, table)
    pd.testing.assert_frame_equal(concatenate([found]), table)
    assert [path.name for path in (tmp_path / "deep").iterdir()] == ["r.parquet"]


def test_another_file_is_no_results_table(tmp_path):
    pd.DataFrame({"a": [1]}).to_parquet(tmp_path / "x.parquet")
    (tmp_path / "y.parquet").write_text("text")
    for name, why in (("x.parquet", "not a results table"), ("y.parquet", "cannot be read")):
        with pytest.raises(DataError, match=why):
            results.read(tmp_path / name)


def test_rows_are_selected_by_one_value_or_several():
    table = rows_of(*({"analysis": name, "estimate": 1} for name in "abc")).table()
    assert select(table, analysis="a")["analysis"].tolist() == ["a"]
    assert select(table, analysis=["a", "c"], cohort="clinic")["analysis"].tolist() == ["a", "c"]
    assert select(table, analysis="a", cohort="other").empty
