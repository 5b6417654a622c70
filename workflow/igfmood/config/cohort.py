"""What a cohort entry of the configuration may say.

Takes the mapping under ``cohorts:``; gives typed, checked models: where the tables are, which
column means what, how the diagnosis is coded, who is left out.
"""

import re
from collections.abc import Iterator
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, ConfigDict, Field, model_validator

from igfmood.config.base import Code, Codes, Label, Slug, Strict, refuse
from igfmood.config.diagnosis import Conditions, Diagnosis, Medication
from igfmood.config.mapping import (
    both_missing_and_meant,
    recode_problems,
    repeated_items,
    shared_columns,
)
from igfmood.config.measurement import (
    AnalyteColumn,
    AssayQc,
    BindingProtein,
    Reference,
    ReferenceOrPeople,
)
from igfmood.config.near import meant_or_allowed
from igfmood.config.presets import apply_preset, preset_names
from igfmood.config.questionnaire import Phq9, Scale
from igfmood.config.rules import ExcludeRules, Rule
from igfmood.config.table import JoinedTable, TableFormat
from igfmood.config.vocabulary import (
    CONDITION_VARIABLES,
    DRUG_VARIABLES,
    SCALES,
    SUBSTANCES,
    VARIABLES,
)

#: Written instead of a column: the number of the row is the participant's id.
ROW_NUMBER = "<row>"


class Column(Strict):
    """Where one canonical variable comes from. A bare string is the column's name."""

    column: str = Field(
        description=f"Name of the column in the table; `{ROW_NUMBER}`: no id, one row a person"
    )
    recode: Codes = Field(
        {}, description='Code in the table: value it stands for ("" for an empty cell)'
    )
    missing: list[Code] = Field([], description="Codes of this column that mean missing")
    bands: bool = Field(False, description="Values such as 35-39 are bands; the middle is taken")
    factor: float = Field(
        1.0, gt=0, description="What numbers are multiplied by to be in the variable's unit"
    )
    top_code: float | None = Field(
        None, description="From this value on the source writes one code for all (age 85 or more)"
    )
    date_format: str = Field("%Y-%m-%d", description="How a date is written")
    optional: bool = Field(False, description="No error where the table lacks the column")

    @model_validator(mode="after")
    def _is_a_date_format(self) -> Self:
        if not re.search("%[Yy]", self.date_format):
            raise ValueError(
                f"date_format {self.date_format!r} tells no year; write it as in %Y-%m-%d"
            )
        return self


def _bare_string_is_a_column(value: Any) -> Any:
    return {"column": value} if isinstance(value, str) else value


def _one_or_several(value: Any) -> Any:
    return [value] if isinstance(value, dict | Diagnosis) else value


ColumnOrName = Annotated[Column, BeforeValidator(_bare_string_is_a_column)]
Diagnoses = Annotated[list[Diagnosis], BeforeValidator(_one_or_several)]


