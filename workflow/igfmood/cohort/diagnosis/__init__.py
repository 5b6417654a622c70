"""Coding the diagnosis.

Takes labels, ICD and DSM codes and the scored PHQ-9; gives one diagnosis per row (control, mdd,
bipolar, scz, other, unknown) with subtype, status, mood state, source and ascertainment. Bipolar
wins over unipolar.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from igfmood.cohort.diagnosis.coding import Entry, code_codes, code_labels
from igfmood.cohort.diagnosis.meaning import Coded, Meaning
from igfmood.cohort.table import RawTable
from igfmood.cohort.texts import repeated
from igfmood.cohort.values import Parsed, spread, together
from igfmood.config.diagnosis import Diagnosis
from igfmood.errors import DataError

#: Highest PHQ-9 total of a control, plus one.
_LENIENT, _STRICT = 10, 5
_ALGORITHM = {"major": "mdd", "other": "other", "none": "control"}


def code_diagnosis(
    raw: RawTable,
    entries: Sequence[Diagnosis],
    scored: pd.DataFrame,
    missing_codes: Sequence[str],
    controls: str,
) -> tuple[pd.DataFrame, list[Parsed]]:
    """Code the diagnosis of every row.

    Parameters
    ----------
    raw
        Table of text with the columns of the entries.
    entries
        How the diagnosis is coded; several are put together by ``vocabulary.HIERARCHY``: bipolar
        anywhere wins, and nobody is a control whom another entry calls something else.
    scored
        The scored PHQ-9, shape (n_rows, ...). A converted total never meets a cut-off.
    missing_codes
        Missing codes of the whole table.
    controls
        ``as_coded``; ``lenient``: a control with a PHQ-9 of 10 or more becomes other; ``strict``:
        one of 5 or more, without a PHQ-9, or with a code of F20-F48.

    Returns
    -------
    coded : DataFrame
        ``diagnosis``, ``dx_subtype`` (bipolar_1, bipolar_2 or empty), ``dx_source`` (the entries,
        joined with +), ``dx_ascertainment`` (of the entry that decided), ``dx_status`` (current,
        remitted, lifetime or empty), ``mood_state`` (euthymic, depressed, manic, mixed or empty),
        ``control_redefined`` (bool).
    parsed : list of Parsed
        The diagnosis with the cells that are no known label or code.

    Raises
    ------
    DataError
        If labels mean several things and the study does not say which, or a column is absent.
    """
    found = [_read(raw, entry, scored, missing_codes) for entry in entries]
    questions = list(dict.fromkeys(q for entry in found for q in entry.questions))
    if questions:
        raise DataError("\n".join(questions))
    coded = Coded.of([Meaning("unknown")], np.zeros(len(raw.index), int))
    for entry, said in zip(entries, found, strict=True):
        coded = coded.joined(said.coded.with_status(entry.status), statuses_agree=False)
    redefined = _no_control(coded, scored, controls)
    columns = coded.words(raw.index)
    if redefined.any():
        columns["diagnosis"] = columns["diagnosis"].mask(redefined, "other")
    source = "+".join(_source(entry) for entry in entries)
    columns["dx_source"] = pd.Series(repeated(source, len(raw.index)), raw.index)
    columns["dx_ascertainment"] = _ascertainment(entries, found, coded, raw.index)
    columns["control_redefined"] = pd.Series(redefined, raw.index)
    problems = together(table for entry in found for table in entry.problems)
    table = pd.DataFrame(columns, index=raw.index, copy=False)
    return table, [Parsed(columns["diagnosis"], problems)]


def _read(
    raw: RawTable, entry: Diagnosis, scored: pd.DataFrame, missing_codes: Sequence[str]
) -> Entry:
    match entry.source:
        case "labels":
            return code_labels(raw, entry, missing_codes)
        case "phq9" | "phq9_algorithm":
            return Entry(_from_phq9(scored, entry))
        case _:
            return code_codes(raw, entry, missing_codes)


def _source(entry: Diagnosis) -> str:
    return f"phq9>={entry.cutoff}" if entry.source == "phq9" else entry.source


def _total(scored: pd.DataFrame) -> np.ndarray:
    """Return the PHQ-9 totals that may meet a cut-off: no conversions (shape (n_rows,))."""
    converted = scored["phq9_source"].str.startswith("converted:").to_numpy(bool)
    return np.where(converted, np.nan, scored["phq9_total"].to_numpy(float))


def _from_phq9(scored: pd.DataFrame, entry: Diagnosis) -> Coded:
    if entry.source == "phq9":
        total = _total(scored)
        names = np.select([total >= entry.cutoff, total < entry.cutoff], ["mdd", "control"], "")
    else:
        names = scored["phq9_dsm"].map(_ALGORITHM).fillna("").to_numpy()
    places, distinct = pd.factorize(names)
    return Coded.of([Meaning.of(str(name) or "unknown") for name in distinct], places)


def _no_control(coded: Coded, scored: pd.DataFrame, controls: str) -> np.ndarray:
    """Return which controls do not meet the definition of a control (bool, shape (n_rows,))."""
    if controls == "as_coded":
        return np.zeros(len(coded.rank), bool)
    control, total = coded.is_one_of(["control"]), _total(scored)
    if controls == "lenient":
        return control & (total >= _LENIENT)
    return control & (~(total < _STRICT) | coded.f20_f48)


def _ascertainment(
    entries: Sequence[Diagnosis], found: Sequence[Entry], coded: Coded, index: pd.Index
) -> pd.Series:
    """Return, per row, how the first entry that says the diagnosis found it."""
    ways, answer = ["unknown"], np.zeros(len(index), dtype=int)
    known = ~coded.is_one_of(["unknown"])
    for entry, said in reversed(list(zip(entries, found, strict=True))):
        how = entry.ascertainment
        if how == "unknown" and entry.source.startswith("phq9"):
            how = "algorithm"
        answer[known & (said.coded.rank == coded.rank)] = len(ways)
        ways.append(how)
    return spread(ways, answer, index)
