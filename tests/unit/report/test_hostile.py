"""Names, labels and values that try to be code: on the page, in its data and in the logs, all text.

A small finished study is written anew with hostile title, labels, claims, rules and categories, and
its report is drawn in full.
"""

import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
import yaml

from igfmood import results
from igfmood.config.load import parse_study
from igfmood.errors import ConfigError
from igfmood.jobs import logged
from igfmood.report import html as html_module
from igfmood.report.load import ReportInputs
from igfmood.report.study import write_report
from igfmood.results import Rows, Source

SCRIPT, BREAK, FORMULA = "<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "=1+1"
LINK, TEMPLATE, PATH = '=HYPERLINK("http://x")', "{{7*7}}{% raw %}", "../../etc/passwd"
STEER, URL = "\x1b[31mred\x07\u202e\nERROR forged", "javascript:alert(1)"
#: All of them fit a label of 80 characters.
HOSTILE = [SCRIPT, BREAK, LINK, TEMPLATE, f"{PATH} {URL}", STEER, "</title></style></script><b>",
           "' onmouseover='alert(1)", "$\\frac{$ & &lt; \x00"]  # fmt: skip
TEMPLATES = Path(html_module.__file__).parent / "templates"
RULE = f"{TEMPLATE} {SCRIPT}"
#: Tags that the page itself has.
TAGS = {
    "a", "article", "body", "button", "code", "dd", "details", "div", "dl", "dt", "em",
    "figcaption",
    "figure", "footer", "form", "h1", "h2", "h3", "h4", "head", "header", "html", "img", "input",
    "label", "li", "link", "main", "meta", "nav", "ol", "option", "output", "p", "script",
    "section", "select", "span", "strong", "style", "summary", "svg", "table", "tbody", "td", "th",
    "thead", "title", "tr", "ul",
}  # fmt: skip


def hostile_study(study: dict[str, Any]) -> dict[str, Any]:
    """Put a hostile text wherever a user may write one that no table or file is named by."""
    study["title"] = " ".join(HOSTILE[:4])[:160]
    study["analyte"] = {"label": f"IGF {BREAK}"}
    for place, cohort in enumerate(study["cohorts"]):
        cohort["label"] = HOSTILE[place % len(HOSTILE)]
        cohort["analyte"] |= {"assay": SCRIPT + STEER, "standard": BREAK}
        cohort["include"][0]["name"] = RULE
    for place, task in enumerate(study["tasks"]):
        task["label"] = HOSTILE[(place + 4) % len(HOSTILE)]
    study["subsets"] = [{
        "name": "women", "label": BREAK,
        "rules": [{"name": SCRIPT, "variable": "sex", "equals": ["female"]}],
    }]  # fmt: skip
    study["forks"] = {"population": ["all"]}
    return study


def hostile_rows(table: Any) -> Any:
    """Add what tables can bring: names of batches, and values quoted in reasons and methods."""
    table = table.assign(term=table["term"].str.replace("adult <i>", RULE, regex=False))
    rows = Rows(Source("small", "clinic", 7, "c0de", "da7a"))
    for place, text in enumerate(HOSTILE):
        rows.add(
            analysis="batch", exposure="igf1_sds", stratum=text, measure="ratio",
            estimate=1 + place / 10, n=100, method=text,
        )  # fmt: skip
        rows.add(analysis="batch_drift", exposure="igf1_sds", stratum=text,
                 measure="geometric_mean", estimate=100 + place, n=100)  # fmt: skip
        rows.add_not_estimable(f"no such value: {text}", analysis="severity", target="phq9_total",
                               measure="beta", term=text, adjustment="adjusted")  # fmt: skip
    broken = Rows(Source("small", "register", 7, "c0de", "da7a"))
    broken.add_failure("association", f"cannot read {BREAK} {STEER}")
    return results.concatenate([table, rows.table(), broken.table()])


