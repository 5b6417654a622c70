"""What a claim must say before the data are read.

Takes the list in the claims file; gives frozen `Claim` models: statement, estimand, direction,
margin, and the bounds that a verdict is judged by.
"""

from collections.abc import Collection, Iterable
from typing import Literal, Self

from pydantic import Field, model_validator

from igfmood.config.analysis import ALL
from igfmood.config.base import Label, Slug, Strict

#: BEST categories of a biomarker (FDA-NIH Biomarker Working Group 2016).
Category = Literal[
    "susceptibility", "diagnostic", "monitoring", "prognostic", "predictive", "response", "safety"
]
#: Analyses that claims may ask for.
Analysis = Literal[
    "contrast", "severity", "validation", "tails", "cognition", "stress_buffering",
    "neuroplasticity", "incidence", "treatment", "within_person", "mendelian",
]  # fmt: skip

#: Analysis: its targets (``<task>``: every task), and measure and term of each number.
ANSWERS: dict[str, list[tuple[str, tuple[tuple[str, str], ...]]]] = {
    "contrast": [("<task>", (("smd", ""), ("log_rom", ""), ("log_vr", "")))],
    "severity": [
        ("phq9_total", (("beta", ""), ("log_rr", ""), ("log_or", ""))),
        ("phq9_10", (("log_or", ""),)),
        ("phq9_cognitive", (("beta", ""),)),
    ],
    "validation": [("<task>", (("auc", ""),))],
    "tails": [
        ("<task>", tuple(("log_or", term) for term in ("low", "high", "excess", "squared"))),
    ],
    "cognition": [
        ("cognition_score", (("beta", ""), ("beta", "decline"), ("beta", "level_over_visits"))),
    ],
    "stress_buffering": [("phq9_total", (("beta", ""),))],
    "neuroplasticity": [
        ("hippocampal_volume", (("beta", ""),)),
        ("phq9_total", (("indirect", ""), ("direct", ""), ("total", ""))),
    ],
    "incidence": [
        ("depression", (("log_hr", ""), ("log_or", ""))),
        ("bipolar", (("log_hr", ""), ("log_or", ""))),
    ],
    "treatment": [("response", (("log_or", "predictive"), ("log_or", "prognostic")))],
    "within_person": [("phq9_total", (("beta", ""), ("beta", "between")))],
    "mendelian": [("depression", (("beta", ""),)), ("bipolar", (("beta", ""),))],
}  # fmt: skip
#: Analysis, target, measure and terms of numbers that only the last covariate tier has.
LAST_TIER = (
    ("severity", "phq9_cognitive", "beta", ("",)),
    ("cognition", "cognition_score", "beta", ("decline", "level_over_visits")),
    ("neuroplasticity", "phq9_total", "indirect", ("",)),
    ("neuroplasticity", "phq9_total", "direct", ("",)),
    ("neuroplasticity", "phq9_total", "total", ("",)),
    ("incidence", "depression", "log_or", ("",)),
    ("incidence", "bipolar", "log_or", ("",)),
    ("within_person", "phq9_total", "beta", ("", "between")),
)  # fmt: skip
#: Analysis, target (``<task>``: every task), measure and term of numbers that are estimated in
#: subsets too.
IN_SUBSETS = (
    ("contrast", "<task>", "smd", ""),
    ("severity", "phq9_total", "beta", ""),
    ("severity", "phq9_10", "log_or", ""),
    ("cognition", "cognition_score", "beta", ""),
    ("stress_buffering", "phq9_total", "beta", ""),
    ("neuroplasticity", "hippocampal_volume", "beta", ""),
    ("incidence", "depression", "log_hr", ""),
    ("incidence", "bipolar", "log_hr", ""),
    ("treatment", "response", "log_or", "prognostic"),
)  # fmt: skip


class Estimand(Strict):
    """Which pooled result the claim is judged by: keys of the results table."""

    analysis: Analysis = Field(description="Analysis that estimates it")
    target: str = Field(description="Task or outcome")
    population: Slug = Field(
        ALL,
        description="`all`, or the name of one of the study's `subsets`: the claim is about these "
        "people alone",
    )
    measure: str = Field(description="Measure of the result, such as smd, beta, auc")
    adjustment: str = Field(
        "", description="Covariate tier, or prediction tier; empty for mendelian"
    )
    term: str = Field("", description="Which of several numbers, such as low, decline, predictive")
    also: str = Field(
        "",
        description="A second term that must hold as well: both have to support the claim, either "
        "can refute it",
    )

    @property
    def terms(self) -> list[str]:
        """The terms that decide: one, or two that must both hold."""
        return [self.term, self.also] if self.also else [self.term]

    def in_subsets(self, tasks: Collection[str]) -> bool:
        """Return whether its number is estimated in subsets too; `tasks` are those of the study."""
        return not self.also and any(
            (analysis, measure, term) == (self.analysis, self.measure, self.term)
            and (self.target in tasks if target == "<task>" else self.target == target)
            for analysis, target, measure, term in IN_SUBSETS
        )

    @property
    def last_tier_only(self) -> bool:
        """Whether only the last covariate tier has such a number."""
        return any(
            (analysis, target, measure) == (self.analysis, self.target, self.measure)
            and (self.term in terms or self.also in terms)
            for analysis, target, measure, terms in LAST_TIER
        )


