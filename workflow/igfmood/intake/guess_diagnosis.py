"""Finding the diagnosis: columns of labels, columns of codes, and what each label means.

Takes the profiles of a table; gives a guess whose labels are listed with their counts. A label that
the dictionary does not know, or knows as several things, is a question.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from igfmood.cohort.diagnosis.labels import Ambiguous, from_dictionary
from igfmood.config.vocabulary import DIAGNOSES, SUBTYPES
from igfmood.intake.guess import PLACEHOLDER, Confidence, Guess, Question
from igfmood.intake.names import NameMatch, match, synonyms
from igfmood.intake.profile import Profile

_FORMS = {
    "icd10": r"[A-Z]\d[0-9A-Z](?:\.?[0-9A-Z]{1,4})?",
    "icd9": r"\d{3}(?:\.\d{1,2})?",
    "icd11": r"\d[A-Z]\d[0-9A-Z](?:\.[0-9A-Z]{1,2})?",
}
#: Codes of any chapter, one or several in a cell.
_CODES = {system: re.compile(rf"{form}(?:[\s;,|]+{form})*") for system, form in _FORMS.items()}
#: Codes that only a diagnosis has; numbers of ICD-9 look like any measurement.
_CHAPTERS = {"icd10": re.compile(r"\bF\d\d"), "icd11": re.compile(r"\b6[A-E]\d")}
_MOST_LABELS = 40
_PREFIX = re.compile(r"([A-Za-z]{2,}?)[\s_.-]*\d+")


@dataclass(frozen=True)
class Known:
    """What a label stands for: a diagnosis, or the question that the dictionary asks."""

    diagnosis: str = ""
    question: str = ""
    answers: tuple[str, ...] = ()


def label_meaning(label: str) -> Known:
    """Return what the dictionary knows of a label; nothing for numbers and unknown words."""
    found = from_dictionary(label)
    if isinstance(found, Ambiguous):
        return Known("", found.question, found.answers)
    return Known() if found is None else Known(found.subtype or found.diagnosis)


def guess_diagnosis(pool: Mapping[str, Profile], person: Profile | None) -> list[Guess]:
    """Return the diagnosis by labels, and by codes, as far as the table has them.

    Parameters
    ----------
    pool
        Profiles of the columns that are still free.
    person
        Profile of the id: ids such as ``control_1`` say who is a control.
    """
    found = [guess for guess in (_labels(pool, person), _codes(pool)) if guess]
    labels = [guess for guess in found if guess.settings["source"] == "labels"]
    codes = [guess for guess in found if guess.settings["source"] != "labels"]
    if labels and codes:
        # Where labels say who is a control, a person without a code is nothing by the codes.
        settings = {**codes[0].settings, "no_code": "unknown", "other_code": "unknown"}
        codes = [_with(codes[0], settings, ())]
    return [*labels, *codes]


def _with(guess: Guess, settings: Mapping[str, object], questions: tuple[Question, ...]) -> Guess:
    return Guess(guess.meaning, guess.columns, guess.confidence, guess.reasons, settings, questions)


def _codes(pool: Mapping[str, Profile]) -> Guess | None:
    """Return columns with ICD codes."""
    for system, pattern in _CODES.items():
        columns = [
            profile.name
            for profile in pool.values()
            if _holds_codes(profile, system, pattern)
            and (_named(profile) or _mental(profile, system))
        ]
        if not columns:
            continue
        empty = min(pool[name].missing_share for name in columns)
        settings: dict[str, object] = {"source": system, "no_code": "unknown"}
        questions: tuple[Question, ...] = ()
        if empty > 0:
            text = f"{empty:.0%} of the rows have no code: are they healthy (control), or unknown?"
            settings["no_code"] = PLACEHOLDER
            questions = (Question(text, "no_code", ("control", "unknown")),)
        text = "Codes of other chapters only: a control without a mood disorder, or another group?"
        settings["other_code"] = PLACEHOLDER
        questions += (Question(text, "other_code", ("control", "other", "unknown")),)
        reasons = (f"values are {system.upper().replace('ICD', 'ICD-')} codes",)
        return Guess("diagnosis", tuple(columns), "sure", reasons, settings, questions)
    return None


def _holds_codes(profile: Profile, system: str, pattern: re.Pattern[str]) -> bool:
    """Return whether nearly all cells are codes of a system.

    Three digits alone (``311``) are a code of ICD-9 only where another cell has its dot, or the
    column's name says so.
    """
    if profile.share_like(pattern) <= 0.9:
        return False
    if system != "icd9":
        return True
    return any("." in text for text in profile.values) or "icd" in profile.name.casefold()


def _mental(profile: Profile, system: str) -> bool:
    """Return whether codes of a psychiatric chapter are among codes that differ from an id."""
    chapter = _CHAPTERS.get(system)
    if chapter is None or len(profile.values) > 0.9 * sum(profile.values.values()):
        return False
    return any(chapter.search(text) for text in profile.values)


def _named(profile: Profile) -> NameMatch | None:
    return match(profile.name, synonyms()["diagnosis"], title=profile.title)


def _labels(pool: Mapping[str, Profile], person: Profile | None) -> Guess | None:
    """Return the column of labels of which the dictionary knows most."""
    ranked = []
    for profile in pool.values():
        if not 2 <= len(profile.values) <= _MOST_LABELS or profile.bands or profile.dates:
            continue
        if any(_holds_codes(profile, system, pattern) for system, pattern in _CODES.items()):
            continue
        named = _named(profile)
        known = _known_share(profile)
        if (named and (known or len(profile.values) <= 8)) or known > 0.8:
            ranked.append((known, named.closeness if named else 0, profile))
    if not ranked:
        return None
    known, closeness, best = max(ranked, key=lambda item: item[:2])
    if not closeness and best.number_share > 0.5 and not best.labels:
        return None
    columns = [best.name]
    labels, questions, counts = _meanings(best)
    reasons = ["name"] if closeness else []
    if known:
        reasons.append(f"{known:.0%} of the rows have a label that the dictionary knows")
    else:
        reasons.append(f"{len(best.values)} codes, none in the dictionary")
    others = [profile.name for _, _, profile in ranked if profile.name != best.name]
    if others:
        reasons.append(f"also possible: {', '.join(others)}")
    by_id = _prefixes(person) if person and best.missing_share > 0 else {}
    if by_id:
        columns.append(str(person.name) if person else "")
        labels |= by_id
        reasons.append(f"rows without a label are told by {columns[1]}: {', '.join(by_id)}")
    confidence: Confidence = (
        "sure" if known > 0.9 and closeness else "likely" if known else "unsure"
    )
    return Guess(
        "diagnosis", tuple(columns), confidence, tuple(reasons),
        {"source": "labels", "labels": labels}, tuple(questions), counts,
    )  # fmt: skip


def _known_share(profile: Profile) -> float:
    total = sum(profile.values.values())
    known = 0
    for text, n in profile.values.items():
        label = profile.labels.get(text, text)
        meaning = label_meaning(label)
        known += n if meaning.diagnosis or meaning.question else 0
    return known / total if total else 0.0


def _meanings(profile: Profile) -> tuple[dict[str, str], list[Question], dict[str, int]]:
    """Return label: diagnosis, the questions, and label: rows."""
    allowed = (*DIAGNOSES, *SUBTYPES)
    meant: dict[str, str] = {}
    questions = []
    for text, n in profile.values.items():
        label = profile.labels.get(text, text)
        meaning = label_meaning(label)
        shown = f"{text} ({label})" if label != text else text
        if meaning.diagnosis:
            meant[text] = meaning.diagnosis
        elif meaning.question:
            meant[text] = PLACEHOLDER
            question = f"{shown!r}: {meaning.question}?"
            questions.append(Question(question, f"labels.{text}", meaning.answers))
        else:
            meant[text] = PLACEHOLDER
            rows = "1 row" if n == 1 else f"{n:,} rows"
            question = f"What does {shown!r} mean ({rows})? The dictionary does not know it"
            first = "control" if text == "0" else "unknown"
            rest = tuple(word for word in allowed if word != first)
            questions.append(Question(question, f"labels.{text}", (first, *rest)))
    return meant, questions, dict(profile.values)


def _prefixes(person: Profile) -> dict[str, str]:
    """Return pattern: diagnosis for ids such as control_1 and condition_2."""
    found: dict[str, str] = {}
    stems = {m[1].casefold(): m[1] for text in person.values if (m := _PREFIX.fullmatch(text))}
    if not 2 <= len(stems) <= 6:
        return {}
    for stem, written in stems.items():
        meaning = label_meaning(stem).diagnosis
        found[f"{written}_*" if f"{written}_1" in person.values else f"{written}*"] = (
            meaning or "unknown"
        )
    return found if "control" in found.values() else {}
