"""Finding the PHQ-9: nine item columns, their coding, and the total.

Takes the profiles of a table; gives guesses. Names, answers (0 to 3, 1 to 4, or words) and whether
a total is the sum of the items are evidence.
"""

import re
from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from igfmood.cohort.codes import load, words
from igfmood.intake.guess import ROWS, Confidence, Guess, Question, impossible
from igfmood.intake.names import joined, match, synonyms
from igfmood.intake.profile import Profile

_HIGHEST_TOTAL = 27


def guess_phq9(pool: Mapping[str, Profile]) -> list[Guess]:
    """Return the items and the total of the PHQ-9, as far as they are there."""
    found = _items(pool)
    total = _total(pool, found)
    if found and total and _is_sum(pool, found.columns, total.column):
        reason = f"{total.column} is their sum"
        found = _with(found, "sure", reason)
        total = _with(total, "sure", "the sum of the nine items")
    elif found and found.confidence == "unsure":
        question = Question("Are these the nine items of the PHQ-9, in the questionnaire's order?")
        found = Guess(
            found.meaning, found.columns, "unsure", found.reasons, found.settings,
            (question, *found.questions),
        )  # fmt: skip
    if total and total.confidence == "unsure" and not found:
        total = Guess(
            total.meaning, total.columns, "unsure", total.reasons, total.settings,
            (Question(f"Is {total.column} the total of the PHQ-9 (0 to 27)?"),),
        )  # fmt: skip
    elif total and total.confidence == "unsure":
        total = None  # beside items a total is only a check: not worth a question
    return [guess for guess in (found, total) if guess]


def _with(guess: Guess, confidence: Confidence, reason: str) -> Guess:
    return Guess(
        guess.meaning, guess.columns, confidence, (*guess.reasons, reason), guess.settings,
        guess.questions,
    )  # fmt: skip


def _items(pool: Mapping[str, Profile]) -> Guess | None:
    """Return the best series of nine columns; numbers go before words."""
    best: Guess | None = None
    for stem, names in [*_series(list(pool)), *_neighbours(pool)]:
        guess = _coded(stem, [pool[name] for name in names])
        if guess and (best is None or _rank(guess) < _rank(best)):
            best = guess
    return best


def _rank(guess: Guess) -> tuple[int, bool]:
    order = ("sure", "likely", "unsure").index(guess.confidence)
    return order, "answers in words" in guess.reasons


def _series(names: Sequence[str]) -> Iterator[tuple[str, list[str]]]:
    """Yield stem and columns of names that differ by 1 to 9, 010 to 090, or a to i only."""
    found: dict[tuple[str, str, str], dict[str, str]] = {}
    for name in names:
        places = [("number", m, m[1]) for m in re.finditer(r"(?<!\d)0?([1-9])(?!\d)", name)]
        places += [("tens", m, m[1]) for m in re.finditer(r"(?<!\d)0([1-9])0(?!\d)", name)]
        places += [
            ("letter", m, str("abcdefghi".index(m[1].lower()) + 1))
            for m in re.finditer(r"([a-iA-I])$", name)
        ]
        for kind, place, item in places:
            key = (kind, name[: place.start()], name[place.end() :])
            found.setdefault(key, {})[item] = name
    for (_, before, after), columns in found.items():
        if len(columns) == 9:
            yield f"{before} {after}".strip(), [columns[str(item)] for item in range(1, 10)]


def _neighbours(pool: Mapping[str, Profile]) -> Iterator[tuple[str, list[str]]]:
    """Yield nine columns in a row that hold 0 to 3 each, with other columns around them."""
    names = list(pool)
    fits = [_in_range(pool[name], 0, 3) and len(pool[name].numbers) >= 3 for name in names]
    start = 0
    while start < len(names):
        end = start
        while end < len(names) and fits[end]:
            end += 1
        if end - start == 9:
            yield "", names[start:end]
        start = max(end, start + 1)


def _in_range(profile: Profile, low: int, high: int) -> bool:
    return (
        bool(profile.numbers)
        and profile.number_share > 0.98
        and profile.integers
        and profile.inside_share(low, high) > 0.98
    )


