"""What was recognised, with its reasons and its open questions.

Takes nothing; gives the frozen records that the guessing modules fill and `write` and `console`
show.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import isinf
from typing import Any, Literal

from igfmood.config.load import PLACEHOLDER as PLACEHOLDER

Confidence = Literal["sure", "likely", "unsure"]


def impossible(n: int, low: float, high: float, what: tuple[str, str]) -> list[str]:
    """Return in words that numbers outside a range will be quarantined; nothing if there are none.

    Parameters
    ----------
    n
        How many there are.
    low, high
        The range; it may have no upper end (inf).
    what
        What holds them: a word for one, and for several.
    """
    where = f"below {low:g}" if isinf(high) else f"outside {low:g} to {high:g}"
    return [f"{n:,} {what[n != 1]} {where} will be quarantined"] if n else []


#: What holds an impossible number where a person has one in the column.
ROWS = ("row", "rows")


@dataclass(frozen=True)
class Question:
    """Something that only the people of the cohort know.

    Parameters
    ----------
    text
        What is asked, in one sentence.
    key
        Setting of the guess that is asked about; empty for the guess itself.
    options
        YAML values to choose from, the likeliest first; empty where the written value stands
        unless the user changes it.
    """

    text: str
    key: str = ""
    options: tuple[str, ...] = ()


@dataclass(frozen=True)
class Guess:
    """One meaning found in a table.

    Parameters
    ----------
    meaning
        Canonical variable, or ``analyte``, ``igfbp3``, ``phq9.items``, ``phq9.total``,
        ``scale.<name>``, ``diagnosis``, ``medication``.
    columns
        The columns it is in.
    confidence, reasons
        How sure, and by what evidence.
    settings
        Further keys of its entry, as plain data.
    questions
        What must be confirmed.
    counts
        Of labels: how many rows have each.
    of_preset
        Whether the preset of a known source says all this already.
    """

    meaning: str
    columns: tuple[str, ...]
    confidence: Confidence
    reasons: tuple[str, ...]
    settings: Mapping[str, Any] = field(default_factory=dict)
    questions: tuple[Question, ...] = ()
    counts: Mapping[str, int] = field(default_factory=dict)
    of_preset: bool = False

    @property
    def column(self) -> str:
        """The column, where there is one."""
        return self.columns[0]
