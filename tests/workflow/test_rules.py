"""What every rule must say, and Snakemake's own report."""

import re
import zipfile
from pathlib import Path

import pytest

from workflow.project import ROOT, Project, said

RULE_FILES = sorted((ROOT / "workflow/rules").glob("*.smk"))
RULES = {
    match[1]: match[0]
    for path in RULE_FILES
    for match in re.finditer(
        r"^rule (\w+):\n(?:    .*\n|\n)+", path.read_text(encoding="utf-8"), re.MULTILINE
    )
}
FIGURES = (
    "flow",
    "auc",
    "forest_severity",
    "forest_depression",
    "roc_bipolar",
    "calibration_bipolar",
)


@pytest.mark.parametrize("name", RULES)
@pytest.mark.parametrize(
    "directive",
    ["message:", "log:", "benchmark:", "threads:", "mem_mb=", "runtime=", "conda:", "script:"],
)
def test_every_rule_has(name: str, directive: str):
    assert directive in RULES[name]


def test_rules_hold_no_code():
    text = "".join(path.read_text(encoding="utf-8") for path in RULE_FILES)
    assert len(RULES) == 8
    assert not re.search(r"^\s*(run|checkpoint)\b.*:", text, re.MULTILINE)


def test_stages_name_the_digest_of_their_code():
    stages = set(re.findall(r'code_digest\("(\w+)"\)', "".join(RULES.values())))
    assert stages == {"normalise", "association", "synthesis", "performance", "evidence", "report"}


def test_snakemake_report_has_a_caption_category_and_labels_for_every_item(
    finished: Project, tmp_path: Path
):
    archive = tmp_path / "report.zip"
    result = finished.run("--report", str(archive))
    assert result.returncode == 0, said(result)
    with zipfile.ZipFile(archive) as packed:
        names = packed.namelist()
        text = "".join(
            packed.read(name).decode("utf-8") for name in names if name.endswith((".html", ".js"))
        )
    for figure in FIGURES:
        assert any(name.endswith(f"{figure}.png") for name in names), figure
    items = re.findall(
        r"report\(\s*(?:.|\n)*?\n\s*\)", (ROOT / "workflow/rules/report.smk").read_text()
    )
    assert items
    for item in items:
        assert "caption=" in item
        assert "category=" in item
        assert "labels=" in item
    assert "uncertain" in text or "interval" in text
