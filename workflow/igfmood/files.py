"""Files that appear whole or not at all.

Takes a path; gives a path beside it to write to, which takes the place of the file once everything
is written. A job that is killed in the middle, or a disk that is full, leaves no half of a file
that a later job could take for a whole one.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def whole(path: Path | str) -> Iterator[Path]:
    """Give a path to write to; at the end it is renamed to `path`, whose folder is made.

    Parameters
    ----------
    path
        The file. If writing fails, what was there before stays as it was.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(path.name + ".part")
    try:
        yield beside
        beside.replace(path)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise


def write_text(text: str, path: Path | str) -> None:
    """Write a text in UTF-8."""
    with whole(path) as beside:
        beside.write_text(text, encoding="utf-8")


def write_json(content: object, path: Path | str) -> None:
    """Write plain values as JSON that people can read."""
    text = json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False)
    write_text(text + "\n", path)
