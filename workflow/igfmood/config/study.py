"""The study: everything that can be configured, with its default.

Takes the mapping of a configuration file; gives one checked, frozen `Study`. The only place
where defaults live.
"""

from collections.abc import Iterator
from functools import cached_property
from math import inf
from typing import Any, Literal, Self

from pydantic import Field, model_validator

from igfmood.config.analysis import ALL, DEFAULT_SUBSETS, Forks, Imputation, Shape, Subset
from igfmood.config.base import Label, Slug, Strict, refuse
from igfmood.config.cohort import Cohort
from igfmood.config.gates import Disclosure, Gates
from igfmood.config.genetics import Genetics
from igfmood.config.measurement import Normalise
from igfmood.config.operating import Operating
from igfmood.config.prediction import DEFAULT_TIERS, Prediction, Resampling
from igfmood.config.tiers import (
    control_problems,
    default_tiers,
    fork_problems,
    prediction_problems,
    tier_problems,
    unknown,
)
from igfmood.config.units import ACTIVITY_UNITS, MOLAR_UNITS, Unit, factor, unit_slug
from igfmood.config.vocabulary import DIAGNOSES

#: Medians of serum IGF-1 in ng/mL, from old people (Framingham) to puberty, over assays that differ
#: by a factor of two. In nmol/L they are 7.6 times smaller, so the two cannot be mistaken.
_IGF1_MEDIANS = (50.0, 600.0)
#: Beyond these a concentration of IGF-1 (ng/mL) is impossible.
_IGF1_POSSIBLE = (1.0, 2000.0)
_IGF1_MOLAR_MASS = 7649.0


class Analyte(Strict):
    """The substance under study. Serum IGF-1 unless the study says otherwise."""

    name: Slug = Field("igf1", description="Prefix of the analyte's columns")
    label: Label = Field("IGF-1", description="Name in text and figures")
    unit: Unit = Field("ng/mL", description="Unit that every cohort is converted to")
    molar_mass: float | None = Field(
        None, gt=0, description="g/mol, for molar units. Default for IGF-1: 7649; else none"
    )
    ng_per_mu: float | None = Field(
        None,
        gt=0,
        description="ng in one mU (insulin: 34.7), where some columns are in units of activity "
        "(mU/L, uIU/mL) and some are not",
    )
    lowest_possible: float | None = Field(
        None,
        ge=0,
        description="Below this, in `unit`, a value is impossible. Default for IGF-1: 1 ng/mL; "
        "else not checked",
    )
    highest_possible: float | None = Field(
        None,
        gt=0,
        description="Above this, in `unit`, a value is impossible. Default for IGF-1: 2000 ng/mL; "
        "else not checked",
    )
    typical_median: tuple[float, float] | None = Field(
        None,
        description="Lowest and highest median that a cohort can have, in `unit`; a column outside "
        "contradicts its declared unit. Default for IGF-1: 50 to 600 ng/mL; else not checked",
    )

    @model_validator(mode="after")
    def _limits_in_order(self) -> Self:
        pairs = {"lowest_possible, highest_possible": self.possible}
        if self.typical_median is not None:
            pairs["typical_median"] = self.typical_median
        for name, (low, high) in pairs.items():
            if low >= high:
                raise ValueError(f"{name}: the lower limit {low:g} is not below {high:g}")
        return self

    @model_validator(mode="before")
    @classmethod
    def _mass_of_igf1(cls, given: Any) -> Any:
        if isinstance(given, dict) and given.get("name", "igf1") == "igf1":
            return {"molar_mass": _IGF1_MOLAR_MASS, **given}
        return given

    def factor(self, unit: str, to: str) -> float:
        """Return what a concentration in `unit` is multiplied by to be in `to`."""
        return factor(unit, to, self.molar_mass, self.ng_per_mu)

    def lacks(self, unit: str) -> str:
        """Return the key without which values in `unit` cannot be converted, or nothing."""
        if self.molar_mass is None and {unit, self.unit} & MOLAR_UNITS.keys():
            return "molar_mass"
        activities = [each in ACTIVITY_UNITS for each in (unit, self.unit)]
        return "ng_per_mu" if self.ng_per_mu is None and any(activities) > all(activities) else ""

    @cached_property
    def usual_median(self) -> tuple[float, float] | None:
        """Lowest and highest plausible median in the study's unit, None where nothing is known."""
        return self.typical_median or self._of_igf1(_IGF1_MEDIANS)

    @cached_property
    def possible(self) -> tuple[float, float]:
        """Lowest and highest possible value in the study's unit, 0 and infinity if unknown."""
        low, high = self._of_igf1(_IGF1_POSSIBLE) or (0.0, inf)
        return (
            low if self.lowest_possible is None else self.lowest_possible,
            high if self.highest_possible is None else self.highest_possible,
        )

    def _of_igf1(self, ng_ml: tuple[float, float]) -> tuple[float, float] | None:
        """Return what is known of IGF-1 in the study's unit, and nothing of other analytes."""
        if self.name != "igf1" or self.lacks("ng/mL"):
            return None
        low, high = (value * self.factor("ng/mL", self.unit) for value in ng_ml)
        return low, high

    @cached_property
    def limit(self) -> str:
        """Column with the detection limit in the study's unit."""
        return f"{self.name}_lod_{unit_slug(self.unit)}"

    @cached_property
    def harmonised(self) -> str:
        """Column with the value after correction of batches, in the study's unit."""
        return f"{self.name}_harmonised_{unit_slug(self.unit)}"

    @cached_property
    def value(self) -> str:
        """Column with the value as given."""
        return f"{self.name}_value"

    @cached_property
    def converted(self) -> str:
        """Column with the value in the study's unit."""
        return f"{self.name}_{unit_slug(self.unit)}"

    @cached_property
    def below_lod(self) -> str:
        """Column that marks values below the detection limit."""
        return f"{self.name}_below_lod"

    @cached_property
    def sds(self) -> str:
        """Column with the standard deviation score."""
        return f"{self.name}_sds"

    @cached_property
    def sds_limit(self) -> str:
        """Column with the score that a value at the detection limit has, where it is below it."""
        return f"{self.name}_sds_limit"

    @cached_property
    def log_score(self) -> str:
        """Name of the other scale: log concentration in SDs given age, sex and group."""
        return f"{self.name}_log"


