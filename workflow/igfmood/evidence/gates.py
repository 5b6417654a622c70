"""Gates: what must hold for a claim to be judged.

Takes a claim, its pooled number and all results; gives the gate that fails, in words.
"""

from dataclasses import replace

import pandas as pd

from igfmood import results
from igfmood.config.analysis import ALL
from igfmood.config.claims import Claim
from igfmood.evidence.verdict import Judgement
from igfmood.synthesis.row_keys import heterogeneity_term

#: Keys that the rows of cohorts share with the pooled number that rests on them.
_SAME = ("analysis", "target", "adjustment", "measure", "term", "stratum")


def failed_gate(claim: Claim, pooled: pd.Series, table: pd.DataFrame) -> str:
    """Return which gate fails, empty if none does.

    Parameters
    ----------
    claim
        The claim.
    pooled
        The pooled row that it is judged by.
    table
        All results.
    """
    if pooled["status"] != "ok":
        return str(pooled["reason"])
    k = _cohorts(pooled, table)
    if k < claim.min_cohorts:
        return f"too few cohorts: k = {k} < {claim.min_cohorts}"
    gates = claim.gates
    for name, column, smallest in (
        ("people", "n", gates.people), ("cases or events", "n_events", gates.events),
    ):  # fmt: skip
        found = pooled[column]
        if smallest is not None and not (pd.notna(found) and found >= smallest):
            if claim.estimand.population != ALL:
                # Of subsets no exact number is told: taken from everybody's it may leave few.
                return f"too few {name}: fewer than {smallest:,}"
            known = "not known" if pd.isna(found) else f"{int(found):,}"
            return f"too few {name}: {known} < {smallest:,}"
    if gates.missing is not None:
        return _too_much_missing(gates.missing, pooled, table)
    return ""


def _cohorts(pooled: pd.Series, table: pd.DataFrame) -> int:
    count = results.select(
        table, cohort=results.POOLED, analysis=pooled["analysis"], target=pooled["target"],
        adjustment=pooled["adjustment"],
        term=heterogeneity_term(pooled["measure"], pooled["term"]), measure="k",
        stratum=pooled["stratum"],
    )  # fmt: skip
    return int(count["estimate"].iloc[0])


def _too_much_missing(largest: float, pooled: pd.Series, table: pd.DataFrame) -> str:
    """Return whether too many people lack the analyte in the cohorts behind a number."""
    behind = results.select(table, status="ok", **{key: str(pooled[key]) for key in _SAME})
    names = sorted(set(behind["cohort"]) - {results.POOLED})
    analyte = str(pooled["exposure"]).removesuffix("_sds")
    rows = results.select(
        table, cohort=names, analysis="quality", stratum="all", measure="missing", term=analyte
    )
    if rows.empty:
        return "how many people lack the analyte is not known"
    share = float((rows["estimate"] * rows["n"].astype(float)).sum() / rows["n"].sum())
    if share <= largest:
        return ""
    whose = "" if pooled["stratum"] == ALL else " (of everybody in the cohorts)"
    return f"too many people without the analyte{whose}: {share:.0%} > {largest:.0%}"


def usable(judgement: Judgement, claim: Claim, table: pd.DataFrame) -> Judgement:
    """Return a judgement that supports a test only if its risks are nearly right where it is new.

    Parameters
    ----------
    judgement
        What the diagnostic claim is judged as.
    claim, table
        The claim, and all results.
    """
    bounds = claim.gates.calibration_slope
    if judgement.verdict != "SUPPORTED" or bounds is None:
        return judgement
    estimand = claim.estimand
    found = results.select(
        table, cohort=results.POOLED, analysis=estimand.analysis, target=estimand.target,
        adjustment=estimand.adjustment, measure="calibration_slope", stratum="all", term="",
        status="ok",
    )  # fmt: skip
    if found.empty:
        return Judgement("NOT_EVALUABLE", "the calibration slope is not estimable")
    slope = float(found["estimate"].iloc[0])
    if bounds[0] <= slope <= bounds[1]:
        return judgement
    return replace(
        judgement, verdict="NOT_EVALUABLE",
        reason=f"calibration slope in other cohorts {slope:.2f}, not between {bounds[0]:g} and "
        f"{bounds[1]:g}: its risks cannot be used as they are",
    )  # fmt: skip
