"""Finding the remaining variables: covariates, drugs, other scales, survey design.

Takes the profiles of a table; gives guesses. The name must say what a column is; its values can
only confirm or contradict it.
"""

import re
from collections.abc import Iterator, Mapping
from math import inf

import pandas as pd

from igfmood.cohort.codes import load, words
from igfmood.config.vocabulary import SCALES, VARIABLES, Variable
from igfmood.intake.guess import PLACEHOLDER, ROWS, Confidence, Guess, Question, impossible
from igfmood.intake.names import EXACT, LABEL, NameMatch, joined, match, synonyms, word_meanings
from igfmood.intake.profile import Profile
from igfmood.intake.written_units import written_unit

_ATC = re.compile(r"[A-Z]\d{2}[A-Z]{1,2}(\d{2})?([\s;,|]+[A-Z]\d{2}[A-Z]{1,2}(\d{2})?)*")
#: A column called weight is a survey weight only if its median is no body weight (kg, lb).
_HEAVIEST = 300
#: Variables with guesses of their own.
_ELSEWHERE = ("participant_id", "visit", "age_years", "sex")
_DATE_FORMATS = (
    ("%Y-%m-%d", re.compile(r"\d{4}-\d\d-\d\d")),
    ("%d.%m.%Y", re.compile(r"\d{1,2}\.\d{1,2}\.\d{4}")),
    ("%d-%b-%Y", re.compile(r"\d{1,2}-[A-Za-z]{3}-\d{4}")),
)
_SLASHED = re.compile(r"\d{1,2}/\d{1,2}/\d{4}")
#: So large a share of the cells may hold words that nobody knows.
_ODD = 0.03
#: More odd words are free text, which has no place in a study file.
_MOST_ODD = 5
#: Units of columns that are not those of the vocabulary: name, factor, why.
_FACTORS = {"crp": (re.compile(r"LBXCRP", re.IGNORECASE), 10.0, "mg/dL in NHANES until 2010")}


def guess_variables(pool: Mapping[str, Profile], known: set[str]) -> Iterator[Guess]:
    """Yield one guess for each variable that some column is called like.

    Parameters
    ----------
    pool
        Profiles of the columns that are still free.
    known
        Variables that are found already.
    """
    free = dict(pool)
    for name, names in synonyms()["variables"].items():
        if name in _ELSEWHERE or name in known:
            continue
        found: list[tuple[int, float, Guess]] = []
        for profile in free.values():
            named = match(profile.name, names, title=profile.title)
            if not named or not profile.values:
                continue
            guess = _guess(VARIABLES[name], profile, named)
            if guess:
                found.append((-named.closeness, profile.missing_share, guess))
        if found:
            best = min(found, key=lambda item: item[:2])[2]
            free.pop(best.column)
            yield best


def _guess(variable: Variable, profile: Profile, named: NameMatch) -> Guess | None:
    confidence: Confidence = "sure" if named.closeness == EXACT else "likely"
    reasons = [f"label {profile.title!r}" if named.closeness == LABEL else "name"]
    match variable.kind:
        case "number":
            return _number(variable, profile, confidence, reasons)
        case "flag":
            return _flag(variable, profile, confidence, reasons)
        case "category":
            return _category(variable, profile, confidence, reasons)
        case "date":
            return _date(variable, profile, confidence, reasons)
        case _:
            limit = 2000 if variable.name.endswith("_survey") else 200
            if len(profile.values) > limit:
                return None
            reasons.append(f"{len(profile.values)} values")
            return Guess(variable.name, (profile.name,), confidence, tuple(reasons))


