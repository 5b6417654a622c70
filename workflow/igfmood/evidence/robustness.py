"""What stands beside a verdict: multiplicity, unmeasured confounding, forks, and missing values.

Takes claims with their verdicts and all results; writes adjusted p values, E-values, the share of
forks with the same verdict, and the shift of the unmeasured at which the verdict changes.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from igfmood import results
from igfmood.association.e_value import (
    RiskRatio,
    e_value,
    from_hazard_ratio,
    from_odds_ratio,
    from_standardised_difference,
)
from igfmood.association.multiplicity import benjamini_hochberg, holm
from igfmood.association.question import SPECIFICATION
from igfmood.config.claims import Claim
from igfmood.config.study import Study
from igfmood.errors import NotEstimable
from igfmood.evidence.judge import ClaimVerdict, pooled_row, terms_of
from igfmood.evidence.verdict import Interval, judge_effect
from igfmood.synthesis.random_effects import random_effects


def add_robustness(
    judged: Sequence[ClaimVerdict], table: pd.DataFrame, rows: results.Rows, study: Study
) -> None:
    """Write everything that stands beside the verdicts.

    Parameters
    ----------
    judged
        Claims with their verdicts.
    table
        All results of the study.
    rows
        Receives the results.
    study
        The study.
    """
    _add_multiplicity([one.claim for one in judged], table, rows, study)
    for one in judged:
        if one.claim.kind == "effect" and one.judgement.verdict != "NOT_EVALUABLE":
            _add_e_value(one.claim, table, rows)
            _add_forks(one, table, rows)
            _add_tipping(one, table, rows, study)


def _keys(claim: Claim, analysis: str, measure: str) -> dict[str, str]:
    return {"analysis": analysis, "claim": claim.id, "target": claim.id, "measure": measure}


def _add_multiplicity(
    claims: Sequence[Claim], table: pd.DataFrame, rows: results.Rows, study: Study
) -> None:
    """Write p values adjusted within each family (Holm) and over secondary claims (BH)."""
    found = {claim.id: _p_value(claim, table, study) for claim in claims}
    families = dict.fromkeys(claim.family for claim in claims)
    for family in families:
        members = [c for c in claims if c.family == family and found[c.id] is not None]
        if not members:
            continue
        raw = np.array([found[claim.id] for claim in members], dtype=float)
        adjusted = benjamini_hochberg(raw) if family is None else holm(raw)
        method = (
            f"Benjamini-Hochberg over {len(members)} secondary claims"
            if family is None
            else f"Holm over {len(members)} claims of the family {family}"
        )
        for claim, p, value in zip(members, raw, adjusted, strict=True):
            rows.add(
                **_keys(claim, "multiplicity", "p_adjusted"), estimate=float(value), p=float(p),
                method=method,
            )  # fmt: skip


def _p_value(claim: Claim, table: pd.DataFrame, study: Study) -> float | None:
    """Return the p of a claim's estimate against no effect; of two terms the larger."""
    if claim.kind == "diagnostic":
        wanted = [("delta_auc", f"over {study.added_value[1]}")]
    else:
        wanted = [(claim.estimand.measure, term) for term in terms_of(claim.estimand)]
    found = [pooled_row(table, claim, measure, term) for measure, term in wanted]
    p = [row["p"] for row in found if row is not None and row["status"] == "ok"]
    return float(max(p)) if len(p) == len(wanted) and not any(map(pd.isna, p)) else None


def _risk_ratio(row: pd.Series) -> RiskRatio | None:
    """Return an estimate as an approximate risk ratio, None where its scale has none."""
    ends = [float(np.exp(row[name])) for name in ("estimate", "ci_low", "ci_high")]
    match row["measure"]:
        case "smd":
            return from_standardised_difference(float(row["estimate"]), float(row["se"]))
        case "log_or":
            return from_odds_ratio(*ends)
        case "log_hr":
            return from_hazard_ratio(*ends)
        case "log_rr":
            return RiskRatio(*ends)
        case "beta" if row["analysis"] in ("cognition", "neuroplasticity", "stress_buffering"):
            # In SDs of the outcome per SD: a standardised difference per SD of the exposure.
            return from_standardised_difference(float(row["estimate"]), float(row["se"]))
    return None


