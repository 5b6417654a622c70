"""Files appear whole or not at all, and everything that writes one goes that way."""

import ast
import json
from pathlib import Path

import pytest

from igfmood.files import whole, write_json, write_text

WORKFLOW = Path(__file__).parents[2] / "workflow"
#: Methods that write a file: where the path stands, at the front of the call or in its arguments.
WRITERS = {"write_text": "front", "write_bytes": "front", "to_parquet": "argument",
           "to_csv": "argument", "savefig": "argument", "save": "argument"}  # fmt: skip
#: Names of what may be written to: a file beside, memory, and a figure by the function that does.
ALLOWED = {"beside", "drawn", "written", "stream", "figure"}


def test_a_file_is_there_once_it_is_whole(tmp_path):
    path = tmp_path / "made" / "table.csv"
    with whole(path) as beside:
        beside.write_text("a", encoding="utf-8")
        assert not path.exists()
    assert path.read_text(encoding="utf-8") == "a"
    assert [one.name for one in path.parent.iterdir()] == ["table.csv"]


def test_what_was_there_stays_where_writing_fails(tmp_path):
    path = tmp_path / "verdicts.json"
    write_text("before", path)

    def interrupted():
        with whole(path) as beside:
            beside.write_text("half", encoding="utf-8")
            raise OSError("disk full")

    with pytest.raises(OSError, match="full"):
        interrupted()
    assert path.read_text(encoding="utf-8") == "before"
    assert [one.name for one in tmp_path.iterdir()] == ["verdicts.json"]


def test_json_has_no_value_that_is_none(tmp_path):
    write_json({"a": "Größe", "b": 1.5}, tmp_path / "one.json")
    text = (tmp_path / "one.json").read_text(encoding="utf-8")
    assert json.loads(text) == {"a": "Größe", "b": 1.5}
    assert "Größe" in text
    with pytest.raises(ValueError, match="JSON"):
        write_json({"a": float("nan")}, tmp_path / "two.json")
    assert not (tmp_path / "two.json").exists()


def writes(tree: ast.AST) -> list[tuple[int, str]]:
    """Return line and name of what each call that writes a file writes to."""
    found = []
    for node in ast.walk(tree):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
            continue
        place = WRITERS.get(node.func.attr)
        if place is None:
            continue
        to = node.func.value if place == "front" else (node.args[0] if node.args else None)
        found.append((node.lineno, to.id if isinstance(to, ast.Name) else ast.unparse(node)))
    return found


def test_every_file_is_written_whole():
    direct = [
        f"{path.relative_to(WORKFLOW)}:{line} writes to {name}"
        for path in sorted(WORKFLOW.rglob("*.py"))
        if "simulate" not in path.parts
        for line, name in writes(ast.parse(path.read_text(encoding="utf-8")))
        if name not in ALLOWED
    ]
    assert not direct, "write through igfmood.files.whole: " + "; ".join(direct)


def test_a_file_that_is_written_directly_would_be_found():
    assert writes(ast.parse("path.write_text('x')\ntable.to_csv(output)")) == [
        (1, "path"), (2, "output"),
    ]  # fmt: skip
