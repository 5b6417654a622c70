"""Summary tables of genetic studies, for Mendelian randomisation.

Takes the mapping under ``genetics:``; gives checked models: files, and what their columns mean.
"""

from typing import Literal

from pydantic import Field

from igfmood.config.base import Strict

#: What a column of a summary table can mean.
Meaning = Literal[
    "variant", "effect_allele", "other_allele", "beta", "odds_ratio", "se", "eaf", "p", "n",
    "n_cases", "n_controls",
]  # fmt: skip


class SummaryTable(Strict):
    """One table of variants with their effects."""

    table: str = Field(description="File, relative to data_root: csv, tsv or txt, plain or .gz")
    columns: dict[Meaning, str] = Field(description="Meaning: name of the column")


class GeneticOutcome(SummaryTable):
    """Effects of the same variants on an outcome."""

    name: Literal["depression", "bipolar"] = Field(description="The outcome")


class Genetics(Strict):
    """Variants that stand for the analyte, and what they do to the outcomes."""

    exposure: SummaryTable = Field(description="Effects on the analyte, in SD")
    outcomes: list[GeneticOutcome] = Field(min_length=1, description="Effects on outcomes")
