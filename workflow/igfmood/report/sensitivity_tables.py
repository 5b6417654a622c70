"""Tables of what a verdict hinges on: robustness, subsets of people, choices of the synthesis.

Takes the findings and a claim or an estimand; gives tables.
"""

import re
from collections.abc import Iterator

import pandas as pd

from igfmood import results
from igfmood.config.analysis import ALL
from igfmood.config.claims import Claim
from igfmood.report import reasons, words
from igfmood.report.estimands import Estimand, of_claim
from igfmood.report.load import Findings
from igfmood.report.numbers import Number, Text, p_value, percent
from igfmood.report.protected import told_reason
from igfmood.report.tables import Cell, Column, Table, absent, cell, ratio_cell, ratio_column
from igfmood.report.text import estimate_with_interval, stands_alone, value
from igfmood.synthesis.one_stage import ONE_STAGE

_SLOPES = (
    "Meta-regression slopes are per year of mean age and per unit of the share of women, of an AUC "
    "on the logit scale; with few cohorts they are guesses."
)
#: How the complete cases are named among the subsets.
_COMPLETE = "complete_cases"
#: Reason of a claim whose verdict no shift changes: the largest shift, and what was shifted.
_NO_SHIFT = re.compile(r"no shift by up to (?P<limit>.+?) changes the verdict \((?P<how>.+)\)")


def robustness_table(claim: Claim, findings: Findings) -> Table:
    """Return what stands beside a verdict: what would have to be the case to change it."""
    columns = (Column("Question"), Column("Answer"), Column("How"))
    rows = tuple(_robustness(claim, findings))
    title = "What would change the verdict"
    return Table(f"robustness_{claim.id}", title, columns, rows, stack=True)


def _robustness(claim: Claim, findings: Findings) -> Iterator[tuple[Cell, ...]]:
    adjusted = findings.find("multiplicity", claim.id, "p_adjusted", stratum="")
    if adjusted is not None and adjusted["status"] == "ok":
        estimate = float(adjusted["estimate"])
        corrected = Number(p_value(estimate), adjusted["result_id"], estimate)
        yield (
            cell("p against no effect, adjusted for several claims"),
            cell(corrected, " (unadjusted ", value(adjusted, "p"), ")"),
            cell(adjusted["method"]),
        )
    for term in claim.estimand.terms:
        found = [
            findings.ok("e_value", claim.id, "e_value", stratum="", term=f"{term} {which}".strip())
            for which in ("estimate", "limit")
        ]
        if found[0] is not None and found[1] is not None:
            name = f" ({words.TERMS[term].lower()})" if term in words.TERMS else ""
            yield (
                cell(f"E-value: how strong an unmeasured confounder would have to be{name}"),
                cell(value(found[0]), "; limit of the interval ", value(found[1])),
                cell(words.sentence(str(found[0]["method"]).removeprefix("E-value: "))),
            )
    agreed = findings.find("fork_agreement", claim.id, "share", stratum="")
    forks = cell("Combinations of forks with the same verdict")
    if agreed is not None and agreed["status"] == "ok":
        share = Number(percent(agreed["estimate"]), agreed["result_id"], float(agreed["estimate"]))
        left = findings.ok("fork_agreement", claim.id, "not_estimable", stratum="")
        more: Text = ()
        if left is not None and left["estimate"]:
            more = ("; too few cohorts have an estimate for ", value(left, decimals=0))
        yield forks, cell(share, f" of {int(agreed['n'])}", *more), cell(agreed["method"])
    elif agreed is not None and claim.estimand.population != ALL:
        yield forks, absent("none"), absent(agreed["reason"])
    yield from _information(claim, findings)
    yield from _tipping(claim, findings)


def _information(claim: Claim, findings: Findings) -> Iterator[tuple[Cell, ...]]:
    """Yield the fraction of missing information in every cohort that imputed."""
    estimand = claim.estimand
    found: Text = ()
    for cohort in findings.study.cohorts:
        row = findings.ok(
            estimand.analysis, estimand.target, "fmi", cohort=cohort.name,
            adjustment=estimand.adjustment, stratum=estimand.population,
            term=f"{estimand.measure} {estimand.term}".strip(),
        )  # fmt: skip
        if row is not None:
            share = Number(percent(row["estimate"]), row["result_id"], float(row["estimate"]))
            found = (*found, *(("; ",) if found else ()), f"{cohort.title} ", share)
    if found:
        how = "fraction of missing information, Rubin's rules"
        yield cell("Information lost through missing values"), cell(*found), cell(how)


