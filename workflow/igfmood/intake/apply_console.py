"""What `apply` prints.

Takes what came of a table; prints the model, counts of scored and refused rows, shifts and
measures. Counts and summaries only, never a person's values.
"""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from igfmood.intake.console import listed, plain_table
from igfmood.performance.frozen.apply import Applied
from igfmood.performance.frozen.incoming import NEW

if TYPE_CHECKING:
    from rich.console import Console

#: A standardised mean difference from which people are called different (Austin 2009).
_SHIFTED = 0.1
_MOST_REASONS = 12


def show_applied(applied: Applied, out: "Console") -> None:
    """Print what was done, and what must be known of it."""
    model, scored = applied.model, applied.scored
    out.print(
        f"{model.label}: tier {model.tier}, built in {', '.join(model.training.cohorts)} "
        f"(study {model.origin.study}, people: {model.training.everybody.n})", markup=False,
    )  # fmt: skip
    out.print(_whose(applied), markup=False)
    refused = int(scored.refused["row"].nunique())
    out.print(
        f"{applied.incoming.rows:,} {'row' if applied.incoming.rows == 1 else 'rows'}: "
        f"{len(scored.people):,} scored, {refused:,} refused",
        markup=False,
    )
    out.print()
    _show_refused(applied, out)
    if applied.incoming.notes:
        _list("Found out:", applied.incoming.notes, out)
    if len(scored.people):
        _show_drift(applied, out)
        _show_performance(applied, out)
    _list("Written:", [str(path) for path in applied.files], out)


def _list(head: str, texts: Sequence[str], out: "Console") -> None:
    out.print(head)
    listed("", texts, out)


def _whose(applied: Applied) -> str:
    if applied.incoming.cohort != NEW:
        return (
            f"Scored as people of {applied.incoming.cohort}: its curve, batches and intercept. "
            "Among the very people that a model was built from, measures are too good"
        )
    if applied.incoming.published is not None:
        return "Scored as new people: the published curve of the entry, and the average intercept"
    if applied.model.score is None:
        return "Scored as new people: the average intercept"
    return "Scored as new people: the mean of the cohorts' scores, and the average intercept"


def _show_refused(applied: Applied, out: "Console") -> None:
    refused = applied.scored.refused
    if refused.empty:
        return
    rule = refused["value"].where(refused["column"] == "rule", "")
    what = refused["column"].where(rule == "", "rule " + rule.astype(str))
    text = what.astype(str) + " " + refused["reason"].astype(str)
    counts = refused.assign(text=text).groupby("text", sort=False)["row"].nunique()
    largest = counts.sort_values(ascending=False, kind="stable").head(_MOST_REASONS)
    lines = [f"{n:,}: {text}" for text, n in largest.items()]
    if len(counts) > len(lines):
        lines.append(f"… and {len(counts) - len(lines)} more reasons in the file")
    _list("Refused rows:", lines, out)


def _show_drift(applied: Applied, out: "Console") -> None:
    from rich.markup import escape

    table = plain_table(
        "Against the people the model was built from", "predictor", "n", "SMD", "filled in",
        "beyond", "expected", "remark", wide="remark",
    )  # fmt: skip
    for row in applied.drift.to_dict("records"):
        shifted = abs(row["smd"]) >= _SHIFTED
        remark = row["reason"] or ("shifted" if shifted else "")
        table.add_row(
            escape(str(row["predictor"])), f"{row['n']:,}", _number(row["smd"], "+.2f"),
            _number(row["missing"], ".0%"), _number(row["beyond"], ".1%"),
            _number(row["beyond_training"], ".1%"), escape(str(remark)),
        )  # fmt: skip
    out.print(table)


def _number(value: float, form: str) -> str:
    return "" if math.isnan(value) else format(value, form)


def _show_performance(applied: Applied, out: "Console") -> None:
    if not applied.performance:
        return
    from rich.markup import escape

    table = plain_table(
        "Where the outcome is known", "measure", "estimate", "95 % interval", "n", "events",
        "remark", wide="remark",
    )  # fmt: skip
    for one in applied.performance:
        known = not math.isnan(one.estimate)
        interval = f"{one.ci_low:.2f} to {one.ci_high:.2f}" if known else ""
        table.add_row(
            one.name, f"{one.estimate:.2f}" if known else "", interval,
            "" if one.n is None else f"{one.n:,}",
            "" if one.n_events is None else f"{one.n_events:,}",
            escape(one.reason),
        )  # fmt: skip
    out.print(table)
