"""Reporting checklists: numbering as published, no answer without evidence, links that lead."""

import re
from collections import Counter as Tally
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from igfmood.config.authors import Authors
from igfmood.config.load import check_config, load_authors
from igfmood.errors import ConfigError
from igfmood.report.checklists.design import standing
from igfmood.report.checklists.facts import PLACES
from igfmood.report.checklists.filled import FACTS, TO_WRITE, Filled, filled
from igfmood.report.checklists.lists import checklists
from igfmood.report.checklists.profile import analyses_table, people_table
from igfmood.report.load import Findings
from igfmood.report.numbers import Link, plain
from unit.report.predicted import texts

ROOT = Path(__file__).resolve().parents[3]


def numbers(last: int, parts: dict[int, str]) -> list[str]:
    """Return 1 to last, those with parts as 1a, 1b, ..."""
    return [
        f"{number}{part}" for number in range(1, last + 1) for part in parts.get(number, "") or [""]
    ]


#: The numbers of each list as published.
PUBLISHED = {
    "strobe": numbers(22, {1: "ab", 6: "ab", 12: "abcde", 13: "abc", 14: "abc", 16: "abc"}),
    "stard": numbers(30, {10: "ab", 12: "ab", 13: "ab", 21: "ab"}),
    "remark": numbers(20, {}),
    "tripod_ai": numbers(27, {
        3: "abc", 5: "ab", 6: "abc", 8: "abc", 9: "abc", 12: "abcdefg", 18: "abcdef", 20: "abc",
        23: "ab", 27: "abc",
    }),
    "probast_ai": [f"Development 4.{n}" for n in range(1, 6)]
    + [f"Evaluation 4.{n}" for n in range(1, 8)],
}  # fmt: skip


@pytest.fixture(scope="module")
def lists(findings: Findings) -> tuple[Filled, ...]:
    return filled(findings)


def test_every_number_of_every_list_is_there_once_and_in_order() -> None:
    found = {
        one.id: [f"{item.part} {item.item}".strip() for item in one.items] for one in checklists()
    }
    assert found == PUBLISHED
    assert len(PUBLISHED["strobe"]) == 34
    assert len(PUBLISHED["stard"]) == 34
    assert len(PUBLISHED["tripod_ai"]) == 52


def test_items_call_facts_that_exist_and_every_fact_and_topic_is_used() -> None:
    items = [item for one in checklists() for item in one.items]
    assert {name for item in items for name in item.by} == set(FACTS)
    assert {item.authors for item in items} == set(Authors.model_fields)


def test_what_is_answered_in_part_is_answered_by_something() -> None:
    for one in checklists():
        assert [item.item for item in one.items if item.partly and not item.by] == []


def has_key(value: Any, path: list[str]) -> bool:
    """Return whether a path leads to a key, in any of the entries of a list."""
    if not path:
        return True
    if isinstance(value, list):
        return any(has_key(one, path) for one in value)
    return isinstance(value, dict) and path[0] in value and has_key(value[path[0]], path[1:])


def test_no_item_is_claimed_without_evidence_and_all_evidence_exists(
    lists: tuple[Filled, ...], findings: Findings
) -> None:
    study = findings.study.model_dump(mode="json")
    answered = [one for each in lists for one in each.items if one.facts]
    assert len(answered) > 80
    for one in answered:
        for fact in one.facts:
            assert fact.result_ids or fact.keys, fact.text
            assert [key for key in fact.result_ids if key not in findings.by_id] == []
            assert [key for key in fact.keys if not has_key(study, key.split("."))] == []
            assert plain(fact.text).endswith((".", "…")), fact.text
            assert fact.place in PLACES


@pytest.mark.parametrize("says", [
    "pre-specified at 2026-11-29 10:57 UTC, hash 0123456789ab", "not locked",
])  # fmt: skip
def test_what_was_fixed_is_told_with_the_whole_time(findings: Findings, says: str) -> None:
    told = replace(findings, fixed=findings.fixed.model_copy(update={"says": says}))
    assert plain(standing(told).text) == f"Claims and analysis: {says}."


