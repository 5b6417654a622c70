"""What every column and word of the released tables means, and what of the results stays.

Takes ``codebook.yaml`` and the tables; gives the lines of the codebook, and which rows may go.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

import pandas as pd
from pydantic import BaseModel, ConfigDict

from igfmood.config.yaml_file import read_yaml

Treatment = Literal["number", "count", "pooled", "kept"]
COLUMNS = (
    "kind", "name", "meaning", "unit", "documented", "rows", "released", "withheld",
    "not_released",
)  # fmt: skip
#: Status of a row whose number had to stay.
WITHHELD = "withheld"
_HERE = Path(__file__).with_name("codebook.yaml")
_UNKNOWN = "it is not in the codebook, so nothing is known of whom it tells"
_DOCS = "docs/results.md"
_KEPT = "the measure tells of single people or small groups"


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Analysis(_Part):
    """An analysis: what it is, where that is documented, and what of it stays.

    `keeps` is the reason for which all of it stays, or the measures of it that stay. The n of the
    measures in `not_of_people` (True: of all) counts something else than participants.
    """

    meaning: str
    docs: str
    keeps: str | tuple[str, ...] = ()
    not_of_people: bool | tuple[str, ...] = False


class Codebook(_Part):
    """The codebook: words of the contract and what they mean."""

    columns: dict[str, tuple[str, str]]
    statuses: dict[str, str]
    analyses: dict[str, Analysis]
    measures: dict[str, tuple[str, str, Treatment]]
    terms: tuple[tuple[str, str, str], ...]

    def treatment(self, measure: str) -> Treatment:
        """Return how numbers of a measure are released."""
        return self.measures[measure][2] if measure in self.measures else "kept"

    def why_kept(self, analysis: str, measure: str) -> str:
        """Return why a measure of an analysis is not released, nothing if it is."""
        found = self.analyses.get(analysis)
        if found is None or measure not in self.measures:
            return _UNKNOWN
        if isinstance(found.keeps, str):
            return found.keeps
        kept = measure in found.keeps or self.treatment(measure) == "kept"
        return _KEPT if kept else ""

    def of_people(self, analysis: str, measure: str) -> bool:
        """Return whether the n of a measure counts participants."""
        others = self.analyses[analysis].not_of_people
        return measure not in others if isinstance(others, tuple) else not others

    def released(self, table: pd.DataFrame) -> pd.Series:
        """Return which rows of a results table may be released; a failed stage always."""
        pairs = list(zip(table["analysis"], table["measure"], strict=True))
        may = {pair: not self.why_kept(*pair) for pair in set(pairs)}
        return pd.Series([may[pair] for pair in pairs], index=table.index, dtype=bool)

    def term(self, term: str) -> str:
        """Return the family that a term belongs to."""
        return next(name for name, form, _ in self.terms if re.fullmatch(form, term))


@cache
def load_codebook() -> Codebook:
    """Return the codebook of the package."""
    return Codebook.model_validate(read_yaml(_HERE))


@dataclass(frozen=True)
class Line:
    """A line of the codebook.

    Of so many `rows` of the results so many are `released`, and so many `withheld`: those keep
    their keys alone. The others are left out.
    """

    kind: str
    name: str
    meaning: str
    unit: str = ""
    documented: str = ""
    rows: int = 0
    released: int = 0
    withheld: int = 0
    not_released: str = ""


def lines(
    codebook: Codebook, table: pd.DataFrame, released: pd.DataFrame, sheets: Sequence[Line] = ()
) -> pd.DataFrame:
    """Return the codebook of a study as a table.

    Parameters
    ----------
    codebook
        What words mean.
    table, released
        The results, and those of them that are released.
    sheets
        A line for each sheet of the workbook.
    """
    found = [
        *(Line("column", name, meaning, unit, _DOCS)
          for name, (meaning, unit) in codebook.columns.items()),
        *(Line("status", name, meaning, "", _DOCS, *_rows("status", name, table, released))
          for name, meaning in codebook.statuses.items()),
        *_analyses(codebook, table, released),
        *_measures(codebook, table, released),
        *_terms(codebook, table, released),
        *sheets,
    ]  # fmt: skip
    return pd.DataFrame([vars(line) for line in found], columns=list(COLUMNS))


def _rows(
    column: str, name: str, table: pd.DataFrame, released: pd.DataFrame
) -> tuple[int, int, int]:
    """Return how many rows there are, are released, and are withheld."""
    kept = released[released[column] == name]["status"] == WITHHELD
    return int((table[column] == name).sum()), int((~kept).sum()), int(kept.sum())


def _analyses(codebook: Codebook, table: pd.DataFrame, released: pd.DataFrame) -> list[Line]:
    names = dict.fromkeys([*codebook.analyses, *table["analysis"]])
    found = []
    for name in names:
        known = codebook.analyses.get(name, Analysis(meaning="not described", docs="results"))
        counts = _rows("analysis", name, table, released)
        kept = "" if name in codebook.analyses else _UNKNOWN
        if name in codebook.analyses and known.keeps:
            kept = known.keeps if isinstance(known.keeps, str) else (
                f"of its measures {', '.join(known.keeps)}: they count people"
            )  # fmt: skip
        found.append(
            Line("analysis", name, known.meaning, "", f"docs/{known.docs}.md", *counts, kept)
        )
    return found


_HOW = {
    "number": "",
    "count": "counts that the report does not show exactly",
    "pooled": "numbers of one cohort: a share of few people gives them back",
    "kept": _KEPT,
}


def _measures(codebook: Codebook, table: pd.DataFrame, released: pd.DataFrame) -> list[Line]:
    names = dict.fromkeys([*codebook.measures, *table["measure"]])
    unknown = ("not described", "", "kept")
    found = []
    for name in names:
        meaning, unit, how = codebook.measures.get(name, unknown)
        why = _HOW[how] if name in codebook.measures else _UNKNOWN
        counts = _rows("measure", name, table, released)
        found.append(Line("measure", name, meaning, unit, _DOCS, *counts, why))
    return found


def _terms(codebook: Codebook, table: pd.DataFrame, released: pd.DataFrame) -> list[Line]:
    family = {term: codebook.term(term) for term in table["term"].unique()}
    every, gone = (one.assign(family=one["term"].map(family)) for one in (table, released))
    return [
        Line("term", name or "(empty)", meaning, "", _DOCS,
             *_rows("family", name, every, gone))
        for name, _, meaning in codebook.terms
    ]  # fmt: skip
