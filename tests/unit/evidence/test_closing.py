"""The last word of a run."""

import json
from dataclasses import replace

import pytest

from builders import SOURCE
from igfmood import results
from igfmood.errors import DataError
from igfmood.evidence.closing import (
    check_complete,
    closing_lines,
    error_hint,
    failed_cohorts,
    much_quarantined,
)
from igfmood.provenance import file_digest
from igfmood.results import Rows


@pytest.fixture
def study(tmp_path):
    """Folder of a finished study in which one stage of one cohort failed."""
    (tmp_path / "pooled").mkdir()
    (tmp_path / "report.html").write_text("<html></html>")
    verdicts = [
        {"verdict": "SUPPORTED", "statement": "IGF-1 is lower."},
        {"verdict": "NOT_EVALUABLE", "statement": "IGF-1 is a test."},
    ]
    (tmp_path / "pooled/verdicts.json").write_text(json.dumps(verdicts))
    rows = Rows(SOURCE)
    rows.add(analysis="flow", stratum="rows_in", measure="count", estimate=30)
    rows.add(analysis="flow", stratum="quarantined", measure="count", estimate=3)
    rows.add_failure("association", "no variance")
    results.write(rows.table(), tmp_path / "pooled/results.parquet")
    return tmp_path


def files(folder):
    return (
        folder / "report.html",
        folder / "pooled/verdicts.json",
        folder / "pooled/results.parquet",
    )


def test_report_claims_and_failures_have_a_line_each(study):
    lines = closing_lines(*files(study))
    assert lines[0] == f"Report: {study / 'report.html'}"
    assert [line.split()[0] for line in lines[1:]] == ["SUPPORTED", "NOT", "FAILED"]
    assert lines[2].endswith("NOT EVALUABLE  IGF-1 is a test.")
    assert lines[3].endswith("cohort clinic, stage association: no variance")


@pytest.mark.parametrize("gone", ["report.html", "pooled/verdicts.json", "pooled/results.parquet"])
def test_nothing_is_said_of_what_is_not_there(study, gone):
    (study / gone).unlink()
    assert closing_lines(*files(study)) == []
    hint = error_hint(study)
    assert hint.startswith("The run is not complete.")
    assert str(study / "logs") in hint


def test_a_failed_cohort_makes_the_study_incomplete(study):
    with pytest.raises(DataError, match="cohort clinic, stage association: no variance"):
        check_complete(study / "pooled/results.parquet", {})


def test_a_table_that_changed_after_it_was_read_is_told_by_name(tmp_path):
    table, other = tmp_path / "clinic.csv", tmp_path / "reference.csv"
    table.write_text("id\n1\n")
    other.write_text("age\n50\n")
    paths = {"clinic": [table, other]}
    rows = Rows(replace(SOURCE, inputs=file_digest(paths["clinic"])))
    rows.add(analysis="flow", stratum="rows_in", measure="count", estimate=1)
    results.write(rows.table(), tmp_path / "r.parquet")
    check_complete(tmp_path / "r.parquet", paths)
    table.write_text("id\n1\n2\n")
    with pytest.raises(DataError, match=r"cohort clinic: .*clinic\.csv or .* run again"):
        check_complete(tmp_path / "r.parquet", paths)


def test_what_is_not_estimable_is_no_failure(tmp_path):
    rows = Rows(SOURCE)
    rows.add_not_estimable("too few", analysis="contrast", measure="smd")
    results.write(rows.table(), tmp_path / "r.parquet")
    assert failed_cohorts(tmp_path / "r.parquet") == []
    check_complete(tmp_path / "r.parquet", {})


def test_much_quarantine_is_said_aloud(tmp_path):
    rows = Rows(SOURCE)
    rows.add(analysis="flow", stratum="rows_in", measure="count", estimate=120)
    rows.add(analysis="flow", stratum="quarantined", measure="count", estimate=118)
    results.write(rows.table(), tmp_path / "r.parquet")
    (line,) = much_quarantined(tmp_path / "r.parquet")
    assert "118 of 120 rows are in quarantine" in line


def test_after_a_failure_the_verdicts_are_repeated_for_the_cohorts_that_counted(study):
    assert "FAILED" in error_hint(study)
    assert "The run is not complete." in error_hint(study)