def _number(
    variable: Variable, profile: Profile, confidence: Confidence, reasons: list[str]
) -> Guess | None:
    if profile.number_share < 0.9 or not profile.numbers:
        return None
    low = -inf if variable.low is None else variable.low
    high = inf if variable.high is None else variable.high
    settings: dict[str, object] = {}
    pattern = _FACTORS.get(variable.name)
    asked: list[Question] = []
    if pattern and pattern[0].fullmatch(profile.name):
        settings["factor"] = pattern[1]
        reasons.append(pattern[2])
    else:
        by_unit, asked = _by_its_unit(variable, profile)
        settings |= by_unit
    codes = list(dict.fromkeys([*profile.outside(low, high), *profile.apart]))
    values = profile.clean(codes).dropna()
    if values.empty:
        return None
    if variable.name == "weight_survey" and values.median() < _HEAVIEST:
        return None
    if variable.name == "height_cm" and values.between(0.5, 2.6).mean() > 0.95:
        settings["factor"] = 100.0
        reasons.append("in metres")
    elif not _possible(values, settings, low, high):
        return None
    if codes:
        settings["missing"] = codes
        possible = [code for code in codes if low <= profile.numbers[code] <= high]
        reasons.append(f"{', '.join(codes)} stands apart")
        if possible:
            asked.append(Question(f"Does {', '.join(possible)} mean missing?", "missing"))
    ends = [_short(float(values.quantile(share))) for share in (0.01, 0.99)]
    reasons.append(f"values {' to '.join(ends)}")
    if "factor" not in settings:
        wrong = int((~values.between(low, high)).sum())
        reasons += impossible(wrong, low, high, ROWS)
    factor = settings.get("factor")
    if variable.unit and variable.unit not in ("points", "years") and factor != PLACEHOLDER:
        reasons.append(f"{f'times {factor:g} ' if factor else ''}read as {variable.unit}")
    return Guess(variable.name, (profile.name,), confidence, tuple(reasons), settings, tuple(asked))


def _by_its_unit(variable: Variable, profile: Profile) -> tuple[dict[str, object], list[Question]]:
    """Return the factor that the unit in a name or label asks for, and what must be confirmed."""
    found = written_unit(variable.name, (profile.name, profile.title))
    if found is None:
        return {}, []
    says = f"{found.text!r} says {found.unit}, and igfmood reads {variable.unit}"
    if found.factor is None:
        text = f"{says}: convert it in the table, and take this factor out, or leave the column out"
        return {"factor": PLACEHOLDER}, [Question(text, "factor")]
    return {"factor": found.factor}, [Question(f"{says}: is this the factor?", "factor")]


def _possible(values: pd.Series, settings: Mapping[str, object], low: float, high: float) -> bool:
    """Return whether nearly all numbers are possible, in the variable's own unit if it is known."""
    factor = settings.get("factor", 1.0)
    if not isinstance(factor, float):
        return True
    return bool((values * factor).between(low, high).mean() >= 0.97)


def _short(number: float) -> str:
    return f"{number:,.0f}" if abs(number) >= 10_000 else f"{number:.4g}"


def _split_codes(profile: Profile, expected: int) -> tuple[list[str], list[str]]:
    """Return the codes that are values, and those that mean missing, of a column of few codes."""
    codes = sorted(profile.values)
    if profile.number_share < 1 or len(codes) <= expected:
        return codes, []
    usual = [
        c for c in codes if profile.numbers[c] in (7, 8, 9, 77, 88, 99) or profile.numbers[c] < 0
    ]
    return [c for c in codes if c not in usual], usual


def _without_odd(
    codes: list[str], meanings: Mapping[str, str], profile: Profile
) -> tuple[list[str], list[str]]:
    """Return the codes without the words that nobody knows, and these, if they are few cells.

    Numbers are codes, whatever they mean, and are left to be asked about.
    """
    odd = [
        code for code in codes
        if code not in profile.numbers and joined(profile.labels.get(code, code)) not in meanings
    ]  # fmt: skip
    cells = sum(profile.values.values())
    few = sum(profile.values[code] for code in odd) <= _ODD * cells
    if len(codes) - len(odd) < 2 or len(odd) > _MOST_ODD or not few:
        return codes, []
    return [code for code in codes if code not in odd], odd


