"""What every model of the configuration is built from.

Takes values as YAML gives them; gives strict base model, codes compared as text, and names that
are safe as file names.
"""

import re
from collections.abc import Iterable, Sequence
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from igfmood.visible import visible

#: A number as people write it in tables.
NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?")


class Contradictions(ValueError):
    """Values that are sound one by one and do not go together: each contradiction is told apart."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("; ".join(problems))
        self.problems = tuple(problems)


def refuse(problems: Iterable[str]) -> None:
    """Refuse a model that contradicts itself; do nothing if there is no problem.

    Raises
    ------
    Contradictions
        With every problem.
    """
    found = list(problems)
    if found:
        raise Contradictions(found)


class Strict(BaseModel):
    """Base of every model of the configuration: unknown keys are errors, nothing changes later."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


def _as_text(value: Any) -> Any:
    """Codes are compared as text: ``1`` in the file is the code "1"."""
    if isinstance(value, bool):
        raise ValueError("YAML reads yes, no, on, off as true or false: put the code in quotes")
    return str(value) if isinstance(value, int | float) else value


def _as_text_keys(value: Any) -> Any:
    """The same for the keys of a mapping; as its values, true and false mean yes and no."""
    if not isinstance(value, dict):
        return value
    words = {True: "yes", False: "no"}
    pairs = [
        (_as_text(key), words[item] if isinstance(item, bool) else _as_text(item))
        for key, item in value.items()
    ]
    first: dict[str, tuple[str, Any]] = {}
    for key, item in pairs:
        other, meaning = first.setdefault(normal_code(str(key)), (key, item))
        if meaning != item:
            raise ValueError(
                f"{other!r} and {key!r} are one code (case does not matter, and 1, 1.0 and 01 are "
                f"the same), and cannot be both {meaning!r} and {item!r}"
            )
    return dict(pairs)


def normal_code(text: str) -> str:
    """Return a code as it is compared: case does not matter, and 1, 1.0 and 01 are the same."""
    text = text.strip().casefold()
    return format(float(text), ".12g") if NUMBER.fullmatch(text) else text


Code = Annotated[str, BeforeValidator(_as_text)]
#: Text for readers: characters that steer a terminal or turn text round are written out.
Label = Annotated[str, AfterValidator(visible)]
Codes = Annotated[dict[str, str], BeforeValidator(_as_text_keys)]
Slug = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,39}$")]
