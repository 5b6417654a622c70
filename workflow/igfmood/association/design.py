"""From a participants table to a design matrix.

Takes participants and the names of covariates; gives numeric columns without missing values, and
which rows are complete.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from igfmood.config.study import Study
from igfmood.errors import NotEstimable
from igfmood.splines import rcs_basis, rcs_knots


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


def age_and_sex(age: np.ndarray, sex: np.ndarray) -> np.ndarray:
    """Return columns that take age and sex out of a log concentration.

    Parameters
    ----------
    age
        Years, shape (n,).
    sex
        Words, shape (n,).

    Returns
    -------
    ndarray, shape (n, k)
        A spline of age, or a line where it takes too few values, and sex; without intercept.
        Missing where age is.
    """
    known = np.isfinite(age)
    try:
        basis = rcs_basis(age[known], rcs_knots(age[known], 4))
    except NotEstimable:
        basis = age[known, None]
    curve = np.full((len(age), basis.shape[1]), np.nan)
    curve[known] = basis
    return np.column_stack([curve, (sex == "female").astype(float)])


def centred(columns: np.ndarray) -> np.ndarray:
    """Return the columns that vary, each about its mean; of complementary ones the first goes.

    Parameters
    ----------
    columns
        Numbers and indicators of categories, shape (n, k).

    Returns
    -------
    ndarray, shape (n, p)
        Without constant columns (they cannot confound) and without an indicator that is the
        complement of the others of its kind: what an intercept already says.
    """
    kept: list[np.ndarray] = []
    basis = np.ones((len(columns), 1)) / np.sqrt(max(len(columns), 1))
    for column in columns.T:
        about = column - column.mean() if len(column) else column
        left = about - basis @ (basis.T @ about)
        size = float(np.sqrt(left @ left))
        if size > 1e-6 * max(float(np.sqrt(about @ about)), 1e-300) and size > 0:
            kept.append(about)
            basis = np.column_stack([basis, left / size])
    return np.column_stack(kept) if kept else np.empty((len(columns), 0))
