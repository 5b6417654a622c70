"""A YAML file that says values and nothing else.

Takes a path; gives its mapping, or one error that names the line. Every key stands once, no tag
makes an object, and anchors cannot multiply a short file into more than memory holds.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from igfmood.config.near import not_there
from igfmood.errors import ConfigError

#: Values of a file once its anchors are written out; a study of a hundred cohorts has 20,000.
MOST_VALUES = 200_000
#: Tag of `<<`, which takes keys over from another mapping and may stand twice.
_MERGE = "tag:yaml.org,2002:merge"


def read_yaml(path: Path | str) -> dict[str, Any]:
    """Read a YAML file into a mapping.

    Raises
    ------
    ConfigError
        If the file is missing, is not plain YAML, has a key twice, or holds something else than a
        mapping.
    """
    node = _root(path)
    problems = list(_repeated(node)) if node is not None else []
    if problems:
        told = [f"{path}: {problem}" for problem in problems]
        raise ConfigError("\n".join(told), told)
    try:
        content = yaml.SafeLoader("").construct_document(node) if node is not None else None
    except (yaml.YAMLError, ValueError) as error:
        raise ConfigError(f"{path} is not valid YAML: {_told(error)}") from error
    if not isinstance(content, dict):
        raise ConfigError(f"{path} should hold keys and values; found {type(content).__name__}")
    return content


def repeated_keys(path: Path | str) -> list[str]:
    """Return a problem for each key that a file has twice; of such the last would win unseen.

    Raises
    ------
    ConfigError
        If the file is missing or is not plain YAML.
    """
    node = _root(path)
    return [] if node is None else [f"{path}: {problem}" for problem in _repeated(node)]


def _root(path: Path | str) -> yaml.Node | None:
    """Return the nodes of a file, as written: nothing is made of them yet."""
    try:
        node = yaml.compose(Path(path).read_text(encoding="utf-8"), yaml.SafeLoader)
        if node is not None:
            _check_size(node, path)
    except FileNotFoundError as error:
        raise ConfigError(not_there(Path(path), "give the path of a YAML file")) from error
    except (IsADirectoryError, PermissionError) as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} is not valid YAML: {_told(error)}") from error
    except RecursionError:
        raise ConfigError(f"{path} is not valid YAML: its values lie too deep in others") from None
    return node


def _told(error: Exception) -> str:
    """Return what the parser says, without its name for the text: the file is named already."""
    return str(error).replace('in "<unicode string>", ', "in ")


def _children(node: yaml.Node) -> list[yaml.Node]:
    if isinstance(node, yaml.MappingNode):
        return [part for pair in node.value for part in pair]
    return list(node.value) if isinstance(node, yaml.SequenceNode) else []


def _every(node: yaml.Node) -> Iterator[yaml.Node]:
    """Give each node once, however many anchors lead to it."""
    seen: set[int] = set()
    waiting = [node]
    while waiting:
        here = waiting.pop()
        if id(here) not in seen:
            seen.add(id(here))
            yield here
            waiting += reversed(_children(here))


def _check_size(root: yaml.Node, path: Path | str) -> None:
    """Refuse anchors that lead back to themselves or multiply beyond all measure."""
    sizes: dict[int, int | None] = {}

    def size(node: yaml.Node) -> int:
        known = sizes.get(id(node), 0)
        if known is None:
            line = node.start_mark.line + 1
            raise ConfigError(f"{path}: the anchor in line {line} holds itself: write it out")
        if not known:
            sizes[id(node)] = None
            known = sizes[id(node)] = 1 + sum(size(child) for child in _children(node))
        return known

    if size(root) > MOST_VALUES:
        raise ConfigError(
            f"{path}: with its anchors written out it has {size(root):.3g} values, more than "
            f"{MOST_VALUES:,}: write what is meant without anchors"
        )


def _repeated(root: yaml.Node) -> Iterator[str]:
    """Give a problem for each key that stands twice in one mapping."""
    for node in _every(root):
        if not isinstance(node, yaml.MappingNode):
            continue
        first: dict[tuple[str, str], yaml.Node] = {}
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode) or key.tag == _MERGE:
                continue
            before = first.setdefault((key.tag, key.value), key)
            if before is not key:
                yield (
                    f"line {key.start_mark.line + 1}: key {key.value!r} stands twice, first in "
                    f"line {before.start_mark.line + 1}: only one would count; take the other out"
                )
