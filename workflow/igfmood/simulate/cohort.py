"""The shape that every invented cohort has.

Takes: a cohort's draw, its coding as raw text and its faults.
Gives: `CohortPlan` (what to do) and `RawCohort` (what came out).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import pandas as pd

from igfmood.seeds import stream
from igfmood.simulate.damage import FaultPlan, plant
from igfmood.simulate.igf1 import Assay


@dataclass(frozen=True)
class CohortPlan:
    """Everything needed to make one cohort.

    Attributes
    ----------
    name, file : str
    assay : Assay
    sizes : mapping of int
        People by group.
    draw : callable
        ``draw(seed, sizes)`` gives one row per person or visit with true values; columns
        `group`, `sds` and `counted` (rows on which the cohort's standardised mean differences are
        defined) are always there.
    code : callable
        ``code(truth, seed)`` gives the raw table: the same rows, every cell text.
    faults : FaultPlan
    write : callable
        ``write(path, table)``.
    """

    name: str
    file: str
    assay: Assay
    sizes: Mapping[str, int]
    draw: Callable[[int, Mapping[str, int]], pd.DataFrame]
    code: Callable[[pd.DataFrame, int], pd.DataFrame]
    faults: FaultPlan
    write: Callable[..., None]


@dataclass(frozen=True)
class RawCohort:
    """A cohort as its source would hand it over, with what is known about every row.

    Attributes
    ----------
    plan : CohortPlan
    table : DataFrame [rows]
        Raw cells, all text, in the file's order.
    truth : DataFrame [rows]
        True values of the same rows.
    bad : DataFrame
        Planted bad rows: row (1-based data row), column, value, kind, why.
    """

    plan: CohortPlan
    table: pd.DataFrame
    truth: pd.DataFrame
    bad: pd.DataFrame

    def good(self) -> pd.Series:
        """True for rows that carry no planted fault [rows]."""
        return ~pd.Series(range(1, len(self.table) + 1)).isin(self.bad["row"])


def make_cohort(plan: CohortPlan, seed: int) -> RawCohort:
    """Draw, code, damage and shuffle one cohort.

    Parameters
    ----------
    plan : CohortPlan
    seed : int

    Returns
    -------
    RawCohort
    """
    truth = plan.draw(seed, plan.sizes)
    table = plan.code(truth, seed)
    damaged = plant(table, plan.faults, stream(seed, plan.name, "faults"))
    order = stream(seed, plan.name, "order").permutation(len(damaged.table))
    return RawCohort(
        plan=plan,
        table=damaged.table.iloc[order].reset_index(drop=True),
        truth=truth.iloc[damaged.source[order]].reset_index(drop=True),
        bad=damaged.bad_in(order),
    )
