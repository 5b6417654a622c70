"""Diagnoses from the cells of one entry.

Takes the columns of an entry (labels, ICD or DSM codes); gives what each row says, the cells that
could not be read, and the labels that mean several things.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import lru_cache, partial

import numpy as np
import pandas as pd

from igfmood.cohort.codes import Cells, cells, load, longest_prefix
from igfmood.cohort.codes.icd import EXAMPLES, split_codes
from igfmood.cohort.diagnosis.labels import Ambiguous, from_dictionary, from_study
from igfmood.cohort.diagnosis.meaning import EMPTY, OUTSIDE, Coded, Meaning
from igfmood.cohort.table import RawTable
from igfmood.config.base import normal_code
from igfmood.config.diagnosis import Diagnosis

_UNKNOWN_LABEL = "is no known label: add it to diagnosis.labels or missing"
_NO_DSM = "is neither a DSM code (296.32, F33.1) nor a known name: add it to diagnosis.labels"
#: What the parts of a cell say; None where a part cannot be read.
Said = Sequence[Meaning | Ambiguous | None]


@dataclass(frozen=True)
class Entry:
    """What one entry says: meanings of the rows, problems, questions about labels."""

    coded: Coded
    problems: Sequence[pd.DataFrame] = ()
    questions: Sequence[str] = field(default=())


def code_labels(raw: RawTable, entry: Diagnosis, missing: Sequence[str]) -> Entry:
    """Code labels: the first column with a value counts."""
    labels = {normal_code(label): meaning for label, meaning in entry.labels.items()}
    coded: Coded | None = None
    problems: list[pd.DataFrame] = []
    questions: list[str] = []
    for column in cells(raw, entry.columns, [*missing, *entry.missing], "diagnosis.columns"):
        shown = raw.labels.get(column.name, {})
        named = {normal_code(code): label for code, label in shown.items()}

        def read(text: str, named: dict[str, str] = named) -> Meaning | Ambiguous | None:
            label = named.get(normal_code(text), text)
            said = from_study(text, labels) or from_study(label, labels)
            return said or from_dictionary(label)

        found = [read(text) if text else Meaning(EMPTY) for text in column.texts]
        here = Coded.of([m if isinstance(m, Meaning) else Meaning("unknown") for m in found],
                        column.places)  # fmt: skip
        open_rows = np.ones(len(raw.index), bool) if coded is None else coded.is_one_of([EMPTY])
        problems.append(_only(column.problems([m is None for m in found], _UNKNOWN_LABEL),
                              raw.index[open_rows]))  # fmt: skip
        questions += _questions(column, found, open_rows)
        coded = here if coded is None else _where(open_rows, here, coded)
    assert coded is not None  # an entry of labels has columns
    return Entry(coded.settled(entry.no_code, entry.no_code), problems, questions)


def code_codes(raw: RawTable, entry: Diagnosis, missing: Sequence[str]) -> Entry:
    """Code ICD or DSM codes: those of all columns count together."""
    read, reason = _reader(entry)
    coded: Coded | None = None
    problems: list[pd.DataFrame] = []
    questions: list[str] = []
    for column in cells(raw, entry.columns, [*missing, *entry.missing], "diagnosis.columns"):
        parts = [read(text) if text else [Meaning(EMPTY)] for text in column.texts]
        unread = [None in said for said in parts]
        problems.append(column.problems(unread, reason))
        unclear = [next((m for m in said if isinstance(m, Ambiguous)), None) for said in parts]
        questions += _questions(column, unclear, np.ones(len(raw.index), bool))
        here = _together(parts, column.places)
        coded = here if coded is None else coded.joined(here)
    assert coded is not None  # an entry of codes has columns
    return Entry(coded.settled(entry.other_code, entry.no_code), problems, questions)


def _together(parts: Sequence[Said], places: np.ndarray) -> Coded:
    """Return what the codes of each distinct cell say together, spread over the rows."""
    every, empty, unknown = np.arange(len(parts)), Meaning(EMPTY), Meaning("unknown")
    read = [[m for m in said if isinstance(m, Meaning)] for said in parts]
    unread = [len(known) < len(said) for known, said in zip(read, parts, strict=True)]
    coded = Coded.of([empty] * len(parts), every)
    for k in range(max(map(len, read), default=0)):
        layer = [known[k] if k < len(known) else empty for known in read]
        coded = coded.joined(Coded.of(layer, every))
    coded = _where(np.array(unread, bool), Coded.of([unknown] * len(parts), every), coded)
    return Coded(*(getattr(coded, name)[places] for name in Coded.__dataclass_fields__))


def _where(mask: np.ndarray, yes: Coded, no: Coded) -> Coded:
    pairs = ((getattr(yes, name), getattr(no, name)) for name in Coded.__dataclass_fields__)
    return Coded(*(np.where(mask, a, b) for a, b in pairs))


def _reader(entry: Diagnosis) -> tuple[Callable[[str], Said], str]:
    """Return what reads a cell of codes, and the reason why one cannot be read."""
    codes = {label.upper().replace(".", ""): meaning for label, meaning in entry.labels.items()}
    if entry.source == "dsm":
        names = {normal_code(label): meaning for label, meaning in entry.labels.items()}
        return lambda text: _read_dsm(text, codes, names), _NO_DSM
    reason = f"is not a list of {EXAMPLES[entry.source]}"
    meaning = lru_cache(maxsize=1 << 17)(partial(_meaning, system=entry.source, labels=codes))

    def read(text: str) -> Said:
        found = split_codes(text, entry.source)
        return [None] if found is None else [meaning(code) for code in found]

    return read, reason


def _meaning(code: str, system: str, labels: dict[str, str]) -> Meaning:
    """Return what one code says: as the study has it, else by the longest known prefix."""
    data = load("diagnoses")[system]
    f20_f48 = code.startswith(tuple(data["f20_f48"]))
    said = next((m for pattern, m in labels.items() if fnmatchcase(code, pattern)), None)
    known = longest_prefix(code, data["codes"]) or {}
    if said is not None:
        meaning = Meaning.of(said)
        return Meaning(meaning.diagnosis, meaning.subtype or known.get("subtype", ""),
                       known.get("status", ""), known.get("mood", ""), f20_f48)  # fmt: skip
    if known:
        return Meaning(**known, f20_f48=f20_f48)
    psychiatric = code.startswith(tuple(data["psychiatric"]))
    return Meaning("other" if psychiatric else OUTSIDE, f20_f48=f20_f48)


def _read_dsm(text: str, codes: dict[str, str], names: dict[str, str]) -> Said:
    """Read DSM-IV and DSM-5 codes, and names, which hold commas: they end at ; or |."""
    parts = [part.strip() for part in re.split(r"[;|]", text)]
    return [said for part in parts if part for said in _read_dsm_part(part, codes, names)]


def _read_dsm_part(part: str, codes: dict[str, str], names: dict[str, str]) -> Said:
    leading = part.split()[0].rstrip(",:")
    for text in (part, leading):  # "296.32 Major depressive disorder ...": the code says it
        for system in ("icd9", "icd10"):
            found = split_codes(text, system)
            if found:
                return [_meaning(code, system, codes) for code in found]
    return [from_study(part, names) or from_dictionary(part)]


def _only(problems: pd.DataFrame, rows: pd.Index) -> pd.DataFrame:
    return problems[problems["row"].isin(rows)]


def _questions(column: Cells, found: Said, rows: np.ndarray) -> list[str]:
    """Return a question for each ambiguous label that counts in some row."""
    counts = np.bincount(column.places[rows], minlength=len(column.texts))
    questions = []
    for text, said, n in zip(column.texts, found, counts, strict=True):
        if isinstance(said, Ambiguous) and n:
            ways = " or ".join(f"{{{text}: {answer}}}" for answer in said.answers)
            questions.append(
                f"label {text!r} in column {column.name} ({n} {'row' if n == 1 else 'rows'}): "
                f"{said.question}? Say it in diagnosis.labels: {ways}"
            )
    return questions
