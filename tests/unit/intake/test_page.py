"""The page on `init` and `check`: what it shows is what the commands print."""

import re
import shlex
import shutil
from pathlib import Path

import pytest

from igfmood.cli import main

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "intake.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```console\n\$ (igfmood [^\n]*)\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
#: What the page says was answered.
ANSWERS = {
    "0: CONFIRM": "0: control", "1: CONFIRM": "1: mdd", "2: CONFIRM": "2: bipolar",
    "lod: 61.5": "lod: 60", "design: case_control": "design: clinical",
}  # fmt: skip


def assert_shown(block, output):
    """Every line of the block is printed, in its order; … stands for what is left out."""
    lines = iter(line.rstrip() for line in output.splitlines())
    for line in block.splitlines():
        if line != "…":
            assert any(line == printed for printed in lines), f"not printed, or not there: {line!r}"


def test_the_page_shows_what_the_commands_print(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("COLUMNS", raising=False)
    for folder in ("config", "data_synthetic"):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    codes = []
    for command, block in BLOCKS:
        codes.append(main(shlex.split(command)[1:]))
        assert_shown(block, capsys.readouterr().out)
        if len(codes) == 2:
            answer(tmp_path / "config" / "mine.yaml")
    assert codes == [0, 1, 0]


def answer(path):
    text = path.read_text(encoding="utf-8")
    for asked, said in ANSWERS.items():
        assert asked in text
        text = text.replace(asked, said)
    kept = [line for line in text.splitlines(keepends=True) if "# CONFIRM:" not in line]
    path.write_text("".join(kept), encoding="utf-8")


def test_a_line_that_is_not_printed_is_found():
    assert_shown("a\n…\nd", "a\nb\nc\nd")
    with pytest.raises(AssertionError, match="not printed"):
        assert_shown("a\nx", "a\nb")
