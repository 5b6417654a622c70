"""From pooled results to verdicts.

Takes the claims and the results of a study; gives one verdict per claim, the rows it rests on,
and the rows of what was computed to reach it.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
import pandas as pd
from scipy.special import ndtri, stdtrit

from igfmood import results
from igfmood.association.effect_sizes import tost
from igfmood.config.claims import Claim
from igfmood.config.study import Study
from igfmood.errors import NotEstimable
from igfmood.evidence.gates import failed_gate, usable
from igfmood.evidence.pooled_rows import group_difference, normal_row, pooled_row, wider_row
from igfmood.evidence.verdict import (
    WITHIN,
    Interval,
    Judgement,
    Verdict,
    enlargement_to_settle_diagnostic,
    enlargement_to_settle_effect,
    judge_diagnostic,
    judge_effect,
)
from igfmood.synthesis.random_effects import random_effects
from igfmood.synthesis.row_keys import NORMAL_TERM, SHARED_KEYS, heterogeneity_term


@dataclass(frozen=True)
class ClaimVerdict:
    """A claim, its verdict, and the results it rests on."""

    claim: Claim
    judgement: Judgement
    result_ids: tuple[str, ...]

    def without_cohorts(self, failed: Sequence[str]) -> Self:
        """Return the verdict with a word on the cohorts that failed and could not count."""
        if not failed:
            return self
        reason = f"{self.judgement.reason}; not counted, because they failed: {', '.join(failed)}"
        return replace(self, judgement=replace(self.judgement, reason=reason))

    def as_dict(self) -> dict[str, object]:
        """Return the verdict as it is written to verdicts.json."""
        return {
            "claim": self.claim.id,
            "verdict": self.judgement.verdict,
            "reason": self.judgement.reason,
            "statement": self.claim.statement,
            "result_ids": list(self.result_ids),
        }


def judge_claim(
    claim: Claim, table: pd.DataFrame, rows: results.Rows, study: Study
) -> ClaimVerdict:
    """Judge one claim by the pooled results.

    Parameters
    ----------
    claim
        What was claimed.
    table
        All results of the study.
    rows
        Receives what is computed here (equivalence tests, n to settle).
    study
        The study, for tiers.
    """
    estimand = claim.estimand
    judged = []
    for term in estimand.terms:
        pooled = pooled_row(table, claim, estimand.measure, term)
        if pooled is None:
            return _not_evaluable(claim, _why_absent(claim, table), ())
        refusal = failed_gate(claim, pooled, table)
        if refusal:
            which = f"{term}: " if estimand.also else ""
            return _not_evaluable(claim, which + refusal, (pooled["result_id"],))
        judge = _judge_diagnostic if claim.kind == "diagnostic" else _judge_effect
        judged.append(judge(claim, pooled, table, rows, study))
    found = judged[0] if len(judged) == 1 else _both(claim, judged)
    return _speaking_of_one(found, table)


def _why_absent(claim: Claim, table: pd.DataFrame) -> str:
    if claim.estimand.analysis != "mendelian":
        return "there is no result to judge it by: see the failures"
    found = results.select(table, analysis="mendelian", cohort=results.POOLED)
    given = sorted(set(found["target"]) - {""})
    if given:
        names = " and ".join(given)
        return f"no genetic summary table of {claim.estimand.target} is given, only of {names}"
    return "no genetic summary tables are given (genetics): docs/mendelian.md says which fit"


def _judge_effect(
    claim: Claim, pooled: pd.Series, table: pd.DataFrame, rows: results.Rows, study: Study
) -> ClaimVerdict:
    wider = wider_row(pooled, table)
    found, tested = _interval(claim, pooled, wider, table, study.equivalence_alpha, rows)
    judgement = judge_effect(found, claim.direction, claim.margin)
    # Equivalence is shown at another level, where the other interval may be the wider one.
    decided = tested if judgement.reason == WITHIN else wider
    judgement = _told(judgement, [decided], [-claim.margin, 0.0, claim.margin])
    sign = 1 if claim.direction == "higher" else -1
    if judgement.verdict == "INCONCLUSIVE":
        factor = enlargement_to_settle_effect(sign * pooled["estimate"], claim.margin, found)
        _add_n_to_settle(claim, pooled["n"], factor, rows, pooled["term"])
    return ClaimVerdict(claim, judgement, (pooled["result_id"],))


def _both(claim: Claim, judged: Sequence[ClaimVerdict]) -> ClaimVerdict:
    """Put together the verdicts on two terms that must both hold (intersection-union)."""
    names = claim.estimand.terms
    verdicts = [one.judgement.verdict for one in judged]
    said = "; ".join(
        f"{name}: {one.judgement.reason}" for name, one in zip(names, judged, strict=True)
    )
    verdict = _of_both(verdicts)
    ids = tuple(name for one in judged for name in one.result_ids)
    return ClaimVerdict(claim, Judgement(verdict, said), ids)


def _of_both(verdicts: Collection[Verdict]) -> Verdict:
    """Return the verdict on terms that must all hold (intersection-union)."""
    if "NOT_EVALUABLE" in verdicts:
        return "NOT_EVALUABLE"
    if "REFUTED" in verdicts:
        return "REFUTED"
    return "SUPPORTED" if set(verdicts) == {"SUPPORTED"} else "INCONCLUSIVE"


def verdict_over(estimates: pd.DataFrame, claim: Claim, study: Study) -> Verdict:
    """Return the verdict on one estimate per cohort, by the rule that the claim is judged by."""
    if len(estimates) < claim.min_cohorts or estimates["estimate"].isna().any():
        return "NOT_EVALUABLE"
    yi = estimates["estimate"].to_numpy(float)
    alpha = study.equivalence_alpha
    if len(yi) == 1:
        row = estimates.iloc[0]
        low, high = float(row["ci_low"]), float(row["ci_high"])
        tail = ndtri(1 - alpha) if pd.isna(row["df"]) else stdtrit(row["df"], 1 - alpha)
        mu, half = float(yi[0]), float(tail) * float(row["se"])
    else:
        try:
            pooled = random_effects(yi, estimates["se"].to_numpy(float) ** 2, study.level)
        except NotEstimable:
            return "NOT_EVALUABLE"
        mu, low, high = pooled.mu, pooled.ci_low, pooled.ci_high
        normal = pooled.normal()
        if normal.ci_high - normal.ci_low > high - low:
            low, high = normal.ci_low, normal.ci_high
        # The wider one at this level too: the quantiles have another ratio here.
        half = max(
            float(stdtrit(pooled.df, 1 - alpha)) * pooled.se, float(ndtri(1 - alpha)) * normal.se
        )
    found = Interval(low, high, mu - half, mu + half)
    return judge_effect(found, claim.direction, claim.margin).verdict


def verdict_of_terms(
    estimates: Mapping[str, pd.DataFrame], claim: Claim, study: Study
) -> Verdict:  # fmt: skip
    """Return the verdict on the estimates of each term that decides a claim."""
    return _of_both([verdict_over(one, claim, study) for one in estimates.values()])


def _speaking_of_one(verdict: ClaimVerdict, table: pd.DataFrame) -> ClaimVerdict:
    """Return the verdict with a word where one cohort alone stands behind it."""
    methods = table.loc[table["result_id"].isin(verdict.result_ids), "method"]
    alone = methods[methods.str.startswith("one cohort only")]
    if alone.empty:
        return verdict
    names = sorted({method.split("(", 1)[1].split(")", 1)[0] for method in alone})
    reason = (
        f"{verdict.judgement.reason}; in one cohort ({', '.join(names)}), no claim to any other"
    )
    return replace(verdict, judgement=replace(verdict.judgement, reason=reason))


def _judge_diagnostic(
    claim: Claim, auc: pd.Series, table: pd.DataFrame, rows: results.Rows, study: Study
) -> ClaimVerdict:
    added = pooled_row(table, claim, "delta_auc", f"over {study.added_value[1]}")
    if added is None or added["status"] != "ok":
        reason = (
            "the added AUC is not estimable" if added is None else f"added AUC: {added['reason']}"
        )
        return _not_evaluable(claim, reason, (auc["result_id"],))
    difference = group_difference(claim, table)
    if difference is None or difference["status"] != "ok":
        why = "there is no result" if difference is None else difference["reason"]
        reason = f"group difference: {why}"
        return _not_evaluable(claim, reason, (auc["result_id"],))
    assert claim.bound is not None
    gained, _ = _interval(
        claim, added, wider_row(added, table), table, study.equivalence_alpha, rows
    )
    main = auc
    auc, added, difference = (wider_row(row, table) for row in (auc, added, difference))
    sign = 1 if claim.direction == "higher" else -1
    low, high = sorted((sign * difference["ci_low"], sign * difference["ci_high"]))
    reached = Interval(
        auc["ci_low"], auc["ci_high"], auc["ci_low"], auc["ci_high"], _lasting(main, auc, table)
    )
    judgement = judge_diagnostic(
        reached, gained, Interval(low, high, low, high), claim.bound, claim.margin
    )
    marks = [claim.bound, -claim.margin, 0.0, claim.margin]
    judgement = _told(usable(judgement, claim, table), [auc, added, difference], marks)
    if judgement.verdict == "INCONCLUSIVE":
        factor = enlargement_to_settle_diagnostic(
            auc["estimate"] - claim.bound, reached, added["estimate"] - claim.margin, gained
        )
        _add_n_to_settle(claim, auc["n"], factor, rows)
    ids = (auc["result_id"], added["result_id"], difference["result_id"])
    return ClaimVerdict(claim, judgement, ids)


#: Measure: what its interval is called where a claim has several.
_INTERVALS = {"auc": "AUC", "delta_auc": "added AUC", "smd": "group difference"}
#: Beyond this many decimals nothing is told apart.
_MOST_DECIMALS = 5


def _told(
    judgement: Judgement, used: Sequence[pd.Series], marks: Sequence[float]
) -> Judgement:  # fmt: skip
    """Return the judgement with a word on normal intervals that decided, being the wider ones.

    Their limits have as many decimals as tell them from the `marks` that they are held against.
    """
    normal = [row for row in used if row["term"].endswith(NORMAL_TERM)]
    if not normal:
        return judgement
    names = [f"{_INTERVALS[row['measure']]} " if len(used) > 1 else "" for row in normal]
    told = ", ".join(
        f"{name}{_limits(row, marks)}" for name, row in zip(names, normal, strict=True)
    )
    level = f"{normal[0]['level'] * 100:g} % "
    reason = (
        f"{judgement.reason}; decided by the normal interval ({level}{told}), which is wider than "
        "the Knapp-Hartung one"
    )
    return replace(judgement, reason=reason)


def _limits(row: pd.Series, marks: Sequence[float]) -> str:
    limits, decimals = (float(row["ci_low"]), float(row["ci_high"])), 2
    while decimals < _MOST_DECIMALS and any(
        round(limit, decimals) == round(mark, decimals) for limit in limits for mark in marks
    ):
        decimals += 1
    return " to ".join(f"{limit:.{decimals}f}" for limit in limits)


def _interval(
    claim: Claim, pooled: pd.Series, wider: pd.Series, table: pd.DataFrame, alpha: float,
    rows: results.Rows,
) -> tuple[Interval, pd.Series]:  # fmt: skip
    """Return both intervals of a pooled estimate, and write the equivalence test as a result.

    With them comes the row of the test's interval, its term that of the interval which was used.

    Which of the Knapp-Hartung and the normal interval is the wider one is asked at each level:
    the quantiles of t and of the normal distribution have another ratio at 90 % than at 95 %.
    """
    normal = normal_row(pooled, table)
    tests = [
        (tost(one["estimate"], one["se"], _df(one), claim.margin, alpha), one)
        for one in (pooled, normal) if one is not None
    ]  # fmt: skip
    test, used = max(tests, key=lambda pair: pair[0].ci_high - pair[0].ci_low)
    rows.add(
        analysis="equivalence",
        claim=claim.id,
        target=claim.id,
        term=pooled["term"],
        measure=pooled["measure"],
        estimate=pooled["estimate"],
        se=used["se"],
        df=used["df"],
        ci_low=test.ci_low,
        ci_high=test.ci_high,
        level=test.level,
        p=test.p,
        n=pooled["n"],
        n_events=pooled["n_events"],
        method=f"two one-sided t tests against the margin of {claim.margin:g}",
    )
    lasting = _lasting(pooled, wider, table)
    tested = used.copy()
    tested[["ci_low", "ci_high", "level"]] = [test.ci_low, test.ci_high, test.level]
    found = Interval(wider["ci_low"], wider["ci_high"], test.ci_low, test.ci_high, lasting)
    return found, tested


def _lasting(pooled: pd.Series, wider: pd.Series, table: pd.DataFrame) -> float:
    """Return the share of a pooled variance that more people in the same cohorts leave."""
    keys = {key: str(pooled[key]) for key in SHARED_KEYS}
    term = heterogeneity_term(keys["measure"], keys["term"])
    found = {
        measure: results.select(
            table, cohort=results.POOLED, status="ok",
            **{**keys, "measure": measure, "term": term},
        )["estimate"]
        for measure in ("tau2", "k")
    }  # fmt: skip
    if any(one.empty for one in found.values()):
        return 0.0
    tau2 = float(found["tau2"].iloc[0])
    if pooled["measure"] == "auc":
        # Pooled on the logit scale; its variance there, on the scale of the AUC.
        tau2 *= (float(pooled["estimate"]) * (1 - float(pooled["estimate"]))) ** 2
    # What is pooled on another scale has no standard error on its own: that of its interval.
    tail = 0.5 + float(wider["level"]) / 2
    df = _df(wider)
    quantile = float(stdtrit(df, tail)) if np.isfinite(df) else float(ndtri(tail))
    se = (float(wider["ci_high"]) - float(wider["ci_low"])) / 2 / quantile
    return min(1.0, tau2 / float(found["k"].iloc[0]) / se**2)


def _df(row: pd.Series) -> float:
    return float("inf") if pd.isna(row["df"]) else float(row["df"])


def _add_n_to_settle(
    claim: Claim, n: int, factor: float, rows: results.Rows, term: str = ""
) -> None:
    keys = {
        "analysis": "n_to_settle", "claim": claim.id, "target": claim.id, "measure": "n",
        "term": term,
    }  # fmt: skip
    if claim.estimand.analysis == "mendelian":
        rows.add_not_estimable("it rests on published summaries: n counts variants", **keys)
        return
    if not np.isfinite(factor):
        rows.add_not_estimable(
            "the estimate lies nearer to the boundary than any number of people in these cohorts "
            "could tell, since cohorts differ: more cohorts would",
            **keys,
        )
        return
    rows.add(
        **keys,
        estimate=float(np.ceil(n * factor)),
        method="people needed if the estimate and the variance between cohorts stay, and that of "
        "people falls with their number",
    )


def _not_evaluable(claim: Claim, reason: str, ids: tuple[str, ...]) -> ClaimVerdict:
    return ClaimVerdict(claim, Judgement("NOT_EVALUABLE", reason), ids)
