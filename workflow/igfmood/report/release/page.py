"""What the report shows, read from its page: verdicts, and every table.

Takes the HTML of a report; gives the words as a reader sees them. So a released table is the table
of the report, with whatever is suppressed there, and nothing is decided twice.
"""

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser

from igfmood.report.words import VERDICTS

#: Pictures are most of a page, and hold no table.
_PICTURE = re.compile(r'\bsrc="data:[^"]*"')
_HEADINGS = ("h2", "h3", "h4")
#: What stands behind a heading and is no part of it.
_ASIDES = (
    "no claim declared", "not answered", *(f"{icon} {word}" for icon, word, _ in VERDICTS.values()),
)  # fmt: skip
#: Elements without an end tag: they open nothing.
_VOID = {"img", "meta", "link", "input", "br", "hr"}


@dataclass(frozen=True)
class ShownTable:
    """A table of the report.

    Parameters
    ----------
    name, title
        As the report has them: ``pooled_claim_depression_lower_smd``, and its heading.
    part
        Heading of the part of the report that it stands in: a claim's statement, an outcome.
    columns, numeric
        Headings, and whether the column holds numbers.
    rows
        Words of each cell.
    note
        What stands below it.
    """

    name: str
    title: str
    part: str
    columns: tuple[str, ...]
    numeric: tuple[bool, ...]
    rows: tuple[tuple[str, ...], ...]
    note: str = ""


@dataclass(frozen=True)
class ShownVerdict:
    """A verdict of the report: its claim, and the words that stand beside it.

    `marks` are its category, and whether it was pre-specified where that is told.
    """

    claim: str
    verdict: str
    marks: tuple[str, ...]
    statement: str
    lines: tuple[str, ...]


@dataclass(frozen=True)
class Page:
    """Everything of a report that is a table or a verdict."""

    verdicts: tuple[ShownVerdict, ...]
    tables: tuple[ShownTable, ...]


@dataclass
class _Table:
    """A table while it is read."""

    name: str
    title: str
    part: str
    columns: list[str] = field(default_factory=list)
    numeric: list[bool] = field(default_factory=list)
    rows: list[list[str]] = field(default_factory=list)
    note: str = ""


@dataclass
class _Verdict:
    """A verdict while it is read."""

    claim: str
    verdict: str
    statement: str = ""
    marks: list[str] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)


def read_page(html: str) -> Page:
    """Return the verdicts and tables of a report."""
    reader = _Reader()
    reader.feed(_PICTURE.sub("", html))
    reader.close()
    verdicts = tuple(
        ShownVerdict(one.claim, one.verdict, tuple(one.marks), one.statement, tuple(one.lines))
        for one in reader.verdicts
    )
    tables = tuple(
        ShownTable(
            one.name, one.title, one.part, tuple(one.columns), tuple(one.numeric),
            tuple(tuple(row) for row in one.rows), one.note,
        )
        for one in reader.tables if one.name
    )  # fmt: skip
    return Page(verdicts, tables)


class _Reader(HTMLParser):
    """Collects tables and verdicts; knows under which headings it is."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.tables: list[_Table] = []
        self.verdicts: list[_Verdict] = []
        #: The headings that what is read stands under, and those outside of it.
        self.heading = dict.fromkeys(_HEADINGS, "")
        self.outer: list[dict[str, str]] = []
        #: Open elements: tag and classes.
        self.open: list[tuple[str, str]] = []
        #: Words of the elements that are being collected, innermost last.
        self.words: list[list[str]] = []
        self.in_body = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        classes = found.get("class", "").split()
        if tag in ("section", "article"):
            self.outer.append(self.heading)
            self.heading = self.heading | {"h3": "", "h4": ""}
        elif tag == "li" and "data-claim" in found:
            self.verdicts.append(_Verdict(found["data-claim"], found["data-verdict"]))
        elif tag == "table":
            part = self.heading["h3"] or self.heading["h2"]
            self.tables.append(_Table(found.get("data-name", ""), self.heading["h4"], part))
        elif tag in ("thead", "tbody"):
            self.in_body = tag == "tbody"
        elif tag == "tr" and self.in_body:
            self.tables[-1].rows.append([])
        elif tag == "th" and not self.in_body:
            self.tables[-1].numeric.append("num" in classes)
        if self._collected(tag, classes):
            self.words.append([])
        if tag not in _VOID:
            self.open.append((tag, " ".join(classes)))

    def handle_data(self, data: str) -> None:
        if self.words:
            self.words[-1].append(data)

    def handle_endtag(self, tag: str) -> None:
        if tag in _VOID or not self.open:
            return
        opened, classes = self.open.pop()
        if opened in ("section", "article"):
            self.heading = self.outer.pop()
        if not self._collected(opened, classes.split()):
            return
        text = " ".join("".join(self.words.pop()).split())
        if opened in _HEADINGS:
            self._headed(opened, text)
        elif opened == "p":
            self._paragraph(text, classes)
        elif opened == "span":
            self.verdicts[-1].marks.append(text)
        elif self.in_body:
            self.tables[-1].rows[-1].append(text)
        else:
            self.tables[-1].columns.append(text)

    def _collected(self, tag: str, classes: list[str]) -> bool:
        """Return whether the words of an element are kept together."""
        cell = tag in ("th", "td", "p", *_HEADINGS)
        return cell or (tag == "span" and "category" in classes)

    def _headed(self, tag: str, text: str) -> None:
        for aside in _ASIDES:
            text = text.removesuffix(aside).strip()
        self.heading[tag] = text
        if tag == "h3" and self._inside("verdict"):
            self.verdicts[-1].statement = text

    def _paragraph(self, text: str, classes: str) -> None:
        if self._inside("verdict"):
            link = any(text.startswith(words) for words in ("Estimates, forest", "Every method,"))
            if text and not link:
                self.verdicts[-1].lines.append(text)
        elif self._inside("table") and "note" in classes.split():
            self.tables[-1].note = text

    def _inside(self, name: str) -> bool:
        return any(name in classes.split() for _, classes in self.open)
