"""How prediction models are built, validated and judged.

Takes the mappings under ``resampling:`` and ``prediction:``; gives checked models.
"""

from collections.abc import Iterator, Mapping
from math import log
from typing import Literal, Self

from pydantic import Field, model_validator

from igfmood.config.base import Strict, refuse
from igfmood.config.vocabulary import COVARIATES

#: Forms in which the analyte can predict: a line, a spline by sex, and its tails.
ANALYTE, ANALYTE_SPLINE, ANALYTE_TAILS = "analyte", "analyte_spline", "analyte_tails"
ANALYTE_FORMS = (ANALYTE, ANALYTE_SPLINE, ANALYTE_TAILS)
#: The two items of the PHQ-9 that are used as a first question.
PHQ2 = "phq2_total"
#: Everything that may predict.
PREDICTORS = (*COVARIATES, PHQ2, *ANALYTE_FORMS)

#: Outcomes besides the contrasts of groups in `tasks`.
OUTCOMES = ("phq9_10", "response", "incident_depression", "incident_bipolar", "diagnosis")

#: What age, sex and BMI know, what else a clinician knows, and the analyte on top of either.
_BASE = ["age_years", "sex", "bmi"]
_CLINICAL = [*_BASE, "smoking", "alcohol_g_day", "crp", "ad_use"]
DEFAULT_TIERS: dict[str, list[str]] = {
    "base": _BASE,
    "analyte": [ANALYTE],
    "base_analyte": [*_BASE, ANALYTE],
    "base_spline": [*_BASE, ANALYTE_SPLINE],
    "base_tails": [*_BASE, ANALYTE_TAILS],
    "clinical": _CLINICAL,
    "clinical_analyte": [*_CLINICAL, ANALYTE],
    "phq2": [*_CLINICAL, PHQ2],
    "phq2_analyte": [*_CLINICAL, PHQ2, ANALYTE],
}


class Resampling(Strict):
    """How prediction models are validated."""

    folds: int = Field(5, ge=2, le=20, description="Folds of the cross-validation")
    repeats: int = Field(5, ge=1, le=200, description="Repeats of the cross-validation")
    comparison_repeats: int = Field(
        1, ge=1, le=200,
        description="Of these, how many elastic net and gradient boosting take part in",
    )  # fmt: skip
    bootstrap: int = Field(
        50, ge=50, le=10_000,
        description="Bootstrap samples of the whole pipeline, for the optimism, whose Monte Carlo "
        "error is given; 500 for a paper",
    )  # fmt: skip
    permutations: int = Field(
        20, ge=0, le=10_000,
        description="Runs of the whole pipeline with labels permuted within cohorts; 0 for none",
    )  # fmt: skip
    intervals: int = Field(
        1000, ge=200, le=20_000,
        description="Bootstrap samples of stored predictions, for intervals without a formula",
    )  # fmt: skip
    imputations: int = Field(
        5, ge=1, le=100,
        description="Completed tables of predictors with gaps, each imputed in the training part",
    )  # fmt: skip


class Prevalence(Strict):
    """A share of cases where the test would be used."""

    value: float = Field(gt=0, lt=1, description="Share of cases")
    low: float | None = Field(None, gt=0, lt=1, description="Lower 95 % limit, if it is uncertain")
    high: float | None = Field(None, gt=0, lt=1, description="Upper 95 % limit")

    @model_validator(mode="after")
    def _limits(self) -> Self:
        if (self.low is None) != (self.high is None):
            raise ValueError("give low and high, or neither")
        if self.low is not None and not self.low < self.value < (self.high or 0):
            raise ValueError(f"{self.value} does not lie between {self.low} and {self.high}")
        return self

    def __str__(self) -> str:
        return f"{self.value:g}"

    @property
    def se(self) -> float:
        """Standard error of the log odds, 0 where the prevalence is taken as known."""
        if self.low is None or self.high is None:
            return 0.0
        odds = [log(share / (1 - share)) for share in (self.low, self.high)]
        return (odds[1] - odds[0]) / (2 * 1.959963984540054)


