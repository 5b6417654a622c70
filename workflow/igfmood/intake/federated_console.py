"""What `site` and `hub` print.

Takes a bundle, or what a hub found; prints what leaves the house and what stays, for the steward
of the data, or the verdicts with the numbers they rest on.
"""

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from igfmood.config.lock import SHOWN
from igfmood.evidence.judge import ClaimVerdict
from igfmood.federated.bundle import Bundle
from igfmood.federated.contents import WITHHELD, content_of
from igfmood.federated.hub import Found
from igfmood.federated.site import Packed
from igfmood.intake.console import listed, plain_table

if TYPE_CHECKING:
    from rich.console import Console

_DIGITS = {
    "full": "all", "rounded": "4", "count": "rounded counts", "share": "whole percent",
}  # fmt: skip
_WARNING = (
    "Estimates that are pooled have all their digits: who computes back from standard errors and "
    "degrees of freedom finds the number of people behind one, though not one below {few}."
)


def show_packed(packed: Packed, path: Path, out: "Console") -> None:
    """Print what leaves the house in a bundle that was just written, and what stays."""
    out.print(f"Written: {path}", style="bold", markup=False, soft_wrap=True)
    show_bundle(packed.bundle, path, out)
    if packed.left_out:
        out.print("Cohorts of the study that are not in the bundle", style="bold")
        listed("", [f"{name}: {why}" for name, why in packed.left_out.items()], out)


def show_bundle(bundle: Bundle, path: Path, out: "Console") -> None:
    """Print what a bundle holds."""
    names = ", ".join(card.name for card in bundle.cohorts)
    few = bundle.min_cell
    lines = [
        f"study {bundle.study}, cohorts: {names}; igfmood {bundle.igfmood}",
        f"{path.stat().st_size:,} bytes, format {bundle.version}, hash {bundle.hash[:SHOWN]}",
        f"No rows of people and no ids. Counts below {few} are left out, others are multiples of "
        f"{few}.",
        _WARNING.format(few=few),
    ]  # fmt: skip
    listed("", lines, out)
    out.print()
    _show_rows(bundle, out)
    withheld = Counter(str(row[-1]) for row in bundle.rows if row[-2] == WITHHELD)
    if withheld:
        out.print("Numbers that stay, by reason", style="bold")
        listed("", [f"{n:,}: {reason}" for reason, n in withheld.most_common()], out)
    out.print("How they were made (the parts that must agree between sites)", style="bold")
    parts = [f"{name} {part.hash[:SHOWN]}" for name, part in bundle.analysis.items()]
    codes = [f"{stage} {code}" for stage, code in bundle.code.items()]
    claims = [f"{name} {part.hash[:SHOWN]}" for name, part in bundle.claims.items()]
    listed("analysis", [", ".join(parts)], out)
    listed("claims", [", ".join(claims)], out)
    listed("code", [", ".join(codes)], out)


def _show_rows(bundle: Bundle, out: "Console") -> None:
    table = plain_table(
        "What it holds", "cohort", "what", "numbers", "not estimable", "stay", "digits", wide="what"
    )
    found = _by_part(bundle)
    for (cohort, words, digits), status in found.items():
        shown = [f"{status[key]:,}" for key in ("ok", "not_estimable", WITHHELD)]
        table.add_row(cohort, words, *shown, digits)
    out.print(table)


def _by_part(bundle: Bundle) -> dict[tuple[str, str, str], Counter[str]]:
    """Return cohort, words and digits of each part of a bundle: how many rows of each status."""
    analyte = str(bundle.analysis["analyte"].content["name"])
    found: dict[tuple[str, str, str], Counter[str]] = {}
    keys = bundle.table()[["cohort", "analysis", "measure", "term", "stratum", "status"]]
    for cohort, analysis, measure, term, stratum, status in keys.itertuples(index=False):
        part = content_of(analysis, measure, term, stratum, analyte)
        told = ("not known", "?") if part is None else (part.words, _DIGITS[part.precision])
        found.setdefault((cohort, *told), Counter())[status] += 1
    return found


def show_hub(found: Found, out: "Console") -> None:
    """Print which bundles were pooled, and how the claims came out."""
    from rich.markup import escape

    for name, bundle in found.bundles.items():
        cohorts = ", ".join(card.name for card in bundle.cohorts)
        listed("", [f"{name}: {cohorts} (hash {bundle.hash[:SHOWN]})"], out, 0)
    listed("note", list(found.notes), out)
    out.print()
    table = plain_table("Verdicts", "claim", "verdict", "result", "reason", wide="reason")
    for one in found.verdicts:
        result = _result(one, found.table)
        reason = escape(one.judgement.reason)  # it may hold words of a site
        table.add_row(one.claim.id, one.judgement.verdict, result, reason)
    out.print(table)
    folder = found.folder / "pooled"
    out.print(
        f"Written: {folder / 'results.parquet'}, {folder / 'verdicts.json'}, "
        f"{found.folder / 'hub.json'}", markup=False, soft_wrap=True,
    )  # fmt: skip


def _result(one: ClaimVerdict, table: pd.DataFrame) -> str:
    """Return the number that a claim is judged by, or both of a claim on two terms."""
    rows = [table[table["result_id"] == name].iloc[0] for name in one.result_ids]
    if not one.claim.estimand.also:
        return _number(rows[0]) if rows else ""
    return "\n".join(f"{row['term']}: {_number(row)}" for row in rows if _number(row))


def _number(row: pd.Series) -> str:
    if row["status"] != "ok":
        return ""
    return f"{row['estimate']:.2f} ({row['ci_low']:.2f} to {row['ci_high']:.2f})"
