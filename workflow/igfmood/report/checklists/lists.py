"""The checklists as they are published: number, topic and what is asked for, in our own words.

Takes nothing; gives every list, read from the YAML files beside this module and checked.
"""

from functools import cache
from pathlib import Path

from pydantic import Field

from igfmood.config.authors import Authors
from igfmood.config.base import Code, Slug, Strict
from igfmood.config.yaml_file import read_yaml

#: The lists, in the order of the page.
LISTS = ("strobe", "stard", "remark", "tripod_ai", "probast_ai")


class Item(Strict):
    """One item of a list."""

    item: Code = Field(description="Number, as published")
    part: str = Field("", description="Part of the list, where numbers begin again")
    topic: str = Field(description="Topic")
    asks: str = Field(description="What is to be reported, in our own words")
    by: tuple[str, ...] = Field((), description="Facts of the run that answer it")
    partly: bool = Field(False, description="Something is left that only the authors can say")
    authors: str = Field(description="Topic under which the authors may answer")


class Checklist(Strict):
    """One list."""

    id: Slug = Field(description="Name of its file")
    name: str = Field(description="Name, as published")
    about: str = Field(description="Studies that it is for")
    version: str = Field(description="Version whose numbers these are")
    source: str = Field(description="Where it was published")
    items: tuple[Item, ...] = Field(description="Its items, in order")


@cache
def checklists() -> tuple[Checklist, ...]:
    """Return every list."""
    folder = Path(__file__).parent
    found = tuple(Checklist.model_validate(read_yaml(folder / f"{one}.yaml")) for one in LISTS)
    unknown = {item.authors for one in found for item in one.items} - set(Authors.model_fields)
    if unknown:
        raise ValueError(f"no topic of the authors is called {sorted(unknown)}")
    return found
