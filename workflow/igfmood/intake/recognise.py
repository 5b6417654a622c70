"""Everything that one table, or several joined ones, says about a cohort.

Takes raw tables; gives the guesses in the order of the configuration, the columns that nothing was
made of, and the source if it is a known one.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pandas as pd

from igfmood.config.vocabulary import VARIABLES
from igfmood.errors import DataError
from igfmood.intake.analytes import ANALYTES
from igfmood.intake.guess import PLACEHOLDER, Guess, Question
from igfmood.intake.guess_analyte import guess_analyte, guess_igfbp3
from igfmood.intake.guess_diagnosis import guess_diagnosis
from igfmood.intake.guess_other import guess_drugs, guess_scales, guess_variables
from igfmood.intake.guess_people import (
    asked_about_repeats,
    guess_age,
    guess_id,
    guess_sex,
    guess_visit,
)
from igfmood.intake.guess_phq9 import guess_phq9
from igfmood.intake.names import match, synonyms
from igfmood.intake.nature import nature_of
from igfmood.intake.profile import Given, Profile
from igfmood.intake.source import KnownSource, known_source, preset_cohort, preset_variables


@dataclass(frozen=True)
class Joined:
    """A further table of a cohort: its file, its key, the key in the first table, rows a key."""

    table: str
    key: str
    to: str
    rows: str
    matched: float


@dataclass(frozen=True)
class Recognised:
    """One cohort as it was recognised.

    Parameters
    ----------
    table
        Name of its own table, relative to the folder of the data.
    rows
        Rows of it that were looked at.
    guesses
        What was recognised.
    profiles
        Every column of every table.
    source
        The known source, if it is one.
    missing
        Words that mean missing in any column.
    design
        Study design with its reason; a question unless the source says it.
    joins
        Further tables.
    notes
        What was found out about the files.
    remarks
        What is told beside the table: other scales, what cannot be answered without a column.
    """

    table: str
    rows: int
    guesses: Sequence[Guess]
    profiles: Mapping[str, Profile]
    source: KnownSource | None
    missing: Sequence[str]
    design: str
    design_reason: str
    joins: Sequence[Joined] = ()
    notes: Sequence[str] = ()
    remarks: Sequence[str] = field(default_factory=list)

    def questions(self) -> list[tuple[Guess, Question]]:
        """Return everything that must be confirmed."""
        return [(guess, question) for guess in self.guesses for question in guess.questions]

    def guess(self, meaning: str) -> Guess | None:
        """Return the guess of one meaning."""
        return next((guess for guess in self.guesses if guess.meaning == meaning), None)

    def unused(self) -> list[str]:
        """Return the columns that nothing was made of."""
        used = {name for guess in self.guesses for name in guess.columns}
        used |= {str(guess.settings.get("batch")) for guess in self.guesses}
        used |= {part.key for part in self.joins}
        return [name for name in self.profiles if name not in used]


def refuse_other_tables(columns: Sequence[str], table: str) -> None:
    """Refuse a table that plainly holds no people.

    Raises
    ------
    DataError
        What it looks like, by which columns, and what it is for.
    """
    nature = nature_of(columns)
    if nature:
        raise DataError(
            f"{table} holds no people: it looks like {nature.what}, by its columns "
            f"{nature.evidence}.\n  What it is for: {nature.use}.\n  No configuration was written."
        )


def recognise(own: Given, analyte: str, further: Sequence[tuple[Given, Joined]] = ()) -> Recognised:
    """Recognise one cohort.

    Parameters
    ----------
    own
        The cohort's own table.
    analyte
        Name of the analyte of the study, one of `ANALYTES`.
    further
        Tables that are joined to it.

    Raises
    ------
    DataError
        If the table holds no people.
    """
    refuse_other_tables(list(own.profiles), own.name)
    pool = dict(own.profiles)
    for part, how in further:
        new = part.profiles
        pool |= {name: new[name] for name in new if name not in pool and name != how.key}
    source = known_source([*pool])
    guesses, free = _of_source(source, pool, analyte) if source else ([], dict(pool))
    guesses = _all(guesses, free, own, analyte)
    guesses = [_top_coded(guess, own, source) for guess in guesses]
    guesses.sort(key=lambda guess: _order(guess.meaning))
    rows = len(own.raw.cells)
    design, reason = _design(guesses, source, rows)
    words = {text for profile in pool.values() for text in profile.words_for_missing}
    return Recognised(
        own.name, rows, guesses, pool, source, sorted(words), design, reason,
        [how for _, how in further], _notes(own, further), _remarks(guesses, pool, analyte),
    )  # fmt: skip


#: What is told first; all else follows in the order of the vocabulary.
_FIRST = (
    "participant_id", "visit", "age_years", "sex", "analyte", "igfbp3", "phq9.items", "phq9.total",
    "diagnosis", "medication",
)  # fmt: skip


def _order(meaning: str) -> int:
    if meaning.startswith("scale."):
        return _FIRST.index("diagnosis") - 1
    return [*_FIRST, *VARIABLES].index(meaning)


def _notes(own: Given, further: Sequence[tuple[Given, Joined]]) -> list[str]:
    tables = [own, *(part for part, _ in further)]
    return [note for table in tables for note in table.notes]


def _of_source(
    source: KnownSource, pool: Mapping[str, Profile], analyte: str
) -> tuple[list[Guess], dict[str, Profile]]:
    """Return what the preset of a source reads, and the columns it leaves."""
    cohort = preset_cohort(source)
    spelled = _spelled(source, pool)
    found: list[tuple[str, tuple[str, ...], dict[str, object]]] = [
        (variable, (spelled[column],), {})
        for variable, column in preset_variables(source).items()
        if column in spelled and variable != analyte
    ]
    if cohort.phq9 and all(item in spelled for item in cohort.phq9.items):
        found.append(("phq9.items", tuple(spelled[item] for item in cohort.phq9.items), {}))
    if cohort.analyte and analyte == "igf1" and cohort.analyte.column in spelled:
        unit = {"unit": cohort.analyte.unit}
        found.append(("analyte", (spelled[cohort.analyte.column],), unit))
    for scale, entry in cohort.scales.items():
        if entry.total in spelled:
            found.append((f"scale.{scale}", (spelled[entry.total],), {}))
    items = next((columns for meaning, columns, _ in found if meaning == "phq9.items"), ())
    for coded in cohort.diagnosis:
        stems = tuple(name.rstrip("*") for name in coded.columns)
        columns = tuple(own for field, own in spelled.items() if stems and field.startswith(stems))
        if columns or (not stems and items):
            found.append(("diagnosis", columns or items, {"source": coded.source}))
    reason = (f"{source.title} names it so",)
    guesses = [
        Guess(meaning, columns, "sure", reason, settings, of_preset=True)
        for meaning, columns, settings in found
    ]
    used = {column for guess in guesses for column in guess.columns}
    return guesses, {name: profile for name, profile in pool.items() if name not in used}


def _spelled(source: KnownSource, pool: Mapping[str, Profile]) -> dict[str, str]:
    """Return the name that the preset uses: the name in the file."""
    if source.preset != "ukbiobank":
        return {name: name for name in pool}
    from igfmood.cohort.read.names import ukb_field

    return {ukb_field(name): name for name in pool}


def _all(guesses: list[Guess], free: dict[str, Profile], own: Given, analyte: str) -> list[Guess]:
    """Add everything that can be recognised in the free columns.

    Parameters
    ----------
    guesses
        What is known already.
    free
        Columns that are not used yet; what a guess uses is taken out.
    own
        The cohort's own table: only in it are id and visit looked for.
    analyte
        One of `ANALYTES`.
    """
    found = list(guesses)

    def take(*new: Guess | None) -> None:
        for guess in filter(None, new):
            found.append(guess)
            for name in [*guess.columns, str(guess.settings.get("batch"))]:
                free.pop(name, None)

    def has(*meanings: str) -> bool:
        return any(guess.meaning in meanings for guess in found)

    if not has("phq9.items"):
        take(*guess_phq9(free))
    if not has("participant_id"):
        columns = {name: profile for name, profile in free.items() if profile.table == own.name}
        person = guess_id(columns)
        visit = guess_visit(columns, person)
        take(person if visit else asked_about_repeats(columns, person), visit)
    if not has("age_years"):
        take(guess_age(free))
    if not has("sex"):
        take(guess_sex(free))
    if not has("analyte"):
        take(guess_analyte(free, analyte, _ages(own, found)))
    if has("analyte") and analyte == "igf1":
        take(guess_igfbp3(free))
    if not any(guess.meaning.startswith("scale.") for guess in found):
        take(*guess_scales(free))
    if not has("diagnosis"):
        take(*guess_diagnosis(free, own.profiles.get(_column_of(found, "participant_id"))))
    take(guess_drugs(free))
    take(*guess_variables(free, {*(guess.meaning for guess in found), analyte}))
    if not has("diagnosis") and has("phq9.items", "phq9.total"):
        found.append(_by_questionnaire(found))
    return found


def _ages(own: Given, found: Sequence[Guess]) -> pd.Series | None:
    """Return the ages of the rows in years, where the cohort's own table has them."""
    aged = next(guess for guess in found if guess.meaning == "age_years")
    profile = own.profiles.get(aged.column)
    if profile is None or aged.settings.get("bands"):
        return None
    return profile.clean(list(aged.settings.get("missing", [])))


