"""The sections on data quality and on reference curves, ready for the templates.

Takes the findings and the counts that may be shown; gives tables, sentences and lists.
"""

from dataclasses import dataclass

from igfmood.report import batch_tables, quality_tables, reference_tables
from igfmood.report.counts import Counts
from igfmood.report.figures import batches, missing
from igfmood.report.load import Findings
from igfmood.report.numbers import Text
from igfmood.report.tables import Table


@dataclass(frozen=True)
class Quality:
    """How good the data are."""

    table: Table
    complete: str
    gate: Table
    failed: tuple[batch_tables.Gate, ...]
    batches: tuple[Table, ...]
    overlap: tuple[str, ...]
    overlap_table: Table
    not_applied: list[tuple[str, list[str]]]
    found_out: list[tuple[str, list[str]]]


@dataclass(frozen=True)
class Normalisation:
    """How the analyte was made comparable."""

    reference: Table
    descriptions: list[tuple[str, str]]
    coverage: Table
    batches: bool
    hidden_batches: bool
    correction: Table
    limits: Table
    limits_sentence: Text
    ratio: Table
    lots: Table


def quality(findings: Findings, counts: Counts) -> Quality:
    """Return the section on data quality."""
    found = [
        gate
        for cohort in findings.study.cohorts
        for gate in batch_tables.gates(findings, cohort)
    ]  # fmt: skip
    return Quality(
        table=quality_tables.quality_table(findings, counts),
        complete=quality_tables.complete_everywhere(findings, missing.complete(findings)),
        gate=batch_tables.gate_table(findings),
        failed=tuple(gate for gate in found if gate.outcome == "FAIL"),
        batches=tuple(batch_tables.batch_tables(findings, counts)),
        overlap=tuple(quality_tables.overlap_sentences(findings)),
        overlap_table=quality_tables.overlap_table(findings),
        not_applied=quality_tables.not_applied(findings),
        found_out=quality_tables.found_out(findings),
    )


def normalisation(findings: Findings, counts: Counts) -> Normalisation:
    """Return the section on reference curves."""
    return Normalisation(
        reference=reference_tables.reference_table(findings, counts),
        descriptions=reference_tables.curve_descriptions(findings),
        coverage=reference_tables.coverage_table(findings, counts),
        batches=batches.exists(findings),
        hidden_batches=batches.hidden(findings),
        correction=reference_tables.correction_table(findings),
        limits=reference_tables.limits_table(findings),
        limits_sentence=reference_tables.limits_sentence(findings),
        ratio=reference_tables.ratio_table(findings),
        lots=reference_tables.lots_table(findings),
    )
