"""What every rule must say, and Snakemake's own report."""

import json
import re
import zipfile
from pathlib import Path
from typing import Any

import pytest

from igfmood.config.load import load_claims, parse_study, read_yaml
from igfmood.report.names import figure_names
from workflow.project import ROOT, Project, rules, said

RULE_FILES = sorted((ROOT / "workflow/rules").glob("*.smk"))
RULES = rules()
#: What Snakemake's report is to hold, and under which heading.
CATEGORIES = {
    "report.html": "Report",
    **{
        f"figures/{one.name}.png": one.category
        for one in figure_names(
            parse_study(read_yaml(ROOT / "config/config.yaml")),
            load_claims(ROOT / "config/claims.yaml").claims,
        )
    },
}


def embedded(page: str, name: str) -> Any:
    """Return the JSON that Snakemake's report gives a script of its page under this name."""
    start = f'<script id="{name}">\n    var {name} = '
    assert page.count(start) == 1, f"the page has not one script {name!r}"
    return json.JSONDecoder().raw_decode(page.split(start)[1])[0]


def caption_problems(item: dict[str, Any]) -> list[str]:
    """Return what an item of Snakemake's report does not tell its reader."""
    caption = re.sub(r"<[^>]+>", "", item["caption"] or "").strip()
    labels = item["labels"] or {}
    problems = []
    if len(caption) < 80 or "{{" in caption:
        problems.append("no caption")
    if not re.search(r"\binterval|\bsampling\s+error\b", caption):
        problems.append("the caption does not say how uncertain it is")
    # Without labels of ours, Snakemake gives the name of the file.
    if set(labels) != {"figure", "about"} or not all(str(v).strip() for v in labels.values()):
        problems.append("no labels")
    return problems


@pytest.mark.parametrize("name", RULES)
@pytest.mark.parametrize(
    "directive",
    ["message:", "log:", "benchmark:", "threads:", "mem_mb=", "runtime=", "conda:", "script:"],
)
def test_every_rule_has(name: str, directive: str):
    assert directive in RULES[name]


def test_rules_hold_no_code():
    text = "".join(path.read_text(encoding="utf-8") for path in RULE_FILES)
    assert len(RULES) == 15
    assert not re.search(r"^\s*(run|checkpoint)\b.*:", text, re.MULTILINE)


def test_no_rule_shares_what_it_made_with_other_studies():
    text = "".join(path.read_text(encoding="utf-8") for path in RULE_FILES)
    assert not re.search(r"^\s*cache\s*:", text, re.MULTILINE)


def test_stages_name_the_digest_of_their_code():
    stages = set(re.findall(r'code_digest\("(\w+)"\)', "".join(RULES.values())))
    assert stages == {
        "cohort", "normalise", "association", "synthesis", "performance", "evidence", "report",
    }  # fmt: skip


def test_snakemake_report_has_a_caption_category_and_labels_for_every_item(
    finished: Project, tmp_path: Path
):
    archive = tmp_path / "report.zip"
    result = finished.run("--report", str(archive))
    assert result.returncode == 0, said(result)
    with zipfile.ZipFile(archive) as packed:
        sizes = {name: packed.getinfo(name).file_size for name in packed.namelist()}
        page = packed.read("report/report.html").decode("utf-8")
    start = "results/synthetic/"
    items = {path.removeprefix(start): item for path, item in embedded(page, "results").items()}
    categories = {
        path.removeprefix(start): category
        for category, groups in embedded(page, "categories").items()
        for paths in groups.values()
        for path in paths
    }
    assert set(items) == set(CATEGORIES)
    assert categories == CATEGORIES
    assert {path: found for path, item in items.items() if (found := caption_problems(item))} == {}
    for path, item in items.items():
        on_disk = (finished.results() / path).stat().st_size
        assert sizes[f"report/{item['data_uri']}"] == on_disk > 0, path
    shown = [tuple(item["labels"].values()) for item in items.values()]
    assert len(set(shown)) == len(shown), "two items have the same labels"


GOOD_ITEM = {
    "caption": f"<p>{'What the number means. ' * 4}The interval covers the mean.</p>",
    "labels": {"figure": "Forest plot", "about": "Depression"},
}


@pytest.mark.parametrize(
    "fault",
    [
        {"caption": ""},
        {"caption": None},
        {"caption": "<p></p>"},
        {"caption": f"<p>{'What the number means. ' * 4}</p>"},
        {"labels": None},
        {"labels": {}},
        {"labels": {"file": "forest_depression.png"}},
        {"labels": {"figure": "Forest plot", "about": " "}},
    ],
)
def test_an_item_that_says_too_little_is_found(fault: dict[str, Any]):
    assert caption_problems(GOOD_ITEM) == []
    assert caption_problems(GOOD_ITEM | fault) != []
