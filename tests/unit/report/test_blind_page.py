"""The blind report: sizes, people and curves; nothing by diagnosis but counts in batches."""

import re

import pytest

from igfmood.report.blind import BlindInputs, write_blind
from unit.evidence.test_blind import blind_study


@pytest.fixture(scope="module")
def html(tmp_path_factory):
    folder = tmp_path_factory.mktemp("page")
    files = blind_study(folder)
    inputs = BlindInputs(
        files.results, files.flows, folder / "config.yaml", folder / "claims.yaml"
    )  # fmt: skip
    write_blind(inputs, folder / "figures", folder / "blind.html")
    return (folder / "blind.html").read_text(encoding="utf-8")


def cells(html: str, table: str) -> list[list[str]]:
    """Return the text of the rows of a table."""
    body = html.split(f'data-name="{table}"')[1].split("</table>")[0].split("<tbody>")[1]
    rows = re.findall(r"<tr>(.*?)</tr>", body, re.DOTALL)
    return [
        [re.sub(r"<[^>]+>", "", one).strip() for one in re.findall(r"<t[hd].*?</t[hd]>", row, re.S)]
        for row in rows
    ]


def test_it_says_that_outcomes_are_withheld(html):
    assert "Outcomes are withheld" in html
    assert "no verdict was computed" in html


def test_sizes_are_rounded_and_stand_beside_the_margin(html):
    (row,) = cells(html, "sizes")
    assert row[0] == "IGF-1 is lower in depression."
    assert row[1] == "2"
    assert row[2].startswith("≈")
    assert row[3].startswith("≈")
    assert float(row[4]) > 0
    assert row[5:] == ["SD", "0.2\N{NO-BREAK SPACE}SD"]
    assert len(cells(html, "people_of_claims")) == 2


def test_people_are_one_group_and_batches_alone_tell_groups(html):
    assert {row[1] for row in cells(html, "table_1")} == {"Everybody"}
    assert "Levels of the analyte are withheld" in html
    batches = html.split('data-name="batches_one"')[1].split("</thead>")[0]
    assert re.findall(r'class="sort">(.*?)<', batches) == [
        "Batch", "Controls", "Depression", "All",
    ]  # fmt: skip
    outside = re.sub(r'<table data-name="batches_.*?</table>', "", html, flags=re.S)
    outside = re.sub(r'<table data-name="batch_gate.*?</table>', "", outside, flags=re.S)
    assert "Depression" not in re.sub(r"<script.*?</script>", "", outside, flags=re.S)


def test_the_figures_are_those_without_outcomes(html):
    assert re.findall(r'<figure id="figure-(\w+)"', html) == [
        "flow", "missing", "measured", "reference", "worm",
    ]  # fmt: skip


def test_few_without_the_analyte_cannot_be_worked_out_from_batches(tmp_path):
    files = blind_study(tmp_path, lacking=6)
    inputs = BlindInputs(
        files.results, files.flows, tmp_path / "config.yaml", tmp_path / "claims.yaml"
    )  # fmt: skip
    write_blind(inputs, tmp_path / "figures", tmp_path / "blind.html")
    html = (tmp_path / "blind.html").read_text(encoding="utf-8")
    assert cells(html, "table_1")[0][-1] == "&lt;10"
    assert all(text.startswith("≈") for text in cells(html, "batches_one")[-1][1:])
