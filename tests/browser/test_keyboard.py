"""The keyboard alone: everything that can be used is reached in the order of the page, and seen."""

from pathlib import Path
from typing import Any

import pytest

from browser.visitor import visit

USE = """
  all("details").forEach(function (item) { item.open = true; });
  await new Promise(function (done) { setTimeout(done, 200); });
  var usable = "a[href], button, input, select, textarea, summary, [tabindex]";
  var found = all(usable).filter(function (item) {
    return item.tabIndex >= 0 && !item.disabled && item.checkVisibility();
  });
  var said = { n: found.length, unreached: [], unseen: [], back: [], kinds: {}, odd: [], last: 0 };
  var main = document.getElementById("main"), top = 0;
  found.forEach(function (item) {
    item.focus({ preventScroll: true });
    var name = item.outerHTML.slice(0, 150);
    if (document.activeElement !== item) said.unreached.push(name);
    var look = getComputedStyle(item);
    if (look.outlineStyle === "none" || parseFloat(look.outlineWidth) < 2) said.unseen.push(name);
    said.kinds[item.tagName] = (said.kinds[item.tagName] || 0) + 1;
    if (!main.contains(item)) return;
    var box = item.getBoundingClientRect();
    // Of one line, or of a row of cells aligned at the bottom, any may come first.
    if (box.bottom < top) said.back.push(name);
    top = Math.max(top, box.top - 60);
  });
  said.first = found[0].outerHTML;
  said.skips = document.getElementById(found[0].getAttribute("href").slice(1)) === main;
  said.positive = all("[tabindex]").filter(function (item) { return item.tabIndex > 0; }).length;
  said.fake = all("[role=button], [role=link], [onclick]").length;
  said.unreachable = all(usable).filter(function (item) {
    return item.tabIndex < 0 && item !== main;
  }).length;
  // What a key does to a native control is the browser's; what the page does then is tried here.
  var summary = document.querySelector("summary");
  summary.parentNode.open = false;
  summary.click();
  said.opened = summary.parentNode.open;
  var tip = document.getElementById("tip");
  document.querySelector("main .n").click();
  said.told = !tip.hidden;
  document.dispatchEvent(new KeyboardEvent("keydown", { key: "Escape" }));
  said.gone = tip.hidden;
  return said;
"""
#: Elements that the browser itself makes usable by keys; a div is a box that scrolls.
NATIVE = {"A", "BUTTON", "DIV", "INPUT", "SELECT", "SUMMARY"}


@pytest.fixture(scope="module")
def said(chromium: str, report: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return visit(chromium, report, tmp_path_factory.mktemp("keyboard"), 1280, USE)


def test_every_control_can_have_the_focus_and_shows_it(said: dict[str, Any]) -> None:
    assert said["n"] > 100
    assert said["unreached"] == []
    assert said["unseen"] == []
    assert said["unreachable"] == 0


def test_the_order_is_that_of_the_page(said: dict[str, Any]) -> None:
    assert said["positive"] == 0
    assert said["back"] == []
    assert 'class="skip"' in said["first"]
    assert said["skips"]


def test_controls_are_those_of_the_browser(said: dict[str, Any]) -> None:
    assert set(said["kinds"]) <= NATIVE
    assert said["fake"] == 0


def test_details_unfold_and_escape_takes_the_origin_away(said: dict[str, Any]) -> None:
    assert said["opened"]
    assert said["told"]
    assert said["gone"]
