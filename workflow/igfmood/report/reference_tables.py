"""How the analyte was made comparable: reference curves, their coverage, batches, limits, ratio.

Takes the findings and the counts that may be shown; gives tables, the long descriptions of
methods, and a sentence about the choice below the detection limit.
"""

import pandas as pd

from igfmood import results
from igfmood.config.cohort import Cohort
from igfmood.config.study import Task
from igfmood.config.vocabulary import DIAGNOSES
from igfmood.disclosure import Shown
from igfmood.report import words
from igfmood.report.counts import Counts
from igfmood.report.load import Findings
from igfmood.report.numbers import NBSP, Number, Text, fixed
from igfmood.report.protected import (
    open_reason,
    share_form,
    share_number,
    whole_percent,
    without_sizes,
)
from igfmood.report.tables import Cell, Column, Table, absent, cell
from igfmood.report.text import value

#: Centiles whose coverage is shown.
CENTILES = ("p3", "p10", "p50", "p90", "p97")


def reference_table(findings: Findings, counts: Counts) -> Table:
    """Return what each cohort's reference curve rests on."""
    columns = (
        Column("Cohort"), Column("Assay"), Column("Matrix"), Column("Unit in the file"),
        Column("Detection limit"), Column("Learned from"), Column("People", True), Column("Curve"),
    )  # fmt: skip
    return Table(
        "reference", "Assays and reference curves", columns,
        tuple(_reference_row(findings, counts, cohort) for cohort in findings.study.cohorts),
    )  # fmt: skip


def _reference_row(findings: Findings, counts: Counts, cohort: Cohort) -> tuple[Cell, ...]:
    whom = "controls" if cohort.reference.people == "controls" else "all at the first visit"
    published = cohort.reference.table is not None
    if published:
        whom = "other people"
    measured = cohort.analyte
    if measured is None:
        nothing = [cell()] * 4
        return (cell(cohort.title), *nothing, cell(), cell(), absent("not measured"))
    limit = "not given" if measured.lod is None else f"{measured.lod:g} {measured.unit}"
    row = _curve(findings, cohort)
    if row is None or row["status"] != "ok":
        people, curve = cell(), absent(why_no_curve(findings, cohort))
    else:
        people = cell() if published else cell(counts.reference(row))
        curve = cell(curve_name(findings, cohort))
    return (
        cell(cohort.title), cell(measured.assay), cell(measured.matrix.replace("_", " ")),
        cell(measured.unit), cell(limit), cell(whom), people, curve,
    )  # fmt: skip


def _curve(findings: Findings, cohort: Cohort) -> pd.Series | None:
    """Return the row of a cohort's reference curve, whatever its status."""
    return findings.find("reference_curve", "", "n", cohort=cohort.name, stratum="")


def why_no_curve(findings: Findings, cohort: Cohort) -> str:
    """Return why a cohort has no reference curve."""
    if cohort.analyte is None:
        return f"{findings.study.analyte.label} was not measured"
    rows = results.select(
        findings.table, cohort=cohort.name, analysis=["reference_curve", "cohort"]
    )
    reasons = rows.loc[rows["status"] != "ok", "reason"]
    found = dict.fromkeys(open_reason(reason, findings.min_cell) for reason in reasons)
    return "; ".join(found) or "none"


def curve_name(findings: Findings, cohort: Cohort) -> str:
    """Return in few words how a cohort's reference curve was made."""
    points = results.select(
        findings.table, cohort=cohort.name, analysis="reference_curve", measure="p50", status="ok"
    )
    found = dict.fromkeys(name for text in points["method"] for name in text.split("+"))
    if found:
        return " and ".join(words.CURVES.get(name, name) for name in found)
    row = _curve(findings, cohort)
    return "" if row is None else without_sizes(row["method"]).split(",")[0]


def curve_descriptions(findings: Findings) -> list[tuple[str, str]]:
    """Return the full description of each cohort's reference curve, without sizes."""
    rows = ((cohort.title, _curve(findings, cohort)) for cohort in findings.study.cohorts)
    return [
        (title, without_sizes(row["method"]))
        for title, row in rows
        if row is not None and row["status"] == "ok" and row["method"]
    ]


def coverage_table(findings: Findings, counts: Counts) -> Table:
    """Return the share of reference people below each centile."""
    columns = (
        Column("Cohort"), *(Column(f"Below {name[1:]} %", True) for name in CENTILES)
    )  # fmt: skip
    rows = []
    for cohort in findings.study.cohorts:
        found = {name: _coverage(findings, cohort, name) for name in CENTILES}
        known = {name: row for name, row in found.items() if row is not None}
        if known:
            forms = coverage_forms(known, findings.min_cell)
            rows.append((cell(cohort.title), *(_share(known.get(c), forms) for c in CENTILES)))
    note = (
        "Share of reference people below a centile of their own curve; a curve that holds has the "
        "share that the centile says. ≤ and ≥ stand for shares that rest on fewer than "
        f"{findings.min_cell} people."
    )
    return Table("coverage", "Coverage of the reference curves", columns, tuple(rows), note)


