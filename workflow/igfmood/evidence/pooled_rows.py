"""The pooled rows of the results that a claim is judged by.

Takes a claim and all results; gives its pooled number, the normal interval that goes with it, and
the wider of its two intervals.
"""

import pandas as pd
from scipy.special import ndtr

from igfmood import results
from igfmood.config.claims import Claim
from igfmood.synthesis.row_keys import NORMAL_TERM, companion


def group_difference(claim: Claim, table: pd.DataFrame) -> pd.Series | None:
    """Return the pooled group difference that tells which way a marker points, if there is one."""
    found = results.select(
        table,
        cohort=results.POOLED,
        analysis="contrast",
        target=claim.estimand.target,
        adjustment=str(claim.contrast),
        measure="smd",
        stratum="all",
        term="",
    )
    return None if found.empty else found.iloc[0]


def pooled_row(table: pd.DataFrame, claim: Claim, measure: str, term: str = "") -> pd.Series | None:
    """Return the pooled row that a claim asks for, or None if no stage writes such rows."""
    found = results.select(
        table,
        cohort=results.POOLED,
        analysis=claim.estimand.analysis,
        target=claim.estimand.target,
        adjustment=claim.estimand.adjustment,
        measure=measure,
        stratum=claim.estimand.population,
        term=term,
    )
    return None if found.empty else found.iloc[0]


def normal_row(pooled: pd.Series, table: pd.DataFrame) -> pd.Series | None:
    """Return the row of the normal interval of a pooled number, if there is one."""
    found = results.select(
        table, cohort=results.POOLED, term=companion(pooled["term"], NORMAL_TERM), status="ok",
        **{key: pooled[key] for key in ("analysis", "target", "adjustment", "measure", "stratum")},
    )  # fmt: skip
    return None if found.empty else found.iloc[0]


def wider_row(pooled: pd.Series, table: pd.DataFrame) -> pd.Series:
    """Return a pooled row with interval, standard error and p of the normal one where it is wider.

    Where a few cohorts happen to agree, Knapp-Hartung intervals can be far too narrow; judging by
    the wider of the two never supports more than either does (Jackson et al. 2017).
    """
    normal = normal_row(pooled, table)
    if normal is None:
        return pooled
    if normal["ci_high"] - normal["ci_low"] <= pooled["ci_high"] - pooled["ci_low"]:
        return pooled
    wider = pooled.copy()
    wider[["ci_low", "ci_high", "se", "df"]] = normal[["ci_low", "ci_high", "se", "df"]]
    wider["p"] = 2 * float(ndtr(-abs(normal["estimate"] / normal["se"])))
    wider["term"] = companion(pooled["term"], NORMAL_TERM)
    return wider
