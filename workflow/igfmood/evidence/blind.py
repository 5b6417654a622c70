"""The cohorts of a study with outcomes withheld.

Takes the raw tables; gives flow, reference curves, batches, gaps and sizes as results, from which
no relation of the analyte to an outcome can be read. Diagnoses are used for the reference people,
the counts of people and what batches are adjusted for; no participants are written.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd

from igfmood import results
from igfmood.association.describe import add_description
from igfmood.cohort.inputs import table_path
from igfmood.cohort.overlap import add_pair, find_overlap, left_out
from igfmood.cohort.quality.agreement import add_questionnaire
from igfmood.cohort.quality.batches import add_batches
from igfmood.cohort.quality.columns import add_lag, add_missing
from igfmood.cohort.quality.differences import add_measured_against_not
from igfmood.cohort.quality.digits import add_digits
from igfmood.cohort.quarantine import write_quarantine
from igfmood.cohort.values import no_problems
from igfmood.config.cohort import Cohort
from igfmood.config.load import load_claims
from igfmood.config.study import Study
from igfmood.errors import DataError
from igfmood.evidence.sizes import add_sizes
from igfmood.files import write_json
from igfmood.jobs import or_record
from igfmood.normalise.assay_qc import add_assay_qc
from igfmood.normalise.describe import add_normalisation
from igfmood.normalise.participants import Prepared, prepare_cohort
from igfmood.provenance import file_digest
from igfmood.results import READING, Rows, Source

#: Group that stands for everybody, whatever the diagnosis.
EVERYBODY = "unknown"
#: Beginnings of the names of columns that hold an outcome.
_OUTCOMES = (
    "phq", "dx_", "mood_state", "control_redefined", "cognition_score", "hippocampal_volume",
    "response", "incident_", "followup_years", "entry_years",
)  # fmt: skip
#: What may be told of the normalisation, by analysis. Levels of everybody beside those of the
#: reference people would tell how the others differ from them.
_TOLD = {
    "reference_curve": ("n", "held_at_end", "out_of_reach", "p3", "p10", "p50", "p90", "p97"),
    "reference_coverage": ("coverage",),
    "reference_worm": ("deviation",),
    "batch": ("ratio", "sd_ratio"),
}


@dataclass(frozen=True)
class BlindFiles:
    """Where a blind run writes: results, flows of all cohorts, and each cohort's quarantine."""

    results: Path
    flows: Path
    quarantine: Mapping[str, Path]


def describe_blind(study: Study, claims_file: Path, code: str, files: BlindFiles) -> None:
    """Prepare every cohort and write what may be known of it before outcomes are read.

    Parameters
    ----------
    study
        The study.
    claims_file
        The claims, for the sizes.
    code
        Digest of the code.
    files
        Where to write.
    """
    pooled = Rows(Source(study.study, results.POOLED, study.seed, code, "", study.level))
    tables: dict[str, pd.DataFrame] = {}
    flows: list[dict[str, Any]] = []
    found: list[pd.DataFrame] = []
    for cohort in study.cohorts:
        rows = Rows(_source(study, cohort, code))
        quarantine = files.quarantine[cohort.name]
        write_quarantine(no_problems(), quarantine)
        or_record(
            partial(_describe, study, cohort, rows, tables, flows, quarantine),
            partial(_record, cohort, rows, flows),
        )
        found.append(rows.table())
    pairs = find_overlap(tables, study)
    for pair in pairs:
        add_pair(pooled, pair, study.analyte)
    add_sizes(pooled, study, load_claims(claims_file).claims, tables, left_out(pairs))
    results.write(results.concatenate([*found, pooled.table()]), files.results)
    write_json(flows, files.flows)


def _source(study: Study, cohort: Cohort, code: str) -> Source:
    inputs = file_digest([table_path(study.data_root, table) for table in cohort.files()])
    return Source(study.study, cohort.name, study.seed, code, inputs, study.level)


def _describe(
    study: Study, cohort: Cohort, rows: Rows, tables: dict[str, pd.DataFrame],
    flows: list[dict[str, Any]], quarantine: Path,
) -> None:  # fmt: skip
    """Add what may be told of one cohort."""
    prepared = prepare_cohort(study, cohort)
    write_quarantine(prepared.quarantine, quarantine)
    if prepared.participants.empty:
        raise DataError(
            f"{cohort.table} has no row that can be analysed; all are lost to "
            f"{prepared.flow.account(cohort)}: see {quarantine} and the rules"
        )
    told = Rows(rows.source)
    prepared.flow.add_rows(told)
    _add_normalisation(told, prepared, study)
    add_assay_qc(told, study, cohort)
    _add_quality(told, prepared.participants, cohort, study)
    rows.rows += told.rows
    flows.append(prepared.flow.as_dict())
    tables[cohort.name] = prepared.participants


def _record(cohort: Cohort, rows: Rows, flows: list[dict[str, Any]], reason: str) -> None:
    rows.add_failure(READING, reason)
    flows.append({"cohort": cohort.name, "status": "failed", "reason": reason})


def withheld(participants: pd.DataFrame) -> pd.DataFrame:
    """Return the participants as one group, without any outcome."""
    outcomes = [name for name in participants if str(name).startswith(_OUTCOMES)]
    return participants.drop(columns=outcomes).assign(diagnosis=EVERYBODY)


def _add_normalisation(rows: Rows, prepared: Prepared, study: Study) -> None:
    everything = Rows(rows.source)
    no_contrast = study.model_copy(update={"tasks": []})
    add_normalisation(
        everything, prepared.people, withheld(prepared.participants), prepared.learned, no_contrast
    )
    rows.rows += [
        row for row in everything.rows if row["measure"] in _TOLD.get(row["analysis"], ())
    ]


def _add_quality(rows: Rows, participants: pd.DataFrame, cohort: Cohort, study: Study) -> None:
    """Add the quality of the columns; who is in which batch is told by group, in counts."""
    first = participants[participants["is_baseline"]].reset_index(drop=True)
    if first.empty:
        rows.add_not_estimable("nobody has a first visit", analysis="quality", measure="missing")
        return
    alike = withheld(first)
    described = Rows(rows.source)
    add_description(described, alike, study)
    levels = (study.analyte.converted, study.analyte.below_lod)
    rows.rows += [
        row for row in described.rows if row["term"] not in levels or row["measure"] == "missing"
    ]
    add_missing(rows, first, study, lambda people: [("all", people), (EVERYBODY, people)])
    add_digits(rows, alike, study)
    if cohort.phq9:
        add_questionnaire(rows, first, study.gates.group_size)
    add_lag(rows, alike, study.gates.group_size)
    if cohort.analyte:
        add_batches(rows, first, study)
        add_measured_against_not(rows, alike.drop(columns="diagnosis"), study)
