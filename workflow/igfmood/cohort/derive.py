"""Variables that follow from others, and which of two sources wins.

Takes mapped columns and what diagnosis, drugs and disease codes say; gives one value a variable.
"""

from collections.abc import Mapping

import pandas as pd

from igfmood.config.cohort import Cohort


def merged(
    named: Mapping[str, pd.Series], derived: Mapping[str, pd.Series]
) -> dict[str, pd.Series]:
    """Return the columns that the study names, filled from what codes say where they are empty.

    A column that somebody recorded goes before one that is worked out from drugs or diagnoses.
    """
    columns = dict(named)
    for name, values in derived.items():
        own = columns.get(name)
        if own is None:
            columns[name] = values
        elif own.hasnans:
            columns[name] = own.fillna(values)
    return columns


def with_derived(columns: Mapping[str, pd.Series], cohort: Cohort) -> dict[str, pd.Series]:
    """Return the columns and ``lag_days`` (blood draw to questionnaire) and ``age_topcoded``.

    Each only where it can be: both dates named, and ages that the source top-codes.
    """
    derived: dict[str, pd.Series] = {}
    if "lag_days" not in columns and {"analyte_date", "phq9_date"} <= set(columns):
        lag = columns["phq9_date"] - columns["analyte_date"]
        derived["lag_days"] = lag.dt.total_seconds() / 86_400
    age = cohort.columns.get("age_years")
    limit = age.top_code if age else None
    if limit is not None:
        derived["age_topcoded"] = columns["age_years"] >= limit
    return {**columns, **derived}
