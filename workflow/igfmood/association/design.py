"""From a participants table to a design matrix.

Takes participants and the names of covariates; gives numeric columns without missing values, and
which rows are complete.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from igfmood.config.study import Study
from igfmood.config.vocabulary import VARIABLES
from igfmood.errors import NotEstimable


def require_analyte(table: pd.DataFrame, study: Study) -> None:
    """Refuse an analysis of a cohort in which the analyte has no SDS.

    Raises
    ------
    NotEstimable
        Saying whether it was not measured, or could not be standardised.
    """
    if table[study.analyte.converted].isna().all():
        raise NotEstimable(f"{study.analyte.label} was not measured in this cohort")
    if table[study.analyte.sds].isna().all():
        raise NotEstimable(
            f"no reference curve for {study.analyte.label}: too few reference people"
        )


def complete_rows(table: pd.DataFrame, names: Sequence[str]) -> np.ndarray:
    """Return which rows have a value in every named column (bool, shape (n,)).

    Raises
    ------
    NotEstimable
        If a column is not in the table, or is empty in every row.
    """
    for name in names:
        if name not in table or table[name].isna().all():
            raise NotEstimable(f"{name} is not in this cohort")
    return table[list(names)].notna().all(axis=1).to_numpy()


def covariate_matrix(table: pd.DataFrame, names: Sequence[str]) -> np.ndarray:
    """Return covariates as columns, shape (n, p), numbers centred at their mean.

    A category becomes one column for each of its values after the first that occurs, in the order
    of the vocabulary; a covariate without variation is left out, as it cannot confound.
    """
    columns = [np.empty((len(table), 0))]
    for name in names:
        variable = VARIABLES[name]
        if variable.kind == "category":
            present = [value for value in variable.categories if (table[name] == value).any()]
            columns.append(
                np.column_stack([(table[name] == value).to_numpy(float) for value in present[1:]])
                if len(present) > 1
                else np.empty((len(table), 0))
            )
        else:
            values = table[name].astype(float).to_numpy()
            if np.ptp(values) > 0:
                columns.append((values - values.mean())[:, None])
    return np.hstack(columns)