def _tipping(claim: Claim, findings: Findings) -> Iterator[tuple[Cell, ...]]:
    row = findings.find("tipping_point", claim.id, "shift", stratum="")
    if row is None:
        return
    question = cell("Tipping point: shift of imputed scores that changes the verdict")
    if row["status"] == "ok":
        unit, how = str(row["method"]).split(": ", 1)
        yield question, cell(value(row), f" {unit}"), cell(how)
        return
    none = _NO_SHIFT.fullmatch(row["reason"])
    if none is not None:
        yield question, cell(f"none up to {none['limit']}"), cell(words.sentence(none["how"]))
    else:
        why = reasons.without_keys(row["reason"], findings.study)
        reason = absent(told_reason(why, claim.estimand.population, findings.min_cell))
        yield question, absent("does not apply"), reason


def subsets_tables(claim: Claim, findings: Findings) -> tuple[Table, ...]:
    """Return the subsets of people of a claim, a table for each of two terms if it has two.

    Nothing of a claim that is about a subset itself: the others are none of it.
    """
    if claim.estimand.population != ALL:
        return ()
    first, *others = of_claim(findings, claim)
    if not claim.estimand.also:
        return (subsets_table(f"subsets_{claim.id}", "", first, findings),)
    return tuple(
        subsets_table(
            f"subsets_{claim.id}_{one.term}", f" ({words.TERMS[one.term].lower()})", one, findings
        )
        for one in (first, *others)
    )


def subsets_table(name: str, which: str, estimand: Estimand, findings: Findings) -> Table:
    """Return the estimate among complete cases and in every subset that can be told.

    Parameters
    ----------
    name, which
        Of the table; what its title names at its end.
    estimand, findings
        What is estimated, and the study.
    """
    named = [(_COMPLETE, "Complete cases, nothing imputed", "sensitivity")]
    named += [(one.name, one.label, one.kind) for one in findings.study.subsets]
    rows, refused = [], dict[str, list[str]]()
    shown: list[pd.Series] = []
    for stratum, label, kind in named:
        row = findings.find(
            estimand.analysis, estimand.target, estimand.measure, adjustment=estimand.adjustment,
            stratum=stratum, term=estimand.term,
        )  # fmt: skip
        if row is None:
            continue
        if row["status"] != "ok":
            refused.setdefault(_short(row["reason"], row["stratum"], findings), []).append(label)
            continue
        p = cell() if pd.isna(row["p"]) else cell(value(row, "p"))
        numbers = (cell(*estimate_with_interval(row, findings)), *ratio_cell(row), p)
        rows.append((cell(label), cell(kind), *numbers))
        shown.append(row)
    columns = (
        Column("Among"), Column("Kind"), Column("Estimate (interval)", True),
        *ratio_column(shown), Column("p", True),
    )  # fmt: skip
    pooled = estimand.pooled(findings)
    alone = pooled is not None and stands_alone(pooled)
    note = (
        f"{'In the one cohort' if alone else 'Pooled over the cohorts'} that can tell. Subsets are "
        "not corrected for their number: read them for what does not fit, not for what is "
        "significant."
    )
    for reason, labels in refused.items():
        note += f" Not estimable: {'; '.join(labels)} ({reason})."
    return Table(name, f"In subsets of people{which}", columns, tuple(rows), note)


def _short(reason: str, stratum: str, findings: Findings) -> str:
    """Return a reason without the list of cohorts behind each part of it."""
    text = told_reason(reasons.over_cohorts(reason, findings.study), stratum, findings.min_cell)
    parts = text.removeprefix("no cohort has an estimate: ").split("; ")
    kept = dict.fromkeys(
        f"{part.split(' is not in ')[0]} is not in every cohort" if " is not in " in part
        else part.split(" (")[0]
        for part in parts
    )  # fmt: skip
    return "; ".join(kept)


