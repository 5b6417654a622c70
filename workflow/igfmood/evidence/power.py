"""What this study could have found, and what a test has to expect in a new cohort.

Takes the claims and all results; writes, for each number that decides a claim, the smallest effect
that would be found, and for an AUC the probability that a new cohort's lies above the bound.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy.special import logit, stdtr, stdtrit

from igfmood.config.claims import Claim
from igfmood.config.study import Study
from igfmood.evidence.pooled_rows import pooled_row, wider_row
from igfmood.evidence.sensitivity import deciding
from igfmood.performance.metrics.sample_size import ALPHA, POWER, detectable
from igfmood.results import Rows
from igfmood.synthesis.row_keys import PREDICTION_TERM, companion

#: Analyses under which these rows stand.
DETECTABLE, NEW_COHORT = "detectable", "new_cohort"


def add_power(rows: Rows, claims: Sequence[Claim], table: pd.DataFrame, study: Study) -> None:
    """Write both for every claim that has a pooled number.

    Parameters
    ----------
    rows
        Receives the results.
    claims
        The claims.
    table
        All results of the study.
    study
        Its tiers.
    """
    for claim in claims:
        for measure, term in deciding(claim, study):
            pooled = pooled_row(table, claim, measure, term)
            if pooled is None or pooled["status"] != "ok":
                continue
            keys = {"claim": claim.id, "target": claim.id, "term": f"{measure} {term}".strip()}
            if measure == "auc":
                _add_new_cohort(rows, keys, claim, table, term)
            elif pd.notna(pooled["se"]):
                _add_detectable(rows, keys, wider_row(pooled, table))


def _add_detectable(rows: Rows, keys: dict[str, str], row: pd.Series) -> None:
    df = float("inf") if pd.isna(row["df"]) else float(row["df"])
    words = "normal" if np.isinf(df) else f"t({df:g})"
    rows.add(
        **keys, analysis=DETECTABLE, measure="effect",
        estimate=detectable(float(row["se"]), df),
        n=None if pd.isna(row["n"]) else int(row["n"]),
        method=f"smallest effect found with a power of {POWER:.0%} at a two-sided level of "
        f"{ALPHA:.0%}, {words}, by the standard error of the pooled number, the wider of both",
    )  # fmt: skip


def _add_new_cohort(
    rows: Rows, keys: dict[str, str], claim: Claim, table: pd.DataFrame, term: str
) -> None:
    """Write the probability that the AUC of a new cohort reaches the claim's bound.

    The predictive distribution is that of the prediction interval: t with its degrees of freedom
    on the logit scale.
    """
    row = pooled_row(table, claim, "auc", companion(term, PREDICTION_TERM))
    if row is None or row["status"] != "ok" or claim.bound is None:
        return
    df, level = float(row["df"]), float(row["level"])
    low, high = logit([float(row["ci_low"]), float(row["ci_high"])])
    spread = (high - low) / 2 / float(stdtrit(df, 0.5 + level / 2))
    centre = float(logit(float(row["estimate"])))
    rows.add(
        **keys, analysis=NEW_COHORT, measure="probability",
        estimate=float(stdtr(df, (centre - float(logit(claim.bound))) / spread)),
        df=df, n=None if pd.isna(row["n"]) else int(row["n"]),
        method=f"probability that the AUC of a new cohort is {claim.bound:g} or more; "
        f"t({df:g}), logit scale, as the prediction interval",
    )  # fmt: skip