def _coverage(findings: Findings, cohort: Cohort, name: str) -> pd.Series | None:
    return findings.ok("reference_coverage", "", "coverage", cohort=cohort.name, term=name)


def coverage_forms(rows: dict[str, pd.Series], min_cell: int) -> dict[str, Shown]:
    """Return the form of the number of people below each centile.

    Parameters
    ----------
    rows
        Centile: row with `n` and `n_events`.
    min_cell
        Counts below this are suppressed, below a centile and above it.

    Notes
    -----
    The outer centiles are shown where hundreds of people are behind them; two shares in whole
    percent then leave open how many lie between them.
    """
    return {
        name: whole_percent(share_form(int(row["n_events"]), int(row["n"]), min_cell), row["n"])
        for name, row in rows.items()
    }


def _share(row: pd.Series | None, forms: dict[str, Shown]) -> Cell:
    if row is None:
        return cell()
    return cell(share_number(row, forms[row["term"]], int(row["n"])))


def correction_table(findings: Findings) -> Table:
    """Return the level and the spread of each batch beside those of the average batch."""
    rows = results.select(findings.table, analysis="batch", status="ok")
    rows = rows[rows["n"] >= findings.min_cell]
    found = {
        (row["cohort"], row["stratum"], row["measure"]): row for _, row in rows.iterrows()
    }  # fmt: skip
    titles = findings.titles()
    body = tuple(
        (
            cell(titles[cohort]), cell(batch), cell(value(row, "estimate", 2)),
            cell(value(spread, "estimate", 2)) if spread is not None else cell(),
        )
        for (cohort, batch, measure), row in found.items()
        if measure == "ratio"
        for spread in [found.get((cohort, batch, "sd_ratio"))]
    )  # fmt: skip
    columns = (
        Column("Cohort"), Column("Batch"), Column("Level", True), Column("Spread", True)
    )  # fmt: skip
    note = (
        "Geometric mean and standard deviation of the logarithm over those of the average batch, "
        "after shrinkage; each value was divided by the level and brought to the common spread."
    )
    much = ", ".join(
        f"{batch} ({titles[cohort]})"
        for cohort, batch, measure in found if measure == "share_below_limit"
    )  # fmt: skip
    if much:
        note += (
            f" Many values of {much} are below the detection limit: level and spread there rest on "
            "what stands for them."
        )
    return Table("batch_correction", "Correction of each batch", columns, body, note)


def limits_table(findings: Findings) -> Table:
    """Return each comparison under every treatment of values below the detection limit."""
    label = findings.study.analyte.label
    own = findings.study.normalise.below_limit
    others = [name for name in words.LIMIT_TREATMENTS if name != own]
    columns = (
        Column("Cohort"), Column("Comparison"),
        Column(f"{_capital(words.LIMIT_TREATMENTS[own])} (interval), as used here", True),
        *(Column(_capital(words.LIMIT_TREATMENTS[name]), True) for name in others),
    )  # fmt: skip
    rows = []
    for cohort, task, found in _treated(findings):
        used = found.get(own)
        rows.append(
            (
                cell(cohort.title), cell(task.label),
                cell() if used is None else cell(*_with_interval(used)),
                *(cell(_estimate(found[one]) if one in found else None) for one in others),
            )
        )  # fmt: skip
    note = (
        f"Difference in log {label}, cases minus controls, adjusted for age and sex: 0.10 is about "
        f"10{NBSP}% more in cases."
    )
    others_done = other_treatment(findings)
    note += "".join(f" Not so in {cohort.title}, used there: {why}." for cohort, why in others_done)
    title = "Values below the detection limit: does their treatment matter?"
    return Table("below_limit", title, columns, tuple(rows), note)


def other_treatment(findings: Findings) -> list[tuple[Cohort, str]]:
    """Return cohorts where another treatment than the study's stands below the limit, and why."""
    done = results.select(findings.table, analysis="below_limit", measure="filled", status="ok")
    done = done[done["model"] != findings.study.normalise.below_limit]
    return [
        (cohort, open_reason(row["method"], findings.min_cell))
        for cohort in findings.study.cohorts
        for _, row in results.select(done, cohort=cohort.name).iterrows()
    ]


