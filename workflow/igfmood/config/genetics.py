"""Summary tables of genetic studies, for Mendelian randomisation.

Takes the mapping under ``genetics:``; gives checked models: files, and what their columns mean.
"""

from typing import Literal, Self

from pydantic import Field, model_validator

from igfmood.config.base import Strict, refuse
from igfmood.config.mapping import shared_columns

#: What a column of a summary table can mean.
Meaning = Literal[
    "variant", "effect_allele", "other_allele", "beta", "odds_ratio", "se", "eaf", "p", "n",
    "n_cases", "n_controls",
]  # fmt: skip
#: What every table must say.
_NEEDED: tuple[Meaning, ...] = ("variant", "effect_allele", "other_allele", "se")


class SummaryTable(Strict):
    """One table of variants with their effects."""

    table: str = Field(description="File, relative to data_root: csv, tsv or txt, plain or .gz")
    columns: dict[Meaning, str] = Field(description="Meaning: name of the column")

    @model_validator(mode="after")
    def _says_enough(self) -> Self:
        problems = []
        lacking = [name for name in _NEEDED if name not in self.columns]
        if lacking:
            problems.append(f"columns of {self.table} lacks {lacking}")
        effects = [name for name in ("beta", "odds_ratio") if name in self.columns]
        if len(effects) != 1:
            problems.append(
                f"columns of {self.table} needs one of beta and odds_ratio; found {effects or None}"
            )
        if ("n_cases" in self.columns) != ("n_controls" in self.columns):
            problems.append(f"columns of {self.table} needs n_cases and n_controls, or neither")
        uses = [(str(meaning), name) for meaning, name in self.columns.items()]
        problems += [f"columns of {self.table}: {text}" for text in shared_columns(uses)]
        refuse(problems)
        return self


class GeneticOutcome(SummaryTable):
    """Effects of the same variants on an outcome."""

    name: Literal["depression", "bipolar"] = Field(description="The outcome")


class CorrelationTable(Strict):
    """Correlations of the variants, where they are not independent (linkage disequilibrium)."""

    table: str = Field(
        description="File, relative to data_root: csv, tsv or txt, plain or .gz; square, with the "
        "variants as header and as first column"
    )
    alleles: Literal["in_name", "effect_allele"] = Field(
        "in_name",
        description="Which allele is counted. in_name: the first in the name, "
        "variant_counted_other (rs123_A_G); effect_allele: the exposure's effect allele, and names "
        "are those of the variants",
    )


class Genetics(Strict):
    """Variants that stand for the analyte, and what they do to the outcomes."""

    exposure: SummaryTable = Field(description="Effects on the analyte, in SD")
    outcomes: list[GeneticOutcome] = Field(min_length=1, description="Effects on outcomes")
    correlation: CorrelationTable | None = Field(
        None, description="Correlations of the variants; none: variants are independent"
    )

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if "odds_ratio" in self.exposure.columns:
            raise ValueError("the exposure is in SD of the analyte: give beta, not odds_ratio")
        names = [outcome.name for outcome in self.outcomes]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"outcomes share the name {twice}: one table each")
        return self
