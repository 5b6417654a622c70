"""The page: nothing of a user's text is code, no small count, every number has its row."""

import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest

from igfmood.config.load import load_claims, parse_study, read_yaml
from igfmood.report.cohort_tables import flow_table, table_1
from igfmood.report.counts import Counts
from igfmood.report.load import Findings, ReportInputs
from igfmood.report.names import figure_names
from igfmood.report.study import write_report
from igfmood.report.tables import missing_table
from unit.report.predicted import texts


@pytest.fixture(scope="module")
def written(inputs: ReportInputs, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("report")
    write_report(inputs, folder / "figures", folder / "report.html")
    return folder


@pytest.fixture(scope="module")
def html(written: Path) -> str:
    return (written / "report.html").read_text(encoding="utf-8")


class Page(HTMLParser):
    """Collects what the page is made of."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


def test_every_figure_is_drawn(written: Path, inputs: ReportInputs) -> None:
    drawn = {path.stem for path in (written / "figures").iterdir()}
    tasks = ("depression", "bipolar")
    wanted = {f"{kind}_{task}" for kind in ("forest", "roc", "calibration") for task in tasks}
    data = {"missing", "measured", "reference", "worm", "batches"}
    assert {"flow", "auc_depression", "added_phq9_10", "decision_bipolar", "auc_diagnosis"} <= drawn
    assert {"flow", "forest_severity", *data, *wanted} <= drawn
    # What Snakemake is told before anything is drawn is what is drawn.
    study, claims = parse_study(read_yaml(inputs.config)), load_claims(inputs.claims).claims
    assert drawn == {one.name for one in figure_names(study, claims)}


def test_two_runs_give_the_same_bytes_and_estimates_as_vectors(
    written: Path, inputs: ReportInputs, tmp_path: Path
) -> None:
    vectors = tmp_path / "vectors"
    write_report(inputs, tmp_path / "figures", tmp_path / "report.html", vectors=vectors)
    for path in sorted((written / "figures").iterdir()):
        assert (tmp_path / "figures" / path.name).read_bytes() == path.read_bytes(), path.name
    assert (tmp_path / "report.html").read_bytes() == (written / "report.html").read_bytes()
    found = {path.stem: path.read_bytes() for path in vectors.iterdir()}
    assert {"forest_depression", "auc_depression", "shape_depression"} <= set(found)
    assert not {"flow", "missing", "measured", "roc_depression", "decision_depression"} & set(found)
    for name, content in found.items():
        assert content.startswith(b"%PDF"), name
        assert b"CreationDate" not in content, name


def test_a_hostile_label_is_text(html: str) -> None:
    assert "<script>alert(1)" not in html
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in html
    data = {"type": "application/json"}
    scripts = [one for one in Page(html).all("script") if one.get("data-name") != "points"]
    assert scripts == [{}, data | {"id": "traces"}, {}]
    points = re.findall(r'data-name="points">(.*?)</script>', html, re.DOTALL)
    assert points
    assert not any("<" in one for one in points)
    for tag in ("em", "i", "b"):
        assert f"<{tag}>small" not in html
        assert f"<{tag}>assay" not in html
    traces = re.search(r'id="traces">(.*?)</script>', html, re.DOTALL)
    assert traces is not None
    assert "<" not in traces[1]


def test_the_page_fetches_nothing(html: str) -> None:
    for tag, attributes in Page(html).tags:
        for name in ("src", "href", "action", "data", "poster", "srcset"):
            target = attributes.get(name) or ""
            assert target == "" or target.startswith(("#", "data:")), (tag, target)
    assert "@import" not in html
    assert not re.search(r"url\((?!data:)", html)


def test_every_number_has_a_row_in_the_results(html: str, findings: Findings) -> None:
    ids = [one["data-result"] for one in Page(html).all("span") if one.get("class") == "n"]
    assert len(ids) > 100
    traces = re.search(r'id="traces">(.*?)</script>', html, re.DOTALL)
    assert traces is not None
    assert set(json.loads(traces[1])["rows"]) == set(ids), "no origin of what is not shown"
    assert {one for one in ids if one not in findings.by_id} == set()


def test_small_counts_are_suppressed_in_flow(findings: Findings, counts: Counts) -> None:
    found = texts(flow_table(findings, counts))
    assert found["Quarantined"][:2] == ["<10", "<10"]
    assert found["Excluded: not adult <i>"][:2] == ["0", "0"]
    assert found["Excluded: pregnant"][0] != "17", "200 = quarantined + 17 + 180 gives it back"
    assert found["Rows in the file"][2] == "failed"


def test_table_1_says_who_has_no_first_visit(findings: Findings, counts: Counts) -> None:
    assert "first visit left" not in table_1(findings, counts).note
    flows = {**findings.flows, "register": {**findings.flows["register"], "participants": 213}}
    later = replace(findings, flows=flows)
    note = table_1(later, counts).note
    assert "Some people have no row of the first visit left" in note
    assert note.endswith("but not here: Register.")


def test_small_counts_are_suppressed_in_table_1(findings: Findings, counts: Counts) -> None:
    found = texts(table_1(findings, counts))
    assert [text.split()[0] for text in found["Group"][:3]] == [
        "Controls",
        "Depression",
        "Schizophrenia",
    ]
    assert found["n"][2] == "<10"
    assert found["Women, n (%)"][2] == "–", "nothing is said of so small a group"
    assert found["Age, mean (SD)"][:3] == ["41.2 (12.1)", "41.2 (12.1)", "n <10"]
    assert found["IGF-1, ng/mL, median (quartiles)"][2] == "n <10"
    assert found["Below limit, n"][:2] == ["<10", "0"]
    shown = [int(text) for text in found["n"][:2] if text.isdigit()]
    people = texts(flow_table(findings, counts))["People"][0]
    assert not (len(shown) == 2 and people.isdigit()), "the total gives the small group back"


def test_reasons_show_no_small_count(html: str, findings: Findings) -> None:
    reasons = texts(missing_table(findings))["Reason"]
    assert "too few cases (bipolar): <10, needs 20" in reasons
    assert "4 &lt; 20" not in html
    assert "3 &lt; 20" not in html


def test_a_failed_cohort_is_loud(html: str) -> None:
    alarm = html[html.index('class="alarm"') : html.index('id="verdict-matrix"')]
    assert "Broken &amp; gone" in alarm
    assert "the file &lt;broken.csv&gt; cannot be read" in alarm


def test_the_page_can_be_found_ones_way_about(html: str) -> None:
    page = Page(html)
    assert page.all("html") == [{"lang": "en"}]
    for landmark in ("header", "nav", "main", "footer"):
        assert len(page.all(landmark)) == 1
    assert all(len(image["alt"] or "") > 20 for image in page.all("img"))
    ids = [attributes["id"] for _, attributes in page.tags if attributes.get("id")]
    assert len(ids) == len(set(ids))
    targets = [
        one["href"] or "" for one in page.all("a") if (one.get("href") or "").startswith("#")
    ]
    assert {target for target in targets if target[1:] not in ids} == set()


def test_it_says_that_it_is_research(html: str) -> None:
    assert "not for the care of any patient" in html
    assert "no advice to take IGF-1" in html


def test_no_cell_is_sorted_by_more_digits_than_it_shows(html: str) -> None:
    found = re.findall(r'data-sort="(-?[\d.]+)"[^>]*>(.*?)</t[dh]>', html, re.DOTALL)
    assert len(found) > 100
    for key, inside in found:
        shown = re.sub(r"<[^>]+>", "", inside)
        decimals = max(len(one) for one in re.findall(r"\d(?:\.(\d+))?", shown))
        assert len(key.partition(".")[2]) <= decimals, shown
        assert len(key.lstrip("-").partition(".")[0]) <= len(re.sub(r"\D", "", shown)), shown
