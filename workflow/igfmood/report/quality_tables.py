"""How good the data of each cohort are: one row a cohort, overlaps, what could not be applied.

Takes the findings and the counts that may be shown; gives tables, sentences and short lists.
"""

from collections.abc import Sequence
from dataclasses import replace

import pandas as pd

from igfmood import results
from igfmood.cohort.quality.columns import LONGEST_LAG
from igfmood.config.cohort import Cohort
from igfmood.config.vocabulary import DIAGNOSES
from igfmood.disclosure import Shown, coarse, show, suppressed
from igfmood.report import words
from igfmood.report.batch_tables import gates, outcome
from igfmood.report.counts import Counts
from igfmood.report.load import Findings
from igfmood.report.numbers import NBSP, Number, Text, fixed
from igfmood.report.protected import (
    complement,
    open_note,
    open_reason,
    share_form,
    share_number,
    total_form,
)
from igfmood.report.tables import Cell, Column, Table, absent, cell, without_empty_columns
from igfmood.report.text import value


def quality_table(findings: Findings, counts: Counts) -> Table:
    """Return one row a cohort: who was measured, and how far the data hang together."""
    label = findings.study.analyte.label
    columns = (
        Column("Cohort"), Column("Rows", True), Column(f"With {label}", True),
        Column("PHQ-9 complete", True), Column("Below limit", True),
        Column(f"Digits 0 or 5 in {label}", True), Column("PHQ-9 alpha", True),
        Column("Total equals items", True), Column("Lag in days, median (quartiles)", True),
        Column("Batch gate"),
    )  # fmt: skip
    rows = tuple(_quality_row(findings, counts, cohort) for cohort in findings.study.cohorts)
    table = without_empty_columns(Table("quality", "Data quality by cohort", columns, rows))
    return replace(table, note=_quality_note(findings, [column.title for column in table.columns]))


def _quality_note(findings: Findings, titles: list[str]) -> str:
    """Return what the columns that stand there mean."""
    meanings = {
        "Below limit": "Below limit: of measurements.",
        f"Digits 0 or 5 in {findings.study.analyte.label}": "Digits 0 or 5: share of values whose "
        f"last digit is one of them, 20{NBSP}% without preference.",
        "PHQ-9 alpha": "Alpha: Cronbach's, of the nine items.",
        "Total equals items": "Total equals items: share of totals as given that are the sum of "
        "the items.",
        "Lag in days, median (quartiles)": "Lag: from blood draw to questionnaire, beside it the "
        f"share beyond {LONGEST_LAG} days either way.",
    }
    first = (
        "Shares are of people at the first visit; ≤ and ≥ stand for fewer than "
        f"{findings.min_cell} people."
    )
    return " ".join([first, *(text for title, text in meanings.items() if title in titles)])


def _quality_row(findings: Findings, counts: Counts, cohort: Cohort) -> tuple[Cell, ...]:
    if findings.flows[cohort.name]["status"] != "ok":
        return (cell(cohort.title), absent("failed"), *[cell()] * 8)
    rows = findings.ok("flow", "", "count", cohort=cohort.name, stratum="analysed")
    return (
        cell(cohort.title),
        cell() if rows is None else cell(counts.number(rows, cohort.name, "analysed")),
        _present(findings, counts, cohort, findings.study.analyte.name, bool(cohort.analyte)),
        _present(findings, counts, cohort, "phq9_total", bool(cohort.phq9)),
        _below(findings, counts, cohort),
        _digits(findings, cohort),
        _alpha(findings, cohort),
        _agreement(findings, cohort),
        _lag(findings, cohort),
        _gate(findings, cohort),
    )


def gap_form(findings: Findings, counts: Counts, row: pd.Series) -> Shown:
    """Return the form of how many of a group lack a variable.

    Where table 1 gives the count of those without the analyte less exactly, so does this.
    """
    form = share_form(int(row["n_events"]), int(row["n"]), findings.min_cell)
    if row["measure"] == "missing" and row["term"] == findings.study.analyte.name:
        elsewhere = counts.form(row["cohort"], "missing", row["stratum"])
        if elsewhere is not None and form.exact and not elsewhere.exact:
            return elsewhere
    return form


def _present(findings: Findings, counts: Counts, cohort: Cohort, name: str, asked: bool) -> Cell:
    row = findings.ok("quality", "", "missing", cohort=cohort.name, term=name)
    if not asked or row is None:
        return absent("not asked" if name == "phq9_total" else "not measured")
    n = int(row["n"])
    if n < findings.min_cell:
        return absent(f"n <{findings.min_cell}")
    form = complement(_total(findings, counts, cohort, row, name), n)
    return cell(share_number(row, form, n))


