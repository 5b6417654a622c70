"""Who is left out: inclusion and exclusion rules, and the library of known exclusions."""

from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Annotated, Any, Self

import yaml
from pydantic import BeforeValidator, Field, model_validator

from igfmood.config.base import Code, Label, Strict
from igfmood.config.near import meant_or_allowed
from igfmood.config.vocabulary import VARIABLES

#: In a list of exclusions: every rule of the library.
STANDARD = "standard"


class Rule(Strict):
    """One inclusion or exclusion rule: a variable and exactly one condition."""

    name: Label = Field(min_length=1, max_length=60, description="Name shown in the flow diagram")
    variable: str = Field(description="Canonical variable, phq9_total, analyte or diagnosis")
    below: float | None = Field(None, description="Met when the value is below this")
    at_least: float | None = Field(None, description="Met when the value is this or more")
    equals: list[Code] | None = Field(None, description="Met when the value is one of these")
    missing: bool | None = Field(None, description="Met when the value is missing (or not)")
    known: bool = Field(
        False, description="From the library: not applied where the cohort lacks the variable"
    )
    because: str = Field("", description="Why")

    @model_validator(mode="after")
    def _one_condition(self) -> Self:
        given = [
            key
            for key in ("below", "at_least", "equals", "missing")
            if getattr(self, key) is not None
        ]
        if len(given) != 1:
            raise ValueError(f"give exactly one of below, at_least, equals, missing; found {given}")
        allowed = [*VARIABLES, "phq9_total", "analyte", "diagnosis"]
        if self.variable not in allowed:
            meant = meant_or_allowed([self.variable], allowed)
            raise ValueError(f"variable {self.variable!r} is not known; {meant}")
        numbers = [key for key, item in VARIABLES.items() if item.kind == "number"]
        numbers += ["phq9_total", "analyte"]
        if given[0] in ("below", "at_least") and self.variable not in numbers:
            raise ValueError(f"{given[0]} needs a number; {self.variable} is none: use equals")
        return self


@cache
def library() -> Mapping[str, Mapping[str, Any]]:
    """Return the known exclusions by name."""
    text = resources.files("igfmood.config").joinpath("exclusions.yaml").read_text("utf-8")
    return {
        name: {"name": name.replace("_", " "), "known": True, **entry}
        for name, entry in yaml.safe_load(text).items()
    }


def _names_are_known_rules(value: Any) -> Any:
    """Replace names of the library by its rules, and `standard` by all that are not named."""
    if not isinstance(value, list):
        return value
    names = [item for item in value if isinstance(item, str)]
    unknown = [name for name in names if name not in (*library(), STANDARD)]
    if unknown:
        raise ValueError(f"no known exclusions: {unknown}; known: {[STANDARD, *library()]}")
    rules: list[Any] = []
    for item in value:
        if item == STANDARD:
            rules += [entry for name, entry in library().items() if name not in names]
        else:
            rules.append(library()[item] if isinstance(item, str) else item)
    return rules


ExcludeRules = Annotated[list[Rule], BeforeValidator(_names_are_known_rules)]
