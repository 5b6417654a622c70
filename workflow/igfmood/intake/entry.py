"""One cohort as an entry of the study file.

Takes what was recognised; gives the lines of its entry, with the reason of every guess in a comment
and a mark for everything that must be confirmed.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from igfmood.cohort.read.names import ukb_field
from igfmood.intake.guess import PLACEHOLDER, Guess, Question
from igfmood.intake.recognise import Recognised
from igfmood.intake.source import preset_cohort
from igfmood.intake.yaml_lines import comment, mapping, pair, question, scalar

_IN = 4  # indent of the keys of an entry
#: Page of each preset below docs/sources.
_PAGES = {"nhanes": "nhanes", "ukbiobank": "ukbiobank", "midus2": "midus2"}
#: Words that mean not done to one laboratory and not detected to another.
_NOT_DETECTED = ("n.d.", "nd", "n.b.")
_ADULT = 18
#: NHANES asks about smoking, and takes much of the blood, from 20 on.
_ADULT_OF = {"nhanes": 20}


def entry_lines(found: Recognised, name: str) -> list[str]:
    """Return the lines of a cohort's entry."""
    return [
        *_heading(found, name), *_design(found), *_tables(found), *_columns(found),
        *_analyte(found), *_phq9(found), *_scales(found), *_diagnosis(found), *_medication(found),
        *_rules(found),
    ]  # fmt: skip


def _heading(found: Recognised, name: str) -> Iterator[str]:
    yield f"  # {found.table}: {found.rows:,} rows, {len(found.profiles)} columns."
    for note in found.notes:
        yield from comment(note, 2)
    for remark in found.remarks:
        yield from comment(remark, 2)
    unused = found.unused()
    if unused:
        more = f" and {len(unused) - 60} more" if len(unused) > 60 else ""
        yield from comment(f"Nothing was made of: {', '.join(unused[:60])}{more}", 2)
    yield f"  - name: {name}"
    if found.source:
        signs = ", ".join(found.source.evidence)
        said = f"{found.source.title}, known by {signs}; igfmood knows its coding"
        text = (
            f"Have the lines that docs/sources/{_PAGES[found.source.preset]}.md says to confirm "
            "been looked up for this release?"
        )
        yield from question(Question(text), _IN)
        yield from pair("preset", found.source.preset, _IN, said)


def _design(found: Recognised) -> Iterator[str]:
    if found.source:
        return
    designs = ("case_control", "register", "population", "trial", "clinical")
    rest = ", ".join(design for design in designs if design != found.design)
    text = f"Is this the study design ({found.design_reason})? The others: {rest}"
    yield from question(Question(text), _IN)
    yield from pair("design", found.design, _IN)


def _tables(found: Recognised) -> Iterator[str]:
    yield from pair("table", found.table, _IN)
    if found.joins:
        yield f"{' ' * _IN}join:"
    for part in found.joins:
        entry: dict[str, Any] = {"table": part.table, "key": part.key}
        if part.to != part.key:
            entry["to"] = part.to
        if part.rows != "one":
            entry["rows"] = part.rows
        yield from comment(f"{part.matched:.0%} of its keys are in {found.table}", _IN + 2)
        yield f"{' ' * (_IN + 2)}- {scalar(entry)}"
    preset = preset_cohort(found.source).missing if found.source else []
    words = [word for word in found.missing if word not in preset]
    measured = found.guess("analyte")
    doubtful = [
        word for word in words
        if measured and word.casefold() in _NOT_DETECTED
        and word in found.profiles[measured.column].counts
    ]  # fmt: skip
    if doubtful and measured:
        text = (
            f"{doubtful[0]} stands in {measured.column}: not done (missing, as written here), or "
            "not detected? Then take it out here, and write below_limit and lod under analyte"
        )
        yield from question(Question(text), _IN)
    if words:
        yield from pair("missing", words, _IN, "words for missing, found in the cells")


def _named(found: Recognised, column: str) -> str:
    """Return a column as the entry writes it: a preset may read another spelling."""
    return ukb_field(column) if found.source and found.source.preset == "ukbiobank" else column


def _said(guess: Guess) -> str:
    return f"{guess.confidence}: {'; '.join(guess.reasons)}"


