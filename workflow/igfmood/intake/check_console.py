"""What `check` prints.

Takes what was checked; prints problems, one line of counts a cohort, missing shares, and claims
against cohorts. Counts, row numbers and codes that many share, never a person's values.
"""

from collections.abc import Mapping, Sequence
from math import isnan
from typing import TYPE_CHECKING

from igfmood.cohort.values import IMPOSSIBLE
from igfmood.config.study import Study
from igfmood.intake.check import Checked, CohortCheck
from igfmood.intake.console import listed, plain_table
from igfmood.intake.needs import GENETICS, Need
from igfmood.normalise.units import analyte_column, unchecked

if TYPE_CHECKING:
    from rich.console import Console

#: Cohorts side by side in one table.
_SIDE = 5
_MOST_REASONS = 6
_MOST_CODES = 8
#: From this share of the rows on quarantine is no matter of single cells.
_MANY = 0.1
_CURVES = {"bccg": "Box-Cox Cole-Green", "bands": "age bands", "published": "published"}


def show_checked(checked: Checked, out: "Console") -> None:
    """Print everything that was found, errors last, and what comes next.

    What is listed of the cohorts is long: errors above it would not be seen, so that they are only
    counted there.
    """
    if checked.cohorts:
        if checked.errors:
            out.print(f"{checked.path}: {_n(checked.errors, 'error', 'errors')}, told at the end",
                      style="bold", markup=False)  # fmt: skip
            out.print()
        _show_flow(checked, out)
        for cohort in checked.cohorts:
            _show_cohort(checked, cohort, out)
        _show_overlap(checked, out)
        _show_missing(checked, out)
        _show_claims(checked, out)
        _show_controls(checked, out)
        if checked.errors:
            out.print()
    _show_errors(checked, out)
    _show_end(checked, out)


def _show_errors(checked: Checked, out: "Console") -> None:
    failed = [
        cohort.error
        if cohort.error.startswith("cohort ")
        else f"cohort {cohort.name!r}: {cohort.error}"
        for cohort in checked.cohorts
        if cohort.error
    ]
    if checked.marks:
        out.print(f"{checked.path}: {_n(len(checked.marks), 'guess', 'guesses')} not confirmed yet",
                  style="bold", markup=False)  # fmt: skip
        for mark in checked.marks:
            listed(f"line {mark.line}", [mark.text], out)
        out.print("Answer each in the file, and delete its line with CONFIRM:", markup=False)
        out.print()
    problems = [*checked.problems, *failed]
    if problems:
        out.print(
            f"{checked.path}: {_n(len(problems), 'error', 'errors')}", style="bold", markup=False
        )
        for number, text in enumerate(problems, 1):
            listed(f"{number}.", [text], out)
        out.print()


def _n(n: int, one: str, several: str) -> str:
    return f"{n:,} {one if n == 1 else several}"


def _show_flow(checked: Checked, out: "Console") -> None:
    from rich.markup import escape

    table = plain_table(
        "Cohorts", "cohort", "rows", "analysed", "people", "excluded", "quarantined", "groups",
        wide="groups",
    )  # fmt: skip
    for cohort in checked.cohorts:
        if cohort.prepared is None:
            table.add_row(escape(cohort.name), "", "", "", "", "", "[red]could not be read[/red]")
            continue
        flow = cohort.prepared.flow
        counts = (flow.rows_in, flow.analysed, flow.participants, sum(flow.excluded.values()),
                  flow.quarantined)  # fmt: skip
        groups = ", ".join(f"{name} {n:,}" for name, n in flow.groups.items())
        table.add_row(escape(cohort.name), *(f"{n:,}" for n in counts), escape(groups))
    out.print(table)


