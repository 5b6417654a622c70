"""All cohorts and the claims in; what comes of the claims in worlds of known truth out."""

from pathlib import Path

from igfmood.config.study import Study
from igfmood.evidence.operating.study import try_claims
from igfmood.jobs import logged

with logged(snakemake.log[0]):
    study = Study.model_validate(snakemake.params.study)
    tables = [Path(path) for path in snakemake.input.participants]
    names = [cohort.name for cohort in study.cohorts]
    try_claims(
        study, Path(snakemake.input.claims), dict(zip(names, tables, strict=True)),
        Path(snakemake.input.overlap), int(snakemake.wildcards.part),
        Path(snakemake.output.outcomes), snakemake.threads,
    )  # fmt: skip
