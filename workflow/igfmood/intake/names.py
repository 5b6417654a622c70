"""What a column's name or label says it is.

Takes a name as written in the file; gives the meanings that the synonyms know for it, and how
closely they match. Nothing is read but the name.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

import yaml

#: How closely a name matches a synonym: the whole name, the whole with a unit, a part, the label.
EXACT, PART, LABEL = 3, 2, 1


@dataclass(frozen=True)
class NameMatch:
    """A synonym found in a name (or in a label), and how closely: EXACT, PART or LABEL."""

    closeness: int
    synonym: str


@cache
def synonyms() -> Mapping[str, Any]:
    """Return the synonyms as they are written."""
    text = resources.files(__package__).joinpath("synonyms.yaml").read_text("utf-8")
    content: Mapping[str, Any] = yaml.safe_load(text)
    return content


def tokens(name: str) -> list[str]:
    """Return the parts of a name: ``IGF1_ng_ml`` and ``Age (years)`` without accents."""
    spaced = re.sub(r"(?<=[a-zäöüß])(?=[A-ZÄÖÜ][a-zäöü])", " ", name)
    plain = unicodedata.normalize("NFKD", spaced.casefold())
    plain = "".join(letter for letter in plain if not unicodedata.combining(letter))
    return re.findall(r"[a-z0-9]+", plain.replace("µ", "u").replace("μ", "u"))


def joined(name: str) -> str:
    """Return a name without case, accents and punctuation."""
    return "".join(tokens(name))


@cache
def _known(words: tuple[str, ...]) -> Mapping[str, str]:
    return {joined(word): word for word in words}


@cache
def _list(key: str) -> frozenset[str]:
    return frozenset(joined(word) for word in synonyms()[key])


def match(
    name: str, words: Iterable[str], patterns: Iterable[str] = (), title: str = ""
) -> NameMatch | None:
    """Return how a name, or else its label, matches one of the synonyms; None if it does not."""
    for pattern in patterns:
        if re.fullmatch(pattern, name, re.IGNORECASE):
            return NameMatch(EXACT, name)
    known = _known(tuple(words))
    found = _match(name, known)
    if found or not title:
        return found
    labelled = _match(title, known)
    return NameMatch(LABEL, labelled.synonym) if labelled else None


def _match(name: str, known: Mapping[str, str]) -> NameMatch | None:
    whole = joined(name)
    if whole in known:
        return NameMatch(EXACT, known[whole])
    parts = tokens(name)
    for size in range(len(parts) - 1, 0, -1):
        for start in range(len(parts) - size + 1):
            piece = "".join(parts[start : start + size])
            if piece not in known or (len(piece) < 3 and not piece.isalpha()):
                continue
            rest = [*parts[:start], *parts[start + size :]]
            if any(part in _list("modifiers") for part in rest):
                return None
            if all(part in _list("unit_words") for part in rest):
                return NameMatch(EXACT, known[piece])
            if len(piece) < 3:
                continue
            return NameMatch(PART, known[piece])
    return None


@cache
def word_meanings(*groups: str) -> Mapping[str, str]:
    """Return word: group, of the word lists named (``male``, ``female``), compared by `joined`."""
    words = synonyms()["words"]
    return {joined(str(word)): group for group in groups for word in words[group]}


def is_missing_word(text: str) -> bool:
    """Return whether a cell is a word for missing (``n/a``, ``.``, ``keine Angabe``)."""
    return text.strip().casefold() in _missing_words()


@cache
def _missing_words() -> frozenset[str]:
    return frozenset(str(word).casefold() for word in synonyms()["missing_words"])
