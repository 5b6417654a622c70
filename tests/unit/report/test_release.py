"""What is released says what the report says, is harmless in a spreadsheet, and keeps people in."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import openpyxl
import pandas as pd
import pytest

from igfmood import results
from igfmood.report import words
from igfmood.report.release.cells import Value, interval, number, spread
from igfmood.report.release.codebook import lines, load_codebook
from igfmood.report.release.page import read_page
from igfmood.report.release.rows import released, rounded
from igfmood.report.release.sheets import sheets
from igfmood.report.release.study import Release, write_release
from igfmood.report.release.workbook import Sheet, sheet_name, write_workbook

FORMULAS = ("=1+1", "+1+1", "-1+1", "@SUM(A1)", "\t=1", "\r=1", '=HYPERLINK("http://x")')


@pytest.fixture(scope="module")
def book():
    return load_codebook()


# ---- The page ------------------------------------------------------------------------------


def test_the_page_gives_back_verdicts_and_every_table_with_its_cells(findings, page):
    html = page(findings)
    found = read_page(html)
    assert [one.claim for one in found.verdicts] == ["lower", "test", "cognition"]
    first = found.verdicts[0]
    assert (first.verdict, first.marks[0]) == ("SUPPORTED", "susceptibility")
    assert first.statement == "IGF-1 is lower in depression."
    assert first.lines[0].startswith("Pooled difference −0.5000 SD")
    assert not any("Estimates, forest plot" in line for line in first.lines)
    assert len(found.tables) == html.count("<table data-name=")
    for table in found.tables:
        assert table.title
        assert table.part
        assert {len(row) for row in table.rows} == {len(table.columns)} == {len(table.numeric)}
    table = next(one for one in found.tables if one.name == "pooled_claim_lower_smd")
    assert table.part == "IGF-1 is lower in depression."
    assert "−0.5000 (−0.7996 to −0.2004)" in table.rows[0]


def test_small_counts_are_suppressed_in_the_tables_that_are_read(findings, page):
    table = next(one for one in read_page(page(findings)).tables if one.name == "table_1")
    place = table.columns.index("n")
    assert {row[place] for row in table.rows} <= {"112", "62", "<10", "≈ 110", "≈ 60"}


# ---- Cells ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "content", "form"),
    [
        ("1,204", 1204.0, "#,##0"), ("−0.60", -0.6, "0.00"), ("+0.080", 0.08, "0.000"),
        ("12 %", 0.12, "0%"), ("0", 0.0, "0"), ("0.5 %", 0.005, "0.0%"),
    ],
)  # fmt: skip
def test_a_number_is_a_number_with_the_digits_that_are_shown(text, content, form):
    assert number(text) == Value(content, form)


@pytest.mark.parametrize("text", ["<10", "≈ 150", "< 0.001", "12 (5)", "–", "", "1e5", "2–4"])
def test_what_is_more_than_a_number_stays_text(text):
    assert number(text) is None


def test_an_interval_becomes_three_numbers_in_columns_of_numbers_alone():
    assert interval("−0.60 (−0.77 to −0.44)") is not None
    heads, cells = spread(
        ("Id", "Estimate (interval)"), (False, True),
        (("001234", "−0.60 (−0.77 to −0.44)"), ("12", "<10"), ("13", "–")),
    )  # fmt: skip
    assert heads == [
        "Id", "Estimate (interval)", "Estimate (interval): from", "Estimate (interval): to",
    ]  # fmt: skip
    assert [value.content for value in cells[0]] == ["001234", -0.6, -0.77, -0.44]
    assert [value.content for value in cells[1]] == ["12", "<10", None, None]
    assert [value.content for value in cells[2]] == ["13", None, None, None]


# ---- The workbook --------------------------------------------------------------------------


def test_no_text_is_a_formula_and_no_text_is_lost(tmp_path):
    path = tmp_path / "book.xlsx"
    heads = ["=1+1", "plain"]
    cells = [[Value(text), Value("ok\x00\x1f")] for text in FORMULAS]
    write_workbook([Sheet("a", heads, cells)], "=title", path)
    page = openpyxl.load_workbook(path)["a"]
    assert all(cell.data_type == "s" for row in page.iter_rows() for cell in row)
    for text, cell in zip(("=1+1", *FORMULAS), page["A"], strict=True):
        assert cell.value.replace("\n", "\r") == text
        assert cell.quotePrefix
    assert page["B2"].value == "ok"
    assert "<f>" not in path.read_bytes().decode("latin-1")


def test_numbers_have_formats_the_head_stays_and_columns_are_as_wide_as_their_texts(tmp_path):
    path = tmp_path / "book.xlsx"
    rows = [[Value("a" * 200), Value(1204.0, "#,##0"), Value(0.5, "0%")]]
    write_workbook([Sheet("a", ["long", "n", "share"], rows)], "title", path)
    page = openpyxl.load_workbook(path)["a"]
    assert page.freeze_panes == "A2"
    assert [cell.number_format for cell in page[2]] == ["General", "#,##0", "0%"]
    assert (page["B2"].value, page["C2"].value) == (1204, 0.5)
    widths = {name: page.column_dimensions[name].width for name in "ABC"}
    assert widths["A"] == 60
    assert 8 <= widths["B"] < 12


def test_names_of_sheets_are_safe_and_unique():
    taken: list[str] = []
    for wanted in ("a/b:c", "a b c", "A B C", "x" * 40, "x" * 40, "[]", "", "History"):
        taken.append(sheet_name(wanted, taken))
    assert len({name.lower() for name in taken}) == len(taken)
    assert all(0 < len(name) <= 31 for name in taken)
    assert not any(set(name) & set("[]:*?/\\'") for name in taken)
    assert "History" not in taken


def test_the_same_cells_are_the_same_bytes(tmp_path, monkeypatch):
    sheet = Sheet("a", ["head"], [[Value(1.0, "0")]], leads=None)
    write_workbook([sheet], "title", tmp_path / "a.xlsx")
    monkeypatch.setattr("time.time", lambda: 2_000_000_000.0)
    write_workbook([sheet], "title", tmp_path / "b.xlsx")
    assert (tmp_path / "a.xlsx").read_bytes() == (tmp_path / "b.xlsx").read_bytes()


def test_tables_of_a_kind_share_a_sheet_and_the_first_sheet_lists_all(findings, page, book):
    made = sheets(read_page(page(findings)), findings, released(findings, book))
    names = [sheet.name for sheet in made]
    assert names[:3] == ["contents", "verdicts", "estimates"]
    assert len(names) == len(set(names))
    assert [row[0].content for row in made[0].rows] == names[1:]
    by_name = {sheet.name: sheet for sheet in made}
    assert {"pooled", "leave one out", "table 1", "flow", "not estimable"} <= set(by_name)
    parts = {row[0].content for row in by_name["pooled"].rows}
    assert len(parts) > 1
    for sheet in made:
        assert {len(row) for row in sheet.rows} <= {len(sheet.heads)}


# ---- Rows ----------------------------------------------------------------------------------


def test_rounding_leaves_four_digits():
    assert rounded(54 / 55) == 0.9818
    assert rounded(-0.000123456) == -0.0001235
    assert rounded(0.0) == 0.0
    assert np.isnan(rounded(np.nan))


def changed(findings, where, **values):
    """Return the findings with other values in some rows."""
    table = findings.table.copy()
    assert where(table).any()
    table.loc[where(table), list(values)] = list(values.values())
    return replace(findings, table=table)


def contrast(table):
    """Return which rows are the first cohort's adjusted difference."""
    return (
        (table["cohort"] == "clinic") & (table["analysis"] == "contrast")
        & (table["target"] == "depression") & (table["adjustment"] == "adjusted")
    )  # fmt: skip


