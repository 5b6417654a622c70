"""One cohort made comparable, and written.

Takes a cohort's entry and its tables; gives the participants table (with SDS), the quarantined
cells, the flow of rows, and the counts and curves as results.
"""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from igfmood import progress, results
from igfmood.cohort.analyte import numbers_below_limit
from igfmood.cohort.build import build_cohort
from igfmood.cohort.flow import Flow
from igfmood.cohort.inputs import table_path
from igfmood.cohort.quality import add_quality
from igfmood.cohort.quarantine import write_quarantine
from igfmood.cohort.schema import check_participants
from igfmood.cohort.values import in_order, no_problems
from igfmood.config.cohort import Cohort
from igfmood.config.study import Study
from igfmood.errors import DataError
from igfmood.files import whole, write_json
from igfmood.normalise.assay_qc import add_assay_qc
from igfmood.normalise.binding import add_molar_ratio, convert_protein, left_out_note
from igfmood.normalise.describe import add_normalisation
from igfmood.normalise.published import read_published
from igfmood.normalise.reach import refuse_misfit, told
from igfmood.normalise.standardise import REACH, Standardised, Standardiser, people_of
from igfmood.normalise.units import convert


@dataclass(frozen=True)
class Prepared:
    """A cohort ready for analysis.

    Parameters
    ----------
    participants, quarantine, flow
        Tables as the contracts say.
    people
        What the scores were learned from and computed for, one row for each participant's row.
    learned
        Limits, batches and curve; None where the analyte was not measured.
    """

    participants: pd.DataFrame
    quarantine: pd.DataFrame
    flow: Flow
    people: pd.DataFrame
    learned: Standardised | None


def standardiser(study: Study, cohort: Cohort) -> Standardiser:
    """Return how the analyte of a cohort is standardised.

    Raises
    ------
    DataError
        If the cohort names a published reference that cannot be used.
    """
    published = None
    if cohort.reference.table is not None:
        path = table_path(study.data_root, cohort.reference.table)
        published = read_published(path, cohort.reference, study.analyte)
    of_sex = max(study.gates.group_size, study.disclosure.min_cell)
    return Standardiser(study.normalise, study.gates.reference_people, published, of_sex)


def prepare_cohort(study: Study, cohort: Cohort) -> Prepared:
    """Read a cohort, convert its analyte and standardise it for age and sex.

    Raises
    ------
    DataError
        If a table cannot be read, or the analyte's column contradicts its unit.
    """
    analyte = study.analyte
    with progress.stage("reading and coding"):
        built = build_cohort(cohort, analyte, study.data_root)
    converted, wrong_unit = convert(built.participants, cohort, analyte)
    converted, wrong_protein = convert_protein(converted, study, cohort)
    quarantine = in_order([built.quarantine, wrong_unit, wrong_protein])
    kept = converted[~converted.index.isin(quarantine["row"])].reset_index(drop=True)
    with progress.stage("standardising"):
        table, people, learned = add_sds(kept, study, cohort)
    table = add_molar_ratio(table, study)
    scores = table[analyte.sds].to_numpy(float)
    if cohort.reference.table is not None and learned is not None:
        refuse_misfit(people, scores, cohort)
    table = check_participants(table, analyte, f"cohort {cohort.name}")
    flow = built.flow.with_participants(table, int(quarantine["row"].nunique()))
    note = numbers_below_limit(table, cohort, analyte, study.disclosure.min_cell)
    notes = [text for text in (note, left_out_note(table, cohort)) if text]
    notes += [] if learned is None else told(people, learned, scores)
    flow = replace(flow, notes=(*flow.notes, *notes))
    return Prepared(table, quarantine, flow, people, learned)


def add_sds(
    table: pd.DataFrame, study: Study, cohort: Cohort
) -> tuple[pd.DataFrame, pd.DataFrame, Standardised | None]:
    """Add the SDS, learned from the cohort's own people at the first visit or published.

    Returns
    -------
    table : DataFrame
        With ``<name>_sds`` and ``<name>_sds_method``, the harmonised value, and something standing
        for values below the detection limit.
    people : DataFrame
        What it was computed from.
    learned : Standardised or None
        What was learned; None where the analyte was not measured.
    """
    analyte = study.analyte
    people = people_of(table, analyte, reference_people(table, cohort.reference.people))
    method = f"{analyte.name}_sds_method"
    columns: dict[str, Any] = {
        analyte.harmonised: np.nan, analyte.sds: np.nan, analyte.sds_limit: np.nan, method: "",
    }  # fmt: skip
    learned = None
    if cohort.analyte is not None:
        learned = standardiser(study, cohort).fit(people[table["is_baseline"].to_numpy(bool)])
        beyond = learned.outside(people, REACH)
        columns = {
            analyte.converted: learned.filled(people),
            analyte.harmonised: learned.harmonised(people),
            analyte.sds: np.where(beyond, np.nan, learned.transform(people)),
            analyte.sds_limit: np.where(beyond, np.nan, learned.limits(people)),
            method: "" if learned.curve is None else _method(learned.curve.method, cohort),
        }
    return table.assign(**columns).astype({method: "str"}), people, learned


def _method(curve: str, cohort: Cohort) -> str:
    return curve if cohort.reference.table else f"{curve}:{cohort.reference.people}"


def reference_people(table: pd.DataFrame, group: str) -> np.ndarray:
    """Return which rows the reference curve may be learned from (bool, shape (n,))."""
    first = table["is_baseline"].to_numpy(bool)
    return (
        first & (table["diagnosis"] == "control").to_numpy(bool) if group == "controls" else first
    )


@dataclass(frozen=True)
class CohortFiles:
    """Where the files of a cohort go."""

    participants: Path
    flow: Path
    results: Path
    quarantine: Path


def write_cohort(study: Study, cohort: Cohort, source: results.Source, files: CohortFiles) -> None:
    """Prepare a cohort and write its files.

    Raises
    ------
    DataError
        If the table cannot be read, or no row of it can be analysed.
    """
    prepared = prepare_cohort(study, cohort)
    if prepared.participants.empty:
        raise DataError(
            f"{cohort.table} has no row that can be analysed; all are lost to "
            f"{prepared.flow.account(cohort)}: see private/{cohort.name}/quarantine.csv and the "
            "rules"
        )
    rows = results.Rows(source)
    prepared.flow.add_rows(rows)
    add_normalisation(rows, prepared.people, prepared.participants, prepared.learned, study)
    add_assay_qc(rows, study, cohort)
    add_quality(rows, prepared.participants, cohort, study)
    _write(prepared.participants, prepared.flow.as_dict(), prepared.quarantine, rows, files)


def write_failure(cohort: Cohort, reason: str, source: results.Source, files: CohortFiles) -> None:
    """Write the files of a cohort that failed: an empty table, and the reason."""
    rows = results.Rows(source)
    rows.add_failure(results.READING, reason)
    flow = {"cohort": cohort.name, "status": "failed", "reason": reason}
    _write(pd.DataFrame(), flow, no_problems(), rows, files)


def _write(
    participants: pd.DataFrame, flow: dict[str, Any], quarantine: pd.DataFrame,
    rows: results.Rows, files: CohortFiles,
) -> None:  # fmt: skip
    with whole(files.participants) as beside:
        participants.to_parquet(beside, index=False)
    write_json(flow, files.flow)
    write_quarantine(quarantine, files.quarantine)
    results.write(rows.table(), files.results)
