"""All cohorts: raw tables and claims in; what may be known before outcomes are read out."""

from pathlib import Path

from igfmood.config.study import Study
from igfmood.evidence.blind import BlindFiles, describe_blind
from igfmood.jobs import logged

with logged(snakemake.log[0]):
    study = Study.model_validate(snakemake.params.study)
    names = [cohort.name for cohort in study.cohorts]
    quarantine = [Path(path) for path in snakemake.output.quarantine]
    files = BlindFiles(
        Path(snakemake.output.results), Path(snakemake.output.flows),
        dict(zip(names, quarantine, strict=True)),
    )  # fmt: skip
    describe_blind(study, Path(snakemake.input.claims), snakemake.params.code, files)
