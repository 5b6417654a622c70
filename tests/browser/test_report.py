"""The report in a real browser: it opens from disk, works, and fits screens."""

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest

from browser.visitor import visit

#: Texts that a spreadsheet would compute, and numbers that it may: put into a table that is saved.
HOSTILE = ["=1+1", "+1+cmd|' /C calc'!A0", "-1+1", "@SUM(A1)", "\t=1", "−0.60 (−0.77 to −0.44)",
           "+0.5 %", 'say "x", y']  # fmt: skip
#: Runs when the page has loaded: uses it as a reader would, and says what happened.
USE = """
  var said = {}, saved = [];
  var table = document.querySelector('table[data-name="table_1"]');
  function column() {
    return Array.from(table.tBodies[0].rows).map(function (row) {
      return row.cells[2].dataset.sort;
    });
  }
  var head = table.tHead.rows[0].cells[2];
  head.querySelector("button").click();
  said.up = column();
  said.sort = head.getAttribute("aria-sort");
  head.querySelector("button").click();
  said.down = column();
  var number = document.querySelector("#verdict-matrix .n");
  number.click();
  said.id = number.dataset.result;
  said.tip = document.getElementById("tip").textContent;
  document.getElementById("trace-id").value = said.id;
  document.querySelector("#trace button").click();
  said.answer = document.getElementById("trace-answer").textContent;
  HTMLAnchorElement.prototype.click = function () { saved.push(this.download); };
  var first = table.tBodies[0].rows[0], before = first.innerHTML;
  HOSTILE.forEach(function (text, place) { first.cells[place + 1].textContent = text; });
  var Kept = Blob;
  window.Blob = function (parts, kind) {
    said.csv = said.csv || parts[0];
    return new Kept(parts, kind);
  };
  document.querySelector('button.csv[data-table="table_1"]').focus();
  said.focused = document.activeElement.dataset.table;
  document.activeElement.click();
  window.Blob = Kept;
  first.innerHTML = before;
  saved.length = 0;
  all("button.csv").forEach(function (button) { button.click(); });
  said.saved = saved;
  said.tables = all("table").length;
  said.verdicts = all("#verdict-matrix [data-verdict]").map(function (item) {
    return [item.dataset.verdict, item.querySelector(".badge").textContent.trim()];
  });
  said.images = all("img").map(function (image) { return image.complete && image.naturalWidth; });
  said.sections = all("main > section").map(function (item) { return item.id; });
  said.listed = all("nav.contents > ol > li > a").map(function (item) {
    return item.getAttribute("href").slice(1);
  });
  said.figures = all("figure").map(function (item) {
    return [item.id, item.querySelector("img").alt.length, !!item.querySelector("figcaption")];
  });
  said.gates = all('[data-name="quality"] .badge, [data-name="batch_gate"] .badge')
    .map(function (item) { return item.textContent.trim(); });
  said.quality = document.querySelector('table[data-name="quality"]').tBodies[0].rows.length;
  said.cohorts = Number(document.querySelector("#verdicts .lead").textContent
    .match(/in (\\d+) cohort/)[1]);
  all("details").forEach(function (item) { item.open = true; });
  await new Promise(function (done) { setTimeout(done, 200); });
  said.unfolded = document.documentElement.scrollWidth;
  said.cut = all(".table .scroll").filter(function (item) {
    return item.scrollWidth > item.clientWidth + 1;
  }).map(function (item) { return item.getAttribute("aria-labelledby"); });
  said.stacked = all(".stack").map(function (item) {
    var rows = Array.from(item.querySelectorAll("tbody tr"));
    return [item.id, Math.max.apply(null, rows.map(function (row) { return row.offsetHeight; })),
      getComputedStyle(rows[0].cells[1], "::before").content];
  });
  said.blend = all("figure .scroll img").map(function (item) {
    return getComputedStyle(item).mixBlendMode;
  });
  said.width = innerWidth;
  said.needs = document.documentElement.scrollWidth;
  said.fetched = performance.getEntriesByType("resource").map(function (entry) {
    return entry.name;
  }).filter(function (name) { return !name.startsWith("data:"); });
  said.unreachable = all("a[href], button, input, summary").filter(function (element) {
    return element.tabIndex < 0;
  }).length;
  said.unnamed = all("button, a[href], input").filter(function (element) {
    var labelled = element.labels && element.labels.length;
    return !(element.textContent.trim() || element.getAttribute("aria-label") || labelled);
  }).length;
  said.blind = all(".scroll").filter(function (item) {
    var hint = getComputedStyle(item, "::before").content;
    return (item.scrollWidth > item.clientWidth + 1) !== (hint !== "none");
  }).map(function (item) { return item.outerHTML.slice(0, 200); });
  said.beyond = all("main *, header *, nav *, footer *").filter(function (item) {
    if (item.closest(".scroll, .hidden, svg") || !item.checkVisibility()) return false;
    var box = item.getBoundingClientRect();
    return box.width && (box.right > innerWidth + 1 || box.left < -1);
  }).map(function (item) { return item.outerHTML.slice(0, 200); });
  return said;
""".replace("HOSTILE", json.dumps(HOSTILE))


@pytest.fixture(scope="module")
def desktop(
    chromium: str, report: Path, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Any]:
    return visit(chromium, report, tmp_path_factory.mktemp("desktop"), 1280, USE)