def _column_of(guesses: Sequence[Guess], meaning: str) -> str:
    return next((guess.column for guess in guesses if guess.meaning == meaning), "")


def _top_coded(guess: Guess, own: Given, source: KnownSource | None) -> Guess:
    """Return the age of a known source with the top code that this file shows."""
    if not source or guess.meaning != "age_years" or guess.column not in own.profiles:
        return guess
    seen = guess_age({guess.column: own.profiles[guess.column]})
    told = preset_cohort(source).columns["age_years"].top_code
    if seen.settings.get("top_code") in (None, told):
        return guess
    reasons = (*guess.reasons, *(reason for reason in seen.reasons if "top-coded" in reason))
    return Guess(guess.meaning, guess.columns, "sure", reasons, seen.settings)


def _by_questionnaire(found: Sequence[Guess]) -> Guess:
    question = Question(
        "No column holds a diagnosis. Shall a PHQ-9 of 10 or more stand for depression (no "
        "interview, no bipolar disorder)? If not, delete the entry: there are no groups then"
    )
    columns = next(
        guess.columns for guess in found if guess.meaning in ("phq9.items", "phq9.total")
    )
    return Guess(
        "diagnosis", columns, "unsure", ("no column holds a diagnosis",),
        {"source": "phq9", "cutoff": 10}, (question,),
    )  # fmt: skip


