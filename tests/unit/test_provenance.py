"""Digests change with what they stand for, and with nothing else."""

import pytest

from igfmood import provenance
from igfmood.provenance import STAGES, code_digest, file_digest, versions


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A package of one file a stage, in place of our own."""
    for name in ("results.py", "cli.py"):
        (tmp_path / name).write_text("1")
    for stage in STAGES:
        (tmp_path / stage).mkdir()
        (tmp_path / stage / "code.py").write_text("1")
    monkeypatch.setattr(provenance, "_PACKAGE", tmp_path)
    code_digest.cache_clear()
    yield tmp_path
    code_digest.cache_clear()


def digests():
    code_digest.cache_clear()
    return {stage: code_digest(stage) for stage in STAGES}


def changed_by(action):
    before = digests()
    action()
    after = digests()
    return [stage for stage in STAGES if before[stage] != after[stage]]


@pytest.mark.parametrize("place", range(len(STAGES)))
def test_a_change_repeats_its_stage_and_those_after_it(package, place):
    changed = changed_by(lambda: (package / STAGES[place] / "code.py").write_text("2"))
    assert changed == list(STAGES[place:])


def test_a_shared_module_repeats_everything_and_the_command_line_nothing(package):
    assert changed_by(lambda: (package / "results.py").write_text("2")) == list(STAGES)
    assert changed_by(lambda: (package / "cli.py").write_text("2")) == []


def test_a_new_name_or_a_data_file_of_a_stage_is_a_change_and_compiled_code_is_not(package):
    folder = package / "performance"
    assert changed_by(lambda: (folder / "table.csv").write_text("1"))[0] == "performance"
    assert changed_by(lambda: (folder / "code.py").rename(folder / "other.py"))[0] == "performance"
    (folder / "__pycache__").mkdir()
    assert changed_by(lambda: (folder / "__pycache__/code.pyc").write_text("1")) == []


def test_an_unknown_stage_is_an_error():
    with pytest.raises(ValueError, match="not in tuple"):
        code_digest("dreams")


def test_every_stage_of_our_own_package_has_a_digest():
    found = digests()
    assert len(set(found.values())) == len(STAGES)
    assert all(len(digest) == 12 for digest in found.values())


def test_files_are_known_by_content_and_order_not_by_name(tmp_path):
    for name, text in (("a", "1"), ("b", "2"), ("c", "1")):
        (tmp_path / name).write_text(text)
    a, b, c = (tmp_path / name for name in "abc")
    assert file_digest([a, b]) == file_digest([c, str(b)])
    assert file_digest([a, b]) != file_digest([b, a])
    assert file_digest([a]) != file_digest([a, c])
    with pytest.raises(FileNotFoundError):
        file_digest([tmp_path / "gone"])


def test_versions_name_the_package_python_and_every_library():
    found = versions()
    assert {"igfmood", "python", "numpy", "pandas", "statsmodels"} <= set(found)
    assert all(found.values())
