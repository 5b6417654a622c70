"""Finding the analyte: its column, unit, detection limit and batch.

Takes the profiles of a table; gives guesses. A unit that neither name nor label says is a question,
whatever the magnitude suggests.
"""

import re
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from igfmood.intake.analytes import ANALYTES, Magnitude
from igfmood.intake.guess import PLACEHOLDER, Confidence, Guess, Question
from igfmood.intake.names import EXACT, NameMatch, match, synonyms
from igfmood.intake.profile import Profile
from igfmood.intake.written_units import WRITTEN

#: Units of columns of known sources, by name (codebooks).
_OF_SOURCE = (
    (r"LBXCRP", "mg/dL", "NHANES until 2010"),
    (r"LBXHSCRP", "mg/L", "NHANES from 2015"),
    (r"LBXIN", "uIU/mL", "NHANES"),
    (r"B4BINSLN", "uIU/mL", "MIDUS"),
    (r"(?:f|n|p)?[._]?30770.*", "nmol/L", "UK Biobank"),
    (r"(?:f|n|p)?[._]?30710.*", "mg/L", "UK Biobank"),
)


_IGFBP3 = (Magnitude("mg/L", 0.5, 20), Magnitude("ng/mL", 500, 20_000))
_ADULT = 18
#: A lowest value that stands this often may be what the source wrote for "below the limit".
_PILED_UP = 5


def guess_analyte(pool: Mapping[str, Profile], analyte: str, age: pd.Series | None) -> Guess | None:
    """Return the analyte's column with unit, limit and batch.

    Parameters
    ----------
    pool
        Profiles of the columns that are still free.
    analyte
        Its name, one of `ANALYTES`.
    age
        Ages of the rows, where the table has them.
    """
    words = synonyms()["analytes"][analyte]
    found = _best(pool, words["names"], words["patterns"])
    if found is None:
        return None
    named, profile = found
    reading = _Reading(profile, analyte)
    confidence: Confidence = "sure" if named.closeness == EXACT else "likely"
    known = ANALYTES[analyte].magnitudes
    unit, questions, why = guess_unit(profile, known, reading.values, age)
    settings: dict[str, object] = {"unit": unit}
    limits, limit_questions, limit_reasons = reading.limits()
    settings |= limits
    batch = _batch(pool, profile)
    reasons = ["name", *why, *limit_reasons]
    if batch:
        settings["batch"] = batch.name
        reasons.append(f"batch: {batch.name} ({len(batch.values)} values)")
        if (
            match(batch.name, ["batch", "plate", "assay run", "platte", "lot", "charge", "kit lot"])
            is None
        ):
            limit_questions.append(Question(f"Is {batch.name} the batch of the assay?", "batch"))
    if named.closeness != EXACT:
        questions.insert(0, Question(f"Is {profile.name} the analyte itself?", "column"))
    return Guess(
        "analyte", (profile.name,), confidence, tuple(reasons), settings,
        (*questions, *limit_questions),
    )  # fmt: skip


def guess_igfbp3(pool: Mapping[str, Profile]) -> Guess | None:
    """Return the column of IGFBP-3 with its unit."""
    found = _best(pool, synonyms()["igfbp3"], [])
    if found is None:
        return None
    profile = found[1]
    values = profile.clean(profile.apart).dropna()
    unit, questions, why = guess_unit(profile, _IGFBP3, values, None)
    reasons = ("name", *why)
    return Guess("igfbp3", (profile.name,), "sure", reasons, {"unit": unit}, tuple(questions))


def _best(
    pool: Mapping[str, Profile], names: Sequence[str], patterns: Sequence[str]
) -> tuple[NameMatch, Profile] | None:
    found = [
        (named, profile)
        for profile in pool.values()
        if (named := match(profile.name, names, patterns, profile.title))
        and _measured_share(profile) > 0.8
        and len(profile.numbers) > 4
    ]
    return min(found, key=lambda f: (-f[0].closeness, f[1].missing_share), default=None)


def _measured_share(profile: Profile) -> float:
    censored = sum(profile.values[text] for text in profile.values if _is_below(text))
    total = sum(profile.values.values())
    return profile.number_share + (censored / total if total else 0.0)


def _is_below(text: str) -> bool:
    plain = text.casefold().replace(" ", "")
    words = {str(word).casefold().replace(" ", "") for word in synonyms()["below_words"]}
    return plain in words or bool(re.fullmatch(r"<\d+([.,]\d+)?", plain))


def guess_unit(
    profile: Profile, magnitudes: Sequence[Magnitude], values: pd.Series, age: pd.Series | None
) -> tuple[str, list[Question], list[str]]:
    """Return unit (or the placeholder), questions, and reasons."""
    for pattern, unit, source in _OF_SOURCE:
        if re.fullmatch(pattern, profile.name, re.IGNORECASE):
            return unit, [], [f"{unit} in {source}"]
    median, who = _median(values, age)
    shown = f"median {median:.3g} ({who})"
    by_size = next((m for m in magnitudes if m.low <= median < m.high), None)
    for text in (profile.name, profile.title):
        for unit, pattern in WRITTEN:
            if re.search(rf"(?<![a-z]){pattern}", text.casefold()):
                return _declared(unit, by_size, shown, text)
    units = [m.unit for m in magnitudes if m.unit]
    if by_size is None or not by_size.unit:
        text = f"Which unit? {shown} goes with no unit for sure; look at the laboratory's sheet"
        return PLACEHOLDER, [Question(text, "unit", tuple(units))], [shown]
    rest = ", ".join(unit for unit in units if unit != by_size.unit)
    text = f"Is the unit {by_size.unit}? {shown} goes with it; other possible units: {rest}"
    return by_size.unit, [Question(text, "unit")], [f"{shown} goes with {by_size.unit}"]