def limits_sentence(findings: Findings) -> Text:
    """Return whether the treatment below the limit changes what a comparison says."""
    differ: list[str] = []
    widest: tuple[float, Text] = (-1.0, ())
    for cohort, task, found in _treated(findings):
        rows = sorted(found.values(), key=lambda row: float(row["estimate"]))
        if len({_side(row) for row in rows}) > 1:
            differ.append(f"{cohort.title}, {task.label}")
        low, high = rows[0], rows[-1]
        spread = float(high["estimate"]) - float(low["estimate"])
        if spread > widest[0]:
            where = f" in {cohort.title}, {task.label}"
            widest = (spread, (_estimate(low), " to ", _estimate(high), where))
    if not widest[1]:
        return ()
    verdict = (
        f"The choice matters in {'; '.join(differ)}: there it decides whether the interval "
        "excludes zero."
        if differ
        else "The choice does not matter for whether an interval excludes zero, in any comparison."
    )
    return (verdict, " Estimates differ most from ", *widest[1], ".")


def _side(row: pd.Series) -> int:
    return int(row["ci_low"] > 0) - int(row["ci_high"] < 0)


def _treated(findings: Findings) -> list[tuple[Cohort, Task, dict[str, pd.Series]]]:
    """Return cohort, task and the row of each treatment, where there are any."""
    table = results.select(findings.table, analysis="below_limit", status="ok")
    found = []
    for cohort in findings.study.cohorts:
        for task in findings.study.tasks:
            rows = results.select(table, cohort=cohort.name, target=task.name)
            if len(rows):
                found.append((cohort, task, {row["model"]: row for _, row in rows.iterrows()}))
    return found


def _estimate(row: pd.Series) -> Number:
    estimate = float(row["estimate"])
    return Number(fixed(estimate, 2), row["result_id"], estimate)


def _with_interval(row: pd.Series) -> Text:
    return (_estimate(row), " (", value(row, "ci_low", 2), " to ", value(row, "ci_high", 2), ")")


def _capital(text: str) -> str:
    return text[0].upper() + text[1:]


def ratio_table(findings: Findings) -> Table:
    """Return the molar ratio of the analyte to its binding protein by group."""
    table = results.select(findings.table, analysis="molar_ratio", status="ok")
    columns = (Column("Cohort"), Column("Group"), Column("Median (quartiles)", True))
    rows = []
    for cohort in findings.study.cohorts:
        for group in DIAGNOSES:
            found = results.select(table, cohort=cohort.name, stratum=group)
            by = {row["measure"]: row for _, row in found.iterrows()}
            if not {"median", "p25", "p75"} <= set(by):
                continue
            few = int(by["median"]["n"]) < findings.min_cell
            numbers = [
                Number(fixed(by[m]["estimate"], 3), by[m]["result_id"], float(by[m]["estimate"]))
                for m in ("median", "p25", "p75")
            ]
            shown = (
                absent(f"n <{findings.min_cell}")
                if few
                else cell(numbers[0], " (", numbers[1], "–", numbers[2], ")")
            )
            rows.append((cell(cohort.title), cell(words.group(group, cohort)), shown))
    title = f"Molar ratio of {findings.study.analyte.label} to IGFBP-3"
    return Table("molar_ratio", title, columns, tuple(rows))


def lots_table(findings: Findings) -> Table:
    """Return how much lots of an assay differ in its control material, and whether they age."""
    table = results.select(findings.table, analysis="assay_lots", stratum="", status="ok")
    columns = (
        Column("Cohort"), Column("Measurements", True),
        Column("Drift in 30 days, % (interval)", True),
        Column("Between lots, CV %", True), Column("Within lots, CV %", True),
    )  # fmt: skip
    rows = []
    for cohort in findings.study.cohorts:
        found = results.select(table, cohort=cohort.name)
        by = {row["measure"]: row for _, row in found.iterrows()}
        if "within_lot_cv" not in by:
            continue
        drift, between, within = (
            by[name] for name in ("drift_per_30_days_pct", "between_lot_cv", "within_lot_cv")
        )
        ends = [fixed(drift[end], 2) for end in ("ci_low", "ci_high")]
        rows.append((
            cell(cohort.title), cell(Number(f"{drift['n']:,}", drift["result_id"], drift["n"])),
            cell(_number(drift, 2), f" ({ends[0]} to {ends[1]})"),
            cell(_number(between, 1)), cell(_number(within, 1)),
        ))  # fmt: skip
    boundary = "; ".join(
        sorted({m.partition("; on the ")[2] for m in table["method"] if "; on the " in m})
    )
    note = f"The fit ended on the {boundary}." if boundary else ""
    return Table("assay_lots", "Control material of the assay", columns, tuple(rows), note)


def _number(row: pd.Series, decimals: int) -> Number:
    return Number(fixed(row["estimate"], decimals), row["result_id"], float(row["estimate"]))
