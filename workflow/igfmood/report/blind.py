"""The report of a study whose outcomes are withheld.

Takes the results of a blind run; writes its figures and one HTML file: who was studied, data
quality, reference curves, and what sizes each claim has. Nothing is computed.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd

from igfmood import results
from igfmood.config.claims import Claim
from igfmood.config.load import load_claims, parse_study, read_yaml
from igfmood.disclosure import Shown, at_most, coarse, redact, suppressed
from igfmood.files import write_text
from igfmood.report import batch_tables, cohort_tables, quality, reasons, style, tables, text, words
from igfmood.report.counts import Counts
from igfmood.report.figures import flow, measured, missing, reference, worm
from igfmood.report.html import Picture, page
from igfmood.report.load import Findings, Fixed
from igfmood.report.names import BLIND
from igfmood.report.numbers import NBSP, Number, fixed
from igfmood.report.study import picture
from igfmood.report.tables import Cell, Column, Table, absent, cell

_SIZES = "sizes"
#: Measure: unit of the smallest effect.
_UNITS = {
    "smd": "SD", "log_vr": "log ratio of SDs", "auc": "AUC", "log_hr": "log hazard ratio per SD",
    "log_or": "log odds ratio", "beta": "SD of the outcome per SD",
    "total": "SD of the outcome per SD",
}  # fmt: skip


@dataclass(frozen=True)
class BlindInputs:
    """Files that a blind report is written from."""

    results: Path
    flows: Path
    config: Path
    claims: Path


def write_blind(inputs: BlindInputs, figures: Path, report: Path) -> None:
    """Draw the figures and write the blind report.

    Parameters
    ----------
    inputs
        What the blind run wrote.
    figures
        Folder of the figures.
    report
        The HTML file.
    """
    known = load_blind(inputs)
    findings = as_one_group(known)
    counts = Counts(findings)
    drawn = {
        "flow": (partial(flow.draw, findings, counts), partial(flow.alt, findings, counts)),
        "missing": (
            partial(missing.draw, findings, counts), partial(missing.alt, findings, counts)
        ),
        **{
            name: (partial(module.draw, findings), partial(module.alt, findings))
            for name, module in
            {"measured": measured, "reference": reference, "worm": worm}.items()
        },
    }  # fmt: skip
    with style.theme():
        pictures = {
            name: picture(figures / f"{name}.png", *drawn[name]) for name in BLIND
        }  # fmt: skip
    content = {
        **_content(findings, counts, pictures),
        "quality": replace(
            quality.quality(findings, counts),
            batches=tuple(batch_tables.batch_tables(known, counts)),
        ),
    }
    write_text(page("blind.html", content, findings), report)


def load_blind(inputs: BlindInputs) -> Findings:
    """Read everything a blind report is written from."""
    flows = json.loads(inputs.flows.read_text(encoding="utf-8"))
    return Findings(
        study=parse_study(read_yaml(inputs.config)),
        claims={claim.id: claim for claim in load_claims(inputs.claims).claims},
        verdicts=(),
        table=results.read(inputs.results),
        flows={one["cohort"]: one for one in flows},
        fixed=Fixed(says="", claims={}),
    )


def as_one_group(findings: Findings) -> Findings:
    """Return the findings of cohorts without diagnoses: everybody is one group."""
    cohorts = [one.model_copy(update={"diagnosis": []}) for one in findings.study.cohorts]
    return replace(findings, study=findings.study.model_copy(update={"cohorts": cohorts}))


def _content(findings: Findings, counts: Counts, pictures: Mapping[str, Picture]) -> dict[str, Any]:
    study = findings.study
    titles = findings.titles()
    people = cohort_tables.table_1(findings, counts)
    return {
        "study": study,
        "title": study.title or study.study,
        "label": study.analyte.label,
        "pictures": pictures,
        "failures": [
            (titles.get(one.cohort, one.cohort), one.reason) for one in findings.failures()
        ],
        "sizes": sizes_table(findings),
        "people": people_table(findings),
        "flow": cohort_tables.flow_table(findings, counts),
        "table_1": tables.without_empty_columns(replace(people, note=_TABLE_1_NOTE)),
        "normalisation": quality.normalisation(findings, counts),
        "imputation": Table("imputation", "", (), ()),
        "min_cell": findings.min_cell,
    }


_TABLE_1_NOTE = "Shares are of people with known sex. Levels of the analyte are withheld."


def sizes_table(findings: Findings) -> Table:
    """Return the people of each claim, and the smallest effect that they could show."""
    columns = (
        Column("Claim"), Column("Cohorts", True), Column("People", True),
        Column("Cases or events", True), Column("Smallest effect", True), Column("In"),
        Column("Margin", True),
    )  # fmt: skip
    rows = tuple(
        _size_row(findings, claim, term)
        for claim in findings.claims.values()
        for term in claim.estimand.terms
    )
    note = (
        f"Smallest effect: what would be told from 0 with a power of 80{NBSP}% at a two-sided "
        f"level of 5{NBSP}%; for an AUC, what would be told from its bound. From the counts alone, "
        "as if cohorts were alike (τ² = 0) and covariates explained nothing; where cohorts differ, "
        "it is larger. A claim is supported with that power where its effect is larger by the "
        "margin. Counts are rounded."
    )
    return Table(
        "sizes", "Sizes, and the smallest effect that they could show", columns, rows, note
    )


def _size_row(findings: Findings, claim: Claim, term: str) -> tuple[Cell, ...]:
    row = findings.find(_SIZES, claim.id, "smallest_effect", stratum="", term=term)
    parts = [
        one for cohort in findings.study.cohorts
        if (one := _of_cohort(findings, claim, term, cohort.name)) is not None
        and one["status"] == "ok"
    ]  # fmt: skip
    named = f"{_named(claim, findings)} ({words.TERMS.get(term, term)})"
    head = (
        cell(named if claim.estimand.also else _named(claim, findings)), cell(str(len(parts))),
        _sum(findings, parts, "n"), _sum(findings, parts, "n_events"),
    )  # fmt: skip
    margin = cell(text.margin_text(claim) if claim.bound is None else f"bound {claim.bound:g}")
    if row is None or row["status"] != "ok":
        return (*head, cell(), absent(_reason(findings, row)), margin)
    effect = float(row["estimate"])
    number = Number(fixed(effect, 2), row["result_id"], effect)
    return (*head, cell(number), cell(_UNITS.get(claim.estimand.measure, "")), margin)


def _named(claim: Claim, findings: Findings) -> str:
    """Return the statement of a claim, with whom it is about where that is a subset."""
    label = words.population(claim.estimand.population, findings.study)
    return f"{claim.statement} ({label})" if label else claim.statement


def people_table(findings: Findings) -> Table:
    """Return the people of each claim in each cohort, or why it has none."""
    columns = (
        Column("Claim"), Column("Cohort"), Column("People", True), Column("Cases or events", True),
        Column("Why none"),
    )  # fmt: skip
    rows = []
    for claim in findings.claims.values():
        for cohort in findings.study.cohorts:
            row = _of_cohort(findings, claim, claim.estimand.term, cohort.name)
            if row is not None:
                known = [row] if row["status"] == "ok" else []
                rows.append((
                    cell(_named(claim, findings)), cell(cohort.title), _sum(findings, known, "n"),
                    _sum(findings, known, "n_events"),
                    cell() if known else absent(_reason(findings, row)),
                ))  # fmt: skip
    return Table("people_of_claims", "People of each claim by cohort", columns, tuple(rows))


def _of_cohort(findings: Findings, claim: Claim, term: str, cohort: str) -> pd.Series | None:
    return findings.find(_SIZES, claim.id, "people", cohort=cohort, stratum="", term=term)


def _sum(findings: Findings, rows: list[pd.Series], which: str) -> Cell:
    """Return a count of people over cohorts, rounded: other tables tell exact ones."""
    known = [row for row in rows if not pd.isna(row[which])]
    if not known:
        return cell()
    n = sum(int(row[which]) for row in known)
    if suppressed(n, findings.min_cell):
        return cell(f"<{findings.min_cell}")
    flows = [findings.flows[row["cohort"]] for row in known]
    people = sum(int(flow.get("participants", n)) for flow in flows)
    whole = Shown(f"{people:,}", people, people)
    form = at_most(coarse(n, findings.min_cell), whole)
    return cell(Number(form.text, known[0]["result_id"], float(form.low)))


def _reason(findings: Findings, row: pd.Series | None) -> str:
    if row is None:
        return "no cohort could be read"
    return redact(reasons.without_keys(row["reason"], findings.study), findings.min_cell)