def _design(guesses: Sequence[Guess], source: KnownSource | None, rows: int) -> tuple[str, str]:
    """Return the study design and why."""
    meanings = {guess.meaning for guess in guesses}
    if source:
        return preset_cohort(source).design, f"{source.title} is one"
    if {"visit", "treatment"} <= meanings:
        return "trial", "visits and treatment arms"
    if meanings & {"weight_survey", "stratum_survey", "psu_survey"}:
        return "population", "survey design"
    coded = [guess for guess in guesses if guess.meaning == "diagnosis"]
    if any(str(guess.settings.get("source")).startswith("icd") for guess in coded) and rows > 500:
        return "register", "ICD codes of many people"
    groups = [str(word) for guess in coded for word in guess.settings.get("labels", {}).values()]
    if "control" in groups:
        return "case_control", "patients and controls"
    if PLACEHOLDER in groups:
        return "case_control", "groups, whose labels are not known yet"
    if groups:
        return "clinical", "patients by label"
    return ("population", "many people, no diagnosis") if rows > 500 else ("clinical", "few people")


def _remarks(guesses: Sequence[Guess], pool: Mapping[str, Profile], analyte: str) -> list[str]:
    """Return what the table lacks, what that costs, and what must not be mistaken."""
    meanings = {guess.meaning for guess in guesses}
    told = []
    label = ANALYTES[analyte].label
    if "analyte" not in meanings:
        told.append(
            f"{label} is not in this table: groups are counted, and every claim about {label} has "
            "one cohort less. Another substance: --analyte, one of " + ", ".join(ANALYTES)
        )
    if not meanings & {"phq9.items", "phq9.total"}:
        told.append("The PHQ-9 is not in this table: no severity of depression")
    if "diagnosis" not in meanings:
        told.append(
            "No diagnosis is in this table: there are no groups to compare, and the reference "
            "curve is learned from all people (reference: all)"
        )
    used = {name for guess in guesses for name in guess.columns}
    scales = [
        name
        for names in synonyms()["other_scales"].values()
        for name in pool
        if name not in used and match(name, names)
    ]
    if scales:
        told.append(f"Scales that igfmood has no place for, and does not use: {', '.join(scales)}")
    return told
