"""The report on paper: A4 pages with something on each, and nothing beyond the margins."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from browser.visitor import browse, missing

#: A4 and the margin left and right, points.
WIDTH, HEIGHT, MARGIN = 595.3, 841.9, 42.5
#: How far a letter may reach into the margin.
SLACK = 2.0
#: A page with less text, and no picture, is empty.
LEAST = 20


def poppler(name: str, *words: str) -> str:
    """Return what a program of poppler-utils says."""
    found = shutil.which(name)
    if found is None:
        missing(f"{name} is not installed: apt-get install poppler-utils")
    return subprocess.run([found, *words], capture_output=True, text=True, check=True).stdout


@pytest.fixture(scope="module")
def paper(chromium: str, report: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("paper")
    path = folder / "report.pdf"
    browse(chromium, folder, "--no-pdf-header-footer", f"--print-to-pdf={path}", report.as_uri())
    return path


@pytest.fixture(scope="module")
def pages(paper: Path) -> list[str]:
    """Words of each page, with their places."""
    return re.split(r"<page ", poppler("pdftotext", "-bbox", str(paper), "-"))[1:]


def test_pages_are_a4_and_more_than_a_few(paper: Path, pages: list[str]) -> None:
    told = poppler("pdfinfo", str(paper))
    size = re.search(r"Page size: +([\d.]+) x ([\d.]+)", told)
    assert size is not None
    assert float(size[1]) == pytest.approx(WIDTH, abs=1)
    assert float(size[2]) == pytest.approx(HEIGHT, abs=1)
    number = re.search(r"Pages: +(\d+)", told)
    assert number is not None
    assert int(number[1]) == len(pages) > 5


def test_no_page_is_blank(paper: Path, pages: list[str]) -> None:
    listed = poppler("pdfimages", "-list", str(paper)).splitlines()[2:]
    pictured = {int(line.split()[0]) for line in listed}
    bare = [
        place for place, page in enumerate(pages, start=1)
        if len("".join(re.findall(r">([^<]+)</word>", page))) < LEAST and place not in pictured
    ]  # fmt: skip
    assert bare == []


def test_no_table_is_cut_at_the_margin(pages: list[str]) -> None:
    beyond = [
        (place, word)
        for place, page in enumerate(pages, start=1)
        for left, right, word in re.findall(
            r'<word xMin="([\d.-]+)" yMin="[\d.-]+" xMax="([\d.-]+)"[^>]*>([^<]*)<', page
        )
        if float(left) < MARGIN - SLACK or float(right) > WIDTH - MARGIN + SLACK
    ]
    assert beyond == []


def test_what_is_folded_on_the_screen_is_on_paper(pages: list[str]) -> None:
    words = " ".join(re.findall(r">([^<]+)</word>", "".join(pages)))
    assert "STROBE: observational studies" in words
    assert "Code and inputs behind the results" in words
