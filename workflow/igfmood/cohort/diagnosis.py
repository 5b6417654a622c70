"""Coding the diagnosis.

Takes labels, ICD-10 codes or the PHQ-9 total; gives one diagnosis per row (control, mdd, bipolar,
scz, other, unknown), its subtype and its source. Bipolar wins over unipolar.
"""

import re
from fnmatch import fnmatchcase

import numpy as np
import pandas as pd

from igfmood.cohort.table import RawTable
from igfmood.cohort.values import Parsed, is_missing, no_problems, normal_code, problems_at
from igfmood.config.diagnosis import Diagnosis
from igfmood.config.vocabulary import SUBTYPES

_CODE = re.compile(r"[A-Z]\d{2}(\.?[0-9A-Z]{1,4})?")
#: ICD-10 (WHO 2019, chapter V): prefix and diagnosis, the first that is found in a row wins.
_ICD10 = (
    (("F30", "F31"), "bipolar"),
    (tuple(f"F2{digit}" for digit in range(10)), "scz"),
    (("F32", "F33", "F341"), "mdd"),
)


def code_diagnosis(
    raw: RawTable, entry: Diagnosis | None, phq9_total: pd.Series, missing_codes: list[str]
) -> tuple[pd.DataFrame, list[Parsed]]:
    """Code the diagnosis of every row.

    Returns
    -------
    coded : DataFrame
        ``diagnosis``, ``dx_subtype`` (bipolar_1, bipolar_2 or empty), ``dx_source``.
    parsed : list of Parsed
        The coded column with its problems: labels and codes that are not known.
    """
    if entry is None:
        labels = Parsed(pd.Series("unknown", index=raw.index), no_problems())
        source = ""
    elif entry.source == "phq9":
        labels = Parsed(_from_phq9(phq9_total, entry.cutoff), no_problems())
        source = f"phq9>={entry.cutoff}"
    else:
        given = _given(raw, entry, missing_codes)
        if entry.source == "labels":
            labels = _from_labels(_first(given), entry)
        else:
            labels = _from_icd10(_all(given), entry)
        source = entry.source
    subtype = labels.values.where(labels.values.isin(list(SUBTYPES)), "")
    coded = pd.DataFrame(
        {
            "diagnosis": labels.values.replace(SUBTYPES).astype("str"),
            "dx_subtype": subtype.astype("str"),
            "dx_source": source,
        }
    ).astype({"dx_source": "str"})
    return coded, [labels]


def _given(raw: RawTable, entry: Diagnosis, missing_codes: list[str]) -> pd.DataFrame:
    """Return the columns of the diagnosis, empty where a code means missing."""
    codes = [*missing_codes, *entry.missing]
    return raw.cells[entry.columns].apply(lambda column: column.mask(is_missing(column, codes), ""))


def _first(given: pd.DataFrame) -> pd.Series:
    """Return, per row, the first of the columns that has a value."""
    text = pd.Series("", index=given.index, dtype=object)
    for name in given:
        text = text.mask(text == "", given[name])
    return text.rename("/".join(given.columns))


def _all(given: pd.DataFrame) -> pd.Series:
    """Return, per row, the codes of all columns: the hierarchy is applied to them together."""
    text = given.iloc[:, 0].astype(object)
    for name in given.columns[1:]:
        text = text + " " + given[name]
    return text.str.strip().rename("/".join(given.columns))


def _from_phq9(total: pd.Series, cutoff: int) -> pd.Series:
    return pd.Series(
        np.select([total >= cutoff, total < cutoff], ["mdd", "control"], "unknown"),
        index=total.index,
    )


def _from_labels(text: pd.Series, entry: Diagnosis) -> Parsed:
    patterns = {normal_code(label): meaning for label, meaning in entry.labels.items()}

    def meaning(label: str) -> str | None:
        word = normal_code(label)
        if not word:
            return entry.no_code
        if word in patterns:
            return patterns[word]
        return next((m for pattern, m in patterns.items() if fnmatchcase(word, pattern)), None)

    values = text.map({label: meaning(label) for label in text.unique()})
    return _parsed(text, values, "is no known label: add it to diagnosis.labels or missing")


def _from_icd10(text: pd.Series, entry: Diagnosis) -> Parsed:
    values = text.map({codes: _icd10_meaning(codes, entry) for codes in text.unique()})
    return _parsed(text, values, "is not a list of ICD-10 codes such as F32.1 E11")


def _icd10_meaning(text: str, entry: Diagnosis) -> str | None:
    codes = [code for code in re.split(r"[\s;,|]+", text.upper()) if code]
    if not codes:
        return entry.no_code
    if not all(_CODE.fullmatch(code) for code in codes):
        return None
    plain = [code.replace(".", "") for code in codes]
    for prefixes, meaning in _ICD10:
        if any(code.startswith(prefixes) for code in plain):
            return meaning
    mood = any(code.startswith("F3") for code in plain)
    return "other" if mood else entry.other_code


def _parsed(text: pd.Series, values: pd.Series, reason: str) -> Parsed:
    unknown = values.isna()
    return Parsed(values.fillna("unknown"), problems_at(text, unknown, reason))
