"""Published reference curves that a study brings along.

Takes the file that a cohort's `reference.table` names; gives a curve in the study's unit.
"""

from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd

from igfmood.cohort.read import header, read_table
from igfmood.cohort.values import is_missing, parse_number
from igfmood.config.measurement import Reference
from igfmood.config.study import Analyte
from igfmood.config.table import TableFormat
from igfmood.errors import DataError
from igfmood.normalise.curves.published import PublishedCurve, published_curve

_COLUMNS = ("item", "sex", "age", "mu", "sigma", "nu", "tau")


def read_published(path: Path, reference: Reference, analyte: Analyte) -> PublishedCurve:
    """Read a published table: LMS (mu, sigma, nu) or, with tau, BCPE.

    Raises
    ------
    DataError
        If the file cannot be read, lacks a column, or holds what no curve can be made of.
    """
    assert reference.unit is not None  # the configuration asks for it with the table
    scale = analyte.factor(reference.unit, analyte.unit)
    curve = _read(path, path.stat().st_mtime_ns, scale, analyte.name)
    _check_unit(path, curve, reference, analyte)
    return curve


@cache
def _read(path: Path, _changed: int, scale: float, item: str) -> PublishedCurve:
    """Read once per process: cross-validation asks for the curve in every fold."""
    table = _cells(path)
    if "item" in table:
        table = table[table["item"] == item]
        if table.empty:
            raise DataError(f"{path} has no rows with item {item!r}")
    if "mu" in table:
        table = table.assign(mu=pd.to_numeric(table["mu"], errors="coerce") * scale)
    try:
        return published_curve(table, "bcpe" if "tau" in table else "lms")
    except DataError as error:
        raise DataError(f"{path}: {error}") from error


def _cells(path: Path) -> pd.DataFrame:
    """Return the columns of the table, numbers with a decimal point; other cells as they stand."""
    names = [name for name in header(path, TableFormat()) if name in _COLUMNS]
    raw = read_table(path, names, TableFormat())
    if raw.ragged.any():
        row = raw.index[raw.ragged.to_numpy(bool)][0]
        raise DataError(f"{path}, row {row}: another number of fields than the header")
    table = raw.cells.astype(object)
    for name in names:
        if name not in ("item", "sex"):
            parsed = parse_number(raw[name], is_missing(raw[name], []), raw.decimal(name)).values
            table[name] = parsed.astype(object).where(parsed.notna(), raw[name])
    return table.reset_index(drop=True)


def _check_unit(path: Path, curve: PublishedCurve, reference: Reference, analyte: Analyte) -> None:
    """Refuse a table whose medians no cohort can have in the unit that is declared."""
    if analyte.usual_median is None:
        return
    low, high = analyte.usual_median
    median = float(np.median([row[1] for rows in curve.rows.values() for row in rows]))
    if not low <= median <= high:
        raise DataError(
            f"{path}: column 'mu' is declared as {reference.unit}, and half of it lies below "
            f"{median:.4g} {analyte.unit} (cohorts have medians of {low:g} to {high:g}): correct "
            "reference.unit"
        )
