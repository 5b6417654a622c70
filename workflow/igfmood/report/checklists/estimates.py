"""What a run says of its people and its estimates.

Takes the findings; gives facts from the results, with counts in the form in which they may be
shown.
"""

from collections import Counter

from igfmood import results
from igfmood.report import names, words
from igfmood.report.checklists.design import ASSOCIATIONS
from igfmood.report.checklists.facts import Fact, if_any, rows
from igfmood.report.counts import Counts
from igfmood.report.load import Findings
from igfmood.report.numbers import Part
from igfmood.results import POOLED


def flow(findings: Findings) -> Fact | None:
    """Return rows read and rows analysed of each cohort."""
    counts = Counts(findings)
    text: list[Part] = []
    for name, title in findings.titles().items():
        read = findings.ok("flow", "", "count", cohort=name, stratum="rows_in")
        used = findings.ok("flow", "", "count", cohort=name, stratum="analysed")
        if read is not None and used is not None:
            text += [
                "; " if text else "", f"{title}: ", counts.number(used, name, "analysed"), " of ",
                counts.number(read, name, "rows_in"), " rows",
            ]  # fmt: skip
    ids = rows(findings, analysis="flow")
    return Fact(("Analysed: ", *text, "."), "people", ids) if text else None


def fallen_out(findings: Findings) -> Fact | None:
    """Return where it stands why rows were left out."""
    text = "Rows set aside or excluded are counted rule by rule, for each cohort."
    ids = rows(findings, analysis="flow", stratum=["excluded", "quarantined"])
    return if_any(text, "people", ids)


def quarantine(findings: Findings) -> Fact | None:
    """Return what was done about values that cannot be."""
    text = "Rows with impossible values or repeated keys are set aside and counted."
    return if_any(text, "people", rows(findings, analysis="flow", stratum="quarantined"))


def diagram(findings: Findings) -> Fact | None:
    """Return where the diagram is."""
    ids = rows(findings, analysis="flow", stratum=["analysed", "participants"])
    return if_any("Figure from rows in the file to people analysed.", "figure-flow", ids)


def characteristics(findings: Findings) -> Fact | None:
    """Return where people are described."""
    text = "Table by cohort and group: age, sex, symptoms, the analyte, other variables."
    return if_any(text, "people", rows(findings, analysis="table1"))


def groups(findings: Findings) -> Fact | None:
    """Return which diagnoses each cohort holds."""
    found = results.select(findings.table, analysis="table1", term="people", status="ok")
    named = []
    for cohort in findings.study.cohorts:
        mine = found.loc[found["cohort"] == cohort.name, "stratum"]
        if len(mine):
            named.append(f"{cohort.title}: {', '.join(words.group(one, cohort) for one in mine)}")
    return if_any(f"Groups. {'; '.join(named)}.", "people", tuple(found["result_id"]))


def gaps(findings: Findings) -> Fact | None:
    """Return where missing values are counted."""
    ids = rows(findings, analysis="quality", measure="missing")
    ids += rows(findings, analysis="table1", measure="missing")
    return if_any("Share missing of every variable, by cohort and group.", "h-missing", ids)


def lag(findings: Findings) -> Fact | None:
    """Return whether the time between blood draw and questionnaire is known."""
    ids = rows(findings, analysis="quality", term="lag_days")
    text = "Days between blood draw and questionnaire are described where both dates are known."
    return if_any(text, "quality", ids)


def cases(findings: Findings) -> Fact | None:
    """Return people and cases behind each comparison."""
    counts, study = Counts(findings), findings.study
    text: list[Part] = []
    ids = []
    for task in study.tasks:
        row = findings.ok("contrast", task.name, "smd", adjustment=study.main_tier)
        if row is not None:
            ids.append(row["result_id"])
            text += [
                "; " if text else "", f"{task.label}: ", counts.people(row), " people, ",
                counts.cases(row), " cases",
            ]  # fmt: skip
    return Fact((*text, "."), "claims", tuple(ids), ("tasks",)) if ids else None


def _pooled(findings: Findings, tiers: list[str]) -> tuple[str, ...]:
    return rows(
        findings, cohort=POOLED, analysis=list(ASSOCIATIONS), stratum="all", adjustment=tiers
    )


def main_results(findings: Findings) -> Fact | None:
    """Return where adjusted estimates stand."""
    tiers = [name for name, given in findings.study.covariate_tiers.items() if given]
    ids = _pooled(findings, tiers)
    text = "Adjusted estimates with intervals, by cohort and pooled, in tables and forest plots."
    return if_any(text, "claims", ids, ("covariate_tiers",))


def unadjusted(findings: Findings) -> Fact | None:
    """Return where unadjusted estimates stand."""
    tiers = [name for name, given in findings.study.covariate_tiers.items() if not given]
    text = "Estimates adjusted for nothing stand beside the adjusted ones, with intervals."
    return if_any(text, "claims", _pooled(findings, tiers), ("covariate_tiers",))


def absolute(findings: Findings) -> Fact | None:
    """Return where absolute numbers stand."""
    ids = rows(findings, analysis=["validation", "cross_validation"],
               measure=["ppv", "npv", "net_benefit"])  # fmt: skip
    text = (
        "Predictive values at declared prevalences, net benefit, and 1,000 people in four groups."
    )
    return if_any(text, "test", ids, ("prediction.prevalences",))


def verdicts(findings: Findings) -> Fact:
    """Return how many claims came out how."""
    found = Counter(str(one.verdict) for one in findings.verdicts)
    tally = [f"{found[name]} {look[1].lower()}" for name, look in words.VERDICTS.items()]
    ids = tuple(one for verdict in findings.verdicts for one in verdict.result_ids)
    return Fact((f"Claims: {', '.join(tally)}.",), "verdicts", ids, ("claims",))


def precision(findings: Findings) -> Fact | None:
    """Return what the number of people allows to be said."""
    text = (
        "Beside the verdicts stand the smallest effect that these people could have shown and, for "
        "inconclusive claims, the people who would settle it."
    )
    return if_any(text, "verdicts", rows(findings, analysis=["detectable", "n_to_settle"]))


def checks(findings: Findings) -> Fact | None:
    """Return which assumptions were checked."""
    found = {
        text: rows(findings, analysis=analysis, measure=measure)
        for (analysis, measure), text in _CHECKS.items()
    }
    named = ", ".join(text for text, ids in found.items() if ids)
    return if_any(f"Checked: {named}.", "claims", tuple(i for ids in found.values() for i in ids))


_CHECKS = {
    ("incidence", "chi2"): "proportional hazards",
    ("severity", "chi2"): "proportional odds",
    ("shape", "f"): "curvature",
}


def published(findings: Findings) -> Fact | None:
    """Return where published studies stand."""
    if not names.published(findings.study):
        return None
    ids = rows(findings, analysis="published")
    text = "Published studies and their synthesis stand beside the cohorts."
    return if_any(text, "published", ids, ("published_evidence",))


def elsewhere(findings: Findings) -> Fact | None:
    """Return what tells whether results hold elsewhere."""
    intervals = rows(findings, cohort=POOLED, term="prediction_interval")
    models = rows(findings, analysis="validation", measure="auc", stratum="all")
    text = " ".join([
        *(["Prediction intervals say where a new cohort would lie."] if intervals else []),
        *(["Models are judged in cohorts that had no part in building them."] if models else []),
    ])  # fmt: skip
    return if_any(text, "claims", (*intervals, *models))
