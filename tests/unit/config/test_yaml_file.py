"""Plain YAML: every key once, anchors within measure."""

import pytest

from igfmood.config.yaml_file import read_yaml, repeated_keys
from igfmood.errors import ConfigError


def written(folder, text):
    path = folder / "study.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_anchors_and_merged_keys_that_are_overruled_are_read(tmp_path):
    path = written(tmp_path, "a: &a {x: 1, y: 2}\nb: {<<: *a, y: 3}\nc: [*a, *a]\n")
    assert repeated_keys(path) == []
    assert read_yaml(path)["b"] == {"x": 1, "y": 3}


def test_the_same_key_in_two_mappings_is_no_repetition(tmp_path):
    assert read_yaml(written(tmp_path, "a: {x: 1}\nb: {x: 2}\n'1': p\n1: q\n"))["b"] == {"x": 2}


def test_every_repeated_key_is_named_with_both_lines(tmp_path):
    path = written(tmp_path, "a: 1\nb:\n  - {c: 1, c: 2}\na: 2\n")
    with pytest.raises(ConfigError) as caught:
        read_yaml(path)
    assert "line 4: key 'a' stands twice, first in line 1" in str(caught.value)
    assert "line 3: key 'c' stands twice, first in line 3" in str(caught.value)


def test_a_file_with_many_values_is_read(tmp_path):
    codes = ", ".join(str(code) for code in range(20_000))
    assert len(read_yaml(written(tmp_path, f"missing: [{codes}]\n"))["missing"]) == 20_000


def test_an_empty_file_has_no_repeated_keys(tmp_path):
    assert repeated_keys(written(tmp_path, "# nothing\n")) == []