def _add_e_value(claim: Claim, table: pd.DataFrame, rows: results.Rows) -> None:
    for term in terms_of(claim.estimand):
        row = pooled_row(table, claim, claim.estimand.measure, term)
        ratio = None if row is None else _risk_ratio(row)
        if ratio is None:
            continue
        found = e_value(ratio)
        keys = _keys(claim, "e_value", "e_value")
        method = "E-value: risk ratio that a confounder needs with both (VanderWeele and Ding 2017)"
        for which, value in (("estimate", found.estimate), ("limit", found.limit)):
            rows.add(**keys, term=f"{term} {which}".strip(), estimate=value, method=method)


def _add_forks(judged: ClaimVerdict, table: pd.DataFrame, rows: results.Rows) -> None:
    """Write in what share of the forks the verdict comes out the same."""
    claim = judged.claim
    estimand = claim.estimand
    if estimand.also:
        return
    forks = results.select(
        table, cohort=results.POOLED, analysis=SPECIFICATION, target=estimand.target,
        measure=estimand.measure, status="ok", term=f"{estimand.analysis} {estimand.term}".strip(),
    )  # fmt: skip
    if forks.empty:
        return
    same = 0
    for _, fork in forks.iterrows():
        interval = Interval(fork["ci_low"], fork["ci_high"], *_narrower(fork))
        found = judge_effect(interval, claim.direction, claim.margin)
        same += found.verdict == judged.judgement.verdict
    rows.add(
        **_keys(claim, "fork_agreement", "share"), estimate=same / len(forks), n=len(forks),
        method="share of the declared forks with the same verdict",
    )  # fmt: skip


def _narrower(row: pd.Series) -> tuple[float, float]:
    """Return the 90 % interval of a row, of the equivalence test at 5 %."""
    from scipy.special import ndtri, stdtrit

    df = row["df"]
    quantile = float(ndtri(0.95) if pd.isna(df) else stdtrit(df, 0.95))
    return row["estimate"] - quantile * row["se"], row["estimate"] + quantile * row["se"]


def _add_tipping(
    judged: ClaimVerdict, table: pd.DataFrame, rows: results.Rows, study: Study
) -> None:
    """Write the smallest shift of the unmeasured cases that changes the verdict on a difference."""
    claim = judged.claim
    if claim.estimand.analysis != "contrast" or claim.estimand.measure != "smd":
        return
    shifts = results.select(
        table, analysis="tipping", target=claim.estimand.target, status="ok", measure="smd"
    )
    keys = _keys(claim, "tipping_point", "shift")
    if shifts.empty:
        rows.add_not_estimable("no cohort has cases whose analyte was not measured", **keys)
        return
    verdicts: dict[float, str] = {}
    for shift, group in shifts.groupby(shifts["term"].astype(float)):
        try:
            pooled = random_effects(
                group["estimate"].to_numpy(float), group["se"].to_numpy(float) ** 2, study.level
            )
        except NotEstimable:
            continue
        half = max(pooled.ci_high - pooled.mu, 1.96 * pooled.se_normal)
        found = Interval(pooled.mu - half, pooled.mu + half, pooled.mu - half, pooled.mu + half)
        verdicts[float(str(shift))] = judge_effect(found, claim.direction, claim.margin).verdict
    if 0.0 not in verdicts:
        rows.add_not_estimable("fewer than two cohorts have cases not measured", **keys)
        return
    changed = [shift for shift, verdict in verdicts.items() if verdict != verdicts[0.0]]
    if not changed:
        largest = max(verdicts)
        rows.add_not_estimable(
            f"no shift of the cases not measured by up to {largest:g} SD changes the verdict",
            **keys,
        )
        return
    rows.add(
        **keys, estimate=min(changed, key=abs),
        method="SD by which the cases not measured would have to differ from those measured",
    )  # fmt: skip