@pytest.mark.parametrize("sizes", [(9, 4), (160, 3), (160, 152)])
def test_an_estimate_of_few_people_cases_or_others_is_withheld(findings, book, sizes):
    few = changed(findings, contrast, n=sizes[0], n_events=sizes[1])
    row = released(few, book).pipe(lambda table: table[contrast(table)]).iloc[0]
    assert row["status"] == "withheld"
    assert row["reason"].startswith("fewer than 10 people")
    assert row[["estimate", "se", "ci_low", "ci_high", "p", "n", "n_events"]].isna().all()


def test_people_are_rounded_and_an_estimate_keeps_its_keys(findings, book):
    odd = changed(findings, contrast, n=163, n_events=58, estimate=-0.123456789)
    row = released(odd, book).pipe(lambda table: table[contrast(table)]).iloc[0]
    assert (row["n"], row["n_events"]) == (160, 60)
    assert row["estimate"] == -0.1235
    assert row["result_id"] == odd.table[contrast(odd.table)]["result_id"].iloc[0]


def in_part(findings, stratum, n, events):
    """Return the findings with the estimate of a part of the people beside it."""
    part = findings.table[contrast(findings.table)].assign(
        stratum=stratum, n=n, n_events=events, result_id=stratum.ljust(12, "0")
    )
    return replace(findings, table=results.concatenate([findings.table, part]))


