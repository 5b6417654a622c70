"""How often a verdict errs: what came of a claim in worlds of known truth.

Takes a claim and the findings; gives one sentence beneath the verdict and one table.
"""

from collections.abc import Iterator

import pandas as pd

from igfmood.config.claims import Claim
from igfmood.evidence.operating.summary import ANALYSIS, RATES
from igfmood.evidence.operating.worlds import BATCH, CLAIMED, KINDS, MARGIN, NULL, wrong
from igfmood.report import words
from igfmood.report.load import Findings
from igfmood.report.numbers import NBSP, Number, Part, Text, fixed
from igfmood.report.tables import Cell, Column, Table, absent, cell
from igfmood.report.text import value

_NOTE = (
    "Each world keeps this study's people, outcomes, gaps, detection limits and batches; the "
    "analyte is drawn anew so that the effect is the one named, and everything is estimated and "
    "judged again by the same code, from complete cases. Bold: the verdict would be an error. In "
    "brackets: Monte Carlo error of the number of worlds."
)


def error_rates(claim: Claim, findings: Findings) -> Text:
    """Return one sentence on how often the procedure errs, empty where no worlds were tried."""
    judged = _judged(claim, findings)
    if judged and not any(judged.values()):
        return (
            "Error rates of this procedure are not known: with this study's people the claim could "
            "be judged in none of the invented worlds.",
        )
    rates = [
        (NULL, "SUPPORTED", "where there is nothing to find, {}"),
        (MARGIN, "SUPPORTED", "where the effect just reaches what the claim must exceed, {}"),
        (BATCH, "SUPPORTED", "where there is nothing and batches go with the diagnosis, {}"),
        (CLAIMED, "SUPPORTED", "where the claim is right, {}"),
        (CLAIMED, "REFUTED", "and {} REFUTED"),
    ]
    parts: list[Part] = []
    for kind, verdict, sentence in rates:
        row = findings.ok(ANALYSIS, claim.id, RATES[verdict], stratum="", term=kind)
        if row is None or not judged.get(kind, 1):
            continue
        before, after = sentence.split("{}")
        if (kind == CLAIMED and verdict == "SUPPORTED") or not parts:
            after = " are SUPPORTED"
        joint = " " if sentence.startswith("and") else "; "
        parts += [joint if parts else "", before, *_share(row), after]
    if not parts:
        return ()
    return ("Error rates of this procedure with this study's people: ", *parts, ".")


def _judged(claim: Claim, findings: Findings) -> dict[str, float]:
    """Return, by kind, the share of worlds in which a claim could be judged."""
    measure = RATES["NOT_EVALUABLE"]
    rows = {
        kind.name: findings.ok(ANALYSIS, claim.id, measure, stratum="", term=kind.name)
        for kind in KINDS
    }
    return {kind: 1 - float(row["estimate"]) for kind, row in rows.items() if row is not None}


def operating_table(claim: Claim, findings: Findings) -> Table:
    """Return what came of a claim in every kind of world, nothing if no world could judge it."""
    columns = (
        Column("In a world where"),
        *(Column(f"{words.VERDICTS[one][1]}, %", True) for one in RATES),
        Column("Truth in interval, %", True), Column("Mean estimate", True),
    )  # fmt: skip
    title = "How often this verdict errs"
    judged = _judged(claim, findings)
    rows = tuple(_rows(claim, findings)) if any(judged.values()) else ()
    note = f"{findings.study.operating.worlds:,} worlds of each kind. {_NOTE}"
    return Table(f"operating_{claim.id}", title, columns, rows, note)


def _rows(claim: Claim, findings: Findings) -> Iterator[tuple[Cell, ...]]:
    for kind in KINDS:
        found = {
            verdict: findings.ok(ANALYSIS, claim.id, measure, stratum="", term=kind.name)
            for verdict, measure in RATES.items()
        }
        first = found["SUPPORTED"]
        if first is None:
            continue
        errors = wrong(claim, kind.name, findings.study)
        held = findings.find(ANALYSIS, claim.id, "interval_coverage", stratum="", term=kind.name)
        mean = findings.ok(ANALYSIS, claim.id, "mean_estimate", stratum="", term=kind.name)
        yield (
            cell(_words(first)),
            *(_rate(row, verdict in errors) for verdict, row in found.items() if row is not None),
            cell(None) if held is None else absent("no formula") if held["status"] != "ok"
            else cell(*_share(held, "")),
            cell(None) if mean is None else cell(value(mean, decimals=2)),
        )  # fmt: skip


def _words(row: pd.Series) -> str:
    """Return what is so in the world, as its method says it."""
    return str(row["method"]).split(": ", 1)[1].split("; score interval", 1)[0]


def _rate(row: pd.Series, error: bool) -> Cell:
    found = cell(*_share(row, ""))
    return Cell(found.text, found.sort, strong=error)


def _share(row: pd.Series, unit: str = f"{NBSP}%") -> Text:
    """Return a share of worlds in percent with its interval: ``5 % (1 to 24)``."""
    share, low, high = (
        Number(fixed(100 * float(row[name]), 0), row["result_id"], float(row[name]))
        for name in ("estimate", "ci_low", "ci_high")
    )
    return (share, f"{unit} (", low, f"{NBSP}to{NBSP}", high, ")")
