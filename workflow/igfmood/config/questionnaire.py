"""How questionnaires are coded in a cohort."""

from typing import Literal, Self

from pydantic import Field, model_validator

from igfmood.config.base import Code, Codes, Strict
from igfmood.config.vocabulary import PHQ9_ITEMS, SCALES


class Phq9(Strict):
    """The PHQ-9 of this cohort: nine item columns, the total as given, or both."""

    items: list[str] = Field([], description="Nine item columns, in questionnaire order")
    total: str | None = Field(
        None, description="Column with the total; beside items it is compared with them"
    )
    recode: Codes = Field({}, description="Answer as written in an item column: 0, 1, 2 or 3")
    missing: list[Code] = Field([], description="Codes that mean missing (refused, do not know)")
    rule: Literal["complete", "prorate", "impute"] = Field(
        "complete",
        description="Total from complete items only; prorated up to 2 missing; or up to 2 missing "
        "items put in from the other items of all",
    )
    converted_from: Literal[tuple(SCALES)] | None = Field(  # type: ignore[valid-type]
        None, description="Scale that `total` was converted from; never used with a cut-off"
    )
    crosswalk: Codes = Field(
        {}, description="Published table: total of `converted_from`: total of the PHQ-9"
    )

    @model_validator(mode="after")
    def _items_or_total(self) -> Self:
        if not self.items and self.total is None:
            raise ValueError("give items (nine columns), total (one column), or both")
        if self.items and len(self.items) != len(PHQ9_ITEMS):
            raise ValueError(f"items needs 9 columns, found {len(self.items)}")
        if self.converted_from and (self.items or self.total is None):
            raise ValueError("converted_from goes with total alone: items are the PHQ-9 itself")
        if self.crosswalk and not self.converted_from:
            raise ValueError("crosswalk needs converted_from: the scale that the total is of")
        wrong = {k: v for k, v in self.recode.items() if v not in ("0", "1", "2", "3")}
        if wrong:
            raise ValueError(f"recode {wrong}: an item is 0, 1, 2 or 3")
        return self


class Scale(Strict):
    """Total of another depression scale, kept as what it is."""

    total: str = Field(description="Column with the total")
    missing: list[Code] = Field([], description="Codes that mean missing")
