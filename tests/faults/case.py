"""What a fault is, and how it is tried: through configuration, tables and command line.

Takes a case: how files are made, how the study reads them, and what must become of it. Gives the
checks: one clear error, or quarantine with the row counted, or the right values; never a
traceback, silence or a wrong value.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd
import yaml

from faults import sound
from igfmood import results
from igfmood.cohort.inputs import load_study
from igfmood.config.load import read_yaml
from igfmood.errors import ConfigError, DataError
from igfmood.normalise.participants import CohortFiles, Prepared, write_cohort
from igfmood.synthesis.genetic_tables import refuse_wrong_tables
from igfmood.synthesis.literature import refuse_unreadable

#: Columns that must stay as they are in every row that a fault does not touch.
_KEPT = {
    "age_years": "age", "sex": "sex", "igf1_value": "igf1", "diagnosis": "dx",
    "phq9_total": "phq", "bmi": "bmi",
}  # fmt: skip
Person = tuple[str, str]


_sound_table = sound.file(sound.SOUND)


@dataclass(frozen=True)
class Case:
    """One broken table or configuration.

    Parameters
    ----------
    name
        What is broken.
    make
        Writes the tables into the folder of the data.
    entry, study
        Changes of the cohort's entry and of the study.
    config
        The study's file as it is written, instead of `entry` and `study`.
    claims
        The claims file.
    error
        Phrases of the one error: where, what was found, what to do. Empty: no error.
    kind
        Its class: ConfigError before any job starts, DataError once the table is read.
    quarantine
        Row: phrase of the reason; exactly these rows are quarantined.
    rows_in
        Rows that the account must add up to.
    values
        (participant, variable): value that must be read; None is missing.
    free
        Participants whose other values are not those of the sound table.
    """

    name: str
    make: sound.Make = _sound_table
    entry: Mapping[str, Any] = field(default_factory=dict)
    study: Mapping[str, Any] = field(default_factory=dict)
    config: str | bytes | None = None
    claims: str | None = sound.CLAIMS
    error: tuple[str, ...] = ()
    kind: type[Exception] = ConfigError
    quarantine: Mapping[int, str] = field(default_factory=dict)
    rows_in: int = sound.N_ROWS
    values: Mapping[Person, Any] = field(default_factory=dict)
    free: frozenset[str] = frozenset()


def refused(name: str, make: sound.Make, *error: str, **about: Any) -> Case:
    """Return a fault that is found before any job starts."""
    return Case(name, make, error=error, kind=ConfigError, **about)


def fails(name: str, make: sound.Make, *error: str, **about: Any) -> Case:
    """Return a fault that shows when the table is read."""
    return Case(name, make, error=error, kind=DataError, **about)


def misconfigured(name: str, entry: Mapping[str, Any], *error: str, **about: Any) -> Case:
    """Return a fault of the configuration over a sound table."""
    return Case(name, entry=entry, error=error, **about)


def lay_out(case: Case, folder: Path) -> Path:
    """Write the files of a case, and return the study's file; its paths are relative to folder."""
    (folder / "data").mkdir()
    case.make(folder / "data")
    if case.claims is not None:
        (folder / "claims.yaml").write_text(case.claims, encoding="utf-8")
    content = case.config
    if content is None:
        mapping = sound.study(sound.entry(**case.entry), **case.study)
        content = yaml.safe_dump(mapping, allow_unicode=True, sort_keys=False)
    path = folder / "study.yaml"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def write(path: Path) -> CohortFiles:
    """Do what a run does before any job, and its first rule with the first cohort."""
    study = load_study(read_yaml(path))
    refuse_unreadable(study)
    refuse_wrong_tables(study)
    cohort = study.cohorts[0]
    out = path.parent / "out"
    out.mkdir()
    files = CohortFiles(
        out / "participants.parquet", out / "flow.json", out / "cohort.parquet",
        out / "quarantine.csv",
    )  # fmt: skip
    source = results.Source(study.study, cohort.name, study.seed, "c0de", "da7a")
    write_cohort(study, cohort, source, files)
    return files


def check_account(case: Case, prepared: Prepared) -> None:
    """Check that every row is in one place, and the quarantined ones for the right reason."""
    flow, lost = prepared.flow, prepared.quarantine
    assert flow.rows_in == case.rows_in
    assert flow.rows_in == flow.analysed + sum(flow.excluded.values()) + flow.quarantined
    assert flow.analysed == len(prepared.participants)
    assert set(lost["row"]) == set(case.quarantine), lost.to_string()
    assert flow.quarantined == len(case.quarantine)
    assert (lost[["column", "reason"]] != "").all(axis=None)
    for row, phrase in case.quarantine.items():
        said = lost.loc[lost["row"] == row, ["column", "value", "reason"]].agg(" ".join, axis=1)
        assert any(phrase in text for text in said), (row, phrase, said.tolist())


def check_values(case: Case, prepared: Prepared) -> None:
    """Check that no value is another than the sound table's, or the one that the case states."""
    participants = prepared.participants.set_index("participant_id")
    for cells in sound.rows():
        person = dict(zip(sound.HEADER, cells, strict=True))
        if person["id"] in case.free or key(person["id"]) not in participants.index:
            continue
        for variable, column in _KEPT.items():
            expected = case.values.get((person["id"], variable), person[column])
            found = participants.loc[key(person["id"]), variable]
            assert same(found, expected), (person["id"], variable, found, expected)
    for (name, variable), expected in case.values.items():
        found = participants.loc[key(name), variable]
        assert same(found, expected), (name, variable, found, expected)


def key(name: str) -> str:
    """Return the key of a participant as the participants table holds it."""
    return hashlib.sha256(name.encode()).hexdigest()[:16]


def same(found: Any, expected: Any) -> bool:
    """Return whether a value is the one expected (text stands for the number it says)."""
    if expected is None:
        return bool(pd.isna(found))
    if isinstance(found, str):
        return found == expected
    return not pd.isna(found) and abs(float(found) - float(expected)) < 1e-9
