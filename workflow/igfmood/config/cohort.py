"""What a cohort entry of the configuration may say.

Takes the mapping under ``cohorts:``; gives typed, checked models: where the table is, which
column means what, how the diagnosis is coded, who is left out.
"""

from collections.abc import Iterator
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from igfmood.config.vocabulary import DIAGNOSES, PHQ9_ITEMS, SUBTYPES, UNITS, VARIABLES


class Strict(BaseModel):
    """Base of every model of the configuration: unknown keys are errors, nothing changes later."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


def _as_text(value: Any) -> Any:
    """Codes are compared as text: ``1`` in the file is the code "1"."""
    if isinstance(value, bool):
        raise ValueError("YAML reads yes, no, on, off as true or false: put the code in quotes")
    return str(value) if isinstance(value, int | float) else value


def _as_text_keys(value: Any) -> Any:
    """The same for the keys of a mapping; as its values, true and false mean yes and no."""
    if isinstance(value, dict):
        words = {True: "yes", False: "no"}
        return {
            _as_text(key): words[item] if isinstance(item, bool) else _as_text(item)
            for key, item in value.items()
        }
    return value


Code = Annotated[str, BeforeValidator(_as_text)]
Codes = Annotated[dict[str, str], BeforeValidator(_as_text_keys)]
Slug = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,39}$")]


class TableFormat(Strict):
    """How a text table is written. What is not given follows from the file's name."""

    delimiter: str | None = Field(None, description="Column separator; default by file name")
    decimal: Literal[".", ","] = Field(".", description="Decimal mark")
    encoding: str = Field("utf-8-sig", description="Character encoding")


class Column(Strict):
    """Where one canonical variable comes from. A bare string is the column's name."""

    column: str = Field(description="Name of the column in the table")
    recode: Codes = Field(
        {}, description='Code in the table: value it stands for ("" for an empty cell)'
    )
    missing: list[Code] = Field([], description="Codes of this column that mean missing")
    bands: bool = Field(False, description="Values such as 35-39 are bands; the middle is taken")


def _bare_string_is_a_column(value: Any) -> Any:
    return {"column": value} if isinstance(value, str) else value


ColumnOrName = Annotated[Column, BeforeValidator(_bare_string_is_a_column)]


class AnalyteColumn(Strict):
    """Where and how the analyte was measured in this cohort."""

    column: str = Field(description="Name of the column in the table")
    unit: Literal[UNITS] = Field(description="Unit of the column")  # type: ignore[valid-type]
    missing: list[Code] = Field([], description="Codes that mean missing")
    below_limit: list[Code] = Field([], description="Codes that mean below the detection limit")
    lod: float | None = Field(None, gt=0, description="Detection limit, in `unit`")
    assay: str = Field("unknown", description="Assay and platform")
    matrix: Literal["serum", "plasma", "plasma_edta", "plasma_heparin"] = Field(
        "serum", description="What was assayed; culture supernatant is not comparable"
    )
    batch: str | None = Field(None, description="Column with the batch, plate or kit lot")

    @model_validator(mode="after")
    def _codes_need_a_limit(self) -> Self:
        if self.below_limit and self.lod is None:
            raise ValueError("below_limit codes need the detection limit: add lod")
        return self


class Phq9(Strict):
    """The PHQ-9 of this cohort: nine item columns, or the total as given."""

    items: list[str] = Field([], description="Nine item columns, in questionnaire order")
    total: str | None = Field(None, description="Column with the total, if items are not given")
    missing: list[Code] = Field([], description="Codes that mean missing (refused, do not know)")
    rule: Literal["complete", "prorate"] = Field(
        "complete", description="Total from complete items only, or prorated up to 2 missing"
    )

    @model_validator(mode="after")
    def _items_or_total(self) -> Self:
        if bool(self.items) == (self.total is not None):
            raise ValueError("give either items (nine columns) or total (one column)")
        if self.items and len(self.items) != len(PHQ9_ITEMS):
            raise ValueError(f"items needs 9 columns, found {len(self.items)}")
        return self


class Diagnosis(Strict):
    """How the diagnosis is coded."""

    source: Literal["labels", "icd10", "phq9"] = Field(
        description="Text or number labels, ICD-10 codes, or the PHQ-9 total (no interview)"
    )
    columns: list[str] = Field(
        [], description="Columns; of labels the first with a value counts, of ICD-10 codes all"
    )
    labels: Codes = Field({}, description="Label (with * as wildcard): diagnosis")
    missing: list[Code] = Field([], description="Codes that mean missing")
    no_code: Literal[DIAGNOSES] = Field(  # type: ignore[valid-type]
        "unknown", description="Diagnosis of a row without any code"
    )
    other_code: Literal[DIAGNOSES] = Field(  # type: ignore[valid-type]
        "other", description="ICD-10: diagnosis of a row with codes outside F20-F39 only"
    )
    cutoff: int = Field(10, ge=1, le=27, description="phq9: depression from this total upwards")

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if self.source == "phq9" and (self.columns or self.labels):
            raise ValueError("source phq9 takes no columns and no labels")
        if self.source != "phq9" and not self.columns:
            raise ValueError(f"source {self.source} needs columns")
        if self.source == "labels" and not self.labels:
            raise ValueError("source labels needs the list of labels")
        allowed = (*DIAGNOSES, *SUBTYPES)
        wrong = {key: value for key, value in self.labels.items() if value not in allowed}
        if wrong:
            raise ValueError(f"labels {wrong} stand for no diagnosis; allowed: {list(allowed)}")
        return self