def _show_cohort(checked: Checked, cohort: CohortCheck, out: "Console") -> None:
    """Print what the counts of one cohort are made of."""
    if cohort.prepared is None or checked.study is None:
        return
    flow = cohort.prepared.flow
    lines = [f"found out: {note}" for note in flow.notes]
    lines += [
        f"joined: {part.table}: {part.rows:,} rows, {part.matched:,} keys matched, "
        f"{part.unmatched:,} not in the cohort"
        for part in flow.joined
    ]
    lines += [
        f"excluded: {cohort.cohort.why_excluded(name)}: {_n(n, 'row', 'rows')}"
        for name, n in flow.excluded.items() if n
    ]  # fmt: skip
    lines += [
        f"not applied: {name}: the cohort has no {lacking}"
        for name, lacking in flow.not_applied.items()
    ]
    nowhere = flow.participants - sum(flow.groups.values())
    if nowhere:
        lines.append(
            f"no row of the first visit, so in no group: {_n(nowhere, 'person', 'people')}"
        )
    if flow.controls_redefined:
        rows = _n(flow.controls_redefined, "row", "rows")
        lines.append(f"no control by the definition chosen: {rows}")
    reasons = cohort.quarantined()
    # A reason that stands alone takes no more room than the words that it was left out.
    shown = len(reasons) if len(reasons) == _MOST_REASONS + 1 else _MOST_REASONS
    lines += [
        f"quarantined: {column} {reason}: {_n(n, 'row', 'rows')}"
        f"{_of_all(n, flow.rows_in, reason)}, the first is row {row}"
        f"{_found(cohort.codes_unknown(reason, checked.study))}"
        for column, reason, n, row in reasons[:shown]
    ]
    if len(reasons) > shown:
        more = sum(n for _, _, n, _ in reasons[shown:])
        rest = f"{len(reasons) - shown} more reasons"
        lines.append(f"quarantined: for {rest}: {_n(more, 'cell', 'cells')}")
    lines += _analyte_lines(cohort, checked.study)
    if lines:
        out.print()
        out.print(cohort.name, style="bold", markup=False)
        listed("", lines, out)


def _of_all(n: int, rows: int, reason: str) -> str:
    """Return a large share of the rows in percent; a few are a slip of the pen."""
    if n < _MANY * rows:
        return ""
    asked = ": is its factor right?" if reason.startswith(IMPOSSIBLE) else ""
    return f" ({n / rows:.0%} of all{asked})"


def _found(codes: Sequence[str]) -> str:
    shown = ", ".join(map(repr, codes[:_MOST_CODES]))
    more = len(codes) - _MOST_CODES
    return f"; found {shown}{f' and {more} more' if more > 0 else ''}" if codes else ""


def _analyte_lines(cohort: CohortCheck, study: Study) -> list[str]:
    """Return how the analyte of a cohort is understood: unit, limit, batches, reference curve."""
    assert cohort.prepared is not None
    entry, learned, analyte = cohort.cohort.analyte, cohort.prepared.learned, study.analyte
    table = cohort.prepared.participants
    if entry is None or learned is None or table.empty:
        return []
    median = table[analyte.converted].median()
    shown = "no value" if isnan(median) else f"median {median:.4g} {analyte.unit}"
    lines = [f"{analyte.label}: {entry.column} in {entry.unit}, {shown}"]
    gaps = unchecked(
        table[analyte.value], table["age_years"], analyte_column(cohort.cohort, analyte)
    )
    lines += [f"unit not checked: {gap}" for gap in gaps]
    below, measured = cohort.below_limit(study)
    if below or entry.lod is not None:
        limit = "" if entry.lod is None else f" of {entry.lod:g} {entry.unit}"
        of_all = f"{below:,} of {_n(measured, 'value', 'values')}"
        lines.append(f"below the detection limit{limit}: {of_all}")
    if learned.censored_note:
        lines.append(f"below the limit, the limit over the root of 2: {learned.censored_note}")
    if learned.batch is not None:
        lines.append(f"batches corrected: {len(learned.batch.batches)}")
    elif entry.batch:
        lines.append(f"batches not corrected: {learned.batch_note}")
    if learned.curve is None:
        lines.append(f"no reference curve: {learned.curve_failure}")
    else:
        n = learned.curve.n
        behind = f" of {_n(n, 'person', 'people')}" if n else ""
        lines.append(f"reference curve: {_CURVES[learned.curve.method]}{behind}")
    return lines


def _show_overlap(checked: Checked, out: "Console") -> None:
    """Print which cohorts hold the same people."""
    if checked.left_out:
        out.print("The same people in two cohorts", style="bold")
        for name, reason in checked.left_out.items():
            listed(name, [f"left out of pooling and validation: {reason}"], out)
        out.print()