class Task(Strict):
    """A contrast of two groups: what cases are told apart from."""

    name: Slug = Field(description="Short name, used in results")
    label: Label = Field(description="Name in text and figures")
    cases: list[Literal[DIAGNOSES]] = Field(  # type: ignore[valid-type]
        min_length=1, description="Diagnoses that count as cases"
    )
    controls: list[Literal[DIAGNOSES]] = Field(  # type: ignore[valid-type]
        min_length=1, description="Diagnoses that cases are told apart from"
    )

    @model_validator(mode="after")
    def _apart(self) -> Self:
        both = sorted(set(self.cases) & set(self.controls))
        if both:
            raise ValueError(f"{both} cannot be cases and controls at once")
        return self


_EVERY_STAGE = ("study", "seed", "level", "cohorts")
#: Parts of the study that each stage uses.
_STAGE_USES = {
    "normalise": ("data_root", "analyte", "normalise", "gates", "tasks", "disclosure"),
    "association": (
        "analyte", "gates", "covariate_tiers", "tasks", "imputation", "subsets", "forks", "shape",
        "negative_controls", "negative_control_analytes",
    ),
    "synthesis": (
        "data_root", "analyte", "gates", "covariate_tiers", "tasks", "genetics",
        "published_evidence", "synthetic",
    ),
    "overlap": ("analyte",),
    "performance": (
        "data_root", "analyte", "normalise", "gates", "tasks", "prediction_tiers", "added_value",
        "resampling", "prediction", "imputation", "disclosure",
    ),
    "operating": (
        "data_root", "analyte", "normalise", "gates", "covariate_tiers", "tasks", "imputation",
        "subsets", "shape", "prediction_tiers", "added_value", "resampling", "prediction",
        "disclosure", "published_evidence", "equivalence_alpha", "operating", "synthetic",
    ),
    "evidence": ("equivalence_alpha", "analyte", "added_value", "prediction_tiers", "operating"),
}  # fmt: skip

