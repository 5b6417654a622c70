"""Files that appear whole or not at all.

Takes a path; gives a path beside it to write to, which takes the place of the file once everything
is written. A job that is killed in the middle, or a disk that is full, leaves no half of a file
that a later job could take for a whole one.
"""

import glob
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def whole(path: Path | str) -> Iterator[Path]:
    """Give a path to write to; at the end it is renamed to `path`, whose folder is made.

    Parameters
    ----------
    path
        The file; a link is followed. If writing fails, what was there before stays as it was.
        What is no file, such as ``/dev/stdout``, is written to as it stands.
    """
    path = Path(path)
    if path.exists() and not path.is_file():
        yield path
        return
    path = path.resolve()
    path.parent.mkdir(parents=True, exist_ok=True)
    # What a killed job left goes; one that is still at work without anybody knowing fails.
    for left in path.parent.glob(f"{glob.escape(path.name)}.*.part"):
        left.unlink(missing_ok=True)
    beside = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        yield beside
        _to_disk(beside)
        beside.replace(path)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise


def _to_disk(path: Path) -> None:
    """Wait until a file is on the disk: else its new name may outlive a power cut, and it not."""
    file = os.open(path, os.O_RDONLY)
    try:
        os.fsync(file)
    finally:
        os.close(file)


def write_text(text: str, path: Path | str) -> None:
    """Write a text in UTF-8."""
    with whole(path) as beside:
        beside.write_text(text, encoding="utf-8")


def write_json(content: object, path: Path | str) -> None:
    """Write plain values as JSON that people can read."""
    text = json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False)
    write_text(text + "\n", path)
