"""Differences between groups in the analyte.

Takes one participants table; gives, per task and covariate tier, the adjusted difference in SDS
as Hedges' g with its interval.
"""

import numpy as np
import pandas as pd

from igfmood.association.design import complete_rows, covariate_matrix, require_analyte
from igfmood.association.effect_sizes import adjusted_hedges_g, pooled_sd
from igfmood.association.models.linear import ols_hc3
from igfmood.cohort.quality import require_batches_apart
from igfmood.config.study import Study, Task
from igfmood.errors import NotEstimable
from igfmood.results import Rows

METHOD = (
    "OLS with HC3 standard errors, t interval; "
    "difference over the pooled within-group SD (Hedges g)"
)


def add_contrasts(rows: Rows, participants: pd.DataFrame, study: Study) -> None:
    """Add the group differences of one cohort, at the first visit, to the results."""
    first = participants[participants["is_baseline"]]
    for task in study.tasks:
        for tier, covariates in study.covariate_tiers.items():
            keys = {
                "analysis": "contrast", "target": task.name, "exposure": study.analyte.sds,
                "model": "ols_hc3", "adjustment": tier, "stratum": "all", "measure": "smd",
            }  # fmt: skip
            try:
                rows.add(**keys, **contrast(first, task, study, covariates))
            except NotEstimable as error:
                rows.add_not_estimable(error.reason, **keys)


def contrast(
    table: pd.DataFrame, task: Task, study: Study, covariates: list[str]
) -> dict[str, float | int | str]:
    """Return the difference in SDS, cases minus controls, as Hedges' g.

    Parameters
    ----------
    table
        One row per person.
    task
        Who are cases and who are controls.
    study
        For the analyte's SDS and the smallest group.
    covariates
        Canonical names; rows with a missing one are left out.

    Raises
    ------
    NotEstimable
        If the SDS or a covariate is missing throughout, a group is too small, or the assay's
        batches are confounded with the diagnosis.
    """
    require_analyte(table, study)
    groups = table[table["diagnosis"].isin([*task.cases, *task.controls])]
    check_groups(groups["diagnosis"].isin(task.cases), task, study.gates.group_size)
    require_batches_apart(table, task, study)
    used = groups[complete_rows(groups, [study.analyte.sds, *covariates])]
    case = used["diagnosis"].isin(task.cases).to_numpy()
    check_groups(pd.Series(case), task, study.gates.group_size, " with complete data")
    sds = used[study.analyte.sds].to_numpy(float)
    design = np.column_stack([np.ones(len(used)), case, covariate_matrix(used, covariates)])
    fit = ols_hc3(design, sds)
    n_cases, n_controls = int(case.sum()), int((~case).sum())
    spread = pooled_sd(
        float(sds[case].std(ddof=1)), n_cases, float(sds[~case].std(ddof=1)), n_controls
    )
    effect = adjusted_hedges_g(
        float(fit.beta[1]), float(fit.se[1]), spread, n_cases, n_controls, fit.df_resid, study.level
    )
    return {
        "estimate": effect.g, "se": effect.se, "ci_low": effect.ci_low, "ci_high": effect.ci_high,
        "p": effect.p, "df": effect.df, "n": len(used), "n_events": n_cases, "method": METHOD,
    }  # fmt: skip


def check_groups(case: pd.Series, task: Task, smallest: int, which: str = "") -> None:
    """Refuse a comparison in which a group is absent or too small."""
    for name, n in (
        (" or ".join(task.cases), int(case.sum())),
        (" or ".join(task.controls), int((~case).sum())),
    ):
        if n < smallest:
            raise NotEstimable(f"too few people with diagnosis {name}{which}: {n} < {smallest}")
