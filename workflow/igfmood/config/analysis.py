"""What is asked of a cohort's table beyond its groups: missing values, subsets, forks, genetics.

Takes the mappings of the configuration; gives frozen, checked models with their defaults.
"""

import re
from collections.abc import Iterator
from typing import Any, Literal, Self

from pydantic import Field, model_validator

from igfmood.config.base import Label, Slug, Strict, normal_code, refuse
from igfmood.config.rules import Rule
from igfmood.config.vocabulary import DIAGNOSES, SUBTYPES, VARIABLES

#: Population that is no subset.
ALL = "all"
#: Strata that begin with a population; no other stratum begins with a name and a bar.
_OF_POPULATION = re.compile(r"(?P<population>[\w-]+)\|(?P<part>.*)")
#: Strata of the results that are no subset either.
_TAKEN = (ALL, "complete_cases", "one_stage")
#: Completed tables below which having drawn so few of them is seen in the results: at 20, with half
#: of the information missing, a standard error is 1 % larger than with ever more tables (Rubin
#: 1987, page 114); with fewer, p-values move with the seed (White, Royston & Wood 2011).
_FEWEST_TABLES = 20


def within(population: str, part: str) -> str:
    """Return the stratum of a part of a population's results, such as those without a cohort.

    Examples
    --------
    >>> within("all", "without clinic"), within("women", "without clinic")
    ('without clinic', 'women|without clinic')
    """
    return part if population == ALL else f"{population}|{part}"


def part_of(stratum: str, population: str) -> str | None:
    """Return which part of a population's results a stratum names, None if it is another's.

    Examples
    --------
    >>> part_of("women|without clinic", "women"), part_of("without clinic", "women")
    ('without clinic', None)
    """
    found = _OF_POPULATION.fullmatch(stratum)
    whose, part = (ALL, stratum) if found is None else (found["population"], found["part"])
    return part if whose == population else None


class Imputation(Strict):
    """How missing values are imputed."""

    m: int = Field(
        20, ge=0, le=200,
        description="Completed tables, 20 or more; 0: people with a missing value are left out "
        "instead",
    )  # fmt: skip
    iterations: int = Field(10, ge=1, le=100, description="Iterations of the chained equations")
    max_missing: float = Field(
        0.5, ge=0, le=1,
        description="A variable missing in a larger share of the cohort is not imputed: what uses "
        "it is estimated among those who have it",
    )  # fmt: skip
    delta: float = Field(
        1.0,
        gt=0,
        le=3,
        description="Tipping point: imputed scores are shifted by up to this many SD (per SD of "
        "the outcome, where that is a number)",
    )

    @model_validator(mode="after")
    def _enough(self) -> Self:
        if 0 < self.m < _FEWEST_TABLES:
            raise ValueError(
                f"m of {self.m} is too few to tell how uncertain the imputed values are: errors "
                "and p-values would change with the seed; set m to "
                f"{_FEWEST_TABLES} or more, or 0 for none"
            )
        return self


class Subset(Strict):
    """People among whom everything is estimated again."""

    name: Slug = Field(description="Short name; `stratum` of the results")
    label: Label = Field(max_length=80, description="Name shown in the report")
    kind: Literal["stratum", "sensitivity"] = Field(
        "stratum",
        description="stratum: does it differ between people; sensitivity: does it hinge on them",
    )
    rules: list[Rule] = Field(
        [], description="Every one must be met; a missing value does not meet a rule"
    )
    within_percentiles: tuple[float, float] | None = Field(
        None, description="Only scores of the analyte between these percentiles of the cohort"
    )
    cases_only: bool = Field(
        False, description="The rules are about cases; people without a diagnosis stay"
    )
    women_only: bool = Field(False, description="The rules are about women; men stay")

    @property
    def fixed(self) -> set[str]:
        """Variables of one value among its people, for which nothing can be adjusted."""
        if self.cases_only or self.women_only:
            return set()
        return {rule.variable for rule in self.rules if len(rule.equals or []) == 1}

    @model_validator(mode="after")
    def _says_who(self) -> Self:
        if self.name in _TAKEN or self.name.startswith("without"):
            raise ValueError(f"{self.name!r} is a name that results use for something else")
        if not self.rules and self.within_percentiles is None:
            raise ValueError("a subset needs rules or within_percentiles")
        if self.within_percentiles is not None:
            low, high = self.within_percentiles
            if not 0 <= low < high <= 100:
                raise ValueError(
                    f"within_percentiles goes from 0 to 100, low before high: {low}, {high}"
                )
        refuse(text for rule in self.rules for text in _never_met(rule))
        return self


