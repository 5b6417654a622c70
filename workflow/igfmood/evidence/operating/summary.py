"""Error rates of the verdicts, from what came of the claims in every world.

Takes outcomes; writes, for each claim and kind of world, how often each verdict was reached, how
often the interval held the truth, and the mean of the estimates, each with its Monte Carlo error.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from igfmood.cohort.quality.proportions import wilson_interval
from igfmood.config.claims import Claim
from igfmood.evidence.operating.worlds import KINDS, NOT_TRIED, effect_words
from igfmood.results import Rows
from igfmood.tables import read_table

#: Analysis under which these rows stand.
ANALYSIS = "operating"
#: Verdict: measure that says how often it was reached.
RATES = {
    "SUPPORTED": "rate_supported", "REFUTED": "rate_refuted", "INCONCLUSIVE": "rate_inconclusive",
    "NOT_EVALUABLE": "rate_not_evaluable",
}  # fmt: skip


def add_operating(rows: Rows, claims: Sequence[Claim], parts: Sequence[Path]) -> None:
    """Write the error rates of every claim.

    Parameters
    ----------
    rows
        Receives the results.
    claims
        The claims.
    parts
        Outcomes, as `study.try_claims` wrote them; none where no worlds were asked for.
    """
    if not parts:
        return
    outcomes = pd.concat([read_table(path) for path in parts], ignore_index=True)
    for claim in claims:
        mine = outcomes[outcomes["claim"] == claim.id]
        keys = {"analysis": ANALYSIS, "claim": claim.id, "target": claim.id}
        untried = mine[mine["kind"] == NOT_TRIED]
        for reason in untried["reason"]:
            rows.add_not_estimable(str(reason), **keys, measure=RATES["SUPPORTED"])
        for kind in KINDS:
            found = mine[mine["kind"] == kind.name].sort_values("world", kind="stable")
            if len(found):
                words = f"{kind.words}{effect_words(claim, kind.name, found['truth'])}"
                _add_rates(rows, {**keys, "term": kind.name}, found, words)
                _add_estimates(rows, {**keys, "term": kind.name}, found, words)


def _add_rates(rows: Rows, keys: dict[str, str], found: pd.DataFrame, words: str) -> None:
    n = len(found)
    for verdict, measure in RATES.items():
        _add_share(rows, {**keys, "measure": measure}, int((found["verdict"] == verdict).sum()), n,
                   f"share of worlds judged {verdict}: {words}")  # fmt: skip


def _add_share(rows: Rows, keys: dict[str, str], events: int, n: int, method: str) -> None:
    """Write a share of worlds; its standard error and score interval are Monte Carlo error."""
    low, high = wilson_interval(events, n, rows.source.level)
    share = events / n
    rows.add(
        **keys, estimate=share, se=float(np.sqrt(share * (1 - share) / n)), ci_low=low,
        ci_high=high, n=n, n_events=events, method=f"{method}; score interval of {n} worlds",
    )  # fmt: skip


def _add_estimates(rows: Rows, keys: dict[str, str], found: pd.DataFrame, words: str) -> None:
    known = found[found["estimate"].notna()]
    if len(known) < 2:
        return
    estimates = known["estimate"].to_numpy(float)
    se = float(estimates.std(ddof=1) / np.sqrt(len(estimates)))
    rows.add(
        **keys, measure="mean_estimate", estimate=float(estimates.mean()), se=se,
        ci_low=float(estimates.mean() - 1.96 * se), ci_high=float(estimates.mean() + 1.96 * se),
        n=len(known), method=f"mean estimate over worlds: {words}",
    )  # fmt: skip
    truth = known["truth"].to_numpy(float)
    if np.isnan(truth).any():
        rows.add_not_estimable(
            "what a model that is built anew in every world comes to has no formula",
            **keys, measure="interval_coverage",
        )  # fmt: skip
        return
    held = (known["ci_low"] <= truth) & (truth <= known["ci_high"])
    _add_share(rows, {**keys, "measure": "interval_coverage"}, int(held.sum()), len(known),
               f"share of intervals that hold the truth: {words}")  # fmt: skip
