"""What imputation did in a cohort, and how far its assumption carries the group differences.

Takes a cohort's people and completed tables; gives, per variable, gaps, convergence and what was
imputed beside what was seen, and per task the difference under shifts of the cases not measured.
"""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

import numpy as np

from igfmood.association.estimate import pooled_columns
from igfmood.association.questions.contrasts import difference, require_groups
from igfmood.association.sample import IMPUTED, CohortData, Specification
from igfmood.config.study import Task
from igfmood.errors import NotEstimable
from igfmood.impute.diagnostics import Comparison, compare, convergence
from igfmood.impute.participants import Completed
from igfmood.impute.variables import CATEGORICAL
from igfmood.results import Rows

#: Shifts between 0 and the largest, on each side.
_STEPS = 10


def add_missing(rows: Rows, data: CohortData) -> None:
    """Write gaps and diagnostics of every imputed variable, and the shifted group differences."""
    completed = data.completed
    keys = {"analysis": "imputation", "target": "", "measure": "tables"}
    if completed.imputations is None:
        rows.add_not_estimable(completed.note, **keys)
    else:
        settings = data.study.imputation
        method = f"chained equations, {settings.iterations} iterations"
        rows.add(**keys, estimate=settings.m, n=len(data.people), method=method)
        for name in completed.imputations.imputed:
            _add_variable(rows, data, name)
    for name, why in completed.left.items():
        rows.add_not_estimable(why, analysis="imputation", target=name, measure="share_missing")
    for task in data.study.tasks:
        _add_shifts(rows, data, task)


def _add_variable(rows: Rows, data: CohortData, name: str) -> None:
    assert data.completed.imputations is not None
    found = compare(data.completed.imputations, name)
    keys = {"analysis": "imputation", "target": name}
    gaps = {"n": found.n_missing + found.n_censored, "method": "imputed by chained equations"}
    rows.add(**keys, measure="share_missing", estimate=found.share_missing, **gaps)
    summaries = {
        "observed": (found.observed_mean, found.observed_sd),
        "imputed": (found.imputed_mean, found.imputed_sd),
    }
    for term, (mean, sd) in summaries.items():
        for measure, value in (("mean", mean), ("sd", sd)):
            if np.isfinite(value):
                rows.add(**keys, measure=measure, term=term, estimate=value, **gaps)
    kind = data.completed.imputations.variable(name).kind
    if kind not in CATEGORICAL and found.observed_sd > 0:
        _add_density(rows, found)
        _add_trace(rows, data.completed.imputations.trace_mean[name], found)
    try:
        chains = convergence(data.completed.imputations, name)
    except NotEstimable as error:
        for term in ("mean", "sd"):
            rows.add_not_estimable(error.reason, **keys, measure="rhat", term=term)
        return
    for term, value in (("mean", chains.rhat_mean), ("sd", chains.rhat_sd)):
        if np.isfinite(value):
            method = f"potential scale reduction of the chains, {chains.iterations} iterations"
            rows.add(**keys, measure="rhat", term=term, estimate=value, method=method)


def _add_density(rows: Rows, found: Comparison) -> None:
    """Write the shares of observed and of imputed values in bins, in SD from the observed mean."""
    middles = (found.grid[:-1] + found.grid[1:]) / 2
    places = (middles - found.observed_mean) / found.observed_sd
    missing = found.n_missing + found.n_censored
    for stratum, shares, n in (
        ("observed", found.observed_share, found.n_observed),
        ("imputed", found.imputed_share, missing),
    ):
        for place, share in zip(places, shares, strict=True):
            rows.add(
                analysis="imputation", target=found.variable, measure="density", stratum=stratum,
                term=f"{place:.3f}", estimate=float(share), n=n,
                method=f"share of {stratum} values around this many SD from the observed mean",
            )  # fmt: skip


def _add_trace(rows: Rows, trace: np.ndarray, found: Comparison) -> None:
    """Write the mean of the imputed values after each iteration, over chains, with their range."""
    scaled = (trace - found.observed_mean) / found.observed_sd
    for place, chains in enumerate(scaled):
        rows.add(
            analysis="imputation", target=found.variable, measure="trace", term=str(place + 1),
            estimate=float(chains.mean()), ci_low=float(chains.min()), ci_high=float(chains.max()),
            n=found.n_missing + found.n_censored,
            method=f"mean imputed value, SD from the observed mean; range of {len(chains)} chains",
        )  # fmt: skip


def _add_shifts(rows: Rows, data: CohortData, task: Task) -> None:
    """Write the group difference if the cases not measured differ by a shift from those measured.

    Everybody of the task counts here, measured or not: at a shift of 0 the gaps are as chained
    equations fill them.
    """
    keys = {
        "analysis": "tipping", "target": task.name, "exposure": data.study.analyte.sds,
        "model": "linear", "adjustment": data.study.main_tier, "stratum": "all", "measure": "smd",
    }  # fmt: skip
    try:
        require_groups(data, task)
        for shift, columns in shifted_differences(data, task):
            rows.add(**keys, term=f"{shift:g}", **columns)
    except NotEstimable as error:
        rows.add_not_estimable(error.reason, **keys, term="0")


def shifted_differences(data: CohortData, task: Task) -> Sequence[tuple[float, dict[str, object]]]:
    """Return shift of the cases not measured, in SD: columns of the row of the difference.

    Raises
    ------
    NotEstimable
        If nobody's analyte was imputed, or the difference cannot be estimated.
    """
    score = data.study.analyte.sds
    filled = data.completed.filled.get(score)
    below = data.people[data.study.analyte.below_lod].to_numpy(bool)
    case = data.people["diagnosis"].isin(task.cases).to_numpy(bool)
    control = data.people["diagnosis"].isin(task.controls).to_numpy(bool)
    unmeasured = np.zeros(len(case), dtype=bool) if filled is None else filled & ~below
    if data.completed.imputations is None and data.people[score].isna().any():
        raise NotEstimable(data.completed.note)
    if not (unmeasured & case).any():
        raise NotEstimable("no case lacks the analyte: nothing to shift")
    largest = data.study.imputation.delta
    grid = [round(x, 10) for x in np.linspace(-largest, largest, 2 * _STEPS + 1)]
    return [(shift, _at(data, task, unmeasured & case, case | control, shift)) for shift in grid]


def _at(
    data: CohortData, task: Task, moved: np.ndarray, among: np.ndarray, shift: float
) -> dict[str, object]:
    score = data.study.analyte.sds
    tables = tuple(
        table.assign(**{score: table[score] + shift * moved}) for table in data.completed.tables
    )
    completed: Completed = replace(data.completed, tables=tables)
    shifted = replace(data, completed=completed)
    specification = Specification(data.study.main_tier, missing=IMPUTED)
    samples = shifted.samples(specification, (), (score,), among)
    ask = partial(difference, task=task)
    return pooled_columns([ask(sample) for sample in samples], data.study.level)["smd", ""]
