"""Which results belong together: an estimate by cohort, pooled, and its relatives.

Takes the findings; gives the estimands that figures and tables are made of.
"""

from dataclasses import dataclass, replace

import pandas as pd

from igfmood.config.analysis import ALL
from igfmood.config.claims import Claim
from igfmood.disclosure import redact
from igfmood.report import words
from igfmood.report.load import Findings
from igfmood.report.reasons import without_keys
from igfmood.results import POOLED, lacks
from igfmood.synthesis.row_keys import companion, heterogeneity_term, without_cohort

#: Outcomes of incidence.
_TO_COME = {"depression": "Depression to come", "bipolar": "Bipolar disorder to come"}


@dataclass(frozen=True)
class Estimand:
    """Keys that the rows of an estimate share over cohorts."""

    analysis: str
    target: str
    measure: str
    adjustment: str
    term: str = ""
    population: str = ALL

    def pooled(self, findings: Findings, term: str = "") -> pd.Series | None:
        """Return the pooled estimate (or its companion of that term), if there is one."""
        return findings.ok(
            self.analysis, self.target, self.measure, adjustment=self.adjustment,
            stratum=self.population, term=companion(self.term, term) if term else self.term,
        )  # fmt: skip

    def cohorts(self, findings: Findings) -> list[pd.Series]:
        """Return each cohort's row, estimable or not, in the order of the configuration."""
        rows = [
            findings.find(
                self.analysis, self.target, self.measure, cohort=cohort.name,
                adjustment=self.adjustment, stratum=self.population, term=self.term,
            )
            for cohort in findings.study.cohorts
        ]  # fmt: skip
        return [row for row in rows if row is not None]

    def heterogeneity(self, findings: Findings, measure: str) -> pd.Series | None:
        """Return k, tau2, i2 or q of the synthesis."""
        return findings.ok(
            self.analysis, self.target, measure, adjustment=self.adjustment,
            stratum=self.population, term=heterogeneity_term(self.measure, self.term),
        )  # fmt: skip

    def leave_one_out(self, findings: Findings) -> list[tuple[str, pd.Series]]:
        """Return, for each cohort left out, its title and the pooled row without it."""
        found = []
        for cohort in findings.study.cohorts:
            row = findings.find(
                self.analysis, self.target, self.measure, adjustment=self.adjustment,
                term=self.term, stratum=without_cohort(self.population, cohort.name),
            )  # fmt: skip
            if row is not None:
                found.append((cohort.title, row))
        return found

    def other_tiers(self, findings: Findings) -> list["Estimand"]:
        """Return the same estimand with every other adjustment."""
        tiers = findings.study.covariate_tiers
        return [replace(self, adjustment=name) for name in tiers if name != self.adjustment]

    def adjusted(self, findings: Findings) -> str:
        """Return in words what the estimate is adjusted for."""
        if self.analysis == "within_person":
            return "each person compared with oneself, visits (of each arm) as covariates"
        return words.adjustment(self.adjustment, findings.study, self.population)

    def about(self, findings: Findings) -> str:
        """Return in words what is estimated: illness to come is no contrast of groups."""
        named = words.target(self.target, findings.study)
        if self.analysis == "incidence":
            named = _TO_COME.get(self.target, self.target)
        among = words.population(self.population, findings.study)
        return f"{named} ({among})" if among else named

    def why_not(self, findings: Findings) -> str:
        """Return why there is no pooled estimate."""
        pooled = findings.find(
            self.analysis, self.target, self.measure, adjustment=self.adjustment,
            stratum=self.population, term=self.term,
        )  # fmt: skip
        if pooled is not None and not pooled["reason"].startswith("no cohort"):
            reason = without_keys(pooled["reason"], findings.study)
            return redact(reason, findings.min_cell)
        keys = {"analysis": self.analysis, "target": self.target, "adjustment": self.adjustment}
        # What subsets lack besides is no reason for everybody's number.
        reasons = findings.why_not(**keys, stratum=self.population) or findings.why_not(**keys)
        if reasons:
            return reasons
        failed = [
            f"{one.cohort} failed: {one.reason}" for one in findings.failures()
            if one.cohort != POOLED and lacks(one.stage, one.part, self.analysis, self.target)
        ]  # fmt: skip
        if failed:
            return "; ".join(failed)
        return "no cohort has an estimate"


def contrast(findings: Findings, task: str) -> Estimand:
    """Return the group difference of a task, with the adjustment that a claim declares."""
    return Estimand("contrast", task, "smd", _declared(findings, "contrast", task))


def severity(findings: Findings) -> Estimand:
    """Return the PHQ-9 slope, with the adjustment that a claim declares."""
    return Estimand("severity", "phq9_total", "beta", _declared(findings, "severity", "phq9_total"))


def of_claim(findings: Findings, claim: Claim) -> list[Estimand]:
    """Return what a claim is judged by; a diagnostic claim also by what the analyte adds."""
    found = claim.estimand
    main = Estimand(
        found.analysis, found.target, found.measure, found.adjustment, found.term, found.population
    )
    if found.also:
        return [main, replace(main, term=found.also)]
    if claim.kind != "diagnostic":
        return [main]
    base = findings.study.added_value[1]
    return [main, replace(main, measure="delta_auc", term=f"over {base}")]


def margin_of(findings: Findings, estimand: Estimand) -> float | None:
    """Return the margin that a claim declares for an estimand, if one does."""
    for claim in findings.claims.values():
        if claim.kind == "effect" and estimand in of_claim(findings, claim):
            return claim.margin
    return None


def _declared(findings: Findings, analysis: str, target: str) -> str:
    for claim in findings.claims.values():
        found = claim.estimand
        about = (found.analysis, found.target, found.population)
        if about == (analysis, target, ALL) and found.adjustment:
            return found.adjustment
    return list(findings.study.covariate_tiers)[-1]
