"""What a participants table must look like.

Takes the analyte; gives a pandera schema that guards the table on its way out of one stage and
into the next.
"""

from pathlib import Path

import pandas as pd
import pandera.pandas as pa
from pyarrow import parquet

from igfmood.config.study import Analyte
from igfmood.config.vocabulary import DIAGNOSES, PHQ9_ITEMS, VARIABLES, Variable


def participants_schema(analyte: Analyte) -> pa.DataFrameSchema:
    """Return the schema of the participants table of a study."""
    optional = {
        name: _column(variable)
        for name, variable in VARIABLES.items()
        if name not in ("participant_id", "visit", "age_years", "sex")
    }
    items = {
        name: pa.Column(float, pa.Check.isin([0, 1, 2, 3]), nullable=True, required=False)
        for name in PHQ9_ITEMS
    }
    prefix = analyte.name
    return pa.DataFrameSchema(
        {
            "participant_id": pa.Column("str", pa.Check.str_length(16, 16)),
            "visit": pa.Column("str"),
            "is_baseline": pa.Column(bool),
            "age_years": _column(VARIABLES["age_years"], required=True),
            "sex": _column(VARIABLES["sex"], required=True),
            "diagnosis": pa.Column("str", pa.Check.isin(DIAGNOSES)),
            "dx_subtype": pa.Column("str"),
            "dx_source": pa.Column("str"),
            "phq9_total": pa.Column(float, pa.Check.in_range(0, 27), nullable=True),
            "phq9_n_missing": pa.Column(float, pa.Check.in_range(0, 9), nullable=True),
            "phq9_source": pa.Column("str", pa.Check.isin(["", "complete", "prorated", "given"])),
            analyte.value: pa.Column(float, pa.Check.gt(0), nullable=True),
            f"{prefix}_unit": pa.Column("str"),
            analyte.below_lod: pa.Column(bool),
            f"{prefix}_lod": pa.Column(float, pa.Check.gt(0), nullable=True),
            f"{prefix}_assay": pa.Column("str"),
            f"{prefix}_matrix": pa.Column("str"),
            f"{prefix}_batch": pa.Column("str", nullable=True),
            analyte.converted: pa.Column(float, pa.Check.gt(0), nullable=True),
            analyte.sds: pa.Column(float, nullable=True),
            f"{prefix}_sds_method": pa.Column("str"),
            **optional,
            **items,
        },
        strict=True,
        unique=["participant_id", "visit"],
    )


def _column(variable: Variable, required: bool = False) -> pa.Column:
    match variable.kind:
        case "number":
            bounds = [
                check(limit)
                for check, limit in ((pa.Check.ge, variable.low), (pa.Check.le, variable.high))
                if limit is not None
            ]
            return pa.Column(float, bounds, nullable=True, required=required)
        case "flag":
            return pa.Column("boolean", nullable=True, required=required)
        case "category":
            check = pa.Check.isin(list(variable.categories))
            return pa.Column("str", check, nullable=True, required=required)
        case _:
            return pa.Column("str", nullable=True, required=required)


def check_participants(table: pd.DataFrame, analyte: Analyte, where: str) -> pd.DataFrame:
    """Return the table if it is as the contract says.

    Raises
    ------
    AssertionError
        With every deviation, if it is not.
    """
    try:
        return participants_schema(analyte).validate(table, lazy=True)
    except pa.errors.SchemaErrors as error:
        cases = error.failure_cases[["column", "check", "failure_case"]].head(20)
        raise AssertionError(
            f"{where} breaks the participants contract:\n{cases.to_string(index=False)}"
        ) from None


def read_participants(path: Path | str, analyte: Analyte) -> pd.DataFrame:
    """Read a participants table and check it against the contract."""
    return check_participants(pd.read_parquet(path), analyte, str(path))


def has_failed(path: Path | str) -> bool:
    """Return whether the participants table is the empty one of a cohort that failed."""
    return not parquet.read_schema(path).names
