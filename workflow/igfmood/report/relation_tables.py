"""Tables of the form of a relation, of published studies, and of what was imputed.

Takes the findings; gives tables.
"""

from collections.abc import Iterator, Mapping

import pandas as pd

from igfmood import results
from igfmood.disclosure import redact
from igfmood.report import words
from igfmood.report.counts import Counts
from igfmood.report.load import Findings
from igfmood.report.numbers import NBSP, Number, Text, fixed, p_value, percent
from igfmood.report.tables import Cell, Column, Table, absent, cell, limits
from igfmood.report.text import ONE_COHORT, estimate_with_interval, value
from igfmood.synthesis.literature import APART, BOTH, ENTERS, OWN, PUBLISHED
from igfmood.synthesis.row_keys import NORMAL_TERM, PREDICTION_TERM

_TWO_LINES = (
    "Two lines (Simonsohn): slopes on both sides of a break that the data choose; a U needs both "
    "to differ from 0 with opposite signs."
)
_TAILS = (
    "Low and high: below and above the percentiles of the comparison group, log odds ratios "
    "against the middle; both above 0 would be a U."
)


def shape_table(findings: Findings, target: str) -> Table:
    """Return the tests of form of an outcome: any relation, curvature, sex, two lines, tails."""
    columns = (
        Column("Cohort"), Column("Any relation, p", True), Column("Non-linear, p", True),
        Column("Women minus men, slope", True), Column("Curve by sex, p", True),
        *((Column("Below the break", True), Column("Above the break", True))
          if findings.task(target) is None
          else (Column("Low against middle", True), Column("High against middle", True),
                Column("Squared score", True))),
    )  # fmt: skip
    names = {**findings.titles(), results.POOLED: "Pooled"}
    rows = tuple(
        row for cohort, title in names.items()
        if (row := _shape_row(findings, target, cohort, title)) is not None
    )  # fmt: skip
    note = _TAILS if findings.task(target) else _TWO_LINES
    return Table(f"shape_{target}", "Tests of the form", columns, rows, note)


def _shape_row(findings: Findings, target: str, cohort: str, title: str) -> tuple[Cell, ...] | None:
    own = results.select(findings.table, cohort=cohort, target=target, stratum="all", status="ok")
    # What one cohort alone has stands in its own line.
    own = own[~own["method"].str.startswith(ONE_COHORT)]
    shape = own[own["analysis"] == "shape"]
    main = findings.study.main_tier

    def p(term: str) -> Cell:
        return _p(shape[(shape["measure"] == "f") & (shape["term"] == term)])

    def number(table: pd.DataFrame, measure: str, term: str) -> Cell:
        found = table[(table["measure"] == measure) & (table["term"] == term)]
        found = found[found["adjustment"] == main]
        return cell() if found.empty else cell(*estimate_with_interval(found.iloc[0], findings))

    tails = own[own["analysis"] == "tails"]
    last: tuple[Cell, ...]
    if findings.task(target) is None:
        last = (number(shape, "slope", "low"), number(shape, "slope", "high"))
    else:
        last = tuple(number(tails, "log_or", term) for term in ("low", "high", "squared"))
    cells = (
        p("any"), p("nonlinear"), number(shape, "interaction", "sex"), p("sex"), *last,
    )  # fmt: skip
    if all(one.text == cell().text for one in cells):
        return None
    return (cell(title), *cells)


def _p(found: pd.DataFrame) -> Cell:
    if found.empty or pd.isna(found["p"].iloc[0]):
        return cell()
    row = found.iloc[0]
    return cell(Number(p_value(float(row["p"])), row["result_id"], float(row["p"])))


def published_table(findings: Findings, target: str) -> Table:
    """Return every published study of a comparison: what it says, and whether it is pooled."""
    found = results.select(findings.table, analysis="published", target=target)
    found = found[found["model"].isin([ENTERS, APART])].sort_values(
        ["model", "stratum"], ascending=[False, True], kind="stable"
    )
    columns = (
        Column("Study"), Column("Difference, SD (interval)", True), Column("Pooled"),
        Column("How it was obtained, source, or why not"),
    )  # fmt: skip
    rows = []
    for _, row in found.iterrows():
        if row["status"] == "ok":
            numbers, how = cell(*estimate_with_interval(row, findings)), cell(row["method"])
        else:
            numbers, how = cell(), absent(redact(row["reason"], findings.min_cell))
        pooled = "yes" if row["model"] == ENTERS and row["status"] == "ok" else "no"
        rows.append((cell(row["stratum"]), numbers, cell(pooled), how))
    title = f"Published studies: {words.target(target, findings.study)}"
    return Table(f"published_{target}", title, columns, tuple(rows))


_LAYERS = {
    PUBLISHED: "Published studies", OWN: "These cohorts", BOTH: "Both",
}  # fmt: skip


