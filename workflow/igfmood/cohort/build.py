"""From a raw table to participants.

Takes a cohort's entry and its table; gives one row per participant and visit under canonical
names, the quarantined cells, and the flow of rows. Every row of the file ends in exactly one place.
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa

from igfmood.cohort.analyte import (
    parse_analyte,
    parse_binding_protein,
    protein_beyond_limit,
)
from igfmood.cohort.conditions import code_conditions
from igfmood.cohort.derive import merged, with_derived
from igfmood.cohort.diagnosis import code_diagnosis
from igfmood.cohort.flow import Flow
from igfmood.cohort.inputs import resolve
from igfmood.cohort.medication import code_medication
from igfmood.cohort.questionnaires import no_phq9, score_phq9, score_scales
from igfmood.cohort.read import read_cohort
from igfmood.cohort.rules import excluded_by, not_applicable
from igfmood.cohort.table import RawTable
from igfmood.cohort.texts import TEXT, repeated, to_arrow, to_pandas, without_empty
from igfmood.cohort.values import (
    Parsed,
    check_range,
    in_order,
    is_missing,
    no_problems,
    normal_code,
    parse_band,
    parse_category,
    parse_date,
    parse_flag,
    parse_number,
    parse_text,
    problems_at,
    recode,
    together,
)
from igfmood.config.cohort import ROW_NUMBER, Cohort, Column
from igfmood.config.study import Analyte
from igfmood.config.vocabulary import VARIABLES, Variable
from igfmood.errors import DataError

#: Visit of every row of a table without visits.
ONLY_VISIT = "baseline"

#: Variables that every row must have, and what is wrong with a row that has not.
_KEYS = {"participant_id": "participant without an id", "visit": "row without a visit"}


@dataclass(frozen=True)
class Built:
    """A cohort after reading: participants, quarantined cells, flow of rows.

    `excluded` names the rule that left out each row that one did, by the row of the file. `unread`
    are cells that could not be read either, and are missing instead.
    """

    participants: pd.DataFrame
    quarantine: pd.DataFrame
    flow: Flow
    excluded: pd.Series
    unread: pd.DataFrame = field(default_factory=no_problems)


def build_cohort(
    cohort: Cohort, analyte: Analyte, data_root: Path | str, optional: Sequence[str] = ()
) -> Built:
    """Read, map, score, code and select one cohort.

    Parameters
    ----------
    cohort
        The cohort's entry in the configuration.
    analyte
        The analyte of the study.
    data_root
        Folder of the tables.
    optional
        Columns (* as wildcard) for whose cells no row is quarantined: what cannot be read there is
        missing.

    Returns
    -------
    Built
        Participants with one row per participant and visit, indexed by the row of the file.

    Raises
    ------
    DataError
        If a table cannot be read, a label is ambiguous, or a participant stands twice where the
        study calls that an error.
    """
    cohort = resolve(cohort, data_root)
    raw = read_cohort(cohort, data_root)
    mapped, problems = _map(raw, cohort, analyte)
    problems = [found for found in problems if len(found)]
    if raw.ragged.any():  # Of a ragged row nothing else can be said.
        problems = [found[~found["row"].isin(raw.index[raw.ragged])] for found in problems]
        problems.append(_ragged(raw))
    problems.append(_duplicates(mapped, raw.cells, cohort))
    found = in_order(problems)
    spared = found["column"].map(lambda name: _is_one_of(name, optional)).astype(bool)
    quarantine = found[~spared].reset_index(drop=True)
    notes = [note for note in (*raw.notes, protein_beyond_limit(raw, cohort)) if note]
    flow = Flow(cohort.name, len(raw.cells), joined=tuple(raw.joined), notes=tuple(notes))
    flow = flow.before_exclusions(mapped)
    clean = ~mapped.index.isin(quarantine["row"])
    idle = not_applicable(mapped, cohort, clean)
    reason = excluded_by(mapped, cohort, analyte, idle)[clean]
    rules = [rule.name for rule in (*cohort.include, *cohort.exclude) if rule.name not in idle]
    flow = flow.with_exclusions(reason, rules, idle)
    excluded = (reason != "").to_numpy(bool)
    clean[clean] = ~excluded
    return Built(mapped[clean], quarantine, flow, reason[excluded], found[spared])


def _ragged(raw: RawTable) -> pd.DataFrame:
    """Return the rows of the wrong length, shown by their first cell."""
    # An entry that reads no column at all still has rows.
    first = raw.cells.iloc[:, 0] if raw.cells.shape[1] else pd.Series("", index=raw.index, name="")
    return problems_at(first, raw.ragged, "row has another number of fields than the header")


def _is_one_of(name: str, columns: Sequence[str]) -> bool:
    return any(name == column or fnmatchcase(name, column) for column in columns)


def _map(
    raw: RawTable, cohort: Cohort, analyte: Analyte
) -> tuple[pd.DataFrame, list[pd.DataFrame]]:
    """Return every row under canonical names, and the cells that could not be read."""
    columns: dict[str, pd.Series] = {}
    problems: list[pd.DataFrame] = []
    for name, parsed in _variables(raw, cohort):
        columns[name] = parsed.values
        problems.append(parsed.problems)
    columns = _identified(_with_age_and_sex(columns, raw.index), cohort)
    measured, parsed_analyte = parse_analyte(raw, cohort, analyte)
    protein, parsed_protein = parse_binding_protein(raw, cohort)
    coded, parsed_codes = _coded(raw, cohort)
    parsed_all = (*parsed_analyte, *parsed_protein, *parsed_codes)
    problems += [column.problems for column in parsed_all]
    words = {name: without_empty(coded[name]) for name in ("dx_status", "mood_state")}
    derived = {name: words.get(name, coded[name]) for name in coded if name in VARIABLES}
    columns = with_derived(merged(columns, derived), cohort)
    columns |= _columns(measured, protein)
    columns |= {name: column for name, column in coded.items() if name not in derived}
    return pd.DataFrame(columns, index=raw.index, copy=False), problems


def _with_age_and_sex(columns: dict[str, pd.Series], index: pd.Index) -> dict[str, pd.Series]:
    """Return the columns, age and sex first: a source without one of them is a cohort too."""
    first = {
        name: columns[name] if name in columns else pd.Series(None, index, dtype=kind)
        for name, kind in (("age_years", "float"), ("sex", "str"))
    }
    return first | columns


def _coded(raw: RawTable, cohort: Cohort) -> tuple[dict[str, pd.Series], list[Parsed]]:
    """Return questionnaires, diagnosis, drugs and other diseases of every row."""
    codes = cohort.missing
    questionnaire = score_phq9(raw, cohort.phq9, codes) if cohort.phq9 else (no_phq9(raw.index), [])
    scored, _ = questionnaire
    parts = [
        questionnaire,
        score_scales(raw, cohort.scales, codes),
        code_diagnosis(raw, cohort.diagnosis, scored, codes, cohort.controls),
        code_conditions(raw, cohort.conditions, cohort.diagnosis, codes),
    ]
    if cohort.medication:
        parts.append(code_medication(raw, cohort.medication, codes))
    return _columns(*(table for table, _ in parts)), [p for _, read in parts for p in read]


def _columns(*tables: pd.DataFrame) -> dict[str, pd.Series]:
    return {str(name): column for table in tables for name, column in table.items()}


def _variables(raw: RawTable, cohort: Cohort) -> Iterator[tuple[str, Parsed]]:
    for name, entry in cohort.columns.items():
        if entry.column == ROW_NUMBER:
            rows = pd.Series(raw.index.astype(str), index=raw.index, name=ROW_NUMBER)
            yield name, Parsed(rows, no_problems())
            continue
        column = raw[entry.column]
        missing = is_missing(column, [*cohort.missing, *entry.missing])
        if "" in entry.recode:
            missing &= (column != "").to_numpy(bool)
        parsed = _parse(raw, entry, VARIABLES[name], missing)
        if name in _KEYS:
            lost = problems_at(column, missing, _KEYS[name])
            parsed = Parsed(parsed.values, together([parsed.problems, lost]))
        yield name, parsed


def _parse(raw: RawTable, entry: Column, variable: Variable, missing: np.ndarray) -> Parsed:
    column = raw[entry.column]
    codes = raw.codes(entry.column, entry.recode)
    match variable.kind:
        case "number":
            read = parse_band if entry.bands else parse_number
            # Labels of a number (refused, top-coded) are words: only what the study says counts.
            decimal = raw.decimal(entry.column)
            meant = {code: number.replace(".", decimal) for code, number in entry.recode.items()}
            numbers = read(recode(column, meant), missing, decimal)
            if entry.factor != 1:
                numbers = Parsed(numbers.values * entry.factor, numbers.problems)
            return check_range(numbers, column, variable)
        case "date":
            return parse_date(column, missing, entry.date_format)
        case "category":
            return parse_category(column, codes, missing, variable)
        case "flag":
            return parse_flag(column, codes, missing, variable)
        case _:
            return parse_text(column, codes, missing)


def _identified(columns: Mapping[str, pd.Series], cohort: Cohort) -> dict[str, pd.Series]:
    """Return the columns with ids replaced by their hash, and the first visit marked."""
    ids = columns["participant_id"]
    keys = to_arrow(ids).to_pylist()
    digests = [
        None if key is None else hashlib.sha256(key.encode()).hexdigest()[:16] for key in keys
    ]
    hashed = pd.Series(to_pandas(pa.array(digests, TEXT)), index=ids.index)
    visit = columns.get("visit")
    if visit is None:
        visit = pd.Series(repeated(ONLY_VISIT, len(ids)), ids.index)
        first = np.ones(len(ids), bool)
    else:
        first = _is_first(visit, cohort)
    baseline = pd.Series(first, ids.index)
    return {**columns, "participant_id": hashed, "visit": visit, "is_baseline": baseline}


def _is_first(visit: pd.Series, cohort: Cohort) -> np.ndarray:
    """Return which rows are of the first visit (bool, shape (n_rows,)).

    Raises
    ------
    DataError
        If no row is.
    """
    first = normal_code(cohort.baseline or ONLY_VISIT)
    places, visits = pd.factorize(visit.array)
    # The last answer is that of rows without a visit, whose place is -1.
    is_first = np.array([*(normal_code(name) == first for name in visits), False])
    baseline = is_first[places]
    if not baseline.any():
        known = ", ".join(repr(name) for name in visit.dropna().unique()[:6])
        raise DataError(
            f"cohort {cohort.name!r}: no row has the first visit {cohort.baseline!r}; column "
            f"{cohort.columns['visit'].column!r} holds {known}: correct baseline"
        )
    return baseline


def _duplicates(mapped: pd.DataFrame, raw: pd.DataFrame, cohort: Cohort) -> pd.DataFrame:
    """Return rows that repeat a participant and visit.

    Of rows that are identical in every column the first is kept; where they differ nobody can
    know which is right, and all of them are quarantined.

    Raises
    ------
    DataError
        If the study says that a repeated participant is an error.
    """
    pairs = _pairs(mapped, "visit" in cohort.columns)
    repeated = (pairs >= 0) & (np.bincount(pairs + 1)[pairs + 1] > 1)
    if not repeated.any():
        return no_problems()
    if cohort.duplicates == "error":
        places = ", ".join(map(str, mapped.index[repeated][:6]))
        raise DataError(
            f"cohort {cohort.name!r}: {int(repeated.sum())} rows repeat a participant and visit "
            f"(rows {places} ...): name the column of the visit in columns.visit, or set "
            "duplicates: quarantine"
        )
    copies = _copies(raw, repeated)
    pairs = pairs[repeated]
    differ = np.bincount(pairs, weights=~copies)[pairs] > 1
    # The file is private, and without the id nobody finds the rows.
    shown = raw[cohort.columns["participant_id"].column][repeated]
    if "visit" in cohort.columns:
        shown = shown + ", visit " + mapped["visit"][repeated]
    shown = shown.rename("participant_id/visit")
    found = [
        problems_at(shown, copies & ~differ, "row is a copy of an earlier row"),
        problems_at(shown, differ, "same participant and visit as another row with other values"),
    ]
    return together(found)


def _pairs(mapped: pd.DataFrame, visits_differ: bool) -> np.ndarray:
    """Return a number for the participant and visit of each row, -1 without one; (n_rows,)."""
    people, _ = pd.factorize(mapped["participant_id"].array)
    if not visits_differ:
        return people
    visits, names = pd.factorize(mapped["visit"].array)
    pairs, _ = pd.factorize(people * len(names) + visits)
    return np.where((people < 0) | (visits < 0), -1, pairs)


def _copies(raw: pd.DataFrame, repeated: np.ndarray) -> np.ndarray:
    """Return which of the repeated rows equal an earlier one in every cell; (n_repeated,)."""
    at = pa.array(np.flatnonzero(repeated))
    cells = [to_arrow(column).take(at).to_pylist() for _, column in raw.items()]
    rows = pd.Series(list(zip(*cells, strict=True)))
    return rows.duplicated().to_numpy(bool)
