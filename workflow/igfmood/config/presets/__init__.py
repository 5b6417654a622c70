"""Codings of known sources, as data.

Takes a cohort entry that names a preset; gives the entry with what the preset knows filled in.
Each preset is one YAML file beside this module.
"""

from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Any

import yaml


@cache
def preset_names() -> tuple[str, ...]:
    """Return the names of all presets."""
    files = resources.files(__name__).iterdir()
    return tuple(sorted(f.name[:-5] for f in files if f.name.endswith(".yaml")))


def read_preset(name: str) -> dict[str, Any]:
    """Return a preset as it is written."""
    text = resources.files(__name__).joinpath(f"{name}.yaml").read_text("utf-8")
    content: dict[str, Any] = yaml.safe_load(text)
    return content


def apply_preset(entry: Mapping[str, Any]) -> dict[str, Any]:
    """Return a cohort entry with its preset filled in.

    What the entry says goes before the preset: of `columns` variable by variable, of everything
    else whole. A key that the entry sets to null is left out.
    """
    name = entry.get("preset")
    if name not in preset_names():
        return dict(entry)
    preset = read_preset(name)
    columns = {**preset.get("columns", {}), **(entry.get("columns") or {})}
    merged = {**preset, **entry, "columns": columns}
    merged["columns"] = {key: value for key, value in columns.items() if value is not None}
    return {key: value for key, value in merged.items() if value is not None}