def _show_missing(checked: Checked, out: "Console") -> None:
    from rich.markup import escape

    assert checked.study is not None
    for part in _parts(checked.cohorts):
        shares = {cohort.name: cohort.missing(checked.study) for cohort in part}
        names = list(dict.fromkeys(name for known in shares.values() for name in known))
        table = plain_table("Missing among the analysed rows", "variable", *shares)
        for name in names:
            cells = [_share(known.get(name)) for known in shares.values()]
            table.add_row(escape(name), *cells)
        if names:
            out.print()
            out.print(table)


def _share(share: float | None) -> str:
    if share is None:
        return "–"
    return "0%" if share == 0 else f"{share:.1%}" if share < 0.1 else f"{share:.0%}"


def _parts(cohorts: Sequence[CohortCheck]) -> list[Sequence[CohortCheck]]:
    return [cohorts[start : start + _SIDE] for start in range(0, len(cohorts), _SIDE)]


def _counting(checked: Checked, found: Mapping[str, Need]) -> dict[str, Need]:
    """Return what each cohort has, one that is left out of pooling being no help."""
    return {
        name: Need(False, "the people of another cohort") if name in checked.left_out else need
        for name, need in found.items()
    }


def _show_claims(checked: Checked, out: "Console") -> None:
    """Print which cohorts can take part in which claim, and why the others cannot.

    A claim about genes has no cohorts, but the study's summary tables or none.
    """
    from rich.markup import escape

    if not checked.needs or not any(checked.needs.values()):
        return
    table = plain_table("Claims", "claim", "cohorts", "what they have", wide="what they have")
    for claim in checked.claims:
        found = _counting(checked, checked.needs[claim.id])
        ready = [name for name, need in found.items() if need.met]
        enough = len(ready) >= claim.min_cohorts
        style = "green" if enough else "red"
        count = f"{len(ready)}, needs {claim.min_cohorts}"
        if GENETICS in found:
            count = "tables" if enough else "no tables"
            have = [escape(found[GENETICS].text)]
        else:
            have = _have(found)
        table.add_row(escape(claim.id), f"[{style}]{count}[/{style}]", "\n".join(have))
    out.print()
    out.print(table)
    short = [
        claim.id for claim in checked.claims
        if sum(need.met for need in _counting(checked, checked.needs[claim.id]).values())
        < claim.min_cohorts
    ]  # fmt: skip
    if short:
        out.print(
            f"{_n(len(short), 'claim lacks what it needs', 'claims lack what they need')}, and "
            "will be NOT EVALUABLE.", markup=False,
        )  # fmt: skip


def _show_controls(checked: Checked, out: "Console") -> None:
    """Print which cohorts can be asked about which negative control, and those that none can."""
    from rich.markup import escape

    found = {one: _counting(checked, needs) for one, needs in checked.controls.items() if needs}
    if not found:
        return
    table = plain_table(
        "Negative controls", "name", "cohorts", "what they have", wide="what they have"
    )
    idle = []
    for (key, name), needs in found.items():
        ready = sum(need.met for need in needs.values())
        style = "green" if ready else "red"
        table.add_row(escape(name), f"[{style}]{ready}[/{style}]", "\n".join(_have(needs)))
        if not ready:
            idle.append(f"{key}: no cohort can be asked about {name}: nothing will come of it")
    out.print()
    out.print(table)
    listed("", idle, out, 0)


def _have(found: Mapping[str, Need]) -> list[str]:
    """Return a line for each cohort that can take part, and for each reason that others cannot."""
    from rich.markup import escape

    lack: dict[str, list[str]] = {}
    for name, need in found.items():
        if not need.met:
            lack.setdefault(need.text, []).append(name)
    return [
        *(f"{escape(name)}: {escape(need.text)}" for name, need in found.items() if need.met),
        *(
            f"[dim]not {escape(', '.join(names))}: {escape(text)}[/dim]"
            for text, names in lack.items()
        ),
    ]


def _show_end(checked: Checked, out: "Console") -> None:
    if checked.errors:
        out.print(f"{_n(checked.errors, 'error', 'errors')}: nothing can be run yet.",
                  style="bold", markup=False)  # fmt: skip
        return
    out.print("No errors. Next:", style="bold", markup=False)
    root = f" --config data_root={checked.data_root}" if checked.data_root else ""
    command = f"  snakemake --cores 2 --configfile {checked.path}{root}"
    out.print(command, markup=False, soft_wrap=True)
