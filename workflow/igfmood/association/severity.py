"""How depressive symptoms change with the analyte.

Takes one participants table; gives, per covariate tier, PHQ-9 points per SD of the analyte.
"""

import numpy as np
import pandas as pd

from igfmood.association.design import complete_rows, covariate_matrix, require_analyte
from igfmood.association.models.linear import ols_hc3
from igfmood.config.study import Study
from igfmood.errors import NotEstimable
from igfmood.results import Rows

METHOD = "OLS of the PHQ-9 total on the SDS with HC3 standard errors, t interval; points per SD"


def add_severity(rows: Rows, participants: pd.DataFrame, study: Study) -> None:
    """Add the PHQ-9 slope of one cohort, at the first visit, to the results."""
    first = participants[participants["is_baseline"]]
    for tier, covariates in study.covariate_tiers.items():
        keys = {
            "analysis": "severity",
            "target": "phq9_total",
            "exposure": study.analyte.sds,
            "model": "ols_hc3",
            "adjustment": tier,
            "stratum": "all",
            "measure": "beta",
        }
        try:
            rows.add(**keys, **phq9_slope(first, study, covariates))
        except NotEstimable as error:
            rows.add_not_estimable(error.reason, **keys)


def phq9_slope(
    table: pd.DataFrame, study: Study, covariates: list[str]
) -> dict[str, float | int | str]:
    """Return PHQ-9 points per SD of the analyte.

    Raises
    ------
    NotEstimable
        If the SDS, the PHQ-9 or a covariate is missing throughout, or too few people have all.
    """
    require_analyte(table, study)
    used = table[complete_rows(table, [study.analyte.sds, "phq9_total", *covariates])]
    smallest = 2 * study.gates.group_size
    if len(used) < smallest:
        raise NotEstimable(f"too few people with complete data: {len(used)} < {smallest}")
    sds = used[study.analyte.sds].to_numpy(float)
    design = np.column_stack([np.ones(len(used)), sds, covariate_matrix(used, covariates)])
    fit = ols_hc3(design, used["phq9_total"].to_numpy(float))
    slope = fit.contrast(1, study.level)
    return {
        "estimate": slope.estimate,
        "se": slope.se,
        "ci_low": slope.ci_low,
        "ci_high": slope.ci_high,
        "p": slope.p,
        "df": slope.df,
        "n": len(used),
        "method": METHOD,
    }