def _total(
    findings: Findings, counts: Counts, cohort: Cohort, row: pd.Series, term: str
) -> Shown:  # fmt: skip
    """Return the form of a count of everybody beside those of the groups, shown elsewhere."""
    parts = []
    for group in DIAGNOSES:
        part = findings.ok(
            "quality", "", row["measure"], cohort=cohort.name, stratum=group, term=term
        )
        if part is not None:
            parts.append(gap_form(findings, counts, part))
    return total_form(int(row["n_events"]), int(row["n"]), parts, findings.min_cell)


def _below(findings: Findings, counts: Counts, cohort: Cohort) -> Cell:
    term = findings.study.analyte.name
    row = findings.ok("quality", "", "below_limit", cohort=cohort.name, term=term)
    if row is None:
        return cell()
    if row["n"] < findings.min_cell:
        return absent(f"n <{findings.min_cell}")
    form = _total(findings, counts, cohort, row, term)
    return cell(share_number(row, form, int(row["n"])))


def _digits(findings: Findings, cohort: Cohort) -> Cell:
    term = findings.study.analyte.value
    row = findings.find("quality", "", "digit_0_or_5", cohort=cohort.name, term=term)
    if row is None:
        failed = findings.find("quality", "", "digit_dissimilarity", cohort=cohort.name, term=term)
        return cell() if failed is None else absent("too few values or units")
    form = share_form(int(row["n_events"]), int(row["n"]), findings.min_cell)
    shown = share_number(row, form, int(row["n"]))
    even = findings.ok("quality", "", "digit_chi2", cohort=cohort.name, term=term)
    return cell(shown, *(() if even is None else (f" (p{NBSP}", *_p(even), ")")))


def _p(row: pd.Series) -> Text:
    number = value(row, "p")
    return (number,) if number.text[0] in "<>" else (f"={NBSP}", number)


def _alpha(findings: Findings, cohort: Cohort) -> Cell:
    row = findings.find("quality", "", "cronbach_alpha", cohort=cohort.name, term="phq9_items")
    if row is None:
        return absent("no items") if cohort.phq9 else cell()
    if row["status"] != "ok":
        return absent(open_reason(row["reason"], findings.min_cell))
    low, high = value(row, "ci_low"), value(row, "ci_high")
    return cell(value(row, "estimate"), " (", low, "–", high, ")")


def _agreement(findings: Findings, cohort: Cohort) -> Cell:
    row = findings.find("quality", "", "share_equal", cohort=cohort.name, term="phq9_total_given")
    if row is None:
        return cell()
    if row["status"] != "ok":
        return absent(open_reason(row["reason"], findings.min_cell))
    form = share_form(int(row["n_events"]), int(row["n"]), findings.min_cell)
    return cell(share_number(row, form, int(row["n"])))


def _lag(findings: Findings, cohort: Cohort) -> Cell:
    def find(measure: str) -> pd.Series | None:
        return findings.find("quality", "", measure, cohort=cohort.name, term="lag_days")

    found = [find(measure) for measure in ("median", "p25", "p75", f"beyond_{LONGEST_LAG}_days")]
    median = found[0]
    if median is None:
        return cell()
    if median["status"] != "ok":
        return absent(open_reason(median["reason"], findings.min_cell))
    days = [
        Number(fixed(row["estimate"], 0), row["result_id"], float(row["estimate"]))
        for row in found[:3] if row is not None
    ]  # fmt: skip
    late = found[3]
    if len(days) < 3 or late is None:
        return cell(*days[:1])
    form = share_form(int(late["n_events"]), int(late["n"]), findings.min_cell)
    return cell(
        days[0], " (", days[1], "–", days[2], "); ", share_number(late, form, int(late["n"]))
    )


def _gate(findings: Findings, cohort: Cohort) -> Cell:
    found = gates(findings, cohort)
    if not found:
        return absent("no batches")
    icon, word, look = words.GATES[outcome(found)]
    return Cell((f"{icon} {word}",), word, badge=look)


def overlap_sentences(findings: Findings) -> list[str]:
    """Return what was found out about people in two cohorts; nothing of a single cohort."""
    pairs = _pairs(findings)
    if not pairs:
        return []
    found = [row for row in pairs if row["estimate"]]
    looked = f"{len(pairs)} pair{'s' if len(pairs) != 1 else ''} of cohorts"
    if not found:
        return [f"{looked} compared: none found to hold the same people, so that all are pooled."]
    out = [
        f"{_titles(findings, row['term'])}: {_left_out(findings, row['method'])}." for row in found
    ]
    return [f"{looked} compared; the same people were found in {len(found)}.", *out]