def _never_met(rule: Rule) -> Iterator[str]:
    """Give a problem for values that a variable cannot have: nobody would be left."""
    about = VARIABLES.get(rule.variable)
    words: tuple[str, ...] = ()
    if rule.variable == "diagnosis":
        words = (*DIAGNOSES, *SUBTYPES)
    elif about is not None:
        words = ("yes", "no") if about.kind == "flag" else about.categories
    wrong = [code for code in rule.equals or [] if normal_code(code) not in words]
    if words and wrong:
        yield f"rule {rule.name!r}: {rule.variable} is never {wrong}; allowed: {list(words)}"


def _subset(name: str, label: str, *rules: dict[str, Any], **more: Any) -> Subset:
    return Subset.model_validate(
        {"name": name, "label": label, "rules": [{"name": label, **r} for r in rules], **more}
    )


def _is(variable: str, *values: str) -> dict[str, Any]:
    return {"variable": variable, "equals": list(values)}


_SENSITIVITY: dict[str, Any] = {"kind": "sensitivity"}

DEFAULT_SUBSETS = [
    _subset("women", "Women", _is("sex", "female")),
    _subset("men", "Men", _is("sex", "male")),
    _subset("younger", "Younger than 50", {"variable": "age_years", "below": 50}),
    _subset("older", "50 or older", {"variable": "age_years", "at_least": 50}),
    _subset("ad_free", "Without antidepressant", _is("ad_use", "no")),
    _subset("ad_users", "Cases on an antidepressant", _is("ad_use", "yes"), cases_only=True),
    _subset("current", "Current episode", _is("dx_status", "current"), cases_only=True),
    _subset("remitted", "Remitted", _is("dx_status", "remitted"), cases_only=True),
    _subset("euthymic", "Euthymic", _is("mood_state", "euthymic"), cases_only=True),
    _subset("depressed", "Depressed", _is("mood_state", "depressed"), cases_only=True),
    _subset("manic", "Manic or mixed", _is("mood_state", "manic", "mixed"), cases_only=True),
    _subset(
        "usual_bmi", "BMI of 18.5 to 35", {"variable": "bmi", "at_least": 18.5},
        {"variable": "bmi", "below": 35}, **_SENSITIVITY,
    ),
    _subset("no_oral_contraceptive", "Without hormonal contraceptive", _is("oc_use", "no"),
            women_only=True, **_SENSITIVITY),
    _subset("no_oestrogen", "Without oestrogen therapy", _is("hrt_route", "none"),
            women_only=True, **_SENSITIVITY),
    _subset(
        "same_fortnight", "Blood and questionnaire within 14 days",
        {"variable": "lag_days", "at_least": -14}, {"variable": "lag_days", "below": 15},
        **_SENSITIVITY,
    ),
    _subset("no_extremes", "Without the lowest and highest 1 %", within_percentiles=(1, 99),
            **_SENSITIVITY),
]  # fmt: skip


class Forks(Strict):
    """The choices an analyst could have made otherwise; every combination is estimated."""

    adjustment: list[Slug] = Field(
        [], description="Covariate tiers; empty: all of `covariate_tiers`"
    )
    missing: list[Literal["imputed", "complete_cases"]] = Field(
        ["imputed", "complete_cases"], min_length=1, description="What is done about missing values"
    )
    exposure: list[Literal["sds", "log"]] = Field(
        ["sds", "log"], min_length=1,
        description="Scale of the analyte: standard deviation score, or log concentration in SDs "
        "given age and sex",
    )  # fmt: skip
    population: list[Slug] = Field(
        [ALL, "ad_free", "usual_bmi", "no_extremes"], min_length=1,
        description="`all`, or names of `subsets`",
    )  # fmt: skip

    @model_validator(mode="after")
    def _once(self) -> Self:
        for key in ("adjustment", "missing", "exposure", "population"):
            names = getattr(self, key)
            twice = sorted({name for name in names if names.count(name) > 1})
            if twice:
                raise ValueError(f"{key} names {twice} twice: every combination is estimated once")
        return self


class Shape(Strict):
    """How a curve and its tails are asked for."""

    knots: int = Field(4, ge=3, le=7, description="Knots of the restricted cubic spline")
    low_percentile: float = Field(
        10, gt=0, lt=50, description="Below this percentile of the comparison group IGF-1 is low"
    )
    high_percentile: float = Field(
        90, gt=50, lt=100, description="Above this percentile of the comparison group IGF-1 is high"
    )
