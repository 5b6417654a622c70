"""The file of a frozen model: what may stand in it, and nothing else.

Takes a model's numbers, or a file; gives the checked document. No number of it belongs to a single
participant.
"""

import json
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any, Literal, Self

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from igfmood.config.study import Analyte, Task
from igfmood.errors import DataError
from igfmood.files import write_text
from igfmood.normalise.curves.psplines import SEGMENTS
from igfmood.performance.task_names import Kind

FORMAT: Literal["igfmood frozen model"] = "igfmood frozen model"
#: Raised whenever a file of an older version would be read wrongly.
VERSION = 1
#: So many problems of a file are told.
_TOLD = 10


class Part(BaseModel):
    """Base of every part: unknown keys are errors, and a text is never taken for a number."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


class Distribution(Part):
    """How a column is distributed among the training people.

    `low` and `high` are its percentiles at `level` and 1 − `level` (1 % and 99 %, or further in by
    coarse steps where fewer people than may be shown would lie beyond), rounded; none of a column
    of 0 and 1.
    """

    mean: float
    sd: float = Field(ge=0)
    low: float | None = None
    high: float | None = None
    level: float | None = Field(None, gt=0, lt=1)


class Input(Part):
    """One predictor: what it must be, and what it was among the training people."""

    name: str
    meaning: str
    kind: Literal["number", "flag", "category"]
    unit: str
    categories: list[str]
    missing: float | None = Field(ge=0, le=1)
    columns: dict[str, Distribution]


class Columns(Part):
    """How predictors become columns: knots of splines, and tails of the score."""

    knots: dict[str, list[float]]
    tails: list[float]

    @model_validator(mode="after")
    def _rising(self) -> Self:
        for name, values in {**self.knots, "tails": self.tails}.items():
            if any(after <= before for before, after in pairwise(values)):
                raise ValueError(f"{name}: values must rise, found {values}")
        if len(self.tails) not in (0, 2) or any(len(v) < 3 for v in self.knots.values()):
            raise ValueError("a spline has 3 knots or more, and tails are two")
        return self


class Gaps(Part):
    """Joint normal distribution of the covariates, by which an unknown one is filled in."""

    columns: list[str]
    mean: list[float]
    sd: list[float]
    correlation: list[list[float]]

    @model_validator(mode="after")
    def _whole(self) -> Self:
        n = len(self.columns)
        matrix = self.correlation
        if {len(self.mean), len(self.sd), len(matrix), *map(len, matrix)} != {n}:
            raise ValueError(f"mean, sd and correlation must be of {n} columns")
        if n and np.linalg.eigvalsh(np.array(matrix)).min() <= 0:
            raise ValueError("correlation is not positive definite")
        if min(self.sd, default=1.0) < 0:
            raise ValueError("an sd is negative")
        return self


_Spline = Annotated[list[float], Field(min_length=SEGMENTS + 3, max_length=SEGMENTS + 3)]


class BccgSex(Part):
    """Coefficients of cubic B-splines in the root of age: log mu, log sigma and nu of one sex."""

    log_mu: _Spline
    log_sigma: _Spline
    nu: _Spline


class BccgNumbers(Part):
    """Box-Cox Cole-Green curves between two ages, held beyond."""

    kind: Literal["bccg"]
    youngest: float
    oldest: float
    male: BccgSex | None
    female: BccgSex | None


class BandsSex(Part):
    """Mean log concentration at the mean ages of bands, and its SD."""

    age: list[float] = Field(min_length=1)
    mean: list[float] = Field(min_length=1)
    sd: float = Field(gt=0)

    @model_validator(mode="after")
    def _pairs(self) -> Self:
        if len(self.age) != len(self.mean) or self.age != sorted(self.age):
            raise ValueError("each rising age needs a mean")
        return self


class BandsNumbers(Part):
    """Log-normal curves through bands of age."""

    kind: Literal["bands"]
    male: BandsSex | None
    female: BandsSex | None


class PublishedNumbers(Part):
    """A published table: rows of age, mu, sigma, nu and, of the BCPE, tau, by sex."""

    kind: Literal["published"]
    distribution: Literal["lms", "bccg", "bcpe"]
    male: list[list[float]] | None
    female: list[list[float]] | None

    @model_validator(mode="after")
    def _table(self) -> Self:
        width = 5 if self.distribution == "bcpe" else 4
        for rows in (self.male or [], self.female or []):
            if any(len(row) != width for row in rows):
                raise ValueError(f"a row of a {self.distribution} table has {width} numbers")
        if not (self.male or self.female):
            raise ValueError("a published curve needs rows")
        return self


CurveNumbers = Annotated[BccgNumbers | BandsNumbers | PublishedNumbers, Field(discriminator="kind")]


class BatchNumbers(Part):
    """Shift and scale of each batch on the log scale; a batch that is not named is left."""

    batches: list[str]
    shift: list[float]
    scale: list[float]
    level: float

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if not len(self.batches) == len(self.shift) == len(self.scale):
            raise ValueError("each batch needs a shift and a scale")
        if self.batches != sorted(self.batches) or min(self.scale, default=1) <= 0:
            raise ValueError("batches must be sorted, and their scales above 0")
        return self


class CensoredNumbers(Part):
    """Log-normal regression on age and sex, whose expectation stands below the limit."""

    beta: list[float]
    sigma: float = Field(gt=0)
    age_knots: list[float]
    age_limits: tuple[float, float] = Field(strict=False)
    mean_age: float
    mean_female: float


class CohortScore(Part):
    """How one training cohort's concentrations become scores."""

    curve: CurveNumbers
    method: str
    batch: BatchNumbers | None
    below_limit: Literal["lod_sqrt2", "censored_likelihood"]
    censored: CensoredNumbers | None

    @model_validator(mode="after")
    def _agree(self) -> Self:
        if (self.below_limit == "censored_likelihood") != (self.censored is not None):
            raise ValueError(
                "censored goes with below_limit: censored_likelihood, and only with it"
            )
        return self


