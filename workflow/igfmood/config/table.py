"""How the files of a cohort are written, and how they are joined."""

from typing import Literal, Self

from pydantic import Field, model_validator

from igfmood.config.base import Strict


class TableFormat(Strict):
    """How a table is written. What is not given is found out from the file, and printed."""

    delimiter: str | None = Field(
        None, min_length=1, max_length=1, description="Column separator of a text table"
    )
    decimal: Literal[".", ","] | None = Field(None, description="Decimal mark")
    encoding: str | None = Field(None, description="Character encoding")
    sheet: str | None = Field(None, description="Sheet of a workbook; default the first")
    header_row: int = Field(
        1, ge=1, le=100, description="Line that names the columns; lines above it are skipped"
    )
    names: Literal["as_written", "ukb_fields"] = Field(
        "as_written",
        description="ukb_fields: UK Biobank field names in any spelling become 30770-0.0",
    )

    @model_validator(mode="after")
    def _can_separate(self) -> Self:
        if self.delimiter is not None and (
            self.delimiter.isalnum() or self.delimiter in "\"'.\r\n"
        ):
            raise ValueError(
                f'delimiter {self.delimiter!r} separates no columns; usual are , ; | and "\\t"'
            )
        return self


class JoinedTable(Strict):
    """A further file of the cohort, joined to its table by a key."""

    table: str = Field(description="File, relative to data_root")
    key: str = Field(description="Column with the key, in this file")
    to: str | None = Field(
        None, description="Column of the cohort's table that holds the key; default the same name"
    )
    rows: Literal["one", "many"] = Field(
        "one",
        description="many: several rows a key, their cells are put together with ` | ` between "
        "(drugs, diagnoses); one: a key that is repeated is an error",
    )
    format: TableFormat = Field(default_factory=TableFormat, description="How it is written")