def _declared(
    unit: str, by_size: Magnitude | None, shown: str, text: str
) -> tuple[str, list[Question], list[str]]:
    same = {"ug/L": "ng/mL", "uIU/mL": "mU/L"}
    reason = f"{text!r} says {unit}"
    if by_size and by_size.unit and by_size.unit != same.get(unit, unit):
        question = Question(
            f"{reason}, but {shown} goes with {by_size.unit}: which is right?",
            "unit", (unit, by_size.unit),
        )  # fmt: skip
        return PLACEHOLDER, [question], [reason]
    return unit, [], [f"{reason}; {shown}"]


def _median(values: pd.Series, age: pd.Series | None) -> tuple[float, str]:
    if age is not None and age.index.equals(values.index):
        adults = values[(age >= _ADULT) & values.notna()]
        if len(adults) >= 20:
            return float(adults.median()), f"of {len(adults)} adults"
    known = values.dropna()
    return float(known.median()), f"of {len(known)} values"


class _Reading:
    """The numbers of a concentration, its codes, and what is written below the limit."""

    def __init__(self, profile: Profile, analyte: str) -> None:
        self.profile = profile
        self.analyte = analyte
        numbers = profile.numbers
        self.negative = [text for text in profile.apart if numbers[text] < 0]
        self.zero = [text for text, x in numbers.items() if x == 0]
        self.high = [text for text in profile.apart if numbers[text] > 0]
        cleaned = profile.clean([*self.negative, *self.zero, *self.high])
        self.values = cleaned.where(cleaned > 0)
        self.impossible = int((cleaned < 0).sum())

    def limits(self) -> tuple[dict[str, object], list[Question], list[str]]:
        """Return settings, questions and reasons of missing codes and the detection limit."""
        settings: dict[str, object] = {}
        questions: list[Question] = []
        reasons: list[str] = []
        below = [
            text for text in self.profile.values
            if _is_below(text) and text not in self.profile.less_than
        ]  # fmt: skip
        missing = list(self.high)
        if len(self.negative) > 1 and "-1" in self.negative:
            below.append("-1")
            missing += [code for code in self.negative if code != "-1"]
            questions.append(
                Question(
                    f"{', '.join(self.negative)}: does -1 mean below the detection limit, and the "
                    "rest missing?",
                    "missing",
                )
            )
        elif self.negative:
            missing += self.negative
            questions.append(
                Question(
                    f"Does {', '.join(self.negative)} mean missing? If it means below the "
                    "detection limit, write it under below_limit and give lod",
                    "missing",
                )
            )
        below += self.zero
        limit, why = self._limit(below)
        if limit is not None and not below:
            below.append(self._lowest()[0])
        if missing:
            settings["missing"] = missing
            reasons.append(f"{', '.join(missing)} stands for missing")
        if below:
            settings["below_limit"] = below
            settings["lod"] = limit
            questions.append(Question(f"Is {limit:g} the detection limit? {why}", "lod"))
            reasons.append(f"below the limit: {', '.join(below)}")
        if self.impossible:
            word = "value" if self.impossible == 1 else "values"
            reasons.append(f"{self.impossible} negative {word} will be quarantined")
        if self.profile.less_than:
            n = sum(self.profile.values[text] for text in self.profile.less_than)
            shown = ", ".join(self.profile.less_than[:3])
            what = f"value ({shown}) is" if n == 1 else f"values such as {shown} are"
            reasons.append(f"{n} {what} read as below that limit")
        return settings, questions, reasons

    def _lowest(self) -> tuple[str, float, int, float]:
        """Return the lowest value as written, as a number, how often it stands, and the next."""
        logs = np.log(self.values.dropna())
        # A value in another unit is not the limit of the assay.
        spread = 1.4826 * float((logs - logs.median()).abs().median())
        floor = float(np.exp(logs.median() - 4 * spread))
        numbers = {
            text: x
            for text, x in self.profile.numbers.items()
            if text not in self.high
            and (x >= floor or (x > 0 and self.profile.values[text] >= _PILED_UP))
        }
        first, *rest = sorted(numbers, key=lambda text: numbers[text])
        following = numbers[rest[0]] if rest else np.inf
        return first, numbers[first], self.profile.values[first], following

    def _limit(self, below: list[str]) -> tuple[float | None, str]:
        text, lowest, n, following = self._lowest()
        if below:
            shown = ", ".join(below)
            return lowest, f"{text} is the lowest value beside {shown}; the kit's sheet says it"
        often = n >= _PILED_UP and n > 0.002 * self.values.notna().sum()
        if not often or following == np.inf or self._next_is_as_frequent(following, n):
            return None, ""
        ratio = following / lowest
        if 1.3 < ratio < 1.6:
            limit = float(f"{lowest * np.sqrt(2):.3g}")
            return limit, f"{text} stands {n} times, apart: it looks like the limit over √2"
        if 1.6 <= ratio < 2.6:
            return float(f"{2 * lowest:.3g}"), f"{text} stands {n} times, apart: half the limit?"
        return None, ""

    def _next_is_as_frequent(self, following: float, n: int) -> bool:
        values = self.profile.numbers
        here = sum(self.profile.values[t] for t, x in values.items() if x == following)
        return here > 3 * n


def _batch(pool: Mapping[str, Profile], profile: Profile) -> Profile | None:
    for other in pool.values():
        if other.name == profile.name or other.table != profile.table:
            continue
        if not match(other.name, synonyms()["batch"], title=other.title):
            continue
        if 2 <= len(other.values) <= max(50, other.rows // 10) and other.integers:
            return other
    return None
