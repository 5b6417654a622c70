"""Bytes of a text table, checked while they are read.

Takes a path, plain or gzip; gives a stream in UTF-8. Zero bytes, lines without end, and archives
that unpack beyond all measure are refused at once, whoever reads the stream.
"""

import codecs
import gzip
import io
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

from igfmood.config.table import TableFormat

_BLOCK = 1 << 20
_FEW = 1 << 13
#: No table of this field is larger once it is unpacked.
MOST_BYTES = 20 * 10**9
#: Tables pack 5 to 50 times; only an archive made to fill the memory packs better than this.
MOST_PACKED = 200
#: Smaller ones may be as empty as they like.
PACKED_FROM = 100 * 10**6
#: A longer line is a quotation mark that was never closed, or no text.
LONGEST_LINE = 64 * 10**6

_MARKS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}


class TextBytes(io.RawIOBase):
    """The text of a table as UTF-8, read forwards once.

    Parameters
    ----------
    path
        Text file, plain or gzip.
    encoding
        Its character encoding.
    last
        Bytes to add after the end.
    block
        Bytes that are read at once, at most: what lies before damage is given before it is met.

    Raises
    ------
    ValueError
        While it is read: zero bytes, bytes that are not of the encoding (`UnicodeDecodeError`),
        a line or a file too long.
    """

    def __init__(self, path: Path, encoding: str, last: bytes = b"", block: int = _BLOCK) -> None:
        self._packed_size = path.stat().st_size
        self._decoder = codecs.getincrementaldecoder(encoding)()
        self._as_it_is = codecs.lookup(encoding).name == "utf-8"
        self._source = _open(path)
        self._last = last
        self._block = block
        self._take = self._source.read if block == _BLOCK else self._source.read1
        self._read = 0
        self._line = 0
        self._ready = b""
        self._ended = False

    def readable(self) -> bool:
        """Return that it can be read."""
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        """Fill the buffer; 0 at the end."""
        while not self._ready and not self._ended:
            self._ready = self._next()
        part = self._ready[: len(buffer)]
        self._ready = self._ready[len(part) :]
        buffer[: len(part)] = part
        return len(part)

    def close(self) -> None:
        """Close the file."""
        self._source.close()
        super().close()

    def _next(self) -> bytes:
        block = self._take(self._block)
        self._ended = not block
        self._read += len(block)
        self._check_size()
        if self._as_it_is and block.isascii() and not self._decoder.getstate()[0]:
            text = block
        else:
            decoded = self._decoder.decode(block, self._ended)
            text = block if self._as_it_is else decoded.encode("utf-8")
        self._check_text(text)
        return text + self._last if self._ended else text

    def _check_size(self) -> None:
        packed = self._read > PACKED_FROM and self._read > MOST_PACKED * self._packed_size
        if self._read > MOST_BYTES or packed:
            raise ValueError(
                f"unpacked it is larger than {self._read / 1e9:.1f} GB from "
                f"{self._packed_size / 1e6:.1f} MB; the limit is {MOST_BYTES / 1e9:.0f} GB and "
                f"{MOST_PACKED} times its size: check the file; if it is sound, unpack or split it"
            )

    def _check_text(self, text: bytes) -> None:
        if b"\0" in text:
            raise ValueError(
                "it holds zero bytes, which no text does: it may be UTF-16 (then declare "
                "format.encoding: utf-16), a damaged copy, or another kind of file"
            )
        end = max(text.rfind(b"\n"), text.rfind(b"\r"))
        self._line = self._line + len(text) if end < 0 else len(text) - end
        if self._line > LONGEST_LINE:
            raise ValueError(
                f"it has a line longer than {LONGEST_LINE / 1e6:.0f} MB: it is no table, or is "
                "damaged"
            )


def _open(path: Path) -> io.BufferedReader | gzip.GzipFile:
    if path.suffix.lower() == ".gz":
        return gzip.open(path, "rb")
    return open(path, "rb")


def encodings(path: Path, layout: TableFormat) -> list[str]:
    """Return the encodings to try, in this order.

    The declared one; else that of the byte order mark; else UTF-8, which other text hardly ever
    satisfies, and then Windows-1252.
    """
    with _open(path) as source:
        start = source.read(4)
    mark = next((name for sign, name in _MARKS.items() if start.startswith(sign)), None)
    if layout.encoding:
        try:
            " ".encode(layout.encoding)
        except LookupError as error:
            raise ValueError(f"{error}: correct format.encoding") from error
        is_utf8 = codecs.lookup(layout.encoding).name == "utf-8"
        return ["utf-8-sig" if is_utf8 and mark == "utf-8-sig" else layout.encoding]
    return [mark] if mark else ["utf-8", "cp1252"]


def encoding_note(path: Path, encoding: str, layout: TableFormat) -> list[str]:
    """Return what to tell about an encoding that was found and not declared."""
    if layout.encoding or encoding.startswith("utf-8"):
        return []
    why = "not valid UTF-8" if encoding == "cp1252" else "byte order mark"
    return [f"{path.name}: encoding {encoding.replace('cp', 'windows-')} ({why})"]


def open_text(path: Path, encoding: str, block: int = _BLOCK) -> TextIO:
    """Open a text table for reading line by line, with its line ends as they are."""
    raw = TextBytes(path, encoding, block=block)
    return io.TextIOWrapper(io.BufferedReader(raw, block), encoding="utf-8", newline="")


def first_lines(path: Path, encoding: str, count: int) -> list[str]:
    """Return the first lines of a file, with their line ends.

    An archive that is cut off further down has them: that it is damaged is told when it is read.
    """

    def lines(stream: TextIO) -> Iterator[str]:
        for _, line in zip(range(count), stream, strict=False):
            yield line

    with open_text(path, encoding, _FEW) as stream:
        return list(lines(stream))