class Score(Part):
    """The standard deviation score: a cohort's own, and the mean of all for anybody else."""

    cohorts: dict[str, CohortScore] = Field(min_length=1)
    distribution: Distribution


class Equation(Part):
    """A linear predictor: log odds, or log cumulative hazard at the horizon."""

    coefficients: dict[str, float] = Field(min_length=1)
    intercepts: dict[str, float] = Field(min_length=1)
    average_intercept: float
    training: Distribution

    @model_validator(mode="after")
    def _average(self) -> Self:
        mean = float(np.mean(list(self.intercepts.values())))
        if abs(mean - self.average_intercept) > 1e-9 * (1 + abs(mean)):
            raise ValueError(
                f"average_intercept {self.average_intercept:g} is not the mean of the intercepts"
            )
        return self


class Recalibration(Part):
    """What the linear predictor becomes: intercept + slope × linear predictor."""

    intercept: float = 0.0
    slope: float = 1.0
    source: str = "none"


class ClosedTest(Part):
    """What the closed test procedure said in people of another cohort."""

    cohort: str
    change: Literal["none", "intercept", "intercept and slope", "all coefficients"]
    intercept: float | None
    slope: float | None
    p: dict[str, float]


class Counts(Part):
    """People, in all and of each class (of an outcome to come: without and with the event)."""

    n: str
    classes: dict[str, str]


class Training(Part):
    """Who is behind the model."""

    everybody: Counts
    cohorts: dict[str, Counts]
    min_cell: int


class Origin(Part):
    """Where the model comes from."""

    study: str
    seed: int
    code: str
    inputs: str
    versions: dict[str, str]


class FrozenModel(Part):
    """One model of one task and tier."""

    format: Literal["igfmood frozen model"]
    version: Literal[1]
    task: str
    label: str
    kind: Kind
    classes: list[str] = Field(min_length=2)
    groups: Task | None
    tier: str
    method: str
    horizon_years: float | None = Field(gt=0)
    analyte: Analyte
    predictors: list[str] = Field(min_length=1)
    ages: tuple[float, float] = Field(strict=False)
    inputs: list[Input]
    score: Score | None
    gaps: Gaps
    columns: Columns
    equations: dict[str, Equation] = Field(min_length=1)
    recalibration: Recalibration
    closed_test: list[ClosedTest]
    training: Training
    origin: Origin

    @model_validator(mode="after")
    def _agree(self) -> Self:
        expected = self.classes[1:] if self.kind == "classes" else self.classes[-1:]
        if list(self.equations) != expected:
            raise ValueError(f"equations must be of {expected}, found {list(self.equations)}")
        equations = list(self.equations.values())
        for key in ("coefficients", "intercepts"):
            if any(list(getattr(e, key)) != list(getattr(equations[0], key)) for e in equations):
                raise ValueError(f"all equations must have the same {key}")
        if (self.kind == "time") != (self.horizon_years is not None):
            raise ValueError("horizon_years goes with kind: time, and only with it")
        cohorts = set(equations[0].intercepts)
        if cohorts != set(self.training.cohorts) or (
            self.score is not None and cohorts != set(self.score.cohorts)
        ):
            raise ValueError("intercepts, score and training must be of the same cohorts")
        if self.kind == "classes" and self.recalibration != Recalibration():
            raise ValueError("a model of several classes has no recalibration")
        return self


def write_model(model: FrozenModel, path: Path) -> None:
    """Write a model; the same numbers give the same bytes."""
    text = json.dumps(model.model_dump(mode="json"), indent=1, ensure_ascii=False)
    write_text(text + "\n", path)


def read_model(path: Path) -> FrozenModel:
    """Read and check a model.

    Raises
    ------
    DataError
        If the file is no frozen model, of another format version, or holds what cannot be.
    """
    if not path.is_file():
        raise DataError(
            f"model {path} is not there: a run writes models to release/models/<task>/<tier>.json "
            "below its results, and lists those it could not build in not_built.csv"
        )
    try:
        text = path.read_text(encoding="utf-8")
        given = json.loads(text)
    except ValueError as error:
        raise DataError(
            f"{path} is not JSON, or was cut off ({error}): copy the file again"
        ) from error
    if not isinstance(given, dict) or given.get("format") != FORMAT:
        raise DataError(
            f"{path} is no frozen model: expected the key format to be {FORMAT!r}; they are in "
            "release/models of a study's results"
        )
    if given.get("version") != VERSION:
        raise DataError(
            f"{path} is of format version {given.get('version')!r}, and this igfmood reads "
            f"{VERSION}: build the model again, or use the igfmood named in its origin"
        )
    try:
        return FrozenModel.model_validate_json(text)
    except ValidationError as error:
        raise DataError("\n".join([f"{path} has errors:", *_problems(error)])) from error


def _problems(error: ValidationError) -> list[str]:
    found = error.errors()
    lines = [f"  {'.'.join(map(str, e['loc'])) or 'model'}: {_words(e)}" for e in found[:_TOLD]]
    return lines + ([f"  … and {len(found) - _TOLD} more"] if len(found) > _TOLD else [])


def _words(error: Any) -> str:
    if error["type"] == "extra_forbidden":
        return "this key is not known"
    if error["type"] == "missing":
        return "this key is needed"
    if error["type"] == "value_error":
        return str(error["ctx"]["error"])
    return f"{str(error['msg']).lower()}; found {str(error['input'])[:40]!r}"
