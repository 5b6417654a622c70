"""Other diseases, from codes.

Takes columns of ICD codes; gives the flags that known exclusions speak of. Nothing is known about
a person without codes, unless the entry says that such a person has none.
"""

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import pandas as pd

from igfmood.cohort.codes import cells, load
from igfmood.cohort.codes.icd import EXAMPLES, split_codes
from igfmood.cohort.table import RawTable
from igfmood.cohort.values import Parsed, together
from igfmood.config.diagnosis import Conditions, Diagnosis
from igfmood.config.vocabulary import CONDITION_VARIABLES

#: Bit of each flag, and one for codes of the body: a list of psychiatric codes alone says nothing
#: about the absence of other diseases.
_BITS = {name: 1 << k for k, name in enumerate(CONDITION_VARIABLES)}
_SOMATIC = 1 << len(CONDITION_VARIABLES)
_ANY_CODE = _SOMATIC << 1


def code_conditions(
    raw: RawTable,
    entry: Conditions | None,
    diagnoses: Sequence[Diagnosis],
    missing_codes: Sequence[str],
) -> tuple[pd.DataFrame, list[Parsed]]:
    """Code the diseases of every row.

    Parameters
    ----------
    raw
        Table of text with the columns of the entries.
    entry
        Columns of codes; None if the cohort has none beside its diagnosis.
    diagnoses
        Entries of the diagnosis; those of ICD codes are read too.
    missing_codes
        Missing codes of the whole table.

    Returns
    -------
    flags : DataFrame
        One nullable boolean for each of ``vocabulary.CONDITION_VARIABLES``; no columns where no
        entry holds ICD codes. Columns of the diagnosis that hold psychiatric codes only give yes,
        but never no.
    parsed : list of Parsed
        Cells of the entry that are no codes (those of the diagnosis are reported with it).

    Raises
    ------
    DataError
        If a column is absent.
    """
    found = np.zeros(len(raw.index), np.int64)
    known = np.zeros(len(raw.index), bool)
    parsed: list[Parsed] = []
    sources = [d for d in diagnoses if d.source.startswith("icd")]
    if entry is None and not sources:
        return pd.DataFrame(index=raw.index), parsed
    for diagnosis in sources:
        codes = [*missing_codes, *diagnosis.missing]
        bits, _ = _bits(raw, diagnosis.columns, diagnosis.source, codes, "diagnosis.columns")
        found |= bits
        if (bits & _SOMATIC).any():
            known |= (bits & _ANY_CODE) > 0
    if entry is not None:
        codes = [*missing_codes, *entry.missing]
        bits, problems = _bits(raw, entry.columns, entry.coding, codes, "conditions.columns")
        found |= bits
        known |= ((bits & _ANY_CODE) > 0) | (entry.empty_means == "no")
        parsed.append(Parsed(pd.Series(bits, index=raw.index), problems))
    flags = {name: _flag((found & bit) > 0, known) for name, bit in _BITS.items()}
    return pd.DataFrame(flags, index=raw.index), parsed


def _flag(yes: np.ndarray, known: np.ndarray) -> pd.arrays.BooleanArray:
    return pd.arrays.BooleanArray(yes, ~(yes | known))


def _bits(
    raw: RawTable, columns: Sequence[str], system: str, missing: Sequence[str], key: str
) -> tuple[np.ndarray, pd.DataFrame]:
    """Return the flags of each row as bits, and the cells that are no codes."""
    found = np.zeros(len(raw.index), np.int64)
    problems = []
    for column in cells(raw, columns, missing, key):
        lists = [split_codes(text, system) for text in column.texts]
        found |= column.spread([_bits_of(codes or [], system) for codes in lists], np.int64)
        reason = f"is not a list of {EXAMPLES[system]}"
        problems.append(column.problems([codes is None for codes in lists], reason))
    return found, together(problems)


def _bits_of(codes: Sequence[str], system: str) -> int:
    bits = 0
    for code in codes:
        bits |= _bits_of_code(code, system)
    return bits


@lru_cache(maxsize=1 << 17)
def _bits_of_code(code: str, system: str) -> int:
    psychiatric = tuple(load("diagnoses")[system]["psychiatric"])
    bits = _ANY_CODE | (0 if code.startswith(psychiatric) else _SOMATIC)
    for name, prefixes in load("conditions")[system].items():
        if code.startswith(tuple(prefixes)):
            bits |= _BITS[name]
    return bits