def synthesis_tables(claim: Claim, findings: Findings) -> tuple[Table, ...]:
    """Return, for each number that decides a claim, its synthesis under other choices.

    Nothing for a number that one cohort alone has, or published summaries: there is no synthesis
    of cohorts to choose.
    """
    estimands = [] if claim.estimand.analysis == "mendelian" else of_claim(findings, claim)
    return tuple(
        _synthesis_table(claim, one, findings, len(estimands) > 1)
        for one in estimands
        if (pooled := one.pooled(findings)) is None or not stands_alone(pooled)
    )


def _synthesis_table(claim: Claim, estimand: Estimand, findings: Findings, several: bool) -> Table:
    """Return the synthesis of an estimand under other choices, and what explains differences."""
    columns = (
        Column("Choice"), Column("Estimate (interval)", True), Column("p", True), Column("How"),
    )  # fmt: skip
    rows: list[tuple[Cell, ...]] = []
    refused = dict[str, list[str]]()
    for label, row in _choices(estimand, findings):
        if row["status"] == "ok":
            p = cell() if pd.isna(row["p"]) else cell(value(row, "p"))
            numbers = cell(*estimate_with_interval(row, findings))
            rows.append((cell(label), numbers, p, cell(row["method"])))
        else:
            why = reasons.without_keys(row["reason"], findings.study)
            reason = told_reason(why, estimand.population, findings.min_cell)
            refused.setdefault(reason, []).append(label)
    rows += _influential(estimand, findings)
    note = _SLOPES if rows else ""
    rows += [
        (cell("; ".join(labels)), cell(), cell(), absent(reason))
        for reason, labels in refused.items()
    ]
    name, title = f"synthesis_{claim.id}", "The synthesis under other choices"
    if several:
        which = estimand.term if estimand.term in words.TERMS else estimand.measure
        told = words.TERMS.get(which, words.MEASURES.get(which, which))
        name, title = f"{name}_{which}", f"{title} ({told})"
    return Table(name, title, columns, tuple(rows), note)


def _choices(estimand: Estimand, findings: Findings) -> Iterator[tuple[str, pd.Series]]:
    """Yield each choice in words, and its row."""
    keys = {"cohort": results.POOLED, "target": estimand.target, "measure": estimand.measure,
            "term": estimand.term, "adjustment": estimand.adjustment}  # fmt: skip
    model = estimand.analysis
    for label, more in {
        "τ² by {}": {"analysis": "tau2_estimator", "model": model},
        "One stage, people of all cohorts": {"analysis": model, "stratum": ONE_STAGE},
        "Meta-regression on {}": {"analysis": "meta_regression", "model": model},
        "Subgroup, {}": {"analysis": "subgroup", "model": model},
        "Small studies: {}": {"analysis": "small_studies", "model": model},
        "Influence of single cohorts": {"analysis": "influence", "model": model},
    }.items():
        found = results.select(findings.table, **keys, **more)
        for _, row in results.parts_of(found, estimand.population).iterrows():
            # Of what fewer than two cohorts estimated one row stands for the whole analysis.
            whole = row["stratum"] == ALL
            analysis = words.sentence(words.ANALYSES[row["analysis"]]).removesuffix(".")
            yield analysis if whole else label.format(row["stratum"]), row


def _influential(estimand: Estimand, findings: Findings) -> Iterator[tuple[Cell, ...]]:
    found = results.select(
        findings.table, analysis="influence", target=estimand.target, model=estimand.analysis,
        adjustment=estimand.adjustment, measure="cook_d", status="ok",
        term=f"{estimand.measure} {estimand.term}".strip(),
    )  # fmt: skip
    found = results.parts_of(found, estimand.population)
    if found.empty:
        return
    titles = findings.titles()
    largest = found.sort_values("estimate", kind="stable").iloc[-1]
    flagged = found[~found["method"].str.endswith("not influential")]
    cohort = titles[str(largest["stratum"]).removeprefix("without ")]
    names = [titles[str(name).removeprefix("without ")] for name in flagged["stratum"]]
    told = f"influential: {', '.join(names)}" if names else "no cohort is influential"
    shown: Text = (cohort, ", Cook's distance ", value(largest))
    yield cell("Most influential cohort"), cell(*shown), cell(), cell(told)