@pytest.mark.parametrize(
    ("n", "events", "status"), [(158, 58, "withheld"), (160, 55, "withheld"), (110, 40, "ok")]
)
def test_an_estimate_of_nearly_the_same_people_is_withheld(findings, book, n, events, status):
    both = in_part(changed(findings, contrast, n=163, n_events=58), "no_extremes", n, events)
    table = released(both, book).set_index("stratum")
    own = table[(table["analysis"] == "contrast") & (table["cohort"] == "clinic")]
    assert own.loc["no_extremes", "status"] == status
    assert own.loc["all", "status"].tolist().count("ok") > 0
    if status == "withheld":
        assert own.loc["no_extremes", "reason"].startswith("its people are those of another row")


def test_degrees_of_freedom_give_back_no_people(findings, book):
    """Of one cohort they are its people less a few; of a synthesis they count cohorts."""
    known = changed(findings, contrast, n=163, n_events=58, df=159.0)
    table = released(known, book)
    assert table.loc[contrast(table), "df"].isna().all()
    assert table.loc[table["cohort"] != "pooled", "df"].isna().all()
    assert table.loc[table["cohort"] == "pooled", "df"].notna().any()


@pytest.mark.parametrize(("df", "status"), [(9.0, "withheld"), (10.0, "ok"), (np.nan, "ok")])
def test_an_estimate_with_few_degrees_of_freedom_is_withheld(findings, book, df, status):
    """A model with nearly as many coefficients as people tells of single ones."""
    row = released(changed(findings, contrast, df=df), book).pipe(lambda t: t[contrast(t)]).iloc[0]
    assert row["status"] == status
    assert ("degrees of freedom" in row["reason"]) == (status == "withheld")


@pytest.mark.parametrize(("stratum", "told"), [("all", "15, needs 20"), ("women", "at least 20")])
def test_a_part_of_the_people_is_not_counted_in_a_reason(findings, book, stratum, told):
    few = changed(
        findings, contrast, stratum=stratum, status="not_estimable",
        reason="too few people: 15 < 20",
    )  # fmt: skip
    assert any(told in reason for reason in released(few, book)["reason"])


def test_counts_are_released_as_the_report_shows_them(findings, book):
    table = released(findings, book)
    people = table[(table["analysis"] == "table1") & (table["term"] == "people")]
    found = people[people["cohort"] == "clinic"].set_index("stratum")
    assert found.loc["scz", "status"] == "withheld"
    assert found.loc["scz", "reason"] == "shown as <10"
    shown = found["estimate"].dropna()
    assert set(shown) <= {112, 62}
    small = table[table["measure"].isin(["count", "missing"])]["estimate"].dropna()
    assert not small.between(1, 9).any()


def test_points_of_curves_stay_and_the_codebook_says_why(findings, book):
    table = released(findings, book)
    assert "roc_curve" not in set(table["analysis"])
    told = lines(book, findings.table, table).set_index(["kind", "name"])
    line = told.loc[("analysis", "roc_curve")]
    assert line["rows"] > 0
    assert line["released"] == 0
    assert "people" in line["not_released"]


def test_the_codebook_counts_what_is_released_withheld_and_left_out(findings, book):
    table = released(findings, book)
    told = lines(book, findings.table, table)
    for kind in ("analysis", "measure", "status", "term"):
        mine = told[told["kind"] == kind]
        assert mine["released"].sum() == (table["status"] != "withheld").sum(), kind
        assert mine["withheld"].sum() == (table["status"] == "withheld").sum() > 0, kind


def test_what_the_codebook_does_not_know_is_not_released_and_named(findings, book):
    new = changed(findings, contrast, measure="largest_value")
    table = released(new, book)
    assert "largest_value" not in set(table["measure"])
    told = lines(book, new.table, table).set_index(["kind", "name"])
    assert "not in the codebook" in told.loc[("measure", "largest_value"), "not_released"]


def test_reasons_and_methods_tell_no_size(findings, book):
    told = changed(findings, contrast, method="curve of 75 men (n = 7)")
    table = released(told, book)
    assert "too few cases (bipolar): <10, needs 20" in set(table["reason"])
    assert "curve of men" in set(table["method"])


def test_every_column_of_the_contract_is_in_the_codebook(book):
    assert list(book.columns) == list(results.COLUMNS)
    assert set(book.statuses) == {"ok", "not_estimable", "failed", "withheld"}