def overlap_table(findings: Findings) -> Table:
    """Return every pair of cohorts with what speaks for the same people in both."""
    columns = (
        Column("Cohorts"), Column("Same people"), Column("Same keys", True),
        Column("Identical rows", True), Column("Expected by chance", True), Column("Declared"),
        Column("What follows"),
    )  # fmt: skip
    rows = tuple(_overlap_row(findings, row) for row in _pairs(findings))
    note = (
        "Same keys: people with the same key, sex and age, beyond chance. Identical rows: the same "
        "value, age and sex; so many would be met by chance as the next column says."
    )
    return Table("overlap", "People in two cohorts", columns, rows, note)


def _pairs(findings: Findings) -> list[pd.Series]:
    rows = results.select(findings.table, analysis="overlap", measure="overlap", status="ok")
    return [row for _, row in rows.iterrows()]


def _overlap_row(findings: Findings, pair: pd.Series) -> tuple[Cell, ...]:
    def find(measure: str) -> pd.Series | None:
        return findings.ok("overlap", "", measure, stratum=pair["stratum"], term=pair["term"])

    def count(measure: str) -> Cell:
        row = find(measure)
        if row is None:
            return cell()
        form = show(int(row["estimate"]), findings.min_cell)
        return cell(Number(form.text, row["result_id"], float(form.low)))

    expected, declared = find("expected_rows"), find("declared")
    found = Number("found" if pair["estimate"] else "none found", pair["result_id"])
    return (
        cell(_titles(findings, pair["term"])), cell(found),
        count("same_keys"), count("identical_rows"),
        cell() if expected is None
        else cell(
            Number(
                fixed(expected["estimate"], 1 if expected["estimate"] < 10 else 0),
                expected["result_id"], float(expected["estimate"]),
            )
        ),
        cell("yes" if declared is not None and declared["estimate"] else "no"),
        cell(_left_out(findings, pair["method"]) if pair["estimate"] else "both are pooled"),
    )  # fmt: skip


def _titles(findings: Findings, pair: str) -> str:
    titles = findings.titles()
    return " and ".join(titles.get(name, name) for name in pair.split(" ~ "))


def _left_out(findings: Findings, method: str) -> str:
    """Return which cohort is left out and why, by its title."""
    head, _, rest = method.partition(": ")
    name, _, reason = rest.partition(" (")
    if head != "left out of pooling":
        return words.sentence(method).rstrip(".")
    return f"{findings.titles().get(name, name)} is left out of pooling ({reason}"


def not_applied(findings: Findings) -> list[tuple[str, list[str]]]:
    """Return, per cohort, known exclusions that could not be applied, and what was lacking."""
    found = []
    for cohort in findings.study.cohorts:
        items = findings.flows[cohort.name].get("not_applied", [])
        lines = [
            f"{words.known_exclusion(item['rule'])} (no {_lacking(item['lacks'], findings)})"
            for item in items
        ]
        if lines:
            found.append((cohort.title, lines))
    return found


def _lacking(name: str, findings: Findings) -> str:
    return words.variable(name, findings.study)


def found_out(findings: Findings) -> list[tuple[str, list[str]]]:
    """Return, per cohort, what was found out about its files and what became of joined ones."""
    found = []
    for cohort in findings.study.cohorts:
        flow = findings.flows[cohort.name]
        lines = [open_note(note, findings.min_cell) for note in flow.get("found_out", [])]
        lines += [_joined(item, findings.min_cell) for item in flow.get("joined", [])]
        if lines:
            found.append((cohort.title, lines))
    return found


def _joined(item: dict[str, object], min_cell: int) -> str:
    matched, unmatched = int(str(item["matched"])), int(str(item["unmatched"]))
    form = show(matched, min_cell)
    if suppressed(unmatched, min_cell) and form.exact and matched:
        form = coarse(matched, min_cell)
    return (
        f"{item['table']} joined: {form.text} keys of the cohort found in it, "
        f"{show(unmatched, min_cell).text} not"
    )


def complete_everywhere(findings: Findings, variables: Sequence[str]) -> str:
    """Return which variables nobody lacks, in words."""
    names = [words.variable(name, findings.study) for name in variables]
    return f"Complete wherever asked: {', '.join(names)}." if names else ""