@pytest.fixture(scope="module")
def phone(chromium: str, report: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return visit(chromium, report, tmp_path_factory.mktemp("phone"), 390, USE)


def test_it_is_one_file_below_8_megabytes(report: Path) -> None:
    assert report.stat().st_size < 8_000_000


def test_it_opens_without_network_and_without_a_word_on_the_console(
    desktop: dict[str, Any],
) -> None:
    assert desktop["console"] == []
    assert desktop["fetched"] == []
    assert all(desktop["images"])


def test_the_verdict_matrix_has_icon_and_word(desktop: dict[str, Any]) -> None:
    words = {
        "SUPPORTED": "✓ Supported", "REFUTED": "✕ Refuted", "INCONCLUSIVE": "? Inconclusive",
        "NOT_EVALUABLE": "– Not evaluable",
    }  # fmt: skip
    assert desktop["verdicts"]
    for verdict, badge in desktop["verdicts"]:
        assert badge == words[verdict]


def test_a_click_sorts_a_table_and_another_turns_it_round(desktop: dict[str, Any]) -> None:
    up = [float(value) for value in desktop["up"]]
    assert desktop["sort"] == "ascending"
    assert len(up) > 1
    assert up == sorted(up)
    assert [float(value) for value in desktop["down"]] == sorted(up, reverse=True)


def test_a_number_says_where_it_came_from(desktop: dict[str, Any]) -> None:
    for text in (desktop["tip"], desktop["answer"]):
        assert desktop["id"] in text
        assert "analysis: " in text


def test_every_table_can_be_saved(desktop: dict[str, Any]) -> None:
    assert len(desktop["saved"]) == desktop["tables"]
    assert all(name.endswith(".csv") for name in desktop["saved"])


def test_a_saved_table_holds_what_is_shown_and_no_formula(desktop: dict[str, Any]) -> None:
    assert desktop["focused"] == "table_1"
    lines = list(csv.reader(io.StringIO(desktop["csv"].removeprefix("\ufeff"))))
    assert lines[0][:3] == ["Cohort", "Group", "n"]
    assert lines[1][1:9] == [
        "'=1+1", "'+1+cmd|' /C calc'!A0", "'-1+1", "'@SUM(A1)", "'=1", "-0.60 (-0.77 to -0.44)",
        "+0.5 %", 'say "x", y',
    ]  # fmt: skip
    assert len({len(line) for line in lines}) == 1
    assert desktop["csv"].endswith("\r\n")


def test_the_keyboard_reaches_everything_and_everything_has_a_name(desktop: dict[str, Any]) -> None:
    assert desktop["unreachable"] == 0
    assert desktop["unnamed"] == 0


def test_the_new_sections_are_listed_and_have_their_figures(desktop: dict[str, Any]) -> None:
    assert desktop["listed"] == desktop["sections"]
    place = desktop["sections"].index("people")
    assert desktop["sections"][place : place + 3] == ["people", "quality", "reference"]
    found = {name.removeprefix("figure-"): (alt, caption) for name, alt, caption in
             desktop["figures"]}  # fmt: skip
    for name in ("missing", "measured", "reference", "worm"):
        alt, _ = found[name]
        assert alt > 20, name


def test_every_cohort_has_a_row_of_quality_and_gates_have_icon_and_word(
    desktop: dict[str, Any],
) -> None:
    assert desktop["quality"] == desktop["cohorts"]
    assert set(desktop["gates"]) <= {"✓ PASS", "✕ FAIL", "– NOT EVALUATED"}


def test_on_a_desktop_no_table_loses_a_column(desktop: dict[str, Any]) -> None:
    assert desktop["cut"] == []


def test_on_a_phone_sentences_stand_below_each_other_and_none_is_cut(phone: dict[str, Any]) -> None:
    cut = {name.removeprefix("caption-") for name in phone["cut"]}
    for name, tallest, label in phone["stacked"]:
        assert name.removeprefix("table-") not in cut
        # An item of a checklist has six cells; it stays below two thirds of a screen.
        assert tallest < (600 if name.startswith("table-checklist") else 330), name
        assert label not in ("none", "normal"), name
    names = {name for name, *_ in phone["stacked"]}
    assert any(name.startswith("table-robustness_") for name in names)


def test_the_shade_at_the_edge_shows_through_figures(phone: dict[str, Any]) -> None:
    assert set(phone["blend"]) == {"multiply"}


def test_on_a_phone_nothing_that_unfolds_is_too_wide(phone: dict[str, Any]) -> None:
    assert phone["unfolded"] <= phone["width"]


def test_on_a_phone_the_page_does_not_scroll_sideways(phone: dict[str, Any]) -> None:
    assert phone["width"] == 390
    assert phone["needs"] <= phone["width"]


def test_nothing_but_what_scrolls_is_wider_than_the_screen(
    desktop: dict[str, Any], phone: dict[str, Any]
) -> None:
    assert desktop["beyond"] == []
    assert phone["beyond"] == []


def test_what_is_wider_than_the_screen_says_so_and_nothing_else_does(
    desktop: dict[str, Any], phone: dict[str, Any]
) -> None:
    assert desktop["blind"] == []
    assert phone["blind"] == []
