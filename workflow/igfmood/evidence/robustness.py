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
    from_standardised_interval,
)
from igfmood.association.multiplicity import benjamini_hochberg, holm
from igfmood.association.question import SPECIFICATION
from igfmood.config.analysis import ALL
from igfmood.config.claims import Claim
from igfmood.config.study import Study
from igfmood.errors import NotEstimable
from igfmood.evidence.judge import ClaimVerdict, verdict_over
from igfmood.evidence.pooled_rows import pooled_row, wider_row
from igfmood.evidence.sensitivity import of_cohorts
from igfmood.evidence.tipping import add_tipping
from igfmood.synthesis.row_keys import without_companion

#: Below this share of people with the outcome an odds or hazard ratio stands for the risk ratio
#: (VanderWeele and Ding 2017, table 2).
_RARE = 0.15
#: Terms that are no contrast of people who differ by one SD or one group.
_NO_RATIO = ("predictive", "squared", "decline")
#: Analyses whose slope is in SDs of the outcome per SD: a standardised difference.
_STANDARDISED = ("cognition", "neuroplasticity")
#: A log ratio beyond this is none that anybody could have.
_LARGEST = 30.0


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
    _add_multiplicity(judged, table, rows, study)
    cohorts = of_cohorts(table)
    for one in judged:
        if one.claim.kind == "effect" and one.judgement.verdict != "NOT_EVALUABLE":
            _add_e_value(one.claim, table, rows)
            _add_forks(one, cohorts, rows, study)
        add_tipping(rows, one, cohorts, study)


def _keys(claim: Claim, analysis: str, measure: str) -> dict[str, str]:
    return {"analysis": analysis, "claim": claim.id, "target": claim.id, "measure": measure}


def _add_multiplicity(
    judged: Sequence[ClaimVerdict], table: pd.DataFrame, rows: results.Rows, study: Study
) -> None:
    """Write p values adjusted within each family (Holm) and over secondary claims (BH).

    A claim that could not be judged was not tested: the family is smaller without it.
    """
    for family in dict.fromkeys(one.claim.family for one in judged):
        members = [one for one in judged if one.claim.family == family]
        found = [(one.claim, *_p_value(one, table, study)) for one in members]
        tested = [(claim, p) for claim, p, _ in found if p is not None]
        raw = np.array([p for _, p in tested], dtype=float)
        adjusted = benjamini_hochberg(raw) if family is None else holm(raw)
        size = f"{len(tested)} of {len(members)}" if len(tested) < len(members) else len(members)
        method = (
            f"Benjamini-Hochberg over {size} secondary claims"
            if family is None
            else f"Holm over {size} claims of the family {family}"
        )
        for (claim, one), value in zip(tested, adjusted, strict=True):
            rows.add(
                **_keys(claim, "multiplicity", "p_adjusted"), estimate=float(value), p=one,
                method=f"{method}; two-sided, against no effect",
            )  # fmt: skip
        for claim, p, why in found:
            if p is None:
                rows.add_not_estimable(why, **_keys(claim, "multiplicity", "p_adjusted"))


def _p_value(
    judged: ClaimVerdict, table: pd.DataFrame, study: Study
) -> tuple[float | None, str]:  # fmt: skip
    """Return the p of a claim's estimate against no effect, or None and why there is none.

    Of two terms that must both hold it is the larger (intersection-union).
    """
    claim = judged.claim
    if judged.judgement.verdict == "NOT_EVALUABLE":
        return None, f"the claim is not judged: {judged.judgement.reason}"
    if claim.kind == "diagnostic":
        wanted = [("delta_auc", f"over {study.added_value[1]}")]
    else:
        wanted = [(claim.estimand.measure, term) for term in claim.estimand.terms]
    found = [pooled_row(table, claim, measure, term) for measure, term in wanted]
    p = [float(wider_row(row, table)["p"]) for row in found if row is not None]
    if len(p) < len(wanted) or any(np.isnan(p)):
        return None, "the estimate comes without a p"
    return max(p), ""


