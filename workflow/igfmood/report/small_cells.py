"""Numbers that would give back a few people.

Takes the findings and rows of cohorts: at a threshold or on a ROC curve, of tails, or of people who
are those of another row but for a few; gives whether they may be shown.
"""

import math
from collections.abc import Hashable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from igfmood.disclosure import suppressed
from igfmood.performance.task_names import task_names
from igfmood.report.load import Findings
from igfmood.results import POOLED

Row = Mapping[Hashable, Any]
#: Why a number has to stay that tells of the few in whom its people differ from another row's.
NEARLY_ALL = "its people are those of another row but for fewer than {}"
#: Rows of an estimate that differ in the people alone.
_SAME_NUMBER = ["cohort", "analysis", "target", "model", "adjustment", "term", "measure"]
#: Shares of the comparison group in one tail and in the middle, by definition.
_TAIL, _MIDDLE = 0.1, 0.8


def too_few(findings: Findings, row: pd.Series) -> bool:
    """Return whether a cell behind a number at a threshold holds too few people to show it.

    Net benefit and interventions avoided, times the people, are whole numbers of people. A cohort
    whose cells are not known shows nothing; a synthesis gives back the cells of none.
    """
    binary = any(
        task.name == row["target"] and task.kind == "binary" for task in task_names(findings.study)
    )
    if row["cohort"] == POOLED or not binary:
        return False
    # What is added is the difference of both tiers.
    added = row["measure"] == "delta_net_benefit"
    tiers = findings.study.added_value if added else (row["adjustment"],)
    return any(_few(findings, row, tier) for tier in tiers)


def _few(findings: Findings, row: pd.Series, tier: str) -> bool:
    cell = findings.ok(
        row["analysis"], row["target"], "smallest_cell", cohort=row["cohort"], adjustment=tier,
        term=row["term"],
    )  # fmt: skip
    return cell is None or suppressed(int(cell["estimate"]), findings.min_cell)


def too_few_on_roc(findings: Findings, row: pd.Series) -> bool:
    """Return whether a cell behind a point of a ROC curve holds too few people to show it.

    The sensitivity at a false positive rate, times the cases, gives back a count of people, and so
    what the tables do not show of a cut with that specificity. Between the corners of the curve
    cells are no whole numbers.
    """
    cases = int(row["n_events"])
    controls = int(row["n"]) - cases
    hit, alarm = float(row["estimate"]) * cases, float(row["term"]) * controls
    cells = (hit, cases - hit, alarm, controls - alarm)
    return any(0 < round(n, 6) < findings.min_cell for n in cells)


def gap(findings: Findings) -> str:
    """Return the sentence on what is not drawn, for those who do not see the gap."""
    return (
        f" Nothing is drawn where a cell of a cohort's two by two table holds fewer than "
        f"{findings.min_cell} people."
    )


def note(findings: Findings) -> str:
    """Return what stands below a table in which such numbers are not shown."""
    few = findings.min_cell
    return f"<{few}: fewer than {few} people stand in a cell of the table behind the number."


def table_of_tails(row: Row) -> tuple[str, ...]:
    """Return the table of groups and tails that a row would give back, or nothing of the kind."""
    return tuple(str(row[name]) for name in ("cohort", "target", "model", "adjustment", "stratum"))


def small_tails(rows: pd.DataFrame, findings: Findings) -> set[tuple[str, ...]]:
    """Return the tables of groups and tails with a cell of few people.

    Without covariates the odds ratio of a tail and its standard error are those of a table of four
    cells, ``se^2 = 1/a + 1/b + 1/c + 1/d``; of the comparison group a tenth stands in the tail by
    definition, so that the cells of the cases follow.
    """
    tiers = findings.study.covariate_tiers
    found = set()
    mine = rows[(rows["model"] == "tails") & (rows["status"] == "ok") & (rows["se"] > 0)]
    for row in mine.to_dict("records"):
        plain = not tiers.get(str(row["adjustment"]), [""]) and row["term"] in ("low", "high")
        if plain and any(0 < cell < findings.min_cell for cell in tail_cells(row)):
            found.add(table_of_tails(row))
    return found


def tail_cells(row: Row) -> tuple[float, ...]:
    """Return about how many cases and others stand in a tail and in the middle, as a row tells.

    Parameters
    ----------
    row
        `estimate` (log odds ratio), `se`, `n` and `n_events`.

    Returns
    -------
    tuple of float
        Cases in the tail and in the middle, others in the tail and in the middle; without the
        cases where the standard error is too small for few of them.
    """
    others = int(row["n"]) - int(row["n_events"])
    tail, middle = _TAIL * others, _MIDDLE * others
    if not tail:
        return ()
    odds = math.exp(row["estimate"])
    left = row["se"] ** 2 - 1 / tail - 1 / middle
    if left <= 0:
        return tail, middle
    cases = (1 + odds * tail / middle) / left
    return cases, cases * middle / (tail * odds), tail, middle


def leaves_few_out(rows: pd.DataFrame, min_cell: int) -> list[bool]:
    """Return which numbers are of the people of another row but a few: both tell of these few.

    Who is in a subset is not known here: of any two rows of the same number, one may be within the
    other if it has no more people, cases and others. Of two that differ by a few the larger leaves.
    """
    n = rows["n"].to_numpy(float, na_value=np.nan)
    events = rows["n_events"].to_numpy(float, na_value=np.nan)
    people = np.column_stack([n, events, n - events])
    people[(rows["status"] != "ok").to_numpy(bool)] = np.nan
    few = np.zeros(len(rows), dtype=bool)
    for places in rows.groupby(_SAME_NUMBER, sort=False).indices.values():
        few[places] = _within_another(people[places], min_cell)
    return [bool(one) for one in few]


def _within_another(people: npt.NDArray[np.float64], min_cell: int) -> npt.NDArray[np.bool_]:
    """Return which rows may be another's but for a few; people, cases, others, shape (n, 3)."""
    more = people[None, :, :] - people[:, None, :]
    within = np.all((more >= 0) | np.isnan(more), axis=2, keepdims=True)
    return np.any(within & (more > 0) & (more < min_cell), axis=(1, 2))
