"""A bundle from elsewhere is believed in nothing: each way to tamper with it is refused."""

import gzip
import io
import json
import zipfile

import pytest

from igfmood.errors import DataError
from igfmood.federated import bundle as format_
from igfmood.federated.bundle import COLUMNS, read_bundle
from unit.federated.sites import changed, make_site, part


@pytest.fixture
def good(tmp_path):
    return make_site(tmp_path, "clinic").bundle()


def refused(tmp_path, content, match):
    path = tmp_path / "bundle.json"
    path.write_bytes(
        content if isinstance(content, bytes) else json.dumps(content).encode()
    )  # fmt: skip
    with pytest.raises(DataError, match=match) as caught:
        read_bundle(path)
    assert str(path) in str(caught.value)


def with_row(good, **cells):
    rows = [list(row) for row in good.rows]
    for name, value in cells.items():
        rows[0][COLUMNS.index(name)] = value
    return changed(good, rows=rows)


def test_a_number_changed_by_hand_is_refused(good, tmp_path):
    given = good.model_dump(mode="json")
    given["rows"][0][COLUMNS.index("estimate")] = -0.9
    refused(tmp_path, given, "content and hash do not belong together")


def test_a_part_of_the_analysis_changed_by_hand_is_named(good, tmp_path):
    given = good.model_dump(mode="json")
    given["analysis"]["level"]["content"] = 0.9
    refused(tmp_path, given, "analysis.level: .*content and hash do not belong together")


@pytest.mark.parametrize("hash_", ["", None])
def test_a_bundle_without_a_hash_is_refused(good, tmp_path, hash_):
    refused(tmp_path, {**good.model_dump(mode="json"), "hash": hash_}, "hash is missing")


@pytest.mark.parametrize("version", [0, 2, "1", None])
def test_an_unknown_version_is_refused(good, tmp_path, version):
    given = {**good.model_dump(mode="json"), "version": version}
    refused(tmp_path, given, "reads version 1: site and hub must use the same igfmood")


@pytest.mark.parametrize("given", [[], {}, {"format": "other"}, 7, None])
def test_what_is_no_bundle_is_refused(tmp_path, given):
    refused(tmp_path, given, "is no bundle")


@pytest.mark.parametrize("name", ["../../etc/passwd", "a/b", "..", "", "C:\\x", "a\x00b", "a" * 50])
def test_a_name_of_a_cohort_that_would_be_a_path_is_refused(good, tmp_path, name):
    card = good.cohorts[0].model_copy(update={"name": name})
    refused(tmp_path, changed(good, cohorts=[card]), r"cohorts\.0\.name|control characters")


@pytest.mark.parametrize("text", ["\x1b[2Jnothing to see", "a\nb", "\u202egnp.exe", "x" * 5000])
def test_a_text_that_would_act_on_the_terminal_is_refused(good, tmp_path, text):
    refused(tmp_path, with_row(good, reason=text), "control characters")


@pytest.mark.parametrize(
    ("cells", "match"),
    [
        ({"cohort": "another"}, "cohort 'another' is none of"),
        ({"status": "fine"}, "status 'fine' is none of"),
        ({"estimate": None}, "does not fit its estimate"),
        ({"estimate": "much"}, "estimate is no number"),
        ({"estimate": 10**400}, "estimate is no number"),
        ({"se": -0.1}, "se -0.1 is negative"),
        ({"n": -5}, "n is no count"),
        ({"n": 12.5}, "n is no count"),
        ({"method": 3}, "method is no text"),
        ({"analysis": "participants"}, "none that a bundle holds"),
    ],
)  # fmt: skip
def test_a_cell_that_is_not_what_it_should_be_is_named(good, tmp_path, cells, match):
    place = next(
        number for number, row in enumerate(good.rows) if row[COLUMNS.index("status")] == "ok"
    )
    rows = [list(row) for row in good.rows]
    rows = [rows[place], *rows[:place], *rows[place + 1 :]]
    first = good.model_copy(update={"rows": rows})
    refused(tmp_path, with_row(first, **cells), f"row 1: .*{match}")


def test_a_row_of_another_length_is_refused(good, tmp_path):
    refused(tmp_path, changed(good, rows=[["clinic"]]), "1 cells instead of 20")


def test_other_columns_are_refused(good, tmp_path):
    columns = [*COLUMNS[1:], COLUMNS[0]]
    refused(tmp_path, changed(good, columns=columns), "columns should be")


def test_unknown_keys_are_refused(good, tmp_path):
    refused(tmp_path, {**good.model_dump(mode="json"), "people": []}, "people")


def test_a_bundle_without_its_smallest_count_is_refused(good, tmp_path):
    analysis = {**good.analysis, "disclosure": part({"min_cell": "none"})}
    refused(tmp_path, changed(good, analysis=analysis), "analysis.disclosure.min_cell is missing")


@pytest.mark.parametrize("text", [b'{"a": NaN}', b'{"a": Infinity}', b'{"a": 1, "a": 2}', b"\xff"])
def test_what_is_no_strict_json_is_refused(tmp_path, text):
    refused(tmp_path, text, "it should be JSON")


def test_json_nested_without_end_is_refused(tmp_path):
    refused(tmp_path, b"[" * 200_000 + b"]" * 200_000, "nested too deeply")


def test_archives_are_not_opened(tmp_path):
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("../../evil.json", b"0" * 10_000_000)
    refused(tmp_path, bomb.getvalue(), "not an archive")
    refused(tmp_path, gzip.compress(b"0" * 10_000_000), "not an archive")
    assert not list(tmp_path.parent.glob("evil*"))


def test_a_file_beyond_the_limit_is_not_read(tmp_path, monkeypatch):
    monkeypatch.setattr(format_, "LARGEST", 1000)
    refused(tmp_path, b" " * 1001, "1,001 bytes; a bundle has 1,000 at most")