class Rule(Strict):
    """One inclusion or exclusion rule: a variable and exactly one condition."""

    name: str = Field(min_length=1, max_length=60, description="Name shown in the flow diagram")
    variable: str = Field(description="Canonical variable, phq9_total, analyte or diagnosis")
    below: float | None = Field(None, description="Met when the value is below this")
    at_least: float | None = Field(None, description="Met when the value is this or more")
    equals: list[Code] | None = Field(None, description="Met when the value is one of these")
    missing: bool | None = Field(None, description="Met when the value is missing (or not)")

    @model_validator(mode="after")
    def _one_condition(self) -> Self:
        given = [
            key
            for key in ("below", "at_least", "equals", "missing")
            if getattr(self, key) is not None
        ]
        if len(given) != 1:
            raise ValueError(f"give exactly one of below, at_least, equals, missing; found {given}")
        allowed = [*VARIABLES, "phq9_total", "analyte", "diagnosis"]
        if self.variable not in allowed:
            raise ValueError(f"variable {self.variable!r} is not known; allowed: {allowed}")
        numbers = [key for key, item in VARIABLES.items() if item.kind == "number"]
        numbers += ["phq9_total", "analyte"]
        if given[0] in ("below", "at_least") and self.variable not in numbers:
            raise ValueError(f"{given[0]} needs a number; {self.variable} is none: use equals")
        return self


class Cohort(Strict):
    """One cohort: a table, what its columns mean, and who is left out."""

    name: Slug = Field(description="Short name; used in file names")
    label: str = Field("", max_length=80, description="Name shown in the report")
    design: Literal["case_control", "register", "population", "trial", "clinical"] = Field(
        description="Study design"
    )
    table: str = Field(description="File, relative to data_root: csv, tsv (plain or .gz), parquet")
    format: TableFormat = Field(
        default_factory=TableFormat, description="How a text table is written"
    )
    missing: list[Code] = Field([], description="Codes that mean missing in every column")
    columns: dict[str, ColumnOrName] = Field(description="Canonical variable: column")
    analyte: AnalyteColumn | None = Field(None, description="Absent: the analyte was not measured")
    phq9: Phq9 | None = Field(None, description="Absent: the PHQ-9 was not asked")
    diagnosis: Diagnosis | None = Field(
        None, description="Absent: nobody's diagnosis is known, and there are no groups"
    )
    baseline: Code | None = Field(None, description="Value of `visit` that is the first visit")
    reference: Literal["controls", "all"] = Field(
        "controls", description="Whom the reference curve is learned from"
    )
    include: list[Rule] = Field([], description="Rows that do not meet these are excluded")
    exclude: list[Rule] = Field([], description="Rows that meet one of these are excluded")

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        problems = list(self._contradictions())
        if problems:
            raise ValueError("; ".join(problems))
        return self

    def _contradictions(self) -> Iterator[str]:
        unknown = [key for key in self.columns if key not in VARIABLES]
        if unknown:
            yield f"columns has unknown variables {unknown}; allowed: {list(VARIABLES)}"
        needed = [key for key in ("participant_id", "age_years", "sex") if key not in self.columns]
        if needed:
            yield f"columns lacks {needed}: every cohort needs an id, age and sex"
        if ("visit" in self.columns) != (self.baseline is not None):
            yield "a table with visits needs both columns.visit and baseline"
        if self.diagnosis and self.diagnosis.source == "phq9" and self.phq9 is None:
            yield "diagnosis from phq9 needs the phq9 entry"
        rules = [*self.include, *self.exclude]
        names = [rule.name for rule in rules]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            yield f"rules share the name {twice}: give each its own"
        for rule in rules:
            if rule.variable in VARIABLES and rule.variable not in self.columns:
                yield f"rule {rule.name!r} needs {rule.variable}, which columns does not name"

    @property
    def title(self) -> str:
        """Name to show: the label, or else the name."""
        return self.label or self.name

    def source_columns(self) -> list[str]:
        """Return every column of the table that is read, each once, in order of mention."""
        found = [column.column for column in self.columns.values()]
        if self.analyte:
            found += [self.analyte.column] + ([self.analyte.batch] if self.analyte.batch else [])
        if self.phq9:
            found += self.phq9.items or [self.phq9.total or ""]
        if self.diagnosis:
            found += self.diagnosis.columns
        return list(dict.fromkeys(found))