def _asked_of_odd(odd: list[str]) -> tuple[Question, ...]:
    if not odd:
        return ()
    text = f"Does {', '.join(odd)} mean missing, as written here, or has it a meaning for recode?"
    return (Question(text, "missing"),)


def _flag(
    variable: Variable, profile: Profile, confidence: Confidence, reasons: list[str]
) -> Guess | None:
    codes, missing = _split_codes(profile, 2)
    meanings = word_meanings("yes", "no")
    codes, odd = _without_odd(codes, meanings, profile)
    if len(codes) > 2 or profile.bands:
        return None
    missing = [*missing, *odd]
    settings: dict[str, object] = {"missing": missing} if missing else {}
    asked = _asked_of_odd(odd)
    labelled = {code: profile.labels.get(code, code) for code in codes}
    read = {code: meanings.get(joined(label), "") for code, label in labelled.items()}
    reasons.append(f"values {', '.join(labelled.values())}")
    if all(read.values()):
        plain = {"yes", "no", "true", "false"}
        if any(code.casefold() not in plain for code in codes):
            settings["recode"] = read
        return Guess(variable.name, (profile.name,), confidence, tuple(reasons), settings, asked)
    if set(codes) <= {"0", "1"}:
        if codes == ["1"] and profile.missing_share > 0:
            question = Question(
                "Only 1 and empty: is an empty cell unknown (it is read so), or no?"
            )
            return Guess(
                variable.name, (profile.name,), confidence, tuple(reasons), settings, (question,)
            )
        reasons.append("1 is yes")
        return Guess(variable.name, (profile.name,), confidence, tuple(reasons), settings, asked)
    if set(codes) <= {"1", "2"}:
        settings["recode"] = PLACEHOLDER
        options = ('{1: "yes", 2: "no"}', '{1: "no", 2: "yes"}')
        question = Question("Codes 1 and 2: which is yes?", "recode", options)
        asked = (question, *asked)
        return Guess(variable.name, (profile.name,), confidence, tuple(reasons), settings, asked)
    return None


def _category(
    variable: Variable, profile: Profile, confidence: Confidence, reasons: list[str]
) -> Guess | None:
    codes, missing = _split_codes(profile, len(variable.categories) - 1)
    if variable.name == "smoking":
        meanings = word_meanings("never", "former", "current")
    else:
        meanings = {joined(word): word for word in variable.categories}
    codes, odd = _without_odd(codes, meanings, profile)
    if len(codes) > 12:
        return None
    missing = [*missing, *odd]
    settings: dict[str, object] = {"missing": missing} if missing else {}
    asked = _asked_of_odd(odd)
    labelled = {code: profile.labels.get(code, code) for code in codes}
    read = {code: meanings.get(joined(label), "") for code, label in labelled.items()}
    reasons.append(f"values {', '.join(list(labelled.values())[:6])}")
    if all(read.values()):
        if any(code.casefold() != meaning for code, meaning in read.items()):
            settings["recode"] = read
        plain = word_meanings("yes", "no")
        if (
            variable.name == "smoking" and "former" not in read.values()
            and any(joined(label) in plain for label in labelled.values())
        ):  # fmt: skip
            text = "Are former smokers among those who say no? Then there is no code for never"
            asked = (*asked, Question(text, "recode"))
        return Guess(variable.name, (profile.name,), confidence, tuple(reasons), settings, asked)
    if variable.name == "smoking" and set(codes) == {"0", "1"}:
        settings["recode"] = {"0": "never", "1": "current"}
        question = Question(
            "Is 0 never and 1 current, or are former smokers among one of them?", "recode"
        )
        asked = (question, *asked)
        return Guess(variable.name, (profile.name,), confidence, tuple(reasons), settings, asked)
    if set(codes) <= set(profile.numbers) and len(codes) == len(variable.categories) == 3:
        first = [f"{code}: {word}" for code, word in zip(codes, variable.categories, strict=True)]
        last = [
            f"{code}: {word}"
            for code, word in zip(codes, reversed(variable.categories), strict=True)
        ]
        settings["recode"] = PLACEHOLDER
        options = (f"{{{', '.join(first)}}}", f"{{{', '.join(last)}}}")
        asked = (Question("What do the codes mean?", "recode", options), *asked)
        return Guess(variable.name, (profile.name,), confidence, tuple(reasons), settings, asked)
    return None


