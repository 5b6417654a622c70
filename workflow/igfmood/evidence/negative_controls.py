"""The empirical null: how far estimates stray where nothing is expected.

Takes the pooled slopes of the negative controls; writes how many differ from 0, and how widely
their z scatter, which is 1 where standard errors tell all the error there is.
"""

import numpy as np
import pandas as pd

from igfmood import results
from igfmood.association.questions.controls import ANALYSIS
from igfmood.cohort.quality.proportions import wilson_interval

#: Fewer controls than this say nothing of a scatter.
_FEWEST = 3


def add_empirical_null(rows: results.Rows, table: pd.DataFrame) -> None:
    """Write the empirical null, if the study names negative controls.

    Parameters
    ----------
    rows
        Receives the results.
    table
        All results of the study.

    References
    ----------
    Schuemie MJ et al (2014). Stat Med 33:209-218 (negative controls; here without their model of
    the bias, which few controls do not bear).
    """
    found = results.select(
        table, cohort=results.POOLED, analysis=ANALYSIS, measure=["beta", "log_or"], stratum="all"
    )
    # Of another analyte the term is its name; all other terms are companions.
    found = found[(found["term"] == "") | (found["term"] == found["exposure"])]
    if found.empty:
        return
    usable = found[(found["status"] == "ok") & (found["se"] > 0)]
    keys = {"analysis": ANALYSIS, "target": "all"}
    n = len(usable)
    if n == 0:
        rows.add_not_estimable("no negative control has a pooled slope", **keys, measure="z_rms")
        return
    beyond = int((usable["p"] < 1 - rows.source.level).sum())
    low, high = wilson_interval(beyond, n, rows.source.level)
    rows.add(
        **keys, measure="share_significant", estimate=beyond / n, ci_low=low, ci_high=high, n=n,
        n_events=beyond, method="share of negative controls whose slope differs from 0; n are "
        "controls, not people; score interval",
    )  # fmt: skip
    if n < _FEWEST:
        rows.add_not_estimable(
            f"too few negative controls: {n} < {_FEWEST}", **keys, measure="z_rms"
        )
        return
    z = usable["estimate"].to_numpy(float) / usable["se"].to_numpy(float)
    rows.add(
        **keys, measure="z_rms", estimate=float(np.sqrt(np.mean(z**2))), n=n,
        method="root mean square of estimate over standard error of the negative controls: 1 "
        "where nothing but chance moves them; n are controls",
    )  # fmt: skip
