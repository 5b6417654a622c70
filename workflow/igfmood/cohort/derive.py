"""Variables that follow from others, and which of two sources wins.

Takes mapped columns and what diagnosis, drugs and disease codes say; gives one value a variable.
"""

from collections.abc import Mapping

import pandas as pd

from igfmood.config.cohort import Cohort


def merged(named: pd.DataFrame, derived: Mapping[str, pd.Series]) -> pd.DataFrame:
    """Return the columns that the study names, filled from what codes say where they are empty.

    A column that somebody recorded goes before one that is worked out from drugs or diagnoses.
    """
    columns = dict(named.items())
    for name, values in derived.items():
        own = columns.get(name)
        columns[name] = values if own is None else own.where(own.notna(), values)
    return pd.DataFrame(columns, index=named.index)


def with_derived(table: pd.DataFrame, cohort: Cohort) -> pd.DataFrame:
    """Return the table with ``lag_days`` (blood draw to questionnaire) and ``age_topcoded``.

    Each only where it can be: both dates named, and ages that the source top-codes.
    """
    derived: dict[str, pd.Series] = {}
    if "lag_days" not in table and {"analyte_date", "phq9_date"} <= set(table):
        lag = table["phq9_date"] - table["analyte_date"]
        derived["lag_days"] = lag.dt.total_seconds() / 86_400
    age = cohort.columns.get("age_years")
    limit = age.top_code if age else None
    if limit is not None:
        derived["age_topcoded"] = table["age_years"] >= limit
    return table.assign(**derived)
