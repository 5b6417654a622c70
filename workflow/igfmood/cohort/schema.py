"""What a participants table must look like.

Takes the analyte; gives a pandera schema that guards the table on its way out of one stage and
into the next.
"""

from pathlib import Path

import pandas as pd
import pandera.pandas as pa

from igfmood.config.study import Analyte
from igfmood.config.vocabulary import (
    DIAGNOSES,
    PHQ9_ITEMS,
    PHQ9_SEVERITIES,
    PHQ9_SOURCES,
    SCALES,
    VARIABLES,
    Variable,
)
from igfmood.tables import columns_of, read_table


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
            "dx_ascertainment": pa.Column("str"),
            "control_redefined": pa.Column(bool),
            "phq9_total": pa.Column(float, pa.Check.in_range(0, 27), nullable=True),
            "phq9_n_missing": pa.Column(float, pa.Check.in_range(0, 9), nullable=True),
            "phq9_source": pa.Column("str", pa.Check.isin(PHQ9_SOURCES)),
            "phq9_severity": _one_of(PHQ9_SEVERITIES),
            "phq9_dsm": _one_of(("none", "other", "major")),
            "phq9_total_given": _points(27),
            "phq8_total": _points(24),
            "phq2_total": _points(6),
            "phq9_cognitive": _points(12),
            "phq9_somatic": _points(9),
            **{f"{name}_total": _points(high, required=False) for name, high in SCALES.items()},
            **{f"{name}_z": pa.Column(float, nullable=True, required=False) for name in SCALES},
            analyte.value: pa.Column(float, pa.Check.gt(0), nullable=True),
            f"{prefix}_unit": pa.Column("str"),
            analyte.below_lod: pa.Column(bool),
            f"{prefix}_lod": pa.Column(float, pa.Check.gt(0), nullable=True),
            analyte.limit: pa.Column(float, pa.Check.gt(0), nullable=True),
            f"{prefix}_assay": pa.Column("str"),
            f"{prefix}_standard": pa.Column("str"),
            f"{prefix}_matrix": pa.Column("str"),
            f"{prefix}_batch": pa.Column("str", nullable=True),
            analyte.converted: pa.Column(float, pa.Check.gt(0), nullable=True),
            analyte.harmonised: pa.Column(float, pa.Check.gt(0), nullable=True),
            analyte.sds: pa.Column(float, nullable=True),
            analyte.sds_limit: pa.Column(float, nullable=True),
            "igfbp3_value": pa.Column(float, nullable=True, required=False),
            "igfbp3_unit": pa.Column("str", required=False),
            "igfbp3_ng_ml": pa.Column(float, pa.Check.gt(0), nullable=True, required=False),
            "igf_ratio_molar": pa.Column(float, pa.Check.gt(0), nullable=True, required=False),
            "age_topcoded": pa.Column(bool, required=False),
            f"{prefix}_sds_method": pa.Column("str"),
            **optional,
            **items,
        },
        strict=True,
        unique=["participant_id", "visit"],
    )


def _one_of(words: tuple[str, ...]) -> pa.Column:
    return pa.Column("str", pa.Check.isin(["", *words]), nullable=True)


def _points(highest: int, required: bool = True) -> pa.Column:
    return pa.Column(float, pa.Check.in_range(0, highest), nullable=True, required=required)


def _column(variable: Variable, required: bool = False) -> pa.Column:
    match variable.kind:
        case "number":
            bounds = [
                check(limit)
                for check, limit in ((pa.Check.ge, variable.low), (pa.Check.le, variable.high))
                if limit is not None
            ]
            return pa.Column(float, bounds, nullable=True, required=required)
        case "date":
            return pa.Column("datetime64[s]", nullable=True, required=required)
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
    return check_participants(read_table(path), analyte, str(path))


def has_failed(path: Path | str) -> bool:
    """Return whether the participants table is the empty one of a cohort that failed."""
    return not columns_of(path)
