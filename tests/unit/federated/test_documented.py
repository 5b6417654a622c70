"""The commands of docs/federated.md do what the page says, in its order."""

import re
import shlex
import shutil
from pathlib import Path

import yaml

from igfmood.cli import main
from igfmood.federated.bundle import LARGEST
from unit.federated.sites import CLAIM, make_site

PAGE = Path(__file__).resolve().parents[3] / "docs/federated.md"


def test_the_commands_of_the_page_run_one_after_the_other(tmp_path, monkeypatch, capsys):
    page = PAGE.read_text(encoding="utf-8")
    commands = re.findall(r"^igfmood (.+)$", page, flags=re.MULTILINE)
    assert [command.split()[0] for command in commands] == ["site", "site", "hub"]
    monkeypatch.chdir(tmp_path)
    (tmp_path / "config").mkdir()
    claims = yaml.safe_dump({"claims": [CLAIM]})
    (tmp_path / "config/claims.yaml").write_text(claims, encoding="utf-8")
    for name in ("clinic", "register"):
        made = make_site(tmp_path / "elsewhere", name, claims_file="config/claims.yaml")
        made.send(tmp_path / f"{name}.json")
    shutil.copytree(tmp_path / "elsewhere/clinic/results", tmp_path / "results/mine")
    for command in commands:
        assert main(shlex.split(command)) == 0, command
    assert (tmp_path / "mine.json").read_bytes() == (tmp_path / "clinic.json").read_bytes()
    written = re.findall(r"`(results/both/[\w./]+)`", page)
    assert len(written) == 3
    assert all((tmp_path / name).is_file() for name in written)
    printed = capsys.readouterr().out
    assert "pooled estimates" in printed
    assert f"({LARGEST // 2**20} MiB at most)" in page
