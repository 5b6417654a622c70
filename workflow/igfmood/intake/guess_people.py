"""Finding who a row is about: id, visit, age and sex.

Takes the profiles of a table; gives guesses. Codes of sex are never decided without words, labels
or a name that says it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from igfmood.config.cohort import ROW_NUMBER
from igfmood.intake.guess import PLACEHOLDER, Confidence, Guess, Question
from igfmood.intake.names import EXACT, joined, match, synonyms, tokens, word_meanings
from igfmood.intake.profile import Profile
from igfmood.intake.yaml_lines import scalar

#: Share of different ids above which a few rows stand twice by mistake.
_ONE_ROW_EACH = 0.9
#: Names of a first visit.
_FIRST = (
    "baseline",
    "bl",
    "v0",
    "v1",
    "t0",
    "t1",
    "screening",
    "visit1",
    "visit0",
    "ersteraufnahme",
)
#: Words of a column that one sex alone can fill in.
_ONE_SEX = {
    "female": ("menarche", "pregnan", "schwanger", "graviditet", "menopause", "menses", "pille",
               "parity", "contraceptive"),
    "male": ("testvol", "testis", "testicular", "prostate", "psa"),
}  # fmt: skip


def guess_id(pool: Mapping[str, Profile]) -> Guess:
    """Return the column that names the person; the number of the row where there is none."""
    words = synonyms()["variables"]["participant_id"]
    named = [
        (found, -_distinct(profile), profile)
        for profile in pool.values()
        if (found := match(profile.name, words, title=profile.title))
        and _filled(profile) > 0.97
        and profile.dates < 0.5
        and _distinct(profile) > 0.1
    ]
    if named:
        found, _, best = min(
            named,
            key=lambda item: (item[1] > -0.9, -item[0].closeness, _order(words, item[0].synonym)),
        )
        unique = _distinct(best)
        people = f"{len(best.counts):,} people in {best.filled:,} rows"
        reason = "every row has another" if unique == 1 else people
        confidence: Confidence = "sure" if found.closeness == EXACT and unique > 0.1 else "likely"
        return Guess("participant_id", (best.name,), confidence, ("name", reason))
    nameless = [
        profile
        for profile in pool.values()
        if (_distinct(profile) == 1 or (_is_an_id(profile) and _distinct(profile) > _ONE_ROW_EACH))
        and _filled(profile) == 1
        and profile.rows > 3
        and (
            profile.number_share < 0.5
            or (profile.integers and profile.series.is_monotonic_increasing)
        )
        and profile.dates < 0.5
    ]
    if nameless:
        # A column that calls itself an id stands before whatever else is unique.
        best = min(nameless, key=lambda profile: not _is_an_id(profile))
        question = Question(f"Is {best.name} the key of the person?")
        repeated = best.filled - len(best.counts)
        reason = "every row has another value"
        if repeated:
            reason = f"every row has another value, but for {_rows(repeated)}"
        return Guess("participant_id", (best.name,), "unsure", (reason,), questions=(question,))
    question = Question(
        "No column names the person: the number of the row is taken. Is every row another person?"
    )
    return Guess(
        "participant_id", (ROW_NUMBER,), "unsure", ("no column is unique to the row",),
        questions=(question,),
    )  # fmt: skip


def _is_an_id(profile: Profile) -> bool:
    """Return whether a name ends in id, whoever it is of: ``Kohorten-ID``, ``ambulanz_id``."""
    return tokens(profile.name)[-1:] == ["id"]


def _order(words: Sequence[str], synonym: str) -> int:
    return words.index(synonym) if synonym in words else len(words)


def _filled(profile: Profile) -> float:
    return profile.filled / profile.rows if profile.rows else 0.0


def _distinct(profile: Profile) -> float:
    return len(profile.counts) / profile.filled if profile.filled else 0.0


def asked_about_repeats(pool: Mapping[str, Profile], person: Guess) -> Guess:
    """Return the id with a question where people stand in several rows and nothing says why."""
    if person.column not in pool or _distinct(pool[person.column]) > _ONE_ROW_EACH:
        return person
    keys = pool[person.column]
    question = Question(
        f"{len(keys.counts):,} people stand in {keys.filled:,} rows and no column names the visit: "
        "rows of one person that differ would go to quarantine. A table of drugs, diagnoses or "
        "laboratory values belongs behind the table of its people: igfmood init PEOPLE THIS"
    )
    return replace(person, questions=(*person.questions, question))


def guess_visit(pool: Mapping[str, Profile], person: Guess) -> Guess | None:
    """Return the column that tells the rows of one person apart, None where none is needed."""
    if person.column not in pool or _distinct(pool[person.column]) > 0.97:
        return None
    keys = pool[person.column]
    words = synonyms()["variables"]["visit"]
    for profile in pool.values():
        found = match(profile.name, words, title=profile.title)
        if not found or profile.table != keys.table or not 2 <= len(profile.counts) <= 60:
            continue
        pairs = keys.cells + "\x00" + profile.cells
        if pairs.nunique() / len(pairs) < 0.95:
            continue
        first = _first_visit(profile)
        reasons = (
            "name",
            f"with {keys.name} it is unique to {pairs.nunique() / len(pairs):.0%} of the rows",
            f"the first visit is {first!r}",
        )
        return Guess("visit", (profile.name,), "sure", reasons, {"baseline": first})
    return None


def _first_visit(profile: Profile) -> str:
    named = [text for text in profile.values if joined(text).startswith(_FIRST)]
    if named and len(profile.numbers) < len(profile.values):
        return named[0]
    if profile.numbers:
        return min(profile.numbers, key=lambda text: profile.numbers[text])
    return min(profile.values)


def guess_age(pool: Mapping[str, Profile]) -> Guess:
    """Return the column of the age; a column to be named where there is none."""
    words = synonyms()["variables"]["age_years"]
    found = []
    for profile in pool.values():
        named = match(profile.name, words, title=profile.title)
        if named and (profile.bands > 0.8 or _is_age(profile)):
            found.append((-named.closeness, -_filled(profile), profile))
    if not found:
        return _absent("age_years", "age", "nothing can be compared by age, and there is no SDS")
    closeness, _, best = min(found, key=lambda item: item[:2])
    confidence: Confidence = "sure" if -closeness == EXACT else "likely"
    if best.bands > 0.8:
        banded = ("name", "bands such as 35-39; the middle is taken")
        return Guess("age_years", (best.name,), confidence, banded, {"bands": True})
    codes = best.outside(0, 110) or [code for code in best.apart if best.numbers[code] > 97]
    known = best.clean(codes).dropna()
    ages = known[known.between(0, 110)]
    reasons = ["name", f"values {ages.min():g} to {ages.max():g}"]
    settings: dict[str, object] = {"missing": codes} if codes else {}
    reasons += [f"{', '.join(codes)} is taken as missing"] if codes else []
    impossible = len(known) - len(ages)
    if impossible:
        reasons.append(f"{_rows(impossible)} beyond 110 will be quarantined")
    top = _top_code(ages.to_numpy(float))
    if top is not None:
        settings["top_code"] = top
        reasons.append(f"{top:g} stands far more often than the ages below: top-coded")
    return Guess("age_years", (best.name,), confidence, tuple(reasons), settings)


def _is_age(profile: Profile) -> bool:
    return profile.number_share > 0.95 and profile.inside_share(0, 110) > 0.97


def _top_code(ages: np.ndarray) -> int | None:
    """Return the highest age if it is whole and holds at least 3 times what ages below it hold."""
    if len(ages) < 200 or ages.max() % 1 or ages.max() < 70:
        return None
    top = ages.max()
    below = np.mean([np.sum(ages == top - step) for step in range(1, 6)])
    here = np.sum(ages == top)
    return int(top) if here >= 10 and here > 3 * below else None


def guess_sex(pool: Mapping[str, Profile]) -> Guess:
    """Return the column of the sex and its coding; a column to be named where there is none."""
    words = synonyms()["variables"]["sex"]
    named = [
        (-found.closeness, profile)
        for profile in pool.values()
        if (found := match(profile.name, words, title=profile.title))
        and (1 <= len(_sex_values(profile)) <= 3 or _are_words(_sex_values(profile)))
    ]
    if named:
        return _coded_sex(min(named, key=lambda item: item[0])[1], pool)
    meanings = word_meanings("male", "female")
    spoken = [
        profile
        for profile in pool.values()
        if len(profile.values) == 2
        and {meanings.get(joined(text)) for text in profile.values} == {"male", "female"}
    ]
    if spoken:
        return _coded_sex(spoken[0], pool)
    return _absent("sex", "sex", "nothing can be compared by sex")


def _rows(n: int) -> str:
    return f"{n:,} row" if n == 1 else f"{n:,} rows"


def _missing_sex(profile: Profile) -> list[str]:
    return profile.apart or [t for t in profile.values if t in ("7", "8", "9", "99", "-9", "3")]


def _sex_values(profile: Profile) -> list[str]:
    """Return the values that stand for a sex: neither codes for missing nor slips of the pen."""
    codes = _missing_sex(profile)
    total = sum(profile.values.values())
    often = [t for t, n in profile.values.items() if t not in codes and n > 0.01 * total]
    if not _are_words(often):
        return often
    # Beside words a rare one is no slip: a few rows of m and w say männlich and weiblich.
    return [t for t in profile.values if t in often or _are_words([t])]


def _are_words(texts: Sequence[str]) -> bool:
    meanings = word_meanings("male", "female")
    return bool(texts) and all(joined(text) in meanings for text in texts)


def _slips(profile: Profile) -> list[str]:
    """Return a reason that names values too rare to be codes."""
    known = {*_sex_values(profile), *_missing_sex(profile)}
    rare = {text: n for text, n in profile.values.items() if text not in known}
    if not rare:
        return []
    return [f"{', '.join(map(repr, rare))} ({_rows(sum(rare.values()))}) will be quarantined"]


def _coded_sex(profile: Profile, pool: Mapping[str, Profile]) -> Guess:
    values = sorted(_sex_values(profile))
    codes = _missing_sex(profile)
    settings: dict[str, object] = {"missing": codes} if codes else {}
    meanings = word_meanings("male", "female")
    shown = "; ".join([f"values {', '.join(values)}", *_slips(profile)])
    read = {text: meanings.get(joined(text), "") for text in values}
    # Two words for one sex, and none for the other, are more likely codes of something else.
    if all(read.values()) and (len(read) == 1 or len(set(read.values())) == 2):
        written = {t: m for t, m in read.items() if t.casefold() != m}
        if written:
            settings["recode"] = written
        return Guess("sex", (profile.name,), "sure", ("name", shown), settings)
    by_label = {
        code: meanings.get(joined(label.split(")")[-1]), "")
        for code, label in profile.labels.items()
        if code in values
    }
    if by_label and all(by_label.get(code) for code in values):
        reasons = ("name", shown, "value labels in the file")
        return Guess("sex", (profile.name,), "sure", reasons, {**settings, "recode": by_label})
    return _codes_of_sex(profile, values, settings, pool)


def _codes_of_sex(
    profile: Profile, values: list[str], settings: dict[str, object], pool: Mapping[str, Profile]
) -> Guess:
    """Return sex with codes that say nothing: by the name of the column, or as a question."""
    shown = "; ".join([f"values {', '.join(values)}", *_slips(profile)])
    says = {word_meanings("male", "female").get(part) for part in tokens(profile.name)
            if len(part) > 3} & {"male", "female"}  # fmt: skip
    if len(says) == 1 and set(values) <= {"0", "1"}:
        one = says.pop()
        other = "male" if one == "female" else "female"
        recode = {"1": one, "0": other}
        reasons = (f"the name {profile.name!r} says what 1 means", shown)
        return Guess("sex", (profile.name,), "sure", reasons, {**settings, "recode": recode})
    told = _told_by_others(profile, values, pool)
    first, why = told if told else ("male", "The file does not say, and sources differ")
    second = "male" if first == "female" else "female"
    options = tuple(
        scalar(dict(zip(values, order, strict=False)))
        for order in ((first, second), (second, first))
    )
    question = Question(f"Which code is which? {why}", "recode", options)
    reasons = ("name", shown)
    return Guess(
        "sex", (profile.name,), "likely", reasons, {**settings, "recode": PLACEHOLDER}, (question,)
    )


def _told_by_others(
    profile: Profile, values: list[str], pool: Mapping[str, Profile]
) -> tuple[str, str] | None:
    """Return the sex of the first code, and why, where a column is filled in for one code only."""
    for other in pool.values():
        if other.table != profile.table or other.name == profile.name or len(values) != 2:
            continue
        text = joined(other.name + " " + other.title)
        for sex, words in _ONE_SEX.items():
            if not any(word in text for word in words):
                continue
            filled = profile.cells[(other.cells != "") & profile.cells.isin(values)]
            shares = filled.value_counts(normalize=True)
            if len(filled) >= 20 and len(shares) and shares.iloc[0] > 0.99:
                code = str(shares.index[0])
                why = f"{other.name} is filled in for {code} only: {code} is probably {sex}"
                other_sex = "male" if sex == "female" else "female"
                return (sex if code == values[0] else other_sex), why
    return None


def _absent(variable: str, word: str, cost: str) -> Guess:
    question = Question(
        f"No column holds the {word}. Name it, or join the file that has it; as it stands {cost}"
    )
    return Guess(
        variable, (variable,), "unsure", (f"no column looks like the {word}",),
        {"optional": True}, (question,),
    )  # fmt: skip
