"""Accessibility by axe-core: no serious and no critical violation, everything unfolded.

axe-core is pinned beside this file; ``npm ci --prefix tests/browser`` fetches it.
"""

from pathlib import Path

from browser.visitor import missing, visit

AXE = Path(__file__).parent / "node_modules" / "axe-core" / "axe.min.js"
USE = """
  all("details").forEach(function (item) { item.open = true; });
  var found = await axe.run(document, { resultTypes: ["violations"] });
  return { passes: found.passes.length, violations: found.violations.map(function (one) {
    return [one.impact, one.id, one.nodes.slice(0, 3).map(function (node) {
      return node.html.slice(0, 200) + ": " + node.failureSummary;
    })];
  }) };
"""


def test_nothing_serious_stands_in_the_way_of_anybody(
    chromium: str, report: Path, tmp_path: Path
) -> None:
    if not AXE.is_file():
        missing("axe-core is not there: npm ci --prefix tests/browser")
    said = visit(chromium, report, tmp_path, 1280, USE, before=AXE.read_text(encoding="utf-8"))
    assert said["passes"] > 20
    assert [one for one in said["violations"] if one[0] in ("serious", "critical")] == []
