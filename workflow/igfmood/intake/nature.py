"""Whether a table is one of people at all.

Takes column names; gives what else the table looks like, and what it is for: gene variants, a
published reference, quality control of an assay.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from igfmood.intake.names import joined


@dataclass(frozen=True)
class Nature:
    """What a table that holds no people looks like, by which columns, and what it is for."""

    what: str
    evidence: str
    use: str


_VARIANT = ("rsid", "snp", "rsids", "variantid", "markername")
_ALLELE = (
    "effectallele",
    "otherallele",
    "allele1",
    "allele2",
    "a1",
    "a2",
    "ref",
    "alt",
    "eaf",
    "maf",
)
_LMS = ("mu", "sigma", "nu", "l", "m", "s")
_VARIANTS = "gene variants (one row a variant, with effects and standard errors)"
_MENDELIAN = (
    "it is input to Mendelian randomisation, not a cohort: it has no people whose IGF-1 and "
    "depression could be compared"
)


def nature_of(columns: Sequence[str]) -> Nature | None:
    """Return what a table is if it does not hold people; None if it may hold people."""
    plain = {joined(name): name for name in columns}
    alleles = [plain[name] for name in plain if name.startswith(_ALLELE[:2]) or name in _ALLELE]
    variants = [plain[name] for name in _VARIANT if name in plain]
    effects = _with_errors(columns)
    if (variants and (alleles or effects)) or (len(alleles) >= 2 and effects):
        return Nature(_VARIANTS, _shown([*variants, *alleles, *effects]), _MENDELIAN)
    if len(effects) >= 4 and not _people(plain):
        return Nature(_VARIANTS, _shown(effects), _MENDELIAN)
    curve = [plain[name] for name in _LMS if name in plain]
    if {"mu", "sigma"} <= set(plain) or {"l", "m", "s"} <= set(plain):
        made = [plain[name] for name in ("sds", "cdf") if name in plain]
        if made:
            return Nature(
                "test values of a reference (parameters with the SDS worked out from them)",
                _shown([*curve, *made]),
                "it is there to check the calculation, not to analyse; the reference itself goes "
                "under `reference: {table: …}` of a cohort",
            )
        return Nature(
            "a published reference (parameters by sex and age)", _shown(curve),
            "name it under `reference: {table: …}` of the cohort that was measured with this "
            "assay; the cohort's own table is what init takes",
        )  # fmt: skip
    assay = [
        plain[name]
        for name in plain
        if re.fullmatch(r"(lot|tracer|qc|level|run|calibrator).*", name)
    ]
    measured = [
        plain[name] for name in plain if name.startswith(("conc", "result", "value", "measured"))
    ]
    if assay and measured and not _people(plain):
        return Nature(
            "quality control of an assay (one row a control sample, by lot or run)",
            _shown([*assay, *measured]),
            "it says how the assay drifts; `age` here is that of a reagent. It goes beside a "
            "cohort whose `analyte.batch` names the lot",
        )  # fmt: skip
    return None


def _people(plain: dict[str, str]) -> bool:
    """Return whether a column says that rows are people."""
    words = {"sex", "gender", "diagnosis", "dx", "group", "participantid", "subject", "bmi"}
    return bool(words & set(plain))


def _with_errors(columns: Sequence[str]) -> list[str]:
    """Return columns that stand beside their own standard error (``ldlc`` and ``ldlcse``)."""
    names = {name.casefold(): name for name in columns}
    found: list[str] = []
    for low, name in names.items():
        for error in (f"{low}se", f"{low}_se", f"se_{low}", f"se.{low}", low.replace("beta", "se")):
            if error in names and error != low:
                found += [name, names[error]]
                break
    return list(dict.fromkeys(found))


def _shown(columns: Sequence[str]) -> str:
    names = list(dict.fromkeys(columns))
    return ", ".join(names[:6]) + (" …" if len(names) > 6 else "")
