"""Lines of commented YAML.

Takes keys, plain values, comments and questions; gives lines of at most 100 characters that YAML
reads back as the same values.
"""

import re
from collections.abc import Iterable, Mapping
from textwrap import wrap
from typing import Any

import yaml

from igfmood.intake.guess import Question
from igfmood.intake.marks import BETWEEN, MARK, OPTIONS

WIDTH = 100
_NUMBER = re.compile(r"-?(0|[1-9]\d*)(\.\d+)?")


def scalar(value: Any) -> str:
    """Return a value as YAML writes it on one line; codes that are numbers without quotes."""
    text = yaml.safe_dump(
        _plain(value), default_flow_style=True, allow_unicode=True, sort_keys=False, width=10_000
    )
    return text.removesuffix("\n").removesuffix("\n...").strip()


def _plain(value: Any) -> Any:
    """Return codes as numbers where nothing is lost by it; a tuple holds names, which are text."""
    if isinstance(value, tuple):
        return list(value)
    if isinstance(value, Mapping):
        return {_code(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_code(item) for item in value]
    return value


def _code(value: Any) -> Any:
    if isinstance(value, str) and _NUMBER.fullmatch(value):
        number = float(value) if "." in value else int(value)
        if str(number) == value:
            return number
    return value


def comment(text: str, indent: int) -> list[str]:
    """Return a comment, wrapped."""
    return [" " * indent + "# " + line for line in wrap(text, WIDTH - indent - 2)]


def question(asked: Question, indent: int) -> list[str]:
    """Return a mark with its options."""
    pad = " " * indent
    first, *rest = wrap(asked.text, WIDTH - indent - len(MARK) - 1)
    lines = [f"{pad}{MARK} {first}"]
    lines += [f"{pad}#   {line}" for line in wrap(" ".join(rest), WIDTH - indent - 4)]
    if asked.options:
        listed = f"{OPTIONS} {BETWEEN.join(asked.options)}"
        lines += [f"{pad}#   {line}" for line in wrap(listed, WIDTH - indent - 4)]
    return lines


def pair(key: str, value: Any, indent: int, said: str = "") -> list[str]:
    """Return ``key: value``, its comment behind it where the line has room, else before it."""
    line = f"{' ' * indent}{scalar(key)}: {scalar(value)}"
    if len(line) > WIDTH and isinstance(value, list | tuple):
        inner = wrap(f"[{', '.join(scalar(item) for item in value)}]", WIDTH - indent - 3)
        lines = [f"{' ' * (indent + 2)}{part}" for part in inner]
        return [*comment(said, indent), f"{' ' * indent}{scalar(key)}:", *lines]
    if said and len(line) + len(said) + 3 <= WIDTH:
        return [f"{line} # {said}"]
    return [*comment(said, indent), line]


def mapping(
    settings: Mapping[str, Any],
    questions: Iterable[Question],
    indent: int,
    notes: Mapping[str, str],
) -> list[str]:
    """Return keys and values one a line, each after the questions about it.

    Parameters
    ----------
    settings
        Key: value; the questions about a placeholder say what to put in its place.
    questions
        Those whose key is a setting.
    indent
        Of the keys.
    notes
        Key: comment.
    """
    asked = list(questions)
    lines: list[str] = []
    for key, value in settings.items():
        for item in asked:
            if item.key == key:
                lines += question(item, indent)
        lines += pair(key, value, indent, notes.get(key, ""))
    return lines
