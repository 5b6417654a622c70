"""The checklists of a study, filled in.

Takes the findings; gives, for each list, its items with what the run says, what the authors wrote,
and the table that the page draws.
"""

from collections.abc import Callable
from dataclasses import dataclass

from igfmood.report.checklists import design, estimates, models
from igfmood.report.checklists.facts import Fact
from igfmood.report.checklists.lists import Checklist, Item, checklists
from igfmood.report.load import Findings
from igfmood.report.numbers import Link, Number, Part
from igfmood.report.tables import Cell, Column, Table, absent, cell

#: Fact, by the name that items call it by.
Facts = dict[str, Fact | None]
#: Results that are named beside an item; the others are counted.
_NAMED = 2
TO_WRITE = "To be written by the authors"


def _told(*modules: object) -> dict[str, Callable[[Findings], Fact | None]]:
    """Return every public function of the modules that gives a fact."""
    return {
        name: one
        for module in modules
        for name, one in vars(module).items()
        if callable(one) and getattr(one, "__module__", "") == getattr(module, "__name__", None)
        and not name.startswith("_")
    }  # fmt: skip


FACTS = _told(design, estimates, models)


@dataclass(frozen=True)
class Answered:
    """An item with its answers.

    Parameters
    ----------
    item
        As published.
    facts
        What the run says.
    written
        What the authors wrote on its topic.
    """

    item: Item
    facts: tuple[Fact, ...]
    written: str

    @property
    def source(self) -> str:
        """Who answered."""
        if not self.facts:
            return "Authors" if self.written else TO_WRITE
        if self.written:
            return "Run and authors"
        return "Run; the authors add the rest" if self.item.partly else "Run"


@dataclass(frozen=True)
class Filled:
    """A list with its answers, and how many of its items are answered."""

    checklist: Checklist
    items: tuple[Answered, ...]
    table: Table

    @property
    def by_run(self) -> int:
        """Items that the run answers, wholly or in part."""
        return sum(bool(one.facts) for one in self.items)

    @property
    def open(self) -> int:
        """Items that nobody answers."""
        return sum(one.source == TO_WRITE for one in self.items)


def filled(findings: Findings) -> tuple[Filled, ...]:
    """Return every list, filled in."""
    facts = {name: told(findings) for name, told in FACTS.items()}
    return tuple(_filled(one, facts, findings) for one in checklists())


def _filled(checklist: Checklist, facts: Facts, findings: Findings) -> Filled:
    items = tuple(
        Answered(
            item,
            tuple(fact for name in item.by if (fact := facts[name]) is not None),
            str(getattr(findings.authors, item.authors)),
        )
        for item in checklist.items
    )
    return Filled(checklist, items, _table(checklist, items))


def _table(checklist: Checklist, items: tuple[Answered, ...]) -> Table:
    columns = (
        Column("Item"), Column("Asked for"), Column("Answer"), Column("Where"), Column("Evidence"),
        Column("Answered by"),
    )  # fmt: skip
    rows = tuple(
        (
            cell(f"{one.item.part} {one.item.item}".strip()),
            cell(f"{one.item.topic}: {one.item.asks}"),
            _answer(one),
            cell(*_joined([fact.link for fact in one.facts], ", ")),
            cell(*_evidence(one.facts)),
            absent(TO_WRITE) if one.source == TO_WRITE else cell(one.source),
        )
        for one in items
    )
    note = f"{checklist.version}; {checklist.source}. What is asked for is told in other words."
    return Table(
        f"checklist_{checklist.id}", f"{checklist.name}: {checklist.about}", columns, rows,
        note, stack=True,
    )  # fmt: skip


def _answer(one: Answered) -> Cell:
    parts: list[Part] = []
    for fact in one.facts:
        parts += [" " if parts else "", *fact.text]
    if one.written:
        parts += [f"{' ' if parts else ''}Authors: {one.written.strip()}"]
    return Cell(tuple(parts)) if parts else absent("–")


def _joined(links: list[Link], between: str) -> list[Part]:
    """Return links with something between them, each place once."""
    parts: list[Part] = []
    for link in dict.fromkeys(links):
        parts += [between, link] if parts else [link]
    return parts


def _evidence(facts: tuple[Fact, ...]) -> list[Part]:
    """Return results and keys of the configuration that the facts rest on."""
    ids = list(dict.fromkeys(one for fact in facts for one in fact.result_ids))
    keys = list(dict.fromkeys(key for fact in facts for key in fact.keys))
    parts: list[Part] = []
    for one in ids[:_NAMED]:
        parts += [", " if parts else "", Number(one, one)]
    if len(ids) > _NAMED:
        parts.append(f" and {len(ids) - _NAMED:,} more")
    if keys:
        parts.append(f"{'; ' if parts else ''}configuration: {', '.join(keys)}")
    return parts