DEFAULT_TASKS = [
    Task(name="depression", label="Depression vs control", cases=["mdd"], controls=["control"]),
    Task(name="bipolar", label="Bipolar vs control", cases=["bipolar"], controls=["control"]),
    Task(
        name="bipolar_vs_depression",
        label="Bipolar vs depression",
        cases=["bipolar"],
        controls=["mdd"],
    ),
]


class Study(Strict):
    """One study: cohorts, and what is asked of them."""

    study: Slug = Field(description="Short name; results go to results/<study>")
    title: Label = Field("", max_length=160, description="Title of the report")
    synthetic: bool = Field(
        False,
        description="The cohorts are invented: the report says so at its head, and published "
        "studies are not pooled with them",
    )
    seed: int = Field(1, ge=0, description="Seed of every random stream")
    data_root: str = Field(".", description="Folder of the tables, relative to the working folder")
    analyte: Analyte = Field(default_factory=Analyte, description="The substance under study")
    cohorts: list[Cohort] = Field(min_length=1, description="The cohorts, one entry each")
    normalise: Normalise = Field(
        default_factory=Normalise, description="How the analyte is made comparable"
    )
    covariate_tiers: dict[Slug, list[str]] = Field(
        {"unadjusted": [], "adjusted": ["age_years", "sex", "bmi"]},
        description="Covariates of each adjustment",
    )
    tasks: list[Task] = Field(DEFAULT_TASKS, min_length=1, description="Contrasts of groups")
    imputation: Imputation = Field(
        default_factory=Imputation, description="What is done about missing values"
    )
    subsets: list[Subset] = Field(
        DEFAULT_SUBSETS,
        description="People among whom estimates are repeated: strata and sensitivity analyses",
    )
    forks: Forks = Field(
        default_factory=Forks, description="Choices whose every combination is estimated"
    )
    shape: Shape = Field(default_factory=Shape, description="How curves and tails are estimated")
    prediction_tiers: dict[Slug, list[str]] = Field(
        DEFAULT_TIERS, description="Predictors of each model; docs/performance.md"
    )
    added_value: tuple[Slug, Slug] = Field(
        ("base_analyte", "base"), description="The two tiers whose AUCs are compared"
    )
    negative_controls: list[str] = Field(
        [],
        description="Numbers, or yes and no, that the analyte is not expected to move: their "
        "slopes show how far estimates stray for other reasons",
    )
    negative_control_analytes: list[str] = Field(
        [],
        description="Measured numbers that no outcome is expected to move with: they are put to "
        "the PHQ-9 and to every task as the analyte is, and join the negative controls",
    )
    genetics: Genetics | None = Field(
        None, description="Genetic summary tables for Mendelian randomisation; docs/mendelian.md"
    )
    published_evidence: str | None = Field(
        None, description="Table of published studies that stands beside the cohorts"
    )
    level: float = Field(0.95, gt=0.5, lt=1, description="Level of every interval")
    equivalence_alpha: float = Field(
        0.05, gt=0, lt=0.5, description="Level of each of the two one-sided tests of equivalence"
    )
    resampling: Resampling = Field(
        default_factory=Resampling, description="How prediction models are validated"
    )
    prediction: Prediction = Field(
        default_factory=Prediction, description="What is predicted, and where it would be used"
    )
    operating: Operating = Field(
        default_factory=Operating, description="How the error rates of the verdicts are found"
    )
    gates: Gates = Field(default_factory=Gates, description="Smallest sizes that are estimated")
    disclosure: Disclosure = Field(
        default_factory=Disclosure, description="What may leave the study"
    )
    claims: str = Field("config/claims.yaml", description="File with the claims")
    authors: str | None = Field(
        None, description="File with what only the authors can say; docs/checklists.md"
    )
    lock: str | None = Field(
        None,
        description="Lock file of the study; none: `<study>.lock.json` beside the study file. "
        "docs/lock.md",
    )

    @model_validator(mode="before")
    @classmethod
    def _default_tiers_without_the_analyte(cls, given: Any) -> Any:
        """Take the analyte out of the default tiers, where another study has it as a covariate."""
        if not isinstance(given, dict) or "prediction_tiers" in given:
            return given
        return {**given, "prediction_tiers": default_tiers(given)}

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        refuse(self._contradictions())
        return self

    def _contradictions(self) -> Iterator[str]:
        for kind, items in (("cohorts", self.cohorts), ("tasks", self.tasks)):
            names = [item.name for item in items]
            twice = sorted({name for name in names if names.count(name) > 1})
            if twice:
                yield f"{kind} share the name {twice}: each needs its own"
        alike: dict[str, str] = {}
        for cohort in self.cohorts:
            other = alike.setdefault(cohort.name.casefold(), cohort.name)
            if other != cohort.name:
                yield (
                    f"cohorts {other!r} and {cohort.name!r} differ in capital letters alone, and "
                    "would share their files on some disks: rename one"
                )
        reserved = [cohort.name for cohort in self.cohorts if cohort.name == "pooled"]
        if reserved:
            yield "no cohort may be called 'pooled': results over cohorts are"
        yield from tier_problems(
            self.covariate_tiers, self.prediction_tiers, self.analyte.name, self.cohorts
        )
        yield from fork_problems(self.forks, self.covariate_tiers)
        adjusted = self.covariate_tiers[self.main_tier] if self.covariate_tiers else []
        yield from control_problems(
            self.negative_controls, self.negative_control_analytes, self.analyte.name, adjusted
        )
        subsets = [subset.name for subset in self.subsets]
        if len(set(subsets)) < len(subsets):
            yield f"subsets share a name: {sorted(n for n in subsets if subsets.count(n) > 1)}"
        yield from unknown("forks.population", self.forks.population, [ALL, *subsets])
        yield from self._unit_contradictions()
        if self.analyte.name == "igfbp3":
            both = [cohort.name for cohort in self.cohorts if cohort.igfbp3]
            if both:
                yield (
                    f"analyte.name igfbp3 and the entry igfbp3 of {both} would share their "
                    "columns: give the analyte another name, or leave the entry out"
                )
        names = [task.name for task in self.tasks]
        yield from prediction_problems(
            names, self.prediction, self.prediction_tiers, self.added_value
        )
        folds, smallest = self.resampling.folds, self.gates.class_size
        if folds > smallest:
            yield (
                f"resampling.folds ({folds}) cannot exceed gates.class_size ({smallest}): every "
                "fold needs a case and a control"
            )

    def _unit_contradictions(self) -> Iterator[str]:
        """Tell units that nothing is known to convert by."""
        named = [("analyte.unit", self.analyte.unit)]
        for cohort in self.cohorts:
            for key, entry in (("analyte", cohort.analyte), ("reference", cohort.reference)):
                if entry is not None and entry.unit is not None:
                    named.append((f"cohorts ({cohort.name}).{key}.unit", entry.unit))
        meaning = {"molar_mass": "g/mol", "ng_per_mu": "ng in one mU"}
        for where, unit in named:
            lacking = self.analyte.lacks(unit)
            if lacking:
                yield (
                    f"{where} {unit!r} needs analyte.{lacking} ({meaning[lacking]}) to be compared "
                    f"with {self.analyte.unit!r} and other units: add that of {self.analyte.label}"
                )

    @property
    def main_tier(self) -> str:
        """The covariate tier that subsets and curves are adjusted for: the last."""
        return list(self.covariate_tiers)[-1]

    def cohort(self, name: str) -> Cohort:
        """Return the cohort of that name."""
        return next(cohort for cohort in self.cohorts if cohort.name == name)

    def for_stage(self, stage: str, cohort: str | None = None) -> dict[str, Any]:
        """Return the part of the study that a stage depends on, as plain data.

        A job is repeated when this part changes, so it holds what the stage uses and no more.
        With `cohort`, the list of cohorts holds that one alone.
        """
        everything = self.model_dump(mode="json")
        part = {key: everything[key] for key in (*_EVERY_STAGE, *_STAGE_USES[stage])}
        if cohort is not None:
            part["cohorts"] = [entry for entry in part["cohorts"] if entry["name"] == cohort]
        return part
