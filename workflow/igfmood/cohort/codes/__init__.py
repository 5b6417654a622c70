"""Lists of codes and names, and the cells that hold them.

Takes a raw table and the columns of an entry; gives each column's distinct cells with their places,
and the lists (ICD prefixes, drug names, labels) as data.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from importlib import resources
from typing import Any

import numpy as np
import pandas as pd
import yaml

from igfmood.cohort.table import RawTable
from igfmood.cohort.values import PROBLEM_COLUMNS, no_problems
from igfmood.config.base import normal_code
from igfmood.errors import DataError


@cache
def load(name: str) -> Mapping[str, Any]:
    """Return one of the lists of this folder."""
    text = resources.files(__name__).joinpath(f"{name}.yaml").read_text("utf-8")
    data: Mapping[str, Any] = yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506 - both are safe
    return data


@dataclass(frozen=True)
class Cells:
    """One column as its distinct cells.

    Parameters
    ----------
    name
        Column.
    places
        Which of `texts` each row holds, shape (n_rows,).
    texts
        Distinct cells; empty where the cell is empty or holds a missing code.
    index
        Numbers of the rows.
    """

    name: str
    places: np.ndarray
    texts: Sequence[str]
    index: pd.Index

    def spread(self, answers: Sequence[Any] | np.ndarray, dtype: Any) -> np.ndarray:
        """Return the answer to each row's cell, shape (n_rows,)."""
        return np.asarray(answers, dtype=dtype)[self.places]

    def problems(self, where: Sequence[bool] | np.ndarray, reason: str) -> pd.DataFrame:
        """Return one problem for each row whose cell is marked."""
        at = np.flatnonzero(self.spread(where, bool))
        if not at.size:
            return no_problems()
        value = np.asarray(self.texts, dtype=object)[self.places[at]]
        found = {"row": self.index[at].to_numpy(), "column": self.name}
        return pd.DataFrame(found | {"value": value, "reason": reason}, columns=PROBLEM_COLUMNS)


def find_columns(raw: RawTable, names: Iterable[str], key: str) -> list[str]:
    """Return the table's columns that an entry names; ``*`` stands for any text.

    Raises
    ------
    DataError
        If a name fits no column.
    """
    found: dict[str, None] = {}
    for name in names:
        pattern = name.replace("[", "[[]").replace("?", "[?]")
        fitting = [c for c in raw.cells.columns if c == name or fnmatchcase(c, pattern)]
        if not fitting:
            raise DataError(f"{key}: the table has no column {name!r}; mend the name")
        found |= dict.fromkeys(fitting)
    return list(found)


def cells(raw: RawTable, names: Iterable[str], missing: Iterable[str], key: str) -> Iterator[Cells]:
    """Yield the columns that an entry names, cells of missing codes emptied.

    Raises
    ------
    DataError
        If a name fits no column.
    """
    codes = {normal_code(code) for code in missing} | {""}
    for name in find_columns(raw, names, key):
        places, distinct = pd.factorize(raw[name].array)
        texts = ["" if normal_code(text) in codes else text for text in distinct.tolist()]
        yield Cells(name, places, texts, raw.index)


def words(text: str) -> str:
    """Return a label as it is looked up: lower-case words without accents and punctuation."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    plain = "".join(letter for letter in plain if not unicodedata.combining(letter))
    return " ".join(re.findall(r"[^\W_]+", plain))


def longest_prefix(code: str, table: Mapping[str, Any]) -> Any:
    """Return the entry of the longest key that a code begins with, None if there is none."""
    for length in range(len(code), 0, -1):
        if code[:length] in table:
            return table[code[:length]]
    return None
