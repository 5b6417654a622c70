"""How a substance was measured in a cohort, and what it is compared with."""

from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from igfmood.config.base import Code, Label, Strict
from igfmood.config.units import ACTIVITY_UNITS, Unit


class AnalyteColumn(Strict):
    """Where and how the analyte was measured in this cohort."""

    column: str = Field(description="Name of the column in the table")
    unit: Unit = Field(description="Unit of the column")
    missing: list[Code] = Field([], description="Codes that mean missing")
    below_limit: list[Code] = Field([], description="Codes that mean below the detection limit")
    lod: float | None = Field(None, gt=0, description="Detection limit, in `unit`")
    assay: Label = Field("unknown", description="Assay and platform")
    standard: Label = Field("unknown", description="Calibration standard, such as WHO 02/254")
    matrix: Literal["serum", "plasma", "plasma_edta", "plasma_heparin"] = Field(
        "serum", description="What was assayed; culture supernatant is not comparable"
    )
    batch: str | None = Field(None, description="Column with the batch, plate or kit lot")

    @model_validator(mode="after")
    def _codes_need_a_limit(self) -> Self:
        if self.below_limit and self.lod is None:
            raise ValueError("below_limit codes need the detection limit: add lod")
        return self


class AssayQc(Strict):
    """Measurements of a control sample over the life of the assay's lots."""

    table: str = Field(description="File, relative to data_root: one row a measurement")
    concentration: str = Field(description="Column with the concentration of the control sample")
    days: str = Field(description="Column with the age of the lot, days")
    lot: str = Field(description="Column with the lot")


class BindingProtein(Strict):
    """IGFBP-3, for the molar ratio of the analyte to it."""

    column: str = Field(description="Name of the column in the table")
    unit: Unit = Field(description="Unit of the column")
    missing: list[Code] = Field([], description="Codes that mean missing")

    @model_validator(mode="after")
    def _mass_or_moles(self) -> Self:
        if self.unit in ACTIVITY_UNITS:
            raise ValueError(f"unit {self.unit!r}: IGFBP-3 has no units of activity; give mg/L")
        return self


class Reference(Strict):
    """Whom, or what, the analyte of this cohort is compared with for its age and sex."""

    people: Literal["controls", "all"] = Field(
        "controls", description="Whom the reference curve is learned from"
    )
    table: str | None = Field(
        None,
        description="Published reference for this assay instead, relative to data_root: columns "
        "sex, age, mu, sigma, nu (LMS), and tau (BCPE)",
    )
    unit: Unit | None = Field(None, description="Unit of mu in `table`; needed with it")

    @model_validator(mode="after")
    def _table_needs_a_unit(self) -> Self:
        if self.table is not None and self.unit is None:
            raise ValueError(
                f"table {self.table!r} needs the unit of its column mu: add unit, such as ng/mL"
            )
        return self


def _bare_string_is_people(value: Any) -> Any:
    return {"people": value} if isinstance(value, str) else value


ReferenceOrPeople = Annotated[Reference, BeforeValidator(_bare_string_is_people)]


class ReferenceCurve(Strict):
    """How a reference curve is learned from reference people."""

    method: Literal["auto", "bccg", "bands"] = Field(
        "auto",
        description="bccg: Box–Cox Cole–Green with penalised splines in age; bands: log and z "
        "within bands of age; auto: by the number of reference people",
    )
    nu: Literal["auto", "constant", "smooth"] = Field(
        "auto",
        description="Skewness over age; auto: smooth from 75 reference people under 18 on",
    )
    smoothing: Literal["local_ml", "gaic", "gcv"] = Field(
        "local_ml",
        description="What chooses how smooth: marginal likelihood, generalised Akaike, or "
        "generalised cross-validation",
    )


class Normalise(Strict):
    """How the analyte is made comparable."""

    reference: ReferenceCurve = Field(
        default_factory=ReferenceCurve, description="How reference curves are learned"
    )
    below_limit: Literal["lod_sqrt2", "censored_likelihood"] = Field(
        "lod_sqrt2",
        description="What stands for a value below the detection limit: the limit over the root "
        "of 2, or its expectation under a censored log-normal regression on age and sex",
    )
    batch: Literal["location_scale", "none"] = Field(
        "location_scale", description="Correction between batches, where a cohort names them"
    )
    batch_size: int = Field(10, ge=3, description="Smallest batch that is corrected")
    igfbp3_molar_mass: float = Field(30_500.0, gt=0, description="g/mol, for the molar ratio")