def test_every_analysis_and_measure_that_has_a_name_is_in_the_codebook(book):
    assert set(words.ANALYSES) <= set(book.analyses)
    assert set(words.MEASURES) <= set(book.measures)


# ---- The whole -----------------------------------------------------------------------------


@pytest.fixture
def release(inputs, findings, page, tmp_path) -> Path:
    """The release of the small study."""
    folder = tmp_path / "release"
    (folder / "models/depression").mkdir(parents=True)
    (folder / "models/depression/base.json").write_text("{}", encoding="utf-8")
    report = tmp_path / "report.html"
    report.write_text(page(findings), encoding="utf-8")
    (tmp_path / "benchmarks").mkdir()
    (tmp_path / "benchmarks/a.tsv").write_text("s\th:m:s\n12.5\t0:00:12\n", encoding="utf-8")
    raw = tmp_path / "people.csv"
    raw.write_text("id;secret\n1;x\n", encoding="utf-8")
    write_release(
        inputs, report,
        Release(folder, folder / "results.xlsx", folder / "results.parquet",
                folder / "codebook.csv", folder / "workflow/Snakefile"),
        [raw], "c0dec0dec0de", tmp_path / "benchmarks",
    )  # fmt: skip
    return folder


def test_a_release_with_a_failed_cohort_is_whole(release):
    table = results.read(release / "results.parquet")
    assert set(table["status"]) >= {"ok", "not_estimable", "failed"}
    told = pd.read_csv(release / "codebook.csv", keep_default_na=False)
    assert set(told["kind"]) == {"column", "status", "analysis", "measure", "term", "sheet"}
    assert (told["meaning"] != "").all()
    names = openpyxl.load_workbook(release / "results.xlsx").sheetnames
    assert list(told[told["kind"] == "sheet"]["name"]) == names


def test_the_crate_is_a_workflow_run_crate(release):
    crate = json.loads((release / "ro-crate-metadata.json").read_text(encoding="utf-8"))
    assert crate["@context"][0] == "https://w3id.org/ro/crate/1.1/context"
    entities = {one["@id"]: one for one in crate["@graph"]}
    assert len(entities) == len(crate["@graph"]), "an id stands twice"
    assert entities["ro-crate-metadata.json"]["about"] == {"@id": "./"}
    root = entities["./"]
    assert root["@type"] == "Dataset"
    assert {"name", "description", "datePublished", "license"} <= set(root)
    assert {"@id": "https://w3id.org/ro/wfrun/workflow/0.5"} in root["conformsTo"]
    main = entities[root["mainEntity"]["@id"]]
    assert main["@type"] == ["File", "SoftwareSourceCode", "ComputationalWorkflow"]
    assert main["version"]
    assert main["license"] == {"@id": "https://spdx.org/licenses/MIT"}
    run = entities[root["mentions"][0]["@id"]]
    assert run["@type"] == "CreateAction"
    assert run["instrument"] == root["mainEntity"]
    assert run["startTime"] < run["endTime"]
    results_of_run = {one["@id"] for one in run["result"]}
    assert {"results.xlsx", "results.parquet", "codebook.csv", "models/depression/base.json"} <= (
        results_of_run
    )
    for part in root["hasPart"]:
        assert (release / part["@id"]).is_file()
    settings = {entities[one["@id"]].get("name"): entities[one["@id"]] for one in run["object"]}
    assert settings["people.csv"]["sha256"]
    assert settings["seed"]["value"] == 1
    assert {"config.yaml", "claims.yaml"} <= set(settings)


def test_every_id_that_the_crate_points_to_is_there(release):
    text = (release / "ro-crate-metadata.json").read_text(encoding="utf-8")
    entities = json.loads(text)["@graph"]
    known = {one["@id"] for one in entities}
    pointed = [
        one["@id"]
        for entity in entities
        for value in entity.values()
        for one in (value if isinstance(value, list) else [value])
        if isinstance(one, dict)
    ]
    outside = {name for name in pointed if name not in known}
    assert all(name.startswith("https://") for name in outside), outside
    assert "secret" not in text
    assert str(release.parent) not in text


def test_only_the_crate_holds_a_time(release, tmp_path):
    for path in release.rglob("*"):
        if path.is_file() and path.suffix in (".csv", ".json") and "crate" not in path.name:
            assert "2026-" not in path.read_text(encoding="utf-8")


def test_the_licence_of_the_crate_is_that_of_the_package():
    from igfmood.report.release.crate import LICENCE

    text = (Path(__file__).parents[3] / "pyproject.toml").read_text(encoding="utf-8")
    assert f'license = "{LICENCE.rsplit("/", 1)[1]}"' in text
