"""Tables given to `init`: read, and put together where they share a key.

Takes paths; gives one recognised cohort for each table that is not joined to another one.
"""

import os
from collections.abc import Sequence
from pathlib import Path

from igfmood.cohort.read import read_head
from igfmood.cohort.table import RawTable
from igfmood.config.base import normal_code
from igfmood.config.near import not_there
from igfmood.config.table import TableFormat
from igfmood.errors import DataError
from igfmood.intake.guess_people import guess_id
from igfmood.intake.names import joined, match, synonyms
from igfmood.intake.profile import Given
from igfmood.intake.recognise import Joined, Recognised, recognise, refuse_other_tables

#: Rows that are looked at: enough for every value set but those of very rare codes.
ROWS = 50_000
#: Share of the keys of either table that must be found in the other.
_SHARED = 0.1
_CODES_OF_VALUES = 20
#: Share of the columns of two tables that both have, from which on they are of one kind.
_SAME_SHAPE = 0.5


def data_root(paths: Sequence[Path]) -> Path:
    """Return the folder that holds all tables, relative to the working folder where it can be."""
    folders = [str(path.resolve().parent) for path in paths]
    common = Path(os.path.commonpath(folders))
    relative = Path(os.path.relpath(common))
    return common if relative.parts.count("..") > 3 else relative


def read_tables(paths: Sequence[Path], root: Path) -> list[Given]:
    """Read every table, and refuse one that holds no people.

    Raises
    ------
    DataError
        If a table is not there, cannot be read, or holds no people.
    """
    found = []
    for path in paths:
        if not path.is_file():
            raise DataError(not_there(path, "give the path of a table"))
        raw = read_head(path, TableFormat(), rows=ROWS)
        name = path.resolve().relative_to(root.resolve()).as_posix()
        refuse_other_tables(list(raw.cells.columns), name)
        found.append(Given(name, raw, cut=len(raw.cells) == ROWS))
    return found


def recognise_tables(tables: Sequence[Given], analyte: str) -> list[Recognised]:
    """Recognise every cohort; a table that shares its keys with one before it is joined to it.

    Raises
    ------
    DataError
        If a table holds no people.
    """
    own: list[Given] = []
    parts: dict[str, list[tuple[Given, Joined]]] = {}
    for table in tables:
        joins = {first.name: how for first in own if (how := shared_key(first, table))}
        for name, how in joins.items():
            parts[name].append((table, how))
        if not joins:
            own.append(table)
            parts[table.name] = []
    return [recognise(table, analyte, parts[table.name]) for table in own]


def shared_key(first: Given, second: Given) -> Joined | None:
    """Return how the second table is joined to the first; None where they share no key."""
    person = guess_id(first.profiles).column
    if person not in first.raw.cells or _alike(first.raw, second.raw):
        return None
    ours = _keys(first.raw, person)
    best: Joined | None = None
    for column in second.raw.cells.columns:
        alike = joined(column) == joined(person)
        if not alike and not match(column, synonyms()["variables"]["participant_id"]):
            continue
        theirs = _keys(second.raw, column)
        both = len(ours & theirs)
        share = both / min(len(ours), len(theirs)) if ours and theirs else 0.0
        enough = _SHARED if alike else 0.5
        if share < enough or both < min(_CODES_OF_VALUES, len(ours)):
            continue
        rows = "one" if len(theirs) == int((second.raw.cells[column] != "").sum()) else "many"
        if best is None or share > best.matched:
            matched = both / len(theirs)
            best = Joined(second.name, column, person, rows, matched)
    return best


def _alike(first: RawTable, second: RawTable) -> bool:
    """Return whether two tables have most columns in common: two cohorts, not parts of one.

    Their people may have the same numbers all the same.
    """
    ours, theirs = ({joined(name) for name in raw.cells.columns} for raw in (first, second))
    return len(ours & theirs) > _SAME_SHAPE * len(ours | theirs)


def _keys(raw: RawTable, column: str) -> set[str]:
    return {normal_code(text) for text in raw.cells[column].unique()} - {""}