class ClaimGates(Strict):
    """What must hold for a claim to be judged at all; a gate that is not named is not asked."""

    people: int | None = Field(None, ge=1, description="People behind the pooled number, at least")
    events: int | None = Field(
        None, ge=1, description="Cases or events behind the pooled number, at least"
    )
    missing: float | None = Field(
        None, gt=0, lt=1,
        description="Largest share of people at the first visit without the analyte, over the "
        "cohorts that have a number; of everybody, whatever the population",
    )  # fmt: skip
    calibration_slope: tuple[float, float] | None = Field(
        None,
        description="diagnostic: the pooled calibration slope in cohorts not used for the model "
        "must lie between these for the claim to be supported",
    )

    @model_validator(mode="after")
    def _slope_rises(self) -> Self:
        if self.calibration_slope and not 0 < self.calibration_slope[0] < self.calibration_slope[1]:
            raise ValueError(
                f"calibration_slope needs two rising numbers above 0; found "
                f"{list(self.calibration_slope)}"
            )
        return self


class Claim(Strict):
    """One claim, fixed before the data are read."""

    id: Slug = Field(description="Short name, used in results")
    statement: Label = Field(min_length=10, description="The sentence that is put to the test")
    category: Category = Field(description="BEST category of biomarker")
    kind: Literal["effect", "diagnostic"] = Field(
        "effect", description="effect: beyond a margin; diagnostic: reaches a bound and adds value"
    )
    estimand: Estimand = Field(description="The pooled result that decides")
    direction: Literal["lower", "higher"] = Field(
        "higher",
        description="Sign that the claim says: of the estimate; diagnostic: of the difference",
    )
    margin: float = Field(0.2, gt=0, description="Estimates within this of zero are of no interest")
    bound: float | None = Field(
        None, gt=0.5, lt=1, description="diagnostic: the AUC that the lower limit must reach"
    )
    contrast: Slug | None = Field(
        None,
        description="diagnostic: covariate tier of the group difference that must not point away "
        "from `direction`",
    )
    min_cohorts: int = Field(
        2,
        ge=1,
        description="Cohorts needed to judge the claim; with 1 the verdict speaks of that cohort",
    )
    gates: ClaimGates = Field(
        default_factory=ClaimGates,
        description="What must hold beside `min_cohorts`: else the claim is NOT EVALUABLE",
    )
    thresholds: tuple[float, float] | None = Field(
        None,
        description="diagnostic: lowest and highest risk at which one would act; net benefit "
        "there stands beside the verdict",
    )
    family: Slug | None = Field(
        None,
        description="Primary claims that are one question: Holm within the family. Without one a "
        "claim is secondary: Benjamini–Hochberg over all of these",
    )

    @model_validator(mode="after")
    def _diagnostic_is_validation(self) -> Self:
        if (self.kind == "diagnostic") != (self.estimand.analysis == "validation"):
            raise ValueError(
                "claims of kind diagnostic, and only these, are judged by analysis validation; "
                f"found kind {self.kind} with analysis {self.estimand.analysis}"
            )
        return self

    @model_validator(mode="after")
    def _diagnostic_needs_a_bound(self) -> Self:
        if (self.kind == "diagnostic") != (self.bound is not None):
            raise ValueError("bound belongs to claims of kind diagnostic, and they need it")
        if (self.kind == "diagnostic") != (self.contrast is not None):
            raise ValueError("contrast belongs to claims of kind diagnostic, and they need it")
        slope = self.gates.calibration_slope
        for name, given in (("thresholds", self.thresholds), ("gates.calibration_slope", slope)):
            if given is not None and self.kind != "diagnostic":
                raise ValueError(f"{name} belongs to claims of kind diagnostic")
        if self.thresholds and not 0 < self.thresholds[0] <= self.thresholds[1] < 1:
            raise ValueError(f"thresholds must rise between 0 and 1; found {list(self.thresholds)}")
        return self


class Claims(Strict):
    """All claims of a study."""

    claims: list[Claim] = Field(min_length=1)

    @model_validator(mode="after")
    def _own_ids(self) -> Self:
        ids = [claim.id for claim in self.claims]
        twice = sorted({name for name in ids if ids.count(name) > 1})
        if twice:
            raise ValueError(f"claims share the id {twice}: each needs its own")
        return self


def populations_of(claims: Iterable[Claim]) -> list[str]:
    """Return the populations whose pooled numbers come with all that a verdict needs."""
    return sorted({ALL, *(claim.estimand.population for claim in claims)})
