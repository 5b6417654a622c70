"""Text of users and tables, as it may stand on a console, in a log or on a page.

Takes any text; gives it with every character that steers a terminal, hides or turns text round
written out: nothing that stands in a cell or a label can be taken for a word of igfmood's own.
"""

from typing import TextIO

#: Directions of writing (Unicode TR36): they show a text in another order than it has.
_DIRECTIONS = (0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A))
#: Separators that count as a new line to some programs and to none in a text.
_LINES = (0x2028, 0x2029)
_CONTROL = (*range(0x20), *range(0x7F, 0xA0))
_SHOWN = {
    code: f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"
    for code in (*_CONTROL, *_DIRECTIONS, *_LINES)
    if chr(code) not in "\n\t"
}


def visible(text: str) -> str:
    r"""Return a text with its control characters written out; lines and tabs stay.

    Examples
    --------
    >>> visible("a\x1b[31mred\nb")
    'a\\x1b[31mred\nb'
    """
    return text.translate(_SHOWN)


def one_line(text: str) -> str:
    r"""Return a text as one line: its line ends are written out too.

    Examples
    --------
    >>> one_line("a\nERROR b")
    'a\\nERROR b'
    """
    return visible(text).replace("\n", "\\n").replace("\t", "\\t")


def indented(text: str) -> str:
    """Return a text whose lines after the first are indented: none looks like a line of its own."""
    return visible(text).replace("\n", "\n  ")


class VisibleStream:
    """A stream to which only visible text goes."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        """Write a text with its control characters written out."""
        return self._stream.write(visible(text))

    def __getattr__(self, name: str) -> object:
        """Everything else is the stream's."""
        return getattr(self._stream, name)
