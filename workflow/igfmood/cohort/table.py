"""A cohort's table as it stands in its files, before anything is interpreted.

Takes what the readers found; gives cells as text with their value labels, to every module that
maps, scores or codes.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pandas as pd


@dataclass(frozen=True)
class JoinCount:
    """What became of the keys of a joined file: rows of it, keys found and not found."""

    table: str
    rows: int
    matched: int
    unmatched: int


@dataclass(frozen=True)
class RawTable:
    """Cells as text, and what the files say about them.

    Parameters
    ----------
    cells
        Stripped text, an empty cell is an empty string; the index is the row's number in the
        cohort's own table, the first row below the header being 1. Shape (n_rows, n_columns).
    ragged
        Rows with too few or too many fields (their cells are empty), shape (n_rows,).
    labels
        Column: code: value label (SPSS, Stata, SAS); columns without labels are absent.
    titles
        Column: variable label.
    decimals
        Column: decimal mark, where it is not a point.
    notes
        What was found out about the files and not declared (encoding, delimiter ...).
    joined
        One count for each joined file.
    """

    cells: pd.DataFrame
    ragged: pd.Series
    labels: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    titles: Mapping[str, str] = field(default_factory=dict)
    decimals: Mapping[str, str] = field(default_factory=dict)
    notes: Sequence[str] = ()
    joined: Sequence[JoinCount] = ()
    # A column is looked at several times, and pandas makes it anew each time.
    _columns: dict[str, pd.Series] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    def __getitem__(self, column: str) -> pd.Series:
        """Return one column of cells."""
        if column not in self._columns:
            self._columns[column] = self.cells[column]
        return self._columns[column]

    @property
    def index(self) -> pd.Index:
        """Numbers of the rows."""
        return self.cells.index

    def decimal(self, column: str) -> str:
        """Return the decimal mark of a column."""
        return self.decimals.get(column, ".")

    def codes(self, column: str, recode: Mapping[str, str]) -> dict[str, str]:
        """Return what each labelled code stands for: as recoded by code or label, else its label.

        Lets a study recode by the code (1) or by its value label (Male), as it likes.
        """
        known = {key.strip().casefold(): value for key, value in recode.items()}
        by_label = {
            code: known.get(label.strip().casefold(), label)
            for code, label in self.labels.get(column, {}).items()
        }
        return {**by_label, **recode}
