"""What genes say of a claim: every method, what speaks against them, and each variant left out.

Takes the findings and a claim judged by Mendelian randomisation; gives its tables. All of it comes
from published summaries: `n` counts variants, and nothing is suppressed.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import pandas as pd

from igfmood import results
from igfmood.config.claims import Claim
from igfmood.report.load import Findings
from igfmood.report.numbers import NBSP, Number, Text, fixed, percent
from igfmood.report.ratios import ratio
from igfmood.report.tables import Cell, Column, Table, absent, cell, without_empty_columns
from igfmood.report.text import estimate_with_interval, value
from igfmood.report.words import capital, sentence

ANALYSIS = "mendelian"
#: What stands before the name of a variant in the stratum of a row without it.
_WITHOUT = "without "
#: Below these a variant, or MR-Egger, says less than it seems to.
_STRONG, _UNDILUTED = 10, 0.9


@dataclass(frozen=True)
class Genes:
    """The tables of a genetic claim."""

    says: Text
    methods: Table
    checks: Table
    without: Table
    left_out: Table


def genes(claim: Claim, findings: Findings) -> Genes | None:
    """Return the tables of a claim, None if it is not about genes or has no estimate."""
    own = results.select(
        findings.table, analysis=ANALYSIS, cohort=results.POOLED, target=claim.estimand.target
    )
    main = findings.ok(ANALYSIS, claim.estimand.target, "beta")
    if claim.estimand.analysis != ANALYSIS or main is None:
        return None
    return Genes(
        _says(own, main), _methods(claim, own, findings), _checks(claim, own),
        _without(claim, own, findings), _left_out(claim, own),
    )  # fmt: skip


def variants(row: pd.Series) -> Number:
    """Return how many variants are behind a number."""
    return Number(f"{int(row['n']):,}", row["result_id"], float(row["n"]))


def _says(own: pd.DataFrame, main: pd.Series) -> Text:
    largest = own[(own["measure"] == "r") & (own["term"] == "largest")]
    start: Text = (variants(main), " variants of one pair of summary tables, ")
    if largest.empty:
        return (*start, "taken to be independent of each other.")
    return (
        *start, "weighted with their correlations (largest, sign left off, ",
        value(largest.iloc[0]), ").",
    )  # fmt: skip


def _methods(claim: Claim, own: pd.DataFrame, findings: Findings) -> Table:
    """Return the estimate of every method; the first is the one that the claim is judged by."""
    columns = (
        Column("Method"), Column("Log odds per SD (interval)", True),
        Column("Odds ratio per SD (interval)", True), Column("p", True), Column("Variants", True),
        Column("Why not"),
    )  # fmt: skip
    found = own[(own["measure"] == "beta") & (own["stratum"] == "all")]
    rows = []
    for _, row in found.iterrows():
        if row["status"] != "ok":
            name = capital(str(row["term"]))
            rows.append((cell(name), cell(), cell(), cell(), cell(), absent(row["reason"])))
            continue
        name = capital(str(row["method"]).split(";")[0])
        judged = " (the claim is judged by it)" if row["term"] == "" else ""
        rows.append(
            (
                cell(f"{name}{judged}"), cell(*estimate_with_interval(row, findings)),
                cell(*ratio(row)), cell(value(row, "p")), cell(variants(row)), cell(),
            )
        )  # fmt: skip
    return without_empty_columns(
        Table(f"genes_{claim.id}", "What each method says", columns, tuple(rows))
    )


def _without(claim: Claim, own: pd.DataFrame, findings: Findings) -> Table:
    columns = (
        Column("Without"), Column("Log odds per SD (interval)", True),
        Column("Odds ratio per SD (interval)", True), Column("p", True),
    )  # fmt: skip
    found = own[own["stratum"].str.startswith(_WITHOUT) & (own["status"] == "ok")]
    rows = tuple(
        (
            cell(str(row["stratum"]).removeprefix(_WITHOUT)),
            cell(*estimate_with_interval(row, findings)), cell(*ratio(row)), cell(value(row, "p")),
        )
        for _, row in found.iterrows()
    )  # fmt: skip
    return Table(f"genes_without_{claim.id}", "Leaving one variant out", columns, rows)


def _left_out(claim: Claim, own: pd.DataFrame) -> Table:
    columns = (Column("Variants left out because"), Column("Variants", True))
    found = own[own["measure"] == "left_out"]
    rows = tuple(
        (cell(str(row["term"])), cell(value(row, decimals=0))) for _, row in found.iterrows()
    )
    note = "" if rows else "No variant was left out."
    return Table(f"genes_left_out_{claim.id}", "Variants left out", columns, rows, note)


def _statistic(row: pd.Series) -> Text:
    if pd.isna(row["df"]):
        return (value(row),)
    df = Number(fixed(float(row["df"]), 0), row["result_id"], float(row["df"]))
    return (value(row), " on ", df, f"{NBSP}df")


def _count(row: pd.Series) -> Text:
    return (value(row, decimals=0),)


def _with_limits(row: pd.Series) -> Text:
    digits = 3
    return (
        value(row, "estimate", digits), " (", value(row, "ci_low", digits), " to ",
        value(row, "ci_high", digits), ")",
    )  # fmt: skip


def _share(row: pd.Series) -> Text:
    found = float(row["estimate"])
    return (Number(percent(found), row["result_id"], found),)


def _small_share(row: pd.Series) -> Text:
    found = 100 * float(row["estimate"])
    return (Number(f"{fixed(found, 2)}{NBSP}%", row["result_id"], float(row["estimate"])),)


def _clear(row: pd.Series) -> bool:
    return bool(row["p"] < 1 - row["level"])


def _steiger(row: pd.Series) -> str:
    if "the direction is wrong" in row["method"]:
        return "The variants explain more of the outcome: it may come first."
    sure = "" if _clear(row) else ", but no more than chance gives"
    return f"The variants explain more of the analyte: it can come first{sure}."


#: Measure and term: what is checked, how it is written, what it says.
_CHECKS: Mapping[
    tuple[str, str], tuple[str, Callable[[pd.Series], Text], Callable[[pd.Series], str]]
] = {
    ("q", ""): (
        "Cochran's Q over variants", _statistic,
        lambda row: "Variants disagree: some act by other ways, too." if _clear(row)
        else "No sign that variants disagree.",
    ),
    ("intercept", "MR-Egger"): (
        "MR-Egger intercept, log odds", _with_limits,
        lambda row: "Variants act by other ways in one direction: the estimate above is biased."
        if _clear(row) else "No sign of other ways that lean in one direction.",
    ),
    ("f", "mean"): (
        "F of the variants on the analyte, mean", _statistic,
        lambda row: "Strong on the whole." if row["estimate"] >= _STRONG
        else "Weak: estimates are drawn towards 0.",
    ),
    ("f", "smallest"): (
        "F of the variants on the analyte, smallest", _statistic,
        lambda row: "No variant is weak." if row["estimate"] >= _STRONG
        else f"At least one variant is weak (F below {_STRONG}).",
    ),
    ("i2_gx", ""): (
        "I²_GX of the variants on the analyte", _share,
        lambda row: "MR-Egger is hardly diluted." if row["estimate"] >= _UNDILUTED
        else f"Below {percent(_UNDILUTED)}: MR-Egger is diluted towards 0.",
    ),
    ("r", "largest"): (
        "Largest correlation of two variants", _statistic,
        lambda row: "Weights take the correlations into account.",
    ),
    ("compared", "frequencies"): (
        "Variants with frequencies in both tables", _count,
        lambda row: sentence(str(row["method"]).split(": ", 1)[-1]),
    ),
    ("r2", "exposure"): (
        "Variance of the analyte that the variants explain", _small_share, lambda row: "",
    ),
    ("r2", "outcome"): (
        "Variance of the outcome that the variants explain", _small_share, lambda row: "",
    ),
    ("r2_difference", "steiger"): (
        "Steiger: difference of the two", _small_share, _steiger,
    ),
}  # fmt: skip


def _checks(claim: Claim, own: pd.DataFrame) -> Table:
    """Return what speaks for and against the estimate."""
    columns = (
        Column("Check"), Column("Value", True), Column("p", True), Column("What it says"),
    )  # fmt: skip
    rows: list[tuple[Cell, ...]] = []
    for (measure, term), (name, shown, says) in _CHECKS.items():
        found = own[(own["measure"] == measure) & (own["term"] == term) & (own["status"] == "ok")]
        for _, row in found.iterrows():
            p = cell() if pd.isna(row["p"]) else cell(value(row, "p"))
            rows.append((cell(name), cell(*shown(row)), p, cell(says(row) or None)))
    without_direction = own[own["measure"] == "r2_difference"].empty
    note = (
        "Steiger's test of direction was not made: it needs the number of people in both tables, "
        "and independent variants." if without_direction else ""
    )  # fmt: skip
    return Table(
        f"genes_checks_{claim.id}", "What speaks for and against it", columns, tuple(rows), note,
        stack=True,
    )  # fmt: skip