@pytest.fixture(scope="module")
def written(inputs: ReportInputs, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("hostile")
    study = hostile_study(yaml.safe_load(inputs.config.read_text("utf-8")))
    claims = yaml.safe_load(inputs.claims.read_text("utf-8"))
    verdicts = json.loads(inputs.verdicts.read_text("utf-8"))
    for place, (claim, verdict) in enumerate(zip(claims["claims"], verdicts, strict=True)):
        claim["statement"] = verdict["statement"] = HOSTILE[place]
        verdict["reason"] = HOSTILE[-place]
    lock = json.loads(inputs.lock.read_text("utf-8")) | {"changed": HOSTILE, "dropped": HOSTILE}
    study["claims"], study["authors"] = str(folder / "claims.yaml"), str(folder / "authors.yaml")
    texts = {"funding": " ".join(HOSTILE), "setting": BREAK, "title": TEMPLATE}
    flows = [json.loads(path.read_text("utf-8")) for path in inputs.flows]
    for flow in flows:
        for item in flow.get("excluded", []):
            item["rule"] = item["rule"].replace("adult <i>", RULE)
    for name, content in (("claims", claims), ("authors", texts), ("config", study)):
        (folder / f"{name}.yaml").write_text(yaml.safe_dump(content), encoding="utf-8")
    for name, content in (("verdicts", verdicts), ("lock", lock)):
        (folder / f"{name}.json").write_text(json.dumps(content), encoding="utf-8")
    for flow in flows:
        (folder / f"{flow['cohort']}.json").write_text(json.dumps(flow), encoding="utf-8")
    results.write(hostile_rows(results.read(inputs.results)), folder / "results.parquet")
    new = ReportInputs(
        folder / "results.parquet", folder / "verdicts.json", folder / "lock.json",
        folder / "config.yaml", folder / "claims.yaml",
        tuple(folder / f"{flow['cohort']}.json" for flow in flows),
    )  # fmt: skip
    with logged(folder / "report.log"):
        write_report(new, folder / "figures", folder / "report.html")
        print(f"drawn: {HOSTILE}", *HOSTILE)
    return folder


class Page(HTMLParser):
    """Collects tags with attributes, and the text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text.append(data)


@pytest.fixture(scope="module")
def html(written: Path) -> str:
    return (written / "report.html").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def page(html: str) -> Page:
    return Page(html)


def test_no_tag_and_no_attribute_comes_from_a_text(page: Page, html: str) -> None:
    assert {tag for tag, _ in page.tags} <= TAGS
    for tag, attributes in page.tags:
        assert [name for name in attributes if name.startswith("on")] == [], tag
        for name in ("src", "href", "action"):
            target = attributes.get(name) or ""
            assert target == "" or target.startswith(("#", "data:")), (tag, target)
    kinds = [one for tag, one in page.tags if tag == "script"]
    assert {one.get("type") for one in kinds} <= {None, "application/json"}
    bodies = re.findall(r"<script>(.*?)</script>", html, re.DOTALL)
    ours = [(TEMPLATES / name).read_text("utf-8").strip() for name in ("panel.js", "report.js")]
    assert sorted({one.strip() for one in bodies}) == sorted(ours)
    assert len(kinds) == len(bodies) + html.count('<script type="application/json"')


def test_every_hostile_text_is_there_as_text(page: Page) -> None:
    text = "".join(page.text)
    for part in (SCRIPT, BREAK, LINK, TEMPLATE, URL, PATH, "</style></script><b>", "onmouseover"):
        assert part in text, part
    assert "49" not in re.findall(r"\w*49\w*", text.split("Contents")[0])


def test_what_steers_or_turns_text_is_written_out(html: str) -> None:
    assert [one for one in "\x00\x07\x1b\u202e\r" if one in html] == []
    assert r"\x1b[31mred\x07\u202e" in html


def test_the_data_inside_the_page_end_no_script(html: str) -> None:
    inside = re.findall(r'type="application/json"[^>]*>(.*?)</script>', html, re.DOTALL)
    assert inside
    for text in inside:
        assert "<" not in text
        json.loads(text)


def test_what_the_page_saves_as_csv_is_named_by_words_alone(page: Page) -> None:
    names = [one["data-table"] for tag, one in page.tags if tag == "button" and "data-table" in one]
    assert names
    assert [name for name in names if not re.fullmatch(r"\w[\w-]*", name or "")] == []


def test_figures_are_files_of_the_folder(written: Path) -> None:
    folder = written / "figures"
    assert all(re.fullmatch(r"[\w-]+\.png", path.name) for path in folder.iterdir())
    assert not (written.parent / "etc").exists()


def test_the_log_holds_nothing_that_steers(written: Path) -> None:
    text = (written / "report.log").read_text(encoding="utf-8")
    assert "drawn" in text
    assert [one for one in "\x00\x07\x1b\u202e\r" if one in text] == []


@pytest.mark.parametrize("name", [PATH, SCRIPT, "a b", "", "a/b", "a\nb", "a\x1b"])
def test_a_name_that_files_are_called_by_is_a_word(name: str, inputs: ReportInputs) -> None:
    study = yaml.safe_load(inputs.config.read_text("utf-8"))
    for change in (
        {"study": name},
        {"cohorts": [{**study["cohorts"][0], "name": name}]},
        {"tasks": [{**study["tasks"][0], "name": name}]},
    ):
        with pytest.raises(ConfigError) as caught:
            parse_study({**study, **change})
        assert "\x1b" not in str(caught.value)
