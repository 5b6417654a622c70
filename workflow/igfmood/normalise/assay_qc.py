"""Control measurements of a cohort's assay, as results.

Takes the table that `assay_qc` of a cohort names; gives variation between and within lots, drift
over a lot's life and each lot's deviation.
"""

from dataclasses import dataclass

import numpy as np

from igfmood import results
from igfmood.cohort.read import read_table, table_path
from igfmood.cohort.values import is_missing, parse_number, parse_text
from igfmood.config.cohort import Cohort
from igfmood.config.study import Study
from igfmood.config.table import TableFormat
from igfmood.errors import DataError, NotEstimable
from igfmood.normalise.lots import qc_lots


@dataclass(frozen=True)
class ControlSamples:
    """Measurements of a control sample, each of shape (n,).

    Parameters
    ----------
    concentration
        Above 0.
    days
        Age of the lot, days.
    lot
        Name of the lot.
    """

    concentration: np.ndarray
    days: np.ndarray
    lot: np.ndarray


def read_control_samples(study: Study, cohort: Cohort) -> ControlSamples | None:
    """Read the control measurements of a cohort; None where it names none.

    Raises
    ------
    DataError
        If the table cannot be read, or a cell is no positive number.
    """
    entry = cohort.assay_qc
    if entry is None:
        return None
    path = table_path(study.data_root, entry.table)
    names = [entry.concentration, entry.days, entry.lot]
    raw = read_table(path, names, TableFormat())
    numbers = {}
    for name in names[:2]:
        parsed = parse_number(raw[name], is_missing(raw[name], []), raw.decimal(name))
        bad = parsed.values.isna()
        if name == entry.concentration:
            bad |= parsed.values <= 0
        if bad.any():
            place = int(bad.to_numpy().argmax())
            kind = "a positive number" if name == entry.concentration else "a number"
            raise DataError(
                f"{path}, row {place + 1}, column {name!r}: {raw[name].iloc[place]!r} is not {kind}"
            )
        numbers[name] = parsed.values.to_numpy(float)
    lot = parse_text(raw[entry.lot], {}, is_missing(raw[entry.lot], [])).values
    if lot.isna().any():
        place = int(lot.isna().to_numpy().argmax())
        raise DataError(f"{path}, row {place + 1}: no lot in column {entry.lot!r}")
    return ControlSamples(numbers[entry.concentration], numbers[entry.days], lot.to_numpy(str))


def add_assay_qc(rows: results.Rows, study: Study, cohort: Cohort) -> None:
    """Add the mixed model of the control measurements, where the cohort names them.

    A fault of their table is a row with the reason: the people of the cohort are not concerned.
    """
    keys = {"analysis": "assay_lots", "exposure": study.analyte.name}
    try:
        found = read_control_samples(study, cohort)
        if found is None:
            return
        lots = qc_lots(found.concentration, found.days, found.lot, level=rows.source.level)
    except DataError as error:
        rows.add_not_estimable(str(error), **keys, measure="level")
        return
    except NotEstimable as error:
        rows.add_not_estimable(error.reason, **keys, measure="level")
        return
    for row in lots.to_dict("records"):
        boundary = f"; on the boundary: {row['boundary']}" if row["boundary"] else ""
        known = {name: row[name] for name in ("se", "ci_low", "ci_high") if np.isfinite(row[name])}
        rows.add(
            **keys, stratum=str(row["lot"]), measure=row["quantity"], estimate=row["estimate"],
            **known, n=int(row["n"]),
            method=f"REML, random intercept and slope in the lot's age ({row['unit']}){boundary}",
        )  # fmt: skip