_OTHERS = ("analyte", "igfbp3", "diagnosis", "medication")


def _columns(found: Recognised) -> Iterator[str]:
    variables = [
        guess for guess in found.guesses
        if guess.meaning not in _OTHERS and "." not in guess.meaning and not guess.of_preset
    ]  # fmt: skip
    if not variables:
        return
    yield f"{' ' * _IN}columns:"
    for guess in variables:
        yield from _variable(found, guess)
    visit = next((guess for guess in variables if guess.meaning == "visit"), None)
    if visit:
        yield from pair("baseline", _as_code(visit.settings["baseline"]), _IN, "the first visit")


def _as_code(text: Any) -> Any:
    return int(text) if re.fullmatch(r"0|-?[1-9]\d*", str(text)) else text


def _variable(found: Recognised, guess: Guess) -> Iterator[str]:
    at = _IN + 2
    column = _named(found, guess.column)
    settings = {key: value for key, value in guess.settings.items() if key != "baseline"}
    for asked in guess.questions:
        if not asked.key:
            yield from question(asked, at)
    keyed = [asked for asked in guess.questions if asked.key]
    if not settings:
        yield from pair(guess.meaning, column, at, _said(guess))
    elif not keyed:
        yield from pair(guess.meaning, {"column": column, **settings}, at, _said(guess))
    else:
        yield from comment(_said(guess), at)
        yield f"{' ' * at}{guess.meaning}:"
        yield from mapping({"column": column, **settings}, keyed, at + 2, {})


def _analyte(found: Recognised) -> Iterator[str]:
    guess = found.guess("analyte")
    if guess is None:
        if found.source and preset_cohort(found.source).analyte:
            yield from pair("analyte", None, _IN, "not in this table")
    elif not guess.of_preset:
        yield from _block(found, "analyte", guess)
    binding = found.guess("igfbp3")
    if binding:
        yield from _block(found, "igfbp3", binding)


def _block(found: Recognised, key: str, guess: Guess) -> Iterator[str]:
    yield from comment(_said(guess), _IN)
    yield f"{' ' * _IN}{key}:"
    settings = {"column": _named(found, guess.column), **guess.settings}
    yield from mapping(settings, guess.questions, _IN + 2, {})
    if key == "analyte":
        yield f"{' ' * (_IN + 2)}# assay: unknown  # name of the assay; matrix: serum is assumed"


def _phq9(found: Recognised) -> Iterator[str]:
    items, total = found.guess("phq9.items"), found.guess("phq9.total")
    if not items and not total:
        if found.source and preset_cohort(found.source).phq9:
            yield from pair("phq9", None, _IN, "not in this table")
        return
    guesses = [guess for guess in (items, total) if guess]
    if all(guess.of_preset for guess in guesses):
        return
    settings: dict[str, Any] = {}
    for guess in guesses:
        yield from comment(_said(guess), _IN)
    if items:
        settings["items"] = tuple(_named(found, column) for column in items.columns)
    if total:
        settings["total"] = _named(found, total.column)
    codes = [code for guess in guesses for code in guess.settings.get("missing", [])]
    if items and "recode" in items.settings:
        settings["recode"] = items.settings["recode"]
    if codes:
        settings["missing"] = list(dict.fromkeys(codes))
    for asked in (asked for guess in guesses for asked in guess.questions if not asked.key):
        yield from question(asked, _IN)
    yield f"{' ' * _IN}phq9:"
    questions = [asked for guess in guesses for asked in guess.questions if asked.key]
    yield from mapping(settings, questions, _IN + 2, {})


def _scales(found: Recognised) -> Iterator[str]:
    guesses = [g for g in found.guesses if g.meaning.startswith("scale.") and not g.of_preset]
    known = found.source is not None and bool(preset_cohort(found.source).scales)
    if known and not any(guess.meaning.startswith("scale.") for guess in found.guesses):
        yield from pair("scales", {}, _IN, "not in this table")
    if not guesses:
        return
    yield f"{' ' * _IN}scales: # kept as what they are, never turned into a PHQ-9"
    for guess in guesses:
        settings = {"total": _named(found, guess.column), **guess.settings}
        yield from pair(guess.meaning.removeprefix("scale."), settings, _IN + 2, _said(guess))


