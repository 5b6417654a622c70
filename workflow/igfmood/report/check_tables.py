"""Checks of what a claim's model takes for granted, beside the claim.

Takes the findings and the estimate a section is about; gives a table: check, cohort, value, what
it says.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import pandas as pd

from igfmood.disclosure import redact
from igfmood.report.load import Findings
from igfmood.report.numbers import NBSP, Number, Text, fixed, plain
from igfmood.report.reasons import without_keys
from igfmood.report.tables import Cell, Column, Table, cell, without_empty_columns
from igfmood.report.text import estimate_with_interval, region_bounds, stands_alone, value
from igfmood.results import POOLED

#: Measure and term: row.
Found = Mapping[tuple[str, str], pd.Series]


@dataclass(frozen=True)
class Check:
    """A check: the rows it is made of, how they are written, and what they say.

    Parameters
    ----------
    name
        What is checked.
    keys
        Measure and term of its rows. The p of a row that stands alone is shown.
    shown
        Rows to their numbers.
    says
        Rows to one sentence.
    whole
        Whether every key must have its row; else any of them may.
    """

    name: str
    keys: tuple[tuple[str, str], ...]
    shown: Callable[[Found, Findings], Text]
    says: Callable[[Found], str]
    whole: bool = True


def checks_table(name: str, analysis: str, target: str, measure: str, findings: Findings) -> Table:
    """Return the checks of the model behind an estimate; no rows where it has none.

    Parameters
    ----------
    name
        Of the table.
    analysis, target, measure
        Keys of the estimate.
    findings
        The study.
    """
    columns = (
        Column("Check"), Column("Cohort"), Column("Value"), Column("p", True),
        Column("What it says"),
    )  # fmt: skip
    rows, refused = list[tuple[Cell, ...]](), dict[str, dict[str, None]]()
    for check in _CHECKS.get((analysis, measure), ()):
        for cohort, title in {**findings.titles(), POOLED: "Pooled"}.items():
            found = _rows_of(check, analysis, target, cohort, findings)
            why = [row["reason"] for row in found.values() if row["status"] != "ok"]
            if found and not why:
                shown = check.shown(found, findings)
                rows.append(
                    (
                        cell(check.name),
                        cell(title),
                        cell(*shown),
                        _p(found),
                        cell(check.says(found)),
                    )
                )
            elif found and cohort != POOLED:
                reason = redact(without_keys(why[0], findings.study), findings.min_cell)
                refused.setdefault(reason, {})[title] = None
    note = "; ".join(f"{', '.join(names)}: {reason}" for reason, names in refused.items())
    note = f"No value: {note}." if note else ""
    table = Table(name, "Checks of the model", columns, tuple(rows), note, stack=True)
    return without_empty_columns(table)


def _rows_of(
    check: Check, analysis: str, target: str, cohort: str, findings: Findings
) -> dict[tuple[str, str], pd.Series]:
    found = {
        (measure, term): findings.find(
            analysis, target, measure, cohort=cohort, adjustment=findings.study.main_tier, term=term
        )
        for measure, term in check.keys
    }
    # What one cohort alone has stands in its own row already.
    known = {key: row for key, row in found.items() if row is not None and not stands_alone(row)}
    return {} if check.whole and len(known) < len(check.keys) else known


def _p(found: Found) -> Cell:
    (first, *others) = found.values()
    return cell() if others or pd.isna(first["p"]) else cell(value(first, "p"))


def _only(found: Found) -> pd.Series:
    (row,) = found.values()
    return row


def _chi2(found: Found, findings: Findings) -> Text:
    row = _only(found)
    df = Number(fixed(float(row["df"]), 0), row["result_id"], float(row["df"]))
    return (f"χ²{NBSP}", value(row), " on ", df, f"{NBSP}df")


def _estimate(found: Found, findings: Findings) -> Text:
    return estimate_with_interval(_only(found), findings)


def _two_slopes(found: Found, findings: Findings) -> Text:
    return (
        "break at ", value(found["breakpoint", ""]), f"{NBSP}SDS; p below it ",
        value(found["slope", "low"], "p"), ", above it ", value(found["slope", "high"], "p"),
    )  # fmt: skip


def _region(found: Found, findings: Findings) -> Text:
    return region_bounds(list(found.values()))


def _region_says(found: Found) -> str:
    region = plain(region_bounds(list(found.values())))
    if region == "at no observed score":
        return "The slope may be 0 at each of the observed scores."
    if region == "at every observed score":
        return "At none of the observed scores does the interval of the slope hold 0."
    return "At the other observed scores the slope may be 0."


def _clear(row: pd.Series) -> bool:
    """Return whether a test or an interval speaks against nothing."""
    if pd.isna(row["p"]):
        return bool(row["ci_low"] > 0 or row["ci_high"] < 0)
    return bool(row["p"] < 1 - row["level"])


def _either(clear: str, otherwise: str) -> Callable[[Found], str]:
    return lambda found: clear if _clear(_only(found)) else otherwise


def _turn(found: Found) -> str:
    below, above = found["slope", "low"], found["slope", "high"]
    if not (_clear(below) and _clear(above) and below["estimate"] * above["estimate"] < 0):
        return "No U: the slopes do not both differ from 0 with opposite signs."
    return "A U: down, then up." if below["estimate"] < 0 else "A U upside down: up, then down."


def _bend(found: Found) -> str:
    row = _only(found)
    if not _clear(row):
        return "No sign that the odds bend upwards or downwards at both ends."
    return f"The odds bend {'upwards' if row['estimate'] > 0 else 'downwards'} at both ends."


_INCIDENCE = (
    Check(
        "Proportional hazards: the score", (("chi2", "score"),), _chi2,
        _either("The hazard ratio changes over follow-up: the one given is an average of it.",
                "No sign that the hazard ratio changes over follow-up."),
    ),
    Check(
        "Proportional hazards: all terms", (("chi2", "global"),), _chi2,
        _either("Some term of the model has a hazard ratio that changes over follow-up.",
                "No sign that the hazard ratio of any term changes over follow-up."),
    ),
    Check(
        "Years instead of exact times: log odds ratio per SD", (("log_or", ""),), _estimate,
        _either("Counted by years, too, the odds of becoming ill go with the score.",
                "Counted by years, the interval of the odds ratio holds no effect."),
    ),
)  # fmt: skip
_SEVERITY = (
    Check(
        "Proportional odds (Brant) at totals of 5, 10 and 15", (("chi2", "proportional_odds"),),
        _chi2,
        _either("The odds ratio differs between these totals: one for all of them is an average.",
                "No sign that the odds ratio differs between these totals."),
    ),
)  # fmt: skip
_PATHWAY = (
    Check(
        "ρ of errors that leaves no indirect effect", (("rho", ""),), _estimate,
        _either("Unmeasured causes of volume and symptoms this strong would explain all of it.",
                "The interval holds 0: there may be nothing that unmeasured causes must explain."),
    ),
)  # fmt: skip
_STRESS = (
    Check(
        "Where the slope of stress differs from 0 (Johnson–Neyman)",
        tuple(("johnson_neyman", term) for term in ("", "below", "from", "to", "above")),
        _region, _region_says, whole=False,
    ),
)  # fmt: skip
_LINES = (
    Check(
        "Two lines (Simonsohn)",
        (("slope", "low"), ("slope", "high"), ("breakpoint", "")), _two_slopes, _turn,
    ),
)  # fmt: skip
_TAILS = (
    Check("Squared score: log odds per squared SD", (("log_or", "squared"),), _estimate, _bend),
)
#: Analysis and measure of an estimate: its checks.
_CHECKS: dict[tuple[str, str], tuple[Check, ...]] = {
    ("incidence", "log_hr"): _INCIDENCE,
    ("severity", "beta"): _SEVERITY,
    ("severity", "log_or"): _SEVERITY,
    ("neuroplasticity", "indirect"): _PATHWAY,
    ("stress_buffering", "beta"): _STRESS,
    ("shape", "slope"): _LINES,
    ("tails", "log_or"): _TAILS,
}
