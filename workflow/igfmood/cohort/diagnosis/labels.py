"""Labels of a diagnosis.

Takes the text of a label and what the study says about labels; gives its meaning, from the study
first and then from the dictionary, or the question that an ambiguous label raises.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from functools import cache
from typing import Any

from igfmood.cohort.codes import load, words
from igfmood.cohort.diagnosis.meaning import CASES, MOOD_DISORDERS, Meaning
from igfmood.config.base import normal_code


@dataclass(frozen=True)
class Ambiguous:
    """A label that means several things: the question, and what it may stand for."""

    question: str
    answers: tuple[str, ...]


@cache
def _dictionary() -> dict[str, str]:
    known = load("labels")["meanings"]
    return {label: meaning for meaning, labels in known.items() for label in labels}


@cache
def _qualifiers() -> tuple[tuple[str, str, str], ...]:
    """Return (phrase, status, mood), the longest phrase first."""
    data = load("labels")
    found = [(phrase, name, "") for name, known in data["status"].items() for phrase in known]
    found += [(phrase, "", name) for name, known in data["mood"].items() for phrase in known]
    return tuple(sorted(found, key=lambda entry: -len(entry[0])))


def from_study(label: str, labels: Mapping[str, str]) -> Meaning | None:
    """Return what the study says about a label: exactly, else by the first wildcard that fits."""
    word = normal_code(label)
    if word not in labels:
        fitting = (meaning for pattern, meaning in labels.items() if fnmatchcase(word, pattern))
        name = next(fitting, None)
    else:
        name = labels[word]
    if name is None:
        return None
    meaning = Meaning.of(name)
    if meaning.diagnosis not in CASES:
        return meaning
    rest, status, mood = _without_qualifiers(words(label))
    return _with_state(meaning, rest, status, mood)


def from_dictionary(label: str) -> Meaning | Ambiguous | None:
    """Return what the dictionary says about a label; None of a number or an unknown label."""
    key = words(label)
    if not key or key.replace(" ", "").isdigit():
        return None
    data = load("labels")
    rest, status, mood = _without_qualifiers(key)
    for text in (key, rest):
        if text in data["ambiguous"]:
            entry: Mapping[str, Any] = data["ambiguous"][text]
            return Ambiguous(entry["question"], tuple(entry["answers"]))
    if key in data["alone"]:
        return _with_state(Meaning.of(data["alone"][key]), "", status, mood)
    found = _dictionary().get(key)
    if found is not None:
        return _with_state(Meaning.of(found), rest, status, mood if rest else "")
    return _by_rest(rest, status, mood)


def _by_rest(rest: str, status: str, mood: str) -> Meaning | None:
    """Return the meaning of what is left of a label after its status and mood."""
    found = _dictionary().get(rest)
    if found is None:
        bipolar, mood_word = _bipolar_state(rest)
        return None if bipolar is None else _with_state(bipolar, "", status, mood or mood_word)
    meaning = Meaning.of(found)
    if meaning.diagnosis not in CASES and (mood or status):
        return None  # a remitted control is a contradiction, not a control
    return _with_state(meaning, rest, status, mood)


def _bipolar_state(rest: str) -> tuple[Meaning | None, str]:
    """Return bipolar and its mood, of a label such as ``bipolar ii depression``."""
    for mood, phrases in load("labels")["mood_of_bipolar"].items():
        for phrase in sorted(phrases, key=len, reverse=True):
            left = _cut(rest, phrase)
            found = _dictionary().get(left, "") if left != rest else ""
            if found.startswith("bipolar"):
                return Meaning.of(found), mood
    return None, ""


def _with_state(meaning: Meaning, rest: str, status: str, mood: str) -> Meaning:
    if meaning.diagnosis == "bipolar" and not mood:
        phrases = load("labels")["mood_of_bipolar"].items()
        mood = next((m for m, known in phrases if any(_cut(rest, p) != rest for p in known)), "")
    if meaning.diagnosis not in MOOD_DISORDERS:
        mood = ""
    return replace(meaning, status=status, mood=mood)


def _without_qualifiers(key: str) -> tuple[str, str, str]:
    """Return a label without the words for its status and mood, and these."""
    status = mood = ""
    for phrase, said_status, said_mood in _qualifiers():
        left = _cut(key, phrase)
        if left != key:
            key, status, mood = left, status or said_status, mood or said_mood
    return key, status, mood


def _cut(key: str, phrase: str) -> str:
    return " ".join(f" {key} ".replace(f" {phrase} ", " ", 1).split())