def _diagnosis(found: Recognised) -> Iterator[str]:
    guesses = [guess for guess in found.guesses if guess.meaning == "diagnosis"]
    if not guesses:
        if found.source and preset_cohort(found.source).diagnosis:
            yield from pair("diagnosis", [], _IN, "not in this table")
        return
    if all(guess.of_preset for guess in guesses):
        return
    several = len(guesses) > 1
    if several:
        yield f"{' ' * _IN}diagnosis: # put together: bipolar wins over depression"
    for guess in guesses:
        yield from _diagnosis_entry(found, guess, several)


def _diagnosis_entry(found: Recognised, guess: Guess, several: bool) -> Iterator[str]:
    """Return one entry; of several each is an item of a list."""
    at, before = (_IN + 4, _IN + 2) if several else (_IN + 2, _IN)
    yield from comment(_said(guess), before)
    for asked in guess.questions:
        if not asked.key:
            yield from question(asked, before)
    settings = {key: value for key, value in guess.settings.items() if key != "labels"}
    if not str(settings["source"]).startswith("phq9"):
        settings["columns"] = tuple(_named(found, column) for column in guess.columns)
    source = f"source: {settings.pop('source')}"
    if several:
        yield f"{' ' * before}- {source}"
    else:
        yield f"{' ' * before}diagnosis:"
        yield f"{' ' * at}{source}"
    yield from mapping(settings, guess.questions, at, {})
    labels: Mapping[str, str] = guess.settings.get("labels", {})
    if labels:
        yield f"{' ' * at}labels:"
    for label, meaning in labels.items():
        for asked in guess.questions:
            if asked.key == f"labels.{label}":
                yield from question(asked, at + 2)
        n = guess.counts.get(label)
        said = "" if not n else "1 row" if n == 1 else f"{n:,} rows"
        yield from pair(_as_code(label), meaning, at + 2, said)


def _medication(found: Recognised) -> Iterator[str]:
    guess = found.guess("medication")
    if guess is None or guess.of_preset:
        return
    yield from comment(_said(guess), _IN)
    yield f"{' ' * _IN}medication:"
    columns = tuple(_named(found, column) for column in guess.columns)
    yield from mapping({"columns": columns, **guess.settings}, guess.questions, _IN + 2, {})


def _rules(found: Recognised) -> Iterator[str]:
    """Return reference people, inclusion and exclusion, as far as the table calls for them."""
    if found.guess("analyte") and _without_controls(found):
        yield from pair("reference", "all", _IN, "nobody is known to be a control")
    age = found.guess("age_years")
    adult = _ADULT_OF.get(found.source.preset if found.source else "", _ADULT)
    young = _share_below(found, age, adult) if age else 0.0
    if young > 0:
        text = (
            f"{young:.0%} of the people are younger than {adult}. They are left out: PHQ-9 and "
            "reference are for adults. Delete the rule to keep them"
        )
        yield from question(Question(text), _IN)
        rule = {"name": f"age {adult} or more", "variable": "age_years", "at_least": adult}
        yield f"{' ' * _IN}include: [{scalar(rule)}]"
    names = ["pregnancy"] if found.guess("pregnant") else []
    said = "known exclusions, by name; all of them: [standard] (config/README.md)"
    if names:
        yield from pair("exclude", names, _IN, said)
    else:
        yield f"{' ' * _IN}# exclude: [standard]  # {said.split(';')[0]}"


def _without_controls(found: Recognised) -> bool:
    """Return whether nobody can be a control: no diagnosis, or labels that are all of patients."""
    coded = [guess for guess in found.guesses if guess.meaning == "diagnosis"]
    if any(not guess.settings.get("labels") for guess in coded):
        return False  # codes and questionnaires tell controls by what is not there
    groups = {word for guess in coded for word in guess.settings["labels"].values()}
    return not {"control", PLACEHOLDER} & groups


def _share_below(found: Recognised, age: Guess, limit: int) -> float:
    profile = found.profiles.get(age.column)
    if profile is None or age.settings.get("bands"):
        return 0.0
    ages = profile.clean(list(age.settings.get("missing", []))).dropna()
    return float((ages < limit).mean()) if len(ages) else 0.0
