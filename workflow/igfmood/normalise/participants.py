"""One cohort made comparable, and written.

Takes a cohort's entry and its table; gives the participants table (with SDS), the quarantined
cells, the flow of rows, and the counts as results.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from igfmood import results
from igfmood.cohort.build import build_cohort
from igfmood.cohort.flow import Flow
from igfmood.cohort.schema import check_participants
from igfmood.cohort.values import no_problems
from igfmood.config.cohort import Cohort
from igfmood.config.study import Study
from igfmood.errors import DataError, NotEstimable
from igfmood.normalise.reference import ReferenceCurve, curve_inputs, fit_reference
from igfmood.normalise.units import convert


@dataclass(frozen=True)
class Prepared:
    """A cohort ready for analysis."""

    participants: pd.DataFrame
    quarantine: pd.DataFrame
    flow: Flow
    curve: ReferenceCurve | None
    sds_failure: str


def prepare_cohort(study: Study, cohort: Cohort) -> Prepared:
    """Read a cohort, convert its analyte and standardise it for age and sex.

    Raises
    ------
    DataError
        If the table cannot be read.
    """
    analyte = study.analyte
    built = build_cohort(cohort, analyte, study.data_root)
    converted, rejected = convert(built.participants, cohort, analyte)
    quarantine = pd.concat(
        [t for t in (built.quarantine, rejected) if len(t)] or [built.quarantine]
    )
    quarantine = quarantine.sort_values(["row", "column"], kind="stable").reset_index(drop=True)
    kept = converted[~converted.index.isin(rejected["row"])]
    standardised, curve, failure = add_sds(kept, study, cohort)
    table = check_participants(
        standardised.reset_index(drop=True), analyte, f"cohort {cohort.name}"
    )
    flow = built.flow.with_participants(table, int(quarantine["row"].nunique()))
    return Prepared(table, quarantine, flow, curve, failure)


def add_sds(
    table: pd.DataFrame, study: Study, cohort: Cohort
) -> tuple[pd.DataFrame, ReferenceCurve | None, str]:
    """Add the SDS learned from the cohort's own reference people at the first visit.

    Returns
    -------
    table : DataFrame
        With ``<name>_sds`` and ``<name>_sds_method``.
    curve : ReferenceCurve or None
        The curve behind it.
    failure : str
        Why there is no SDS; empty if there is.
    """
    analyte = study.analyte
    value, age, female = curve_inputs(table, analyte.converted)
    reference = reference_people(table, cohort.reference)
    try:
        if cohort.analyte is None:
            raise NotEstimable(f"{analyte.label} was not measured in this cohort")
        curve = fit_reference(
            value[reference], age[reference], female[reference],
            log=analyte.transformation == "log", min_people=study.gates.reference_people,
        )  # fmt: skip
    except NotEstimable as error:
        empty: dict[str, Any] = {analyte.sds: np.nan, f"{analyte.name}_sds_method": ""}
        return (
            table.assign(**empty).astype({f"{analyte.name}_sds_method": "str"}),
            None,
            error.reason,
        )
    scores = curve.sds(value, age, female)
    # A sex that no reference person has cannot be compared with them.
    scores[~np.isin(female, female[reference])] = np.nan
    method = f"{analyte.reference_method}:{cohort.reference}"
    columns: dict[str, Any] = {analyte.sds: scores, f"{analyte.name}_sds_method": method}
    return table.assign(**columns), curve, ""


def reference_people(table: pd.DataFrame, group: str) -> np.ndarray:
    """Return which rows the reference curve is learned from (bool, shape (n,))."""
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
            f"{prepared.flow.account()}: see private/{cohort.name}/quarantine.csv and the rules"
        )
    rows = results.Rows(source)
    prepared.flow.add_rows(rows)
    keys = {"analysis": "reference_curve", "exposure": study.analyte.sds, "measure": "n"}
    if prepared.curve is None:
        rows.add_not_estimable(prepared.sds_failure, **keys)
    else:
        rows.add(
            **keys, estimate=prepared.curve.n, n=prepared.curve.n, method=prepared.curve.describe()
        )
    _write(prepared.participants, prepared.flow.as_dict(), prepared.quarantine, rows, files)


def write_failure(cohort: Cohort, reason: str, source: results.Source, files: CohortFiles) -> None:
    """Write the files of a cohort that failed: an empty table, and the reason."""
    rows = results.Rows(source)
    rows.add_failure("cohort", reason)
    flow = {"cohort": cohort.name, "status": "failed", "reason": reason}
    _write(pd.DataFrame(), flow, no_problems(), rows, files)


def _write(
    participants: pd.DataFrame, flow: dict[str, Any], quarantine: pd.DataFrame,
    rows: results.Rows, files: CohortFiles,
) -> None:  # fmt: skip
    participants.to_parquet(files.participants, index=False)
    text = json.dumps(flow, indent=2, ensure_ascii=False)
    files.flow.write_text(text + "\n", encoding="utf-8")
    quarantine.to_csv(files.quarantine, index=False, lineterminator="\n")
    results.write(rows.table(), files.results)
