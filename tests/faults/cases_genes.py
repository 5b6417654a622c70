"""Faults within the genetic tables: found before a run, and by `check` in the same words."""

from typing import Any

from faults import sound
from faults.case import Case, refused

#: Betas of the exposure and of the outcome; frequencies lie on one side, so that exchanged alleles
#: show.
_N = 12
_COLUMNS = {"variant": "SNP", "effect_allele": "A1", "other_allele": "A2", "beta": "B", "se": "SE",
            "eaf": "F"}  # fmt: skip
_HEADER = "SNP,A1,A2,B,SE,F\n"
_LINES = [f"rs{k},A,G,{0.1 + k / 100:.2f},0.01,0.{20 + k}" for k in range(_N)]
_IGF1 = _HEADER + "\n".join(_LINES) + "\n"
_GWAS = _IGF1.replace("0.01,0.", "0.05,0.")
_LD = "\n".join(
    ",".join([f"rs{i}_A_G", *("1" if i == j else "-0.1" if i + j == 1 else "0" for j in range(_N))])
    for i in range(_N)
)
_LD = ",".join(["v", *(f"rs{k}_A_G" for k in range(_N))]) + "\n" + _LD + "\n"


def _study(ld: bool = False, **columns: str) -> dict[str, Any]:
    """Return `genetics` with columns of the outcome changed."""
    tables: dict[str, Any] = {
        "exposure": {"table": "igf1.csv", "columns": _COLUMNS},
        "outcomes": [
            {"name": "depression", "table": "gwas.csv", "columns": {**_COLUMNS, **columns}}
        ],
    }
    return {"genetics": tables | ({"correlation": {"table": "ld.csv"}} if ld else {})}


def _genes(
    name: str, *error: str, igf1: str = _IGF1, gwas: str = _GWAS, ld: str = "", **columns: str
) -> Case:
    """Return a case of these tables; without an error it is a sound one."""
    files = [sound.file(sound.SOUND), sound.file(igf1, "igf1.csv"), sound.file(gwas, "gwas.csv")]
    files += [sound.file(ld, "ld.csv")] if ld else []
    return refused(name, sound.together(*files), *error, study=_study(bool(ld), **columns))


CASES = [
    _genes("genetic tables that fit", ld=_LD),
    _genes("genetic column that is not there", "genetics: outcome 'depression'", "data/gwas.csv",
           "no column 'PP'", "'SNP,A1,A2,B,SE,F'", "correct `columns`", p="PP"),
    _genes("genetic exposure with a standard error of 0", "genetics: exposure", "data/igf1.csv",
           "line 3, column 'SE'", "expected a number above 0, found '0'",
           igf1=_IGF1.replace("rs1,A,G,0.11,0.01", "rs1,A,G,0.11,0")),
    _genes("genetic exposure without lines", "data/igf1.csv has no variants", igf1=_HEADER),
    _genes("genetic outcome with a word for a number", "genetics: outcome 'depression'", "line 2",
           "column 'B'", "found 'low'", gwas=_GWAS.replace("0.10", "low")),
    _genes("genetic tables with the alleles of one exchanged", "genetics: outcome 'depression'",
           "exchange effect_allele and other_allele", gwas=_GWAS.replace(",A,G,", ",G,A,")),
    _genes("odds ratios given as their logarithms", "genetics: outcome 'depression'",
           "data/gwas.csv, column 'B'", "found 12 values above 0 with median 1.0",
           "odds_ratio instead of beta",
           gwas=_GWAS.replace("G,0.1", "G,1.0").replace("G,0.2", "G,1.1")),
    _genes("correlations of genes that are not the same both ways", "genetics: correlation",
           "data/ld.csv, line 2, column 'rs1_A_G'", "-0.1", "same both ways",
           ld=_LD.replace("rs1_A_G,-0.1", "rs1_A_G,-0.2")),
    _genes("errors in each of the genetic tables", "igf1.csv", "found 'x'", "gwas.csv", "'PP'",
           "ld.csv", "expected 1", igf1=_IGF1.replace("0.10", "x"), p="PP",
           ld=_LD.replace("rs5_A_G,0,0,0,0,0,1", "rs5_A_G,0,0,0,0,0,0.9")),
]  # fmt: skip
