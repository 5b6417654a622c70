"""How diagnoses, conditions and drugs are coded in a cohort."""

from typing import Literal, Self

from pydantic import Field, model_validator

from igfmood.config.base import Code, Codes, Strict
from igfmood.config.vocabulary import ASCERTAINMENTS, DIAGNOSES, DX_STATUSES, SUBTYPES

CODINGS = ("icd9", "icd10", "icd11")
EmptyMeans = Literal["missing", "no"]


class Diagnosis(Strict):
    """How the diagnosis is coded."""

    source: Literal["labels", "icd9", "icd10", "icd11", "dsm", "phq9", "phq9_algorithm"] = Field(
        description="Text or number labels; ICD or DSM codes; the PHQ-9 total or its DSM "
        "algorithm (no interview)"
    )
    columns: list[str] = Field(
        [],
        description="Columns (* as wildcard); of labels the first with a value counts, of codes "
        "all",
    )
    labels: Codes = Field(
        {},
        description="Label (with * as wildcard): diagnosis; what is not listed is looked up in "
        "the dictionary",
    )
    missing: list[Code] = Field([], description="Codes that mean missing")
    no_code: Literal[DIAGNOSES] = Field(  # type: ignore[valid-type]
        "unknown", description="Diagnosis of a row without any code"
    )
    other_code: Literal[DIAGNOSES] = Field(  # type: ignore[valid-type]
        "other", description="ICD, DSM: diagnosis of a row with codes outside psychiatry only"
    )
    cutoff: int = Field(10, ge=1, le=27, description="phq9: depression from this total upwards")
    ascertainment: Literal[ASCERTAINMENTS] = Field(  # type: ignore[valid-type]
        "unknown", description="How the diagnosis was made"
    )
    status: Literal[DX_STATUSES] | None = Field(  # type: ignore[valid-type]
        None, description="Status of every case, where neither label nor column says it"
    )

    @model_validator(mode="after")
    def _complete(self) -> Self:
        questionnaire = self.source in ("phq9", "phq9_algorithm")
        if questionnaire and (self.columns or self.labels):
            raise ValueError(f"source {self.source} takes no columns and no labels")
        if not questionnaire and not self.columns:
            raise ValueError(f"source {self.source} needs columns")
        allowed = (*DIAGNOSES, *SUBTYPES)
        wrong = {key: value for key, value in self.labels.items() if value not in allowed}
        if wrong:
            raise ValueError(f"labels {wrong} stand for no diagnosis; allowed: {list(allowed)}")
        return self


class Conditions(Strict):
    """Codes of other diseases, for exclusions (pregnancy, cirrhosis, GH disorders ...)."""

    columns: list[str] = Field(min_length=1, description="Columns (* as wildcard)")
    coding: Literal[CODINGS] = Field(description="Code system")  # type: ignore[valid-type]
    missing: list[Code] = Field([], description="Codes that mean missing")
    empty_means: EmptyMeans = Field(
        "missing", description="A row without any code: nothing is known, or the person has none"
    )


class Medication(Strict):
    """Drugs, as ATC codes or names; several in a cell are separated by | ; or ,."""

    columns: list[str] = Field(min_length=1, description="Columns (* as wildcard)")
    coding: Literal["atc", "names"] = Field(description="ATC codes or drug names")
    names: Codes = Field({}, description="Drug names of the table: generic name or ATC code")
    missing: list[Code] = Field([], description="Codes that mean missing")
    empty_means: EmptyMeans = Field(
        "missing", description="A row without any drug: nothing is known, or the person takes none"
    )
