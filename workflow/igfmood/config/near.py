"""What somebody may have meant who wrote a name that is not known.

Takes a name and those that are known; gives the ones most like it, in words for an error.
"""

import difflib
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, get_args, get_origin

from pydantic import BaseModel

#: Share of letters that two names must have in common (difflib's ratio).
_ALIKE = 0.7
#: A list of so many names is not read.
_LONG = 20
#: So many files of a folder are named.
_SHOWN = 6


def near_names(name: str, known: Sequence[str]) -> list[str]:
    """Return up to three known names most like this one, the likest first; case does not matter."""
    by_case = {one.casefold(): one for one in reversed(known)}
    alike = difflib.get_close_matches(name.casefold(), by_case, n=3, cutoff=_ALIKE)
    return [by_case[key] for key in alike]


def did_you_mean(name: str, known: Sequence[str]) -> str:
    """Return a question that names what may have been meant, empty where nothing is near.

    >>> did_you_mean("analite", ["study", "analyte"])
    "did you mean 'analyte'?"
    """
    alike = near_names(name, known)
    return f"did you mean {' or '.join(map(repr, alike))}?" if alike else ""


def meant_or_allowed(names: Sequence[str], known: Sequence[str]) -> str:
    """Return what unknown names may have meant, and what is allowed unless that would bury it."""
    asked = [did_you_mean(name, known) for name in names]
    buried = all(asked) and len(known) > _LONG
    return " ".join(filter(None, [*asked, "" if buried else f"allowed: {list(known)}"]))


def not_there(path: Path, remedy: str) -> str:
    """Return that a file is not there, and the one that may be meant, or what there is."""
    if not path.parent.is_dir():
        return f"file {path} is not there, nor is the folder {path.parent}; {remedy}"
    beside = sorted(item.name for item in path.parent.iterdir() if item.is_file())
    meant = did_you_mean(path.name, beside)
    if not meant:
        more = ["…"] if len(beside) > _SHOWN else []
        there = f"has {', '.join([*beside[:_SHOWN], *more])}" if beside else "has no files"
        meant = f"{remedy}; {path.parent} {there}"
    return f"file {path} is not there; {meant}"


def keys_at(model: type[BaseModel], location: Sequence[str | int]) -> list[str]:
    """Return the keys that are allowed at a place of a configuration.

    Parameters
    ----------
    model
        Model of the whole configuration.
    location
        Keys and positions that lead to the place, as pydantic gives them.
    """
    here: Any = model
    for part in location:
        here = _within(_plain(here), part)
    found = _plain(here)
    return list(found.model_fields) if _is_model(found) else []


def _within(kind: Any, part: str | int) -> Any:
    """Return the type of what stands at one key or position of a model, mapping or list."""
    if _is_model(kind):
        field = kind.model_fields.get(str(part))
        return None if field is None else field.annotation
    inner = get_args(kind)
    return inner[-1] if inner and get_origin(kind) in (dict, list) else None


def _plain(kind: Any) -> Any:
    """Return a type without its annotations, and without None."""
    if get_origin(kind) is Annotated:
        return _plain(get_args(kind)[0])
    if type(None) in get_args(kind):
        return _plain(next(one for one in get_args(kind) if one is not type(None)))
    return kind


def _is_model(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, BaseModel)
