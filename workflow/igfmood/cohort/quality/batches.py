"""Whether the batch of the assay tells the groups apart.

Takes one participants table; gives the table of group by batch, and per task the share of the
contrast that lies within batches, as results; and a gate that later stages ask.
"""

import math

import numpy as np
import pandas as pd

from igfmood.config.study import Study, Task
from igfmood.config.vocabulary import DIAGNOSES
from igfmood.errors import NotEstimable
from igfmood.results import Rows

#: More batches than this are not listed one by one.
_MOST_LISTED = 100
#: Level of people whose batch is not known.
UNKNOWN = "unknown"


def batch_confounding(batch: pd.Series, case: pd.Series | np.ndarray) -> float:
    """Share of the variance of being a case that batches explain.

    Parameters
    ----------
    batch
        Batch of each person, shape (n,); people of unknown batch form a level of their own.
    case
        Whether each is a case, shape (n,).

    Returns
    -------
    float
        R² of the case indicator on batch, which is Cramér's V²: 0 where every batch has the same
        share of cases, 1 where each holds cases or controls alone.

    Raises
    ------
    NotEstimable
        If all are cases, or none is.

    References
    ----------
    Cramér H (1946). Mathematical Methods of Statistics, section 21.9 (V² of a table with two rows).
    """
    indicator = np.asarray(case, dtype=float)
    share = indicator.mean() if len(indicator) else 0.0
    if not 0 < share < 1:
        raise NotEstimable("cases or controls are absent: no contrast to be confounded by batch")
    codes, _ = pd.factorize(batch_levels(batch))
    n = np.bincount(codes)
    cases = np.bincount(codes, weights=indicator)
    between = (n * (cases / n - share) ** 2).sum()
    return float(between / (len(indicator) * share * (1 - share)))


def batch_levels(batch: pd.Series) -> pd.Series:
    """Return batches with a word for those that are not known."""
    text = batch.astype(object)
    return text.where(batch.notna() & (text != ""), UNKNOWN)


def require_batches_apart(first: pd.DataFrame, task: Task, study: Study) -> None:
    """Refuse a contrast that is mostly one between batches of the assay.

    Passes where no batch is known, where all were measured in one, and where a group is absent
    (which other gates refuse).

    Parameters
    ----------
    first
        Participants at the first visit; those with the analyte count.
    task
        Who are cases and who are controls.
    study
        `gates.within_batch` is the smallest share of the contrast that must lie within batches.

    Raises
    ------
    NotEstimable
        If less of it does.
    """
    within = _within_batch(first, task, study)
    if within is not None:
        _require(within, study.gates.within_batch)


def require_apart(batch: pd.Series, case: pd.Series, smallest: float) -> None:
    """Refuse any other contrast that is mostly one between batches.

    Parameters
    ----------
    batch
        Batch of each person, shape (n,).
    case
        Whether each is a case, shape (n,).
    smallest
        Smallest share of the contrast that must lie within batches.

    Raises
    ------
    NotEstimable
        If less of it does. One batch, or one class, is no contrast between batches.
    """
    levels = batch_levels(batch)
    if levels.nunique() > 1 and case.any() and not case.all():
        _require(1 - batch_confounding(levels, case), smallest)


def add_batches(rows: Rows, first: pd.DataFrame, study: Study) -> None:
    """Add the table of group by batch, and the gate of each task, to the results."""
    people = _measured_in_batches(first, study)
    if people is None:
        return
    _add_table(rows, people, study)
    for task in study.tasks:
        _add_gate(rows, first, task, study)


def _measured_in_batches(first: pd.DataFrame, study: Study) -> pd.DataFrame | None:
    """Return diagnosis and batch of people with the analyte; None where there are no batches."""
    column = f"{study.analyte.name}_batch"
    if column not in first:
        return None
    people = first[first[study.analyte.value].notna() | first[study.analyte.below_lod]]
    levels = batch_levels(people[column])
    if levels.nunique() < 2:
        return None
    return pd.DataFrame({"diagnosis": people["diagnosis"], "batch": levels})


def _within_batch(first: pd.DataFrame, task: Task, study: Study) -> float | None:
    """Return 1 - R², or None where there is nothing to be confounded."""
    people = _measured_in_batches(
        first[first["diagnosis"].isin([*task.cases, *task.controls])], study
    )
    if people is None:
        return None
    case = people["diagnosis"].isin(task.cases)
    if case.all() or not case.any():
        return None
    return 1 - batch_confounding(people["batch"], case)


def _require(within: float, smallest: float) -> None:
    if within < smallest:
        # Rounded down, so that a share just short of the gate does not read as if it met it.
        raise NotEstimable(
            f"assay batch is confounded with the diagnosis: {math.floor(100 * within)} % of the "
            f"contrast lies within batches < {100 * smallest:g} %"
        )


def _add_table(rows: Rows, people: pd.DataFrame, study: Study) -> None:
    counts = pd.crosstab(people["diagnosis"], people["batch"])
    keys = {"analysis": "quality", "exposure": f"{study.analyte.name}_batch", "measure": "count"}
    if counts.shape[1] > _MOST_LISTED:
        rows.add_not_estimable(
            f"too many batches to list: {counts.shape[1]:,} > {_MOST_LISTED}", **keys
        )
        return
    for group in (name for name in DIAGNOSES if name in counts.index):
        in_batches = counts.loc[group].to_numpy(int)
        for batch, n in zip(counts.columns, in_batches, strict=True):
            rows.add(
                **keys, stratum=group, term=str(batch), estimate=int(n), n=int(in_batches.sum()),
                method="people with the analyte at the first visit",
            )  # fmt: skip


def _add_gate(rows: Rows, first: pd.DataFrame, task: Task, study: Study) -> None:
    keys = {"analysis": "quality", "target": task.name, "stratum": "all",
            "exposure": f"{study.analyte.name}_batch"}  # fmt: skip
    groups = first[first["diagnosis"].isin([*task.cases, *task.controls])]
    within = _within_batch(first, task, study)
    if within is None:
        reason = "one batch, or cases or controls with the analyte are absent"
        rows.add_not_estimable(reason, **keys, measure="within_batch")
        return
    measured = groups[groups[study.analyte.value].notna() | groups[study.analyte.below_lod]]
    shared = {
        **keys, "n": len(measured), "n_events": int(measured["diagnosis"].isin(task.cases).sum()),
        "method": "R² of case on batch (Cramér's V²); within batches 1 − R²",
    }  # fmt: skip
    rows.add(**shared, measure="within_batch", estimate=within)
    rows.add(**shared, measure="r2_batch", estimate=1 - within)
    try:
        _require(within, study.gates.within_batch)
    except NotEstimable as error:
        rows.add_not_estimable(error.reason, **keys, measure="within_batch_gate")
