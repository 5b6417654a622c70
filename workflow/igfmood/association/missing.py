"""What imputation did in a cohort.

Takes a cohort's people and completed tables; gives, per variable, gaps, convergence and what was
imputed beside what was seen. What its assumption carries stands in `tipping`.
"""

import numpy as np

from igfmood.association.sample import CohortData
from igfmood.errors import NotEstimable
from igfmood.impute.diagnostics import Comparison, compare, convergence
from igfmood.impute.variables import CATEGORICAL
from igfmood.results import Rows


def add_missing(rows: Rows, data: CohortData) -> None:
    """Write gaps and diagnostics of every imputed variable."""
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
