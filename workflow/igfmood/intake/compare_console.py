"""What `compare` prints.

Takes two runs, compared; prints verdicts first, then why, then numbers.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from igfmood.compare import Comparison, Row
from igfmood.intake.console import listed, plain_table

if TYPE_CHECKING:
    from rich.console import Console

#: So many numbers are listed; all of them are in the JSON file.
_LISTED = 20
#: So many keys of the configuration, and stages of the code, are listed.
_KEYS = 40


def show_compared(found: Comparison, out: "Console") -> None:
    """Print what moved between two runs, and why."""
    out.print(f"A: {found.first}\nB: {found.second}", markup=False)
    out.print(
        f"{found.compared:,} numbers are in both. Moved: by more than {found.tolerance:g} of the "
        "larger of the two.", markup=False,
    )  # fmt: skip
    out.print()
    _show_verdicts(found, out)
    _show_causes(found, out)
    _show_moved(found, out)
    _show_alone("Appeared (only in B)", found.appeared, out)
    _show_alone("Disappeared (only in A)", found.disappeared, out)
    if not found.anything_moved:
        out.print("Nothing moved.", style="bold")


def _show_verdicts(found: Comparison, out: "Console") -> None:
    from rich.markup import escape

    if not found.verdicts:
        out.print("No verdict changed.", style="bold")
        out.print()
        return
    table = plain_table(
        "Verdicts that changed", "claim", "A", "B", "reason in B", wide="reason in B"
    )
    for one in found.verdicts:
        table.add_row(
            escape(one.claim), one.before or "(not judged)", one.after or "(not judged)",
            escape(one.reason_after),
        )  # fmt: skip
    out.print(table)


def _show_causes(found: Comparison, out: "Console") -> None:
    causes = found.causes
    if not causes.any:
        why = "Data, configuration, code and seed are the same"
        out.print(
            f"{why}: what moved it is not recorded; look at the versions of the libraries."
            if found.anything_moved else f"{why}.", markup=False,
        )  # fmt: skip
        out.print()
        return
    out.print("What differs", style="bold")
    listed("data", [f"tables of {name}: {a} → {b}" for name, (a, b) in causes.data.items()], out)
    if causes.other_data:
        listed("data", ["other files than the cohorts' tables: genetics or published studies"], out)
    keys = [f"{name}: {_short(a)} → {_short(b)}" for name, (a, b) in causes.configuration.items()]
    listed("configuration", _first(keys, _KEYS), out)
    listed("code", _first(_by_digest(causes.code), _KEYS), out)
    if causes.version:
        listed("version", [" → ".join(causes.version)], out)
    if causes.seed:
        listed("seed", [" → ".join(map(str, causes.seed))], out)
    out.print()


def _by_digest(code: dict[str, tuple[str, str]]) -> list[str]:
    """Return the analyses whose code differs, those of one stage together."""
    stages: dict[tuple[str, str], list[str]] = {}
    for analysis, digests in code.items():
        stages.setdefault(digests, []).append(analysis)
    return [f"{a} → {b}: {', '.join(names)}" for (a, b), names in stages.items()]


def _show_moved(found: Comparison, out: "Console") -> None:
    from rich.markup import escape

    if not found.moved:
        return
    title = f"Numbers that moved: {len(found.moved):,}, the farthest first"
    table = plain_table(title, "result_id", "what", "A", "B", "why", wide="what")
    for one in found.moved[:_LISTED]:
        column = "" if one.column == "estimate" else f" ({one.column})"
        table.add_row(
            one.result_id, escape(" · ".join(one.keys.values()) + column), _short(one.before),
            _short(one.after), ", ".join(one.why) or "not recorded",
        )  # fmt: skip
    out.print(table)
    _more(len(found.moved), out)


def _show_alone(title: str, rows: Sequence[Row], out: "Console") -> None:
    from rich.markup import escape

    if not rows:
        return
    table = plain_table(f"{title}: {len(rows):,}", "result_id", "what", "value", wide="what")
    for row in rows[:_LISTED]:
        value = row.status if row.estimate is None else _short(row.estimate)
        table.add_row(row.result_id, escape(" · ".join(row.keys.values())), value)
    out.print(table)
    _more(len(rows), out)


def _more(n: int, out: "Console") -> None:
    if n > _LISTED:
        out.print(f"… and {n - _LISTED:,} more: --json FILE writes all of them", markup=False)
        out.print()


def _first(texts: Sequence[str], most: int) -> list[str]:
    more = [f"… and {len(texts) - most} more"] if len(texts) > most else []
    return [*texts[:most], *more]


def _short(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.6g}"
    text = "missing" if value is None else str(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