class Cut(Strict):
    """How a cut-point is chosen."""

    rule: Literal["youden", "sensitivity", "specificity", "cost"] = Field(
        description="What is made large, or held: see docs/performance.md"
    )
    value: float | None = Field(
        None, gt=0,
        description="Share that is held, or cost of a missed case in false alarms",
    )  # fmt: skip

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if (self.value is None) != (self.rule == "youden"):
            raise ValueError(f"rule {self.rule} " + ("needs a value" if self.value is None
                             else "takes no value"))  # fmt: skip
        if self.rule in ("sensitivity", "specificity") and not 0 < (self.value or 0) < 1:
            raise ValueError(f"{self.rule} {self.value} is no share between 0 and 1")
        return self

    def __str__(self) -> str:
        return self.name

    @property
    def name(self) -> str:
        """How the rule is written in the results."""
        return self.rule if self.value is None else f"{self.rule} {self.value:g}"


class Prediction(Strict):
    """What is predicted, by which models, and where it would be used."""

    outcomes: list[Literal[OUTCOMES]] = Field(  # type: ignore[valid-type]
        list(OUTCOMES), description="Outcomes besides `tasks`, each where a cohort has it"
    )
    models: list[Literal["logistic", "elastic_net", "boosting"]] = Field(
        ["logistic", "elastic_net", "boosting"],
        min_length=1,
        description="Kinds of model; the logistic one is what claims are judged by",
    )
    spline_covariates: list[str] = Field(
        ["age_years", "bmi"], description="Covariates that enter as a spline of three knots"
    )
    l1_ratio: float = Field(
        0.5, gt=0, le=1, description="Share of the lasso in the elastic net's penalty"
    )
    horizon_years: float = Field(
        5, gt=0, description="Time within which an event in the future is predicted"
    )
    thresholds: list[float] = Field(
        [0.02, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5], min_length=1,
        description="Risks at which one would act, for net benefit",
    )  # fmt: skip
    prevalences: list[Prevalence] = Field(
        [Prevalence(value=0.024), Prevalence(value=0.1), Prevalence(value=0.4)],
        description="Shares of cases for predictive values",
    )
    cut_points: list[Cut] = Field(
        [Cut(rule="youden"), Cut(rule="sensitivity", value=0.9),
         Cut(rule="specificity", value=0.9), Cut(rule="cost", value=5)],
        description="Rules by which a cut-point is chosen",
    )  # fmt: skip

    @model_validator(mode="after")
    def _sound(self) -> Self:
        refuse(self._problems())
        return self

    def _problems(self) -> Iterator[str]:
        wrong = [t for t in self.thresholds if not 0 < t < 1]
        if wrong or sorted(set(self.thresholds)) != self.thresholds:
            yield f"thresholds must rise and lie between 0 and 1; found {self.thresholds}"
        if "logistic" not in self.models:
            yield "models must have logistic: claims are judged by it"
        for name in ("models", "outcomes"):
            values = getattr(self, name)
            if len(set(values)) < len(values):
                yield f"{name} has an entry twice: {values}"
        unknown = [name for name in self.spline_covariates if name not in COVARIATES]
        if unknown:
            yield f"spline_covariates has unknown names {unknown}; allowed: {list(COVARIATES)}"


#: Models that are compared with the one that stands for a task, which claims are judged by.
COMPARED_MODELS = ("elastic_net", "boosting")


def added_pairs(tiers: Mapping[str, list[str]]) -> list[tuple[str, str]]:
    """Return pairs of tiers that differ in the analyte alone: with it, and without."""
    return [
        (new, old)
        for new, with_it in tiers.items()
        for old, without in tiers.items()
        if set(without) < set(with_it) and set(with_it) - set(without) <= set(ANALYTE_FORMS)
        and not set(without) & set(ANALYTE_FORMS)
    ]  # fmt: skip