def test_without_facts_or_text_an_item_is_to_be_written(lists: tuple[Filled, ...]) -> None:
    for each in lists:
        for one in each.items:
            assert (one.source == TO_WRITE) == (not one.facts and not one.written)
    sources = Tally(one.source for each in lists for one in each.items)
    assert sources[TO_WRITE] > 30, "what only authors can know is not claimed"


def test_every_link_and_result_of_the_section_leads_somewhere(
    page: Callable[[Findings], str], findings: Findings
) -> None:
    html = page(findings)
    section = html[html.index('id="checklists"') : html.index('id="not-estimable"')]
    ids = set(re.findall(r' id="([^"]+)"', html))
    targets = set(re.findall(r'href="#([^"]+)"', section))
    assert targets
    assert targets - ids == set()
    shown = set(re.findall(r'data-result="([^"]+)"', section))
    assert shown
    assert shown - set(findings.by_id) == set()
    assert section.count("<details") == len(PUBLISHED)
    tables = re.findall(r'<table data-name="(checklist_[a-z_]+)"', section)
    assert tables == [f"checklist_{one}" for one in PUBLISHED]


def test_every_place_is_in_every_report_but_that_of_published_studies(
    page: Callable[[Findings], str], findings: Findings
) -> None:
    ids = set(re.findall(r' id="([^"]+)"', page(findings)))
    assert set(PLACES) - ids == {"published"}, "this study names none"
    fact = FACTS["published"](findings)
    assert fact is None


def test_what_the_authors_wrote_stands_as_text_in_every_list_that_asks(
    page: Callable[[Findings], str], findings: Findings
) -> None:
    wrote = Authors(funding="<b>Council</b> & co", setting="=1+1")
    html = page(replace(findings, authors=wrote))
    assert "<b>Council" not in html
    assert html.count("Authors: &lt;b&gt;Council&lt;/b&gt; &amp; co") == 3
    found = {one.checklist.id: one for one in filled(replace(findings, authors=wrote))}
    source = {one.item.item: one.source for one in found["strobe"].items}
    assert source["22"] == "Authors"
    assert source["3"] == "Run"


def test_the_profile_has_every_pooled_analysis_and_no_small_count(findings: Findings) -> None:
    found = texts(analyses_table(findings))
    assert found["Analysis"] == ["group difference"]
    assert found["Variables"] == ["adjusted for age, sex, BMI"]
    assert found["People"] == ["≈ 320"]
    people = texts(people_table(findings))
    assert people["Rows"] == ["200", "200", "–"]
    links = [
        part for row in analyses_table(findings).rows for one in row for part in one.text
        if isinstance(part, Link)
    ]  # fmt: skip
    assert {link.anchor for link in links} <= set(PLACES)


def test_a_topic_that_is_not_known_is_an_error_before_anything_runs(
    findings: Findings, tmp_path: Path
) -> None:
    path = tmp_path / "authors.yaml"
    path.write_text("fundng: nobody\n", encoding="utf-8")
    study = findings.study.model_copy(update={"authors": str(path)})
    with pytest.raises(ConfigError, match=r"fundng.*did you mean 'funding'"):
        load_authors(study)
    config = yaml.safe_load(yaml.safe_dump(study.model_dump(mode="json")))
    assert any("fundng" in one for one in check_config(config).problems)
    config["authors"] = str(tmp_path / "author.yaml")
    assert any("authors: file" in one for one in check_config(config).problems)


def test_the_page_of_the_documents_has_every_topic() -> None:
    text = (ROOT / "docs" / "checklists.md").read_text(encoding="utf-8")
    told = dict(re.findall(r"^\| `(\w+)` \| (.+) \|$", text, re.MULTILINE))
    assert told == {name: field.description for name, field in Authors.model_fields.items()}
