"""What `init` and `check` print.

Takes what was recognised or checked; prints tables that fit 80 to 120 columns, without colour where
the output is no terminal or NO_COLOR is set.
"""

import os
import sys
from collections.abc import Sequence
from textwrap import wrap
from typing import TYPE_CHECKING, Any, TextIO

from igfmood.intake.guess import PLACEHOLDER, Guess
from igfmood.intake.init import Draft
from igfmood.intake.marks import BETWEEN, marks
from igfmood.intake.recognise import Recognised
from igfmood.visible import visible

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

_NUMBERS = ("missing", "rows", "analysed", "people", "excluded", "quarantined")
_STYLES = {"sure": "green", "likely": "yellow", "unsure": "red"}


def console(stream: TextIO | None = None) -> "Console":
    """Return a console of 80 to 120 columns; 100 where the output is no terminal."""
    from rich.console import Console
    from rich.text import Text

    class Visible(Console):
        """A console on which no text of a table or a study steers the terminal."""

        def render_str(self, text: str, **options: Any) -> Text:
            """Return a text with its control characters written out."""
            return super().render_str(visible(text), **options)

    target = stream or sys.stdout
    width = None if target.isatty() else int(os.environ.get("COLUMNS", 100))
    found = Visible(file=target, width=width, highlight=False, soft_wrap=False)
    found.width = min(max(found.width, 80), 120)
    return found


def plain_table(title: str, *columns: str, wide: str = "") -> "Table":
    """Return a table with a rule under its head; the column `wide` takes the room that is left."""
    from rich import box
    from rich.table import Table

    table = Table(
        title=title, title_justify="left", title_style="bold", box=box.SIMPLE_HEAD,
        pad_edge=False, expand=bool(wide), header_style="bold",
    )  # fmt: skip
    for name in columns:
        number = name in _NUMBERS
        table.add_column(
            name, ratio=1 if name == wide else None, justify="right" if number else "left",
            overflow="fold",
        )  # fmt: skip
    return table


def show_draft(drafted: Draft, out: "Console") -> None:
    """Print what was recognised in each table, what must be confirmed, and what comes next."""
    for name, found in drafted.cohorts.items():
        _show_recognised(name, found, out)
    _show_questions(drafted, out)


def _show_recognised(name: str, found: Recognised, out: "Console") -> None:
    from rich.markup import escape

    files = [found.table, *(part.table for part in found.joins)]
    title = f"{escape(name)}: {escape(' + '.join(files))}, {found.rows:,} rows"
    table = plain_table(
        title, "column", "meaning", "confidence", "missing", "evidence", wide="evidence"
    )
    for guess in found.guesses:
        style = _STYLES[guess.confidence]
        table.add_row(
            escape(_columns(guess)), escape(_meaning(guess)),
            f"[{style}]{guess.confidence}[/{style}]", _missing(found, guess),
            escape("; ".join(guess.reasons)),
        )  # fmt: skip
    out.print(table)
    if found.source:
        listed("", [f"Source: {found.source.title}; igfmood knows its coding"], out, 1)
    for part in found.joins:
        text = f"Joined: {part.table} by {part.key}; {part.matched:.0%} of its keys are here"
        listed("", [text], out, 1)
    listed("", [f"Note: {text}" for text in [*found.notes, *found.remarks]], out, 1)
    unused = found.unused()
    if unused:
        more = f" and {len(unused) - 20} more" if len(unused) > 20 else ""
        listed("", [f"Nothing was made of: {', '.join(unused[:20])}{more}"], out, 1)
    out.print()


def _columns(guess: Guess) -> str:
    names = guess.columns
    return ", ".join(names) if len(names) < 4 else f"{names[0]} … {names[-1]}"


def _meaning(guess: Guess) -> str:
    unit = guess.settings.get("unit")
    word = guess.meaning.replace("phq9.items", "PHQ-9 items").replace("phq9.total", "PHQ-9 total")
    word = word.removeprefix("scale.")
    asked = "?" if any(question.key == "unit" for question in guess.questions) else ""
    return f"{word} ({unit}{asked})" if unit and unit != PLACEHOLDER else word


def _missing(found: Recognised, guess: Guess) -> str:
    known = [found.profiles[name] for name in guess.columns if name in found.profiles]
    if not known:
        return ""
    codes = {str(code) for code in guess.settings.get("missing", [])}
    shares = []
    for profile in known:
        coded = sum(profile.values.get(code, 0) for code in codes)
        shares.append(profile.missing_share + (coded / profile.rows if profile.rows else 0.0))
    low, high = min(shares), max(shares)
    shown = f"{high:.1%}" if 0 < high < 0.1 else f"{high:.0%}"
    return shown if round(low, 2) == round(high, 2) or len(known) == 1 else f"{low:.0%}–{high:.0%}"


def _show_questions(drafted: Draft, out: "Console") -> None:
    found = marks(drafted.text)
    out.print(f"Written: {drafted.path}", style="bold", markup=False)
    if found:
        word = "guess" if len(found) == 1 else "guesses"
        out.print(f"{len(found)} {word} to confirm:", style="bold")
        for mark in found:
            listed(f"line {mark.line}", [mark.text], out)
            if mark.options:
                listed("", [BETWEEN.join(mark.options)], out, 4)
        out.print()
        out.print(
            "Put your answers into the file, delete each line with CONFIRM:, then", markup=False
        )
    out.print(f"  igfmood check {drafted.path}", markup=False, soft_wrap=True)


def listed(head: str, texts: Sequence[str], out: "Console", indent: int = 2) -> None:
    """Print items whose further lines hang under the first one's text."""
    label = f"{' ' * indent}{head}  " if head else " " * indent
    for text in texts:
        for line in wrap(
            text, out.width - 1, initial_indent=label, subsequent_indent=" " * (indent + 2),
            break_long_words=False, break_on_hyphens=False,
        ):  # fmt: skip
            out.print(line, markup=False, soft_wrap=True)
