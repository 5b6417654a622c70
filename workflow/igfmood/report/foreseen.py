"""Sentences on what a claim's data could have shown, and what a new cohort would show.

Takes a claim and the findings; gives text, each number tied to its row.
"""

from collections.abc import Iterator

from igfmood.config.claims import Claim
from igfmood.report import words
from igfmood.report.estimands import Estimand, of_claim
from igfmood.report.load import Findings, Verdict
from igfmood.report.numbers import NBSP, Number, Text, decimals_of, fixed
from igfmood.report.text import estimate_with_interval, slope_unit

#: Measure: what an effect of it is called, and its unit.
_EFFECTS = {
    "smd": ("a difference", f"{NBSP}SD"),
    "indirect": ("an indirect effect", " PHQ-9 points per SD"),
}


def lines(verdict: Verdict, findings: Findings) -> Iterator[Text]:
    """Yield what stands beneath a verdict of what else could have been, or would be, found."""
    claim = findings.claims[verdict.claim]
    if verdict.verdict != "NOT_EVALUABLE":
        yield new_cohort(claim, findings)
        yield net_benefit(claim, findings)
        yield from detectable(claim, findings)


def detectable(claim: Claim, findings: Findings) -> Iterator[Text]:
    """Yield the smallest effect that would have been found, of each number that decides a claim."""
    for estimand in of_claim(findings, claim):
        row = findings.ok(
            "detectable", claim.id, "effect", stratum="", term=_key(estimand)
        )  # fmt: skip
        if row is None:
            continue
        found = float(row["estimate"])
        number = Number(fixed(found, decimals_of(estimand.measure)), row["result_id"], found)
        name, unit = _effect(estimand, findings)
        named = f"{words.TERMS[estimand.term]}: " if estimand.term in words.TERMS else ""
        yield (
            f"{named}{name if named else words.capital(name)} of ", number,
            f"{unit} or more would have been found with a power of 80{NBSP}% (5{NBSP}% level).",
        )  # fmt: skip


def new_cohort(claim: Claim, findings: Findings) -> Text:
    """Return the probability that the AUC of a new cohort reaches the bound of a claim."""
    estimand = of_claim(findings, claim)[0]
    row = findings.ok(
        "new_cohort", claim.id, "probability", stratum="", term=_key(estimand)
    )  # fmt: skip
    if row is None or claim.bound is None:
        return ()
    found = float(row["estimate"])
    number = Number(_probability(found), row["result_id"], found)
    return (f"The probability that the AUC of a new cohort reaches {fixed(claim.bound, 2)} is ",
            number, ".")  # fmt: skip


def net_benefit(claim: Claim, findings: Findings) -> Text:
    """Return what acting on the test gains at the thresholds that a claim declares."""
    if claim.thresholds is None:
        return ()
    low, high = claim.thresholds
    estimand = claim.estimand
    found = [
        findings.ok(
            "validation", estimand.target, "delta_net_benefit", adjustment=estimand.adjustment,
            term=f"at {threshold:g}",
        )
        for threshold in findings.study.prediction.thresholds if low <= threshold <= high
    ]  # fmt: skip
    known = [row for row in found if row is not None]
    if not known:
        return ()
    best = max(known, key=lambda row: float(row["estimate"]))
    gains = sum(float(row["ci_low"]) > 0 for row in known)
    beyond = {0: "at none of", len(known): "at all of"}.get(gains, f"at {gains} of")
    return (
        f"At the declared risks of {low:g} to {high:g} {findings.study.analyte.label} adds net "
        f"benefit beyond chance {beyond} {len(known)} thresholds; the most, {best['term']}, is ",
        *estimate_with_interval(best, findings, decimals_of("delta_net_benefit")), ".",
    )  # fmt: skip


def _key(estimand: Estimand) -> str:
    """Return the term under which the number of a measure and term stands."""
    return f"{estimand.measure} {estimand.term}".strip()


def _effect(estimand: Estimand, findings: Findings) -> tuple[str, str]:
    """Return what an effect is called in a sentence, with its article, and its unit."""
    if estimand.measure == "beta":
        name = "an interaction" if estimand.analysis == "stress_buffering" else "a slope"
        return name, slope_unit(estimand.analysis, estimand.term, findings)
    if estimand.measure in _EFFECTS:
        return _EFFECTS[estimand.measure]
    name = words.MEASURES[estimand.measure]
    return f"{'an' if name[0] in 'aeio' else 'a'} {name}", ""


def _probability(value: float) -> str:
    """Return a probability with two decimals, never as certain."""
    if value < 0.01:
        return f"<{NBSP}0.01"
    return f">{NBSP}0.99" if value > 0.99 else fixed(value, 2)
