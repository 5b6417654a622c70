"""What every model of the configuration is built from.

Takes values as YAML gives them; gives strict base model, codes compared as text, and names that
are safe as file names.
"""

from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field


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
    if isinstance(value, dict):
        words = {True: "yes", False: "no"}
        return {
            _as_text(key): words[item] if isinstance(item, bool) else _as_text(item)
            for key, item in value.items()
        }
    return value


Code = Annotated[str, BeforeValidator(_as_text)]
Codes = Annotated[dict[str, str], BeforeValidator(_as_text_keys)]
Slug = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,39}$")]