def _coded(stem: str, items: Sequence[Profile]) -> Guess | None:
    """Return the guess for nine columns, None if their values are no answers to the PHQ-9."""
    columns = tuple(item.name for item in items)
    text = joined(stem) + "".join(joined(item.title) for item in items)
    named = "phq" in text or "dpq" in text or "patienthealth" in text
    hinted = any(word in text for word in ("item", "question", "frage", "depr"))
    confidence: Confidence = "sure" if named else "likely" if hinted else "unsure"
    reasons = [f"nine columns named alike ({columns[0]} … {columns[-1]})" if stem else
               "nine columns in a row"]  # fmt: skip
    if named:
        reasons.append("the name says PHQ")
    if _in_words(items):
        return Guess("phq9.items", columns, confidence, (*reasons, "answers in words"))
    if all(_in_range(item, 0, 3) for item in items):
        reasons += ["values 0 to 3", *_impossible(items, 0, 3)]
        return Guess("phq9.items", columns, confidence, tuple(reasons), _missing(items, 0, 3))
    if all(_in_range(item, 1, 4) for item in items) and (named or hinted):
        recode = {str(code): str(code - 1) for code in range(1, 5)}
        question = Question("The answers are coded 1 to 4: is 1 “not at all”?", "recode")
        settings = {"recode": recode, **_missing(items, 1, 4)}
        reasons += ["values 1 to 4", *_impossible(items, 1, 4)]
        return Guess("phq9.items", columns, confidence, tuple(reasons), settings, (question,))
    return None


def _missing(items: Sequence[Profile], low: int, high: int) -> dict[str, list[str]]:
    codes = {code: None for item in items for code in item.outside(low, high)}
    return {"missing": sorted(codes, key=float)} if codes else {}


def _impossible(items: Sequence[Profile], low: int, high: int) -> list[str]:
    """Return in words how many answers will be quarantined; a code of one item is one of all."""
    codes = set(_missing(items, low, high).get("missing", []))
    n = sum(
        count
        for item in items
        for text, count in item.values.items()
        if text in item.numbers and text not in codes and not low <= item.numbers[text] <= high
    )
    return impossible(n, low, high, ("answer", "answers"))


def _in_words(items: Sequence[Profile]) -> bool:
    """Return whether at least 9 in 10 answers are words that the questionnaire knows."""
    answers = {word for known in load("answers").values() for word in known}
    known = total = 0
    for item in items:
        for text, n in item.values.items():
            total += n
            known += n if words(text) in answers else 0
    return bool(total) and known / total > 0.9


def _total(pool: Mapping[str, Profile], items: Guess | None) -> Guess | None:
    taken = set(items.columns) if items else set()
    best: Guess | None = None
    for name, profile in pool.items():
        if name in taken or profile.number_share < 0.9 or not profile.numbers:
            continue
        named = match(name, synonyms()["phq9_total"], title=profile.title)
        if not named or profile.inside_share(0, _HIGHEST_TOTAL) < 0.98:
            continue
        says_phq = "phq" in joined(name + profile.title) or "patienthealth" in joined(profile.title)
        confidence: Confidence = "sure" if says_phq and max(_inside(profile)) > 3 else "unsure"
        codes = profile.outside(0, _HIGHEST_TOTAL)
        reasons = ["name", f"values 0 to {max(_inside(profile)):g}"]
        if codes:
            reasons.append(f"{', '.join(codes)} cannot be a total: missing")
        wrong = profile.impossible(0, _HIGHEST_TOTAL)
        reasons += impossible(wrong, 0, _HIGHEST_TOTAL, ROWS)
        guess = Guess(
            "phq9.total", (name,), confidence, tuple(reasons), {"missing": codes} if codes else {}
        )
        if best is None or (confidence == "sure" and best.confidence != "sure"):
            best = guess
    return best


def _inside(profile: Profile) -> list[float]:
    return [x for x in profile.numbers.values() if 0 <= x <= _HIGHEST_TOTAL] or [0.0]


def _is_sum(pool: Mapping[str, Profile], items: Sequence[str], total: str) -> bool:
    """Return whether a column is the sum of nine others in nearly all complete rows."""
    profiles = [pool[name] for name in (*items, total)]
    if len({profile.table for profile in profiles}) > 1:
        return False
    numbers = np.array([profile.series.to_numpy(float) for profile in profiles])
    complete = np.isfinite(numbers).all(axis=0) & (numbers[:-1] <= 3).all(axis=0)
    if complete.sum() < 5:
        return False
    equal = numbers[:-1, complete].sum(axis=0) == numbers[-1, complete]
    return bool(equal.mean() > 0.9)
