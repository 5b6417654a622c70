"""Files appear whole or not at all, and everything that writes one goes that way."""

import ast
import json
import os
from pathlib import Path

import pytest

from igfmood.files import whole, write_json, write_text

WORKFLOW = Path(__file__).parents[2] / "workflow"
#: Methods that write a file: where the path stands, at the front of the call or in its arguments.
WRITERS = {"write_text": "front", "write_bytes": "front", "to_parquet": "argument",
           "to_csv": "argument", "to_excel": "argument", "to_json": "argument",
           "savefig": "argument", "save": "argument", "savez": "argument", "copyfile": "second",
           "copy2": "second", "copy": "second"}  # fmt: skip
#: Where a file may be opened for writing: the log of a job, which grows while it works.
OPENED = {"igfmood/jobs.py"}
#: Names of what may be written to: a file beside, memory, and a figure by the function that does.
ALLOWED = {"beside", "drawn", "written", "stream", "figure"}


def test_a_file_is_there_once_it_is_whole(tmp_path):
    path = tmp_path / "made" / "table.csv"
    with whole(path) as beside:
        beside.write_text("a", encoding="utf-8")
        assert not path.exists()
    assert path.read_text(encoding="utf-8") == "a"
    assert [one.name for one in path.parent.iterdir()] == ["table.csv"]


def test_a_file_is_on_the_disk_before_it_has_its_name(tmp_path, monkeypatch):
    path, synced = tmp_path / "table.csv", []
    monkeypatch.setattr(
        os, "fsync", lambda file: synced.append((os.pread(file, 9, 0), path.exists()))
    )
    write_text("a", path)
    assert synced == [(b"a", False)]
    assert path.exists()


def test_what_a_killed_job_left_goes(tmp_path):
    for name in ("a[1].csv.999.part", "b.csv.999.part"):
        (tmp_path / name).write_text("half", encoding="utf-8")
    write_text("whole", tmp_path / "a[1].csv")
    assert sorted(one.name for one in tmp_path.iterdir()) == ["a[1].csv", "b.csv.999.part"]


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
        needed = {"second": 2, "argument": 1}.get(place or "", 0)
        if place is None or len(node.args) < needed:  # another method, such as one that copies
            continue
        to = node.func.value if place == "front" else node.args[needed - 1]
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


def opened_for_writing(tree: ast.AST) -> list[int]:
    """Return the lines in which a file is opened with a mode that writes."""
    return [
        node.lineno
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and (getattr(node.func, "id", "") == "open" or getattr(node.func, "attr", "") == "open")
        and any(
            isinstance(one, ast.Constant) and one.value in ("w", "wb", "a", "ab", "wt", "x", "xb")
            for one in [*node.args, *(word.value for word in node.keywords)]
        )
    ]


def test_no_file_is_opened_for_writing_but_logs():
    found = {
        f"{path.relative_to(WORKFLOW)}"
        for path in sorted(WORKFLOW.rglob("*.py"))
        if "simulate" not in path.parts
        and opened_for_writing(ast.parse(path.read_text(encoding="utf-8")))
    }
    assert found == OPENED


def test_a_file_that_is_written_directly_would_be_found():
    text = "path.write_text('x')\ntable.to_csv(output)\nshutil.copyfile(a, b)"
    assert writes(ast.parse(text)) == [(1, "path"), (2, "output"), (3, "b")]
    assert opened_for_writing(ast.parse("open(path, 'w')\npath.open(mode='wb')\nopen(path)")) == [
        1, 2,
    ]  # fmt: skip


def test_a_link_is_followed_and_what_is_no_file_is_written_to(tmp_path):
    file, link, pipe = tmp_path / "a.json", tmp_path / "link.json", tmp_path / "pipe"
    file.write_text("before", encoding="utf-8")
    link.symlink_to(file)
    write_text("after", link)
    assert link.is_symlink()
    assert file.read_text(encoding="utf-8") == "after"
    os.mkfifo(pipe)
    reading = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    write_text("through", pipe)
    assert os.read(reading, 100) == b"through"
    os.close(reading)
    assert pipe.is_fifo()
