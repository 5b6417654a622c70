"""What a test would do among 1,000 people: the panel answers with the numbers of its points.

Cut, share of cases and threshold are set as a reader does; what the panel then says is compared
with what follows from the points that the page holds, worked out here.
"""

import json
import math
import re
from pathlib import Path
from typing import Any

import pytest

from browser.visitor import visit

#: Share of cases and threshold, percent.
SETTINGS = [(2.4, 10), (50, 40)]

USE = """
  function set(item, value, name) {
    item.value = value;
    item.dispatchEvent(new Event(name, { bubbles: true }));
  }
  all("details").forEach(function (item) { item.open = true; });
  var settings = %s;
  return { panels: all(".panel").map(function (panel) {
    function part(name) { return panel.querySelector('[data-name="' + name + '"]'); }
    var rows = [];
    for (var place = 0; place < part("place").options.length; place += 1) {
      set(part("place"), place, "change");
      for (var model = 0; model < part("model").options.length; model += 1) {
        set(part("model"), model, "change");
        var last = Number(part("cut").max);
        [0, Math.floor(last / 2), last].forEach(function (cut) {
          settings.forEach(function (pair) {
            set(part("cut"), cut, "input");
            set(part("prevalence"), pair[0], "input");
            set(part("threshold"), pair[1], "input");
            var row = { place: place, model: model, cut: cut, share: pair[0], act: pair[1] };
            ["tp", "fn", "fp", "tn", "accuracy", "ppv", "npv", "benefit", "fpr", "origin"]
              .forEach(function (name) { row[name] = part(name).textContent; });
            row.marks = {};
            panel.querySelectorAll("svg rect").forEach(function (mark) {
              var kind = mark.getAttribute("class");
              row.marks[kind] = (row.marks[kind] || 0) + 1;
            });
            row.said = panel.querySelector("svg title").textContent;
            row.spoken = part("cut").getAttribute("aria-valuetext");
            rows.push(row);
          });
        });
      }
    }
    var svg = panel.querySelector("svg");
    return {
      id: panel.id, hidden: panel.hidden, role: svg.getAttribute("role"), rows: rows,
      named: document.getElementById(svg.getAttribute("aria-labelledby")) !== null,
      labels: Array.from(panel.querySelectorAll("select, input")).map(function (item) {
        return item.labels.length;
      }),
    };
  }) };
""" % json.dumps(SETTINGS)  # noqa: UP031


@pytest.fixture(scope="module")
def panels(chromium: str, report: Path, tmp_path_factory: pytest.TempPathFactory) -> Any:
    return visit(chromium, report, tmp_path_factory.mktemp("panel"), 1280, USE)["panels"]


@pytest.fixture(scope="module")
def points(report: Path) -> dict[str, Any]:
    html = report.read_text(encoding="utf-8")
    pattern = r'id="(panel-[^"]+)".*?data-name="points">(.*?)</script>'
    return {name: json.loads(text) for name, text in re.findall(pattern, html, re.DOTALL)}


def half_up(x: float) -> int:
    return math.floor(x + 0.5)


def number(text: str) -> float:
    found = re.search(r"[\u2212-]?[\d.]+", text)
    assert found is not None, text
    return float(found[0].replace("\u2212", "-"))


def test_every_panel_is_shown_with_its_points(panels: Any, points: dict[str, Any]) -> None:
    assert panels
    assert {one["id"] for one in panels} == set(points)
    for one in panels:
        assert not one["hidden"]
        wanted = sum(len(place["models"]) for place in points[one["id"]]) * 3 * len(SETTINGS)
        assert len(one["rows"]) == wanted


def test_the_four_groups_are_those_of_the_points_and_sum_to_a_thousand(
    panels: Any, points: dict[str, Any]
) -> None:
    for panel in panels:
        for row in panel["rows"]:
            model = points[panel["id"]][row["place"]]["models"][row["model"]]
            fpr, sensitivity, result = model["points"][row["cut"]]
            ill = half_up(10 * row["share"])
            tp, fp = half_up(ill * sensitivity), half_up((1000 - ill) * fpr)
            wanted = {"tp": tp, "fn": ill - tp, "fp": fp, "tn": 1000 - ill - fp}
            assert {kind: int(row[kind]) for kind in wanted} == wanted
            assert sum(wanted.values()) == 1000
            assert result in row["origin"]


def test_rates_values_and_net_benefit_are_those_of_the_points(
    panels: Any, points: dict[str, Any]
) -> None:
    for panel in panels:
        for row in panel["rows"]:
            model = points[panel["id"]][row["place"]]["models"][row["model"]]
            fpr, sensitivity, _ = model["points"][row["cut"]]
            share, odds = row["share"] / 100, row["act"] / (100 - row["act"])
            found, alarms = sensitivity * share, fpr * (1 - share)
            cleared, missed = (1 - fpr) * (1 - share), (1 - sensitivity) * share
            assert number(row["accuracy"]) == pytest.approx(100 * sensitivity, abs=0.051)
            assert number(row["accuracy"].split(",")[1]) == pytest.approx(
                100 - 100 * fpr, abs=0.051
            )
            assert number(row["ppv"]) == pytest.approx(100 * found / (found + alarms), abs=0.051)
            assert number(row["npv"]) == pytest.approx(
                100 * cleared / (cleared + missed), abs=0.051
            )
            own, everybody = row["benefit"].split("everybody:")
            assert number(own) == pytest.approx(1000 * (found - alarms * odds), abs=0.051)
            assert number(everybody) == pytest.approx(
                1000 * (share - (1 - share) * odds), abs=0.051
            )
            assert row["spoken"] == row["fpr"]


def test_a_thousand_marks_show_the_groups_and_words_stand_for_them(panels: Any) -> None:
    for panel in panels:
        assert panel["role"] == "img"
        assert panel["named"]
        for row in panel["rows"]:
            groups = {kind: int(row[kind]) for kind in ("tp", "fn", "fp", "tn")}
            assert sum(row["marks"].values()) == 1000
            assert row["marks"] == {kind: n for kind, n in groups.items() if n}
            numbers = [int(n) for n in re.findall(r"\d+", row["said"].replace("1,000", ""))]
            assert numbers == [
                groups["tp"] + groups["fn"], *(groups[kind] for kind in ("tp", "fn", "fp", "tn")),
            ]  # fmt: skip


def test_every_control_of_a_panel_has_a_label(panels: Any) -> None:
    for panel in panels:
        assert panel["labels"]
        assert set(panel["labels"]) == {1}