def _risk_ratio(row: pd.Series) -> RiskRatio:
    """Return an estimate as an approximate risk ratio.

    Raises
    ------
    NotEstimable
        If its scale has none.
    """
    measure, analysis = row["measure"], row["analysis"]
    if analysis == "stress_buffering" or without_companion(row["term"]) in _NO_RATIO:
        raise NotEstimable("an E-value is not for interactions, curvature or change over time")
    ends = [float(row[name]) for name in ("estimate", "ci_low", "ci_high")]
    if not all(abs(end) <= _LARGEST for end in ends):
        raise NotEstimable("an end of the interval is missing, or too far away for a ratio")
    if measure == "smd" or (measure == "beta" and analysis in _STANDARDISED):
        return from_standardised_interval(*ends)
    ratios = [float(np.exp(end)) for end in ends]
    rare = bool(pd.notna(row["n_events"]) and row["n_events"] < _RARE * row["n"])
    if measure == "log_rr" or (measure in ("log_or", "log_hr") and rare):
        return RiskRatio(*ratios)
    if measure == "log_hr" or (measure == "log_or" and analysis == "incidence"):
        return from_hazard_ratio(*ratios)
    if measure == "log_or":
        return from_odds_ratio(*ratios)
    raise NotEstimable("an E-value needs a ratio, or a difference in standard deviations")


def _add_e_value(claim: Claim, table: pd.DataFrame, rows: results.Rows) -> None:
    """Write the E-value of the estimate, and of the nearer end of the interval that decided."""
    keys = _keys(claim, "e_value", "e_value")
    method = "E-value: risk ratio that a confounder needs with both (VanderWeele and Ding 2017)"
    for term in claim.estimand.terms:
        row = pooled_row(table, claim, claim.estimand.measure, term)
        assert row is not None  # the claim is judged by it
        try:
            found = e_value(_risk_ratio(wider_row(row, table)))
        except NotEstimable as error:
            rows.add_not_estimable(error.reason, **keys, term=f"{term} estimate".strip())
            continue
        for which, value in (("estimate", found.estimate), ("limit", found.limit)):
            rows.add(**keys, term=f"{term} {which}".strip(), estimate=value, method=method)


def _add_forks(
    judged: ClaimVerdict, table: pd.DataFrame, rows: results.Rows, study: Study
) -> None:  # fmt: skip
    """Write in what share of the forks the verdict is the same, and how many have none.

    Of a claim about everybody the population is one of the choices; of one about a subset it is
    what the claim says.
    """
    claim = judged.claim
    estimand = claim.estimand
    declared = results.select(
        table, analysis=SPECIFICATION, target=estimand.target, measure=estimand.measure,
        term=f"{estimand.analysis} {estimand.term}".strip(),
    )  # fmt: skip
    keys = _keys(claim, "fork_agreement", "share")
    if declared.empty or estimand.also:
        rows.add_not_estimable("no forks are declared for this number", **keys)
        return
    population = estimand.population
    if population != ALL:
        declared = results.parts_of(declared, population)
    if declared.empty:
        label = next(one.label for one in study.subsets if one.name == population)
        why = (
            f"no forks are declared of these people ({label}): forks.population does not name them"
        )
        rows.add_not_estimable(why, **keys)
        return
    verdicts = [
        verdict_over(fork[fork["status"] == "ok"], claim, study)
        for _, fork in declared.groupby(["adjustment", "stratum"], sort=True)
    ]  # fmt: skip
    found = [verdict for verdict in verdicts if verdict != "NOT_EVALUABLE"]
    rows.add(
        **_keys(claim, "fork_agreement", "not_estimable"), estimate=len(verdicts) - len(found),
        n=len(verdicts), method="declared forks that too few cohorts have an estimate for",
    )  # fmt: skip
    if not found:
        why = f"too few cohorts have an estimate for any of the {len(verdicts)} declared forks"
        rows.add_not_estimable(why, **keys)
        return
    same = sum(verdict == judged.judgement.verdict for verdict in found)
    rows.add(
        **keys, estimate=same / len(found), n=len(found),
        method="share of the declared forks with the same verdict, of those with an estimate",
    )  # fmt: skip
