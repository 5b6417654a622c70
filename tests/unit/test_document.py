"""Schema and parameter table are what the models say, and cannot drift from them."""

import json
import re

import pytest

from igfmood.config.study import Study
from igfmood.document import BEGIN, END, json_schema, parameter_table, with_parameters
from igfmood.errors import ConfigError
from oracle_files import REPOSITORY

CONFIG = REPOSITORY / "config"
REMEDY = "run `igfmood schema`"


def test_committed_schema_is_the_one_of_the_models():
    found = (CONFIG / "config.schema.json").read_text(encoding="utf-8")
    assert found == json_schema(), REMEDY


def test_committed_parameter_table_is_the_one_of_the_models():
    found = (CONFIG / "README.md").read_text(encoding="utf-8")
    assert found == with_parameters(found), REMEDY


def test_schema_forbids_unknown_keys_and_knows_every_key():
    schema = json.loads(json_schema())
    assert schema["additionalProperties"] is False
    assert set(schema["properties"]) == set(Study.model_fields)
    assert set(schema["required"]) == {"study", "cohorts"}


def test_table_names_every_key_of_the_study_with_its_meaning():
    table = parameter_table()
    for name, field in Study.model_fields.items():
        row = re.search(rf"^\| `{name}` \|(.*)$", table, re.MULTILINE)
        assert row, name
        if field.is_required():
            assert "needed" in row[1]


def test_table_is_put_between_its_marks_and_nowhere_else():
    text = f"before\n{BEGIN}\nout of date\n{END}\nafter\n"
    once = with_parameters(text)
    assert once.startswith("before\n")
    assert once.endswith("\nafter\n")
    assert "out of date" not in once
    assert with_parameters(once) == once


@pytest.mark.parametrize("text", ["no marks", BEGIN, END])
def test_a_readme_without_marks_is_refused(text):
    with pytest.raises(ConfigError, match="lacks the marks"):
        with_parameters(text)