def syntheses_table(findings: Findings, target: str, counts: Counts) -> Table:
    """Return the synthesis of published studies, of the cohorts and of both, with both intervals.

    People of both are not given: beside the published ones they would tell those of the cohorts
    exactly.
    """
    columns = (
        Column("Pooled"), Column("Studies", True), Column("People", True),
        Column("Difference, SD (Knapp–Hartung interval)", True), Column("p", True),
        Column("Normal (z) interval", True), Column("p by z", True),
        Column("Prediction interval", True), Column("τ² (Q-profile interval)", True),
        Column("I²", True), Column("Q, df, p", True),
    )  # fmt: skip
    rows = tuple(
        row for layer in _LAYERS
        if (row := _synthesis_row(findings, target, layer, counts)) is not None
    )  # fmt: skip
    note = (
        "Where a few studies happen to agree the Knapp–Hartung interval can be far too narrow: "
        "read the wider of the two."
    )
    title = f"Pooled: {words.target(target, findings.study)}"
    return Table(f"syntheses_{target}", title, columns, rows, note)


def _synthesis_row(
    findings: Findings, target: str, layer: str, counts: Counts
) -> tuple[Cell, ...] | None:  # fmt: skip
    own = results.select(
        findings.table, analysis="published", target=target, model="synthesis", stratum=layer
    )
    found = {(row["measure"], row["term"]): row for _, row in own.iterrows()}
    if not found:
        return None
    main = found["smd", ""]
    if main["status"] != "ok":
        reason = absent(redact(main["reason"], findings.min_cell))
        return (cell(_LAYERS[layer]), cell(), cell(), reason, *(cell() for _ in range(7)))
    normal, predicted = found["smd", NORMAL_TERM], found["smd", PREDICTION_TERM]
    k, tau2, i2, q = (found[name, "smd"] for name in ("k", "tau2", "i2", "q"))
    df = Number(fixed(float(q["df"]), 0), q["result_id"], float(q["df"]))
    return (
        cell(_LAYERS[layer]), cell(value(k)), cell(_people(findings, target, layer, main, counts)),
        cell(*estimate_with_interval(main, findings)), cell(value(main, "p")),
        cell(*limits(normal)), cell(value(normal, "p")), cell(*limits(predicted)),
        cell(value(tau2), *_tau2_limits(tau2)), cell(value(i2), f"{NBSP}%"),
        cell(value(q), "; ", df, "; ", value(q, "p")),
    )  # fmt: skip


def _tau2_limits(row: pd.Series) -> Text:
    if pd.isna(row["ci_low"]):
        return ()
    high = "no upper limit" if pd.isna(row["ci_high"]) else value(row, "ci_high")
    return (" (", value(row, "ci_low"), " to ", high, ")")


def _people(
    findings: Findings, target: str, layer: str, row: pd.Series, counts: Counts
) -> Number | None:
    """Return the people of a layer: published ones as printed, the cohorts' as protected."""
    if layer == PUBLISHED and not pd.isna(row["n"]):
        return Number(f"{int(row['n']):,}", row["result_id"], float(row["n"]))
    if layer != OWN:
        return None
    pooled = findings.ok("contrast", target, "smd", adjustment=findings.study.main_tier)
    return None if pooled is None else counts.people(pooled)


def imputation_table(findings: Findings) -> Table:
    """Return what was imputed in every cohort, and whether the chains agree."""
    columns = (
        Column("Cohort"), Column("Variable"), Column("Missing", True),
        Column("Observed mean", True), Column("Imputed mean", True),
        Column("R̂ of the mean", True), Column("R̂ of the SD", True),
    )  # fmt: skip
    note = (
        "Imputed and observed means may differ where who lacks a value differs in what is known. "
        "R̂ near 1: the chains cannot be told apart."
    )
    return Table("imputation", "What was imputed", columns, tuple(_imputed(findings)), note)


def _imputed(findings: Findings) -> Iterator[tuple[Cell, ...]]:
    found = results.select(findings.table, analysis="imputation", status="ok")
    for cohort, title in findings.titles().items():
        own = found[found["cohort"] == cohort]
        for name in dict.fromkeys(own.loc[own["target"] != "", "target"]):
            mine = {(r["measure"], r["term"]): r for _, r in own[own["target"] == name].iterrows()}
            gaps = mine["share_missing", ""]
            few = int(gaps["n"]) < findings.min_cell
            share = Number(percent(gaps["estimate"]), gaps["result_id"], float(gaps["estimate"]))
            yield (
                cell(title), cell(words.variable(name, findings.study)),
                cell(f"fewer than {findings.min_cell} people") if few else cell(share),
                *(_mean(mine, key, few) for key in (("mean", "observed"), ("mean", "imputed"))),
                *(_mean(mine, key, False) for key in (("rhat", "mean"), ("rhat", "sd"))),
            )  # fmt: skip


def _mean(mine: Mapping[tuple[str, str], pd.Series], key: tuple[str, str], hidden: bool) -> Cell:
    if hidden or key not in mine:
        return cell()
    row = mine[key]
    return cell(Number(fixed(float(row["estimate"]), 2), row["result_id"], float(row["estimate"])))