def _date(
    variable: Variable, profile: Profile, confidence: Confidence, reasons: list[str]
) -> Guess | None:
    for form, pattern in _DATE_FORMATS:
        if profile.share_like(pattern) > 0.95:
            settings = {} if form == "%Y-%m-%d" else {"date_format": form}
            reasons.append(f"dates such as {next(iter(profile.values))}")
            return Guess(variable.name, (profile.name,), confidence, tuple(reasons), settings)
    if profile.share_like(_SLASHED) > 0.95:
        firsts = {int(text.split("/")[0]) for text in profile.values}
        seconds = {int(text.split("/")[1]) for text in profile.values}
        options: tuple[str, ...] = ('"%d/%m/%Y"', '"%m/%d/%Y"')
        if max(firsts) > 12 or max(seconds) > 12:
            form = "%d/%m/%Y" if max(firsts) > 12 else "%m/%d/%Y"
            return Guess(
                variable.name, (profile.name,), confidence, tuple(reasons), {"date_format": form}
            )
        question = Question("Day first, or month first?", "date_format", options)
        return Guess(
            variable.name, (profile.name,), confidence, tuple(reasons),
            {"date_format": PLACEHOLDER}, (question,),
        )  # fmt: skip
    return None


def guess_scales(pool: Mapping[str, Profile]) -> Iterator[Guess]:
    """Yield totals of other depression scales that the configuration can keep."""
    for scale, names in synonyms()["scales"].items():
        for profile in pool.values():
            named = match(profile.name, names, title=profile.title)
            if not named or profile.number_share < 0.9 or not profile.numbers:
                continue
            if profile.inside_share(0, SCALES[scale]) < 0.98:
                continue
            codes = profile.outside(0, SCALES[scale])
            reasons = ["name", f"values within 0 to {SCALES[scale]}"]
            reasons += impossible(profile.impossible(0, SCALES[scale]), 0, SCALES[scale], ROWS)
            settings = {"missing": codes} if codes else {}
            yield Guess(f"scale.{scale}", (profile.name,), "sure", tuple(reasons), settings)
            break


def guess_drugs(pool: Mapping[str, Profile]) -> Guess | None:
    """Return columns with ATC codes, or with names of drugs."""
    atc = [p.name for p in pool.values() if len(p.values) > 1 and p.share_like(_ATC) > 0.9]
    if atc:
        return _drugs(tuple(atc), "atc", "values are ATC codes")
    known = {name for names in load("drugs")["names"].values() for name in names}
    for profile in pool.values():
        if not match(profile.name, synonyms()["drugs"], title=profile.title):
            continue
        cells = [text for text in profile.values if not text.replace(".", "").isdigit()]
        hits = [text for text in cells if any(part in known for part in _parts(text))]
        if hits:
            shown = ", ".join(hits[:3]).lower()
            return _drugs((profile.name,), "names", f"names of drugs such as {shown}")
    return None


def _parts(text: str) -> list[str]:
    return [words(part) for part in re.split(r"[|;,]", text)]


def _drugs(columns: tuple[str, ...], coding: str, why: str) -> Guess:
    question = Question(
        "A person without a drug here: takes none (no), or nothing is known (missing)?",
        "empty_means", ("missing", '"no"'),
    )  # fmt: skip
    settings = {"coding": coding, "empty_means": PLACEHOLDER}
    return Guess("medication", columns, "sure", (why,), settings, (question,))