class Cohort(Strict):
    """One cohort: its tables, what their columns mean, and who is left out."""

    name: Slug = Field(description="Short name; used in file names")
    label: Label = Field("", max_length=80, description="Name shown in the report")
    preset: Literal[preset_names()] | None = Field(  # type: ignore[valid-type]
        None,
        exclude=True,  # filled in once: what the entry has removed must not come back
        description="Coding of a known source; what the entry itself says goes before it",
    )
    design: Literal["case_control", "register", "population", "trial", "clinical"] = Field(
        description="Study design (a preset may fill it in)"
    )
    table: str = Field(
        description="File, relative to data_root: csv, tsv, txt (plain or .gz), xlsx, parquet, "
        "xpt, sas7bdat, sav, zsav, dta"
    )
    join: list[JoinedTable] = Field([], description="Further files, joined to the table by a key")
    format: TableFormat = Field(default_factory=TableFormat, description="How a table is written")
    missing: list[Code] = Field([], description="Codes that mean missing in every column")
    columns: dict[str, ColumnOrName] = Field(
        description="Canonical variable: column (a preset may fill them in)"
    )
    analyte: AnalyteColumn | None = Field(None, description="Absent: the analyte was not measured")
    igfbp3: BindingProtein | None = Field(None, description="IGFBP-3, for the molar ratio")
    assay_qc: AssayQc | None = Field(
        None, description="Control measurements of the assay, for drift within and between lots"
    )
    phq9: Phq9 | None = Field(None, description="Absent: the PHQ-9 was not asked")
    scales: dict[Literal[tuple(SCALES)], Scale] = Field(  # type: ignore[valid-type]
        {}, description="Totals of other depression scales, kept as what they are"
    )
    diagnosis: Diagnoses = Field(
        [],
        description="One entry, or several that are put together (bipolar wins over depression); "
        "absent: nobody's diagnosis is known, and there are no groups",
    )
    controls: Literal["as_coded", "lenient", "strict"] = Field(
        "as_coded",
        description="Who is a control: as the diagnosis says; only with a PHQ-9 below 10; or only "
        "with one below 5 and without any code of F20–F48",
    )
    conditions: Conditions | None = Field(None, description="Codes of other diseases")
    medication: Medication | None = Field(None, description="Drugs, as ATC codes or names")
    survey: Literal["design", "ignore"] = Field(
        "design",
        description="Whether weights, strata and sampling units, where columns name them, are used",
    )
    control_arm: Code | None = Field(
        None, description="Value of `treatment` that is placebo or usual care"
    )
    published_as: str | None = Field(
        None,
        description="`overlap_group` of the published studies of the same people, which then give "
        "way to the cohort itself",
    )
    baseline: Code | None = Field(None, description="Value of `visit` that is the first visit")
    duplicates: Literal["quarantine", "error"] = Field(
        "quarantine",
        description="A participant and visit that stands twice: rows go to quarantine (an exact "
        "copy leaves the first), or the cohort fails",
    )
    overlaps: list[Slug] = Field([], description="Cohorts known to hold some of the same people")
    reference: ReferenceOrPeople = Field(
        default_factory=Reference, description="What the analyte is compared with"
    )
    include: list[Rule] = Field([], description="Rows that do not meet these are excluded")
    exclude: ExcludeRules = Field(
        [], description="Rows that meet one of these are excluded: rules, or names of known ones"
    )

    model_config = ConfigDict(
        **Strict.model_config,
        json_schema_extra=lambda schema: schema.update(required=["name", "table"]),
    )

    @model_validator(mode="before")
    @classmethod
    def _with_preset(cls, given: Any) -> Any:
        return apply_preset(given) if isinstance(given, dict) else given

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        refuse(self._contradictions())
        return self

    def _contradictions(self) -> Iterator[str]:
        unknown = [key for key in self.columns if key not in VARIABLES]
        if unknown:
            yield (
                f"columns has unknown variables {unknown}; "
                f"{meant_or_allowed(unknown, [*VARIABLES])}"
            )
        needed = [key for key in ("participant_id", "age_years", "sex") if key not in self.columns]
        if needed:
            yield f"columns lacks {needed}: every cohort needs an id, age and sex"
        for key, entry in self.columns.items():
            if entry.column == ROW_NUMBER and key != "participant_id":
                yield f"columns.{key}: {ROW_NUMBER} stands for an id, not for a variable"
        if ("visit" in self.columns) != (self.baseline is not None):
            yield "a table with visits needs both columns.visit and baseline"
        if self.phq9 is None:
            if any(entry.source.startswith("phq9") for entry in self.diagnosis):
                yield "diagnosis from phq9 needs the phq9 entry"
            if self.controls != "as_coded":
                yield f"controls: {self.controls} needs the phq9 entry"
        elif not self.phq9.items and any(e.source == "phq9_algorithm" for e in self.diagnosis):
            yield "diagnosis by phq9_algorithm needs phq9.items: a total has no items"
        if self.igfbp3 and not self.analyte:
            yield "igfbp3 needs the analyte: the ratio is of one to the other"
        if self.analyte and self.analyte.batch:
            whose = [name for name, column in self._no_batches() if column == self.analyte.batch]
            if whose:
                yield (
                    f"analyte.batch names the column of {whose[0]}: a batch is a plate, a kit lot "
                    "or a run of the assay; leave it out where the table does not tell it"
                )
        yield from self._mapping_problems()
        yield from self._rule_problems()

    def _mapping_problems(self) -> Iterator[str]:
        yield from shared_columns(list(self._numbers()))
        for name, entry in self.columns.items():
            if name in VARIABLES:
                missing = [*self.missing, *entry.missing]
                yield from recode_problems(name, entry.recode, missing, entry.bands)
        if self.phq9:
            missing = [*self.missing, *self.phq9.missing]
            yield from repeated_items(self.phq9.items)
            yield from both_missing_and_meant("phq9.recode", self.phq9.recode, missing)
        for diagnosis in self.diagnosis:
            missing = [*self.missing, *diagnosis.missing]
            yield from both_missing_and_meant("diagnosis.labels", diagnosis.labels, missing)

    def _no_batches(self) -> Iterator[tuple[str, str]]:
        """Give what stands in each column that can be no batch of an assay."""
        yield from self._numbers()
        for name in ("participant_id", "sex"):
            if name in self.columns:
                yield name, self.columns[name].column
        for diagnosis in self.diagnosis:
            for column in diagnosis.columns:
                yield "the diagnosis", column

    def _numbers(self) -> Iterator[tuple[str, str]]:
        """Give what each column of numbers stands for; of items, the column once."""
        for name, entry in self.columns.items():
            if name in VARIABLES and VARIABLES[name].kind == "number":
                # A preset names CRP or insulin as covariates, and a study may take one as analyte.
                is_analyte = self.analyte and entry.column == self.analyte.column
                if not (is_analyte and name in SUBSTANCES):
                    yield name, entry.column
        if self.analyte:
            yield "the analyte", self.analyte.column
        if self.igfbp3:
            yield "igfbp3", self.igfbp3.column
        if self.phq9:
            for column in dict.fromkeys(self.phq9.items):
                yield "an item of the PHQ-9", column
            if self.phq9.total and not self.phq9.converted_from:
                yield "the total of the PHQ-9", self.phq9.total
        for name, scale in self.scales.items():
            yield f"the total of {name}", scale.total

    def _rule_problems(self) -> Iterator[str]:
        rules = [*self.include, *self.exclude]
        names = [rule.name for rule in rules]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            yield f"rules share the name {twice}: give each its own"
        for rule in rules:
            if not rule.known and rule.variable in VARIABLES and not self.provides(rule.variable):
                yield f"rule {rule.name!r} needs {rule.variable}, which columns does not name"

    def provides(self, variable: str) -> bool:
        """Return whether the entry says where a canonical variable comes from."""
        if variable in self.columns:
            return True
        if variable in DRUG_VARIABLES and self.medication:
            return True
        codes = any(entry.source.startswith("icd") for entry in self.diagnosis)
        if variable in CONDITION_VARIABLES and (self.conditions or codes):
            return True
        if variable in ("dx_status", "mood_state"):
            return bool(self.diagnosis)
        return variable == "lag_days" and {"analyte_date", "phq9_date"} <= set(self.columns)

    def why_excluded(self, rule: str) -> str:
        """Return in words why the rule of this name leaves a row out: it does not meet, or meets.

        An inclusion is called by what stays ("age 18 or more"): who goes is not that.
        """
        return f"not {rule}" if rule in {one.name for one in self.include} else rule

    @property
    def title(self) -> str:
        """Name to show: the label, or else the name."""
        return self.label or self.name

    @property
    def phq9_cutoff(self) -> int | None:
        """Total from which the PHQ-9 alone makes a case, None where somebody diagnosed."""
        sources = {entry.source for entry in self.diagnosis}
        return self.diagnosis[0].cutoff if sources == {"phq9"} else None

    def tables(self) -> list[str]:
        """Return every file of the cohort, its own table first."""
        return [self.table, *(part.table for part in self.join)]

    def files(self) -> list[str]:
        """Return every file that the cohort is read from, its tables first."""
        others = [self.reference.table, self.assay_qc.table if self.assay_qc else None]
        return self.tables() + [name for name in others if name is not None]

    def source_columns(self) -> list[str]:
        """Return every column that is read, each once, in order of mention; * is a wildcard."""
        found = [column.column for column in self.columns.values()]
        if self.analyte:
            found += [self.analyte.column] + ([self.analyte.batch] if self.analyte.batch else [])
        if self.igfbp3:
            found.append(self.igfbp3.column)
        if self.phq9:
            found += [*self.phq9.items, *([self.phq9.total] if self.phq9.total else [])]
        found += [scale.total for scale in self.scales.values()]
        for entry in (*self.diagnosis, self.conditions, self.medication):
            found += entry.columns if entry else []
        return [name for name in dict.fromkeys(found) if name != ROW_NUMBER]
