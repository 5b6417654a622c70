"""Marks that the user must confirm.

Takes the text of a study file; gives each `# CONFIRM:` with its line. A file that has any is not
ready: the user answers, and deletes the mark.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from igfmood.errors import ConfigError

MARK = "# CONFIRM:"
OPTIONS = "options:"
BETWEEN = " | "
_MARK = re.compile(r"#\s*CONFIRM:\s*(.*)")


@dataclass(frozen=True)
class Mark:
    """An unanswered question: line of the file, text, options."""

    line: int
    text: str
    options: tuple[str, ...]


def marks(text: str) -> list[Mark]:
    """Return every mark of a study file."""
    lines = text.splitlines()
    found = []
    for number, line in enumerate(lines, 1):
        mark = _MARK.search(line)
        if not mark:
            continue
        said, options = [mark[1].strip()], ""
        for after in lines[number:]:
            comment = after.strip()
            if not re.match(r"#   \S", comment):
                break
            comment = comment[1:].strip()
            if options or comment.startswith(OPTIONS):
                options = f"{options} {comment.removeprefix(OPTIONS).strip()}".strip()
            else:
                said.append(comment)
        choices = tuple(options.split(BETWEEN)) if options else ()
        found.append(Mark(number, " ".join(said), choices))
    return found


def refuse_unconfirmed(paths: Iterable[Path | str]) -> None:
    """Refuse study files with marks that nobody has confirmed.

    Raises
    ------
    ConfigError
        With each mark and its line.
    """
    problems = [
        f"{path}:{mark.line}: {mark.text}"
        for path in paths
        for mark in marks(Path(path).read_text(encoding="utf-8"))
    ]
    if problems:
        listed = "\n".join(f"  {problem}" for problem in problems)
        raise ConfigError(
            f"{len(problems)} guesses are not confirmed yet:\n{listed}\n"
            "Answer each in the file and delete its line with CONFIRM:"
        )
